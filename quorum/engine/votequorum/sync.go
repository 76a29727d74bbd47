package votequorum

import (
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// syncState is how far a synchronisation has come.
type syncState struct {
	running bool
	// sent counts the messages that are out: our nodeinfo, our device's, our
	// device's registration. The event to the clients follows the last one.
	sent int
	// forDevice: wait until the device has polled about the new ring.
	forDevice bool
}

// The steps of syncState.sent.
const (
	sendUs = iota
	sendDevice
	sendRegistration
	sendEvent
	sentAll
)

// SyncInit notes the new view and who is missing from it.
func (e *Engine) SyncInit(_, members []totem.NodeID, ring totem.RingID) {
	e.sync = syncState{running: true}
	if len(members) > 1 {
		e.us.flags &^= wire.FlagFirst
	}
	left := false
	for _, id := range e.members {
		if slices.Contains(members, id) {
			continue
		}
		left = true
		if n := e.find(id); n != nil {
			n.state = wire.StateDead
		}
	}
	e.armLastMan(len(members), left)

	e.prevMembers = e.members
	e.members = slices.Clone(members)
	e.ring = ring
	e.awaitDevice()
}

// armLastMan starts the window of last_man_standing when nodes were lost and
// quorum was not; or, with a tie breaker, when the half that has it remains.
func (e *Engine) armLastMan(members int, left bool) {
	if !e.opt.lastManStanding {
		return
	}
	n, q := uint64(members), uint64(e.quorum)
	if n >= q && left || n <= q && e.opt.tieBreaker != atbNone && e.present(e.lowest) {
		e.stopLastMan()
		e.lastManTimer = e.host.After(e.opt.window(), func() {
			e.lastManTimer = nil
			if e.quorate {
				e.recalculate(true, true)
			}
		})
	}
}

func (e *Engine) stopLastMan() {
	if e.lastManTimer != nil {
		e.lastManTimer.Stop()
		e.lastManTimer = nil
	}
}

// awaitDevice gives a living quorum device the time to decide about the new
// ring, before the synchronisation ends.
func (e *Engine) awaitDevice() {
	const living = wire.FlagQdeviceRegistered | wire.FlagQdeviceAlive
	if e.us.flags&living != living {
		return
	}
	e.armDevice(e.device.syncTimeout)
	e.sync.forDevice = true
	e.log.Logf(loglevel.Info, "waiting for quorum device %s poll (but maximum for %d ms)",
		e.device.name, e.device.syncTimeout/time.Millisecond)
}

// SyncProcess sends what the others need to know of this node.
func (e *Engine) SyncProcess() (done bool) {
	for ; e.sync.sent < sentAll; e.sync.sent++ {
		ok := true
		switch e.sync.sent {
		case sendUs:
			ok = e.sendNodeinfo(e.us.id)
		case sendDevice:
			ok = e.sendNodeinfo(wire.DeviceNodeID)
		case sendRegistration:
			ok = e.device.name == "" || e.sendQdeviceReg(wire.QdeviceRegister, e.device.name)
		case sendEvent:
			e.notifyNodelist(nil, 0)
		}
		if !ok {
			return false
		}
	}
	return e.us.flags&wire.FlagQdeviceRegistered == 0 || !e.sync.forDevice
}

// SyncActivate counts the votes of the new view and reports the outcome,
// changed or not.
func (e *Engine) SyncActivate() {
	e.recalculate(false, false)
	e.reportQuorum()
	e.sync.running = false
}

// SyncAbort has nothing to undo: the next SyncInit starts over.
func (e *Engine) SyncAbort() {}

// reportQuorum tells the quorum service and the clients.
func (e *Engine) reportQuorum() {
	e.report(View{Members: slices.Clone(e.members), Ring: e.ring, Quorate: e.quorate})
	e.notifyQuorum(nil, 0)
}
