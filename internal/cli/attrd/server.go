package attrd

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/attrd/engine"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// server is what is around the engine. All but log, ctx and what has its own locks is under
// mu.
type server struct {
	log    loglevel.Sited
	ctx    context.Context // ends when the daemon is to end by itself
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu     sync.Mutex
	engine *engine.Engine // nil until begin
	peers  *peerSet
	cib    client.Conn
	erase  int // the call that clears this node's attributes, once it was made
	alerts *alerts
	timer  *time.Timer
	maker  crmmsg.Maker
	code   crmexit.Code
	failed bool // code and the reason for it are known
	ending bool // a connection that goes is no reason any more

	cluster *cluster.Cluster
}

func newServer(log loglevel.Sited) *server {
	s := &server{log: log}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.alerts = newAlerts(s.ctx, log)
	s.timer = time.AfterFunc(time.Hour, s.tick)
	s.timer.Stop()
	return s
}

// begin starts the engine. The caller holds mu.
func (s *server) begin(c *cluster.Cluster) {
	s.cluster = c
	s.peers = &peerSet{cluster: c}
	s.engine = engine.New(engine.Config{Node: c.NodeName(), ID: c.NodeID(), Peers: s.peers, Host: s, Log: s.log})
	s.eraseOwn()
	s.readAlerts()
	s.all.Go(s.alerts.run)
	s.engine.Start()
	s.all.Go(s.listenCIB)
	s.arm()
}

// fail ends the daemon with a status. The first reason counts.
func (s *server) fail(code crmexit.Code, function, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(code, function, format, args...)
}

func (s *server) failLocked(code crmexit.Code, function, format string, args ...any) {
	if s.failed || s.ending {
		return
	}
	s.failed, s.code = true, code
	s.log.LogfAt(loglevel.Crit, function, format, args...)
	s.cancel()
}

// end closes everything and returns the exit status: that of the failure, if there was one.
func (s *server) end(p *daemon.Daemon, code crmexit.Code) int {
	s.mu.Lock()
	s.ending = true
	s.timer.Stop()
	if s.failed {
		code = s.code
	}
	s.mu.Unlock()
	s.cancel()
	if s.cluster != nil {
		s.cluster.Close()
	}
	if s.cib != nil {
		_ = s.cib.Close()
	}
	s.all.Wait()
	return p.Exit(code)
}

// arm sets the timer for what is due next. The caller holds mu.
func (s *server) arm() {
	if next := s.engine.NextDeadline(); next.IsZero() || s.ending {
		s.timer.Stop()
	} else {
		s.timer.Reset(time.Until(next))
	}
}

func (s *server) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ending {
		s.engine.Tick(time.Now())
		s.arm()
	}
}

// The engine's Host.

// Send sends a message to a node, or all.
func (s *server) Send(to string, m *wire.Message) {
	s.send("attrd_send_message", to, m.Encode())
}

// SendVote sends a message of the election.
func (s *server) SendVote(m *election.Message) {
	s.send("election", m.To, m.Encode(&s.maker, time.Now()))
}

// CPUTime is what the process has used in user mode.
func (*server) CPUTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0 // as one that has just begun
	}
	return time.Duration(u.Utime.Nano())
}
