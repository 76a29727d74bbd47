package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// phase is how far a reboot has come that became off and on.
type phase int

const (
	requested phase = iota
	turnOff
	turnOn
	phases
)

// operation is the fencing of a node, as all fencers know it (remote_fencing_op_t).
type operation struct {
	id, target, action               string
	originator, client, clientName   string
	delegate                         string // who did it, or does it last
	callID                           int
	options                          wire.CallOptions
	created                          int64 // seconds since 1970
	state                            wire.State
	result                           wire.Result
	completed, completedNsec         int64
	notified                         bool // all here know that it is over
	owner                            bool // this node leads it
	orphan                           bool // the node that led it was lost
	request                          *wire.Request
	base, total                      int // timeouts in seconds: of a device that has none, of all
	delay                            int // in seconds
	queryAt, totalAt, oneAt          time.Time
	resetting                        bool // oneAt is when the target's watchdog has reset it
	replies, expected                int
	offers                           []*offer // the one with the most devices first
	duplicates                       []*operation
	level                            int
	phase                            phase
	automatic, levelDevices, devices []string // the last are what is still to be done
}

// inProgress tells an operation that may still be waited for.
func (op *operation) inProgress() bool {
	return op.state == wire.StateQuery || op.state == wire.StateExec
}

// original is the action that was asked for (op_requested_action).
func (op *operation) original() string {
	if op.phase > requested {
		return "reboot"
	}
	return op.action
}

// describe is the operation in messages.
func (op *operation) describe() *wire.Operation {
	return &wire.Operation{
		ID: op.id, Target: op.target, Action: op.action, Originator: op.originator, Client: op.client, Name: op.clientName,
		Delegate: op.delegate, CallID: op.callID, Options: op.options, State: op.state, Result: op.result,
	}
}

func (op *operation) complete(now time.Time) {
	op.completed, op.completedNsec = now.Unix(), int64(now.Nanosecond())
}

func (op *operation) stopTimers() {
	op.queryAt, op.totalAt, op.oneAt = time.Time{}, time.Time{}, time.Time{}
	op.resetting = false
}

// stateText is a state in lines (stonith_op_state_str).
func stateText(s wire.State) string {
	switch s {
	case wire.StateQuery:
		return "querying"
	case wire.StateExec:
		return "executing"
	case wire.StateDone:
		return "done"
	case wire.StateDuplicate:
		return "duplicate"
	case wire.StateFailed:
		return "failed"
	}
	return "unknown"
}

func (e *Engine) addOp(op *operation) {
	e.removeOp(op.id)
	e.ops[op.id] = op
	e.opOrder = append(e.opOrder, op)
}

func (e *Engine) removeOp(id string) {
	if e.ops[id] != nil {
		delete(e.ops, id)
		e.opOrder = slices.DeleteFunc(e.opOrder, func(op *operation) bool { return op.id == id })
	}
}

// nameOf is the name of the node that a text gives the number of, empty if nobody knows it.
func (e *Engine) nameOf(number string) string {
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return ""
	}
	return e.Peers.NameOf(uint32(n))
}

// create records an operation: that of a client, with an id of its own, or a peer's
// (create_remote_stonith_op). It is nil if a peer's has no id.
func (e *Engine) create(client string, r *wire.Request, t *wire.Task, peer bool) *operation {
	if peer {
		if t == nil || t.RemoteOp == "" {
			return nil
		}
		if op := e.ops[t.RemoteOp]; op != nil {
			e.logf(loglevel.Debug, "create_remote_stonith_op", "Reusing existing remote fencing op %.8s for %s", op.id, or(client, "unknown client"))
			return op
		}
	}
	if t == nil {
		t = &wire.Task{}
	}
	op := &operation{
		target: t.Target, action: t.Action, originator: or(t.Origin, e.Node), delegate: t.Delegate, client: client,
		clientName: r.ClientName, callID: r.Call(), options: r.Options, created: e.now.Unix(), state: wire.StateQuery,
		request: r, base: r.Timeout, delay: r.Delay, expected: len(e.Peers.Active()),
	}
	if peer {
		op.id = t.RemoteOp
	} else {
		op.id = e.NewID()
	}
	if r.Op == wire.OpRelay {
		op.clientName = fmt.Sprintf("%s.%d", e.System, e.PID)
	}
	e.addOp(op)
	if op.options.Has(wire.NodeByID) {
		op.options &^= wire.NodeByID
		if name := e.nameOf(op.target); name != "" {
			op.target = name
		} else {
			e.logf(loglevel.Warning, "create_remote_stonith_op", "Could not expand nodeid '%s' into a host name", op.target)
		}
	}
	e.merge(op)
	if op.state != wire.StateDuplicate {
		e.notifyHistory()
	}
	e.trim()
	return op
}

