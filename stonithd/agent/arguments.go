package agent

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Params are parameters of a device, in the order in which they were set.
type Params []wire.Param

// Get is the value of a parameter.
func (p Params) Get(name string) (value string, ok bool) {
	for i := range p {
		if p[i].Name == name {
			return p[i].Value, true
		}
	}
	return "", false
}

// Set gives a parameter a value, in its place if it has one.
func (p *Params) Set(name, value string) {
	for i := range *p {
		if (*p)[i].Name == name {
			(*p)[i].Value = value
			return
		}
	}
	*p = append(*p, wire.Param{Name: name, Value: value})
}

// Walk is the parameters in the order in which the reference goes through its table.
func (p Params) Walk() Params {
	names := make([]string, len(p))
	for i := range p {
		names[i] = p[i].Name
	}
	out := make(Params, 0, len(p))
	for _, i := range ghash.Order(names) {
		out = append(out, p[i])
	}
	return out
}

// Stdin is what an agent reads.
func (p Params) Stdin() string {
	var b strings.Builder
	for _, v := range p.Walk() {
		b.WriteString(v.Name + "=" + v.Value + "\n")
	}
	return b.String()
}

// Parameters of devices that are for the fencer, not for the agent.
const (
	ParamHostArgument = "pcmk_host_argument"
	ParamHostMap      = "pcmk_host_map"
	ParamHostList     = "pcmk_host_list"
	ParamHostCheck    = "pcmk_host_check"
	ParamDelayBase    = "pcmk_delay_base"
	ParamDelayMax     = "pcmk_delay_max"
	ParamActionLimit  = "pcmk_action_limit"
	ParamTimeout      = "stonith-timeout"
	ParamProvides     = "provides"
)

var special = []string{
	ParamHostArgument, ParamHostMap, ParamHostList, ParamHostCheck, ParamDelayBase, ParamDelayMax, ParamActionLimit,
	ParamTimeout, ParamProvides,
}

// IsSpecial tells the parameters that are for the fencer (pcmk_stonith_param): those above,
// and pcmk_ACTION_action, pcmk_ACTION_timeout and pcmk_ACTION_retries.
func IsSpecial(name string) bool {
	if slices.Contains(special, name) {
		return true
	}
	rest, ok := strings.CutPrefix(name, "pcmk_")
	if !ok {
		return false
	}
	_, of, ok := strings.Cut(rest, "_")
	return ok && (of == "action" || of == "timeout" || of == "retries")
}

// none is a pcmk_host_argument that says that the target is not passed on.
const none = "none"

// Legacy is the agent that calls the plugins of cluster-glue; it has its own way to the
// target.
const Legacy = "fence_legacy"

// Call is what an agent is to do.
type Call struct {
	Agent  string
	Action string // the fencer's name for it
	Target string // empty for actions that have none
	NodeID uint32 // of the target, 0 if not known
	// Device is the device's parameters. Without any the agent gets only the action:
	// nil is not the same as empty.
	Device Params
	// Ports are the names that the device knows the targets by.
	Ports map[string]string
	// HostArgument is the agent's parameter for the target where the device does not
	// say; empty for "port".
	HostArgument string
}

// Arguments are what the agent is called with (make_args).
func Arguments(c *Call) Params {
	action := c.Action
	if a, ok := c.Device.Get("pcmk_" + c.Action + "_action"); ok {
		action = a
	}
	args := Params{{Name: "action", Value: action}}
	if c.Target != "" && c.Device != nil {
		args.Set("nodename", c.Target)
		if c.NodeID != 0 {
			args.Set("nodeid", strconv.FormatUint(uint64(c.NodeID), 10))
		}
		c.host(&args)
	}
	for _, p := range c.Device.Walk() {
		if !strings.EqualFold(p.Name, "action") && !IsSpecial(p.Name) &&
			!strings.Contains(p.Name, "CRM_meta") && !strings.EqualFold(p.Name, "crm_feature_set") {
			args.Set(p.Name, p.Value)
		}
	}
	return args
}

// host adds the target by the parameter that the agent has for it, unless the device gives
// that a value of its own.
func (c *Call) host(args *Params) {
	param, ok := c.Device.Get(ParamHostArgument)
	if c.Agent == Legacy || ok && strings.EqualFold(param, none) {
		return
	}
	if !ok {
		if param = c.HostArgument; param == "" {
			param = "port"
		}
	}
	if value, ok := c.Device.Get(param); ok && !strings.EqualFold(value, "dynamic") {
		return
	}
	name, ok := c.Ports[c.Target]
	if !ok {
		name = c.Target
	}
	args.Set(param, name)
}

// defaultTries is how often an agent is run at most where the device does not say.
const defaultTries = 2

// Tries is how often the agent may be run for an action (pcmk_ACTION_retries).
func (c *Call) Tries() int {
	v, ok := c.Device.Get("pcmk_" + c.Action + "_retries")
	if !ok {
		return defaultTries
	}
	return int(Number(v))
}

// Number reads the number that a text begins with, as C does; 0 if there is none, or none
// of 64 bits.
func Number(s string) int64 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	end := 0
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
