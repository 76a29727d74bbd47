package schedulerd

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/metadata"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/pengine/service"
)

const (
	name    = "pacemaker-schedulerd"
	summary = name + " - daemon for calculating a Pacemaker cluster's response to events"
)

// stateDir is where inputs are kept.
const stateDir = "/var/lib/pacemaker/pengine"

// gcPercent is how much the heap may grow, in percent of what is in use, before garbage
// is collected: nearly all that a calculation allocates is needed until it ends.
const gcPercent = 400

// Main runs the daemon and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var common pcmktool.Common
	rest, help, err := pcmktool.Parse(common.Context(args, summary, "text (default), xml"), args, "", stdout)
	if help {
		return int(crmexit.OK)
	}
	program := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Usage)
	}
	out, err := common.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Fatal)
	}
	rest = rest[1:] // without the program
	code := crmexit.OK
	switch {
	case len(rest) == 1 && strings.EqualFold(rest[0], "metadata"):
		printMetadata(out)
	case len(rest) > 0:
		code = crmexit.Usage
		out.Err("%s: Unsupported extra command line parameters", program)
	case common.Version:
		out.Version()
	default:
		return run(out)
	}
	if err := out.Finish(code); err != nil {
		return int(crmexit.IOErr)
	}
	return int(code)
}

func printMetadata(out pcmktool.Output) {
	document := metadata.Document(name, "Pacemaker scheduler options", "Cluster options used by Pacemaker's scheduler", clusterOptions)
	out.Printf("%s", document)
	if out.IsXML() {
		out.Element("metadata").SetCData(document)
	}
}

// run serves until SIGTERM.
func run(out pcmktool.Output) int {
	d := daemon.Start(name)
	debug.SetGCPercent(gcPercent)
	say := func(level loglevel.Level, text string) { d.Log.LogfAt(level, "main", "%s", text) }
	say(loglevel.Notice, "Starting Pacemaker scheduler")
	fail := func(text string) int {
		out.Err("%s: %s", name, text)
		_ = out.Finish(crmexit.Fatal)
		return d.Exit(crmexit.Fatal)
	}
	dir := root.Path(stateDir)
	if !d.CanWrite(dir) {
		say(loglevel.Error, "Terminating due to bad permissions on "+dir)
		return fail("ERROR: Bad permissions on " + dir + " (see logs for details)")
	}
	ctx, stop := d.Signals()
	defer stop()
	files := store{dir: dir, log: d.Log}
	buffer, _ := d.Env("PCMK_ipc_buffer")
	transport, _ := d.Env("PCMK_ipc_type")
	rest := time.AfterFunc(pause, debug.FreeOSMemory)
	defer rest.Stop()
	s, err := ipc.Listen(ipc.Options{
		Name:      crmmsg.Scheduler,
		Type:      transport,
		Buffer:    frame.Buffer(buffer, 0),
		Log:       d.Log,
		SocketDir: root.SocketDir(),
		Handler: &handler{
			log:   d.Log,
			files: &files,
			calc:  service.Calculator{Log: d.Log, Dir: dir, Last: files.last},
			rest:  rest,
		},
	})
	if err != nil {
		d.Log.LogfAt(loglevel.Error, "mainloop_add_ipc_server_with_prio", "Could not start %s IPC server: %v", crmmsg.Scheduler, err)
		return fail("Failed to create " + name + " server: exiting and inhibiting respawn")
	}
	say(loglevel.Notice, "Pacemaker scheduler successfully started and accepting connections")
	d.Begun()
	code := crmexit.OK
	if err := s.Serve(ctx); err != nil {
		say(loglevel.Error, err.Error())
		code = crmexit.OSErr
	}
	_ = out.Finish(code)
	return d.Exit(code)
}
