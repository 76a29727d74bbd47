package votequorum

import (
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
)

// requestSizes is what libvotequorum sends, in bytes, by request.
var requestSizes = [wire.ReqCount]int{
	wire.ReqGetInfo:           24,
	wire.ReqSetExpected:       24,
	wire.ReqSetVotes:          24,
	wire.ReqTrackStart:        32,
	wire.ReqTrackStop:         16,
	wire.ReqQdeviceRegister:   272,
	wire.ReqQdeviceUnregister: 272,
	wire.ReqQdeviceUpdate:     528,
	wire.ReqQdevicePoll:       296,
	wire.ReqQdeviceMasterWins: 280,
}

func respond(c service.Conn, status cserr.Code) {
	c.Respond(wire.AppendResponse(nil, wire.ResStatus, status))
}

// Request handles a request of a client. What the client library would not
// send is answered with CS_ERR_INVALID_PARAM.
func (e *Engine) Request(c service.Conn, id int, msg []byte) {
	switch id {
	case wire.ReqGetInfo:
		handle(c, msg, wire.ParseGetInfo, func(m wire.GetInfo) { e.getInfo(c, m) })
	case wire.ReqSetExpected:
		answer(c, msg, wire.ParseSetExpected, e.setExpected)
	case wire.ReqSetVotes:
		answer(c, msg, wire.ParseSetVotes, e.setVotes)
	case wire.ReqTrackStart:
		answer(c, msg, wire.ParseTrackStart, func(m wire.TrackStart) cserr.Code { return e.trackStart(c, m) })
	case wire.ReqTrackStop:
		respond(c, e.trackStop(c))
	case wire.ReqQdeviceRegister:
		handle(c, msg, parseName, func(m wire.QdeviceName) {
			if status, done := e.registerDevice(c, m.Name); done {
				respond(c, status)
			}
		})
	case wire.ReqQdeviceUnregister:
		answer(c, msg, parseName, func(m wire.QdeviceName) cserr.Code { return e.unregisterDevice(m.Name) })
	case wire.ReqQdeviceUpdate:
		answer(c, msg, parseUpdate, e.renameDevice)
	case wire.ReqQdevicePoll:
		answer(c, msg, wire.ParseQdevicePoll, e.pollDevice)
	case wire.ReqQdeviceMasterWins:
		answer(c, msg, wire.ParseQdeviceMasterWins, e.allowMasterWins)
	}
}

// handle calls f with the decoded request, or answers that there is none.
func handle[M any](c service.Conn, msg []byte, parse func([]byte) (M, error), f func(M)) {
	m, err := parse(msg)
	if err != nil {
		respond(c, cserr.InvalidParam)
		return
	}
	f(m)
}

// answer responds with what f says.
func answer[M any](c service.Conn, msg []byte, parse func([]byte) (M, error), f func(M) cserr.Code) {
	handle(c, msg, parse, func(m M) { respond(c, f(m)) })
}

// parseName refuses the empty name too: only the client library does so in the
// reference, and a device without a name is taken for none at all.
func parseName(b []byte) (wire.QdeviceName, error) {
	m, err := wire.ParseQdeviceName(b)
	if err == nil {
		err = wire.CheckDeviceName(m.Name)
	}
	return m, err
}

func parseUpdate(b []byte) (wire.QdeviceUpdate, error) {
	m, err := wire.ParseQdeviceUpdate(b)
	if err == nil {
		err = wire.CheckDeviceName(m.NewName)
	}
	return m, err
}

func (e *Engine) getInfo(c service.Conn, m wire.GetInfo) {
	e.log.Logf(loglevel.Debug, "got getinfo request on %#x for node %d", c.Serial(), m.NodeID)
	info := e.info(m)
	c.Respond(info.AppendTo(nil))
	e.log.Logf(loglevel.Debug, "getinfo response error: %d", info.Error)
}

