package stonithadmin

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
)

const summary = "stonith_admin - Access the Pacemaker fencing API"

// withValue are the short options that take one.
const withValue = "adehilorstvyBCDFHQRTU"

type options struct {
	pcmktool.Common
	quiet bool

	// What to do: of several, the last in actions counts.
	register, deregister           *string
	registerLevel, deregisterLevel *string
	list, targets, query           *string
	registered, installed          bool
	metadata, validate             bool
	history, last                  *string
	fence, unfence, reboot         *string
	confirm                        *string

	// How.
	cleanup, broadcast, byID bool
	agent                    *string
	params                   []agentParam
	devices                  []string
	tag                      *string
	level                    int
	timeout                  int // in seconds
	delay                    int
	tolerance                int
}

type agentParam struct{ name, value string }

// indent is that of the further lines of a description.
const indent = "\n                                    "

func lines(l ...string) string { return strings.Join(l, indent) }

func value(long string, short byte, name string, do func(string, string, bool) error, help ...string) goption.Option {
	return goption.Option{Long: long, Short: short, Arg: goption.Required, Value: name, Help: lines(help...), Do: do}
}

func flag(long string, short byte, b *bool, help ...string) goption.Option {
	return goption.Option{Long: long, Short: short, Help: lines(help...), Do: goption.Flag(b)}
}

func (o *options) context(args []string) *goption.Context {
	ctx := o.Context(args, summary, "text (default), html, xml")
	o.AllowHTML(ctx)
	ctx.Main = append(ctx.Main, flag("quiet", 'q', &o.quiet, "Be less descriptive in output."))
	ctx.Groups = append(ctx.Groups,
		goption.Group{Name: "definition", Heading: "Device Definition Commands:", Help: "Show device definition help", Options: []goption.Option{
			value("register", 'R', "DEVICE", goption.Given(&o.register), "Register the named stonith device. Requires: --agent.", "Optional: --option, --env-option."),
			value("deregister", 'D', "DEVICE", goption.Given(&o.deregister), "De-register the named stonith device."),
			value("register-level", 'r', "TARGET", goption.Given(&o.registerLevel), "Register a stonith level for the named target,", "specified as one of NAME, @PATTERN, or ATTR=VALUE.", "Requires: --index and one or more --device entries."),
			value("deregister-level", 'd', "TARGET", goption.Given(&o.deregisterLevel), "Unregister a stonith level for the named target,", "specified as for --register-level. Requires: --index"),
		}},
		goption.Group{Name: "queries", Heading: "Queries:", Help: "Show query help", Options: []goption.Option{
			value("list", 'l', "HOST", goption.Given(&o.list), "List devices that can terminate the specified host.", "Optional: --timeout"),
			flag("list-registered", 'L', &o.registered, "List all registered devices. Optional: --timeout."),
			flag("list-installed", 'I', &o.installed, "List all installed devices. Optional: --timeout."),
			value("list-targets", 's', "DEVICE", goption.Given(&o.targets), "List the targets that can be fenced by the", "named device. Optional: --timeout."),
			flag("metadata", 'M', &o.metadata, "Show agent metadata. Requires: --agent.", "Optional: --timeout."),
			value("query", 'Q', "DEVICE", goption.Given(&o.query), "Check the named device's status. Optional: --timeout."),
			value("history", 'H', "NODE", goption.Given(&o.history), "Show last successful fencing operation for named node", "(or '*' for all nodes). Optional: --timeout, --cleanup,", "--quiet (show only the operation's epoch timestamp),", "--verbose (show all recorded and pending operations),", "--broadcast (update history from all nodes available)."),
			value("last", 'h', "NODE", goption.Given(&o.last), "Indicate when the named node was last fenced.", "Optional: --as-node-id."),
			flag("validate", 'K', &o.validate, "Validate a fence device configuration.", "Requires: --agent. Optional: --option, --env-option,", "--quiet (print no output, only return status)."),
		}},
		goption.Group{Name: "fence", Heading: "Fencing Commands:", Help: "Show fence help", Options: []goption.Option{
			value("fence", 'F', "HOST", goption.Given(&o.fence), "Fence named host. Optional: --timeout, --tolerance, --delay."),
			value("unfence", 'U', "HOST", goption.Given(&o.unfence), "Unfence named host. Optional: --timeout, --tolerance, --delay."),
			value("reboot", 'B', "HOST", goption.Given(&o.reboot), "Reboot named host. Optional: --timeout, --tolerance, --delay."),
			value("confirm", 'C', "HOST", goption.Given(&o.confirm), "Tell cluster that named host is now safely down."),
		}},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: o.additional()},
	)
	return ctx
}

