package attrd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/engine"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/root"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
)

// cibAttempts is how often the CIB manager is tried; each time it is waited a second longer.
const cibAttempts = 30

// sendTimeout is how long the CIB manager may leave a request where it is.
const sendTimeout = 10 * time.Second

// connectCIB connects and asks for notifications (attrd_cib_connect).
func (s *server) connectCIB(ctx context.Context) (err error) {
	const function = "attrd_cib_connect"
	for attempt := 1; attempt <= cibAttempts; attempt++ {
		if attempt > 1 {
			if !wait(ctx, time.Duration(attempt-1)*time.Second) {
				return ctx.Err()
			}
		}
		s.log.LogfAt(loglevel.Debug, function, "Connection attempt %d to the CIB manager", attempt)
		s.cib, err = client.Open(ctx, "attrd", client.Options{Cluster: true, Log: s.log, IPC: ipc.DialOptions{SocketDir: root.SocketDir()}})
		if err == nil {
			s.log.LogfAt(loglevel.Debug, function, "Connected to the CIB manager after %d attempts", attempt)
			break
		}
	}
	if err != nil {
		rc := client.RC(err).Legacy()
		s.log.LogfAt(loglevel.Error, function, "Connection to the CIB manager failed: %v | rc=%d", rc, int(rc))
		return err
	}
	for _, kind := range []client.Notification{client.NotifyReplace, client.NotifyDiff} {
		if err := s.cib.Subscribe(ctx, kind, true); err != nil {
			s.log.LogfAt(loglevel.Error, function, "Could not set CIB notification callback")
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// eraseOwn deletes what the CIB has of this node's attributes, of which nobody knows
// anything any more (attrd_erase_attrs).
func (s *server) eraseOwn() {
	xpath := fmt.Sprintf("//node_state[@uname='%s']/transient_attributes", s.cluster.NodeName())
	s.log.LogfAt(loglevel.Info, "attrd_erase_attrs", "Clearing transient attributes from CIB | xpath=%s", xpath)
	call, err := s.request(call.Request{Op: ops.Delete, Section: xpath, Options: call.QuorumOverride | call.XPath})
	if err != nil {
		s.erased(xpath, err)
		return
	}
	s.erase = call
}

func (s *server) erased(xpath string, err error) {
	rc := client.RC(err).Legacy()
	level := loglevel.Debug
	if rc != 0 {
		level = loglevel.Notice
	}
	s.log.LogfAt(level, "attrd_erase_cb", "Cleared transient attributes: %v | xpath=%s rc=%d", rc, xpath, int(rc))
}

func (s *server) request(r call.Request) (int, error) {
	ctx, cancel := context.WithTimeout(s.ctx, sendTimeout)
	defer cancel()
	return s.cib.Send(ctx, r)
}

// Modify is the engine's Host's.
func (s *server) Modify(u *engine.Update) int {
	r := call.Request{Op: ops.Modify, Section: "status", Data: u.Status, Options: call.QuorumOverride, User: u.User}
	if u.Deletes {
		r.Options |= call.MixedUpdate | call.ScopeLocal
	}
	call, err := s.request(r)
	now := time.Now()
	for _, v := range u.Values {
		s.alerts.send(s.alerts.list.OfAttribute(alert.AttributeChange{Node: v.Node, NodeID: v.ID, Name: u.Name, Value: v.Value}, now, s.log))
	}
	if err != nil {
		return min(-1, int(client.RC(err).Legacy()))
	}
	return call
}

// listenCIB passes on what the CIB manager says, until it is gone.
func (s *server) listenCIB() {
	for {
		ev, err := s.cib.Event(s.ctx)
		if err != nil {
			if s.ctx.Err() == nil && !errors.Is(err, client.ErrClosed) {
				s.fail(crmexit.Disconnect, "attrd_cib_destroy_cb", "Lost connection to the CIB manager, shutting down")
			}
			return
		}
		s.mu.Lock()
		if !s.ending {
			s.cibEvent(ev)
			s.arm()
		}
		s.mu.Unlock()
	}
}

// Sections of the CIB that a notification names (enum cib_change_section_info).
const (
	changedNodes  = 1
	changedAlerts = 2
	changedStatus = 4
)

func (s *server) cibEvent(ev client.Event) {
	switch {
	case ev.Kind == client.NotifyReplace:
		changed := changedNodes | changedAlerts | changedStatus
		if a := ev.Message.SelectAttr("cib_change_section"); a != nil {
			changed, _ = strconv.Atoi(a.Value) // 0 of nonsense
		}
		s.engine.Replaced(time.Now(), string(ev.Kind), engine.Sections{Nodes: changed&changedNodes != 0, Status: changed&changedStatus != 0})
		if changed&changedAlerts != 0 {
			s.readAlerts()
		}
	case ev.Kind == client.NotifyDiff:
		if ev.Err == nil && ev.Answer != nil && alert.Changed(ev.Answer) {
			s.readAlerts()
		}
	case ev.Kind != "":
	case ev.Call == s.alerts.reading:
		s.alerts.read(ev)
	case ev.Call == s.erase:
		s.erased(fmt.Sprintf("//node_state[@uname='%s']/transient_attributes", s.cluster.NodeName()), ev.Err)
	default:
		s.engine.Wrote(time.Now(), ev.Call, client.RC(ev.Err).Legacy())
	}
}
