package engine

import (
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/device"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// search asks all devices whether they can do something; found gets those that can, once all
// have answered.
type search struct {
	device.Search
	timeout int // of a list or status, in seconds
	waiting int
	capable []string
	found   func(devices []string)
}

// internalTimeout is that of a list or status where nobody says how long it may take, in
// seconds.
const internalTimeout = 60

// find searches (get_capable_devices).
func (e *Engine) find(target, action string, timeout int, allowSelf bool, found func([]string)) {
	all := e.walk()
	if len(all) == 0 {
		found(nil)
		return
	}
	s := &search{
		Search:  device.Search{Target: target, Action: action, Self: e.Node, AllowSelf: allowSelf, Now: e.now.Unix()},
		timeout: timeout, waiting: len(all), found: found,
	}
	e.logf(loglevel.Debug, "get_capable_devices", "Searching %d device%s to see which can execute '%s' targeting %s", len(all), plural(len(all)), or(action, "unknown action"), or(target, "any node"))
	for _, d := range all {
		e.ask(s, d)
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// ask asks one device (can_fence_host_with_device).
func (e *Engine) ask(s *search, d *registered) {
	const where = "can_fence_host_with_device"
	// Queries of all devices name no action, and need none.
	answer, why := d.CanFence(&s.Search)
	if answer == device.AskList || answer == device.AskStatus {
		action, target := "list", ""
		if answer == device.AskStatus {
			action, target = "status", s.Target
		}
		if t := d.Timeout(action, s.timeout); t > s.timeout {
			e.logf(loglevel.Notice, where, "Since the pcmk_%s_timeout(%ds) parameter of %s is larger than stonith-timeout(%ds), timeout may occur", action, t, d.ID, s.timeout)
		}
		c := &command{
			action: action, target: target, device: d.ID, defaultTimeout: s.timeout, callID: -1,
			client: e.System, clientName: e.System, origin: where, search: s,
		}
		if c.defaultTimeout == 0 {
			c.defaultTimeout = internalTimeout
		}
		e.commands = append(e.commands, c)
		e.schedule(c, d)
		return
	}
	not := " not"
	if answer == device.Yes {
		not = ""
	}
	alias := ""
	if port, ok := d.PortOf(s.Target); ok {
		alias = " (as '" + port + "')"
	}
	e.logf(loglevel.Info, where, "%s is%s eligible to fence (%s) %s%s: %s", d.ID, not, or(s.Action, "unspecified action"), or(s.Target, "unspecified target"), alias, why)
	e.record(s, d.ID, answer == device.Yes)
}

// searched takes the result of a list or status; d is nil if the device has gone.
func (e *Engine) searched(c *command, d *registered, r *wire.Result) {
	s := c.search
	switch {
	case d == nil:
		e.record(s, "", false)
	case c.action == "list":
		e.record(s, d.ID, d.Listed(r, s.Target, e.now.Unix()))
	default:
		can := device.StatusSays(r)
		switch {
		case r.Exec != wire.ExecDone:
			reason := ""
			if r.Reason != "" {
				reason = " (" + r.Reason + ")"
			}
			e.logf(loglevel.Warning, "status_search_cb", "Assuming %s cannot fence %s because status could not be executed: %s%s", d.ID, s.Target, r.Exec, reason)
		case !can && r.Exit != 1:
			e.logf(loglevel.Warning, "status_search_cb", "Assuming %s cannot fence %s (status returned unknown code %d)", d.ID, s.Target, int(r.Exit))
		}
		e.record(s, d.ID, can)
	}
}

// record takes a device's answer (search_devices_record_result).
func (e *Engine) record(s *search, id string, can bool) {
	s.waiting--
	if can {
		s.capable = append(s.capable, id)
	}
	if s.waiting == 0 {
		e.logf(loglevel.Debug, "search_devices_record_result", "Search found %d device%s that can perform '%s' targeting %s", len(s.capable), plural(len(s.capable)), or(s.Action, "unknown action"), or(s.Target, "any node"))
		s.found(s.capable)
	}
}

// query answers what this node's devices can do (handle_query_request,
// stonith_query_capable_device_cb).
func (e *Engine) query(r *wire.Request) {
	target, action := "", ""
	if t := r.ActionTask(); t != nil {
		if t.Device == "manual_ack" {
			return
		}
		target, action = t.Target, t.Action
	}
	e.find(target, action, r.Timeout, r.Options.Has(wire.AllowSelf), func(ids []string) {
		offer := wire.Offer{Target: target}
		for _, id := range ids {
			if d := e.devices[id]; d != nil {
				offer.Devices = append(offer.Devices, e.found(d, target, action, r.Options.Has(wire.AllowSelf)))
			}
		}
		n := len(offer.Devices)
		if target != "" {
			e.logf(loglevel.Debug, "stonith_query_capable_device_cb", "Found %d matching device%s for target '%s'", n, plural(n), target)
		} else {
			e.logf(loglevel.Debug, "stonith_query_capable_device_cb", "%d device%s installed", n, plural(n))
		}
		e.respond(r, r.Answer(offer.Element(), &wire.Result{}))
	})
}

// found is a device as an answer has it.
func (e *Engine) found(d *registered, target, action string, allowSelf bool) wire.Found {
	f := wire.Found{ID: d.ID, Namespace: d.Namespace, Agent: d.Agent, Verified: d.verified, Flags: uint32(d.Flags)}
	ability := func(action string, allowSelf bool, say bool) wire.Ability {
		return wire.Ability{
			Timeout: d.Timeout(action, 0), DelayMax: d.DelayMax(action), DelayBase: d.DelayBase(action, target),
			Required: d.Required(action), Disallowed: say && !d.Allowed(action, target, e.Node, allowSelf),
		}
	}
	asked := action
	if action == "reboot" && d.Flags&device.Reboot == 0 {
		asked = "off"
	}
	f.Asked = ability(asked, allowSelf, action == "reboot")
	if action == "reboot" {
		f.Off, f.On = new(ability("off", allowSelf, true)), new(ability("on", false, true))
	}
	if target == "" {
		f.Params = d.Params.Walk()
	}
	return f
}

// fenceLocally has a device of this node do it (fence_locally). A result that is not pending
// is the answer.
func (e *Engine) fenceLocally(r *wire.Request) wire.Result {
	t := r.TargetTask()
	c := e.newCommand(r)
	if c == nil || t == nil {
		if c != nil {
			e.free(c)
		}
		e.logf(loglevel.Warning, "fence_locally", "Invalid request: %s", r.Op)
		return protocolError
	}
	if t.Device != "" {
		d := e.devices[t.Device]
		if d == nil {
			e.free(c)
			e.logf(loglevel.Error, "fence_locally", "Requested device '%s' is not available", t.Device)
			return noDevice("Requested device '%s' not found", t.Device)
		}
		e.schedule(c, d)
		return pending
	}
	host := t.Target
	if c.options.Has(wire.NodeByID) {
		host = or(e.nameOf(host), host)
	}
	e.find(host, c.action, c.defaultTimeout, true, func(ids []string) {
		e.logf(loglevel.Info, "stonith_fence_get_devices_cb", "Found %d matching device%s for target '%s'", len(ids), plural(len(ids)), c.target)
		if len(ids) > 0 {
			if d := e.devices[ids[0]]; d != nil {
				c.more = ids[1:]
				e.schedule(c, d)
				return
			}
		}
		none := noDevice("No device configured for target '%s'", c.target)
		e.answer(c, &none, 0, false)
		e.free(c)
	})
	return pending
}
