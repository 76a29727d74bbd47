package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd/client"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// bus is the configuration of a bus on which everybody may do everything.
const bus = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth><policy context="default"><allow user="*"/><allow own="*"/>
<allow send_type="method_call"/><allow send_requested_reply="true"/><allow receive_requested_reply="true"/><allow eavesdrop="true"/><allow send_destination="*"/><allow receive_type="method_call"/></policy></busconfig>
`

// overrides is where executors tell systemd what to change in units.
const overrides = "/run/systemd/system"

// step is an operation, and what the unit is like meanwhile.
type step struct {
	what, class, agent, action string
	traits                     *traits
	timeout, interval          int // in ms; 0 for 2000, and for no interval
	// events are how many ends of it there are to wait for; 0 is one.
	events int
	// unanswered is a method that does not end, so that the operation does only when its time is over.
	// Meanwhile the next begins.
	unanswered string
	// bus is what happens to the bus: "again" if it goes and comes back before the operation, "gone" if it
	// comes back after it.
	bus string
}

func (s *step) unitName() string {
	switch {
	case strings.Contains(s.agent, "."):
		return s.agent
	default:
		return s.agent + ".service"
	}
}

func goes(states ...string) *traits { return &traits{states: states} }

func fails(method, err string, states ...string) *traits {
	return &traits{states: states, faults: map[string]string{method: err}}
}

var steps = []step{
	{what: "a probe of what is stopped", agent: "one", action: "monitor", traits: goes("inactive")},
	{what: "a start that takes its time", agent: "one", action: "start", traits: goes("activating", "activating", "active")},
	{what: "a start of what runs", agent: "one", action: "start", traits: goes("active")},
	{what: "a monitor that sees it reloading, starting, active, failed, gone", agent: "one", action: "monitor", interval: 100, events: 3,
		traits: goes("reloading", "active", "activating", "active", "failed", "failed", "maintenance", "inactive")},
	{what: "a stop that takes its time", agent: "one", action: "stop", traits: goes("deactivating", "deactivating", "inactive")},
	{what: "a stop of what is stopped", agent: "one", action: "stop", traits: goes("inactive")},
	{what: "a stop that fails", agent: "one", action: "stop", traits: goes("deactivating", "failed")},
	{what: "a start that fails", agent: "two", action: "start", traits: goes("activating", "failed")},
	{what: "a start that ends stopped", agent: "two", action: "start", traits: goes("inactive")},
	{what: "a start that never ends", agent: "two", action: "start", traits: goes("activating"), timeout: 1000},
	{what: "a stop that never ends", agent: "two", action: "stop", traits: goes("deactivating"), timeout: 1000},
	{what: "a stop after which it is still active", agent: "two", action: "stop", traits: goes("active", "active", "inactive")},
	{what: "a restart", agent: "two", action: "restart", traits: goes("active")},
	{what: "something that units do not", agent: "two", action: "promote"},
	{what: "a reload", agent: "two", action: "reload-agent"},
	{what: "a status", agent: "two", action: "status", traits: goes("active")},
	{what: "a start of what there is not", agent: "missing", action: "start"},
	{what: "a stop of what there is not", agent: "missing", action: "stop"},
	{what: "a probe of what there is not", agent: "missing", action: "monitor"},
	{what: "a start of what cannot be loaded", agent: "broken", action: "start", traits: fails("StartUnit", name+".LoadFailed")},
	{what: "a stop of what cannot be loaded", agent: "broken", action: "stop", traits: fails("StopUnit", name+".LoadFailed")},
	{what: "a start of an odd name", agent: "odd", action: "start", traits: fails("StartUnit", name+".InvalidName")},
	{what: "a start that is not allowed", agent: "secret", action: "start", traits: fails("StartUnit", "org.freedesktop.DBus.Error.AccessDenied")},
	{what: "a stop that is not allowed", agent: "secret", action: "stop", traits: fails("StopUnit", "org.freedesktop.DBus.Error.AccessDenied")},
	{what: "a start of what is masked", agent: "masked", action: "start", traits: &traits{load: "masked", faults: map[string]string{"StartUnit": name + ".UnitMasked"}}},
	{what: "a start answered with a text", agent: "text", action: "start", traits: fails("StartUnit", "odd", "active")},
	{what: "a unit that is not loaded", agent: "unloaded", action: "start", traits: fails("LoadUnit", "org.freedesktop.DBus.Error.Failed")},
	{what: "a stop of a unit that is not loaded", agent: "unloaded2", action: "stop", traits: fails("LoadUnit", name+".NoSuchUnit")},
	{what: "a monitor of a unit that is not loaded", agent: "unloaded3", action: "monitor", traits: fails("LoadUnit", "odd")},
	{what: "a state of which nobody knows", agent: "strange", action: "monitor", traits: goes("resting")},
	{what: "a socket", agent: "a.socket", action: "start", traits: goes("active")},
	{what: "a mount", agent: "srv-data.mount", action: "stop", traits: goes("inactive")},
	{what: "a dot that is no type", agent: "v1.2", action: "monitor", traits: goes("active")},
	{what: "a template's instance", agent: "many@1", action: "start", traits: goes("active")},
	{what: "a template", agent: "many@", action: "start", traits: goes("active")},
	{what: "a template with its type", agent: "many@.service", action: "stop", traits: goes("inactive")},
	{what: "a service", class: "service", agent: "one", action: "start", traits: goes("active")},
	{what: "a service that is neither", class: "service", agent: "neither", action: "start"},
	// All at once. Were anything else answered before their time is over, the reference would call some of them failed.
	{what: "no answer to the start", agent: "mute", action: "start", traits: fails("StartUnit", "hang"), timeout: 3000, unanswered: "StartUnit"},
	{what: "no answer to the stop", agent: "mute2", action: "stop", traits: fails("StopUnit", "hang"), timeout: 3000, unanswered: "StopUnit"},
	{what: "no unit in time", agent: "mute3", action: "monitor", traits: fails("LoadUnit", "hang"), timeout: 3000, unanswered: "LoadUnit"},
	{what: "no state in time", agent: "mute4", action: "monitor", traits: fails("ActiveState", "hang"), timeout: 3000, unanswered: "Get"},
	{what: "no state", agent: "shy", action: "monitor", traits: fails("ActiveState", "org.freedesktop.DBus.Error.Failed"), timeout: 3000, unanswered: "Get"},
	{what: "a state that is a number", agent: "shy2", action: "monitor", traits: fails("ActiveState", "odd"), timeout: 3000, unanswered: "Get"},
	{what: "after the bus was lost", agent: "one", action: "monitor", traits: goes("active"), bus: "again"},
	{what: "a start after the bus was lost", agent: "one", action: "start", traits: goes("activating", "active"), bus: "again"},
	{what: "while the bus is lost", agent: "one", action: "monitor", traits: goes("active"), bus: "gone"},
	{what: "with the bus back", agent: "one", action: "monitor", traits: goes("active")},
}

// questions are what crm_resource is asked of units.
var questions = []string{
	"--list-standards", "--list-agents systemd", "--list-agents service", "--list-agents systemd:x", "--list-agents SYSTEMD --output-as=xml",
	"--show-metadata systemd:quoted", "--show-metadata systemd:quoted --output-as=xml", "--show-metadata systemd:missing", "--show-metadata systemd:many@", "--show-metadata systemd:a.socket",
	"--show-metadata systemd:unloaded", "--show-metadata systemd:shy", "--show-metadata service:quoted",
	"--validate --class systemd --agent quoted", "--validate --class systemd --agent masked", "--validate --class systemd --agent missing",
	"--validate --class service --agent quoted", "--validate --class service --agent missing",
}

// ask puts the questions to crm_resource.
func (t *teller) ask() {
	t.m.mu.Lock()
	t.m.files = []file{
		{"/lib/systemd/system/quoted.service", "enabled"}, {"/lib/systemd/system/Zebra.service", "disabled"}, {"/lib/systemd/system/aardvark.timer", "static"},
		{"/lib/systemd/system/shutdown.target", "static"}, {"/etc/systemd/system/QUOTED.service", "masked"}, {"/run/systemd/generator/-.mount", "generated"},
		{"/lib/systemd/system/a.socket", "enabled"}, {"odd.path", "enabled"}, {"/lib/systemd/system/x.slice", "static"}, {"/lib/systemd/system/no-type", "static"},
	}
	t.m.traits["quoted.service"] = &traits{description: "Says \"<this>\" & 'that',\tand\nanother: \u00fc"}
	t.m.traits["masked.service"] = &traits{load: "masked"}
	t.m.traits["shy.service"] = fails("Description", "org.freedesktop.DBus.Error.Failed")
	t.m.mu.Unlock()
	for _, q := range questions {
		var said strings.Builder
		cmd := exec.Command("/usr/sbin/crm_resource", strings.Fields(q)...)
		cmd.Stdout, cmd.Stderr = &said, &said
		_ = cmd.Run() // its status is printed
		fmt.Printf("== crm_resource %s\n%s-> %d\n", q, said.String(), cmd.ProcessState.ExitCode())
	}
}

// patience is how long an executor may take beyond what an operation may.
const patience = 30 * time.Second

type teller struct {
	m        *manager
	executor *client.Conn
	bus      *exec.Cmd
	daemon   *os.Process
	events   map[string][]string // that nobody has waited for yet, by resource
}

// tell puts the story to an executor.
func tell(program string) error {
	if err := os.MkdirAll("/run/dbus", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile("/run/dbus/story.conf", []byte(bus), 0o644); err != nil {
		return err
	}
	t := &teller{events: map[string][]string{}}
	if err := t.startBus(); err != nil {
		return err
	}
	defer func() { _ = t.bus.Process.Kill() }()
	var err error
	if t.m, err = newManager(); err != nil {
		return err
	}
	daemon := exec.Command(program)
	daemon.Stdout, daemon.Stderr = os.Stderr, os.Stderr
	if err := daemon.Start(); err != nil {
		return err
	}
	t.daemon = daemon.Process
	defer func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
	}()
	if err := t.connect(); err != nil {
		return err
	}
	defer t.executor.Close()
	t.ask()
	var left []int
	for i := range steps {
		s := &steps[i]
		if s.bus != "" { // which all that wait would lose
			if err := t.rest(left); err != nil {
				return err
			}
			left = nil
		}
		if err := t.step(fmt.Sprintf("r%d", i), s); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		if s.unanswered != "" {
			left = append(left, i)
		}
	}
	return t.rest(left)
}

// rest waits for the ends of operations without an answer.
func (t *teller) rest(left []int) error {
	for _, i := range left {
		fmt.Printf("== %s has ended\n", steps[i].what)
		if err := t.ends(fmt.Sprintf("r%d", i), 1); err != nil {
			return fmt.Errorf("%s: %w", steps[i].what, err)
		}
	}
	return nil
}

// ends prints how a resource's operations ended.
func (t *teller) ends(id string, n int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for len(t.events[id]) < n {
		e, err := t.executor.Event(ctx)
		if err != nil {
			return err
		}
		if e.SelectAttrValue("lrmd_op", "") == wire.OpRscExec {
			of := e.SelectAttrValue("lrmd_rsc_id", "")
			t.events[of] = append(t.events[of], told(e))
		}
	}
	for _, line := range t.events[id][:n] {
		fmt.Println("  " + line)
	}
	t.events[id] = t.events[id][n:]
	return nil
}

func (t *teller) startBus() error {
	if err := os.Remove("/run/dbus/system_bus_socket"); err != nil && !os.IsNotExist(err) {
		return err
	}
	t.bus = exec.Command("dbus-daemon", "--config-file=/run/dbus/story.conf", "--nofork", "--print-address=1")
	out, err := t.bus.StdoutPipe()
	if err != nil {
		return err
	}
	if err := t.bus.Start(); err != nil {
		return err
	}
	_, err = out.Read(make([]byte, 1)) // it listens
	return err
}

func (t *teller) connect() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if t.executor, err = client.Open(ctx, "story", client.Options{Dial: ipc.DialOptions{}}); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (t *teller) step(id string, s *step) error {
	fmt.Printf("== %s: %s %s %s\n", s.what, s.class, s.agent, s.action)
	unitName := s.unitName()
	t.m.mu.Lock()
	delete(t.m.traits, unitName)
	if s.traits != nil {
		t.m.traits[unitName] = s.traits
	}
	t.m.asked = nil
	for _, u := range t.m.units {
		if u.name == unitName {
			u.traits = s.traits
		}
	}
	t.m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if s.bus != "" {
		if err := t.loseBus(ctx); err != nil {
			return err
		}
	}
	if s.bus == "again" {
		if err := t.busBack(); err != nil {
			return err
		}
	}
	class, timeout := s.class, s.timeout
	if class == "" {
		class = "systemd"
	}
	if timeout == 0 {
		timeout = 2000
	}
	if _, err := t.executor.Call(ctx, &wire.Request{Op: wire.OpRscRegister, RscID: id, Class: class, Type: s.agent}); err != nil {
		return err
	}
	request := &wire.Request{Op: wire.OpRscExec, RscID: id, Action: s.action, Interval: s.interval, Timeout: timeout, Options: wire.NotifyChangesOnly}
	if _, err := t.executor.Call(ctx, request); err != nil {
		return err
	}
	if s.unanswered != "" {
		if err := t.seen(ctx, s.unanswered); err != nil {
			return err
		}
		t.print(s.agent)
		return nil
	}
	if err := t.ends(id, max(1, s.events)); err != nil {
		return err
	}
	if s.interval != 0 {
		if _, err := t.executor.Call(ctx, &wire.Request{Op: wire.OpRscCancel, RscID: id, Action: s.action, Interval: s.interval}); err != nil {
			return err
		}
		if err := t.ends(id, 1); err != nil {
			return err
		}
	}
	if s.bus == "gone" {
		if err := t.busBack(); err != nil {
			return err
		}
	}
	t.print(s.agent)
	return nil
}

// loseBus ends the bus, and waits until the executor has closed its connection.
func (t *teller) loseBus(ctx context.Context) error {
	sockets := func() (n int) {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", t.daemon.Pid))
		for _, fd := range fds {
			if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:") {
				n++
			}
		}
		return n
	}
	before := sockets()
	_ = t.bus.Process.Kill()
	_ = t.bus.Wait()
	for sockets() >= before {
		if ctx.Err() != nil {
			return errors.New("the executor holds on to its connection to a bus that is gone")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

func (t *teller) busBack() error {
	if err := t.startBus(); err != nil {
		return err
	}
	return t.m.join()
}

// seen waits until systemd was asked for something.
func (t *teller) seen(ctx context.Context, method string) error {
	for ctx.Err() == nil {
		t.m.mu.Lock()
		seen := slices.ContainsFunc(t.m.asked, func(a string) bool { return strings.HasPrefix(a, method+" ") })
		t.m.mu.Unlock()
		if seen {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("systemd was not asked for %s", method)
}

// told is what an event says, without times and what only depends on them.
func told(e *etree.Element) string {
	line := "event"
	for _, name := range []string{"lrmd_rsc_action", "lrmd_exec_rc", "lrmd_exec_op_status", "lrmd_timeout", "lrmd_rsc_interval", "lrmd_rsc_deleted", "lrmd_rsc_exit_reason", "lrmd_rsc_output"} {
		if a := e.SelectAttr(name); a != nil {
			line += fmt.Sprintf(" %s=%q", strings.TrimPrefix(strings.TrimPrefix(name, "lrmd_"), "rsc_"), a.Value)
		}
	}
	return line
}

// print prints what systemd was asked for, a question that is repeated once, and the files there are.
func (t *teller) print(agent string) {
	t.m.mu.Lock()
	asked := slices.Clone(t.m.asked)
	t.m.mu.Unlock()
	var lines []string
	for _, a := range asked {
		lines = append(lines, "  asked "+a)
		// Each question for the state is one for the unit, and one for its state.
		if n := len(lines); n >= 4 && slices.Equal(lines[n-2:], lines[n-4:n-2]) {
			lines = lines[:n-2]
		}
	}
	if n := len(lines); n >= 3 && lines[n-1] == lines[n-3] {
		lines = lines[:n-1] // a question that came when it was over
	}
	for _, l := range lines {
		fmt.Println(l)
	}
	for _, p := range []string{filepath.Join(overrides, agent+".service.d"), filepath.Join(overrides, agent+".service.d", "50-pacemaker.conf")} {
		if info, err := os.Stat(p); err == nil {
			fmt.Printf("  %v %s\n", info.Mode(), p)
			if b, err := os.ReadFile(p); err == nil {
				fmt.Printf("%q\n", b)
			}
		}
	}
}
