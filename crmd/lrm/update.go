package lrm

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// cibOptions are those of an update: to this node's CIB only while there is no DC (crmd_cib_smart_opt).
func (l *Local) cibOptions() call.Options {
	options := call.QuorumOverride
	if state := l.Controller.State(); state == fsa.SElection || state == fsa.SPending {
		l.logf(loglevel.Info, "crmd_cib_smart_opt", "Sending update to local CIB in state: %s", state)
		options |= call.ScopeLocal
	}
	return options
}

// describeAgent writes what a resource's entry says of its agent.
func describeAgent(rsc *etree.Element, a agent) {
	for _, p := range [][2]string{{"type", a.kind}, {"class", a.class}, {"provider", a.provider}} {
		if p[1] != "" {
			rsc.CreateAttr(p[0], p[1])
		}
	}
}

// writeResult writes an operation's entry on behalf of a function of the reference, with the digests that
// say by which parameters the agent has to be restarted (build_operation_update). The agent is nil if it
// is not known.
func (l *Local) writeResult(parent *etree.Element, a *agent, e *event, origin string) {
	version := e.Params["crm_feature_set"]
	if version == "" {
		version = featureset.Current
	}
	x := history.Write(parent, &e.Result, version, e.Expected(), l.Controller.Self(), origin)
	if a == nil || e.Params == nil || !needsMetadata(a.class, e.Task) {
		return
	}
	if md := l.metadata[a.String()]; md != nil {
		md.addDigests(x, e, l.Controller.DCVersion())
	}
}

// record writes a result into the CIB, and gives the number of the call (do_update_resource). lock is since when the
// resource is locked to its node, 0 if it is not.
func (l *Local) record(now time.Time, node string, a *agent, e *event, lock int64) int {
	update := etree.NewElement("status")
	state := update.CreateElement("node_state")
	id := l.Controller.SelfID()
	if !strings.EqualFold(node, l.Controller.Self()) {
		id = node
		state.CreateAttr("remote_node", "true")
	}
	state.CreateAttr("id", id)
	state.CreateAttr("uname", node)
	state.CreateAttr("crm-debug-origin", "do_update_resource")
	lrm := state.CreateElement("lrm")
	lrm.CreateAttr("id", id)
	rsc := lrm.CreateElement("lrm_resources").CreateElement("lrm_resource")
	rsc.CreateAttr("id", e.RscID)
	l.writeResult(rsc, a, e, "do_update_resource")
	describeAgent(rsc, *a)
	if lock != 0 {
		// Kept or cleared, by every result.
		if !l.keepsLock(e) {
			lock = 0
		}
		rsc.CreateAttr("shutdown-lock", strconv.FormatInt(lock, 10))
	}
	if container, ok := e.Meta("container"); ok {
		rsc.CreateAttr("container", container)
	}
	return l.send(update)
}

// send updates the CIB's section status, and keeps in mind that it does until that is answered.
func (l *Local) send(update *etree.Element) int {
	var n int
	n = l.Host.CIB(call.Request{Op: ops.Modify, Section: "status", Data: update, Options: l.cibOptions()}, func(_ time.Time, _ *etree.Element, err error) {
		switch rc := number(err); rc {
		case crmexit.RCOK, crmexit.RCDiffFailed, crmexit.RCDiffResync:
			l.logf(loglevel.Trace, "cib_rsc_callback", "Resource update %d complete: rc=%d", n, int(rc.Legacy()))
		default:
			l.logf(loglevel.Warning, "cib_rsc_callback", "Resource update %d failed: (rc=%d) %s", n, int(rc.Legacy()), rc)
		}
		if n == l.update {
			l.update = 0
			l.Controller.Trigger()
		}
	})
	if n > 0 {
		l.update = n
	} else {
		l.logf(loglevel.Error, "do_update_resource", "No CIB manager connection available")
	}
	return n
}

// keepsLock tells whether a resource stays locked to its node after a result: one that it does not run there
// (should_preserve_lock).
func (l *Local) keepsLock(e *event) bool {
	return l.Controller.ShutdownLock() && (e.Task == status.ActionNameStop && e.RC == status.OCFOK ||
		e.Task == status.ActionNameMonitor && e.RC == status.OCFNotRunning)
}

// acknowledge tells a result to who waits for it, without the CIB: the subsystem of a host,
// or if it is empty the transitioner (controld_ack_event_directly).
func (l *Local) acknowledge(now time.Time, host, sys string, a *agent, e *event) {
	const function = "controld_ack_event_directly"
	if sys == "" {
		sys = crmmsg.Transition
	}
	state := l.Controller.LocalState(function, false)
	if state == nil {
		return
	}
	lrm := state.CreateElement("lrm")
	lrm.CreateAttr("id", l.Controller.SelfID())
	rsc := lrm.CreateElement("lrm_resources").CreateElement("lrm_resource")
	rsc.CreateAttr("id", e.RscID)
	l.writeResult(rsc, a, e, function)
	m := l.Requests.Request(&crmmsg.Request{
		Function: function, Task: TaskInvoke, HostTo: host, SystemTo: sys, From: crmmsg.Executor, Contents: state,
	}, now)
	l.logf(loglevel.Debug, function, "ACK'ing resource op %s from %s: %s", e.Key(), e.TransitionKey, attr(m, crmmsg.Reference))
	l.Controller.Route(now, m)
}

// State is this node's state with all that is remembered of its resources, for the DC that it
// joins; nil if nobody knows the node yet (controld_query_executor_state). What is under way is told too, as
// the CIB has it so far.
func (l *Local) State(time.Time) *etree.Element {
	state := l.Controller.LocalState("controld_query_executor_state", true)
	if state == nil {
		return nil
	}
	lrm := state.CreateElement("lrm")
	lrm.CreateAttr("id", l.Controller.SelfID())
	list := lrm.CreateElement("lrm_resources")
	underWay := l.memory.underWay()
	for _, p := range l.memory.pasts() {
		last := p.last
		if e := underWay[p.id]; e != nil {
			last = e
			delete(underWay, p.id)
		}
		l.writeHistory(list, p.id, &p.agent, p.last, append([]*event{p.failed, last}, p.recurring...))
	}
	for _, id := range slices.Sorted(maps.Keys(underWay)) {
		if a, ok := l.agents[id]; ok {
			l.writeHistory(list, id, &a, nil, []*event{underWay[id]})
		}
	}
	return state
}

// writeHistory writes what is known of a resource, whose last result is of a container or not.
func (l *Local) writeHistory(list *etree.Element, id string, a *agent, last *event, results []*event) {
	rsc := list.CreateElement("lrm_resource")
	rsc.CreateAttr("id", id)
	describeAgent(rsc, *a)
	if last != nil {
		if container, ok := last.Meta("container"); ok {
			rsc.CreateAttr("container", container)
		}
	}
	for _, e := range results {
		if e != nil {
			l.writeResult(rsc, a, e, "build_active_RAs")
		}
	}
}
