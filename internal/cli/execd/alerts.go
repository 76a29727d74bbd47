package execd

import (
	"strconv"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/agent"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// alerts are those that are being sent.
type alerts struct {
	sequence int
	inFlight map[int32]int // timeout in milliseconds by call
	draining bool
	drained  chan struct{}
}

// drainGrace is how much longer than the longest of their timeouts alerts are waited for
// when the daemon ends.
const drainGrace = 5 * time.Second

func newAlerts() alerts {
	return alerts{inFlight: map[int32]int{}, drained: make(chan struct{})}
}

// alert sends an alert as the cluster's user (process_lrmd_alert_exec).
func (h *handler) alert(c *ipc.Client, r *wire.Request) error {
	if r.AlertID == "" || r.AlertPath == "" {
		return syscall.EINVAL
	}
	if h.alerts.draining {
		return nil
	}
	h.logf(loglevel.Info, "process_lrmd_alert_exec", "Executing alert %s for %s", r.AlertID, c.ID)
	user := account.Cluster()
	if !user.Known {
		return syscall.EINVAL
	}
	h.alerts.sequence++
	sequence := strconv.Itoa(h.alerts.sequence)
	a := agent.Alert{
		ID: r.AlertID, Path: r.AlertPath, Timeout: r.Timeout, UID: user.UID, GID: user.GID,
		Params: append(r.Params, wire.Param{Name: "CRM_notify_node_sequence", Value: sequence},
			wire.Param{Name: "CRM_alert_node_sequence", Value: sequence}),
	}
	call, id := h.calls, c.ID
	h.alerts.inFlight[call] = r.Timeout
	h.runner.StartAlert(&a, func(res *lrmd.Result) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.alertDone(call, id, res)
	})
	return nil
}

// alertDone says how an alert went (alert_complete).
func (h *handler) alertDone(call int32, client string, res *lrmd.Result) {
	const function = "alert_complete"
	delete(h.alerts.inFlight, call)
	if h.alerts.draining && len(h.alerts.inFlight) == 0 {
		close(h.alerts.drained)
	}
	switch {
	case res.Status != lrmd.Done:
		reason := ""
		if res.Reason != "" {
			reason = " (" + res.Reason + ")"
		}
		h.logf(loglevel.Notice, function, "Could not send alert: %s%s | client=%s", res.Status, reason, client)
	case res.Code != 0:
		h.logf(loglevel.Notice, function, "Alert [%d] completed but exited with status %d | client=%s", res.PID, res.Code, client)
	default:
		h.logf(loglevel.Debug, function, "Alert [%d] completed | client=%s", res.PID, client)
	}
}

// drain takes no more alerts; the channel is closed when none is left, which is worth
// waiting for as long as limit (lrmd_drain_alerts).
func (a *alerts) drain() (done <-chan struct{}, limit time.Duration) {
	a.draining = true
	longest := 0
	for _, timeout := range a.inFlight {
		longest = max(longest, timeout)
	}
	if len(a.inFlight) == 0 {
		close(a.drained)
	}
	return a.drained, time.Duration(longest)*time.Millisecond + drainGrace
}
