package fenced

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/metadata"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

const (
	name    = "pacemaker-fenced"
	service = "stonith-ng"
)

const help = name + ` - daemon for executing fencing devices in a Pacemaker cluster
Usage: pacemaker-fenced [options]
Options:
 -s, --stand-alone		Deprecated (will be removed in a future release)
 -c, --stand-alone-w-cpg		Intended for use in regression testing only
 -l, --logfile=value	
 -V, --verbose	
 -$, --version	
 -?, --help	

Report bugs to users@clusterlabs.org
`

// Main runs the daemon and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	wrong := &complaints{Writer: stderr}
	p := getopt.New(args, "scVl:$?", []getopt.Long{
		{Name: "stand-alone", Val: 's'}, {Name: "stand-alone-w-cpg", Val: 'c'}, {Name: "logfile", Arg: getopt.Required, Val: 'l'},
		{Name: "verbose", Val: 'V'}, {Name: "version", Val: '$'}, {Name: "help", Val: '?'},
	}, wrong)
	var mode mode
	for {
		opt, ok := p.Next()
		if !ok {
			break
		}
		switch opt {
		case 's':
			mode = standAlone
		case 'c':
			mode = withoutCIB
		case 'l':
			// The log is opened by what the environment says.
			_ = os.Setenv("PCMK_logfile", p.Arg)
		case 'V':
			_ = os.Setenv("PCMK_debug", "yes")
		case '?': // asked for, or getopt.Invalid
			if wrong.any {
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
	switch rest := p.Rest(); {
	case len(rest) == 1 && strings.EqualFold(rest[0], "metadata"):
		fmt.Fprint(stdout, metadata.Document(name, `Instance attributes available for all "stonith"-class resources`,
			`Instance attributes available for all "stonith"-class resources and used by Pacemaker's fence daemon, formerly known as stonithd`, deviceParameters))
		return int(crmexit.OK)
	case len(rest) > 0:
		fmt.Fprint(stderr, help)
		return int(crmexit.Usage)
	}
	return run(mode)
}

// mode is what the daemon has around it.
type mode int

const (
	inCluster  mode = iota
	withoutCIB      // a cluster, and no CIB
	standAlone      // neither
)

// complaints knows whether any were written.
type complaints struct {
	io.Writer
	any bool
}

func (n *complaints) Write(b []byte) (int, error) {
	n.any = true
	return n.Writer.Write(b)
}

// run serves until SIGTERM, or until the CIB manager or corosync is gone.
func run(mode mode) int {
	p := daemon.Start(name)
	p.KeepRoom()
	say := func(level loglevel.Level, format string, args ...any) { p.Log.LogfAt(level, "main", format, args...) }
	say(loglevel.Notice, "Starting Pacemaker fencer")
	ctx, stop := p.Signals()
	defer stop()
	if ipc.Offered(ctx, service, ipc.DialOptions{SocketDir: root.SocketDir()}) {
		say(loglevel.Error, "%s is already active, aborting startup", name)
		return p.Exit(crmexit.OK)
	}
	s := newServer(p.Log, p.Env)
	defer s.cancel()
	end := func(code crmexit.Code) int {
		s.end()
		return p.Exit(code)
	}
	if mode == standAlone {
		say(loglevel.Warning, "Stand-alone mode is deprecated and will be removed in a future release")
		s.begin(nil)
	} else {
		s.mu.Lock()
		c, err := cluster.Join(ctx, cluster.Options{
			Service: cpgmsg.StonithNG, Group: service, Handler: s, Locker: &s.mu, Log: p.Log, SocketDir: root.SocketDir(),
		})
		if err != nil {
			s.mu.Unlock()
			if ctx.Err() != nil {
				return end(crmexit.OK)
			}
			say(loglevel.Crit, "Cannot sign in to the cluster... terminating")
			return end(crmexit.Fatal)
		}
		s.begin(c)
		s.mu.Unlock()
	}
	if mode == inCluster {
		s.connectCIB(ctx)
	}
	buffer, _ := p.Env("PCMK_ipc_buffer")
	transport, _ := p.Env("PCMK_ipc_type")
	srv, err := ipc.Listen(ipc.Options{
		Name: service, Type: transport, Buffer: frame.Buffer(buffer, 0),
		Log: p.Log, SocketDir: root.SocketDir(), Handler: s, Locker: &s.mu,
	})
	if err != nil {
		p.Log.LogfAt(loglevel.Error, "pcmk__serve_fenced_ipc", "Failed to create %s servers: exiting and inhibiting respawn: %v", name, err)
		return end(crmexit.Fatal)
	}
	say(loglevel.Notice, "Pacemaker fencer successfully started and accepting connections")
	p.Begun()
	s.all.Go(func() {
		if err := srv.Serve(s.ctx); err != nil {
			s.fail("main", "%v", err)
		}
	})
	select {
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	s.log.LogfAt(loglevel.Info, "stonith_shutdown", "Terminating with %d clients", s.connected())
	return end(crmexit.OK)
}
