package device

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// How to find out whom a device can fence: the values of pcmk_host_check.
const (
	CheckNone    = "none"         // everybody
	CheckStatic  = "static-list"  // whom the parameters list
	CheckDynamic = "dynamic-list" // whom the agent lists
	CheckStatus  = "status"       // of whom the agent knows the status
)

// Check is how to find out whom the device can fence (target_list_type).
func (d *Device) Check() string {
	if v, ok := d.Params.Get(agent.ParamHostCheck); ok {
		return v
	}
	for _, p := range []string{agent.ParamHostList, agent.ParamHostMap} {
		if _, ok := d.Params.Get(p); ok {
			return CheckStatic
		}
	}
	switch {
	case d.Flags&List != 0:
		return CheckDynamic
	case d.Flags&Status != 0:
		return CheckStatus
	}
	return CheckNone
}

// hostMap reads pcmk_host_map: NODE:PORT or NODE=PORT, between semicolons and blanks, with
// a backslash in front of such a character in a port. Ports are in the order of the text
// (build_port_aliases).
func hostMap(text string) (byNode map[string]string, ports []string) {
	byNode = map[string]string{}
	name, last := "", 0
	for i := 0; i <= len(text); i++ {
		c := byte(0)
		if i < len(text) {
			c = text[i]
		}
		switch c {
		case '\\':
			i++ // one at the end hides the end, and what comes before it
		case '=', ':':
			if i > last {
				name = text[last:i]
			}
			last = i + 1
		case 0, ';', ' ', '\t':
			if name != "" {
				port := strings.ReplaceAll(text[last:i], `\`, "")
				byNode[strings.ToLower(name)] = port
				ports = append(ports, port)
				name = ""
			}
			last = i + 1
			if c == 0 {
				return byNode, ports
			}
		}
	}
	return byNode, ports
}

// PortOf is what the device calls a target, if it has a name of its own for it.
func (d *Device) PortOf(target string) (string, bool) { return d.port(target) }

// Targets are those that the parameters list, or what the agent has listed last.
func (d *Device) Targets() []string { return slices.Clone(d.targets) }

func (d *Device) port(target string) (string, bool) {
	p, ok := d.ports[strings.ToLower(target)]
	return p, ok
}

// Allowed tells whether this node, self, may do an action to a target: some actions only
// the target may do, and others it may not do to itself unless that is allowed
// (localhost_is_eligible).
func (d *Device) Allowed(action, target, self string, allowSelf bool) bool {
	local := strings.EqualFold(target, self)
	// The reference looks for the action within the words, joined.
	if len(d.onTarget) > 0 && strings.Contains(d.OnTarget(), action) {
		return local
	}
	return !local || allowSelf
}

// allowedRemapped is Allowed also for what a reboot may become: off, and on again, which
// no node can do to itself.
func (d *Device) allowedRemapped(action, target, self string, allowSelf bool) bool {
	return d.Allowed(action, target, self, allowSelf) ||
		action == "reboot" && (d.Allowed("off", target, self, allowSelf) || d.Allowed("on", target, self, false))
}

// Answer is whether a device can fence a target.
type Answer uint8

// The answers.
const (
	No Answer = iota
	Yes
	AskList   // run the action list, then see Listed
	AskStatus // run the action status for the target, then see StatusSays
)

// listAge is for how many seconds what an agent has listed counts.
const listAge = 60

// Search is what a device is asked.
type Search struct {
	Target, Action string
	Self           string // the name of this node
	AllowSelf      bool
	Now            int64 // in seconds
}

// CanFence tells whether the device can do an action to a target, and why
// (can_fence_host_with_device). Without a target every device can.
func (d *Device) CanFence(s *Search) (a Answer, why string) {
	why = d.Check()
	switch {
	case s.Target == "":
		return Yes, "No target"
	case s.Action == "on" && d.Flags&On == 0:
		return No, "Agent does not support 'on'"
	case !d.allowedRemapped(s.Action, s.Target, s.Self, s.AllowSelf):
		return No, "This node is not allowed to execute action"
	case strings.EqualFold(why, CheckNone):
		return Yes, why
	case strings.EqualFold(why, CheckStatic):
		_, mapped := d.port(s.Target)
		return answer(mapped || holds(d.targets, s.Target)), why
	case strings.EqualFold(why, CheckDynamic):
		if len(d.targets) == 0 || d.listedAt+listAge < s.Now {
			return AskList, why
		}
		return answer(d.lists(s.Target)), why
	case strings.EqualFold(why, CheckStatus):
		return AskStatus, why
	}
	d.logf(loglevel.Error, "can_fence_host_with_device", "Invalid value for %s: %s", agent.ParamHostCheck, why)
	return No, "Invalid " + agent.ParamHostCheck
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

func holds(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// lists tells whether the agent has listed a target, by the device's name for it.
func (d *Device) lists(target string) bool {
	if port, ok := d.port(target); ok {
		target = port
	}
	return holds(d.targets, target)
}

// Listed takes the result of the action list, at a time in seconds, and tells whether the
// device can fence a target. When the agent fails, what it has listed before counts; where
// it never has, and nobody asked for lists, its status is asked from now on
// (dynamic_list_search_cb).
func (d *Device) Listed(r *wire.Result, target string, now int64) bool {
	const where = "dynamic_list_search_cb"
	switch {
	case r.OK():
		d.logf(loglevel.Info, where, "Refreshing target list for %s", d.ID)
		d.targets, d.listedAt = agent.Targets(r.Output), now
	case len(d.targets) > 0:
		d.logf(loglevel.Info, where, "Reusing most recent target list for %s because list %s", d.ID, outcome(r))
	default:
		d.logf(loglevel.Warning, where, "Assuming %s cannot fence %s because list %s", d.ID, target, outcome(r))
		if _, ok := d.Params.Get(agent.ParamHostCheck); !ok {
			d.logf(loglevel.Notice, where, "Switching to pcmk_host_check='status' for %s", d.ID)
			d.Params.Set(agent.ParamHostCheck, CheckStatus)
		}
	}
	return d.lists(target)
}

// outcome says how a run went wrong.
func outcome(r *wire.Result) string {
	if r.Exec == wire.ExecDone {
		return "returned error code " + strconv.Itoa(int(r.Exit))
	}
	s := "could not be executed: " + r.Exec.String()
	if r.Reason != "" {
		s += " (" + r.Reason + ")"
	}
	return s
}

// The statuses that a fence agent's action status ends with.
const (
	statusActive  crmexit.Code = 0
	statusUnknown crmexit.Code = 1
	statusOff     crmexit.Code = 2
)

// StatusSays tells whether a device can fence the target of whose status its agent has
// told: it can if it knows whether that is on or off (status_search_cb).
func StatusSays(r *wire.Result) bool {
	return r.Exec == wire.ExecDone && (r.Exit == statusActive || r.Exit == statusOff)
}
