package votequorum

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// How long a quorum device may be silent, and how long a synchronisation waits
// for it, where corosync.conf says nothing.
const (
	defaultDeviceTimeout     = 10 * time.Second
	defaultDeviceSyncTimeout = 30 * time.Second
)

// device is the quorum device of this node. Its votes and name are the
// cluster's; whether it is registered, alive and gives its votes are flags of
// the node.
type device struct {
	name        string
	votes       uint32
	usable      bool // qdevice_can_operate
	masterWins  bool
	timeout     time.Duration
	syncTimeout time.Duration
	timer       service.Timer
	registering service.Conn // whose request waits for the ring
}

func newDevice() device {
	return device{usable: true, timeout: defaultDeviceTimeout, syncTimeout: defaultDeviceSyncTimeout}
}

// deviceFlags are all that a device gives to its node.
const deviceFlags = wire.FlagQdeviceRegistered | wire.FlagQdeviceAlive | wire.FlagQdeviceCastVote | wire.FlagQdeviceMasterWins

func (e *Engine) setDeviceUsable(on bool) {
	e.device.usable = on
	e.set8("qdevice_can_operate", on)
}

func (e *Engine) setMasterWins(on bool) {
	e.device.masterWins = on
	e.set8("qdevice_master_wins", on)
}

// deviceMaster tells whether a member has the device's votes and says that they
// win.
func (e *Engine) deviceMaster() (found bool) {
	const master = wire.FlagQdeviceMasterWins | wire.FlagQdeviceCastVote
	e.nodes.members(func(n *node) { found = found || n.flags&master == master })
	return found
}

// armDevice starts the time within which the device must poll.
func (e *Engine) armDevice(d time.Duration) {
	e.disarmDevice()
	e.device.timer = e.host.After(d, func() {
		e.device.timer = nil
		e.deviceLost()
	})
}

func (e *Engine) disarmDevice() {
	if e.device.timer != nil {
		e.device.timer.Stop()
		e.device.timer = nil
	}
}

func (e *Engine) deviceLost() {
	if e.us.flags&wire.FlagQdeviceAlive == 0 {
		return
	}
	e.us.flags &^= wire.FlagQdeviceAlive | wire.FlagQdeviceCastVote
	e.log.Logf(loglevel.Info, "lost contact with quorum device %s", e.device.name)
	e.sendNodeinfo(e.us.id)
	e.sync.forDevice = false
}

// onDeviceInfo takes the votes of a node's device. A node without quorum
// believes one that has it; otherwise the larger number holds.
func (e *Engine) onDeviceInfo(from totem.NodeID, m wire.Nodeinfo) {
	sender := e.find(from)
	if sender == nil {
		e.malformed++
		return
	}
	old := e.device.votes
	if !e.quorate && sender.flags&wire.FlagQuorate != 0 {
		e.device.votes = m.Votes
	} else {
		e.device.votes = max(old, m.Votes)
	}
	if e.device.votes != old {
		e.recalculate(false, false)
	}
}

func (e *Engine) sendQdeviceReg(op wire.QdeviceOperation, name string) bool {
	m := wire.QdeviceReg{Operation: op, Name: name}
	return e.host.Mcast(service.Votequorum, wire.ExecQdeviceReg, m.AppendTo(nil, service.Order))
}

// onQdeviceReg: a device comes to some node, or goes. All devices of a cluster
// bear one name; the first registration settles it, and the last to go takes it
// along.
func (e *Engine) onQdeviceReg(from totem.NodeID, m wire.QdeviceReg) {
	e.log.Logf(loglevel.Debug, "Received qdevice op %d req from node %d [%s]", uint32(m.Operation), from, m.Name)
	switch m.Operation {
	case wire.QdeviceRegister:
		if from == e.us.id {
			e.onOwnRegistration(m.Name)
		} else if e.device.name == "" {
			e.log.Logf(loglevel.Debug, "Remote qdevice name recorded")
			e.device.name = m.Name
		}
	case wire.QdeviceUnregister:
		registered := false
		e.nodes.members(func(n *node) { registered = registered || n.flags&wire.FlagQdeviceRegistered != 0 })
		if !registered {
			e.device.name = ""
		}
	}
}

// onOwnRegistration answers the client whose request has come round.
func (e *Engine) onOwnRegistration(name string) {
	if e.us.flags&wire.FlagQdeviceRegistered != 0 {
		return // our own news of a synchronisation
	}
	if e.device.registering == nil {
		e.log.Logf(loglevel.Warning, "Unable to determine origin of the qdevice register call!")
		return
	}
	if e.device.name == "" {
		e.device.name = name
	}
	status := cserr.OK
	if name == e.device.name {
		e.us.flags |= wire.FlagQdeviceRegistered
		e.sendNodeinfo(wire.DeviceNodeID)
		e.sendNodeinfo(e.us.id)
	} else {
		e.log.Logf(loglevel.Warning, "A new qdevice with different name (new: %s old: %s) is trying to register!", name, e.device.name)
		status = cserr.Exist
	}
	respond(e.device.registering, status)
	e.device.registering = nil
}

