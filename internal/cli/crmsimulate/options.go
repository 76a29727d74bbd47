// Package crmsimulate is crm_simulate(8): what a cluster would do (the reference's
// tools/crm_simulate.c). It reads a CIB, makes up events in it, schedules, shows the
// transition, carries it out on the CIB and shows the cluster as it then is.
//
// --explain is ours alone: see package explain. It shows the explanation in place of
// the cluster and the transition.
//
// Deviations: an input that cannot be read or is no XML is an error that says so, with
// the reference's exit status, where the reference goes on with nothing until it fails;
// a node that is not in the CIB and is to fail is left out, where the reference dies of an
// assertion; and --save-input saves the CIB without
// the resources that the reference adds to it for guest nodes.
package crmsimulate

import (
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/pengine/simulate"
)

const (
	summary = "crm_simulate - simulate a Pacemaker cluster's response to events"
	indent  = "                                   "

	// withValue are the short options that take one.
	withValue = "bdefgiqrtuwxDFGINOP"
)

const description = "Operation Specification:\n\n" +
	"The OPSPEC in any command line option is of the form\n" +
	"${resource}_${task}_${interval_in_ms}@${node}=${rc}\n" +
	"(memcached_monitor_20000@bart.example.com=7, for example).\n" +
	"${rc} is an OCF return code.  For more information on these\n" +
	"return codes, refer to https://clusterlabs.org/pacemaker/doc/2.1/Pacemaker_Administration/html/agents.html#ocf-return-codes\n\n" +
	"Examples:\n\n" +
	"Pretend a recurring monitor action found memcached stopped on node\n" +
	"fred.example.com and, during recovery, that the memcached stop\n" +
	"action failed:\n\n" +
	"\tcrm_simulate -LS --op-inject memcached:0_monitor_20000@bart.example.com=7 " +
	"--op-fail memcached:0_stop_0@fred.example.com=1 --save-output /tmp/memcached-test.xml\n\n" +
	"Now see what the reaction to the stop failed would be:\n\n" +
	"\tcrm_simulate -S --xml-file /tmp/memcached-test.xml\n\n"

// options are what the command line asks for.
type options struct {
	pcmktool.Common
	simulate.Injections
	opFail         []string
	configureNodes bool // a node is brought online

	quiet                               bool
	process, execute, store, allActions bool
	showScores, showUtilization         bool
	showAttributes, showFailCounts      bool
	input                               string // "-" for the standard input, "" for the live CIB
	saveInput, saveOutput               *string
	saveGraph, saveDot                  *string
	date                                *string
	profile                             *string
	explain                             *string
	repeat                              int
}

// do is an option's effect.
type do = func(name, value string, given bool) error

// set sets switches.
func set(switches ...*bool) do {
	return func(string, string, bool) error {
		for _, b := range switches {
			*b = true
		}
		return nil
	}
}

// and sets switches beside another effect.
func and(effect do, switches ...*bool) do {
	return func(name, value string, given bool) error {
		for _, b := range switches {
			*b = true
		}
		return effect(name, value, given)
	}
}

func (o *options) from(input string) do {
	return func(string, string, bool) error {
		o.input = input
		return nil
	}
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	c.Description = description
	c.Main = append(c.Main, goption.Option{Long: "quiet", Short: 'Q', Help: "Display only essential output", Do: goption.Flag(&o.quiet)})
	c.Groups = append(c.Groups, o.operations(), o.events(), o.artifacts(), o.sources())
	return c
}

func (o *options) operations() goption.Group {
	return goption.Group{Name: "operations", Heading: "Operations:", Help: "Show operations options", Options: []goption.Option{
		{Long: "run", Short: 'R', Do: set(&o.process),
			Help: "Process the supplied input and show what actions the cluster will take in response"},
		{Long: "simulate", Short: 'S', Do: set(&o.process, &o.execute),
			Help: "Like --run, but also simulate taking those actions and show the resulting new status"},
		{Long: "in-place", Short: 'X', Do: set(&o.process, &o.execute, &o.store),
			Help: "Like --simulate, but also store the results back to the input file"},
		{Long: "show-attrs", Short: 'A', Do: set(&o.showAttributes), Help: "Show node attributes"},
		{Long: "show-failcounts", Short: 'c', Do: set(&o.showFailCounts), Help: "Show resource fail counts"},
		{Long: "show-scores", Short: 's', Do: set(&o.process, &o.showScores), Help: "Show allocation scores"},
		{Long: "show-utilization", Short: 'U', Do: set(&o.process, &o.showUtilization), Help: "Show utilization information"},
		{Long: "explain", Arg: goption.Required, Value: "RESOURCE[@NODE]", Do: and(goption.Given(&o.explain), &o.process, &o.quiet),
			Help: "Say in plain sentences why the resource is or will be where it is, or why it is (not)\n" +
				indent + "on that node; or for the name of a node, why it is fenced"},
		{Long: "profile", Short: 'P', Arg: goption.Required, Value: "DIR", Do: goption.Given(&o.profile),
			Help: "Process all the XML files in the named directory to create profiling data"},
		{Long: "repeat", Short: 'N', Arg: goption.Required, Value: "N", Do: goption.Int(&o.repeat),
			Help: "With --profile, repeat each test N times and print timings"},
		// What is in progress is shown anyway.
		{Long: "pending", Short: 'j', Hidden: true, Do: set(), Help: "Display pending state if 'record-pending' is enabled"},
	}}
}

