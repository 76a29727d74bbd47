package engine

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
)

// client is the state of one connection.
type client struct {
	tracking bool
	model    wire.Model
}

// Open admits every client.
func (s *Service) Open(c service.Conn) error {
	s.log.Logf(loglevel.Debug, "lib_init_fn: conn=%#x", c.Serial())
	c.SetData(&client{})
	return nil
}

// Close forgets a client.
func (s *Service) Close(c service.Conn) {
	s.log.Logf(loglevel.Debug, "lib_exit_fn: conn=%#x", c.Serial())
	s.untrack(c)
}

func (s *Service) untrack(c service.Conn) {
	s.trackers = slices.DeleteFunc(s.trackers, func(t service.Conn) bool { return t == c })
}

// Request handles a request of a client.
func (s *Service) Request(c service.Conn, id int, msg []byte) {
	switch id {
	case wire.ReqQuorumGetQuorate:
		s.log.Logf(loglevel.Debug, "got quorate request on %#x", c.Serial())
		respondValue(c, wire.ResQuorumGetQuorate, cserr.OK, s.quorate)
	case wire.ReqQuorumTrackStart:
		s.log.Logf(loglevel.Debug, "got trackstart request on %#x", c.Serial())
		respond(c, wire.ResQuorumTrackStart, s.trackStart(c, msg))
	case wire.ReqQuorumTrackStop:
		s.log.Logf(loglevel.Debug, "got trackstop request on %#x", c.Serial())
		c.Data().(*client).tracking = false
		s.untrack(c)
		// The reference says so too to who did not track.
		respond(c, wire.ResQuorumTrackStop, cserr.OK)
	case wire.ReqQuorumGetType:
		s.log.Logf(loglevel.Debug, "got quorum_type request on %#x", c.Serial())
		respondValue(c, wire.ResQuorumGetType, cserr.OK, s.provider != nil)
	case wire.ReqQuorumModelGetType:
		s.log.Logf(loglevel.Debug, "got quorum_model_type request on %#x", c.Serial())
		respondValue(c, wire.ResQuorumModelGetType, s.chooseModel(c, msg), s.provider != nil)
	}
}

func respond(c service.Conn, id int32, status cserr.Code) {
	c.Respond(wire.AppendResponse(nil, id, status))
}

func respondValue(c service.Conn, id int32, status cserr.Code, value bool) {
	m := wire.QuorumValue{ID: id, Error: status}
	if value {
		m.Value = 1
	}
	c.Respond(m.AppendTo(nil))
}

func (s *Service) trackStart(c service.Conn, msg []byte) cserr.Code {
	m, err := wire.ParseQuorumTrackStart(msg)
	if err != nil {
		return cserr.InvalidParam
	}
	if m.Flags&(wire.TrackCurrent|wire.TrackChanges) != 0 {
		s.log.Logf(loglevel.Debug, "sending initial status to %#x", c.Serial())
		s.notifyNodelist(c, false)
		s.notifyQuorum(c)
	}
	t := c.Data().(*client)
	if t.tracking {
		return cserr.Exist
	}
	if m.Flags&(wire.TrackChanges|wire.TrackChangesOnly) != 0 {
		t.tracking = true
		s.trackers = append(s.trackers, c)
	}
	return cserr.OK
}

func (s *Service) chooseModel(c service.Conn, msg []byte) cserr.Code {
	m, err := wire.ParseQuorumModelGetType(msg)
	if err != nil {
		return cserr.InvalidParam
	}
	if m.Model != wire.ModelV0 && m.Model != wire.ModelV1 {
		s.log.Logf(loglevel.Error, "quorum_model_type request for unsupported model %d", uint32(m.Model))
		return cserr.InvalidParam
	}
	c.Data().(*client).model = m.Model
	return cserr.OK
}

// to is c alone, or, with c nil, all that track.
func (s *Service) to(c service.Conn) []service.Conn {
	if c != nil {
		return []service.Conn{c}
	}
	return s.trackers
}

// notifyQuorum sends the provider's last report, to each in its model.
func (s *Service) notifyQuorum(c service.Conn) {
	var quorate int32
	if s.quorate {
		quorate = 1
	}
	v0 := wire.QuorumNotification{Quorate: quorate, RingSeq: s.ring.Seq, View: s.view}.AppendTo(nil)
	v1 := wire.V1QuorumNotification{Quorate: quorate, Ring: s.ring, View: s.view}.AppendTo(nil)
	s.log.Logf(loglevel.Debug, "sending quorum notification to %#x, length = %d/%d", serial(c), len(v0), len(v1))
	for _, t := range s.to(c) {
		if t.Data().(*client).model == wire.ModelV0 {
			t.Event(v0)
		} else {
			t.Event(v1)
		}
	}
}

// notifyNodelist sends the membership of the last synchronisation to clients of
// model V1; how it differs from the one before is for those who saw that.
func (s *Service) notifyNodelist(c service.Conn, differences bool) {
	m := wire.V1NodelistNotification{Ring: s.sync.ring, Members: s.sync.members}
	if differences {
		m.Joined, m.Left = s.sync.joined, s.sync.left
	}
	b := m.AppendTo(nil)
	s.log.Logf(loglevel.Debug, "sending nodelist notification to %#x, length = %d", serial(c), len(b))
	for _, t := range s.to(c) {
		if t.Data().(*client).model == wire.ModelV1 {
			t.Event(b)
		}
	}
}

func serial(c service.Conn) uint64 {
	if c == nil {
		return 0
	}
	return c.Serial()
}
