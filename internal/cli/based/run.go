package based

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/cib/disk"
	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/daemon"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// The services, and the one that tells whether there is a manager already.
const (
	serviceRO  = "cib_ro"
	serviceRW  = "cib_rw"
	serviceShm = "cib_shm"
)

// stateDir is where the CIB is kept.
const stateDir = "/var/lib/pacemaker/cib"

// localNode is the name of a node without peers.
const localNode = "localhost"

// run serves until it is told to end.
func run(o options, stderr io.Writer) int {
	if o.alone {
		if err := becomeCluster(); err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", name, err)
			return int(crmexit.Fatal)
		}
	}
	d := daemon.Start(name)
	d.KeepRoom()
	say := func(level loglevel.Level, format string, args ...any) { d.Log.LogfAt(level, "main", format, args...) }
	say(loglevel.Notice, "Starting Pacemaker CIB manager")
	if ipc.Offered(context.Background(), serviceRO, ipc.DialOptions{SocketDir: root.SocketDir()}) {
		say(loglevel.Error, "%s is already active, aborting startup", name)
		return d.Exit(crmexit.OK)
	}
	dir := o.root
	if dir == "" {
		dir = root.Path(stateDir)
	} else {
		say(loglevel.Notice, "Using custom config location: %s", dir)
	}
	if !d.CanWrite(dir) {
		say(loglevel.Error, "Terminating due to bad permissions on %s", dir)
		fmt.Fprintf(stderr, "ERROR: Bad permissions on %s (see logs for details)\n", dir)
		return d.Exit(crmexit.Fatal)
	}
	store := &disk.Store{FS: disk.Folder(dir), Name: disk.Live}
	if a := account.Cluster(); a.Known && os.Geteuid() == 0 {
		store.Owner = &disk.Owner{UID: int(a.UID), GID: int(a.GID)}
	}
	// As long as we have not begun, SIGTERM is only remembered.
	term, stop := d.Signals()
	defer stop()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	found, usable := read(d, dir, store)
	if !usable {
		d.Log.LogfAt(loglevel.Error, "activateCibXml", "Ignoring invalid CIB")
		d.Log.LogfAt(loglevel.Crit, "activateCibXml", "Could not write out new CIB and no saved version to revert to")
		d.Log.LogfAt(loglevel.Crit, "cib_init", "Cannot start CIB... terminating")
		return d.Exit(crmexit.NoInput)
	}
	cib, status := manager.Prepare(found, o.alone, d.Log)
	s := newServer(d.Log, store, end)
	ports := listenRemote(cib, d.Log)
	user, _ := account.Name(uint32(os.Geteuid()))
	config := manager.Config{
		Node: localNode, CIB: cib, Status: status, Alone: o.alone, NoWrites: o.alone && !o.writes,
		Log: d.Log, DaemonUser: user, InGroup: account.InGroup,
	}
	// Nothing is heard of peers and clients before there is a manager.
	s.mu.Lock()
	if !o.alone {
		if err := s.join(ctx); err != nil {
			s.mu.Unlock()
			d.Log.LogfAt(loglevel.Crit, "cib_init", "Cannot sign in to the cluster... terminating")
			return d.Exit(crmexit.Fatal)
		}
		config.Node = s.peers.NodeName()
	}
	var all sync.WaitGroup
	all.Go(s.writer)
	var first []manager.Action
	s.m, first = manager.New(config)
	s.do(first)
	s.mu.Unlock()
	services, err := s.listen(d)
	if err != nil {
		d.Log.LogfAt(loglevel.Error, "pcmk__serve_based_ipc", "Failed to create pacemaker-based servers: exiting and inhibiting respawn: %v", err)
		s.mu.Lock()
		s.code = crmexit.Fatal
		s.mu.Unlock()
		end()
	}
	for _, service := range services {
		all.Go(func() {
			if err := service.Serve(ctx); err != nil {
				say(loglevel.Error, "%v", err)
				s.with(func(m *manager.Manager) []manager.Action { return m.Lost() })
			}
		})
	}
	for _, port := range ports {
		all.Go(func() { s.serveRemote(ctx, port, systemLogins(d.Log)) })
	}
	all.Go(func() { s.obey(ctx, term, d.Log) })
	say(loglevel.Notice, "Pacemaker CIB manager successfully started and accepting connections")
	d.Begun()
	<-ctx.Done()
	if s.peers != nil {
		s.peers.Close() // sends what is left
	}
	s.mu.Lock()
	code := s.code
	close(s.write)
	s.mu.Unlock()
	all.Wait()
	return d.Exit(code)
}

// obey passes signals on, until ctx ends: term ends with SIGTERM, and SIGPIPE lets the disk be written
// to again.
func (s *server) obey(ctx, term context.Context, log loglevel.Sited) {
	again := make(chan os.Signal, 1)
	signal.Notify(again, unix.SIGPIPE)
	defer signal.Stop(again)
	asked := term.Done()
	for {
		select {
		case <-asked:
			asked = nil
			s.with(func(m *manager.Manager) []manager.Action { return m.Shutdown(time.Now()) })
		case <-again:
			log.LogfAt(loglevel.Notice, "crm_signal_dispatch", "Caught 'Broken pipe' signal | %d (invoking handler)", int(unix.SIGPIPE))
			s.with(func(m *manager.Manager) []manager.Action { return m.EnableWrites() })
		case <-ctx.Done():
			return
		}
	}
}

// listen makes the services known.
func (s *server) listen(d *daemon.Daemon) ([]*ipc.Server, error) {
	buffer, _ := d.Env("PCMK_ipc_buffer")
	transport, _ := d.Env("PCMK_ipc_type")
	var all []*ipc.Server
	for _, service := range []string{serviceRO, serviceRW, serviceShm} {
		o := ipc.Options{
			Name: service, Type: transport, Buffer: frame.Buffer(buffer, 0), Log: d.Log, SocketDir: root.SocketDir(),
			Locker: &s.mu, Handler: &handler{server: s, readOnly: service == serviceRO},
		}
		server, err := ipc.Listen(o)
		if err != nil {
			return nil, err
		}
		all = append(all, server)
	}
	return all, nil
}

// becomeCluster gives up root's rights for those of the cluster's user.
func becomeCluster() error {
	a := account.Cluster()
	if !a.Known {
		return fmt.Errorf("there is no user %s", account.ClusterUser)
	}
	if os.Geteuid() == int(a.UID) {
		return nil
	}
	if err := unix.Setgroups([]int{int(a.GID)}); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if err := unix.Setgid(int(a.GID)); err != nil {
		return fmt.Errorf("setgid: %w", err)
	}
	if err := unix.Setuid(int(a.UID)); err != nil {
		return fmt.Errorf("setuid: %w", err)
	}
	return nil
}
