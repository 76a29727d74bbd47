package pacemakerd

import (
	"context"
	"fmt"
	"time"

	"github.com/ringmaster-ha/ringmaster/cfg"
	"github.com/ringmaster-ha/ringmaster/cmap"
	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

const (
	// configTries is how often corosync is asked for its configuration; each time waited a second longer.
	configTries = 5
	callTime    = 10 * time.Second
	reconnect   = time.Second
)

// readConfig takes from corosync what the daemons need to know, and lets them use it
// (mcp_read_config).
func (s *server) readConfig() bool {
	const function = "mcp_read_config"
	var conn *cmap.Conn
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(s.ctx, callTime)
		var err error
		conn, err = cmap.Dial(ctx, cmap.Options{SocketDir: root.SocketDir()})
		cancel()
		if err == nil {
			break
		}
		rc := cserr.Of(err)
		s.logf(loglevel.Info, function, "Could not connect to Corosync CMAP: %v (retrying in %ds) | rc=%d", rc, try, int(rc))
		if !s.wait(time.Duration(try) * time.Second) {
			return false
		}
		if try == configTries {
			s.logf(loglevel.Crit, function, "Could not connect to Corosync CMAP: %v | rc=%d", rc, int(rc))
			return false
		}
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(s.ctx, callTime)
	defer cancel()
	s.logf(loglevel.Info, function, "Reading configuration for corosync stack")
	setOption("cluster_type", "corosync")
	setOption("quorum_type", "corosync")
	if _, ok := s.d.Env.Option("debug"); !ok {
		on := "0"
		if v, err := conn.Get(ctx, "logging.debug"); err == nil {
			if text, _ := v.Str(); isTrue(text) {
				on = "1"
			}
		}
		setOption("debug", on)
	}
	if a := account.Cluster(); a.Known {
		if err := conn.Set(ctx, fmt.Sprintf("uidgid.gid.%d", a.GID), cmap.Uint8(1)); err != nil {
			rc := cserr.Of(err)
			s.logf(loglevel.Warning, function, "Could not authorize group with Corosync: %v | group=%d rc=%d", rc, a.GID, int(rc))
		}
	}
	return true
}

// wait is false if the daemon ends meanwhile.
func (s *server) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// connect has corosync ask before it shuts down (cluster_connect_cfg).
func (s *server) connect() bool {
	const function = "cluster_connect_cfg"
	ctx, cancel := context.WithTimeout(s.ctx, callTime)
	defer cancel()
	conn, err := cfg.Dial(ctx, cfg.Options{SocketDir: root.SocketDir()})
	if err != nil {
		rc := cserr.Of(err)
		s.logf(loglevel.Crit, function, "Could not connect to Corosync CFG: %v | rc=%d", rc, int(rc))
		return false
	}
	id, err := conn.LocalNode(ctx)
	if err == nil {
		s.logf(loglevel.Debug, function, "Corosync reports local node ID is %d", uint32(id))
		err = conn.TrackShutdown(ctx)
	}
	if err != nil {
		rc := cserr.Of(err)
		s.logf(loglevel.Crit, function, "Could not enable Corosync CFG shutdown tracker: %v | rc=%d", rc, int(rc))
		_ = conn.Close()
		return false
	}
	s.cfgMu.Lock()
	s.cfg = conn
	s.cfgMu.Unlock()
	return true
}

func (s *server) disconnect() {
	s.cfgMu.Lock()
	defer s.cfgMu.Unlock()
	if s.cfg != nil {
		_ = s.cfg.Close()
		s.cfg = nil
	}
}

// followCluster never lets corosync shut down while the daemons run, and connects again when it is back.
func (s *server) followCluster() {
	for {
		s.cfgMu.Lock()
		conn := s.cfg
		s.cfgMu.Unlock()
		if conn == nil {
			return
		}
		how, err := conn.NextShutdown(s.ctx)
		switch {
		case s.ctx.Err() != nil:
			return
		case err == nil:
			text := "optional"
			switch how {
			case cfg.Regardless:
				text = "forced"
			case cfg.Immediate:
				text = "immediate"
			}
			s.logf(loglevel.Info, "cfg_shutdown_callback", "Corosync wants to shut down: %s", text)
			_ = conn.ReplyToShutdown(s.ctx, false) // it may have been decided already
			continue
		}
		s.logf(loglevel.Warning, "cfg_connection_destroy", "Lost connection to cluster layer (connection will be reattempted once per second)")
		s.disconnect()
		for again := false; !again; {
			if !s.wait(reconnect) {
				return
			}
			if again = s.connect(); !again {
				s.logf(loglevel.Info, "cluster_reconnect_cb", "Cluster reconnect failed (connection will be reattempted once per second)")
			}
		}
		s.logf(loglevel.Notice, "cluster_reconnect_cb", "Cluster reconnect succeeded")
		s.readConfig()
		s.act(s.core.ClusterBack)
	}
}

// stopCluster has corosync end (pcmkd_shutdown_corosync).
func (s *server) stopCluster() {
	const function = "pcmkd_shutdown_corosync"
	s.cfgMu.Lock()
	conn := s.cfg
	s.cfgMu.Unlock()
	if conn == nil {
		s.logf(loglevel.Warning, function, "Unable to shut down Corosync: No connection")
		return
	}
	s.logf(loglevel.Info, function, "Asking Corosync to shut down")
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	if err := conn.TryShutdown(ctx, cfg.Immediate); err != nil {
		rc := cserr.Of(err)
		s.logf(loglevel.Warning, function, "Corosync shutdown failed: %v | rc=%d", rc, int(rc))
	}
}

// ClusterConnected is the core's Host's (pcmkd_corosync_connected).
func (s *server) ClusterConnected() bool {
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	conn, err := cpg.Dial(ctx, cpg.Options{SocketDir: root.SocketDir()})
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
