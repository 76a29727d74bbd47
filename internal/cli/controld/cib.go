package controld

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
)

// cibLink is the connection to the CIB manager, and the calls that it has not answered.
type cibLink struct {
	conn  client.Conn // nil without one
	calls map[int]cibCall
}

type cibCall struct {
	then     func(now time.Time, answer *etree.Element, err error)
	deadline time.Time
}

// refused is an error of package client as the core looks at it.
type refused struct{ error }

func (e refused) Unwrap() error  { return e.error }
func (e refused) RC() crmexit.RC { return client.RC(e.error) }

// Connecting to the CIB manager: how often it is tried, and how long waited in between; and how long a request may
// be left lying.
const (
	cibAttempts = 20
	cibPause    = 50 * time.Millisecond
	cibPatience = 10 * time.Second
)

// close ends the connection. Calls that have no answer get none.
func (l *cibLink) close() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
	l.conn, l.calls = nil, nil
}

func (l *cibLink) nextDeadline() (next time.Time) {
	for _, c := range l.calls {
		if next.IsZero() || c.deadline.Before(next) {
			next = c.deadline
		}
	}
	return next
}

// expire gives up the calls that are due.
func (l *cibLink) expire(now time.Time) {
	for n, c := range l.calls {
		if !c.deadline.After(now) {
			delete(l.calls, n)
			c.then(now, nil, refused{&client.Refused{RC: crmexit.RC(syscall.ETIME)}})
		}
	}
}

// connectCIB connects and asks for notifications (do_cib_control).
func (s *server) connectCIB() {
	conn, err := s.openCIB()
	for n := 1; err != nil && n < cibAttempts && wait(s.ctx, cibPause); n++ {
		conn, err = s.openCIB()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.ending {
		_ = conn.Close()
		return
	}
	if err == nil {
		s.cib = cibLink{conn: conn, calls: map[int]cibCall{}}
		s.all.Go(func() { s.listenCIB(conn) })
	}
	s.act(func(now time.Time) { s.core.Connected(now, engine.CIB, err) })
}

func (s *server) openCIB() (client.Conn, error) {
	const function = "do_cib_control"
	conn, err := client.Open(s.ctx, crmmsg.Controller, client.Options{Type: client.Nonblocking, Cluster: true, Log: s.log, IPC: s.dialOptions()})
	if err != nil {
		return nil, err
	}
	for kind, name := range map[client.Notification]string{client.NotifyReplace: "replace", client.NotifyDiff: "update"} {
		if err := conn.Subscribe(s.ctx, kind, true); err != nil {
			s.log.LogfAt(loglevel.Error, function, "Could not set CIB notification callback (%s)", name)
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// CIB is the core's Host's.
func (s *server) CIB(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	if s.cib.conn == nil {
		return -int(syscall.ENOTCONN)
	}
	ctx, cancel := context.WithTimeout(s.ctx, cibPatience)
	defer cancel()
	n, err := s.cib.conn.Send(ctx, r)
	if err != nil {
		return min(-1, int(client.RC(err).Legacy()))
	}
	if then != nil {
		s.cib.calls[n] = cibCall{then, time.Now().Add(s.core.CIBTimeout())}
	}
	return n
}

// listenCIB passes on what the CIB manager says, until the connection ends.
func (s *server) listenCIB(conn client.Conn) {
	for {
		ev, err := conn.Event(s.ctx)
		if errors.Is(err, client.ErrProtocol) {
			s.log.LogfAt(loglevel.Error, "cib_native_dispatch_internal", "%v", err)
			continue
		}
		lost := err != nil
		s.enter(func(now time.Time) {
			switch {
			case s.cib.conn != conn: // closed by ourselves
			case lost:
				s.cib.close()
				s.core.Lost(now, engine.CIB)
			default:
				s.cibEvent(now, ev)
			}
		})
		if lost {
			return
		}
	}
}

func (s *server) cibEvent(now time.Time, ev client.Event) {
	switch ev.Kind {
	case client.NotifyReplace:
		s.core.CIBReplaced(now, ev.Message)
	case client.NotifyDiff:
		if ev.Err == nil && ev.Answer != nil {
			s.core.CIBDiff(now, string(ev.Op), ev.Answer)
		}
	case "":
		if c, ok := s.cib.calls[ev.Call]; ok {
			delete(s.cib.calls, ev.Call)
			if ev.Err != nil {
				ev.Err = refused{ev.Err}
			}
			c.then(now, ev.Answer, ev.Err)
		}
	}
}
