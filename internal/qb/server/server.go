package server

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb"
)

// backlog is SERVER_BACKLOG of libqb.
const backlog = 128

// serials numbers all connections of the process.
var serials atomic.Uint64

// Server is one service.
type Server struct {
	opts     Options
	pid      int
	listener int
	poll     *poller
	lent     *Lent      // nil without Options.Lend
	rateMu   sync.Mutex // makes rate and what clients are told of it one
	rate     atomic.Int32

	active, closed, refused, malformed, setupTimeouts, overrun atomic.Uint64

	buf []byte // of the request that is being handled, as large as the largest so far; under Options.Locker

	// Of Serve's goroutine.
	sources   []source // by file descriptor
	setups    []*setup // the oldest first
	ready     []*Conn  // have more requests than they were allowed to send at once
	spare     []*Conn
	oob       ancillary
	bytes     [512]byte // of set-up sockets: only their number counts
	deafUntil time.Time // when the listener is listened to again, or zero
	flushIn   time.Duration
	flushAt   time.Time
	postponed []*Conn   // whose request is to be offered again
	retryAt   time.Time // when, or zero

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	doomed  []*Conn
	backlog []*Conn // have messages waiting in memory
	stopped bool    // the poller is gone
}

// source is what a file descriptor is for.
type source struct {
	setup *setup
	conn  *Conn
	data  bool // the socket with the requests, of the socket transport
}

// Listen makes the service known. Clients wait until Serve runs.
func Listen(opts Options) (*Server, error) {
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	addr, err := qb.ServiceAddress(opts.Name, opts.SocketDir)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, pid: os.Getpid(), conns: make(map[*Conn]struct{}), listener: -1}
	s.rate.Store(int32(Normal))
	s.logAt("qb_ipcs_us_publish", "server name: %s", opts.Name)
	if s.poll, err = newPoller(); err != nil {
		return nil, fmt.Errorf("qb server %s: %w", opts.Name, err)
	}
	if opts.Lend != nil {
		if s.lent, err = newLent(s); err != nil {
			s.poll.close()
			return nil, fmt.Errorf("qb server %s: %w", opts.Name, err)
		}
	}
	if err := s.bind(addr); err != nil {
		if s.lent != nil {
			s.lent.close()
		}
		if s.listener >= 0 {
			_ = unix.Close(s.listener)
		}
		s.poll.close()
		return nil, fmt.Errorf("qb server %s: %w", opts.Name, err)
	}
	return s, nil
}

func (s *Server) bind(addr *qb.Address) (err error) {
	s.listener, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if s.opts.SocketDir != "" {
		_ = unix.Unlink(addr.Path())
	}
	if err := addr.Bind(s.listener); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if s.opts.SocketDir != "" {
		// Everybody may connect: who may stay is for Accept to say.
		_ = unix.Chmod(addr.Path(), 0o777)
	}
	if err := unix.SetsockoptInt(s.listener, unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return fmt.Errorf("SO_PASSCRED: %w", err)
	}
	if err := unix.Listen(s.listener, backlog); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return s.poll.add(s.listener, unix.EPOLLIN)
}

// Serve serves until ctx ends; then it disconnects all clients and withdraws
// the service. It is to be called once.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.wake)
	defer stop()
	defer s.shutDown()
	for ctx.Err() == nil {
		events, err := s.poll.wait(s.untilNext())
		if err != nil {
			return fmt.Errorf("qb server %s: %w", s.opts.Name, err)
		}
		for i := range events {
			s.dispatch(int(events[i].Fd), events[i].Events)
		}
		s.serveReady()
		s.onTime()
		s.reap()
	}
	return nil
}

