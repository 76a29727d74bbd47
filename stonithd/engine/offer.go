package engine

import (
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/device"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// offer is what a peer has said that it can do (peer_device_info_t).
type offer struct {
	host    string
	tried   bool // without a topology a peer is tried once
	devices map[string]*offered
}

// offered is a device of a peer, with what is known of it for each phase.
type offered struct {
	verified bool
	flags    device.Flags
	did      [phases]bool // it was its turn
	able     [phases]wire.Ability
}

// needs is what a device has to be able to do for an action (fenced_support_flag).
func needs(action string) device.Flags {
	if action == "on" {
		return device.On
	}
	return 0
}

// newOffer reads a peer's answer (add_result).
func (e *Engine) newOffer(op *operation, w *wire.Offer) *offer {
	o := &offer{host: w.From, devices: map[string]*offered{}}
	for i := range w.Devices {
		f := &w.Devices[i]
		d := &offered{verified: f.Verified, flags: device.Flags(f.Flags)}
		d.able[requested] = f.Asked
		if op.original() == "on" && f.Asked.Required {
			op.require(f.ID)
		}
		if f.Off != nil {
			d.able[turnOff] = *f.Off
		}
		if f.On != nil {
			d.able[turnOn] = *f.On
			if f.On.Required {
				op.require(f.ID)
			}
		}
		o.devices[f.ID] = d
	}
	if w.Claimed != len(o.devices) {
		e.logf(loglevel.Error, "add_result", "Query claimed to have %d device%s but %d found", w.Claimed, plural(w.Claimed), len(o.devices))
	}
	at := slices.IndexFunc(op.offers, func(x *offer) bool { return len(x.devices) <= len(o.devices) })
	if at < 0 {
		at = len(op.offers)
	}
	op.offers = slices.Insert(op.offers, at, o)
	return o
}

// require notes a device by which nodes have to be turned on.
func (op *operation) require(id string) {
	if !slices.Contains(op.automatic, id) {
		op.automatic = slices.Insert(op.automatic, 0, id)
	}
}

// count counts the devices of a peer whose turn it has not been (count_peer_devices).
func (op *operation) count(o *offer, verified bool, flags device.Flags) (n int) {
	if o == nil {
		return 0
	}
	for _, d := range o.devices {
		if !d.did[op.phase] && (!verified || d.verified) && d.flags&flags == flags {
			n++
		}
	}
	return n
}

// usable is a device that a peer may still use, or nil (find_peer_device).
func (op *operation) usable(o *offer, id string, flags device.Flags) *offered {
	d := o.devices[id]
	if d == nil || d.flags&flags != flags || d.did[op.phase] || d.able[op.phase].Disallowed {
		return nil
	}
	return d
}

// Whom to look for.
type preference int

const (
	verifiedPeer preference = iota
	anyPeer
	targetItself
)

// best is the first peer that fits and has the device, or without a topology any
// (find_best_peer). A device of a topology has then had its turn.
func (op *operation) best(id string, want preference) *offer {
	topology := op.options.Has(wire.UseTopology)
	if id == "" && topology {
		return nil
	}
	for _, o := range op.offers {
		if strings.EqualFold(o.host, op.target) != (want == targetItself) {
			continue
		}
		switch {
		case topology:
			if d := op.usable(o, id, needs(op.action)); d != nil && (want != verifiedPeer || d.verified) {
				d.did[op.phase] = true
				return o
			}
		case !o.tried && op.count(o, want == verifiedPeer, needs(op.action)) > 0:
			return o
		}
	}
	return nil
}

// choose is the peer that shall do it next, nil if there is none, or not yet
// (stonith_choose_peer). With a topology it goes on to the next level where a device is
// nobody's.
func (e *Engine) choose(op *operation) *offer {
	active := len(e.Peers.Active())
	id := ""
	for {
		if len(op.devices) > 0 {
			id = op.devices[0]
		}
		if o := op.best(id, verifiedPeer); o != nil {
			return o
		}
		if !op.queryAt.IsZero() && op.replies < min(op.expected, active) {
			return nil // somebody better may yet answer
		}
		if o := op.best(id, anyPeer); o != nil {
			return o
		}
		// What is off cannot turn itself on.
		if op.phase != turnOn {
			if o := op.best(id, targetItself); o != nil {
				return o
			}
		}
		if op.phase == turnOn || !op.options.Has(wire.UseTopology) || !e.advanceLevel(op, false) {
			break
		}
	}
	e.logf(loglevel.Notice, "stonith_choose_peer", "Couldn't find anyone to fence (%s) %s using %s", op.action, op.target, or(id, "any device"))
	return nil
}

// deviceTimeout is how long a device of a peer may take, in seconds (get_device_timeout).
func (op *operation) deviceTimeout(o *offer, id string) int {
	if o == nil || o.devices[id] == nil {
		return op.base
	}
	a := &o.devices[id].able[op.phase]
	t := a.Timeout
	if t == 0 {
		t = op.base
	}
	return t + a.DelayMax
}

// peerTimeout is how long a peer may take with all its devices (get_peer_timeout).
func (op *operation) peerTimeout(o *offer) (total int) {
	for id, d := range o.devices {
		if !d.did[op.phase] && !d.able[op.phase].Disallowed {
			total += op.deviceTimeout(o, id)
		}
	}
	if total == 0 {
		return op.base
	}
	return total
}

// totalTimeout is how long the operation may take: all levels, or the chosen peer
// (get_op_total_timeout).
func (e *Engine) totalTimeout(op *operation, chosen *offer) int {
	total := 0
	t := e.levelsFor(op.target)
	if op.options.Has(wire.UseTopology) && t != nil {
		var automatic []string
		if op.action == "on" {
			automatic = slices.Clone(op.automatic)
		}
		first := func(id string, flags device.Flags) {
			for _, o := range op.offers {
				automatic = slices.DeleteFunc(automatic, func(a string) bool { return a == id })
				if op.usable(o, id, flags) != nil {
					total += op.deviceTimeout(o, id)
					return
				}
			}
		}
		for _, devices := range t.devices {
			for _, id := range devices {
				first(id, needs(op.action))
			}
		}
		for _, id := range slices.Clone(automatic) {
			first(id, device.On)
		}
	} else if chosen != nil {
		total = op.peerTimeout(chosen)
	}
	if total == 0 {
		return op.base
	}
	return total
}

// complete tells whether all devices of a topology have been offered
// (all_topology_devices_found).
func (e *Engine) complete(op *operation) bool {
	t := e.levelsFor(op.target)
	if t == nil {
		return false
	}
	for _, devices := range t.devices {
		for _, id := range devices {
			if !slices.ContainsFunc(op.offers, func(o *offer) bool {
				return !(isFencing(op.action) && strings.EqualFold(o.host, op.target)) && op.usable(o, id, 0) != nil
			}) {
				return false
			}
		}
	}
	return true
}
