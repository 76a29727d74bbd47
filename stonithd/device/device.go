package device

import (
	"math"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Flags are what an agent can do: the value of st_device_support_flags.
type Flags uint32

// What there is (enum st_device_flags).
const (
	List   Flags = 1 << 0
	Status Flags = 1 << 1
	Reboot Flags = 1 << 2
	Plug   Flags = 1 << 3 // has the parameter plug
	Port   Flags = 1 << 4 // has the parameter port
	On     Flags = 1 << 5
)

// Device is a device.
type Device struct {
	ID        string
	Agent     string
	Namespace string
	Params    agent.Params
	Flags     Flags
	// Unfences tells that nodes have to be turned on by it before they may run anything.
	Unfences bool
	// WantsNodeID tells that the agent wants to know corosync's number of the target.
	WantsNodeID bool

	onTarget []string          // actions that the target itself has to do
	ports    map[string]string // what the device calls a node, by the node's name in lower case
	targets  []string          // static, or what the agent has listed last
	listedAt int64             // when the agent did, in seconds
	log      loglevel.Logger
}

// New is the device that was registered, with what its agent says of itself; metadata is
// nil while that is not known, and Describe tells it later.
func New(d *wire.Device, metadata *etree.Element, log loglevel.Logger) *Device {
	out := &Device{ID: d.ID, Agent: d.Agent, Namespace: d.Namespace, Params: agent.Params{}, log: log}
	for _, p := range d.Params {
		if p.Name != actionParam {
			out.Params.Set(p.Name, p.Value)
		}
	}
	for _, p := range d.Params {
		if p.Name == actionParam {
			out.mapAction(p.Value)
			break
		}
	}
	if list, ok := out.Params.Get(agent.ParamHostList); ok {
		out.targets = agent.Targets(list)
	}
	hosts, _ := out.Params.Get(agent.ParamHostMap)
	var ports []string
	out.ports, ports = hostMap(hosts)
	out.targets = append(out.targets, ports...)
	if !strings.EqualFold(out.Check(), CheckStatic) {
		out.targets = nil
	}
	if metadata != nil {
		out.Describe(metadata)
	}
	return out
}

func (d *Device) logf(level loglevel.Level, where, format string, args ...any) {
	loglevel.LogfAt(d.log, level, where, format, args...)
}

// actionParam is what nobody should set, for the fencer says what is to be done; people do.
const actionParam = "action"

// mapAction makes pcmk_ACTION_action of it (xml2device_params).
func (d *Device) mapAction(value string) {
	const where = "xml2device_params"
	d.logf(loglevel.Warning, where, "%s has 'action' parameter, which should never be specified in configuration", d.ID)
	switch value {
	case "":
		d.logf(loglevel.Warning, where, "Ignoring empty 'action' parameter")
		return
	case "reboot":
		d.logf(loglevel.Warning, where, "Ignoring action='reboot' (see stonith-action cluster property instead)")
		return
	}
	mapped := []string{"off", "reboot"}
	if value == "off" {
		mapped = mapped[1:]
	}
	for _, a := range mapped {
		name := "pcmk_" + a + "_action"
		if _, ok := d.Params.Get(name); ok {
			d.logf(loglevel.Warning, "map_action", "Ignoring action='%s', see %s instead", value, name)
			continue
		}
		d.logf(loglevel.Warning, "map_action", "Mapping action='%s' to %s='%s'", value, name, value)
		d.Params.Set(name, value)
	}
}

// Describe takes what the agent says of itself (read_action_metadata).
func (d *Device) Describe(metadata *etree.Element) {
	_, own := d.Params.Get("nodeid")
	each(metadata, func(e *etree.Element) {
		name := e.SelectAttrValue("name", "")
		is := func(attr string) bool { return status.IsTrue(e.SelectAttrValue(attr, "")) }
		switch e.Tag {
		case "parameter":
			switch {
			case strings.EqualFold(name, "plug"):
				d.Flags |= Plug
			case strings.EqualFold(name, "port"):
				d.Flags |= Port
			case name == "nodeid" && !own:
				d.WantsNodeID = true
			}
		case "action":
			switch name {
			case "list":
				d.Flags |= List
			case "status":
				d.Flags |= Status
			case "reboot":
				d.Flags |= Reboot
			case "on":
				d.Flags |= On
				// required is the older word.
				d.Unfences = d.Unfences || is("automatic") || is("required")
			}
			if name != "" && is("on_target") {
				d.onTarget = append(d.onTarget, name)
			}
		}
	})
}

func each(e *etree.Element, f func(*etree.Element)) {
	f(e)
	for _, c := range e.ChildElements() {
		each(c, f)
	}
}

// isFencing tells the actions that delays are for (pcmk__is_fencing_action).
func isFencing(action string) bool {
	return action == "off" || action == "reboot" || action == "poweroff"
}

// DelayMax is the most, in seconds, that fencing is to be delayed in all; 0 is no limit
// of its own: only the base counts.
func (d *Device) DelayMax(action string) int {
	v, ok := d.Params.Get(agent.ParamDelayMax)
	if !ok || !isFencing(action) {
		return 0
	}
	return seconds(v)
}

// DelayBase is how long, in seconds, the fencing of a target is delayed at least: one time
// for all, or NODE:TIME pairs. A pair is for every node whose name begins with NODE, as in
// the reference.
func (d *Device) DelayBase(action, target string) int {
	v, ok := d.Params.Get(agent.ParamDelayBase)
	if !ok || !isFencing(action) {
		return 0
	}
	if target != "" {
		words := strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == ' ' || r == '\t' })
		if len(words) > 0 {
			v = words[0] // all but the first are cut off where no pair is for the target
		}
		for _, w := range words {
			node, delay, _ := strings.Cut(w, ":")
			if delay == "" {
				d.logf(loglevel.Error, "get_action_delay_base", "pcmk_delay_base: empty value in mapping")
				continue
			}
			if node != "" && len(target) >= len(node) && strings.EqualFold(target[:len(node)], node) {
				v = delay
				break
			}
		}
	}
	if strings.Contains(v, ":") {
		return 0
	}
	return seconds(v)
}

