package cfgsvc

import (
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// defaultShutdownTimeout is how long trackers have, unless the key
// cfg.shutdown_timeout (milliseconds) says otherwise.
const defaultShutdownTimeout = 5000 * time.Millisecond

// retryAfter is the pause before a message is offered to the ring again.
const retryAfter = 10 * time.Millisecond

// reply is a tracker's answer.
type reply int

const (
	unknown reply = iota
	yes
	no
)

// shutdown is the one negotiation that may be under way: by is nil when there
// is none.
type shutdown struct {
	by       *client
	flags    cfgwire.ShutdownFlag
	yes, no  int
	expected int
	timer    service.Timer
}

func (s *shutdown) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

func (e *Engine) announce() {
	e.mcast(cfgwire.ExecShutdown, func() []byte { return nil })
}

func (e *Engine) tryShutdown(cl *client, msg []byte) {
	v, err := cfgwire.ParseU32Request(msg)
	if err != nil {
		respond(cl.conn, cfgwire.ResTryShutdown, cserr.InvalidParam)
		return
	}
	flags := cfgwire.ShutdownFlag(v)
	if flags == cfgwire.ShutdownImmediate {
		e.announce()
		respond(cl.conn, cfgwire.ResTryShutdown, cserr.OK)
		return
	}
	if e.shutdown.by != nil {
		respond(cl.conn, cfgwire.ResTryShutdown, cserr.Exist)
		return
	}
	cl.asked = true
	e.shutdown = shutdown{by: cl, flags: flags}
	for _, t := range e.trackers {
		if t != cl {
			t.reply = unknown
			e.shutdown.expected++
		}
	}
	if e.shutdown.expected == 0 {
		// The reference leaves the negotiation open here, and answers
		// CS_ERR_EXIST to whoever asks in the short time that is left.
		respond(cl.conn, cfgwire.ResTryShutdown, cserr.OK)
		e.announce()
		return
	}
	timeout := defaultShutdownTimeout
	if ms, err := e.config.GetUint32("cfg.shutdown_timeout"); err == nil {
		timeout = time.Duration(ms) * time.Millisecond
	}
	e.shutdown.timer = e.host.After(timeout, e.shutdownTimeout)
	for _, t := range e.trackers {
		if t != cl {
			e.ask(t, cserr.OK)
		}
	}
}

func (e *Engine) ask(t *client, code cserr.Code) {
	t.conn.Event(cfgwire.AppendTestShutdown(nil, e.shutdown.flags, code))
}

// shutdownTimeout takes silence for a no.
func (e *Engine) shutdownTimeout() {
	e.shutdown.timer = nil
	e.shutdown.no = e.shutdown.expected
	e.decide()
	// As in the reference, only trackers that have asked for a shutdown
	// themselves some time hear that this one is over.
	for _, t := range e.trackers {
		if t.asked {
			e.ask(t, cserr.Timeout)
		}
	}
}

func (e *Engine) replyToShutdown(cl *client, msg []byte) cserr.Code {
	v, err := cfgwire.ParseU32Request(msg)
	switch {
	case err != nil:
		return cserr.InvalidParam
	case e.shutdown.by == nil:
		return cserr.Access
	case v != 0:
		e.shutdown.yes++
		cl.reply = yes
	default:
		e.shutdown.no++
		cl.reply = no
	}
	e.decide()
	return cserr.OK
}

// decide ends the negotiation once all have answered.
func (e *Engine) decide() {
	s := &e.shutdown
	if s.by == nil || s.yes+s.no < s.expected {
		return
	}
	s.stopTimer()
	by := s.by
	s.by = nil
	if s.yes >= s.expected || s.flags == cfgwire.ShutdownRegardless {
		respond(by.conn, cfgwire.ResTryShutdown, cserr.OK)
		e.announce()
	} else {
		respond(by.conn, cfgwire.ResTryShutdown, cserr.Busy)
	}
	e.log.Logf(loglevel.Debug, "shutdown decision is: (yes count: %d, no count: %d) flags=%x", s.yes, s.no, uint32(s.flags))
}

// startTracking asks a newcomer for its opinion of what is under way.
func (e *Engine) startTracking(cl *client) {
	if cl.tracking {
		return
	}
	cl.tracking = true
	e.trackers = slices.Insert(e.trackers, 0, cl)
	if e.shutdown.by != nil {
		cl.reply = unknown
		e.shutdown.expected++
		e.ask(cl, cserr.OK)
	}
}

// stopTracking takes a tracker's leave for a yes, and the leave of who asked
// for the end of the negotiation.
func (e *Engine) stopTracking(cl *client) {
	s := &e.shutdown
	if s.by == cl {
		s.by = nil
		s.stopTimer()
	}
	if !cl.tracking {
		return
	}
	cl.tracking = false
	e.trackers = slices.DeleteFunc(e.trackers, func(t *client) bool { return t == cl })
	if s.by != nil {
		switch cl.reply {
		case yes:
			s.yes--
		case no:
			s.no--
		}
	}
	cl.reply = yes
	s.yes++
	e.decide()
}
