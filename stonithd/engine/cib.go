package engine

import (
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Configured takes a whole CIB: devices, topology and the watchdog's timeout are as it has
// them (init_cib_cache_cb). The CIB may change afterwards, if Changed is called before anything else then.
func (e *Engine) Configured(now time.Time, cib *etree.Element) {
	e.now = now
	e.logf(loglevel.Info, "init_cib_cache_cb", "Updating device list from CIB")
	e.take(cib)
	e.refresh()
	e.dispatch()
}

// Changed takes a CIB that a patchset has led to (update_cib_cache_cb), the one of before or another. It may
// change afterwards as that of Configured.
func (e *Engine) Changed(now time.Time, cib, patchset *etree.Element) {
	e.now = now
	v2 := patchset != nil && patchset.SelectAttrValue("format", "1") == "2"
	if v2 && onlyInStates(patchset) {
		e.cib = cib
		e.dispatch()
		return
	}
	before := e.watchdog
	e.take(cib)
	if before != e.watchdog || !v2 {
		e.refresh()
	} else {
		e.changeTopology(patchset)
		e.changeDevices(patchset)
		e.watchdogDefault()
	}
	e.dispatch()
}

// onlyInStates tells whether a patchset changes no more than the version and what is in the states of nodes, their
// resources' histories and their attributes, of which nothing matters here. Most patchsets do.
func onlyInStates(patchset *etree.Element) bool {
	for _, c := range patchset.SelectElements("change") {
		path := c.SelectAttrValue("path", "")
		if path == "/cib" && c.SelectAttrValue("operation", "") == "modify" {
			continue
		}
		rest, ok := strings.CutPrefix(path, "/cib/status/node_state[@id='")
		if !ok {
			return false
		}
		if _, rest, ok = strings.Cut(rest, "']"); !ok {
			return false
		}
		if rest == "" && c.SelectAttrValue("operation", "") != "create" {
			return false // the state itself
		}
	}
	return true
}

func (e *Engine) take(cib *etree.Element) {
	e.cib = cib
	e.Peers.Refresh(cib)
	e.watchdog = e.watchdogOf(cib)
}

func (e *Engine) refresh() {
	e.resetTopology()
	e.resetDevices()
	e.watchdogDefault()
}

// watchdogOf is stonith-watchdog-timeout (update_stonith_watchdog_timeout_ms).
func (e *Engine) watchdogOf(cib *etree.Element) time.Duration {
	var values []string
	walkElements(cib, func(x *etree.Element) {
		if x.Tag == "nvpair" && x.SelectAttrValue("name", "") == "stonith-watchdog-timeout" {
			values = append(values, x.SelectAttrValue("value", ""))
		}
	})
	if len(values) != 1 {
		return 0 // none, or nobody can tell which
	}
	ms, ok := iso8601.ParseMilliseconds(values[0])
	if !ok { // what is below 0 as well
		return e.WatchdogTimeout()
	}
	return time.Duration(ms) * time.Millisecond
}

func walkElements(e *etree.Element, f func(*etree.Element)) {
	f(e)
	for _, c := range e.ChildElements() {
		walkElements(c, f)
	}
}

// watchdogDefault makes the watchdog a device where there is one, and nobody has configured it
// (watchdog_device_update).
func (e *Engine) watchdogDefault() {
	switch {
	case e.watchdog <= 0:
		if e.devices[watchdogID] != nil {
			e.remove(watchdogID, true)
		}
	case e.devices[watchdogID] == nil && len(e.watchdogTargets) == 0:
		e.register(&wire.Device{ID: watchdogID, Agent: watchdogInternal, Namespace: wire.NamespaceInternal}, true)
	}
}

// resetTopology takes all levels of the CIB (fencing_topology_init).
func (e *Engine) resetTopology() {
	e.topology, e.targets = map[string]*levels{}, nil
	walkElements(e.cib, func(x *etree.Element) {
		if x.Tag == wire.TagLevel {
			e.replaceLevel(x)
		}
	})
}

// replaceLevel puts a level in the place of the one of the same target and number.
func (e *Engine) replaceLevel(l *etree.Element) {
	_, key := e.kindOf(l)
	old := etree.NewElement(wire.TagLevel)
	old.CreateAttr("index", strconv.Itoa(indexOf(l)))
	old.CreateAttr("target", key)
	result := e.removeLevel(old)
	e.notifyLevel(wire.OpLevelDel, old, &result)
	e.configureLevelOf(l)
}

func (e *Engine) configureLevelOf(l *etree.Element) {
	result := e.addLevel(l)
	e.notifyLevel(wire.OpLevelAdd, l, &result)
}

// changeTopology takes what a patchset changes about levels (update_fencing_topology).
func (e *Engine) changeTopology(patchset *etree.Element) {
	for _, c := range patchset.SelectElements("change") {
		op, path := c.SelectAttrValue("operation", ""), c.SelectAttrValue("path", "")
		switch {
		case op == "":
		case strings.Contains(path, "/fencing-level"):
			switch op {
			case "create":
				if l := first(c); l != nil {
					e.configureLevelOf(l)
				}
			case "modify":
				if l := first(c.SelectElement("change-result")); l != nil {
					e.replaceLevel(l)
				}
			case "delete":
				e.logf(loglevel.Info, "update_fencing_topology", "Re-initializing fencing topology after %s operation for %s", op, path)
				e.resetTopology()
				return
			}
		case strings.Contains(path, "/fencing-topology"),
			strings.Contains(path, "/configuration") && c.SelectElement("fencing-topology") != nil && (op == "delete" || op == "create"):
			e.logf(loglevel.Info, "update_fencing_topology", "Re-initializing fencing topology after top-level %s operation for %s", op, path)
			e.resetTopology()
			return
		}
	}
}

func first(e *etree.Element) *etree.Element {
	if e == nil {
		return nil
	}
	if children := e.ChildElements(); len(children) > 0 {
		return children[0]
	}
	return nil
}

// changeDevices takes what a patchset changes about devices (update_cib_stonith_devices_v2).
func (e *Engine) changeDevices(patchset *etree.Element) {
	const where = "update_cib_stonith_devices_v2"
	update := func(reason string) {
		e.logf(loglevel.Info, where, "Updating device list from CIB: %s", reason)
		e.resetDevices()
	}
	for _, c := range patchset.SelectElements("change") {
		op, path := c.SelectAttrValue("operation", ""), c.SelectAttrValue("path", "")
		switch {
		case op == "" || op == "move" || strings.Contains(path, "/status"):
		case op == "delete" && strings.Contains(path, "/primitive"):
			if strings.Contains(path, "instance_attributes") || strings.Contains(path, "meta_attributes") {
				update("(meta) attribute deleted from resource")
				return
			}
			_, rest, _ := strings.Cut(path, "primitive[@id='")
			id, _, ok := strings.Cut(rest, "'")
			if !ok {
				e.logf(loglevel.Warning, where, "Ignoring malformed CIB update (resource deletion)")
				continue
			}
			e.remove(id, true)
		case strings.Contains(path, "/resources"), strings.Contains(path, "/constraints"), strings.Contains(path, "/rsc_defaults"):
			update(op + " " + path[strings.LastIndexByte(path, '/')+1:])
			return
		}
	}
}

// resetDevices makes the devices of the CIB those that this node may use now
// (cib_devices_update). Where that is depends on what the scheduler thinks of the
// constraints.
func (e *Engine) resetDevices() {
	get := func(attr string) string { return e.cib.SelectAttrValue(attr, "(null)") }
	e.logf(loglevel.Info, "cib_devices_update", "Updating devices to version %s.%s.%s", get("admin_epoch"), get("epoch"), get("num_updates"))
	ws, err := status.Unpack(e.cib, status.Options{
		Now: e.now, Localhost: e.Node, Flags: status.QuickLocation | status.NoCompat | status.NoCounts,
	})
	if err != nil {
		e.logf(loglevel.Error, "cib_devices_update", "%v", err)
		return
	}
	sched.Schedule(ws)
	for _, d := range e.devices {
		d.dirty = d.fromCIB
	}
	e.watchdogTargets = nil
	for _, r := range ws.Resources {
		e.deviceOf(r)
	}
	for _, d := range e.walk() {
		if d.dirty {
			e.drop(d)
		}
	}
}

// deviceOf makes a resource a device, or what is in it, if that is what it is and this node may
// use it (cib_device_update).
func (e *Engine) deviceOf(r *status.Resource) {
	const where = "cib_device_update"
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			e.deviceOf(c)
			if r.IsClone() {
				break // they are all alike
			}
		}
		return
	}
	switch {
	case !strings.EqualFold(r.Class, "stonith"):
		return
	case r.IsDisabled():
		e.logf(loglevel.Info, where, "Device %s has been disabled", r.ID)
		return
	case e.watchdog <= 0 && r.ID == watchdogID:
		e.logf(loglevel.Info, where, "Watchdog-fencing disabled thus handling device %s as disabled", r.ID)
		return
	}
	node := e.allowedHere(r)
	if node == nil {
		e.logf(loglevel.Info, where, "Device %s has been disabled on %s: unknown", r.ID, e.Node)
		return
	}
	score := node.Score
	if p := r.Parent; score >= 0 && p != nil && p.Variant == status.Group {
		if g := e.allowedHere(p); g != nil && g.Score < 0 {
			score = g.Score
		}
	}
	if score < 0 {
		e.logf(loglevel.Info, where, "Device %s has been disabled on %s: score=%s", r.ID, e.Node, status.FormatScore(score))
		return
	}
	e.logf(loglevel.Debug, where, "Device %s is allowed on %s: score=%d", r.ID, e.Node, node.Score)
	d := &wire.Device{ID: or(r.HistoryID, r.ID), Agent: r.Type, Namespace: e.Namespace(r.Type)}
	if d.Namespace == wire.NamespaceLHA {
		d.Agent = "fence_legacy"
		d.Params = append(d.Params, wire.Param{Name: "plugin", Value: r.Type})
	}
	if v, ok := r.MetaValue("provides"); ok {
		d.Provides = v
	}
	for _, p := range status.HashOrder(r.Params(node.Node)) {
		d.Params = append(d.Params, wire.Param{Name: p[0], Value: p[1]})
	}
	if result := e.register(d, true); !result.OK() {
		e.logf(loglevel.Error, where, "Device %s could not be registered: %s", r.ID, result.Reason)
	}
}

// allowedHere is what is known of this node as a place for a resource.
func (e *Engine) allowedHere(r *status.Resource) *status.Candidate {
	for c := range r.Allowed.All() {
		if c.Name == e.Node {
			return c
		}
	}
	return nil
}
