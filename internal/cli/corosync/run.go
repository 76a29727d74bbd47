package corosync

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
	"github.com/ringmaster-ha/ringmaster/internal/notify"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// run starts the daemon, in the order of the reference's main, and returns when
// it has ended.
func run(o options, args []string, stderr io.Writer) exitcode.Code {
	if !o.foreground && !o.test && !notify.InBackground() {
		// A process with threads cannot fork: the program is started anew, comes
		// back here, and lets this one go once its configuration has proved good.
		return notify.Background(args)
	}
	// What is wrong with the file is said before the log is configured, to
	// whoever looks: standard error and syslog.
	early := func(err error) {
		fmt.Fprintln(stderr, err)
		logsys.Syslog("/dev/log", loglevel.Error, err.Error())
	}
	log := logsys.New(logsys.Options{Stderr: stderr})
	defer log.Close()
	main := log.Logger("MAIN")
	env := environment(log)

	file, err := corosyncconf.Parse(env, o.file)
	if err != nil {
		early(err)
		return exitcode.MainConfigRead
	}
	cfg, notices, err := logsys.FromMap(file.Map)
	if err == nil {
		err = log.Configure(cfg)
	}
	if err != nil {
		early(logsys.ErrConfig(err))
		return exitcode.LogConfigRead
	}
	for _, n := range notices {
		main.Logf(n.Level, "%s", n.Text)
	}
	if !o.test {
		main.Logf(loglevel.Notice, "Corosync Cluster Engine %s starting up", Version)
		main.Logf(loglevel.Info, "Corosync built-in features:%s", features)
	}
	fail := func(code exitcode.Code, err error) exitcode.Code {
		main.Logf(loglevel.Error, "%v", err)
		if o.test {
			fmt.Fprintln(stderr, err)
		}
		main.Logf(loglevel.Error, "%s", code.Line("main"))
		return code
	}
	stateDir := stateDir(file.Map)
	if err := os.Chdir(stateDir); err != nil {
		return fail(exitcode.DirNotPresent, fmt.Errorf("Cannot chdir to state directory %s. %w", stateDir, err)) //lint:ignore ST1005 the reference's text
	}
	totem, err := corosyncconf.ReadTotem(env, file)
	if err == nil {
		err = totem.Validate(file)
	}
	for _, c := range daemon.Checks() {
		if err == nil {
			err = file.Check(c)
		}
	}
	if err != nil {
		return fail(exitcode.MainConfigRead, err)
	}
	if o.test {
		main.Logf(loglevel.Notice, "%s", exitcode.Exit.Line("main"))
		return exitcode.Exit
	}
	if err := file.Unsupported(totem); err != nil {
		return fail(exitcode.MainConfigRead, err)
	}
	if !o.foreground {
		if err := notify.Detach(); err != nil {
			return fail(exitcode.StdToNullRedir, err)
		}
		main.Logf(loglevel.Debug, "Corosync TTY detached")
	}
	pid, err := notify.Lock(root.Path(notify.DefaultPIDFile))
	if err != nil {
		var lock *notify.LockError
		if errors.As(err, &lock) {
			return fail(lock.Code, err)
		}
		return fail(exitcode.AcquireLock, err)
	}
	defer pid.Remove()
	d, err := daemon.New(daemon.Options{
		ConfigFile: o.file, Env: env, File: file, Totem: totem, Log: log,
		StateDir: stateDir, RunDir: root.Path("/run"), ShmDir: root.Path("/dev/shm"), Own: own(),
		Ready: func() {
			if err := notify.Systemd("READY=1"); err != nil {
				main.Logf(loglevel.Warning, "tell systemd that the daemon is ready: %v", err)
			}
		},
	})
	if err != nil {
		return fail(exitcode.MainConfigRead, err)
	}
	tune()
	stop := handleSignals(d, main)
	defer stop()
	return d.Run()
}

// gcPercent and processors are what the ring thread needs of the runtime (see
// totem/ring): collections that are rare, and a processor of the runtime that is
// free whenever a packet comes.
const gcPercent = 400

func processors(cpus int) int { return max(cpus+6, 8) }

func tune() {
	debug.SetGCPercent(gcPercent)
	runtime.GOMAXPROCS(processors(runtime.NumCPU()))
}

// handleSignals ends the daemon on SIGTERM, SIGINT and SIGQUIT and dumps its
// state on SIGUSR2.
func handleSignals(d *daemon.Daemon, log loglevel.Logger) (stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Ignore(syscall.SIGPIPE)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR2)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				if s == syscall.SIGUSR2 {
					d.Dump()
					continue
				}
				log.Logf(loglevel.Notice, "Node was shut down by a signal")
				d.Stop()
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
