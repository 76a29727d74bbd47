package controld

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/metadata"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

const name = "pacemaker-controld"

const help = name + ` - daemon for coordinating a Pacemaker cluster's response to events
Usage: pacemaker-controld [options]
Options:
 -?, --help		This text
 -V, --verbose		Increase debug output

Report bugs to users@clusterlabs.org
`

// Directories that the controller, or the scheduler for it, writes to.
const (
	inputsDir = "/var/lib/pacemaker/pengine"
	configDir = "/var/lib/pacemaker/cib"
)

// Main runs the daemon and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	// What is not an option is not looked at, but for one word alone. Help that is asked for by the letter is a
	// mistake to the reference.
	const asked = 'h'
	p := getopt.New(args, "?V", []getopt.Long{{Name: "help", Val: asked}, {Name: "verbose", Val: 'V'}}, stderr)
	for {
		opt, ok := p.Next()
		if !ok {
			break
		}
		switch opt {
		case 'V':
			_ = os.Setenv("PCMK_debug", "yes") // the log is opened by what the environment says
		case asked:
			fmt.Fprint(stdout, help)
			return int(crmexit.OK)
		default:
			fmt.Fprint(stderr, help)
			return int(crmexit.Usage)
		}
	}
	if rest := p.Rest(); len(rest) == 1 {
		switch strings.ToLower(rest[0]) {
		case "metadata":
			fmt.Fprint(stdout, metadata.Document(name, "Pacemaker controller options", "Cluster options used by Pacemaker's controller", clusterOptions))
			return int(crmexit.OK)
		case "version":
			fmt.Fprintf(stdout, "CRM Version: %s (%s)\n", pcmktool.Version, pcmktool.Build)
			return int(crmexit.OK)
		}
	}
	return run(stderr)
}

// run serves until the cluster lets go of this node, or until something fails that it cannot do without.
func run(stderr io.Writer) int {
	terms := make(chan os.Signal, 2)
	signal.Notify(terms, unix.SIGTERM)
	defer signal.Stop(terms)
	d := daemon.Start(name)
	d.KeepRoom()
	say := func(level loglevel.Level, format string, args ...any) { d.Log.LogfAt(level, "main", format, args...) }
	say(loglevel.Notice, "Starting Pacemaker controller")
	ctx, stop := d.Signals()
	defer stop()
	if ipc.Offered(ctx, crmmsg.Controller, ipc.DialOptions{SocketDir: root.SocketDir()}) {
		say(loglevel.Error, "%s is already active, aborting startup", name)
		return d.Exit(crmexit.OK)
	}
	for _, dir := range []string{inputsDir, configDir} {
		if dir = root.Path(dir); !d.CanWrite(dir) {
			say(loglevel.Error, "Terminating due to bad permissions on %s", dir)
			fmt.Fprintf(stderr, "ERROR: Bad permissions on %s (see logs for details)\n", dir)
			return d.Exit(crmexit.Fatal)
		}
	}
	s := newServer(d.Log, d.Env)
	return s.serve(ctx, d, terms)
}
