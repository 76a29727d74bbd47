package te

import (
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Abort has nothing started any more that is less urgent than a priority, and says what comes after the
// transition, as the function origin of the reference (abort_transition). cause is the element of a change,
// of a graph or of a message because of which that is; nil without. Without a transition under way another is
// made.
func (t *Transitioner) Abort(now time.Time, priority int, next transition.Next, reason string, cause *etree.Element, origin string) {
	const function = "abort_transition_graph"
	t.now = now
	g := t.graph
	if g == nil {
		return
	}
	if t.asleep() {
		in := "in"
		if g.Complete {
			in = ""
		}
		t.logf(loglevel.Info, function, "Abort %s suppressed: state=%v (%scomplete)", reason, t.Controller.State(), in)
		return
	}
	t.timers.delayed = delayedAbort{}
	t.Controller.ForgetSchedule()
	level := loglevel.Info
	if !g.Complete {
		before, why, after := g.AbortPriority, g.AbortReason, g.Next
		if g.Abort(priority, next, reason) {
			level = loglevel.Notice
		}
		const function = "update_abort_priority"
		if g.AbortPriority != before {
			t.logf(loglevel.Debug, function, "Abort priority upgraded from %d to %d", before, g.AbortPriority)
			if why != "" {
				t.logf(loglevel.Debug, function, "'%s' abort superseded by %s", why, reason)
			}
		}
		if g.Next != after {
			t.logf(loglevel.Debug, function, "Abort action %v superseded by %v: %s", after, g.Next, reason)
		}
	}
	t.logAbort(level, reason, cause, origin)
	if !g.Complete {
		t.trigger()
		return
	}
	if t.options.TransitionDelay > 0 {
		t.delayTransition()
		return
	}
	t.Controller.Input(fsa.CFSAInternal, fsa.IPECalc, function)
}

// enclosing is the element of a name that e is in or is.
func enclosing(e *etree.Element, tag string) *etree.Element {
	for ; e != nil; e = e.Parent() {
		if strings.EqualFold(e.Tag, tag) {
			return e
		}
	}
	return nil
}

// where is the path of an element. An action of a graph stands alone.
func where(e *etree.Element) string {
	if enclosing(e, "transition_graph") == nil {
		return document.Path(e)
	}
	path := document.Path(e)
	return path[strings.LastIndex(path, "/"):]
}

// logAbort says what has ended the transition.
func (t *Transitioner) logAbort(level loglevel.Level, reason string, cause *etree.Element, origin string) {
	const function = "abort_transition_graph"
	if !t.Log.Enabled(level) {
		return
	}
	id, complete := t.graph.ID, t.graph.Complete
	if cause == nil {
		t.logf(level, function, "Transition %d aborted: %s | source=%s complete=%t", id, reason, origin, complete)
		return
	}
	var version patch.Version
	var change *etree.Element
	if diff := enclosing(cause, "diff"); diff != nil {
		_, version = patch.Versions(diff, patch.Version{}, patch.Version{})
		change = enclosing(cause, "change")
	}
	cib := version.String()
	attr := func(e *etree.Element, name string) string {
		if e == nil {
			return ""
		}
		return e.SelectAttrValue(name, "")
	}
	if change == nil {
		t.logf(level, function, "Transition %d aborted by %s.%s: %s | cib=%s source=%s path=%s complete=%t",
			id, cause.Tag, attr(cause, "id"), reason, cib, origin, where(cause), complete)
		return
	}
	op, path := attr(change, "operation"), attr(change, "path")
	if change == cause {
		cause = result(change)
	}
	kind := ""
	if cause != nil {
		kind = strings.ToLower(cause.Tag)
	}
	switch {
	case op == "delete":
		t.logf(level, function, "Transition %d aborted by deletion of %s: %s | cib=%s source=%s path=%s complete=%t",
			id, path[strings.LastIndex(path, "/")+1:], reason, cib, origin, path, complete)
	case kind == "nvpair":
		t.logf(level, function, "Transition %d aborted by %s doing %s %s=%s: %s | cib=%s source=%s path=%s complete=%t",
			id, attr(cause, "id"), op, attr(cause, "name"), attr(cause, "value"), reason, cib, origin, path, complete)
	case kind == "lrm_rsc_op":
		t.logf(level, function, "Transition %d aborted by operation %s '%s' on %s: %s | magic=%s cib=%s source=%s complete=%t",
			id, attr(cause, "operation_key"), op, attr(cause, "on_node"), reason, attr(cause, "transition-magic"), cib, origin, complete)
	case kind == "node_state" || kind == "node":
		name := t.Controller.Peers().NameOf(attr(cause, "id"))
		t.logf(level, function, "Transition %d aborted by %s '%s' on %s: %s | cib=%s source=%s complete=%t",
			id, cause.Tag, op, orElse(name, attr(cause, "id")), reason, cib, origin, complete)
	default:
		tag := ""
		if cause != nil {
			tag = cause.Tag
		}
		t.logf(level, function, "Transition %d aborted by %s.%s '%s': %s | cib=%s source=%s path=%s complete=%t",
			id, tag, attr(cause, "id"), orElse(op, "change"), reason, cib, origin, path, complete)
	}
}

// delayedAbort is an abort that is to come unless there is another before.
type delayedAbort struct {
	at       time.Time // zero for none
	priority int
	next     transition.Next
	reason   string
}

// AbortLater is an Abort after a while, if there has been none in that time and this node leads then
// (abort_after_delay).
func (t *Transitioner) AbortLater(now time.Time, priority int, next transition.Next, reason string, after time.Duration) {
	t.now = now
	t.timers.delayed = delayedAbort{at: now.Add(after), priority: priority, next: next, reason: reason}
}
