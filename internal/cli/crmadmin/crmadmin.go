// Package crmadmin is crmadmin(8): the states of controllers and of pacemakerd, the leader, and the nodes of the
// configuration (the reference's tools/crmadmin.c and lib/pacemaker/pcmk_cluster_queries.c).
package crmadmin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/xpath"
	controller "github.com/ringmaster-ha/ringmaster/crmd/client"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	launcher "github.com/ringmaster-ha/ringmaster/pacemakerd/client"
)

const (
	program = "crmadmin"
	summary = "query and manage the Pacemaker controller"

	description = `Notes:

Time Specification:

The TIMESPEC in any command line option can be specified in many different
formats.  It can be just an integer number of seconds, a number plus units
(ms/msec/us/usec/s/sec/m/min/h/hr), or an ISO 8601 period specification.

Report bugs to users@clusterlabs.org`
)

type options struct {
	pcmktool.Common
	command byte
	quiet   bool
	health  bool
	export  bool
	timeout time.Duration
	value   string
	name    *string
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	c.Description = description
	do := func(command byte) func(string, string, bool) error {
		return func(_, value string, _ bool) error {
			o.command, o.value = command, value
			return nil
		}
	}
	limit := func(name, value string, _ bool) error {
		ms, err := iso8601.ParseInterval(value)
		if err != nil {
			return goption.Error("Error parsing option " + name)
		}
		o.timeout = time.Duration(ms) * time.Millisecond
		return nil
	}
	const indent = "\n                             "
	c.Main = append(c.Main, goption.Option{Long: "quiet", Short: 'q', Help: "Display only the essential query information", Do: goption.Flag(&o.quiet)})
	c.Groups = append(c.Groups,
		goption.Group{Name: "command", Heading: "Commands:", Help: "Show command options", Options: []goption.Option{
			{Long: "status", Short: 'S', Arg: goption.Required, Value: "NODE", Do: do('S'), Help: "Display the status of the specified node." +
				indent + "Result is state of node's internal finite state" + indent + "machine, which can be useful for debugging"},
			{Long: "pacemakerd", Short: 'P', Do: do('P'), Help: "Display the status of local pacemakerd." + indent + "Result is the state of the sub-daemons watched" + indent + "by pacemakerd."},
			{Long: "dc_lookup", Short: 'D', Do: do('D'), Help: "Display the uname of the node co-ordinating the cluster." +
				indent + "This is an internal detail rarely useful to" + indent + "administrators except when deciding on which" + indent + "node to examine the logs."},
			{Long: "nodes", Short: 'N', Arg: goption.Optional, Value: "TYPE", Do: do('N'), Help: "Display the uname of all member nodes [optionally filtered by type (comma-separated)]" +
				indent + "Types: all (default), cluster, guest, remote"},
			{Long: "health", Short: 'H', Hidden: true, Do: goption.Flag(&o.health)},
		}},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "timeout", Short: 't', Arg: goption.Required, Value: "TIMESPEC", Do: limit, Help: "Time  to wait before declaring the operation" + indent + "failed"},
			{Long: "bash-export", Short: 'B', Do: goption.Flag(&o.export), Help: "Display nodes as shell commands of the form 'export uname=uuid'" + indent + "(valid with -N/--nodes)"},
			{Long: "ipc-name", Short: 'i', Arg: goption.Required, Value: "NAME", Do: goption.Given(&o.name), Help: "Name to use for ipc instead of 'crmadmin' (with -P/--pacemakerd)."},
		}},
	)
	return c
}

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	ctx := o.context(args)
	return o.Run(ctx, args, "itKNS", program, stdout, stderr, func(out pcmktool.Output, log *pcmktool.Log) (crmexit.Code, error) {
		t := tool{&o, out, &cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr}}
		if o.health {
			out.Err("Cluster-wide health option not supported")
		}
		if o.command == 0 {
			out.Err("error: Must specify a command option")
		}
		if o.health || o.command == 0 {
			out.Err("%s", strings.Replace(ctx.Usage(false), "[OPTION?]", "[OPTION…]", 1)) // not in the C locale
			return crmexit.Usage, nil
		}
		if rc := t.run(); rc != crmexit.RCOK {
			out.Err("error: Command failed: %s", rc)
			return rc.Exit(), nil
		}
		return crmexit.OK, nil
	})
}

type tool struct {
	*options
	out    pcmktool.Output
	reader *cibinput.Reader
}

// defaultTimeout is how long is waited for an answer.
const defaultTimeout = 30 * time.Second

