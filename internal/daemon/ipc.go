package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/engine"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// ipcService serves one service's clients: server.Handler between libqb's
// protocol and the engine.
type ipcService struct {
	d     *Daemon
	info  service.Info
	srv   *server.Server
	conns map[*server.Conn]*conn
	stop  context.CancelFunc
	done  chan struct{}
}

// conn is service.Conn of one client.
type conn struct {
	*server.Conn
	procName string // of the client, as /proc has it
	invalid  uint64 // requests that made no sense
	overload uint64 // requests put off
}

// ipcType is corosync.conf(5) qb.ipc_type.
func ipcType(m *icmap.Map, log loglevel.Logger) wire.Transport {
	s, err := m.GetString("system.qb_ipc_type")
	if err != nil {
		log.Logf(loglevel.Debug, "No configured system.qb_ipc_type. Using native ipc")
		return wire.Shm
	}
	switch s {
	case "socket":
		log.Logf(loglevel.Debug, "Using %s ipc", s)
		return wire.Socket
	case "shm", "native":
		log.Logf(loglevel.Debug, "Using %s ipc", s)
	default:
		log.Logf(loglevel.Debug, "Unknown ipc type %s", s)
	}
	return wire.Shm
}

// openIPC makes a service known to clients. It is called under the service
// lock; the clients are served from then on, and admitted when the Node is
// ready.
func (d *Daemon) openIPC(info service.Info) error {
	log := d.log.Logger("MAIN")
	if len(info.Requests) == 0 || info.IPC == "" {
		log.Logf(loglevel.Debug, "NOT Initializing IPC on %s [%d]", shortName(info.ID), info.ID)
		return nil
	}
	log.Logf(loglevel.Debug, "Initializing IPC on %s [%d]", info.IPC, info.ID)
	s := &ipcService{d: d, info: info, conns: map[*server.Conn]*conn{}, done: make(chan struct{})}
	opts := server.Options{
		Name: info.IPC, Type: ipcType(d.cmap, log), Handler: s, Accept: s.accept,
		Locker: &d.mu, Cork: &d.cork, Log: d.log.Logger("QB"),
		ShmDir: d.opts.ShmDir, SocketDir: d.opts.SocketDir,
	}
	if info.ID == service.CPG {
		opts.Lend, opts.LentPending = lendable, d.ring.Wake
	}
	srv, err := server.Listen(opts)
	if err != nil {
		log.Logf(loglevel.Error, "Can't initialize IPC: %v", err)
		return fmt.Errorf("qb_ipcs_run error: %w", err)
	}
	s.srv = srv
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	d.ipc = append(d.ipc, s)
	if lent := srv.Lent(); lent != nil {
		d.lent = lent
	}
	go func() {
		defer close(s.done)
		if err := srv.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.Logf(loglevel.Error, "IPC on %s: %v", info.IPC, err)
		}
	}()
	return nil
}

// lendable are the requests that the ring thread may handle: libcpg's multicasts,
// which end in the ring's own queue, read no file and say nothing to the client.
func lendable(msg []byte) bool {
	h, err := wire.ParseRequestHeader(msg)
	return err == nil && h.ID == engine.CPGMcastRequest
}

// shortName is what the reference calls the services that have no clients.
func shortName(id service.ID) string {
	switch id {
	case service.Mon:
		return "mon"
	case service.WD:
		return "wd"
	}
	return "(null)"
}

// close disconnects all clients and returns when that is done. The service lock
// must not be held.
func (s *ipcService) close() {
	s.stop()
	<-s.done
}

// accept decides who may be a client: root, the daemon's own user, and whom
// corosync.conf's uidgid sections name.
func (s *ipcService) accept(p server.Peer) error {
	d, log := s.d, s.d.log.Logger("MAIN")
	if !d.node.Ready() {
		log.Logf(loglevel.Debug, "Denied connection, corosync is not ready")
		return syscall.EAGAIN
	}
	if p.UID == 0 || p.GID == 0 || p.UID == uint32(os.Geteuid()) {
		return nil
	}
	for _, key := range []string{
		fmt.Sprintf("uidgid.uid.%d", p.UID), fmt.Sprintf("uidgid.config.uid.%d", p.UID),
		fmt.Sprintf("uidgid.gid.%d", p.GID), fmt.Sprintf("uidgid.config.gid.%d", p.GID),
	} {
		if v, err := d.cmap.GetUint8(key); err == nil && v == 1 {
			return nil
		}
	}
	log.Logf(loglevel.Error, "Denied connection attempt from %d:%d", p.UID, p.GID)
	return syscall.EACCES
}

// Open implements server.Handler.
func (s *ipcService) Open(sc *server.Conn) error {
	s.d.log.Logger("MAIN").Logf(loglevel.Debug, "connection created")
	e := s.d.node.Engine(s.info.ID)
	if e == nil {
		return errors.New("the service is being unloaded")
	}
	c := &conn{Conn: sc, procName: sc.ProcessName()}
	if err := e.Open(c); err != nil {
		s.d.log.Logger("MAIN").Logf(loglevel.Error, "lib_init_fn failed, disconnecting")
		return err
	}
	s.conns[sc] = c
	s.d.ipcActive++
	s.d.stats.AddConn(s.info.ID, c.PID(), c.Serial(), c.figures)
	return nil
}

// Request implements server.Handler.
func (s *ipcService) Request(sc *server.Conn, msg []byte) {
	c := s.conns[sc]
	if c == nil {
		return
	}
	h, err := wire.ParseRequestHeader(msg)
	if err != nil {
		return // the server has checked it
	}
	switch s.d.node.Request(c, s.info.ID, h.ID, msg) {
	case engine.Invalid:
		c.invalid++
	case engine.Overloaded:
		c.overload++
	case engine.Later:
		if sc.Postpone() {
			c.overload++
		}
	}
}

// Close implements server.Handler.
func (s *ipcService) Close(sc *server.Conn, err error) {
	c := s.conns[sc]
	if c == nil {
		return
	}
	delete(s.conns, sc)
	s.d.stats.RemoveConn(s.info.ID, c.PID(), c.Serial())
	s.d.ipcActive--
	s.d.ipcClosed++
	if e := s.d.node.Engine(s.info.ID); e != nil {
		e.Close(c)
	}
}
