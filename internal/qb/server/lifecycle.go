package server

import (
	"time"

	"golang.org/x/sys/unix"
)

// Bounds of the time between two attempts to send what waits in memory: a
// client does not tell when it has made room, so it is asked, less and less
// often while it makes none.
const (
	flushMin = time.Millisecond
	flushMax = 50 * time.Millisecond
)

// put says what a file descriptor is for from now on.
func (s *Server) put(fd int, src source) {
	for fd >= len(s.sources) {
		s.sources = append(s.sources, source{})
	}
	s.sources[fd] = src
}

// register begins the life of a connection whose client has been answered.
func (s *Server) register(c *Conn) {
	s.put(c.fd, source{conn: c})
	if c.socks != nil {
		s.put(c.socks.request, source{conn: c, data: true})
	}
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	s.active.Add(1)
	// Again, now that SetRate finds it, so that no change is missed.
	s.rateMu.Lock()
	c.setFlow(s.Rate().flow())
	s.rateMu.Unlock()

	s.opts.Locker.Lock()
	err := s.opts.Handler.Open(c)
	s.opts.Locker.Unlock()
	if err != nil {
		s.logDebug("connection %v not opened: %v", c, err)
		s.detach(c)
		return
	}
	// Its first request may have come before it was watched as a connection;
	// being level-triggered, the poller tells again.
}

// detach ends a connection without telling the Handler.
func (s *Server) detach(c *Conn) {
	s.opts.Locker.Lock()
	if c.lent {
		s.lent.forget(c)
	} else {
		s.poll.remove(c.fd)
	}
	s.opts.Locker.Unlock()
	s.put(c.fd, source{})
	if c.socks != nil {
		s.poll.remove(c.socks.request)
		s.put(c.socks.request, source{})
	}
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	c.end()
	s.active.Add(^uint64(0))
	s.closed.Add(1)
}

// reap closes the connections that have been doomed.
func (s *Server) reap() {
	for {
		s.mu.Lock()
		if len(s.doomed) == 0 {
			s.mu.Unlock()
			return
		}
		doomed := s.doomed
		s.doomed = nil
		s.mu.Unlock()
		for _, c := range doomed {
			if _, there := s.conns[c]; there {
				s.finish(c)
			}
		}
	}
}

func (s *Server) finish(c *Conn) {
	s.logDebug("disconnect(%v): %v", c, c.why)
	s.detach(c)
	s.opts.Locker.Lock()
	defer s.opts.Locker.Unlock()
	s.opts.Handler.Close(c, c.why)
}

func (s *Server) addDoomed(c *Conn) {
	s.mu.Lock()
	first := len(s.doomed) == 0
	s.doomed = append(s.doomed, c)
	s.mu.Unlock()
	if first {
		s.wake()
	}
}

func (s *Server) addBacklog(c *Conn) {
	s.mu.Lock()
	s.backlog = append(s.backlog, c)
	s.mu.Unlock()
	s.wake()
}

// wake has Serve's goroutine look around; from any goroutine.
func (s *Server) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.poll.wake()
	}
}

// afterWake deals with what another goroutine has asked for.
func (s *Server) afterWake() {
	s.opts.Locker.Lock()
	if s.lent != nil {
		s.takeReclaimed()
	}
	if s.Rate().flow() == 0 {
		s.unmute()
	}
	s.opts.Locker.Unlock()
	s.mu.Lock()
	waiting := len(s.backlog) > 0
	s.mu.Unlock()
	if !waiting {
		return
	}
	// Sooner, but never later: clients that join the backlog all the time must
	// not put it off.
	s.flushIn = flushMin
	if at := s.now().Add(flushMin); s.flushAt.IsZero() || at.Before(s.flushAt) {
		s.flushAt = at
	}
}

// unmute listens to all clients again, and takes the requests that wait.
func (s *Server) unmute() {
	for _, c := range s.Conns() {
		if !c.lent {
			s.listenTo(c)
		}
	}
}

