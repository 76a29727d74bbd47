package pacemakerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// How corosync is asked.
const (
	answerTime  = 10 * time.Second // for an answer
	cmapTries   = 5                // to connect to its map; the waits grow by a second each
	cfgTries    = 30               // likewise for what it takes while it is busy
	reconnectIn = time.Second      // after the connection is lost
)

// corosyncLink is the connection to corosync, which keeps it from stopping below us
// (pcmkd_corosync.c).
type corosyncLink struct {
	n       *node
	sockets string

	mu   sync.Mutex
	conn *cfg.Conn // nil while there is none
}

// repeat does what corosync may ask to do again.
func repeat(ctx context.Context, n *node, tries int, do func(context.Context) error) (err error) {
	for wait := 1; ; wait++ {
		err = once(ctx, do)
		if code := cserr.Of(err); code != cserr.TryAgain && code != cserr.QueueFull || wait >= tries {
			return err
		}
		n.logf(loglevel.Debug, "cluster_connect_cfg", "Retrying Corosync operation after %ds", wait)
		if !pause(ctx, time.Duration(wait)*time.Second) {
			return err
		}
	}
}

func once(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return do(ctx)
}

// pause waits; it is false if ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// authentic tells whether corosync is root's, or, in a folder, that of its user.
func authentic(uid, gid uint32) bool {
	return uid == 0 || gid == 0 || root.Dir() != "" && uid == uint32(os.Geteuid())
}

// configure reads what corosync's map says, for the daemons, and lets these in
// (mcp_read_config).
func (l *corosyncLink) configure(ctx context.Context) bool {
	const function = "mcp_read_config"
	logf := l.n.logf
	var conn *cmap.Conn
	var err error
	for retry := 1; retry <= cmapTries; retry++ {
		err = once(ctx, func(ctx context.Context) (err error) {
			conn, err = cmap.Dial(ctx, cmap.Options{SocketDir: l.sockets})
			return err
		})
		if err == nil {
			break
		}
		code := cserr.Of(err)
		logf(loglevel.Info, function, "Could not connect to Corosync CMAP: %v (retrying in %ds) | rc=%d", code, retry, int(code))
		if !pause(ctx, time.Duration(retry)*time.Second) {
			return false
		}
	}
	if err != nil {
		code := cserr.Of(err)
		logf(loglevel.Crit, function, "Could not connect to Corosync CMAP: %v | rc=%d", code, int(code))
		return false
	}
	defer conn.Close()
	if d := conn.Daemon(); !authentic(d.UID, d.GID) {
		logf(loglevel.Crit, function, "Rejecting Corosync CMAP provider because process %d is running as uid %d gid %d, not root", d.PID, d.UID, d.GID)
		return false
	}
	logf(loglevel.Info, function, "Reading configuration for corosync stack")
	setOption("cluster_type", "corosync")
	setOption("quorum_type", "corosync")
	if _, ok := l.n.env.Option("debug"); !ok {
		debug := "0"
		_ = once(ctx, func(ctx context.Context) error {
			v, err := conn.Get(ctx, "logging.debug")
			if text, _ := v.Str(); err == nil && env.IsTrue(text) {
				debug = "1"
			}
			return err
		})
		setOption("debug", debug)
	}
	ids := account.Cluster()
	if !ids.Known {
		logf(loglevel.Warning, function, "Could not authorize group with Corosync | No group found for user %s", account.ClusterUser)
		return true
	}
	err = once(ctx, func(ctx context.Context) error {
		return conn.Set(ctx, "uidgid.gid."+strconv.FormatUint(uint64(ids.GID), 10), cmap.Uint8(1))
	})
	if err != nil {
		code := cserr.Of(err)
		logf(loglevel.Warning, function, "Could not authorize group with Corosync: %v | group=%d rc=%d", code, ids.GID, int(code))
	}
	return true
}

