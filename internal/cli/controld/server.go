package controld

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// server is what is around the controller's core: its Host. All but env, log, ctx and what has its own locks is
// under mu.
type server struct {
	env    env.Lookup
	log    loglevel.Sited
	ctx    context.Context // ends when the daemon is to end
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu sync.Mutex
	// terminated ends when the daemon is asked to.
	terminated context.Context
	core       *engine.Controller
	later      []func(now time.Time) // what follows the core's call that is under way
	timer      *time.Timer
	clients    map[string]*ipc.Client
	serving    context.CancelFunc // nil while clients are not served

	cluster   *cluster.Cluster
	cib       cibLink
	executor  executorLink
	scheduler *ipc.Conn
	fencer    fencerLink
	attrs     *attributeQueue
	agents    *agents
	load      loadReader

	code   crmexit.Code
	ending bool // nothing is told to the core any more
}

func newServer(log loglevel.Sited, env env.Lookup) *server {
	s := &server{env: env, log: log, clients: map[string]*ipc.Client{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.attrs = newAttributeQueue(s)
	s.agents = newAgents(s)
	s.timer = time.AfterFunc(time.Hour, s.tick)
	s.timer.Stop()
	return s
}

// serve runs until the core ends it. Each SIGTERM asks it to, a second one not to wait (crm_shutdown); ctx ends with
// the first.
func (s *server) serve(ctx context.Context, d *daemon.Daemon, terms <-chan os.Signal) int {
	s.all.Go(s.attrs.run)
	s.mu.Lock()
	s.begin(ctx)
	s.mu.Unlock()
	for {
		select {
		case <-terms:
			s.enter(s.core.Shutdown)
		case <-s.ctx.Done():
			return d.Exit(s.end())
		}
	}
}

// begin starts the core. The caller holds mu. Until terminated ends, corosync is waited for.
func (s *server) begin(terminated context.Context) {
	s.terminated = terminated
	s.core = engine.New(s.config())
	s.act(s.core.Start)
}

// config is what the environment says.
func (s *server) config() engine.Config {
	c := engine.Config{Host: s, Log: s.log, Program: name, DCVersion: pcmktool.Release}
	c.StartState, _ = s.env.Option("node_start_state")
	if value, ok := s.env.Option("cib_timeout"); ok {
		c.CIBTimeout, _ = strconv.Atoi(value) // 0 of nonsense
	}
	c.FencerClient = fmt.Sprintf("%s.%d", name, os.Getpid())
	c.NodeActionLimit, _ = s.env.Option("node_action_limit")
	return c
}

// enter calls the core.
func (s *server) enter(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.act(f)
}

// act calls the core, and what it has brought about that must not happen while it runs. The caller holds mu.
func (s *server) act(f func(now time.Time)) {
	if s.ending || s.core == nil {
		return
	}
	f(time.Now())
	for len(s.later) > 0 && !s.ending {
		next := s.later[0]
		s.later = s.later[1:]
		next(time.Now())
	}
	s.arm()
}

// arm sets the timer for what is due next. The caller holds mu.
func (s *server) arm() {
	if s.ending {
		s.timer.Stop()
		return
	}
	next := s.core.NextDeadline()
	if d := s.cib.nextDeadline(); next.IsZero() || !d.IsZero() && d.Before(next) {
		next = d
	}
	if next.IsZero() {
		s.timer.Stop()
	} else {
		s.timer.Reset(time.Until(next))
	}
}

func (s *server) tick() {
	s.enter(func(now time.Time) {
		s.cib.expire(now)
		s.core.Tick(now)
	})
}

// Exit is the core's Host's.
func (s *server) Exit(code crmexit.Code) {
	if s.ending {
		return
	}
	s.ending, s.code = true, code
	s.timer.Stop()
	s.cancel()
}

// Panic is the core's Host's.
func (s *server) Panic() { watchdog.Panic(s.env, s.log, "handle_fence_notification") }

// Watchdog is the core's Host's.
func (*server) Watchdog() bool { return watchdog.SBD() > 0 }

// NewID is the core's Host's.
func (*server) NewID() string { return ipc.NewID() }

// CPUTime is the core's Host's.
func (*server) CPUTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0 // as one that has just begun
	}
	return time.Duration(u.Utime.Nano())
}

// Connect is the core's Host's.
func (s *server) Connect(what engine.Subsystem) {
	switch what {
	case engine.CIB:
		s.all.Go(s.connectCIB)
	case engine.ClusterLayer:
		s.all.Go(s.connectCluster)
	case engine.Executor:
		s.all.Go(s.connectExecutor)
	case engine.Scheduler:
		s.all.Go(s.connectScheduler)
	case engine.Fencer:
		s.connectFencer()
	case engine.Attributes:
		s.all.Go(s.awaitAttributes)
	}
}

// Disconnect is the core's Host's.
func (s *server) Disconnect(what engine.Subsystem) {
	switch what {
	case engine.CIB:
		s.cib.close()
	case engine.ClusterLayer:
		s.disconnectCluster()
	case engine.Executor:
		s.executor.close()
	case engine.Scheduler:
		s.closeScheduler()
	case engine.Fencer:
		s.fencer.close()
	}
}

// end closes everything and returns the exit status.
func (s *server) end() crmexit.Code {
	s.mu.Lock()
	c := s.cluster
	s.cluster = nil
	s.cib.close()
	s.executor.close()
	s.fencer.close()
	s.closeScheduler()
	code := s.code
	s.mu.Unlock()
	if c != nil {
		c.Close()
	}
	s.all.Wait()
	return code
}

// dialOptions are those of connections to the other daemons.
func (s *server) dialOptions() ipc.DialOptions {
	buffer, _ := s.env("PCMK_ipc_buffer")
	return ipc.DialOptions{Buffer: frame.Buffer(buffer, 0), SocketDir: root.SocketDir()}
}
