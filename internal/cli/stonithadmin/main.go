package stonithadmin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Main runs the tool and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return run(context.Background(), args, stdout, stderr, &world{pause: 2 * time.Second, zone: time.Local})
}

// world is what the tool runs in.
type world struct {
	dial  client.Options
	agent agent.Runner
	pause time.Duration // between two attempts to connect
	zone  *time.Location
}

// tool is a run.
type tool struct {
	*options
	*world
	log  *pcmktool.Log
	out  pcmktool.Output
	name string       // by which the fencer knows it
	conn *client.Conn // nil without one
}

const program = "stonith_admin"

func run(ctx context.Context, args []string, stdout, stderr io.Writer, w *world) int {
	var o options
	desc := o.context(args)
	name := pcmktool.Program(args)
	asked, err := o.parse(desc, args, stdout)
	if asked {
		return int(crmexit.OK)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return int(crmexit.Usage)
	}
	t := &tool{options: &o, world: w, log: o.NewLog(program, stderr), name: program}
	if o.tag != nil {
		// The reference does not know its own name yet when it reads the option.
		t.name = "(null)." + *o.tag
	}
	w.agent.Log, w.agent.Errors = t.log, stderr
	if t.out, err = o.Open(args, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return t.log.Exit(crmexit.Error)
	}
	var code crmexit.Code
	a := o.action()
	switch {
	case o.Version:
		t.out.Version()
	case a.letter == 0:
		usage(desc, t.out)
		code = crmexit.Usage
	case a.agent && o.agent == nil:
		t.out.Err("Please specify an agent to query using -a,--agent [value]")
		usage(desc, t.out)
		code = crmexit.Usage
	default:
		if strings.IndexByte("BFUC", a.letter) >= 0 {
			t.log.LogfAt(loglevel.Notice, "crm_log_args", "Invoked: %s", strings.Join(args, " "))
		}
		code = t.carryOut(ctx, a, name)
	}
	if err := t.out.Finish(code); err != nil {
		code = crmexit.IOErr
	}
	return int(code)
}

// carryOut connects and does what is asked; prog is the program's name in messages.
func (t *tool) carryOut(ctx context.Context, a action, prog string) crmexit.Code {
	if !a.standalone {
		var err error
		if t.conn, err = client.Dial(ctx, t.name, t.dial); err != nil {
			t.out.Err("Could not connect to fencer: %v", client.RC(err))
			return crmexit.Disconnect
		}
		defer t.conn.Close()
	}
	rc, err := t.do(ctx, a)
	t.log.LogfAt(loglevel.Info, "main", "Command returned: %v (%d)", rc, int(rc))
	if err != nil {
		t.out.Err("%s: %v", prog, err)
	}
	return rc.Exit()
}

// errNotConnected is what the fencer cannot be asked.
var errNotConnected = errors.New("not connected")

// request asks the fencer, if there is a connection.
func (t *tool) request(f func(c *client.Conn) error) error {
	if t.conn == nil {
		return errNotConnected
	}
	return f(t.conn)
}

// try is request, whose failure is told after what was tried.
func (t *tool) try(what string, f func(c *client.Conn) error) crmexit.RC {
	rc := client.RC(t.request(f))
	if rc != crmexit.RCOK {
		t.out.Err("%s: %v", what, rc)
	}
	return rc
}

// do does what is asked. An error is to be said in the program's name.
func (t *tool) do(ctx context.Context, a action) (crmexit.RC, error) {
	switch a.letter {
	case 'I':
		t.show("device", "fence device", "fence devices", "Installed fence devices", t.world.agent.Installed())
	case 'L':
		return t.try("Failed to list registered devices", func(c *client.Conn) error {
			ids, err := c.Query(ctx, a.target, t.timeout)
			if err == nil {
				t.show("device", "fence device", "fence devices", "Registered fence devices", ids)
			}
			return err
		}), nil
	case 'Q':
		return client.RC(t.request(func(c *client.Conn) error {
			_, err := c.Exec(ctx, &wire.ExecRequest{Device: a.target, Action: "monitor"}, t.timeout)
			if err != nil {
				_, err = c.Exec(ctx, &wire.ExecRequest{Device: a.target, Action: "list"}, t.timeout)
			}
			return err
		})), nil
	case 's':
		return t.try("Couldn't list targets", func(c *client.Conn) error {
			list, err := c.Exec(ctx, &wire.ExecRequest{Device: a.target, Action: "list"}, t.timeout)
			if err == nil {
				t.show("", "fence target", "fence targets", "Fence Targets", agent.Targets(list))
			}
			return err
		}), nil
	case 'R':
		return t.try(fmt.Sprintf("Can't register device %s using agent %s", a.target, *t.options.agent), func(c *client.Conn) error {
			return c.Register(ctx, t.device(a.target))
		}), nil
	case 'D':
		return t.try("Can't unregister device "+a.target, func(c *client.Conn) error { return c.Remove(ctx, a.target) }), nil
	case 'r':
		return t.try(fmt.Sprintf("Can't register topology level %d for %s", t.level, levelName(a.target)), func(c *client.Conn) error {
			return c.RegisterLevel(ctx, t.levelOf(a.target))
		}), nil
	case 'd':
		return t.try(fmt.Sprintf("Can't unregister topology level %d for %s", t.level, levelName(a.target)), func(c *client.Conn) error {
			return c.RemoveLevel(ctx, t.levelOf(a.target))
		}), nil
	case 'M':
		return t.describe(ctx), nil
	case 'K':
		return t.look(ctx), nil
	case 'C':
		return client.RC(t.request(func(c *client.Conn) error { return c.Confirm(ctx, a.target) })), nil
	case 'B':
		return t.have(ctx, a.target, "reboot")
	case 'F':
		return t.have(ctx, a.target, "off")
	case 'U':
		return t.have(ctx, a.target, "on")
	case 'h':
		return t.lastFenced(ctx, a.target), nil
	case 'H':
		return t.showHistory(ctx, a.target), nil
	}
	return crmexit.RCOK, nil
}

