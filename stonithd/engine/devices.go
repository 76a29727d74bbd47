package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/device"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// The device that stands for nodes' watchdogs, and the agent that stands for it in
// configurations.
const (
	watchdogID       = "watchdog"
	watchdogAgent    = "fence_watchdog"
	watchdogInternal = "#watchdog"
)

// registered is a device with what waits for it.
type registered struct {
	*device.Device
	pending          []*command
	verified         bool // its agent has answered to this node
	fromCIB, fromAPI bool
	dirty            bool // of the CIB as it was
	work             bool // it may have something to do

	metadataAt    time.Time // when the agent is asked again what it is
	metadataEvery time.Duration
}

// How often an agent is asked that does not say what it is.
const (
	firstRetry = 10 * time.Second
	lastRetry  = 160 * time.Second
)

// walk is the devices in the order of the reference's table.
func (e *Engine) walk() []*registered {
	all := make([]*registered, 0, len(e.order))
	for _, i := range ghash.Order(e.order) {
		all = append(all, e.devices[e.order[i]])
	}
	return all
}

func isWatchdog(agent string) bool { return agent == watchdogAgent || agent == watchdogInternal }

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// resetsItself tells whether a node does so by a watchdog (node_does_watchdog_fencing).
func (e *Engine) resetsItself(node string) bool {
	return len(e.watchdogTargets) == 0 || contains(e.watchdogTargets, node)
}

// errDevice is the text of what cannot be registered.
var errDevice = wire.Result{Exit: crmexit.Error, Exec: wire.ExecNoFenceDevice, Reason: "No such device"}

// register makes a device known (stonith_device_register).
func (e *Engine) register(w *wire.Device, fromCIB bool) wire.Result {
	const where = "stonith_device_register"
	if w.ID == watchdogID || isWatchdog(w.Agent) {
		var skip bool
		if w, skip = e.watchdogDevice(w, fromCIB); w == nil {
			if skip {
				return wire.Result{}
			}
			return errDevice
		}
	}
	d := e.build(w)
	old := e.devices[d.ID]
	switch {
	case old != nil && same(old.Device, d.Device):
		e.logf(loglevel.Debug, where, "Device '%s' already in device list (%d active device%s)", d.ID, len(e.devices), plural(len(e.devices)))
		old.dirty = false
		d = old
	default:
		if old == nil {
			e.order = append(e.order, d.ID)
		} else if fromCIB && old.fromAPI {
			e.logf(loglevel.Info, where, "Overwriting existing entry for %s from CIB", d.ID)
			d.pending, old.pending = old.pending, nil
			d.fromAPI = true
			d.work = len(d.pending) > 0
		}
		e.devices[d.ID] = d
		if old != nil {
			e.purge(old)
		}
		e.logf(loglevel.Notice, where, "Added '%s' to device list (%d active device%s)", d.ID, len(e.devices), plural(len(e.devices)))
	}
	if fromCIB {
		d.fromCIB = true
	} else {
		d.fromAPI = true
	}
	return wire.Result{}
}

// build is the device that was described (build_device_from_xml).
func (e *Engine) build(w *wire.Device) *registered {
	const where = "build_device_from_xml"
	d := &registered{}
	metadata, retry := e.metadata(w.Agent)
	d.Device = device.New(w, metadata, e.Log)
	if retry {
		d.metadataEvery = firstRetry
		d.metadataAt = e.now.Add(firstRetry)
	}
	if e.StandAlone {
		d.WantsNodeID = false
	}
	if strings.EqualFold(w.Provides, wire.Unfencing) {
		d.Unfences = true
	}
	if d.Unfences {
		e.logf(loglevel.Info, where, "Fencing device '%s' requires unfencing", d.ID)
	}
	if actions := d.OnTarget(); actions != "" {
		e.logf(loglevel.Info, where, "Fencing device '%s' requires actions (%s) to be executed on target", d.ID, actions)
	}
	return d
}

func (e *Engine) metadata(agent string) (*etree.Element, bool) {
	if agent == watchdogInternal {
		return nil, false
	}
	m, retry := e.Metadata(agent)
	if m == nil && retry {
		e.logf(loglevel.Error, "get_agent_metadata", "Could not retrieve metadata for fencing agent %s", agent)
	}
	return m, retry
}

