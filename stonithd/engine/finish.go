package engine

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// finish ends an operation whose result is known: who leads it tells all fencers, and each, this
// one too, tells its clients when it hears of that. f is what it was heard by, if
// anything; duplicate says that another operation's end is this one's too (finalize_op).
func (e *Engine) finish(op *operation, f *wire.Finished, duplicate bool) {
	const where = "finalize_op"
	if op.notified {
		e.late(op)
		return
	}
	op.complete(e.now)
	op.stopTimers()
	e.undoRemap(op)
	if f != nil && op.delegate == "" {
		none := op.result.Exec == wire.ExecNoFenceDevice || op.result.Exec == wire.ExecInvalid && op.result.Exit == crmexit.Expired
		if !none {
			op.delegate = f.Delegate
		}
	}
	merged := duplicate || f != nil && f.Merged
	if !duplicate && (f == nil || !f.ForAll) {
		e.broadcast(op, merged)
		return
	}
	level := loglevel.Error
	if op.result.OK() || duplicate || !strings.EqualFold(op.originator, e.Node) {
		level = loglevel.Notice
	}
	mark, reason := "", ""
	if merged {
		mark = " (merged)"
	}
	if op.result.Reason != "" {
		reason = ": " + op.result.Reason
	}
	e.logf(level, where, "Operation '%s'%s by %s for %s@%s%s: %s (%s%s) | id=%.8s", op.action, targeting(op.target), or(op.delegate, "unknown node"), op.clientName, op.originator, mark, op.result.Exit, op.result.Exec, reason, op.id)
	e.tell(op, f)
	if !duplicate {
		for _, o := range op.duplicates {
			e.finishDuplicate(op, o, f)
		}
	}
	op.offers, op.request = nil, nil
}

// late says that a result comes after the end: it changes nothing any more.
func (e *Engine) late(op *operation) {
	e.logf(loglevel.Notice, "finalize_op", "Operation '%s'%s by %s for %s@%s: Result arrived too late | id=%.8s", op.action, targeting(op.target), or(op.delegate, "unknown node"), op.clientName, op.originator, op.id)
}

func (e *Engine) finishDuplicate(op, o *operation, f *wire.Finished) {
	const where = "finalize_op_duplicates"
	if !strings.EqualFold(o.originator, e.Node) {
		return // who asked about it leads it, and will tell
	}
	if o.state != wire.StateDuplicate {
		e.logf(loglevel.Error, where, "Skipping duplicate notification for %s@%s | state=%s id=%.8s", o.clientName, o.originator, stateText(o.state), o.id)
		return
	}
	o.state, o.result = op.state, op.result
	e.logf(loglevel.Debug, where, "Performing duplicate notification for %s@%s: %s | id=%.8s", o.clientName, o.originator, op.result.Exec, o.id)
	e.finish(o, f, true)
}

// broadcast tells all fencers how an operation has ended (fenced_broadcast_op_result).
func (e *Engine) broadcast(op *operation, merged bool) {
	e.count++
	e.Host.Send("", op.describe().Outcome(e.count, merged))
}

// tell answers the client, if it is one of this node, and tells those who have subscribed
// (handle_local_reply_and_notify).
func (e *Engine) tell(op *operation, f *wire.Finished) {
	var message *etree.Element
	if f != nil {
		message = f.Element
	}
	w := op.describe()
	reply := op.request.Answer(w.Addendum(message), &op.result)
	wire.Delegated(reply, op.delegate)
	e.Host.Reply(op.client, reply, op.options.Has(wire.Sync))
	e.Host.Notify(wire.NotifyFence, wire.Notice(wire.NotifyFence, &op.result, w.Notification()))
	e.notifyHistory()
	op.notified = true
}

func (e *Engine) notifyHistory() {
	e.Host.Notify(wire.NotifyHistory, wire.Notice(wire.NotifyHistory, nil, nil))
}
