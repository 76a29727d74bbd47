// Package attrdupdater is attrd_updater(8): it asks the manager of node attributes for values
// and sets them (the reference's tools/attrd_updater.c). attrd/client talks to the daemon.
package attrdupdater

import (
	"context"
	"errors"
	"io"

	"github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

const (
	summary = "query and update Pacemaker node attributes"
	program = "attrd_updater"
)

// The commands, by the letters that messages have for them.
const (
	updateBoth  = 'B'
	remove      = 'D'
	query       = 'Q'
	refresh     = 'R'
	update      = 'U'
	updateDelay = 'Y'
)

type options struct {
	pcmktool.Common
	command                     rune
	name, value, dampening, set *string
	node                        *string
	private, all, quiet         bool
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	// Each command takes the place of the one before, and of its value.
	command := func(letter rune) func(string, string, bool) error {
		return func(_, value string, given bool) error {
			if o.value = nil; given {
				o.value = &value
			}
			o.command = letter
			return nil
		}
	}
	private := goption.Flag(&o.private)
	c.Groups = append(c.Groups,
		goption.Group{Name: "required", Heading: "Required Arguments:", Help: "Show required arguments", Options: []goption.Option{
			{Long: "name", Short: 'n', Arg: goption.Required, Value: "NAME", Help: "The attribute's name", Do: goption.Given(&o.name)},
		}},
		goption.Group{Name: "command", Heading: "Command:", Help: "Show command options (mutually exclusive)", Options: []goption.Option{
			{Long: "update", Short: 'U', Arg: goption.Required, Value: "VALUE", Do: command(update), Help: `Update attribute's value in pacemaker-attrd. If this causes the value
                              to change, it will also be updated in the cluster configuration.`},
			{Long: "update-both", Short: 'B', Arg: goption.Required, Value: "VALUE", Do: command(updateBoth), Help: `Update attribute's value and time to wait (dampening) in
                              pacemaker-attrd. If this causes the value or dampening to change,
                              the attribute will also be written to the cluster configuration,
                              so be aware that repeatedly changing the dampening reduces its
                              effectiveness.
                              Requires -d/--delay`},
			{Long: "update-delay", Short: 'Y', Do: command(updateDelay), Help: `Update attribute's dampening in pacemaker-attrd. If this causes
                              the dampening to change, the attribute will also be written
                              to the cluster configuration, so be aware that repeatedly
                              changing the dampening reduces its effectiveness.
                              Requires -d/--delay`},
			{Long: "query", Short: 'Q', Do: command(query), Help: "Query the attribute's value from pacemaker-attrd"},
			{Long: "delete", Short: 'D', Do: command(remove), Help: `Unset attribute from pacemaker-attrd. At the moment, there is no way
                              to remove an attribute. This option will instead set its value
                              to the empty string.`},
			{Long: "refresh", Short: 'R', Do: command(refresh), Help: `(Advanced) Force the pacemaker-attrd daemon to resend all current
                              values to the CIB`},
		}},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "delay", Short: 'd', Arg: goption.Required, Value: "SECONDS", Do: goption.Given(&o.dampening), Help: `The time to wait (dampening) in seconds for further changes
                              before sending to the CIB`},
			{Long: "set", Short: 's', Arg: goption.Required, Value: "SET", Do: goption.Given(&o.set), Help: "(Advanced) The attribute set in which to place the value"},
			{Long: "node", Short: 'N', Arg: goption.Required, Value: "NODE", Do: goption.Given(&o.node), Help: "Set the attribute for the named node (instead of the local one)"},
			{Long: "all", Short: 'A', Do: goption.Flag(&o.all), Help: "Show values of the attribute for all nodes (query only)"},
			{Long: "lifetime", Short: 'l', Arg: goption.Required, Value: "SECTION", Do: lifetime, Help: `(Not yet implemented) Lifetime of the node attribute (silently
                              ignored by cluster)`},
			{Long: "private", Short: 'p', Do: private, Help: "If this creates a new attribute, never write the attribute to CIB"},
		}},
		goption.Group{Name: "deprecated", Heading: "Deprecated Options:", Help: "Show deprecated options", Options: []goption.Option{
			{Long: "quiet", Short: 'q', Hidden: true, Do: goption.Flag(&o.quiet)},
			{Long: "update", Short: 'v', Arg: goption.Required, Hidden: true, Do: command(update)},
			{Long: "section", Short: 'S', Arg: goption.Required, Hidden: true, Do: lifetime},
		}},
	)
	return c
}

