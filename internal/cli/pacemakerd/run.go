package pacemakerd

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/notify"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/engine"
)

// server is the daemon. mu guards the core and clients.
type server struct {
	mu      sync.Mutex
	d       *daemon.Daemon
	core    *engine.Engine
	timer   *time.Timer
	clients map[int]bool // processes that are connected
	done    chan bool    // the end, and whether it is a fatal one
	ctx     context.Context

	cfgMu sync.Mutex
	cfg   *cfg.Conn // nil without corosync
}

// run supervises the daemons until all have ended.
func run() int {
	_ = os.Setenv("LC_ALL", "C")
	setOption("mcp", "true")
	d := daemon.Start(name)
	say := func(level loglevel.Level, format string, args ...any) { d.Log.LogfAt(level, "main", format, args...) }
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if ipc.Offered(ctx, name, ipc.DialOptions{SocketDir: root.SocketDir()}) {
		say(loglevel.Error, "Aborting start-up because active Pacemaker instance found")
		return d.Exit(crmexit.Fatal)
	}
	s := &server{d: d, clients: map[int]bool{}, done: make(chan bool, 1), ctx: ctx}
	if !s.readConfig() {
		return d.Exit(crmexit.Unavailable)
	}
	s.nameFacility()
	version, build, _ := strings.Cut(pcmktool.Release, "-")
	say(loglevel.Notice, "Starting Pacemaker %s | build=%s features:%s", version, build, features)
	s.allowCores()
	if !s.makeDirs() {
		return d.Exit(crmexit.NoUser)
	}
	if !s.connect() {
		return d.Exit(crmexit.Protocol)
	}
	defer s.disconnect()
	sbd := watchdog.SBD() > 0
	_ = os.Setenv("PCMK_watchdog", strconv.FormatBool(sbd))
	s.core = engine.New(engine.Config{
		Host: s, Log: d.Log, FailFast: s.isOn("PCMK_fail_fast"), SBD: sbd, Sync: s.isOn("SBD_SYNC_RESOURCE_STARTUP"),
	}, time.Now())
	s.timer = time.AfterFunc(time.Hour, s.tick)
	defer s.timer.Stop()
	buffer, _ := d.Env("PCMK_ipc_buffer")
	transport, _ := d.Env("PCMK_ipc_type")
	service, err := ipc.Listen(ipc.Options{
		Name: name, Type: transport, Buffer: frame.Buffer(buffer, 0), Log: d.Log, SocketDir: root.SocketDir(), Handler: s, Locker: &s.mu,
	})
	if err != nil {
		d.Log.LogfAt(loglevel.Error, "pcmk__serve_pacemakerd_ipc", "Couldn't start pacemakerd IPC server: %v", err)
		return d.Exit(crmexit.OSErr)
	}
	if code := s.adopt(); code != crmexit.OK {
		return d.Exit(code)
	}
	stopSignals := s.signals()
	defer stopSignals()
	s.act(s.core.Begin)
	say(loglevel.Notice, "Pacemaker daemon successfully started and accepting connections")
	var all sync.WaitGroup
	all.Go(func() {
		if err := service.Serve(ctx); err != nil {
			say(loglevel.Error, "%v", err)
		}
	})
	all.Go(s.followCluster)
	_ = notify.Systemd(notify.Ready) // nobody may have asked
	fatal := <-s.done
	s.delay()
	if fatal {
		s.stopCluster()
	}
	cancel()
	s.disconnect()
	all.Wait()
	if fatal {
		return d.Exit(crmexit.Fatal)
	}
	return d.Exit(crmexit.OK)
}

func (s *server) logf(level loglevel.Level, function, format string, args ...any) {
	s.d.Log.LogfAt(level, function, format, args...)
}

// isOn tells whether a variable says yes.
func (s *server) isOn(variable string) bool {
	value, _ := s.d.Env(variable)
	return isTrue(value)
}

// isTrue tells whether a text is one of the reference's words for yes (crm_is_true).
func isTrue(text string) bool {
	return slices.Contains([]string{"1", "yes", "y", "true", "on"}, strings.ToLower(text))
}

