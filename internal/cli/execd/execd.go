package execd

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/pcmklog"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/lrmd/agent"
	"github.com/ringmaster-ha/ringmaster/lrmd/fencing"
)

const name = "pacemaker-execd"

// agentsDir is where agents keep their state.
const agentsDir = "/run/resource-agents"

const help = name + ` - resource agent executor daemon for Pacemaker cluster nodes
Usage: pacemaker-execd [options]
Options:
 -?, --help		This text
 -$, --version		Version information
 -V, --verbose		Increase debug output
 -l, --logfile=value		Send logs to the additional named logfile

Report bugs to users@clusterlabs.org
`

// Main runs the daemon and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	complaints := &noting{Writer: stderr}
	p := getopt.New(args, "?$Vl:", []getopt.Long{
		{Name: "help", Val: '?'}, {Name: "version", Val: '$'}, {Name: "verbose", Val: 'V'},
		{Name: "logfile", Arg: getopt.Required, Val: 'l'},
	}, complaints)
	file, verbose := "", false
	for {
		opt, ok := p.Next()
		if !ok {
			break
		}
		switch opt {
		case 'l':
			file = p.Arg
		case 'V':
			verbose = true
		case '?': // asked for, or getopt.Invalid
			if complaints.any {
				fmt.Fprint(stderr, help)
				return int(crmexit.Usage)
			}
			fmt.Fprint(stdout, help)
			return int(crmexit.OK)
		case '$':
			pcmktool.WriteVersion(stdout)
			return int(crmexit.OK)
		}
	}
	inherited := inheritance(os.Environ(), os.LookupEnv)
	// The log is opened by what the environment says.
	if file != "" {
		_ = os.Setenv("PCMK_logfile", file)
	}
	if verbose {
		_ = os.Setenv("PCMK_debug", "yes")
	}
	return run(inherited)
}

// noting knows whether anything was written.
type noting struct {
	io.Writer
	any bool
}

func (n *noting) Write(b []byte) (int, error) {
	n.any = true
	return n.Writer.Write(b)
}

// inheritance is the environment that agents get (crm_log_init, and main of
// pacemaker-execd.c): the daemon's, with what they find its log by, and without what
// would have them talk to systemd in its name.
func inheritance(own []string, e env.Lookup) []string {
	v := map[string]string{"PCMK_service": name}
	facility, ok := e.Option("logfacility")
	if !ok {
		facility = "daemon"
		v["PCMK_logfacility"], v["HA_logfacility"] = facility, facility
	}
	if facility != "none" && facility != "/dev/null" {
		v["HA_LOGFACILITY"] = facility
	}
	file, ok := e.Option("logfile")
	if !ok {
		file = pcmklog.DefaultFile
		v["PCMK_logfile"], v["HA_logfile"] = file, file
	}
	if file != "none" {
		v["HA_LOGFILE"] = file
		if e.Enabled(name, "debug") {
			v["HA_DEBUGLOG"] = file
		}
	}
	return agent.Override(own, v, "NOTIFY_SOCKET")
}

// run serves until SIGTERM.
func run(inherited []string) int {
	d := daemon.Start(name)
	say := func(level loglevel.Level, format string, args ...any) { d.Log.LogfAt(level, "main", format, args...) }
	say(loglevel.Notice, "Starting Pacemaker local executor")
	if err := os.MkdirAll(root.Path(agentsDir), 0o755); err != nil {
		say(loglevel.Warning, "Could not create resource agent temporary directory %s: %v", agentsDir, err)
	} else {
		_ = os.Chmod(root.Path(agentsDir), 0o755) // the umask keeps it from others
	}
	ctx, stop := d.Signals()
	defer stop()
	// What we ignore our children would ignore, too.
	unheard := make(chan os.Signal, 1)
	signal.Notify(unheard, syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGTRAP)
	defer signal.Stop(unheard)

	buffer, _ := d.Env("PCMK_ipc_buffer")
	transport, _ := d.Env("PCMK_ipc_type")
	units := agent.NewUnits(d.Log, root.Path)
	defer units.Close()
	runner := agent.New(agent.Options{Env: inherited, Log: d.Log, Path: root.Path, Units: units})
	var h *handler
	f := fencing.New(fencing.Options{
		Name: name, Log: d.Log, Path: root.Path, Lost: func() { h.fencerLost() },
		Dial: ipc.DialOptions{Buffer: frame.Buffer(buffer, 0), SocketDir: root.SocketDir()},
	})
	asking, cancel := context.WithCancel(context.Background())
	defer cancel()
	h = newHandler(asking, d.Log, runner, f)
	s, err := ipc.Listen(ipc.Options{
		Name:      crmmsg.Executor,
		Type:      transport,
		Buffer:    frame.Buffer(buffer, 0),
		Log:       d.Log,
		SocketDir: root.SocketDir(),
		Handler:   h,
		Locker:    &h.mu,
	})
	if err != nil {
		d.Log.LogfAt(loglevel.Error, "mainloop_add_ipc_server_with_prio", "Could not start %s IPC server: %v", crmmsg.Executor, err)
		say(loglevel.Error, "Failed to create IPC server: shutting down and inhibiting respawn")
		return d.Exit(crmexit.Fatal)
	}
	say(loglevel.Notice, "Pacemaker local executor successfully started and accepting connections")
	d.Begun()
	say(loglevel.Notice, "OCF resource agent search path is %s", agent.OCFPath)
	code := crmexit.OK
	if err := s.Serve(ctx); err != nil {
		say(loglevel.Error, "%v", err)
		code = crmexit.OSErr
	}
	h.shutdown()
	return d.Exit(code)
}
