package fenced

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// cibAttempts is how often the CIB manager is tried; each time it is waited a second longer.
const cibAttempts = 5

// connectCIB connects and follows the CIB (setup_cib). Without one the daemon serves what clients
// register.
func (s *server) connectCIB(ctx context.Context) {
	const function = "setup_cib"
	var conn client.Conn
	var err error
	for attempt := range cibAttempts {
		select {
		case <-time.After(time.Duration(attempt) * time.Second):
		case <-ctx.Done():
			return
		}
		conn, err = client.Open(ctx, crmmsg.Fencer, client.Options{Cluster: true, Log: s.log, IPC: ipc.DialOptions{SocketDir: root.SocketDir()}})
		if err == nil || client.RC(err) != crmexit.RC(syscall.ENOTCONN) {
			break
		}
	}
	if err != nil {
		rc := client.RC(err).Legacy()
		s.log.LogfAt(loglevel.Error, function, "Could not connect to the CIB manager: %v (%d)", rc, int(rc))
		return
	}
	s.mu.Lock()
	s.cib = conn
	s.mu.Unlock()
	if err := conn.Subscribe(ctx, client.NotifyDiff, true); err != nil {
		s.log.LogfAt(loglevel.Error, function, "Could not set CIB notification callback")
		return
	}
	s.log.LogfAt(loglevel.Info, function, "Watching for fencing topology changes")
	s.all.Go(s.followCIB)
}

// followCIB keeps the engine to what the CIB has, until the CIB manager is gone.
func (s *server) followCIB() {
	s.fetchCIB()
	for {
		ev, err := s.cib.Event(s.ctx)
		if err != nil {
			if s.ctx.Err() == nil && !errors.Is(err, client.ErrClosed) {
				s.fail("cib_connection_destroy", "Lost connection to the CIB manager, shutting down")
			}
			return
		}
		if ev.Kind == client.NotifyDiff && ev.Err == nil {
			s.cibChanged(ev)
		}
	}
}

// fetchCIB asks for the whole CIB.
func (s *server) fetchCIB() {
	cib, err := s.cib.Do(s.ctx, call.Request{Op: ops.Query, Options: call.ScopeLocal})
	if err != nil {
		if s.ctx.Err() == nil {
			rc := client.RC(err).Legacy()
			s.log.LogfAt(loglevel.Error, "update_cib_cache_cb", "Couldn't retrieve the CIB: %v (%d)", rc, int(rc))
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return
	}
	s.config = cib
	s.engine.Configured(time.Now(), cib)
	s.arm()
}

func (s *server) cibChanged(ev client.Event) {
	s.mu.Lock()
	if s.config == nil {
		s.mu.Unlock()
		s.fetchCIB()
		return
	}
	changed, err := ev.Change(s.config)
	if err != nil {
		s.log.LogfAt(loglevel.Notice, "update_cib_cache_cb", "[%s] Patch aborted: %v", ev.Kind, err)
		s.config = nil
		s.mu.Unlock()
		s.fetchCIB()
		return
	}
	defer s.mu.Unlock()
	if s.ending || !changed {
		return
	}
	s.engine.Changed(time.Now(), s.config, ev.Answer)
	s.arm()
}