// lifetime checks what nothing uses.
func lifetime(_, value string, _ bool) error {
	switch value {
	case "nodes", "forever", "status", "reboot":
		return nil
	}
	return goption.Error("Unknown value for --lifetime: " + value)
}

// Main runs the tool and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return run(args, stdout, stderr, client.Options{})
}

func run(args []string, stdout, stderr io.Writer, to client.Options) int {
	o := options{command: query}
	return o.Run(o.context(args), args, "dlnsvBNUS", program, stdout, stderr, func(out pcmktool.Output, _ *pcmktool.Log) (crmexit.Code, error) {
		return o.run(out, to)
	})
}

func (o *options) run(out pcmktool.Output, to client.Options) (crmexit.Code, error) {
	if o.command != refresh && o.name == nil {
		return pcmktool.Fail(crmexit.Usage, "Command requires --name argument")
	}
	if (o.command == updateBoth || o.command == updateDelay) && o.dampening == nil {
		out.Info("Warning: '%c' command given without required --delay", o.command)
	}
	ctx := context.Background()
	if o.command == query {
		return o.query(ctx, out, to)
	}
	if err := client.Send(ctx, to, o.request()); err != nil {
		rc := client.RC(err)
		return pcmktool.Fail(rc.Exit(), "Could not update %s=%s: %s (%d)", or(o.name), or(o.value), rc, int(rc))
	}
	return crmexit.OK, nil
}

// or is a text as C prints it.
func or(s *string) string {
	if s == nil {
		return "(null)"
	}
	return *s
}

// request is what a command other than a query asks for. It cannot know whether the node is a
// remote one; the daemon remembers.
func (o *options) request() *wire.Message {
	a := wire.Attribute{Name: o.name, Value: o.value, Dampening: o.dampening, Host: o.node, Set: o.set, Private: wire.FlagOf(o.private)}
	switch o.command {
	case updateBoth:
		return client.Update(program, wire.UpdateBoth, a)
	case remove:
		return client.Delete(program, a)
	case refresh:
		return client.Refresh(program, o.node)
	case updateDelay:
		a.Value = nil
		return client.Update(program, wire.UpdateDelay, a)
	}
	a.Dampening = nil
	return client.Update(program, wire.Update, a)
}

// query shows values, the last that the daemon gives first.
func (o *options) query(ctx context.Context, out pcmktool.Output, to client.Options) (crmexit.Code, error) {
	c, err := client.Dial(ctx, to)
	if err != nil {
		rc := client.RC(err)
		return pcmktool.Fail(rc.Exit(), "Could not connect to attrd: %s", rc)
	}
	defer c.Close()
	node := o.node
	if o.all {
		node = nil
	}
	values, err := c.Query(ctx, program, *o.name, node)
	if err != nil && !errors.Is(err, client.ErrNoSuch) && !errors.Is(err, client.ErrProtocol) {
		rc := client.RC(err)
		return pcmktool.Fail(rc.Exit(), "Could not query value of %s: %s (%d)", *o.name, rc, int(rc))
	}
	if len(values) == 0 {
		return pcmktool.Fail(crmexit.RCSchemaValidation.Exit(), "Could not query value of %s: attribute does not exist", *o.name)
	}
	for i := len(values) - 1; i >= 0; i-- {
		show(out, *o.name, &values[i])
	}
	return crmexit.OK, nil
}

// show shows a node's value.
func show(out pcmktool.Output, name string, v *wire.Attribute) {
	value, host := "", ""
	if v.Value != nil {
		value = *v.Value
	}
	if v.Host != nil {
		host = *v.Host
	}
	e := out.Element("attribute", "name", name, "value", value)
	line := `name="` + name + `" `
	if host != "" {
		if e != nil {
			e.Set("host", host)
		}
		line += `host="` + host + `" `
	}
	out.Info("%s", line+`value="`+value+`"`)
}