// show shows a list.
func (t *tool) show(kind, singular, plural, title string, items []string) {
	t.out.BeginList(singular, plural, title)
	for _, i := range items {
		t.out.Item(kind, i)
	}
	t.out.EndList()
}

// device is the one to register. A plugin of cluster-glue has an agent to call it.
func (t *tool) device(id string) *wire.Device {
	d := &wire.Device{ID: id, Agent: *t.options.agent, Namespace: t.world.agent.Namespace(*t.options.agent)}
	if d.Namespace == wire.NamespaceLHA {
		d.Params = append(d.Params, wire.Param{Name: "plugin", Value: d.Agent})
		d.Agent = agent.Legacy
	}
	for _, p := range t.params {
		d.Params = append(d.Params, wire.Param{Name: p.name, Value: p.value})
	}
	return d
}

// levelOf is the level of the options for nodes that are named, match a @PATTERN or have
// ATTRIBUTE=VALUE.
func (t *tool) levelOf(target string) *wire.Level {
	l := &wire.Level{Index: t.level, Devices: t.devices}
	if name, value, ok := strings.Cut(target, "="); ok {
		l.Attribute, l.Value = name, value
	} else if pattern, ok := strings.CutPrefix(target, "@"); ok {
		l.Pattern = pattern
	} else {
		l.Node = target
	}
	return l
}

// levelName is what messages call the nodes of a level: of an attribute the reference has
// cut the value off.
func levelName(target string) string {
	name, _, _ := strings.Cut(target, "=")
	return name
}

// describe shows what an agent says of itself.
func (t *tool) describe(ctx context.Context) crmexit.RC {
	text, err := t.world.agent.Metadata(ctx, *t.options.agent, time.Duration(t.timeout)*time.Second)
	var e *agent.Error
	switch {
	case errors.As(err, &e):
		t.out.Err("Can't get fence agent meta-data: %v", e.RC)
		return e.RC
	case err != nil:
		t.out.Err("Can't get fence agent meta-data: %v", err)
		return crmexit.RCError
	}
	t.out.Document("metadata", text)
	return crmexit.RCOK
}

// page is an output of HTML.
type page interface{ Division(text string) }

// look has an agent validate parameters.
func (t *tool) look(ctx context.Context) crmexit.RC {
	name := *t.options.agent
	v := t.world.agent.Validate(ctx, name, t.parameters(), time.Duration(t.timeout)*time.Second)
	outcome := "succeeded"
	if v.RC != crmexit.RCOK {
		outcome = "failed"
	}
	said := fmt.Sprintf("Validation of %s %s", name, outcome)
	code := int(v.RC.Legacy())
	if e := t.out.Element("validate", "agent", name, "valid", fmt.Sprint(v.RC == crmexit.RCOK)); e != nil {
		e.Add("command").SetCommand(code, v.Output, v.Errors)
		return v.RC
	}
	if p, ok := t.out.(page); ok {
		p.Division(said)
	} else {
		t.out.Printf("%s\n", said)
	}
	t.out.Command(code, v.Output, v.Errors)
	return v.RC
}

// lastFenced tells when a node was last fenced.
func (t *tool) lastFenced(ctx context.Context, target string) crmexit.RC {
	when := t.lastTime(ctx, target)
	zoned := time.Unix(when, 0).In(t.zone)
	switch p, isPage := t.out.(page); {
	case t.out.IsText() && when == 0:
		t.out.Printf("Node %s has never been fenced\n", target)
	case t.out.IsText():
		t.out.Printf("Node %s last fenced at: %s\n", target, zoned.Format(time.ANSIC))
	case (t.out.IsXML() || isPage) && when == 0:
		return crmexit.RCNoOutput
	case t.out.IsXML():
		t.out.Element("last-fenced", "target", target, "when", timeText(when, t.zone))
	case isPage:
		p.Division(fmt.Sprintf("Node %s last fenced at: %s\n", target, zoned.Format(time.ANSIC)))
	default: // there is no form for it
		return crmexit.RC(syscall.EINVAL)
	}
	return crmexit.RCOK
}
