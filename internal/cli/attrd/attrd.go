package attrd

import (
	"context"
	"fmt"
	"io"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

const (
	name    = "pacemaker-attrd"
	summary = "daemon for managing Pacemaker node attributes"
)

// Main runs the daemon and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var common pcmktool.Common
	_, help, err := pcmktool.Parse(common.Context(args, summary, "text (default), xml"), args, "", stdout)
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
		return int(crmexit.Error)
	}
	code := 0
	if common.Version {
		out.Version()
	} else {
		code = run()
	}
	if err := out.Finish(crmexit.Code(code)); err != nil {
		return int(crmexit.IOErr)
	}
	return code
}

// run serves until SIGTERM, or until the CIB manager or corosync is gone.
func run() int {
	p := daemon.Start(name)
	p.KeepRoom()
	say := func(level loglevel.Level, format string, args ...any) { p.Log.LogfAt(level, "main", format, args...) }
	say(loglevel.Notice, "Starting Pacemaker node attribute manager")
	ctx, stop := p.Signals()
	defer stop()
	if ipc.Offered(ctx, wire.Service, ipc.DialOptions{SocketDir: root.SocketDir()}) {
		say(loglevel.Error, "%s is already active, aborting startup", name)
		return p.Exit(crmexit.OK)
	}
	d := newServer(p.Log)
	defer d.cancel()
	if err := d.connectCIB(ctx); err != nil {
		return d.end(p, startFailure(ctx))
	}
	say(loglevel.Info, "CIB connection active")
	// Peers are heard once everything is there.
	d.mu.Lock()
	c, err := cluster.Join(ctx, cluster.Options{
		Service: cpgmsg.Attrd, Group: wire.Service, Handler: d, Locker: &d.mu, Log: p.Log, SocketDir: root.SocketDir(),
	})
	if err != nil {
		d.mu.Unlock()
		p.Log.LogfAt(loglevel.Error, "attrd_cluster_connect", "Cluster connection failed")
		return d.end(p, startFailure(ctx))
	}
	say(loglevel.Info, "Cluster connection active")
	d.begin(c)
	d.mu.Unlock()
	buffer, _ := p.Env("PCMK_ipc_buffer")
	transport, _ := p.Env("PCMK_ipc_type")
	s, err := ipc.Listen(ipc.Options{
		Name: wire.Service, Type: transport, Buffer: frame.Buffer(buffer, 0),
		Log: p.Log, SocketDir: root.SocketDir(), Handler: d, Locker: &d.mu,
	})
	if err != nil {
		p.Log.LogfAt(loglevel.Error, "pcmk__serve_attrd_ipc", "Failed to create %s servers: exiting and inhibiting respawn: %v", name, err)
		return d.end(p, crmexit.Fatal)
	}
	say(loglevel.Notice, "Pacemaker node attribute manager successfully started and accepting connections")
	p.Begun()
	d.all.Go(func() {
		if err := s.Serve(d.ctx); err != nil {
			d.fail(crmexit.OSErr, "main", "%v", err)
		}
	})
	select {
	case <-ctx.Done():
	case <-d.ctx.Done():
	}
	say(loglevel.Info, "Shutting down attribute manager")
	return d.end(p, crmexit.OK)
}

// startFailure is the status of a daemon that could not begin: one that was asked to end
// meanwhile just ends.
func startFailure(ctx context.Context) crmexit.Code {
	if ctx.Err() != nil {
		return crmexit.OK
	}
	return crmexit.Fatal
}
