package pacemakerd

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/notify"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/pcmklog"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/engine"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// node is the daemon.
type node struct {
	log loglevel.Logger
	env env.Lookup
	sbd int // its process, 0 for none

	mu     sync.Mutex // the engine's
	engine *engine.Engine
	wake   chan struct{} // the deadline may be another

	ctx     context.Context // ends with the engine
	cancel  context.CancelFunc
	code    crmexit.Code
	outcome engine.Outcome
	all     sync.WaitGroup // goroutines

	sync *corosyncLink
}

func (n *node) logf(level loglevel.Level, function, format string, args ...any) {
	loglevel.LogfAt(n.log, level, function, format, args...)
}

// run is the daemon; format is that of the output asked for.
func run(out pcmktool.Output, format string) int {
	_ = os.Setenv("OCF_OUTPUT_FORMAT", format) // agents get it
	_ = os.Setenv("LC_ALL", "C")
	_ = os.Setenv("PCMK_service", name)
	setOption("mcp", "true")
	for option, value := range map[string]string{"logfacility": "daemon", "logfile": pcmklog.DefaultFile} {
		if _, ok := env.Lookup(os.LookupEnv).Option(option); !ok {
			setOption(option, value)
		}
	}
	p := daemon.Start(name)
	say := func(level loglevel.Level, format string, args ...any) { p.Log.LogfAt(level, "main", format, args...) }
	say(loglevel.Debug, "Checking for existing Pacemaker instance")
	sockets := root.SocketDir()
	if ipc.Offered(context.Background(), crmmsg.Pacemakerd, ipc.DialOptions{SocketDir: sockets}) {
		say(loglevel.Error, "Aborting start-up because active Pacemaker instance found")
		_ = out.Finish(crmexit.Fatal)
		return p.Exit(crmexit.Fatal)
	}
	_ = out.Finish(crmexit.OK)

	n := &node{log: p.Log, env: p.Env, wake: make(chan struct{}, 1)}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	defer n.cancel()
	n.sync = &corosyncLink{n: n, sockets: sockets}
	began := time.Now()
	if !n.sync.configure(n.ctx) {
		return p.Exit(crmexit.Unavailable)
	}
	if debug, _ := p.Env.Option("debug"); env.IsTrue(debug) {
		p.Log.Detail(loglevel.Debug)
	}
	if facility, ok := p.Env.Option("logfacility"); ok && !strings.EqualFold(facility, "none") {
		_ = os.Setenv("HA_LOGFACILITY", facility)
	}
	say(loglevel.Notice, "Starting Pacemaker %s | build=%s features:%s", featureset.Release, pcmktool.Build, pcmktool.Features)
	n.unlimitCores()
	if !n.makeDirs() {
		return p.Exit(crmexit.NoUser)
	}
	failFast, _ := p.Env("PCMK_fail_fast")
	n.sbd = watchdog.SBD()
	n.engine = engine.New(began, engine.Config{
		Host: (*host)(n), Log: p.Log, FailFast: env.IsTrue(failFast), SBD: n.sbd > 0, SyncStartup: n.syncsStartup(),
	})
	buffer, _ := p.Env("PCMK_ipc_buffer")
	srv, err := ipc.Listen(ipc.Options{
		Name: crmmsg.Pacemakerd, Buffer: frame.Buffer(buffer, 0), Log: p.Log, SocketDir: sockets,
		Handler: (*server)(n), Locker: &n.mu,
	})
	if err != nil {
		const function = "pcmk__serve_pacemakerd_ipc"
		p.Log.LogfAt(loglevel.Error, function, "Couldn't start pacemakerd IPC server")
		p.Log.LogfAt(loglevel.Warning, function, "Verify pacemaker and pacemaker_remote are not both enabled.")
		return p.Exit(crmexit.OSErr)
	}
	// Clients are answered until all is over.
	serving, closeServer := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	clients.Go(func() {
		if err := srv.Serve(serving); err != nil {
			say(loglevel.Error, "%v", err)
		}
	})
	code := n.serve(say)
	closeServer()
	clients.Wait()
	return p.Exit(code)
}

// serve runs the daemons until all is over.
func (n *node) serve(say func(loglevel.Level, string, ...any)) crmexit.Code {
	if !n.sync.connect(n.ctx) {
		return crmexit.Protocol
	}
	defer n.sync.close()
	watchdog := "false"
	if n.sbd > 0 {
		watchdog = "true"
	}
	_ = os.Setenv("PCMK_watchdog", watchdog)

	signals := make(chan os.Signal, 8)
	// What were ignored would be ignored by the daemons, too.
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGTRAP, unix.SIGPIPE)
	defer signal.Stop(signals)
	n.all.Go(func() { n.listen(signals) })
	n.all.Go(n.sync.watch)
	n.tell(func(now time.Time) { n.engine.Begin(now) })
	n.loop()
	n.all.Wait()
	if n.outcome != engine.AtOnce {
		if delay, ok := n.env.Option("shutdown_delay"); ok {
			unix.Sync()
			if ms, ok := iso8601.ParseMilliseconds(delay); ok && ms > 0 {
				time.Sleep(time.Duration(ms) * time.Millisecond)
			}
		}
	}
	if n.outcome == engine.StayDown {
		n.sync.shutdown()
	}
	return n.code
}

// tell calls the engine.
func (n *node) tell(f func(now time.Time)) {
	n.mu.Lock()
	f(time.Now())
	n.mu.Unlock()
	n.changed()
}

// changed has the loop look at the deadline anew.
func (n *node) changed() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// loop waits for the engine's deadlines, and tells systemd what becomes of it.
func (n *node) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	told := state.Invalid
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.wake:
		case <-timer.C:
		}
		n.mu.Lock()
		now := time.Now()
		if next := n.engine.NextDeadline(); !next.IsZero() && !now.Before(next) {
			n.engine.Tick(now)
		}
		next, current := n.engine.NextDeadline(), n.engine.State()
		n.mu.Unlock()
		if !next.IsZero() {
			timer.Reset(max(0, time.Until(next)))
		}
		if current == told {
			continue
		}
		told = current
		var err error
		switch current {
		case state.Running:
			err = notify.Systemd(notify.Ready)
		case state.ShuttingDown:
			err = notify.Systemd("STOPPING=1")
		}
		if err != nil {
			n.logf(loglevel.Info, "main", "Cannot tell systemd: %v", err)
		}
	}
}

// listen acts on signals.
func (n *node) listen(signals <-chan os.Signal) {
	for {
		select {
		case <-n.ctx.Done():
			return
		case s := <-signals:
			no, _ := s.(syscall.Signal)
			handled := no == unix.SIGTERM || no == unix.SIGINT || no == unix.SIGHUP || no == unix.SIGQUIT
			if !handled {
				continue
			}
			n.logf(loglevel.Notice, "crm_signal_dispatch", "Caught '%s' signal | %d (invoking handler)", signalName(no), int(no))
			switch no {
			case unix.SIGHUP:
				n.logf(loglevel.Info, "pcmk_ignore", "Ignoring signal %s (%d)", signalName(no), int(no))
			case unix.SIGQUIT:
				n.tell(func(time.Time) { (*host)(n).Panic("pcmk_sigquit") })
			default:
				n.tell(n.engine.Shutdown)
			}
		}
	}
}