func (o *options) additional() []goption.Option {
	return []goption.Option{
		flag("cleanup", 'c', &o.cleanup, "Cleanup wherever appropriate. Requires --history."),
		flag("broadcast", 'b', &o.broadcast, "Broadcast wherever appropriate."),
		value("agent", 'a', "AGENT", goption.Given(&o.agent), "The agent to use (for example, fence_xvm;", "with --register, --metadata, --validate)."),
		value("option", 'o', "PARAM", o.addParam, "Specify a device configuration parameter as NAME=VALUE", "(may be specified multiple times; with --register,", "--validate)."),
		value("env-option", 'e', "PARAM", o.addFromEnvironment, "Specify a device configuration parameter with the", "specified name, using the value of the", "environment variable of the same name prefixed with", "OCF_RESKEY_ (may be specified multiple times;", "with --register, --validate)."),
		value("tag", 'T', "TAG", goption.Given(&o.tag), "Identify fencing operations in logs with the specified", "tag; useful when multiple entities might invoke", "stonith_admin (used with most commands)."),
		value("device", 'v', "DEVICE", goption.Strings(&o.devices), "Device ID (with --register-level, device to associate with", "a given host and level; may be specified multiple times)", "(with --validate, name to use to load CIB secrets)."),
		value("index", 'i', "LEVEL", goption.Int(&o.level), "The stonith level (1-9) (with --register-level,", "--deregister-level)."),
		value("timeout", 't', "SECONDS", goption.Int(&o.timeout), "Operation timeout in seconds (default 120;", "used with most commands)."),
		value("delay", 'y', "SECONDS", goption.Int(&o.delay), "Apply a fencing delay in seconds. Any static/random delays from", "pcmk_delay_base/max will be added, otherwise all", "disabled with the value -1", "(default 0; with --fence, --reboot, --unfence)."),
		flag("as-node-id", 'n', &o.byID, "(Advanced) The supplied node is the corosync node ID", "(with --last)."),
		value("tolerance", 0, "SECONDS", o.setTolerance, "(Advanced) Do nothing if an equivalent --fence request", "succeeded less than this many seconds earlier", "(with --fence, --unfence, --reboot)."),
	}
}

// addParam reads NAME=VALUE as C's sscanf does: both have to be there, and the value ends
// with the line (pcmk__scan_nvpair).
func (o *options) addParam(_, text string, _ bool) error {
	name, value, _ := strings.Cut(text, "=")
	value, _, _ = strings.Cut(value, "\n")
	switch {
	case name == "":
		return goption.Error(fmt.Sprintf("Invalid option: -o %s: %v", text, crmexit.RCBadNVPair))
	case value == "": // a number of values, taken for that of an error
		return goption.Error(fmt.Sprintf("Invalid option: -o %s: %v", text, crmexit.RC(syscall.EPERM)))
	}
	o.params = append(o.params, agentParam{name, value})
	return nil
}

func (o *options) addFromEnvironment(_, name string, _ bool) error {
	value, ok := os.LookupEnv("OCF_RESKEY_" + name)
	if !ok {
		return goption.Error("Invalid option: -e " + name)
	}
	o.params = append(o.params, agentParam{name, value})
	return nil
}

func (o *options) setTolerance(_, text string, _ bool) error {
	o.tolerance = 0
	if ms, ok := iso8601.ParseMilliseconds(text); ok {
		const second = 1000
		o.tolerance = int(ms / second)
	}
	return nil
}

// parameters are those of -o and -e, of the same name the last.
func (o *options) parameters() agent.Params {
	p := agent.Params{}
	for _, v := range o.params {
		p.Set(v.name, v.value)
	}
	return p
}

// action is what to do, and to what.
type action struct {
	letter     byte
	target     string
	hasTarget  bool
	standalone bool // without the fencer, or connecting by itself
	agent      bool // needs one
}

// action is the one that counts.
func (o *options) action() (a action) {
	set := func(letter byte, target *string) {
		a.letter = letter
		if target != nil {
			a.target, a.hasTarget = *target, true
		}
	}
	// Once an action needs no connection, or an agent, none that comes later needs less.
	given := func(letter byte, target *string, standalone, needsAgent bool) {
		if target != nil {
			set(letter, target)
			a.standalone = a.standalone || standalone
			a.agent = a.agent || needsAgent
		}
	}
	chosen := func(on bool, letter byte, standalone, needsAgent bool) {
		if on {
			set(letter, nil)
			a.standalone = a.standalone || standalone
			a.agent = a.agent || needsAgent
		}
	}
	chosen(o.validate, 'K', true, true)
	chosen(o.installed, 'I', true, false)
	chosen(o.registered, 'L', false, false)
	given('R', o.register, false, true)
	given('Q', o.query, false, false)
	given('D', o.deregister, false, false)
	given('s', o.targets, false, false)
	given('L', o.list, false, false)
	chosen(o.metadata, 'M', true, true)
	given('B', o.reboot, true, false)
	given('F', o.fence, true, false)
	given('U', o.unfence, true, false)
	given('C', o.confirm, false, false)
	given('h', o.last, false, false)
	given('H', o.history, false, false)
	given('r', o.registerLevel, false, false)
	given('d', o.deregisterLevel, false, false)
	return a
}

// usage is the help as it is written to the standard error.
func usage(ctx *goption.Context, out pcmktool.Output) {
	out.Err("%s", strings.Replace(ctx.Usage(false), "[OPTION?]", "[OPTION…]", 1))
}

// parse reads the command line; asked tells that help was written.
func (o *options) parse(ctx *goption.Context, args []string, stdout io.Writer) (asked bool, err error) {
	const defaultTimeout = 120
	o.timeout = defaultTimeout
	_, asked, err = pcmktool.Parse(ctx, args, withValue, stdout)
	return asked, err
}
