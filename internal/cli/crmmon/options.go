package crmmon

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
)

const summary = "Provides a summary of cluster's current state.\n\n" +
	"Outputs varying levels of detail in a number of different formats."

// withValue are the short options that take one.
const withValue = "ehimpxEILU"

// indent begins the further lines of a description.
const indent = "\n                                    "

const description = "Notes:\n\n" +
	"If this program is called as crm_mon.cgi, --output-as=html --html-cgi will\n" +
	"automatically be added to the command line arguments.\n\n" +
	"Time Specification:\n\n" +
	"The TIMESPEC in any command line option can be specified in many different\n" +
	"formats.  It can be just an integer number of seconds, a number plus units\n" +
	"(ms/msec/us/usec/s/sec/m/min/h/hr), or an ISO 8601 period specification.\n\n" +
	"Output Control:\n\n" +
	"By default, a certain list of sections are written to the output destination.\n" +
	"The default varies based on the output format - XML includes everything, while\n" +
	"other output formats will display less.  This list can be modified with the\n" +
	"--include and --exclude command line options.  Each option may be given multiple\n" +
	"times on the command line, and each can give a comma-separated list of sections.\n" +
	"The options are applied to the default set, from left to right as seen on the\n" +
	"command line.  For a list of valid sections, pass --include=list or --exclude=list.\n\n" +
	"Interactive Use:\n\n" +
	"When run interactively, crm_mon can be told to hide and display various sections\n" +
	"of output.  To see a help screen explaining the options, hit '?'.  Any key stroke\n" +
	"aside from those listed will cause the screen to refresh.\n\n" +
	"Examples:\n\n" +
	"Display the cluster status on the console with updates as they occur:\n\n" +
	"\tcrm_mon\n\n" +
	"Display the cluster status on the console just once then exit:\n\n" +
	"\tcrm_mon -1\n\n" +
	"Display your cluster status, group resources by node, and include inactive resources in the list:\n\n" +
	"\tcrm_mon --group-by-node --inactive\n\n" +
	"Start crm_mon as a background daemon and have it write the cluster status to an HTML file:\n\n" +
	"\tcrm_mon --daemonize --output-as html --output-to /path/to/docroot/filename.html\n\n" +
	"Start crm_mon and export the current cluster status as XML to stdout, then exit:\n\n" +
	"\tcrm_mon --output-as xml\n\n"

// past is how much of the fencing history is shown.
type past int

const (
	noPast past = iota
	reducedPast
	fullPast
)

// options are what the command line asks for.
type options struct {
	pcmktool.Common
	format  format
	quiet   bool
	oneShot bool
	daemon  bool
	pidFile string
	every   time.Duration // the time between two refreshes, and between two attempts to connect

	agent, recipient *string // the program that is told of what happens, and what it is told of itself
	watchFencing     bool
	fencing          bool // the fencer is asked
	past             past
	fenceLevel       int // of -m and of the key

	own, user []choice // of sections: the program's, which come first, and the user's
	sections  show.Section
	detail    show.Detail
	banPrefix *string
	node      string
	resource  string
}

func newOptions(args []string) *options {
	const every = 5 * time.Second
	o := &options{pidFile: "/tmp/ClusterMon.pid", every: every, fencing: true, detail: show.Pending}
	title := "Cluster Status"
	o.HTML.Title = &title
	if len(args) > 0 && strings.EqualFold(filepath.Ext(args[0]), ".cgi") {
		o.format, o.oneShot = cgi, true
	}
	_ = o.setFenceLevel("", "1", true) // is a level
	return o
}

// do is an option's effect.
type do = func(name, value string, given bool) error

// setFenceLevel chooses how much of the fencing history is shown.
func (o *options) setFenceLevel(_, value string, given bool) error {
	const most, unless = 3, 2
	o.fenceLevel = unless
	if given {
		n := pcmktool.ScanInt(value, 0, (&pcmktool.Common{}).NewLog(tool, io.Discard))
		o.fenceLevel = int(max(n, 0))
	}
	if o.fenceLevel > most {
		return mistake("Fence history must be 0-3")
	}
	o.fencing, o.past = o.fenceLevel > 0, fullPast
	switch o.fenceLevel {
	case 0:
		o.past = noPast
		o.own = append(o.own, choice{true, "fencing"})
	case 1:
		o.own = append(o.own, choice{false, "fencing-failed,fencing-pending"})
	default:
		o.own = append(o.own, choice{false, "fencing"})
	}
	return nil
}