// untilNext is how long nothing is due; negative when nothing is at all.
func (s *Server) untilNext() time.Duration {
	if len(s.ready) > 0 || s.lent != nil && s.lent.home() && s.lent.Pending() {
		return 0
	}
	var next time.Time
	for _, t := range [...]time.Time{s.deafUntil, s.flushAt, s.retryAt} {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if len(s.setups) > 0 {
		if t := s.setups[0].deadline; next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if next.IsZero() {
		return -1
	}
	return max(0, next.Sub(s.now()))
}

func (s *Server) now() time.Time { return time.Now() }

func (s *Server) dispatch(fd int, events uint32) {
	switch fd {
	case s.listener:
		s.accept()
		return
	case s.poll.wakefd:
		s.poll.drainWake()
		s.afterWake()
		return
	}
	if s.lent != nil && fd == s.lent.fd {
		return // serveReady looks
	}
	if fd >= len(s.sources) {
		return
	}
	src := s.sources[fd]
	if src.setup != nil {
		s.readSetup(src.setup)
		return
	}
	if src.conn == nil {
		return // has been closed among the same events
	}
	s.opts.Locker.Lock()
	defer s.opts.Locker.Unlock()
	if src.data {
		s.serve(src.conn, nil)
	} else {
		s.onSetupSocket(src.conn, events, nil)
	}
}

// onSetupSocket deals with the socket of a connection that is set up: its
// bytes tell that there are requests, its end that the client has gone.
// Precondition: Locker is held; may is as in serve.
func (s *Server) onSetupSocket(c *Conn, events uint32, may func([]byte) bool) {
	if events&unix.EPOLLOUT != 0 {
		c.mu.Lock()
		c.notify()
		c.mu.Unlock()
	}
	const ended = unix.EPOLLHUP | unix.EPOLLERR | unix.EPOLLRDHUP
	if c.muted {
		if events&ended != 0 {
			c.fail(nil)
		}
		return
	}
	if events&(unix.EPOLLIN|ended) == 0 {
		return
	}
	// The bytes first: each was sent after its request, so that a request whose
	// byte has been taken here cannot be missed below.
	if n := recvBytes(c.fd, s.bytes[:]); n == 0 || n < 0 && n != -int(unix.EAGAIN) {
		c.gone = true
	}
	s.serve(c, may)
}

// serve handles the requests of one client, as many as the rate allows at once.
// may, if any, says which of them may be handled now; from one that may not on,
// Serve's goroutine goes on with the client.
//
// Precondition: Locker is held. Under it the rate cannot change, and a request
// that has been taken must be served: one of libcpg's multicasts that met a
// synchronisation here would be lost without a word.
func (s *Server) serve(c *Conn, may func([]byte) bool) {
	if c.ready || c.isDoomed() {
		return
	}
	more, lendable := true, false
	for left := Rate(s.rate.Load()).batch(); left > 0; left-- {
		if Rate(s.rate.Load()).flow() != 0 {
			s.mute(c)
			more = false
			break
		}
		msg, done := c.next()
		if done {
			more = false
			break
		}
		if may != nil && !may(msg) {
			c.hold(msg)
			s.reclaim(c)
			return
		}
		s.opts.Handler.Request(c, msg)
		if c.handled(msg) {
			if may != nil {
				s.reclaim(c)
				return
			}
			s.mute(c)
			s.retryLater(c)
			return
		}
		if c.isDoomed() {
			more = false
			break
		}
		lendable = s.lent != nil && may == nil && s.opts.Lend(msg)
	}
	switch {
	case c.gone && !more:
		c.fail(nil)
	case more:
		s.again(c)
	case lendable && !c.lent:
		s.lend(c)
	}
}

// again has a client looked at once more by the one who has it, told of requests
// or not. Precondition: Locker is held.
func (s *Server) again(c *Conn) {
	c.ready = true
	if c.lent {
		s.lent.again(c)
	} else {
		s.ready = append(s.ready, c)
	}
}

// serveReady goes on with those that had more requests than allowed at once.
func (s *Server) serveReady() {
	if s.lent != nil && s.lent.home() {
		s.opts.Locker.Lock()
		s.lent.serveHome()
		s.opts.Locker.Unlock()
	}
	ready := s.ready
	s.ready = s.spare[:0]
	for i, c := range ready {
		ready[i] = nil
		s.opts.Locker.Lock()
		c.ready = false
		s.serve(c, nil)
		s.opts.Locker.Unlock()
	}
	s.spare = ready
}

// mute stops listening to a client until the rate says otherwise. Precondition:
// Locker is held.
func (s *Server) mute(c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.muted = true
	s.watch(c)
	if c.socks != nil && !c.dead {
		s.poll.modify(c.socks.request, 0)
	}
}

// watch tells the poller what c waits for. Precondition: c.mu is held.
func (s *Server) watch(c *Conn) {
	if c.dead {
		return
	}
	events := uint32(unix.EPOLLIN | unix.EPOLLRDHUP)
	if c.muted {
		events = unix.EPOLLRDHUP
	}
	if c.wantOut {
		events |= unix.EPOLLOUT
	}
	if c.lent {
		s.lent.modify(c.fd, events)
	} else {
		s.poll.modify(c.fd, events)
	}
}

// SetRate says how eagerly requests are taken from now on, as
// qb_ipcs_request_rate_limit; Off and Off2 tell clients not to send. With
// Options.Lend, Locker must be held.
func (s *Server) SetRate(r Rate) {
	s.rateMu.Lock()
	defer s.rateMu.Unlock()
	old := Rate(s.rate.Swap(int32(r)))
	if old.flow() == r.flow() {
		return
	}
	for _, c := range s.Conns() {
		c.setFlow(r.flow())
	}
	if s.lent != nil && r.flow() == 0 {
		s.lent.unmute()
	}
	s.wake()
}

// Rate returns what SetRate has set.
func (s *Server) Rate() Rate { return Rate(s.rate.Load()) }

// Conns returns the present connections.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	return Stats{
		Active: s.active.Load(), Closed: s.closed.Load(), Refused: s.refused.Load(),
		Malformed: s.malformed.Load(), SetupTimeouts: s.setupTimeouts.Load(), Overrun: s.overrun.Load(),
	}
}

func (s *Server) logError(format string, args ...any) { s.log(loglevel.Error, format, args...) }
func (s *Server) logInfo(format string, args ...any)  { s.log(loglevel.Info, format, args...) }
func (s *Server) logDebug(format string, args ...any) { s.log(loglevel.Debug, format, args...) }

// logAt says for information what a function of libqb's says.
func (s *Server) logAt(function, format string, args ...any) {
	if s.opts.Log.Enabled(loglevel.Info) {
		loglevel.LogfAt(s.opts.Log, loglevel.Info, function, format, args...)
	}
}

func (s *Server) log(l loglevel.Level, format string, args ...any) {
	if s.opts.Log.Enabled(l) {
		s.opts.Log.Logf(l, format, args...)
	}
}