func (e *Engine) isActive(node string) bool { return contains(e.Peers.Active(), node) }

// merge makes an operation a duplicate of one that is under way (merge_duplicates).
func (e *Engine) merge(op *operation) {
	const where = "merge_duplicates"
	for _, o := range e.opOrder {
		switch {
		case o == op, !o.inProgress(), !strings.EqualFold(o.target, op.target), o.original() != op.action,
			strings.EqualFold(o.clientName, op.clientName), strings.EqualFold(o.target, o.originator):
			continue
		case o.orphan || !e.isActive(o.originator):
			e.logf(loglevel.Notice, where, "Failing action '%s' targeting %s originating from client %s@%s: Originator is dead | id=%.8s", o.action, o.target, o.clientName, o.originator, o.id)
			o.state = wire.StateFailed
			continue
		case o.total > 0 && e.now.Unix() > int64(o.total)+o.created:
			continue
		}
		o.duplicates = append(o.duplicates, op)
		if o.total == 0 {
			o.total = longer(e.totalTimeout(op, nil))
			op.total = o.total
		}
		e.logf(loglevel.Notice, where, "Merging fencing action '%s' targeting %s originating from client %s with identical request from %s@%s | original=%.8s duplicate=%.8s total_timeout=%ds", op.action, op.target, op.clientName, o.clientName, o.originator, op.id, o.id, o.total)
		e.reportTimeout(op, o.total)
		op.state = wire.StateDuplicate
	}
}

// longer is a timeout with what it takes to talk about it.
func longer(seconds int) int {
	const factor = 1.2
	return int(factor * float64(seconds))
}

// begin leads an operation for a client, or for who relays it (initiate_remote_stonith_op). It
// is nil if the request lacks something.
func (e *Engine) begin(client string, r *wire.Request, byHand bool) *operation {
	const where = "initiate_remote_stonith_op"
	t := r.TargetTask()
	if t == nil || t.Action == "" && !byHand {
		return nil
	}
	op := e.create(client, r, t, false)
	op.owner = true
	if byHand {
		return op
	}
	if !e.advanceLevel(op, true) {
		op.state = wire.StateFailed
	}
	switch op.state {
	case wire.StateFailed:
		op.result = failure("All topology levels failed")
		e.logf(loglevel.Warning, where, "Could not request peer fencing (%s) targeting %s | id=%.8s", op.action, op.target, op.id)
		e.finish(op, nil, false)
		return op
	case wire.StateDuplicate:
		e.logf(loglevel.Info, where, "Requesting peer fencing (%s) targeting %s (duplicate) | id=%.8s", op.action, op.target, op.id)
		return op
	}
	e.logf(loglevel.Notice, where, "Requesting peer fencing (%s) targeting %s | id=%.8s state=%s base_timeout=%d", op.action, op.target, op.id, stateText(op.state), op.base)
	relayed := ""
	if r.Op == wire.OpRelay {
		relayed = r.RemoteOp()
	}
	query := op.describe()
	query.Action = op.original()
	e.Host.Send("", query.Query(op.base, relayed))
	op.queryAt = e.now.Add(time.Duration(longer(op.base)) * time.Second)
	return op
}

// dropRelayed forgets the operation that this node had relayed, for the peer that leads it now has
// begun (remove_relay_op).
func (e *Engine) dropRelayed(r *wire.Request) {
	t := r.ActionTask()
	if r.Relayed == "" || t == nil || !strings.EqualFold(t.Target, e.Node) {
		return
	}
	old := e.ops[r.Relayed]
	if old == nil {
		return
	}
	for _, op := range e.opOrder {
		op.duplicates = slices.DeleteFunc(op.duplicates, func(d *operation) bool { return d == old })
	}
	e.logf(loglevel.Debug, "remove_relay_op", "Deleting relay op %s ('%s'%s for %s), replaced by op %s ('%s'%s for %s)", old.id, old.action, targeting(old.target), old.clientName, r.RemoteOp(), old.action, targeting(t.Target), r.ClientName)
	e.removeOp(old.id)
}

// fencedLately tells whether a node was fenced within some seconds (stonith_check_fence_tolerance).
func (e *Engine) fencedLately(seconds int, target, action string) bool {
	if seconds <= 0 || target == "" || action == "" {
		return false
	}
	for _, op := range e.opOrder {
		if op.target == target && op.state == wire.StateDone && op.action == action && op.completed+int64(seconds) >= e.now.Unix() {
			e.logf(loglevel.Notice, "stonith_check_fence_tolerance", "Target %s was fenced (%s) less than %ds ago by %s on behalf of %s", target, action, seconds, op.delegate, op.originator)
			return true
		}
	}
	return false
}