// show is the option that shows sections.
func (o *options) show(list string) do {
	return func(string, string, bool) error {
		o.user = append(o.user, choice{false, list})
		return nil
	}
}

func (o *options) choice(exclude bool) do {
	return func(_, list string, _ bool) error {
		o.user = append(o.user, choice{exclude, list})
		return nil
	}
}

// set is the option that shows more detail.
func (o *options) set(d show.Detail) do {
	return func(string, string, bool) error {
		o.detail |= d
		return nil
	}
}

func (o *options) setInterval(_, value string, _ bool) error {
	if ms, ok := iso8601.ParseMilliseconds(value); !ok || ms == -1 {
		return mistake("Invalid value for -i: " + value)
	}
	ms, err := iso8601.ParseInterval(value)
	if err != nil {
		ms = 0
	}
	o.every = time.Duration(ms) * time.Millisecond
	return nil
}

// as chooses a format the old way.
func (o *options) as(f format, output string, oneShot bool) do {
	return func(_, value string, given bool) error {
		o.format = f
		if output != "" {
			o.OutputAs = &output
		}
		if f == html && given {
			o.OutputTo = &value
		}
		o.oneShot = o.oneShot || oneShot
		return nil
	}
}

func useFile(o *options) do {
	return func(_, value string, _ bool) error {
		o.oneShot = true
		return os.Setenv("CIB_file", value)
	}
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "console (default), html, text, xml")
	c.Description = description
	o.AllowHTML(c)
	ignored := new(bool)
	for _, name := range []string{"xml-simple-list", "xml-substitute"} { // are so anyway
		c.Groups[0].Options = append(c.Groups[0].Options, goption.Option{Long: name, Hidden: true, Do: goption.Flag(ignored)})
	}
	c.Groups[0].Options = append(c.Groups[0].Options, goption.Option{Long: "xml-legacy", Hidden: true, Do: goption.Flag(&o.LegacyXML)})
	c.Main = append(c.Main, goption.Option{Long: "quiet", Short: 'Q', Help: "Be less descriptive in output.", Do: goption.Flag(&o.quiet)})
	c.Groups = append(c.Groups,
		goption.Group{Name: "display", Heading: "Display Options:", Help: "Show display options", Options: o.display()},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: o.additional()},
		goption.Group{Name: "deprecated", Heading: "Deprecated Options:", Help: "Show deprecated options", Options: o.deprecated()})
	return c
}

func flag(long string, short byte, effect do, help string) goption.Option {
	return goption.Option{Long: long, Short: short, Help: help, Do: effect}
}

func value(long string, short byte, name string, effect do, help string) goption.Option {
	return goption.Option{Long: long, Short: short, Arg: goption.Required, Value: name, Help: help, Do: effect}
}

// keyHelp is what the options mean whose letters are keys of the console as well.
var keyHelp = sync.OnceValue(func() map[byte]string {
	return map[byte]string{
		'n': "Group resources by node",
		'r': "Display inactive resources",
		'f': "Display resource fail counts",
		'o': "Display resource operation history",
		't': "Display resource operation history with timing details",
		'c': "Display cluster tickets",
		'm': "Show fence history:" +
			indent + "0=off, 1=failures and pending (default without option)," +
			indent + "2=add successes (default without value for option)," +
			indent + "3=show full history without reduction to most recent of each flavor",
		'L': "Display negative location constraints [optionally filtered by id prefix]",
		'A': "Display node attributes",
		'D': "Hide all headers",
		'R': "Show more details (node IDs, individual clone instances)",
		'b': "Brief output",
		'j': "Display pending state if 'record-pending' is enabled",
	}
})

