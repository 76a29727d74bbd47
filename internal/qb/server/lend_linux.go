package server

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Lent is the part of a Server that another thread can do in place of Serve's
// goroutine: to take the requests of its clients and have the Handler handle
// them. That spares the changes of threads that a request else costs.
//
// A client is lent once it has made a request of the kind that Options.Lend
// allows; one of another kind brings it back to Serve's goroutine. A lent client
// is watched by a poller of its own, FD, that of the two is looked at by the one
// who has it.
type Lent struct {
	epoll
	s       *Server
	away    atomic.Bool // the other thread has it
	pending atomic.Bool // ready is not empty

	// Under Options.Locker.
	conns        []*Conn // by file descriptor
	ready, spare []*Conn // have more requests than they were allowed to send at once
	reclaimed    []*Conn // are Serve's goroutine's again, and it has not looked yet
	events       [64]unix.EpollEvent
}

func newLent(s *Server) (*Lent, error) {
	e, err := newEpoll()
	if err != nil {
		return nil, err
	}
	l := &Lent{epoll: e, s: s}
	if err := s.poll.add(l.fd, unix.EPOLLIN); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// Lent returns what can be lent; nil without Options.Lend.
func (s *Server) Lent() *Lent { return s.lent }

// FD is a descriptor that is readable while lent clients have requests or have
// ended.
func (l *Lent) FD() int { return l.fd }

// Pending tells whether there are requests that FD does not tell of. Anyone may
// ask.
func (l *Lent) Pending() bool { return l.pending.Load() }

// Take is the other thread's word that it looks after the clients from now on,
// beginning with what is Pending; Return that it no longer does. Neither waits.
func (l *Lent) Take() {
	if !l.away.Swap(true) {
		l.s.poll.remove(l.fd)
	}
}

// Return gives the clients back to Serve's goroutine; see Take.
func (l *Lent) Return() {
	if l.away.Swap(false) {
		_ = l.s.poll.add(l.fd, unix.EPOLLIN)
		if l.Pending() {
			l.s.poll.wake()
		}
	}
}

// home tells whether Serve's goroutine looks after the lent clients.
func (l *Lent) home() bool { return !l.away.Load() }

// Serve takes requests, of each client as many as the rate allows at once.
// Locker must be held; it waits for nothing else.
func (l *Lent) Serve() { l.serve(l.s.opts.Lend) }

// serveHome is Serve by Serve's goroutine. The other thread may take the clients
// at any time, and could not know then what this has left pending.
func (l *Lent) serveHome() {
	if l.home() {
		l.serve(nil)
	}
	if !l.home() && l.Pending() {
		l.s.opts.LentPending()
	}
}

func (l *Lent) serve(may func([]byte) bool) {
	ready := l.ready
	l.ready = l.spare[:0]
	l.pending.Store(false)
	for i, c := range ready {
		ready[i] = nil
		c.ready = false
		l.s.serve(c, may)
	}
	l.spare = ready
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.fd), uintptr(unsafe.Pointer(&l.events)),
		uintptr(len(l.events)), 0, 0, 0)
	if errno != 0 {
		return // EINTR: next time
	}
	for i := range l.events[:n] {
		ev := &l.events[i]
		c := l.conns[ev.Fd]
		if c == nil {
			continue // has just gone
		}
		l.s.onSetupSocket(c, ev.Events, may)
		if c.lent && c.isDoomed() {
			l.s.reclaim(c) // its end would be told again and again
		}
	}
}

// again has a client looked at once more though FD may not tell of it.
func (l *Lent) again(c *Conn) {
	l.ready = append(l.ready, c)
	l.pending.Store(true)
}

// forget ends the watch of a client.
func (l *Lent) forget(c *Conn) {
	l.remove(c.fd)
	l.conns[c.fd] = nil
}

// unmute listens to the lent clients again.
func (l *Lent) unmute() {
	found := false
	for _, c := range l.conns {
		if c != nil && l.s.listenTo(c) {
			found = true
		}
	}
	if found {
		l.s.opts.LentPending()
		if l.home() {
			l.s.wake()
		}
	}
}

// lend moves a client from Serve's poller to the one that can be lent.
// Precondition: Locker is held.
func (s *Server) lend(c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || c.doomed || c.rings == nil {
		return
	}
	l := s.lent
	if err := l.add(c.fd, 0); err != nil {
		return // stays where it is
	}
	s.poll.remove(c.fd)
	for c.fd >= len(l.conns) {
		l.conns = append(l.conns, nil)
	}
	l.conns[c.fd] = c
	c.lent = true
	s.watch(c)
}

// reclaim moves a lent client back, and has Serve's goroutine look after it.
// Precondition: Locker is held.
func (s *Server) reclaim(c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lent {
		return
	}
	s.lent.forget(c)
	c.lent = false
	if c.dead {
		return
	}
	if err := s.poll.add(c.fd, 0); err != nil {
		c.doom(err)
		return
	}
	s.watch(c)
	s.lent.reclaimed = append(s.lent.reclaimed, c)
	s.wake()
}

// takeReclaimed goes on with the clients that are back. Precondition: Locker is
// held.
func (s *Server) takeReclaimed() {
	for i, c := range s.lent.reclaimed {
		s.lent.reclaimed[i] = nil
		s.serve(c, nil)
	}
	s.lent.reclaimed = s.lent.reclaimed[:0]
}
