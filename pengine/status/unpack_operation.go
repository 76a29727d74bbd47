package status

import (
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// operationUnpacker goes through the entries of one resource's history on one
// node, the oldest first.
type operationUnpacker struct {
	ws *WorkingSet
	r  *Resource
	n  *Node

	lastFailure *HistoryEntry
	onFail      OnFail // the gravest response that is called for so far
}

// outcome is how an operation went, as it is to be taken.
type outcome struct{ rc, status int }

// unpack takes account of one entry (unpack_rsc_op).
func (u *operationUnpacker) unpack(e *HistoryEntry) {
	ws, r, n := u.ws, u.r, u.n
	status := e.Status
	ws.said(e, fieldKey, fieldRC, fieldCall, fieldStatus, fieldInterval)
	if !e.HasTask || status < ExecPending || status > ExecNoSecrets {
		return
	}
	if e.Task == ActionNameNotify || e.Task == ActionNameMetadata {
		return
	}
	expired := status != ExecNotInstalled && u.checkExpiry(e)
	o := u.remap(e)
	masked := !r.IsBundled() && ws.masksProbeFailure(e)
	switch {
	case expired && masked && e.RC != e.TargetRC:
		if r.Role <= RoleStopped {
			r.Role = RoleUnknown
		}
		return
	case expired && o.rc != e.TargetRC:
		if e.IntervalMS == 0 {
			ws.At("unpack_rsc_op").Noticef("Ignoring expired %s failure on %s | actual=%d expected=%d magic=%s", e.Key(), n, o.rc, e.TargetRC, e.TransitionMagic)
			return
		}
		if n.Online && !n.Unclean {
			// What compares parameters later finds this changed, and so the
			// monitor is scheduled anew.
			ws.At("unpack_rsc_op").Noticef("Rescheduling %s after failure expired on %s | actual=%d expected=%d magic=%s", e.Key(), n, o.rc, e.TargetRC, e.TransitionMagic)
			e.RestartDigest = "calculated-failure-timeout"
			return
		}
	}
	if masked {
		ws.At("unpack_rsc_op").Noticef("Treating probe result '%s' for %s on %s as 'not running'", ExitText(e.RC), r.ID, n)
		u.updateState(e, e.TargetRC)
		u.recordFailure(e)
		u.affected().Location(n, -Infinity, "masked-probe-failure")
		return
	}
	u.take(e, o)
}

// affected is what a failure is counted against: an anonymous instance stands
// for its whole clone.
func (u *operationUnpacker) affected() *Resource {
	if u.r.Is(Unique) {
		return u.r
	}
	return u.r.Top()
}

// take does what the outcome of an operation calls for.
func (u *operationUnpacker) take(e *HistoryEntry, o outcome) {
	ws, r, n := u.ws, u.r, u.n
	switch o.status {
	case ExecCancelled:
		ws.At("unpack_rsc_op").Errorf("Resource history contains cancellation '%s' (%s of %s on %s at %s)", e.ID, e.Task, r.ID, n, u.when(e))
		return
	case ExecPending:
		u.pending(e)
		return
	case ExecDone:
		u.updateState(e, o.rc)
		return
	case ExecNotInstalled:
		if u.responseTo(e) == OnFailIgnore {
			ws.At("unpack_rsc_op").Warningf("Cannot ignore failed %s of %s on %s: Resource agent doesn't exist | status=%d rc=%d id=%s", e.Task, r.ID, n, o.status, o.rc, e.ID)
			u.onFail = OnFailMigrate // so that it is shown as failed
		}
		u.affected().Location(n, -Infinity, "hard-error")
		u.failure(e, o.rc)
		return
	case ExecNotConnected:
		if n.IsGuestOrRemote() && n.RemoteResource != nil && n.RemoteResource.Is(Managed) {
			n.RemoteResource.Set(Failed | Stop)
		}
	case ExecNoFenceDevice, ExecNoSecrets:
		o.status = ExecErrorHard
	}
	response := u.responseTo(e)
	if response == OnFailIgnore || response == OnFailRestartContainer && e.Task == ActionNameStop {
		ws.At("unpack_rsc_op").Warningf("Pretending failed %s (%s%s) of %s on %s at %s succeeded | rc=%d id=%s", e.Task, ExitText(o.rc), e.because(), r.ID, n, u.when(e), o.rc, e.ID)
		u.updateState(e, e.TargetRC)
		r.Set(FailureIgnored)
		u.recordFailure(e)
		if response == OnFailRestartContainer && compareOnFail(u.onFail, OnFailRecover) <= 0 {
			u.onFail = response
		}
		return
	}
	u.failure(e, o.rc)
	switch o.status {
	case ExecErrorHard:
		level := loglevel.Error
		if o.rc == OCFNotInstalled {
			level = loglevel.Notice
		}
		ws.At("unpack_rsc_op").Logf(level, "Preventing %s from restarting on %s because of hard failure (%s%s)| rc=%d id=%s", u.affected().ID, n, ExitText(o.rc), e.because(), o.rc, e.ID)
		u.affected().Location(n, -Infinity, "hard-error")
	case ExecErrorFatal:
		ws.At("unpack_rsc_op").Logf(loglevel.Error, "Preventing %s from restarting anywhere because of fatal failure (%s%s) | rc=%d id=%s", u.affected().ID, ExitText(o.rc), e.because(), o.rc, e.ID)
		u.affected().Location(nil, -Infinity, "fatal-error")
	}
}

func (e *HistoryEntry) because() string {
	if e.ExitReason == "" {
		return ""
	}
	return ": " + e.ExitReason
}

// when is the time of the last change, for messages.
func (u *operationUnpacker) when(e *HistoryEntry) string {
	u.ws.said(e, fieldChange)
	if !e.HasLastChange {
		return "unknown time"
	}
	return time.Unix(e.LastChange, 0).In(u.ws.Options.Now.Location()).Format("Jan _2 15:04:05 2006")
}

// pending takes account of an operation that is not yet done.
func (u *operationUnpacker) pending(e *HistoryEntry) {
	r, n := u.r, u.n
	switch {
	case e.Task == ActionNameStart:
		r.Set(StartPending)
		r.setActive()
	case e.Task == ActionNamePromote:
		r.Role = RolePromoted
	case e.Task == ActionNameMigrateTo && n.Unclean:
		if target := u.ws.FindNode(e.MigrateTarget); target != nil {
			r.StopAction(target, false)
		}
	}
	if r.PendingTask == "" && (e.IntervalMS != 0 || e.Task != ActionNameMonitor) {
		r.PendingTask = e.Task
		r.PendingNode = n
	}
}

// setActive gives the resource the role of one that is active, but not known to
// be promoted.
func (r *Resource) setActive() {
	r.Role = RoleStarted
	if r.Top().Is(Promotable) {
		r.Role = RoleUnpromoted
	}
}

// responseTo is the on-fail of the operation.
func (u *operationUnpacker) responseTo(e *HistoryEntry) OnFail {
	return u.ws.Action(u.r, e.Key(), e.Task, nil, true, false).OnFail
}

// updateState takes account of an operation that ended with rc, or shall be
// treated so (update_resource_state).
func (u *operationUnpacker) updateState(e *HistoryEntry, rc int) {
	r := u.r
	clears := false
	switch {
	case rc == OCFNotInstalled || !r.IsBundled() && u.ws.masksProbeFailure(e):
		r.Role = RoleStopped
	case rc == OCFNotRunning:
		clears = true
	case strings.EqualFold(e.Task, ActionNameMonitor):
		clears = u.lastFailure != nil && strings.EqualFold(e.Key(), u.lastFailure.Key())
		if r.Role < RoleStarted {
			r.setActive()
		}
	case equalAny(e.Task, ActionNameStart, ActionNameMigrateFrom):
		r.Role = RoleStarted
		clears = true
	case strings.EqualFold(e.Task, ActionNameStop):
		r.Role = RoleStopped
		clears = true
	case strings.EqualFold(e.Task, ActionNamePromote):
		r.Role = RolePromoted
		clears = true
	case strings.EqualFold(e.Task, ActionNameDemote):
		clears = u.onFail == OnFailDemote
		r.Role = RoleUnpromoted
	case strings.EqualFold(e.Task, ActionNameMigrateTo):
		u.migratedTo(e)
	case r.Role < RoleStarted:
		r.setActive()
	}
	if clears {
		u.clearFailure()
	}
}

// clearFailure forgets the responses to earlier failures that a success makes up
// for.
func (u *operationUnpacker) clearFailure() {
	switch u.onFail {
	case OnFailBlock, OnFailIgnore, OnFailDemote, OnFailRecover, OnFailRestartContainer:
		u.onFail = OnFailIgnore
		u.r.SetNextRole(RoleUnknown, "clear past failures")
	case OnFailResetRemote:
		if u.r.ReconnectMS == 0 {
			u.onFail = OnFailIgnore
			u.r.SetNextRole(RoleUnknown, "clear past failures and reset remote")
		}
	}
}

// remap is the outcome of an operation as it is to be taken, given what was
// expected (remap_operation). It may change the role.
func (u *operationUnpacker) remap(e *HistoryEntry) (o outcome) {
	ws, r, n := u.ws, u.r, u.n
	o = outcome{e.RC, e.Status}
	if e.Task == ActionNameMonitor {
		effective := o.rc
		switch o.rc {
		case OCFDegraded:
			effective = OCFOK
		case OCFDegradedPromoted:
			effective = OCFRunningPromoted
		}
		if effective != o.rc {
			if !n.Shutdown || n.Online {
				u.recordFailure(e)
			}
			o.rc = effective
		}
	}
	if !r.IsBundled() && ws.masksProbeFailure(e) {
		o = outcome{OCFNotRunning, ExecDone}
	}
	if o.status != ExecDone && o.status != ExecError {
		return o
	}
	probe := ws.isProbe(e)
	task := e.Task
	if probe {
		task = "probe"
	}
	o.status = ExecDone
	if e.TargetRC < 0 {
		o.status = ExecError
		ws.At("remap_operation").Warningf("Expected result not found for %s on %s (corrupt or obsolete CIB?)", e.Key(), n)
	} else if e.TargetRC != o.rc {
		o.status = ExecError
		ws.debugf("%s on %s: expected %d (%s), got %d (%s%s)", e.Key(), n, e.TargetRC, ExitText(e.TargetRC), o.rc, ExitText(o.rc), e.because())
	}
	switch o.rc {
	case OCFOK:
		if probe && e.TargetRC == OCFNotRunning {
			o.status = ExecDone
			ws.At("remap_operation").Infof("Probe found %s active on %s at %s", r.ID, n, u.when(e))
		}
	case OCFNotRunning:
		if probe || e.TargetRC == o.rc || !r.Is(Managed) {
			o.status = ExecDone
			r.Role = RoleStopped
			u.onFail = OnFailIgnore
			r.SetNextRole(RoleUnknown, "not running")
		}
	case OCFRunningPromoted:
		if probe && o.rc != e.TargetRC {
			o.status = ExecDone
			ws.At("remap_operation").Infof("Probe found %s active and promoted on %s at %s", r.ID, n, u.when(e))
		}
		r.Role = RolePromoted
	case OCFDegradedPromoted, OCFFailedPromoted:
		r.Role = RolePromoted
		o.status = ExecError
	case OCFNotConfigured:
		o.status = ExecErrorFatal
	case OCFUnimplemented:
		ws.said(e, fieldInterval)
		if e.IntervalMS == 0 {
			u.checkRecoverable(e, task, o.rc)
			o.status = ExecErrorHard
		} else {
			o.status = ExecNotSupported
		}
	case OCFNotInstalled, OCFInvalidParam, OCFInsufficientPriv:
		u.checkRecoverable(e, task, o.rc)
		o.status = ExecErrorHard
	default:
		if o.status == ExecDone {
			ws.At("remap_operation").Infof("Treating unknown exit status %d from %s of %s on %s at %s as failure", o.rc, task, r.ID, n, u.when(e))
			o.status = ExecError
		}
	}
	return o
}

// checkRecoverable blocks a resource whose stop failed where there is no
// fencing.
func (u *operationUnpacker) checkRecoverable(e *HistoryEntry, task string, rc int) {
	if task != ActionNameStop || u.ws.CanFence(u.n) {
		return
	}
	u.ws.At("check_recoverable").ProcErrorf("No further recovery can be attempted for %s because %s on %s failed (%s%s) at %s | rc=%d id=%s", u.r.ID, task, u.n, ExitText(rc), e.because(), u.when(e), rc, e.ID)
	u.r.Clear(Managed)
	u.r.Set(Blocked)
}

// recordFailure adds an entry to the list of failures, once for each operation
// and node, if the node is up (record_failed_op).
func (u *operationUnpacker) recordFailure(e *HistoryEntry) {
	if t := u.ws.Options.Trace; t != nil {
		t.Fail(u.r, u.n, e)
	}
	if !u.n.Online {
		return
	}
	key := failedOperation{fold(e.OperationKey), fold(u.n.Name)}
	if !u.ws.failed[key] {
		u.ws.failed[key] = true
		u.ws.Failures = append(u.ws.Failures, &Failure{HistoryEntry: e, NodeName: u.n.Name, ResourceID: u.r.ID})
	}
}

// failure takes account of a failed operation (unpack_rsc_op_failure).
func (u *operationUnpacker) failure(e *HistoryEntry, rc int) {
	ws, r, n := u.ws, u.r, u.n
	u.lastFailure = e
	probe := ws.isProbe(e)
	task := e.Task
	if probe {
		task = "probe"
	}
	if t := ws.Options.Trace; t != nil {
		t.Fail(r, n, e)
	}
	hidden := !ws.Flags.Has(SymmetricCluster) && rc == OCFNotInstalled
	level := loglevel.Warning
	if hidden {
		level = loglevel.Trace
	}
	ws.At("unpack_rsc_op_failure").Logf(level, "Unexpected result (%s%s) was recorded for %s of %s on %s at %s | rc=%d id=%s", ExitText(rc), e.because(), task, r.ID, n, u.when(e), rc, e.ID)
	if !hidden {
		if probe && rc != OCFOK && rc != OCFNotRunning && rc != OCFRunningPromoted {
			ws.At("unpack_rsc_op_failure").Noticef("If it is not possible for %s to run on %s, see the resource-discovery option for location constraints", r.ID, n)
		}
		u.recordFailure(e)
	}
	a := ws.Action(r, e.Key(), e.Task, nil, true, false)
	if compareOnFail(u.onFail, a.OnFail) < 0 {
		u.onFail = a.OnFail
	}
	u.failedState(e, rc, a)
	if probe && rc == OCFNotInstalled {
		r.Role = RoleStopped
	} else if r.Role < RoleStarted {
		r.setActive()
	}
	if a.FailRole != RoleStarted && r.NextRole < a.FailRole {
		r.SetNextRole(a.FailRole, "failure")
	}
	if a.FailRole == RoleStopped {
		banned := r
		if top := r.Top(); r.Parent != nil && top.IsAnonymousClone() {
			banned = top // the failure of one instance stops them all
		}
		ws.At("unpack_rsc_op_failure").Noticef("%s will not be started under current conditions", banned.ID)
		banned.banEverywhere()
	}
}

// failedState is what the failure of an operation says of the resource's role.
func (u *operationUnpacker) failedState(e *HistoryEntry, rc int, a *Action) {
	r := u.r
	switch e.Task {
	case ActionNameStop:
		r.Location(u.n, -Infinity, "__stop_fail__")
	case ActionNameMigrateTo:
		u.migrateToFailed(e)
	case ActionNameMigrateFrom:
		u.migrateFromFailed(e)
	case ActionNamePromote:
		r.Role = RolePromoted
	case ActionNameDemote:
		switch {
		case a.OnFail == OnFailBlock:
			r.Role = RolePromoted
			r.SetNextRole(RoleStopped, "demote with on-fail=block")
		case rc == OCFNotRunning:
			r.Role = RoleStopped
		default:
			// It will be stopped anyway; as promoted it would be demoted, and
			// fail, over and over.
			r.Role = RoleUnpromoted
		}
	}
}

// severity is the order of responses, from the mildest.
var severity = [...]int{
	OnFailIgnore: 0, OnFailDemote: 1, OnFailRecover: 2, OnFailResetRemote: 3, OnFailRestartContainer: 4,
	OnFailMigrate: 5, OnFailBlock: 6, OnFailStop: 7, OnFailStandby: 8, OnFailFence: 9,
}

// compareOnFail is negative if b is the graver response (cmp_on_fail).
func compareOnFail(a, b OnFail) int { return severity[a] - severity[b] }

// ExitText is what an agent's exit status means (services_ocf_exitcode_str).
func ExitText(rc int) string {
	switch rc {
	case OCFOK:
		return "ok"
	case OCFError:
		return "error"
	case OCFInvalidParam:
		return "invalid parameter"
	case OCFUnimplemented:
		return "unimplemented feature"
	case OCFInsufficientPriv:
		return "insufficient privileges"
	case OCFNotInstalled:
		return "not installed"
	case OCFNotConfigured:
		return "not configured"
	case OCFNotRunning:
		return "not running"
	case OCFRunningPromoted:
		return "promoted"
	case OCFFailedPromoted:
		return "promoted (failed)"
	case OCFDegraded:
		return "OCF_DEGRADED"
	case OCFDegradedPromoted:
		return "promoted (degraded)"
	}
	return "unknown"
}