func (o *options) display() []goption.Option {
	key := func(long string, short byte, effect do) goption.Option {
		return flag(long, short, effect, keyHelp()[short])
	}
	fenceHistory := value("fence-history", 'm', "LEVEL", o.setFenceLevel, keyHelp()['m'])
	fenceHistory.Arg = goption.Optional
	bans := key("neg-locations", 'L', func(_, prefix string, given bool) error {
		list := "bans"
		if given {
			list += ":" + prefix
		}
		return o.choice(false)("", list, true)
	})
	bans.Arg = goption.Optional
	timing := key("timing-details", 't', func(string, string, bool) error {
		o.detail |= show.Timing
		return o.show("operations")("", "", false)
	})
	pending := key("pending", 'j', o.set(0)) // is shown anyway
	pending.Hidden = true
	return []goption.Option{
		value("include", 'I', "SECTION(s)", o.choice(false), "A list of sections to include in the output."+indent+"See `Output Control` help for more information."),
		value("exclude", 'U', "SECTION(s)", o.choice(true), "A list of sections to exclude from the output."+indent+"See `Output Control` help for more information."),
		value("node", 0, "NODE", goption.String(&o.node), "When displaying information about nodes, show only what's related to the given"+
			indent+"node, or to all nodes tagged with the given tag"),
		value("resource", 0, "RSC", goption.String(&o.resource), "When displaying information about resources, show only what's related to the given"+
			indent+"resource, or to all resources tagged with the given tag"),
		key("group-by-node", 'n', o.set(show.ByNode)),
		key("inactive", 'r', o.set(show.Inactive)),
		key("failcounts", 'f', o.show("failcounts")),
		key("operations", 'o', o.show("failcounts,operations")),
		timing,
		key("tickets", 'c', o.show("tickets")),
		fenceHistory,
		bans,
		key("show-node-attributes", 'A', o.show("attributes")),
		key("hide-headers", 'D', func(string, string, bool) error { return o.choice(true)("", "summary", true) }),
		key("show-detail", 'R', o.set(show.AllDetails)),
		key("brief", 'b', o.set(show.Brief)),
		pending,
		flag("simple-status", 's', o.as(simple, "text", true), "Display the cluster status once as a simple one line output (suitable for nagios)"),
	}
}

func (o *options) additional() []goption.Option {
	file := value("xml-file", 'x', "", useFile(o), "")
	file.Hidden = true
	return []goption.Option{
		value("interval", 'i', "TIMESPEC", o.setInterval, "Update frequency (default is 5 seconds)"),
		flag("one-shot", '1', goption.Flag(&o.oneShot), "Display the cluster status once on the console and exit"),
		flag("daemonize", 'd', goption.Flag(&o.daemon), "Run in the background as a daemon."+indent+"Requires at least one of --output-to and --external-agent."),
		value("pid-file", 'p', "FILE", goption.String(&o.pidFile), "(Advanced) Daemon pid file location"),
		value("external-agent", 'E', "FILE", goption.Given(&o.agent), "A program to run when resource operations take place"),
		value("external-recipient", 'e', "RCPT", goption.Given(&o.recipient), "A recipient for your program (assuming you want the program to send something to someone)."),
		flag("watch-fencing", 'W', goption.Flag(&o.watchFencing), "Listen for fencing events. For use with --external-agent."),
		file,
	}
}

func (o *options) deprecated() []goption.Option {
	return []goption.Option{
		value("as-html", 'h', "FILE", o.as(html, "html", false), "Write cluster status to the named HTML file."+indent+"Use --output-as=html --output-to=FILE instead."),
		flag("as-xml", 'X', o.as(legacyXML, "xml", false), "Write cluster status as XML to stdout. This will enable one-shot mode."+indent+"Use --output-as=xml instead."),
		flag("disable-ncurses", 'N', o.as(plain, "", false), "Disable the use of ncurses."+indent+"Use --output-as=text instead."),
		flag("web-cgi", 'w', o.as(cgi, "html", true), "Web mode with output suitable for CGI (preselected when run as *.cgi)."+indent+"Use --output-as=html --html-cgi instead."),
	}
}

// reconcile chooses the format if no option of the old kind has.
func (o *options) reconcile() {
	if o.format != unset {
		return
	}
	output := ""
	if o.OutputAs != nil {
		output = strings.ToLower(*o.OutputAs)
	}
	text := func() {
		o.format = plain
		output = "text"
	}
	switch {
	case output == "html":
		o.format = html
	case output == "text":
		o.format = plain
	case output == "xml":
		o.format = xml
	case o.oneShot:
		text()
	case !o.daemon && o.OutputTo != nil:
		o.oneShot = true
		text()
	default:
		output = "text" // of which the console's is made
		o.format = console
	}
	o.OutputAs = &output
}

// complete sets what formats bring with them.
func (o *options) complete() {
	switch o.format {
	case plain, console:
		o.Fancy = true
	case cgi:
		o.HTML.CGI = true
	case legacyXML:
		o.LegacyXML = true
		o.format = xml
	}
}