// info describes a node; 0 is this one.
func (e *Engine) info(m wire.GetInfo) wire.Info {
	n := e.us
	if m.NodeID != wire.DeviceNodeID {
		n = e.find(m.NodeID)
	}
	if n == nil {
		return wire.Info{Error: cserr.NotExist}
	}
	info := wire.Info{
		Error:         cserr.OK,
		NodeID:        n.id,
		State:         n.state,
		Votes:         n.votes,
		ExpectedVotes: n.expected,
		Quorum:        e.quorum,
		QdeviceVotes:  e.device.votes,
		QdeviceName:   e.device.name,
	}
	e.nodes.members(func(n *node) {
		info.HighestExpected = max(info.HighestExpected, n.expected)
		info.TotalVotes += n.votes
	})
	if n.flags&wire.FlagQdeviceCastVote != 0 {
		info.TotalVotes += e.device.votes
	}
	for _, f := range []struct {
		on   bool
		flag wire.InfoFlags
	}{
		{e.opt.twoNode, wire.InfoTwoNode},
		{e.quorate, wire.InfoQuorate},
		{e.opt.waitForAll, wire.InfoWaitForAll},
		{e.opt.lastManStanding, wire.InfoLastManStanding},
		{e.opt.tieBreaker != atbNone, wire.InfoAutoTieBreaker},
		{e.opt.allowDownscale, wire.InfoAllowDownscale},
		{n.flags&wire.FlagQdeviceRegistered != 0, wire.InfoQdeviceRegistered},
		{n.flags&wire.FlagQdeviceAlive != 0, wire.InfoQdeviceAlive},
		{n.flags&wire.FlagQdeviceCastVote != 0, wire.InfoQdeviceCastVote},
		{n.flags&wire.FlagQdeviceMasterWins != 0, wire.InfoQdeviceMasterWins},
	} {
		if f.on {
			info.Flags |= f.flag
		}
	}
	return info
}

// setExpected changes what the whole cluster expects: no less than there is,
// and not so much that quorum would be lost.
func (e *Engine) setExpected(m wire.SetExpected) cserr.Code {
	downscale := e.opt.allowDownscale
	e.opt.allowDownscale = false // its floor is not for an administrator's word
	quorum, total := e.countQuorum(true, m.ExpectedVotes)
	e.opt.allowDownscale = downscale
	if m.ExpectedVotes < total || e.quorate && quorum > total {
		return cserr.InvalidParam
	}
	e.expectOfMembers(m.ExpectedVotes)
	if !e.sendReconfigure(wire.ParamExpectedVotes, e.us.id, m.ExpectedVotes) {
		return cserr.NoResources
	}
	return cserr.OK
}

// setVotes changes the votes of a node, or, by node id 0, of the device.
func (e *Engine) setVotes(m wire.SetVotes) cserr.Code {
	votes := &e.device.votes
	if m.NodeID != wire.DeviceNodeID {
		n := e.find(m.NodeID)
		if n == nil {
			return cserr.NameNotFound
		}
		votes = &n.votes
	}
	old := *votes
	*votes = m.Votes
	if quorum, total := e.countQuorum(true, 0); quorum < total/2 || quorum > total {
		*votes = old
		return cserr.InvalidParam
	}
	if !e.sendReconfigure(wire.ParamNodeVotes, m.NodeID, m.Votes) {
		return cserr.NoResources
	}
	return cserr.OK
}

func (e *Engine) trackStart(c service.Conn, m wire.TrackStart) cserr.Code {
	if m.Flags&(wire.TrackCurrent|wire.TrackChanges) != 0 {
		e.log.Logf(loglevel.Debug, "sending initial status to %#x", c.Serial())
		e.notifyNodelist(c, m.Context)
		e.notifyQuorum(c, m.Context)
	}
	t := c.Data().(*tracking)
	if t.on {
		return cserr.Exist
	}
	if m.Flags&(wire.TrackChanges|wire.TrackChangesOnly) != 0 {
		*t = tracking{on: true, context: m.Context}
		e.trackers = append(e.trackers, c)
	}
	return cserr.OK
}

func (e *Engine) trackStop(c service.Conn) cserr.Code {
	t := c.Data().(*tracking)
	if !t.on {
		return cserr.NotExist
	}
	t.on = false
	e.untrack(c)
	return cserr.OK
}
