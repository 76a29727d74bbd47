// Package crmnode is crm_node(8): it asks the controller for nodes, and has the cluster forget one
// (the reference's tools/crm_node.c).
package crmnode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	attrd "github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	controller "github.com/ringmaster-ha/ringmaster/crmd/client"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/pengine/status"

	"github.com/beevik/etree"
)

const (
	program = "crm_node"
	summary = "crm_node - Tool for displaying low-level node information"
)

type options struct {
	pcmktool.Common
	command byte
	quiet   bool // is not looked at
	force   bool
	id      int64
	target  string
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "")
	do := func(command byte) func(string, string, bool) error {
		return func(_, value string, _ bool) error {
			switch o.command = command; command {
			case 'N':
				o.id, _ = status.LeadingInt(value)
				o.id = max(o.id, 0)
			case 'R':
				o.target = value
			}
			return nil
		}
	}
	c.Main = append(c.Main, goption.Option{Long: "quiet", Short: 'Q', Help: "Be less descriptive in output.", Do: goption.Flag(&o.quiet)})
	const indent = "\n                           "
	c.Groups = append(c.Groups,
		goption.Group{Name: "commands", Heading: "Commands:", Help: "Show command help", Options: []goption.Option{
			{Long: "cluster-id", Short: 'i', Help: "Display this node's cluster id", Do: do('i')},
			{Long: "list", Short: 'l', Help: "Display all known members (past and present) of this cluster", Do: do('l')},
			{Long: "name", Short: 'n', Help: "Display the name used by the cluster for this node", Do: do('n')},
			{Long: "partition", Short: 'p', Help: "Display the members of this partition", Do: do('p')},
			{Long: "quorum", Short: 'q', Help: "Display a 1 if our partition has quorum, 0 if not", Do: do('q')},
			{Long: "name-for-id", Short: 'N', Arg: goption.Required, Value: "ID", Help: "Display the name used by the cluster for the node with the specified ID", Do: do('N')},
			{Long: "remove", Short: 'R', Arg: goption.Required, Value: "NAME", Do: do('R'), Help: "(Advanced) Remove the (stopped) node with the specified name from Pacemaker's" +
				indent + "configuration and caches (the node must already have been removed from" + indent + "the underlying cluster stack configuration"},
		}},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "force", Short: 'f', Do: goption.Flag(&o.force)},
			{Long: "corosync", Short: 'C', Hidden: true, Do: goption.Flag(&o.quiet)},
		}},
	)
	return c
}

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var o options
	ctx := o.context(args)
	_, help, err := pcmktool.Parse(ctx, args, "NR", stdout)
	switch {
	case help:
		return int(crmexit.OK)
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v\n", pcmktool.Program(args), err)
		return int(crmexit.Usage)
	}
	log := o.NewLog(program, stderr)
	t := tool{options: &o, ctx: context.Background(), stdin: stdin, stdout: stdout, stderr: stderr, log: log}
	switch {
	case o.Version:
		pcmktool.WriteVersion(stdout)
		return log.Exit(crmexit.OK)
	case o.command == 0:
		fmt.Fprint(stderr, strings.Replace(ctx.Usage(false), "[OPTION?]", "[OPTION…]", 1)) // not in the C locale
		return log.Exit(crmexit.Usage)
	case o.command == 'R' && !o.force:
		fmt.Fprintln(stderr, "The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.")
		return log.Exit(crmexit.Usage)
	}
	return log.Exit(t.run())
}

type tool struct {
	*options
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *pcmktool.Log
}

func (t *tool) run() crmexit.Code {
	if name, ok := os.LookupEnv("OCF_RESKEY_CRM_meta_on_node"); ok && t.command == 'n' {
		fmt.Fprintln(t.stdout, name)
		return crmexit.OK
	}
	if t.command == 'R' {
		return t.remove()
	}
	return t.ask()
}

// ask asks the controller.
func (t *tool) ask() crmexit.Code {
	c, err := controller.Dial(t.ctx, program, controller.Options{})
	if err != nil {
		rc := controller.RC(err)
		fmt.Fprintf(t.stderr, "error: Could not connect to controller: %s\n", rc)
		return rc.Exit()
	}
	defer c.Close()
	if t.command == 'l' || t.command == 'p' {
		err = c.ListNodes(t.ctx)
	} else {
		err = c.NodeInfo(t.ctx, uint32(t.id))
	}
	if err != nil {
		rc := controller.RC(err)
		fmt.Fprintf(t.stderr, "error: Could not ping controller: %s\n", rc)
		return rc.Exit()
	}
	r, err := c.Await(t.ctx)
	switch {
	case errors.Is(err, controller.ErrProtocol):
		fmt.Fprintf(t.stderr, "error: Bad reply from controller: %s\n", crmexit.Protocol)
		return crmexit.Disconnect
	case err != nil:
		fmt.Fprintln(t.stderr, "error: Lost connection to controller")
		return crmexit.Disconnect
	}
	return t.show(r)
}

