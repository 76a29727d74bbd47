package fenced

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"os"
	"sync"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/engine"
)

// server is what is around the engine. All but env, log, ctx, agents and what has its own
// locks is under mu.
type server struct {
	env    env.Lookup
	log    loglevel.Sited
	ctx    context.Context // ends when the daemon is to end by itself
	cancel context.CancelFunc
	all    sync.WaitGroup
	agents agent.Runner

	mu       sync.Mutex
	engine   *engine.Engine // nil until begin
	cluster  *cluster.Cluster
	cib      client.Conn
	config   *etree.Element // the CIB
	clients  map[string]*ipc.Client
	order    []*ipc.Client     // of connection
	metadata map[string]string // by agent
	timer    *time.Timer
	failed   bool // the reason is known
	ending   bool // a connection that goes is no reason any more
}

func newServer(log loglevel.Sited, env env.Lookup) *server {
	s := &server{
		log: log, env: env, clients: map[string]*ipc.Client{}, metadata: map[string]string{},
		agents: agent.Runner{Dir: root.Path(agent.Dir), Plugins: root.Path(agent.Plugins), Glue: root.Path(agent.Glue), Log: log, Deferred: true},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.timer = time.AfterFunc(time.Hour, s.tick)
	s.timer.Stop()
	return s
}

// begin makes the engine, in a cluster or, with nil, alone. The caller holds mu if it is in one.
func (s *server) begin(c *cluster.Cluster) {
	s.cluster = c
	node := "localhost"
	if c != nil {
		node = c.NodeName()
	}
	s.engine = engine.New(engine.Config{
		Node: node, System: name, PID: os.Getpid(), StandAlone: c == nil, Peers: (*peerSet)(s), Host: s, Log: s.log,
		Metadata: s.describe, Namespace: s.agents.Namespace, Random: random, NewID: ipc.NewID, WatchdogTimeout: s.watchdogTimeout,
	})
}

// watchdogTimeout is twice what SBD's watchdog has (pcmk__auto_watchdog_timeout).
func (s *server) watchdogTimeout() time.Duration { return watchdog.Auto(s.env) }

func random(n int) int {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int(binary.NativeEndian.Uint64(b[:]) % uint64(n))
}

// fail ends the daemon, as the reference does it: without an error, so that it is started
// again.
func (s *server) fail(function, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(function, format, args...)
}

func (s *server) failLocked(function, format string, args ...any) {
	if s.failed || s.ending {
		return
	}
	s.failed = true
	s.log.LogfAt(loglevel.Crit, function, format, args...)
	s.cancel()
}

// end closes everything.
func (s *server) end() {
	s.mu.Lock()
	s.ending = true
	s.timer.Stop()
	cib := s.cib
	s.mu.Unlock()
	s.cancel()
	if s.cluster != nil {
		s.cluster.Close()
	}
	if cib != nil {
		_ = cib.Close()
	}
	s.all.Wait()
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

// Send is the engine's Host's.
func (s *server) Send(to string, e *etree.Element) {
	const function = "send_cluster_message"
	if s.cluster == nil {
		return
	}
	var peer *peers.Peer
	if to != "" {
		if peer = s.cluster.Peers().Find(0, to); peer == nil {
			s.log.LogfAt(loglevel.Warning, function, "Cannot send message to %s: not known", to)
			return
		}
	}
	if err := s.cluster.Send(peer, cpgmsg.StonithNG, text.Line(e)); err != nil {
		s.log.LogfAt(loglevel.Error, function, "Could not send message: %v", err)
	}
}