// seconds reads an interval; what is none is 0.
func seconds(text string) int {
	const second = 1000
	ms, err := iso8601.ParseInterval(text)
	if err != nil {
		return 0
	}
	return int(ms / second)
}

// Limit is how many actions may run at once; a negative number is no limit.
func (d *Device) Limit() int {
	v, ok := d.Params.Get(agent.ParamActionLimit)
	if !ok {
		return 1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil || n == 0 || n < math.MinInt32 || n > math.MaxInt32 {
		return 1
	}
	return int(n)
}

// Timeout is how long an action may take, in seconds; otherwise is for one of which the
// device says nothing. A device that cannot reboot turns off instead, and on again.
func (d *Device) Timeout(action string, otherwise int) int {
	if action == "reboot" && d.Flags&Reboot == 0 {
		action = "off"
	}
	v, ok := d.Params.Get("pcmk_" + action + "_timeout")
	if !ok {
		return otherwise
	}
	return int(agent.Number(v))
}

// OnTarget is the actions that only the target can do, with blanks between.
func (d *Device) OnTarget() string { return strings.Join(d.onTarget, " ") }

// Required tells an action that every device of its kind has to do.
func (d *Device) Required(action string) bool { return d.Unfences && action == "on" }

// RebootAction is what the agent calls a reboot.
func (d *Device) RebootAction() string {
	if a, ok := d.Params.Get("pcmk_reboot_action"); ok {
		return a
	}
	return "reboot"
}

// Call is how the agent is called for an action.
func (d *Device) Call(action, target string, nodeID uint32) *agent.Call {
	c := &agent.Call{Agent: d.Agent, Action: action, Target: target, Device: d.Params}
	if d.WantsNodeID {
		c.NodeID = nodeID
	}
	if port, ok := d.port(target); ok {
		c.Ports = map[string]string{target: port}
	}
	switch {
	case d.Flags&Port != 0:
		c.HostArgument = "port"
	case d.Flags&Plug != 0:
		c.HostArgument = "plug"
	}
	return c
}