func (e *Engine) onQdeviceReconfigure(from totem.NodeID, m wire.QdeviceReconfigure) {
	e.log.Logf(loglevel.Debug, "Received qdevice name change req from node %d [from: %s to: %s]", from, m.OldName, m.NewName)
	if m.OldName == e.device.name {
		e.log.Logf(loglevel.Debug, "Allowing qdevice rename")
		e.device.name = m.NewName
	}
}

// registerDevice handles a client's request; done is false when the answer
// comes with the message from the ring.
func (e *Engine) registerDevice(c service.Conn, name string) (status cserr.Code, done bool) {
	switch {
	case !e.device.usable:
		e.log.Logf(loglevel.Info, "Registration of quorum device is disabled by incorrect corosync.conf. See logs for more information")
		return cserr.Access, true
	case e.us.flags&wire.FlagQdeviceRegistered != 0:
		if name == e.device.name {
			return cserr.OK, true
		}
		e.log.Logf(loglevel.Warning, "A new qdevice with different name (new: %s old: %s) is trying to re-register!", name, e.device.name)
		return cserr.Exist, true
	case e.device.registering != nil:
		e.log.Logf(loglevel.Warning, "Registration request already in progress")
		return cserr.TryAgain, true
	case !e.sendQdeviceReg(wire.QdeviceRegister, name):
		e.log.Logf(loglevel.Warning, "Unable to send qdevice registration request to cluster")
		return cserr.TryAgain, true
	}
	e.device.registering = c
	return cserr.OK, false
}

// checkDevice: an operation needs a registered device of that name.
func (e *Engine) checkDevice(name string) cserr.Code {
	switch {
	case e.us.flags&wire.FlagQdeviceRegistered == 0:
		return cserr.NotExist
	case name != e.device.name:
		return cserr.InvalidParam
	}
	return cserr.OK
}

func (e *Engine) unregisterDevice(name string) cserr.Code {
	if status := e.checkDevice(name); status != cserr.OK {
		return status
	}
	if e.device.timer != nil {
		e.disarmDevice()
		e.sync.forDevice = false
	}
	e.us.flags &^= deviceFlags
	e.sendNodeinfo(e.us.id)
	e.sendQdeviceReg(wire.QdeviceUnregister, name)
	return cserr.OK
}

func (e *Engine) renameDevice(m wire.QdeviceUpdate) cserr.Code {
	if status := e.checkDevice(m.OldName); status != cserr.OK {
		return status
	}
	r := wire.QdeviceReconfigure(m)
	e.host.Mcast(service.Votequorum, wire.ExecQdeviceReconfigure, r.AppendTo(nil, service.Order))
	return cserr.OK
}

// pollDevice: the device lives, and gives its votes or does not. A vote about
// another ring than the present one does not count.
func (e *Engine) pollDevice(m wire.QdevicePoll) cserr.Code {
	switch {
	case !e.device.usable:
		return cserr.Access
	case e.us.flags&wire.FlagQdeviceRegistered == 0:
		return cserr.NotExist
	case m.Ring != e.ring:
		e.log.Logf(loglevel.Debug, "Received poll ring id (%v) != last sync ring id (%v). Ignoring poll call.", m.Ring, e.ring)
		return cserr.MessageError
	case m.Name != e.device.name:
		return cserr.InvalidParam
	}
	old := e.us.flags
	e.us.flags |= wire.FlagQdeviceAlive
	e.us.setFlag(wire.FlagQdeviceCastVote, m.CastVote != 0)
	if e.us.flags != old {
		e.sendNodeinfo(e.us.id)
	}
	e.armDevice(e.device.timeout)
	e.sync.forDevice = false
	return cserr.OK
}

func (e *Engine) allowMasterWins(m wire.QdeviceMasterWins) cserr.Code {
	if !e.device.usable {
		return cserr.Access
	}
	if status := e.checkDevice(m.Name); status != cserr.OK {
		return status
	}
	old := e.us.flags
	e.us.setFlag(wire.FlagQdeviceMasterWins, m.Allow != 0)
	if e.us.flags != old {
		e.sendNodeinfo(e.us.id)
	}
	e.setMasterWins(m.Allow != 0)
	return cserr.OK
}