// listenTo undoes mute; it reports whether c is to be looked at for that.
// Precondition: Locker is held.
func (s *Server) listenTo(c *Conn) (again bool) {
	if !c.muted {
		return false
	}
	c.mu.Lock()
	c.muted = false
	s.watch(c)
	if c.socks != nil && !c.dead {
		s.poll.modify(c.socks.request, unix.EPOLLIN)
	}
	c.mu.Unlock()
	if c.ready {
		return false
	}
	s.again(c)
	return true
}

// retryAfter is how soon a postponed request is offered again where nothing
// tells that the Handler could take it now.
const retryAfter = time.Millisecond

// retryLater has the request that a client's Handler has postponed offered again.
func (s *Server) retryLater(c *Conn) {
	s.postponed = append(s.postponed, c)
	if s.retryAt.IsZero() {
		s.retryAt = s.now().Add(retryAfter)
	}
}

// retry goes on with the clients that have postponed requests, unless nobody is
// listened to: then the rate's change does.
func (s *Server) retry() {
	postponed := s.postponed
	s.postponed, s.retryAt = nil, time.Time{}
	s.opts.Locker.Lock()
	defer s.opts.Locker.Unlock()
	if s.Rate().flow() != 0 {
		return
	}
	for _, c := range postponed {
		if !c.lent {
			s.listenTo(c)
		}
	}
}

// onTime does what is due.
func (s *Server) onTime() {
	if s.deafUntil.IsZero() && s.flushAt.IsZero() && s.retryAt.IsZero() && len(s.setups) == 0 {
		return
	}
	now := s.now()
	if !s.deafUntil.IsZero() && !now.Before(s.deafUntil) {
		s.deafUntil = time.Time{}
		s.poll.modify(s.listener, unix.EPOLLIN)
	}
	if !s.flushAt.IsZero() && !now.Before(s.flushAt) {
		s.flushBacklog(now)
	}
	if !s.retryAt.IsZero() && !now.Before(s.retryAt) {
		s.retry()
	}
	for len(s.setups) > 0 && !now.Before(s.setups[0].deadline) {
		s.setupTimeouts.Add(1)
		s.logDebug("fd %d has not asked for a connection in %v", s.setups[0].fd, s.opts.SetupTimeout)
		s.dropSetup(s.setups[0])
	}
}

// flushBacklog sends what waits in memory as far as there is room.
func (s *Server) flushBacklog(now time.Time) {
	s.mu.Lock()
	waiting := s.backlog
	s.backlog = nil
	s.mu.Unlock()
	progressed := false
	kept := waiting[:0]
	for _, c := range waiting {
		progress, more := c.flush()
		progressed = progressed || progress
		if more {
			kept = append(kept, c)
		}
	}
	clear(waiting[len(kept):])
	s.mu.Lock()
	s.backlog = append(s.backlog, kept...)
	left := len(s.backlog) > 0
	s.mu.Unlock()
	switch {
	case !left:
		s.flushAt = time.Time{}
		return
	case progressed:
		s.flushIn = flushMin
	default:
		s.flushIn = min(2*s.flushIn, flushMax)
	}
	s.flushAt = now.Add(s.flushIn)
}

// shutDown ends everything.
func (s *Server) shutDown() {
	s.logAt("qb_ipcs_us_withdraw", "withdrawing server sockets")
	s.poll.remove(s.listener)
	_ = unix.Shutdown(s.listener, unix.SHUT_RDWR)
	if s.opts.SocketDir != "" {
		_ = unix.Unlink(s.opts.SocketDir + "/" + s.opts.Name)
	}
	_ = unix.Close(s.listener)
	for len(s.setups) > 0 {
		s.dropSetup(s.setups[0])
	}
	for _, c := range s.Conns() {
		c.fail(errClosed)
	}
	s.reap()
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.poll.close()
	if s.lent != nil {
		s.lent.close()
	}
}
