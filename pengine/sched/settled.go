package sched

import (
	"math/bits"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// settledRelations are the relations before one action that mean nothing new: they have
// been applied, and since then neither of the two actions has changed. Walking these
// again is most of the work where a point in time waits for a thousand instances, each
// of which has it looked at anew.
type settledRelations struct {
	open   []uint64 // a bit for each relation that has to be applied, by its place in Before
	always []uint64 // those that depend on more than the flags of the two
}

// manyRelations is how many relations an action has to have for this to be worth it: a
// variable for the test that it changes nothing else.
var manyRelations = 256

// watched is the place of a relation among those before an action.
type watched struct {
	of    *settledRelations
	place int
}

// settledTable has the settled relations of those actions that wait for many.
type settledTable struct {
	before []*settledRelations // by the action's number; nil if all are to be applied
	after  [][]watched         // where an action is the first of two, by its number
}

func newSettledTable(ws *status.WorkingSet, own *ownActions) settledTable {
	t := settledTable{make([]*settledRelations, ws.NextActionID), make([][]watched, ws.NextActionID)}
	for _, then := range ws.Actions {
		if len(then.Before) < manyRelations || !canSettle(then, own) {
			continue
		}
		words := (len(then.Before) + 63) / 64
		s := &settledRelations{make([]uint64, words), make([]uint64, words)}
		for i, relation := range then.Before {
			if !settles(relation, then) {
				s.always[i/64] |= 1 << (i % 64)
				continue
			}
			t.before[then.ID] = s // if there is one at all
			t.after[relation.Action.ID] = append(t.after[relation.Action.ID], watched{s, i})
		}
		for i := len(then.Before); i < 64*words; i++ { // for relations to come
			s.always[i/64] |= 1 << (i % 64)
		}
		s.openAll()
	}
	return t
}

// canSettle tells whether relations before an action can settle: not if they are
// counted each time, nor if they mean something for parts of a collective resource.
func canSettle(then *status.Action, own *ownActions) bool {
	if then.Is(status.RequiresAny) {
		return false
	}
	switch r := then.Resource; {
	case r == nil || r.Variant == status.Primitive:
		return true
	case r.Variant == status.Group:
		return false
	default:
		return len(own.ofInstances(r, own.name(then), nil)) == 0
	}
}

// settles tells whether what a relation means follows from the flags of the two actions
// alone. It does not where the first is a collective resource's, nor where those of a
// collective resource's instances on one node count; nor is one taken that may end
// before the flags of then are asked for, which changes them.
func settles(relation *status.Relation, then *status.Action) bool {
	const never = status.OrderThenCancelsFirst | status.OrderOneOrMore | status.OrderSameNode
	first := relation.Action
	return (first.Resource == nil || first.Resource.Variant == status.Primitive) && !relation.Flags.Any(never) &&
		(!relation.Flags.Has(status.OrderImpliesFirstPrinted) || !isCollective(then.Resource))
}

func isCollective(r *status.Resource) bool { return r != nil && r.Variant != status.Primitive }

// changed tells that flags of an action are not what they were.
func (t *settledTable) changed(a *status.Action) {
	if a.ID >= len(t.before) {
		return
	}
	if s := t.before[a.ID]; s != nil {
		s.openAll()
	}
	for _, w := range t.after[a.ID] {
		w.of.open[w.place/64] |= 1 << (w.place % 64)
	}
}

// forget has all relations applied again.
func (t *settledTable) forget() {
	for _, s := range t.before {
		if s != nil {
			s.openAll()
		}
	}
}

func (t *settledTable) of(a *status.Action) *settledRelations {
	if a.ID >= len(t.before) {
		return nil
	}
	return t.before[a.ID]
}

func (s *settledRelations) openAll() {
	for i := range s.open {
		s.open[i] = ^uint64(0)
	}
}

// last is the last open place up to one, or -1. Relations that are newer than the table
// are always open.
func (s *settledRelations) last(upTo int) int {
	if s == nil || upTo >= 64*len(s.open) {
		return upTo
	}
	for word := upTo / 64; word >= 0; word-- {
		if b := s.open[word] << (63 - upTo%64); b != 0 {
			return upTo - bits.LeadingZeros64(b)
		}
		upTo = 64*word - 1
	}
	return -1
}

// settle closes a place, until one of the two actions changes.
func (s *settledRelations) settle(place int) {
	if s != nil && place < 64*len(s.open) {
		s.open[place/64] &^= 1 << (place % 64) &^ s.always[place/64]
	}
}
