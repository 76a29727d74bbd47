package status

import "strings"

// checkExpiry tells whether an entry is older than the resource's
// failure-timeout, and its failures are, too (check_operation_expiry). It has
// fail counts cleared that are, or whose parameters have changed since.
func (u *operationUnpacker) checkExpiry(e *HistoryEntry) (expired bool) {
	ws, r, n := u.ws, u.r, u.n
	lastFailure := strings.HasSuffix(e.ID, "_last_failure_0")
	unexpired := 0
	ws.said(e, fieldInterval)
	if r.FailureTimeout > 0 {
		ws.said(e, fieldChange)
	}
	if r.FailureTimeout > 0 && e.HasLastChange {
		now := ws.EffectiveTime()
		expired = now >= e.LastChange+int64(r.FailureTimeout) && !u.waitsForFencing(e, lastFailure)
		var last int64
		unexpired, last = r.FailCount(n, FailCountEffective, e)
		last += int64(r.FailureTimeout) + 1
		if unexpired != 0 && now < last {
			ws.UpdateRecheck(last)
		}
	}
	reason := ""
	if expired {
		count, _ := r.FailCount(n, 0, e)
		switch {
		case count != 0 && unexpired == 0:
			reason = "it expired"
		case count != 0:
			expired = false
		case lastFailure && r.ReconnectMS > 0:
			reason = "reconnect interval is set"
		}
	}
	if !expired && lastFailure && u.parametersChanged(e) {
		reason = "resource parameters have changed"
	}
	if reason != "" {
		u.clearFailCount(e, reason)
	}
	if expired && e.IntervalMS == 0 && strings.EqualFold(e.Task, ActionNameMonitor) {
		switch e.RC {
		case OCFOK, OCFNotRunning, OCFRunningPromoted, OCFDegraded, OCFDegradedPromoted:
			return false // a probe that says something stays true
		}
	}
	return expired
}

// waitsForFencing tells whether the failed monitor of a remote node must not be
// forgotten before the node has been fenced (should_ignore_failure_timeout).
func (u *operationUnpacker) waitsForFencing(e *HistoryEntry, lastFailure bool) bool {
	if u.r.ReconnectMS == 0 || !u.ws.Flags.Has(FencingEnabled) || e.IntervalMS == 0 || !strings.EqualFold(e.Task, ActionNameMonitor) {
		return false
	}
	remote := u.ws.FindNode(u.r.ID)
	if remote == nil || remote.RemoteWasFenced {
		return false
	}
	if lastFailure {
		u.ws.At("should_ignore_failure_timeout").Infof("Waiting to clear monitor failure for remote node %s until fencing has occurred", u.r.ID)
	}
	return true
}

// parametersChanged tells whether the parameters of a failed start or monitor
// have changed, which makes another attempt worth while. Where an address comes
// from an assignment yet to be made that is put off
// (should_clear_for_param_change).
func (u *operationUnpacker) parametersChanged(e *HistoryEntry) bool {
	if e.Task != ActionNameStart && e.Task != ActionNameMonitor {
		return false
	}
	if u.r.NeedsBundleRemoteName() {
		u.ws.AddParamCheck(e, u.r, u.n, CheckLastFailure)
		return false
	}
	switch u.r.CompareDigests(e, u.n).Result {
	case DigestUnknown, DigestMatch:
		return false
	}
	return true
}

// clearFailCount has the fail count cleared, for a remote node after its
// fencing.
func (u *operationUnpacker) clearFailCount(e *HistoryEntry, reason string) {
	clear := u.r.ClearFailCount(u.n, reason)
	if !u.ws.Flags.Has(FencingEnabled) || u.r.ReconnectMS == 0 {
		return
	}
	u.ws.At("check_operation_expiry").Infof("Clearing %s failure will wait until any scheduled fencing of %s completes", e.Task, u.r.ID)
	if remote := u.ws.FindNode(u.r.ID); remote != nil {
		Order(u.ws.FenceAction(remote, "", true, "", false), clear, OrderImpliesThen)
	}
}

// AddParamCheck puts off the comparison of an entry's parameters until resources
// are assigned (pe__add_param_check).
func (ws *WorkingSet) AddParamCheck(e *HistoryEntry, r *Resource, n *Node, reason CheckReason) {
	ws.ParamChecks = append(ws.ParamChecks, &ParamCheck{Entry: e, Resource: r, Node: n, Reason: reason})
}