// act calls the core, and sets the timer.
func (s *server) act(f func(now time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(time.Now())
	s.arm()
}

func (s *server) arm() {
	if at := s.core.NextDeadline(); at.IsZero() {
		s.timer.Stop()
	} else {
		s.timer.Reset(time.Until(at))
	}
}

func (s *server) tick() { s.act(s.core.Tick) }

// signals has the daemon end with SIGTERM and SIGINT, and the node with SIGQUIT.
func (s *server) signals() (stop func()) {
	c := make(chan os.Signal, 4)
	signal.Notify(c, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGHUP)
	signal.Ignore(unix.SIGUSR1, unix.SIGUSR2, unix.SIGTRAP)
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case sig := <-c:
				switch sig {
				case unix.SIGHUP:
					s.logf(loglevel.Info, "pcmk_ignore", "Ignoring signal Hangup (1)")
				case unix.SIGQUIT:
					s.Panic()
				default:
					text := "Terminated"
					if sig == unix.SIGINT {
						text = "Interrupt"
					}
					s.logf(loglevel.Notice, "crm_signal_dispatch", "Caught '%s' signal | %d (invoking handler)", text, sig)
					s.act(s.core.Shutdown)
				}
			}
		}
	}()
	return func() {
		signal.Stop(c)
		close(done)
	}
}

// nameFacility gives shell functions of agents the log's facility under the name that they look for.
func (s *server) nameFacility() {
	facility, ok := s.d.Env.Option("logfacility")
	if !ok {
		facility = "daemon"
		setOption("logfacility", facility)
	}
	if !strings.EqualFold(facility, "none") {
		_ = os.Setenv("HA_LOGFACILITY", facility)
	}
}

// allowCores takes the limit of core files away (remove_core_file_limit).
func (s *server) allowCores() {
	const function = "remove_core_file_limit"
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		s.logf(loglevel.Notice, function, "Unable to check system core file limits (consider ensuring the size is unlimited): %v", err)
		return
	}
	if limit.Max == 0 {
		if os.Geteuid() != 0 {
			s.logf(loglevel.Notice, function, "Core dumps are disabled (consider enabling them)")
			return
		}
		limit.Max = unix.RLIM_INFINITY
	}
	if limit.Cur != limit.Max {
		limit.Cur = limit.Max
		if err := unix.Setrlimit(unix.RLIMIT_CORE, &limit); err != nil {
			s.logf(loglevel.Notice, function, "Unable to raise system limit on core file size (consider doing so manually): %v", err)
		}
	}
}

// makeDirs makes the directories that the daemons work in (create_pcmk_dirs). It is false if there is no user to
// own them.
func (s *server) makeDirs() bool {
	const function = "create_pcmk_dirs"
	owner := account.Cluster()
	if !owner.Known {
		s.logf(loglevel.Error, function, "Cluster user %s does not exist, aborting Pacemaker startup", account.ClusterUser)
		return false
	}
	const mode = 0o750
	for _, dir := range []string{
		"/run/crm", "/var/lib/pacemaker", "/var/lib/pacemaker/cores", "/var/lib/pacemaker/blackbox", "/var/lib/pacemaker/pengine", "/var/lib/pacemaker/cib",
	} {
		dir = root.Path(dir)
		if err := os.MkdirAll(dir, mode); err != nil {
			s.logf(loglevel.Warning, function, "Could not create directory %s: %v", dir, err)
			continue
		}
		if err := os.Chown(dir, int(owner.UID), int(owner.GID)); err != nil {
			s.logf(loglevel.Warning, "mcp_chown", "Cannot change the ownership of %s to user %s and gid %d: %v", dir, account.ClusterUser, owner.GID, err)
		}
	}
	return true
}

// delay is PCMK_shutdown_delay.
func (s *server) delay() {
	value, ok := s.d.Env.Option("shutdown_delay")
	if !ok {
		return
	}
	unix.Sync()
	if ms, ok := iso8601.ParseMilliseconds(value); ok && ms > 0 {
		time.Sleep(time.Duration(ms) * time.Millisecond)
	}
}

// Panic is the core's Host's.
func (s *server) Panic() { watchdog.Panic(s.d.Env, s.d.Log, "pcmk_child_exit") }

// Quit is the core's Host's.
func (s *server) Quit(fatal bool) { s.done <- fatal }

// Respawning is the core's Host's.
func (s *server) Respawning() { _ = os.Setenv("PCMK_respawned", "true") }

// programPath is where a daemon is.
func programPath(name string) string { return filepath.Join("/usr/lib/pacemaker", name) }

var _ engine.Host = (*server)(nil)

// signalled is why a process has ended.
func signalled(st syscall.WaitStatus) (engine.Signal, bool, crmexit.Code) {
	if st.Signaled() {
		return engine.Signal(st.Signal()), st.CoreDump(), 0
	}
	return 0, false, crmexit.Code(st.ExitStatus())
}