// askAgain asks the agent of a device what it is (get_agent_metadata_cb).
func (e *Engine) askAgain(d *registered) {
	m, retry := e.metadata(d.Agent)
	switch {
	case m != nil:
		d.Describe(m)
	case retry:
		if d.metadataEvery < lastRetry {
			d.metadataEvery *= 2
		}
		d.metadataAt = e.now.Add(d.metadataEvery)
	}
}

// watchdogDevice looks at a device that is, or claims to be, the watchdog's. It is nil if it is
// not to be registered; skip says that this is as it should be.
func (e *Engine) watchdogDevice(w *wire.Device, fromCIB bool) (_ *wire.Device, skip bool) {
	const where = "stonith_device_register"
	switch {
	case e.watchdog <= 0:
		e.logf(loglevel.Error, where, "Ignoring watchdog fence device without stonith-watchdog-timeout set.")
		return nil, false
	case !isWatchdog(w.Agent):
		e.logf(loglevel.Error, where, "Ignoring watchdog fence device with unknown agent '%s' unequal '%s'.", w.Agent, watchdogAgent)
		return nil, false
	case w.ID != watchdogID:
		e.logf(loglevel.Error, where, "Ignoring watchdog fence device named %s !='%s'.", w.ID, watchdogID)
		return nil, false
	}
	if w.Agent == watchdogAgent {
		e.watchdogTargets = device.New(w, nil, loglevel.Discard).Targets()
	}
	if !e.resetsItself(e.Node) {
		e.logf(loglevel.Debug, where, "Skip registration of watchdog fence device on node not in host-list.")
		e.remove(w.ID, fromCIB)
		return nil, true
	}
	own := *w
	own.Params = slices.DeleteFunc(slices.Clone(w.Params), func(p wire.Param) bool { return p.Name == agent.ParamHostList })
	own.Params = append(own.Params, wire.Param{Name: agent.ParamHostList, Value: e.Node})
	return &own, false
}

// same tells whether two devices are one: the agent, and all parameters but those that
// the cluster adds (device_has_duplicate).
func same(a, b *device.Device) bool {
	return strings.EqualFold(a.Agent, b.Agent) && within(a.Params, b.Params) && within(b.Params, a.Params)
}

func within(a, b agent.Params) bool {
	for _, p := range a {
		if strings.HasPrefix(p.Name, "CRM_meta") || p.Name == "crm_feature_set" {
			continue
		}
		if v, ok := b.Get(p.Name); !ok || !strings.EqualFold(v, p.Value) {
			return false
		}
	}
	return true
}

// remove takes a device away, unless it is also known otherwise (stonith_device_remove).
func (e *Engine) remove(id string, fromCIB bool) {
	const where = "stonith_device_remove"
	d := e.devices[id]
	if d == nil {
		e.logf(loglevel.Info, where, "Device '%s' not found (%d active device%s)", id, len(e.devices), plural(len(e.devices)))
		return
	}
	if fromCIB {
		d.fromCIB = false
	} else {
		d.verified, d.fromAPI = false, false
	}
	if !d.fromCIB && !d.fromAPI {
		e.drop(d)
		e.logf(loglevel.Info, where, "Removed '%s' from device list (%d active device%s)", id, len(e.devices), plural(len(e.devices)))
	}
}

func (e *Engine) drop(d *registered) {
	delete(e.devices, d.ID)
	e.order = slices.DeleteFunc(e.order, func(id string) bool { return id == d.ID })
	e.purge(d)
}

// purge fails what waits for a device that has gone (free_device).
func (e *Engine) purge(d *registered) {
	pending := d.pending
	d.pending = nil
	for _, c := range pending {
		e.logf(loglevel.Warning, "free_device", "Removal of device '%s' purged operation '%s'", d.ID, c.action)
		e.done(c, 0, &wire.Result{Exit: crmexit.Error, Exec: wire.ExecNoFenceDevice, Reason: "Device was removed before action could be executed"})
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
