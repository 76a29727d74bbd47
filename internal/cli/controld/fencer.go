package controld

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/watchdog"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/client"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Connecting to the fencer: how long waited before it is tried again, and how long it may take to answer.
const (
	fencerPause    = 250 * time.Millisecond
	fencerPatience = 30 * time.Second
	// historySeconds is how long fencers may take to tell each other what they know.
	historySeconds = 5
)

// fencerLink is the connection to the fencer, and the calls that it has not answered.
type fencerLink struct {
	conn   *client.Conn       // nil without one
	cancel context.CancelFunc // ends the attempt to connect; nil if none is wanted
	calls  map[int]func(now time.Time, r wire.Result)
}

// close ends the connection, or the attempt to make one. Calls that have no answer get none.
func (l *fencerLink) close() {
	if l.cancel != nil {
		l.cancel()
	}
	if l.conn != nil {
		_ = l.conn.Close()
	}
	*l = fencerLink{}
}

// connectFencer connects and tries until it does or nobody wants it to any more (te_connect_stonith).
func (s *server) connectFencer() {
	if s.fencer.cancel != nil || s.fencer.conn != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.fencer.cancel = cancel
	s.all.Go(func() {
		defer cancel()
		conn, err := s.openFencer(ctx)
		for level := loglevel.Notice; err != nil; level = loglevel.Debug {
			s.log.LogfAt(level, "te_connect_stonith", "Fencer connection failed (will retry): %v | rc=%d", client.RC(err), int(client.RC(err).Legacy()))
			if !wait(ctx, fencerPause) {
				return
			}
			conn, err = s.openFencer(ctx)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if ctx.Err() != nil || s.ending {
			_ = conn.Close()
			return
		}
		s.fencer = fencerLink{conn: conn, calls: map[int]func(now time.Time, r wire.Result){}}
		s.all.Go(func() { s.listenFencer(conn) })
		s.act(func(now time.Time) { s.core.Connected(now, engine.Fencer, nil) })
	})
}

func (s *server) openFencer(ctx context.Context) (*client.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, fencerPatience)
	defer cancel()
	conn, err := client.Dial(ctx, name, client.Options{IPC: s.dialOptions()})
	if err != nil {
		return nil, err
	}
	for _, kind := range []string{wire.NotifyFence, wire.NotifyHistorySynced} {
		if err := conn.Subscribe(ctx, kind); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// listenFencer passes on what the fencer says, until the connection ends.
func (s *server) listenFencer(conn *client.Conn) {
	for {
		ev, err := conn.Event(s.ctx)
		if errors.Is(err, client.ErrProtocol) {
			s.log.LogfAt(loglevel.Error, "stonith_dispatch_internal", "%v", err)
			continue
		}
		s.enter(func(now time.Time) {
			switch {
			case s.fencer.conn != conn: // closed by ourselves
			case err != nil:
				s.fencer.close()
				s.core.Lost(now, engine.Fencer)
			default:
				s.fencerEvent(now, ev)
			}
		})
		if err != nil {
			return
		}
	}
}

func (s *server) fencerEvent(now time.Time, ev *wire.Event) {
	switch {
	case ev.Notification != nil:
		s.core.FencerEvent(now, ev.Notification)
	case ev.Timeout != nil:
		s.core.FencingTimeout(now, ev.Timeout.CallID, ev.Timeout.Seconds)
	case ev.Reply != nil:
		if then, ok := s.fencer.calls[ev.Reply.CallID]; ok {
			delete(s.fencer.calls, ev.Reply.CallID)
			then(now, ev.Reply.Result)
		}
	}
}

// Fence is the core's Host's.
func (s *server) Fence(f *wire.Fence, options wire.CallOptions, then func(now time.Time, r wire.Result)) int {
	fail := func(exec wire.Exec) int {
		s.later = append(s.later, func(now time.Time) { then(now, wire.Result{Exit: crmexit.Error, Exec: exec}) })
		return -1
	}
	if s.fencer.conn == nil {
		return fail(wire.ExecNotConnected)
	}
	call, err := s.fencer.conn.FenceWith(s.ctx, f, options)
	if err != nil {
		s.log.LogfAt(loglevel.Error, "te_fence_node", "Could not ask the fencer: %v", err)
		return fail(wire.ExecNotConnected)
	}
	s.fencer.calls[call] = then
	return call
}

// watchdogDevice is the fencer's device for nodes that reset themselves.
const watchdogDevice = "watchdog"

// CheckWatchdog is the core's Host's (controld_verify_stonith_watchdog_timeout). The reference's controller waits
// for the fencer's answer; ours goes on meanwhile.
func (s *server) CheckWatchdog(timeout string) {
	if s.fencer.conn == nil {
		return
	}
	node := s.cluster.NodeName()
	s.all.Go(func() {
		if !s.resetsItself(node) || watchdog.Valid(timeout, s.env, watchdog.SBD(), s.log) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.Exit(crmexit.Fatal)
	})
}

// resetsItself tells whether the fencer leaves it to this node's watchdog to fence it
// (stonith__watchdog_fencing_enabled_for_node_api).
func (s *server) resetsItself(node string) bool {
	const function = "stonith__watchdog_fencing_enabled_for_node_api"
	ctx, cancel := context.WithTimeout(s.ctx, fencerPatience)
	defer cancel()
	conn, err := client.Dial(ctx, name, client.Options{IPC: s.dialOptions()})
	list := ""
	if err == nil {
		list, err = conn.Exec(ctx, &wire.ExecRequest{Device: watchdogDevice, Action: "list"}, 0)
		_ = conn.Close()
	}
	switch rc := client.RC(err); {
	case err == nil:
		return list == "" || slices.ContainsFunc(agent.Targets(list), func(n string) bool { return strings.EqualFold(n, node) })
	case ctx.Err() != nil: // we end
	case rc == crmexit.RC(syscall.ENODEV):
		s.log.LogfAt(loglevel.Notice, function, "Cluster does not have watchdog fencing device")
	default:
		s.log.LogfAt(loglevel.Warning, function, "Could not check for watchdog fencing device: %v", rc)
	}
	return false
}

// SyncFencing is the core's Host's (do_stonith_history_sync). It is asked for on a connection of its own: the
// fencer answers only when all others have.
func (s *server) SyncFencing() bool {
	if s.fencer.conn == nil {
		return false
	}
	s.all.Go(func() {
		conn, err := client.Dial(s.ctx, name, client.Options{IPC: s.dialOptions()})
		if err == nil {
			_, err = conn.History(s.ctx, "", wire.Broadcast, historySeconds)
			_ = conn.Close()
		}
		if err != nil && s.ctx.Err() == nil {
			s.log.LogfAt(loglevel.Info, "do_stonith_history_sync", "Fencing histories could not be exchanged: %v", err)
		}
	})
	return true
}