func (t *tool) run() crmexit.RC {
	limit := t.timeout
	if limit == 0 {
		limit = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	switch t.command {
	case 'N':
		return t.nodes()
	case 'P':
		return t.launcher(ctx)
	}
	c, err := controller.Dial(ctx, program, controller.Options{})
	if err != nil {
		rc := controller.RC(err)
		t.out.Err("error: Could not connect to controller: %s", rc)
		return rc
	}
	defer c.Close()
	if err := c.Ping(ctx, t.value); err != nil {
		rc := controller.RC(err)
		t.out.Err("error: Could not ping controller API: %s", rc)
		return rc
	}
	r, err := c.Await(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		t.out.Err("error: No reply received from controller before timeout (%dms)", limit.Milliseconds())
		return crmexit.RC(syscall.ETIMEDOUT)
	case errors.Is(err, controller.ErrProtocol):
		t.out.Err("error: Bad reply from controller: %s", crmexit.Protocol)
		return crmexit.RC(syscall.EBADMSG)
	case err != nil:
		t.out.Err("error: Lost connection to controller")
		return crmexit.RC(syscall.ECONNRESET)
	}
	if t.command == 'D' {
		t.showLeader(r.Host)
	} else {
		t.showHealth(r)
	}
	return crmexit.RCOK
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (t *tool) showLeader(name string) {
	switch {
	case t.out.IsXML():
		t.out.Element("dc", "node_name", name)
	case !t.quiet:
		t.out.Info("Designated Controller is: %s", or(name, "not yet elected"))
	case name != "":
		t.out.Printf("%s\n", name)
	}
}

func (t *tool) showHealth(r *controller.Reply) {
	value := func(name string) string {
		if r.Data == nil {
			return ""
		}
		return r.Data.SelectAttrValue(name, "")
	}
	state := value("crmd_state")
	switch {
	case t.out.IsXML():
		t.out.Element(value("crm_subsystem"), "node_name", r.Host, "state", state, "result", value("result"))
	case !t.quiet:
		t.out.Info("Controller on %s in state %s: %s", or(r.Host, "unknown node"), or(state, "unknown"), or(value("result"), "unknown result"))
	case state != "":
		t.out.Printf("%s\n", state)
	}
}

// launcher is -P.
func (t *tool) launcher(ctx context.Context) crmexit.RC {
	h, err := launcher.Ping(ctx, or(orNil(t.name), program), launcher.Options{})
	var none *launcher.Unreachable
	switch {
	case errors.As(err, &none):
		rc := launcher.RC(err)
		t.out.Err("error: Could not connect to launcher: %s", rc)
		return rc
	case errors.Is(err, launcher.ErrProtocol):
		t.out.Err("error: Bad reply from pacemakerd: %s", crmexit.Protocol)
		return crmexit.RC(syscall.EBADMSG)
	case err != nil:
		t.out.Err("error: Lost connection to pacemakerd")
		return crmexit.RC(syscall.ECONNRESET)
	}
	state, updated := "", ""
	if h.OK {
		at := iso8601.FromTime(time.Unix(h.LastGood, 0))
		updated = at.Format(iso8601.Date | iso8601.TimeOfDay | iso8601.WithTimezone)
	} else {
		state = "query failed"
	}
	switch {
	case t.out.IsXML():
		e := t.out.Element("pacemakerd", "sys_from", h.From, "state", or(state, h.State.String()))
		if updated != "" {
			e.Set("last_updated", updated)
		}
	case t.quiet:
		t.out.Printf("%s\n", or(state, h.State.String()))
	default:
		t.out.Info("Status of %s: '%s' (last updated %s)", or(h.From, "unknown subsystem"), or(state, h.State.Friendly()), or(updated, "at unknown time"))
	}
	return crmexit.RCOK
}

func orNil(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// kinds are where the configuration has nodes.
var kinds = []struct{ name, path, id string }{
	{"cluster", "//cib/configuration/nodes/node[not(@type) or @type='member']", "id"},
	{"guest", "//cib//configuration//primitive//meta_attributes//nvpair[@name='remote-node']", "value"},
	{"remote", "//cib//configuration//primitive[@type='remote'][@provider='pacemaker']", "id"},
}

// wanted tells whether a kind of nodes is among those asked for.
func (t *tool) wanted(kind string) bool {
	switch {
	case t.value == "" || strings.Contains(t.value, "all"):
		return true
	case kind == "remote":
		return strings.Contains(t.value, ",") || strings.HasPrefix(strings.ToLower(t.value), kind)
	}
	return strings.Contains(t.value, kind)
}

// nodes is -N.
func (t *tool) nodes() crmexit.RC {
	d, err := t.reader.Query()
	if err != nil {
		return crmexit.RCNoInput
	}
	var list *pcmktool.Element
	if t.out.IsXML() {
		list = t.out.Element("nodes")
	}
	found := 0
	for _, k := range kinds {
		if !t.wanted(k.name) {
			continue
		}
		nodes, err := xpath.Select(d.Root, k.path)
		if err != nil {
			panic(fmt.Sprintf("crmadmin: %s: %v", k.path, err))
		}
		for _, n := range nodes {
			found++
			id := n.SelectAttrValue(k.id, "")
			name := n.SelectAttrValue("uname", id)
			switch {
			case list != nil:
				list.Add("node", "type", k.name, "name", name, "id", id)
			case t.quiet:
				t.out.Printf("%s\n", name)
			case t.export:
				t.out.Info("export %s=%s", name, id)
			default:
				t.out.Info("%s node: %s (%s)", k.name, name, id)
			}
		}
	}
	if found == 0 && !t.quiet {
		t.out.Info("No nodes configured")
	}
	return crmexit.RCOK
}