// connect connects to corosync's configuration service (cluster_connect_cfg).
func (l *corosyncLink) connect(ctx context.Context) bool {
	const function = "cluster_connect_cfg"
	logf := l.n.logf
	fail := func(what string, err error) bool {
		if ctx.Err() == nil {
			code := cserr.Of(err)
			logf(loglevel.Crit, function, "Could not %s: %v | rc=%d", what, code, int(code))
		}
		return false
	}
	var conn *cfg.Conn
	if err := repeat(ctx, l.n, cfgTries, func(ctx context.Context) (err error) {
		conn, err = cfg.Dial(ctx, cfg.Options{SocketDir: l.sockets})
		return err
	}); err != nil {
		return fail("connect to Corosync CFG", err)
	}
	if d := conn.Daemon(); !authentic(d.UID, d.GID) {
		logf(loglevel.Crit, function, "Rejecting Corosync CFG provider because process %d is running as uid %d gid %d, not root", d.PID, d.UID, d.GID)
		_ = conn.Close()
		return false
	}
	var id cfg.NodeID
	if err := repeat(ctx, l.n, cfgTries, func(ctx context.Context) (err error) {
		id, err = conn.LocalNode(ctx)
		return err
	}); err != nil {
		_ = conn.Close()
		return fail("get local node ID from Corosync", err)
	}
	logf(loglevel.Debug, function, "Corosync reports local node ID is %d", id)
	if err := repeat(ctx, l.n, cfgTries, conn.TrackShutdown); err != nil {
		_ = conn.Close()
		return fail("enable Corosync CFG shutdown tracker", err)
	}
	l.mu.Lock()
	l.conn = conn
	l.mu.Unlock()
	return true
}

// watch refuses shutdowns of corosync, and connects again when the connection is lost.
func (l *corosyncLink) watch() {
	ctx := l.n.ctx
	for ctx.Err() == nil {
		l.mu.Lock()
		conn := l.conn
		l.mu.Unlock()
		err := l.refuse(ctx, conn)
		if ctx.Err() != nil {
			return
		}
		l.n.logf(loglevel.Warning, "cfg_connection_destroy", "Lost connection to cluster layer (connection will be reattempted once per second)")
		l.n.logf(loglevel.Debug, "cfg_connection_destroy", "%v", err)
		l.close()
		if !l.reconnect(ctx) {
			return
		}
		l.n.tell(l.n.engine.ClusterReturned)
	}
}

// refuse never lets corosync stop while we run. It ends with the connection.
func (l *corosyncLink) refuse(ctx context.Context, conn *cfg.Conn) error {
	for {
		how, err := conn.NextShutdown(ctx)
		if err != nil {
			return err
		}
		kind := "optional"
		switch how {
		case cfg.Immediate:
			kind = "immediate"
		case cfg.Regardless:
			kind = "forced"
		}
		l.n.logf(loglevel.Info, "cfg_shutdown_callback", "Corosync wants to shut down: %s", kind)
		err = once(ctx, func(ctx context.Context) error { return conn.ReplyToShutdown(ctx, false) })
		if errors.Is(err, cfg.ErrLibrary) {
			return fmt.Errorf("reply to shutdown: %w", err)
		}
	}
}

func (l *corosyncLink) reconnect(ctx context.Context) bool {
	const function = "cluster_reconnect_cb"
	for pause(ctx, reconnectIn) {
		if l.connect(ctx) {
			l.n.logf(loglevel.Notice, function, "Cluster reconnect succeeded")
			l.configure(ctx)
			return true
		}
		l.n.logf(loglevel.Info, function, "Cluster reconnect failed (connection will be reattempted once per second)")
	}
	return false
}

// shutdown has corosync stop at once (pcmkd_shutdown_corosync).
func (l *corosyncLink) shutdown() {
	const function = "pcmkd_shutdown_corosync"
	l.mu.Lock()
	conn := l.conn
	l.mu.Unlock()
	if conn == nil {
		l.n.logf(loglevel.Warning, function, "Unable to shut down Corosync: No connection")
		return
	}
	l.n.logf(loglevel.Info, function, "Asking Corosync to shut down")
	if err := once(context.Background(), func(ctx context.Context) error { return conn.TryShutdown(ctx, cfg.Immediate) }); err != nil {
		code := cserr.Of(err)
		l.n.logf(loglevel.Warning, function, "Corosync shutdown failed: %v | rc=%d", code, int(code))
	}
}

func (l *corosyncLink) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}
