package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/device"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// command is something that a device of this node is to do (async_command_t).
type command struct {
	action, target string
	device         string // by which it is done now
	defaultTimeout int    // in seconds
	timeout        int    // of the device
	delay          int    // in seconds; -1 for none at all
	delayedTo      time.Time
	more           []string    // devices that can do it as well
	on             *registered // while it runs

	// Who asked for it.
	op, client, clientName, origin, remoteOp string
	callID                                   int
	options                                  wire.CallOptions

	// search is what an internal list or status is for, instead.
	search *search
}

// isFencing tells the actions that take a node down (pcmk__is_fencing_action).
func isFencing(action string) bool {
	return action == "off" || action == "reboot" || action == "poweroff"
}

// newCommand is what a request asks for, nil if it lacks something
// (create_async_command).
func (e *Engine) newCommand(r *wire.Request) *command {
	t := r.ActionTask()
	if t == nil || t.Action == "" || r.Op == "" || r.Client == "" {
		return nil
	}
	c := &command{
		action: t.Action, target: t.Target, device: t.Device, defaultTimeout: r.Timeout, timeout: r.Timeout, delay: r.Delay,
		op: r.Op, client: r.Client, clientName: r.ClientName, origin: r.From, remoteOp: r.RemoteOp(), callID: r.Call(), options: r.Options,
	}
	e.commands = append(e.commands, c)
	return c
}

func (e *Engine) free(c *command) {
	e.commands = slices.DeleteFunc(e.commands, func(o *command) bool { return o == c })
}

// targeting is how lines name a target.
func targeting(target string) string {
	if target == "" {
		return ""
	}
	return " targeting " + target
}

// schedule has a device do it, when its delay is over (schedule_stonith_command).
func (e *Engine) schedule(c *command, d *registered) {
	const where = "schedule_stonith_command"
	c.device = d.ID
	c.timeout = d.Timeout(c.action, c.defaultTimeout)
	if c.remoteOp != "" {
		e.logf(loglevel.Debug, where, "Scheduling '%s' action%s using %s for remote peer %s with op id %.8s and timeout %ds", c.action, targeting(c.target), d.ID, c.origin, c.remoteOp, c.timeout)
	} else {
		e.logf(loglevel.Debug, where, "Scheduling '%s' action%s using %s for %s with timeout %ds", c.action, targeting(c.target), d.ID, c.client, c.timeout)
	}
	d.pending = append(d.pending, c)
	d.work = true
	if c.delay < 0 {
		return
	}
	asked := c.delay
	most, base := d.DelayMax(c.action), d.DelayBase(c.action, c.target)
	if most == 0 {
		most = base
	}
	if most < base {
		e.logf(loglevel.Warning, where, "pcmk_delay_base (%ds) is larger than pcmk_delay_max (%ds) for %s using %s (limiting to maximum delay)", base, most, c.action, d.ID)
		base = most
	}
	if most > 0 {
		c.delay += base
		if most != base {
			c.delay += e.Random(most - base)
		}
	}
	if c.delay > 0 {
		e.logf(loglevel.Notice, where, "Delaying '%s' action%s using %s for %ds | timeout=%ds requested_delay=%ds base=%ds max=%ds", c.action, targeting(c.target), d.ID, c.delay, c.timeout, asked, base, most)
		c.delayedTo = e.now.Add(time.Duration(c.delay) * time.Second)
	}
}

// active counts what a device is doing.
func (e *Engine) active(d *registered) (n int) {
	for _, c := range e.commands {
		if c.on == d {
			n++
		}
	}
	return n
}

// execute begins the next thing that a device has to do (stonith_device_execute).
func (e *Engine) execute(d *registered) {
	const where = "stonith_device_execute"
	if limit := d.Limit(); limit > -1 && e.active(d) >= limit {
		return
	}
	at := slices.IndexFunc(d.pending, func(c *command) bool { return c.delayedTo.IsZero() })
	if at < 0 {
		return
	}
	c := d.pending[at]
	d.pending = slices.Delete(d.pending, at, at+1)
	d.work = len(d.pending) > 0 // there may be room for more
	if isWatchdog(d.Agent) {
		if !isFencing(c.action) {
			e.logf(loglevel.Info, where, "Faking success for %s watchdog operation", c.action)
			e.done(c, 0, &wire.Result{})
			return
		}
		if e.resetsItself(e.Node) {
			e.Host.Panic()
			return
		}
	}
	action := c.action
	if action == "reboot" && d.Flags&device.Reboot == 0 {
		e.logf(loglevel.Notice, where, "Remapping 'reboot' action%s using %s to 'off' because agent '%s' does not support reboot", targeting(c.target), d.ID, d.Agent)
		action = "off"
	}
	node := uint32(0)
	if d.WantsNodeID && c.target != "" {
		node = e.Peers.ID(c.target)
	}
	c.on = d
	e.runs++
	e.running[e.runs] = c
	e.logf(loglevel.Debug, "fork_cb", "Operation '%s' [%d]%s using %s now running with %ds timeout", c.action, e.runs, targeting(c.target), d.ID, c.timeout)
	e.Host.Run(e.runs, d.ID, d.Call(action, c.target, node), c.timeout)
}