func (o *options) events() goption.Group {
	value := func(long string, short byte, value, help string, effect do) goption.Option {
		return goption.Option{Long: long, Short: short, Arg: goption.Required, Value: value, Help: help, Do: effect}
	}
	return goption.Group{Name: "synthetic", Heading: "Synthetic Cluster Events:", Help: "Show synthetic cluster event options", Options: []goption.Option{
		value("node-up", 'u', "NODE", "Simulate bringing a node online", and(goption.Strings(&o.NodeUp), &o.configureNodes)),
		value("node-down", 'd', "NODE", "Simulate taking a node offline", goption.Strings(&o.NodeDown)),
		value("node-fail", 'f', "NODE", "Simulate a node failing", goption.Strings(&o.NodeFail)),
		value("op-inject", 'i', "OPSPEC", "Generate a failure for the cluster to react to in the simulation.\n"+
			indent+"See `Operation Specification` help for more information.", goption.Strings(&o.OpInject)),
		value("op-fail", 'F', "OPSPEC", "If the specified task occurs during the simulation, have it fail with return code ${rc}.\n"+
			indent+"The transition will normally stop at the failed action.\n"+
			indent+"Save the result with --save-output and re-run with --xml-file.\n"+
			indent+"See `Operation Specification` help for more information.", and(goption.Strings(&o.opFail), &o.process, &o.execute)),
		value("set-datetime", 't', "DATETIME", "Set date/time (ISO 8601 format, see https://en.wikipedia.org/wiki/ISO_8601)", goption.Given(&o.date)),
		value("quorum", 'q', "QUORUM", "Set to '1' (or 'true') to indicate cluster has quorum", goption.Given(&o.Quorum)),
		value("watchdog", 'w', "DEVICE", "Set to '1' (or 'true') to indicate cluster has an active watchdog device", goption.Given(&o.Watchdog)),
		value("ticket-grant", 'g', "TICKET", "Simulate granting a ticket", goption.Strings(&o.TicketGrant)),
		value("ticket-revoke", 'r', "TICKET", "Simulate revoking a ticket", goption.Strings(&o.TicketRevoke)),
		value("ticket-standby", 'b', "TICKET", "Simulate making a ticket standby", goption.Strings(&o.TicketStandby)),
		value("ticket-activate", 'e', "TICKET", "Simulate activating a ticket", goption.Strings(&o.TicketActivate)),
	}}
}

func (o *options) artifacts() goption.Group {
	return goption.Group{Name: "artifact", Heading: "Artifact Options:", Help: "Show artifact options", Options: []goption.Option{
		{Long: "save-input", Short: 'I', Arg: goption.Required, Value: "FILE", Do: goption.Given(&o.saveInput),
			Help: "Save the input configuration to the named file"},
		{Long: "save-output", Short: 'O', Arg: goption.Required, Value: "FILE", Do: goption.Given(&o.saveOutput),
			Help: "Save the output configuration to the named file"},
		{Long: "save-graph", Short: 'G', Arg: goption.Required, Value: "FILE", Do: and(goption.Given(&o.saveGraph), &o.process),
			Help: "Save the transition graph (XML format) to the named file"},
		{Long: "save-dotfile", Short: 'D', Arg: goption.Required, Value: "FILE", Do: and(goption.Given(&o.saveDot), &o.process),
			Help: "Save the transition graph (DOT format) to the named file"},
		{Long: "all-actions", Short: 'a', Do: set(&o.allActions),
			Help: "Display all possible actions in DOT graph (even if not part of transition)"},
	}}
}

func (o *options) sources() goption.Group {
	return goption.Group{Name: "source", Heading: "Data Source:", Help: "Show data source options", Options: []goption.Option{
		{Long: "live-check", Short: 'L', Do: o.from(""), Help: "Connect to CIB manager and use the current CIB contents as input"},
		{Long: "xml-file", Short: 'x', Arg: goption.Required, Value: "FILE", Do: goption.String(&o.input), Help: "Retrieve XML from the named file"},
		{Long: "xml-pipe", Short: 'p', Do: o.from("-"), Help: "Retrieve XML from stdin"},
	}}
}
