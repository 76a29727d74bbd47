package engine

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// maxHistory is how many operations are remembered; of more the older half is forgotten.
const maxHistory = 500

// trim forgets old operations that are over (stonith_fence_history_trim).
func (e *Engine) trim() {
	if len(e.opOrder) <= maxHistory {
		return
	}
	sorted := slices.Clone(e.opOrder)
	slices.SortStableFunc(sorted, func(a, b *operation) int {
		switch ap, bp := !a.state.Ended(), !b.state.Ended(); {
		case ap && bp:
			return 0
		case ap:
			return -1
		case bp:
			return 1
		case a.completed != b.completed:
			return int(b.completed - a.completed)
		}
		return int(b.completedNsec - a.completedNsec)
	})
	for _, op := range sorted[maxHistory/2:] {
		if op.state.Ended() {
			e.removeOp(op.id)
		}
	}
}

// entry is an operation as histories have it.
func (op *operation) entry(withID bool) wire.Entry {
	h := wire.Entry{
		Target: op.target, Action: op.action, Origin: op.originator, Delegate: op.delegate, Client: op.clientName,
		Completed: op.completed, Nanoseconds: op.completedNsec, State: op.state, Result: op.result,
	}
	if withID {
		// Peers are to know it by what was asked for, whatever it is about to do.
		h.ID, h.Action = op.id, op.original()
	}
	return h
}

// known is what this fencer knows of operations against a target, or all.
func (e *Engine) known(target string, withID bool) (all []wire.Entry) {
	for _, op := range e.opOrder {
		if target == "" || op.target == target {
			all = append(all, op.entry(withID))
		}
	}
	return all
}

// history carries out a request about the history, and is what a client shall see of it
// (stonith_fence_history).
func (e *Engine) history(r *wire.Request) *etree.Element {
	target := ""
	if t := r.TargetTask(); t != nil {
		if target = t.Target; r.Options.Has(wire.NodeByID) {
			target = or(e.nameOf(target), target)
		}
	}
	switch {
	case r.Options.Has(wire.Cleanup):
		if r.CallID != "" {
			// It is done when it comes back.
			e.Host.Send("", wire.HistoryMessage(nil, wire.Cleanup|wire.DiscardReply, target))
			return nil
		}
		for _, op := range slices.Clone(e.opOrder) {
			if op.state.Ended() && (target == "" || op.target == target) {
				e.removeOp(op.id)
			}
		}
		e.notifyHistory()
	case r.Options.Has(wire.Broadcast):
		e.Host.Notify(wire.NotifyHistorySynced, wire.Notice(wire.NotifyHistorySynced, nil, nil))
		if r.CallID != "" {
			e.Host.Send("", wire.HistoryMessage(wire.History(e.known("", true), false), wire.Broadcast|wire.DiscardReply, ""))
			return nil
		}
		if r.From != "" && !strings.EqualFold(r.From, e.Node) {
			e.heard(r)
		}
	default:
		return wire.History(e.known(target, false), false)
	}
	return nil
}

// heard merges a peer's history, and tells what that lacks.
func (e *Engine) heard(r *wire.Request) {
	list, differential := r.History()
	if mine := e.mergeHistory(e.readHistory(list)); len(mine) > 0 && !differential {
		e.Host.Send("", wire.HistoryMessage(wire.History(mine, true), wire.Broadcast|wire.DiscardReply, ""))
	}
}

// readHistory reads a peer's; what cannot be read is left out (stonith_xml_history_to_list).
func (e *Engine) readHistory(list *etree.Element) (all []wire.Entry) {
	if list == nil {
		return nil
	}
	for _, c := range list.ChildElements() {
		h, err := wire.ParseEntry(c)
		if err != nil || h.ID == "" {
			e.logf(loglevel.Warning, "stonith_xml_history_to_list", "Malformed fencing history received from peer")
			continue
		}
		all = append(all, *h)
	}
	return all
}

// mergeHistory takes what a peer knows and is what that peer does not
// (stonith_local_history_diff_and_merge).
func (e *Engine) mergeHistory(theirs []wire.Entry) (mine []wire.Entry) {
	const where = "stonith_local_history_diff_and_merge"
	remote := map[string]*wire.Entry{}
	for i := range theirs {
		remote[theirs[i].ID] = &theirs[i]
	}
	updated := false
	for _, op := range slices.Clone(e.opOrder) {
		h := remote[op.id]
		if h == nil {
			mine = append(mine, op.entry(true))
			continue
		}
		delete(remote, op.id)
		switch over := op.state.Ended(); {
		case over == h.State.Ended():
		case over, op.owner:
			e.logf(loglevel.Debug, where, "Broadcasting operation %.8s (state=%s) to update the outdated pending one (state=%s) in remote peer history", op.id, stateText(op.state), stateText(h.State))
			mine = append(mine, op.entry(true))
		default:
			e.logf(loglevel.Debug, where, "Updating outdated pending operation %.8s (state=%s) according to the one (state=%s) from remote peer history", op.id, stateText(op.state), stateText(h.State))
			e.addOp(fromEntry(h))
			updated = true
		}
	}
	for i := range theirs {
		h := &theirs[i]
		if remote[h.ID] != h {
			continue
		}
		updated = true
		op := fromEntry(h)
		if !op.state.Ended() && strings.EqualFold(op.originator, e.Node) {
			e.logf(loglevel.Warning, where, "Failing pending operation %.8s originated by us but known only from peer history", op.id)
			op.state = wire.StateFailed
			op.complete(e.now)
			op.result = wire.Result{Exit: crmexit.Expired, Exec: wire.ExecInvalid, Reason: "Initiated by earlier fencer process and presumed failed"}
			e.broadcast(op, false)
		}
		e.addOp(op)
	}
	if updated {
		e.trim()
		e.notifyHistory()
	}
	return mine
}

// fromEntry is an operation known from a peer's history.
func fromEntry(h *wire.Entry) *operation {
	return &operation{
		id: h.ID, target: h.Target, action: h.Action, originator: h.Origin, delegate: h.Delegate, clientName: h.Client,
		completed: h.Completed, completedNsec: h.Nanoseconds, state: h.State, result: h.Result,
	}
}