func (t *tool) show(r *controller.Reply) crmexit.Code {
	if t.command == 'l' || t.command == 'p' {
		t.list(r.Data)
		return crmexit.OK
	}
	value := func(name string) (string, bool) {
		if r.Data == nil || r.Data.SelectAttr(name) == nil {
			return "", false
		}
		return r.Data.SelectAttrValue(name, ""), true
	}
	switch t.command {
	case 'i':
		id, _ := value("id")
		n, err := strconv.Atoi(id)
		if err != nil || n == 0 {
			fmt.Fprintln(t.stderr, "error: Controller reply did not contain node ID")
			return crmexit.Protocol
		}
		fmt.Fprintln(t.stdout, n)
	case 'q':
		quorum, _ := value("have-quorum")
		if !status.IsTrue(quorum) {
			fmt.Fprintln(t.stdout, 0)
			return crmexit.Quorum
		}
		fmt.Fprintln(t.stdout, 1)
	default:
		name, ok := value("uname")
		if !ok {
			fmt.Fprintln(t.stderr, "Node is not known to cluster")
			return crmexit.NoHost
		}
		fmt.Fprintln(t.stdout, name)
	}
	return crmexit.OK
}

// list shows all nodes, or the names of the members.
func (t *tool) list(data *etree.Element) {
	var nodes []*etree.Element
	if data != nil {
		nodes = data.SelectElements("node")
	}
	slices.Reverse(nodes)
	name := func(n *etree.Element) string { return n.SelectAttrValue("uname", "") }
	slices.SortStableFunc(nodes, func(a, b *etree.Element) int { return status.CompareNames(name(a), name(b)) })
	for _, n := range nodes {
		state := n.SelectAttrValue("in_ccm", "")
		if t.command == 'l' {
			id, _ := strconv.ParseUint(n.SelectAttrValue("id", ""), 10, 64) // none is 0
			fmt.Fprintf(t.stdout, "%d %s %s\n", id, name(n), state)
		} else if state == "member" {
			fmt.Fprintf(t.stdout, "%s ", name(n))
		}
	}
	if t.command == 'p' {
		fmt.Fprintln(t.stdout)
	}
}

// remove has all daemons forget a node, which is given by name or id (remove_node).
func (t *tool) remove() crmexit.Code {
	name, id := t.target, uint32(0)
	if n, err := strconv.ParseInt(t.target, 10, 32); err == nil && n > 0 {
		name, id = "", uint32(n)
	}
	c, err := controller.Dial(t.ctx, program, controller.Options{})
	if err != nil {
		rc := controller.RC(err)
		fmt.Fprintf(t.stderr, "error: Could not connect to controller: %s\n", rc)
		return rc.Exit()
	}
	if err := c.Forget(t.ctx, name, id); err != nil {
		fmt.Fprintf(t.stderr, "error: Could not clear node from controller's cache: %s\n", controller.RC(err))
	}
	_ = c.Close() // there is no answer
	for _, forget := range []func(string, uint32) error{t.forgetBy("stonith-ng"), t.forgetByAttributes, t.forgetBy(crmmsg.Pacemakerd)} {
		if forget(name, id) != nil || t.removeFromCIB(name, id) != nil {
			return crmexit.Error
		}
	}
	return crmexit.OK
}

// forgetBy has a daemon forget the node.
func (t *tool) forgetBy(daemon string) func(string, uint32) error {
	return func(name string, id uint32) error {
		conn, err := ipc.Dial(t.ctx, daemon, ipc.DialOptions{})
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Send(t.ctx, controller.Forget(program, daemon, name, id))
		return err
	}
}

func (t *tool) forgetByAttributes(name string, id uint32) error {
	own := program
	m := &wire.Message{Tag: "tools_remove_node_cache", Origin: &own, Task: wire.PeerRemove, Attribute: wire.Attribute{HostID: id}}
	if name != "" {
		m.Host = &name
	}
	return attrd.Send(t.ctx, attrd.Options{}, m)
}

// removeFromCIB removes the node and its state; which of the two fails last counts.
func (t *tool) removeFromCIB(name string, id uint32) error {
	c, err := (&cibinput.Reader{Log: t.log, Stdin: t.stdin, Stderr: t.stderr}).Open(t.ctx, client.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	for _, from := range [...][2]string{{"nodes", "node"}, {"status", "node_state"}} {
		e := etree.NewElement(from[1])
		if name != "" {
			e.CreateAttr("uname", name)
		}
		if id > 0 {
			e.CreateAttr("id", strconv.FormatUint(uint64(id), 10))
		}
		if _, err = c.Do(t.ctx, call.Request{Op: ops.Delete, Section: from[0], Data: e}); err != nil {
			shown := name
			if name == "" {
				shown = "(null)"
			}
			fmt.Fprintf(t.stdout, "Could not remove %s[%d] from %s: %s", shown, id, from[0], strings.TrimSpace(client.RC(err).Legacy().String()))
		}
	}
	return err
}
