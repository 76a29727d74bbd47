package lrm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// asyncMonitor is the task by which a resource is reported as failed on request.
const asyncMonitor = "asyncmon"

// agent is what stands for a resource at the executor.
type agent struct{ class, provider, kind string }

// String is how logs have it: "ocf:heartbeat:IPaddr2".
func (a agent) String() string {
	if a.provider == "" {
		return a.class + ":" + a.kind
	}
	return a.class + ":" + a.provider + ":" + a.kind
}

// event is a result of an operation, or an operation that has none yet
// (lrmd_event_data_t). Times are in milliseconds.
type event struct {
	history.Result
	timeout, startDelay int
	deleted             bool // the executor does not know the resource any more
	output              string
}

func (e *event) set(rc, execution int, reason string) {
	e.RC, e.Status, e.Reason = rc, execution, reason
}

func (e *event) is(task string) bool { return strings.EqualFold(e.Task, task) }

// pending is an operation that the executor has been asked for (active_op_t): one
// without interval until its result comes, a recurring one until it is cancelled.
type pending struct {
	rscID, task, key string
	transition       string
	intervalMS       uint
	callID           int
	started          int64 // seconds since 1970
	lock             int64 // since when the resource is locked to a node; 0 for not
	params           map[string]string
	recorded         *event // what the CIB has of it; nil for nothing

	cancelled bool // that was asked for
	remove    bool // and its entry is to go from the CIB
}

// stopID names what is pending (make_stop_id).
func stopID(rscID string, callID int) string { return fmt.Sprintf("%s:%d", rscID, callID) }

// past is what is remembered of a resource (rsc_history_t).
type past struct {
	id         string
	agent      agent
	lastCall   int
	last       *event // of what does not recur, and has not failed
	failed     *event
	recurring  []*event          // the newest first
	stopParams map[string]string // nil to take those that come with the request
}

// deletion is a request to delete a resource that the executor is busy with.
type deletion struct {
	rscID   string
	request *request
}

// memory is what a Local knows; lists are in the order in which their members came.
type memory struct {
	past      map[string]*past
	pastOrder []string
	pending   map[string]*pending
	order     []string // of pending
	deletions []deletion
}

func newMemory() memory {
	return memory{past: map[string]*past{}, pending: map[string]*pending{}}
}

func (m *memory) addPast(p *past) {
	m.past[p.id] = p
	m.pastOrder = append(m.pastOrder, p.id)
}

func (m *memory) removePast(id string) {
	delete(m.past, id)
	m.pastOrder = slices.DeleteFunc(m.pastOrder, func(s string) bool { return s == id })
}

// pasts is all that is remembered, in the order of the reference's table.
func (m *memory) pasts() []*past {
	list := make([]*past, 0, len(m.past))
	for _, i := range ghash.Order(m.pastOrder) {
		list = append(list, m.past[m.pastOrder[i]])
	}
	return list
}

func (m *memory) addPending(id string, p *pending) {
	if m.pending[id] == nil {
		m.order = append(m.order, id)
	}
	m.pending[id] = p
}

func (m *memory) removePending(id string) bool {
	if m.pending[id] == nil {
		return false
	}
	delete(m.pending, id)
	m.order = slices.DeleteFunc(m.order, func(s string) bool { return s == id })
	return true
}

// pendings are the names of what is pending, in the order of the reference's table.
func (m *memory) pendings() []string {
	list := make([]string, 0, len(m.order))
	for _, i := range ghash.Order(m.order) {
		list = append(list, m.order[i])
	}
	return list
}

// dropPending removes what is pending if drop says so, and counts that.
func (m *memory) dropPending(drop func(id string, p *pending) bool) int {
	n := 0
	for _, id := range m.pendings() {
		if p := m.pending[id]; p != nil && drop(id, p) && m.removePending(id) {
			n++
		}
	}
	return n
}

// underWay are the operations that have been begun and do not recur, as they were written, by resource.
func (m *memory) underWay() map[string]*event {
	all := map[string]*event{}
	for _, id := range m.order {
		if p := m.pending[id]; p.recorded != nil && p.intervalMS == 0 {
			all[p.rscID] = p.recorded
		}
	}
	return all
}

// active tells whether a resource may be running, for what is remembered of it
// (is_rsc_active).
func (p *past) active() bool {
	if p == nil || p.last == nil {
		return false
	}
	switch {
	case p.last.RC == status.OCFOK && (p.last.is(status.ActionNameStop) || p.last.is(status.ActionNameMigrateTo)):
		return false
	case p.last.RC == status.OCFNotRunning:
		return false
	case p.last.IntervalMS == 0 && p.last.RC == status.OCFNotConfigured:
		// It could not be stopped either.
		return false
	}
	return true
}

// removeRecurring forgets a recurring operation (history_remove_recurring_op).
func (p *past) removeRecurring(like *event) {
	for i, e := range p.recurring {
		if e.IntervalMS == like.IntervalMS && e.RscID == like.RscID && e.is(like.Task) {
			p.recurring = slices.Delete(p.recurring, i, i+1)
			return
		}
	}
}

// remember takes a result into what is remembered; a is the resource's agent
// (update_history_cache).
func (l *Local) remember(a agent, e *event) {
	const function = "update_history_cache"
	if e.deleted {
		l.logf(loglevel.Debug, function, "Purged history for '%s' after %s", e.RscID, e.Task)
		l.clearHistory(e.RscID, l.Controller.Self(), "", l.cibOptions())
		return
	}
	if e.is(status.ActionNameNotify) {
		return
	}
	l.logf(loglevel.Debug, function, "Updating history for '%s' with %s op", e.RscID, e.Task)
	p := l.memory.past[e.RscID]
	if p == nil {
		p = &past{id: e.RscID, agent: a}
		l.memory.addPast(p)
	}
	p.lastCall = e.CallID
	own := *e
	switch {
	case e.Status == status.ExecCancelled:
		if e.IntervalMS > 0 {
			p.removeRecurring(e)
			return
		}
	case e.Failed(e.Expected()):
		p.failed = &own
	case e.IntervalMS == 0:
		p.last = &own
		if e.Params != nil && (e.is(status.ActionNameStart) || e.is(status.ActionNameReload) ||
			e.is(status.ActionNameReloadAgent) || e.is(status.ActionNameMonitor)) {
			p.stopParams = map[string]string{}
			copyParams(p.stopParams, e.Params, false)
		}
	}
	if e.IntervalMS > 0 {
		p.removeRecurring(e)
		p.recurring = slices.Insert(p.recurring, 0, &own)
	} else if !e.is(status.ActionNameMonitor) {
		p.recurring = nil
	}
}

// copyParams copies the meta-attributes among parameters, or all others.
func copyParams(to, from map[string]string, meta bool) {
	for name, value := range from {
		if strings.Contains(name, "CRM_meta_") == meta {
			to[name] = value
		}
	}
}