// done takes a result; run is the number of the run, 0 if there was none (st_child_done).
func (e *Engine) done(c *command, run int, r *wire.Result) {
	c.on, c.delayedTo = nil, time.Time{}
	d := e.devices[c.device]
	if c.search != nil {
		e.free(c)
		if d != nil {
			d.work = true
		}
		e.searched(c, d, r)
		return
	}
	if d != nil {
		if r.OK() && (c.action == "list" || c.action == "monitor" || c.action == "status") {
			d.verified = true
		}
		d.work = true
	}
	if next := e.next(c, d, r); next != nil {
		e.logResult(c, r, run, next.ID, false)
		e.schedule(c, next)
		return
	}
	e.answer(c, r, run, false)
	if r.OK() {
		e.answerDuplicates(c, r, run)
	}
	e.free(c)
}

// next is the device that is to do the same: after a success the next that is required, after
// a failure just the next, unless the one that failed was required.
func (e *Engine) next(c *command, d *registered, r *wire.Result) *registered {
	if r.OK() {
		for i, id := range c.more {
			if n := e.devices[id]; n != nil && n.Required(c.action) {
				c.more = c.more[i+1:]
				return n
			}
		}
		return nil
	}
	if len(c.more) == 0 || d != nil && d.Required(c.action) {
		return nil
	}
	n := e.devices[c.more[0]]
	c.more = c.more[1:]
	return n
}

// answer tells who asked (send_async_reply).
func (e *Engine) answer(c *command, r *wire.Result, run int, merged bool) {
	e.logResult(c, r, run, "", merged)
	done := wire.Done{
		Op: c.op, Device: c.device, RemoteOp: c.remoteOp, Client: c.client, Name: c.clientName, Target: c.target, Action: c.action,
		Origin: c.origin, CallID: c.callID, Options: c.options, Result: *r, Merged: merged,
		// Of the devices of a topology only all together are an end.
		ForAll: !e.StandAlone && isFencing(c.action) && strings.EqualFold(c.origin, c.target) && !c.options.Has(wire.UseTopology),
	}
	switch {
	case done.ForAll:
		e.Host.Send("", done.Element())
	case c.origin != "":
		e.Host.Send(c.origin, done.Element())
	default:
		e.Host.Reply(c.client, done.Element(), c.options.Has(wire.Sync))
	}
	if e.StandAlone {
		n := wire.Alone(c.target, c.op, c.device, c.remoteOp, c.client)
		r.Set(n)
		e.Host.Notify(wire.NotifyFence, wire.Notice(wire.NotifyFence, r, n))
		e.notifyHistory()
	}
}

// answerDuplicates answers what waits for a device to do the same to the same node for
// somebody else (reply_to_duplicates).
func (e *Engine) answerDuplicates(c *command, r *wire.Result, run int) {
	for _, o := range append([]*command(nil), e.commands...) {
		if o == c || o.search != nil || o.on != nil || strings.EqualFold(o.client, c.client) || !strings.EqualFold(o.target, c.target) ||
			o.action != c.action || !strings.EqualFold(o.device, c.device) {
			continue
		}
		e.logf(loglevel.Notice, "reply_to_duplicates", "Merging fencing action '%s'%s originating from client %s with identical fencing request from client %s", o.action, targeting(o.target), o.clientName, c.clientName)
		if d := e.devices[o.device]; d != nil {
			at := slices.Index(d.pending, o)
			if at < 0 {
				continue // not asked of the device yet
			}
			d.pending = slices.Delete(d.pending, at, at+1)
		}
		e.free(o)
		e.answer(o, r, run, true)
	}
}

// logResult says what came of it (log_async_result).
func (e *Engine) logResult(c *command, r *wire.Result, run int, next string, merged bool) {
	const where = "log_async_result"
	level, output := loglevel.Error, loglevel.Warning
	if c.target == "" {
		level = loglevel.Notice
	}
	if r.OK() {
		level, output, next = loglevel.Notice, loglevel.Debug, ""
		if c.target == "" {
			level = loglevel.Debug
		}
	}
	if !e.Log.Enabled(level) && !e.Log.Enabled(output) {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Operation '%s' ", c.action)
	if run != 0 {
		fmt.Fprintf(&b, "[%d] ", run)
	}
	if c.target != "" {
		b.WriteString("targeting " + c.target + " ")
	}
	if c.device != "" {
		b.WriteString("using " + c.device + " ")
	}
	if r.Exec == wire.ExecDone {
		fmt.Fprintf(&b, "returned %d", int(r.Exit))
	} else {
		b.WriteString("could not be executed: " + r.Exec.String())
	}
	if r.Reason != "" {
		b.WriteString(" (" + r.Reason + ")")
	}
	if next != "" {
		b.WriteString(", retrying with " + next)
	}
	if n := len(c.more); n > 0 {
		fmt.Fprintf(&b, " (%d device%s remaining)", n, plural(n))
	}
	b.WriteString(" | ")
	if merged {
		b.WriteString("merged ")
	}
	fmt.Fprintf(&b, "call %d from %s", c.callID, c.clientName)
	e.logf(level, where, "%s", b.String())
	if r.Output != "" && c.action != "metadata" {
		for line := range strings.Lines(r.Output) {
			e.logf(output, where, "%s[%d] [ %s ]", c.device, run, strings.TrimSuffix(line, "\n"))
		}
	}
}

// noDevice is the result where a device is missing.
func noDevice(format string, args ...any) wire.Result {
	return wire.Result{Exit: crmexit.Error, Exec: wire.ExecNoFenceDevice, Reason: fmt.Sprintf(format, args...)}
}
