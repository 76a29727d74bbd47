package evs

import (
	"fmt"
	"slices"
)

// Finish checks what only the whole can show: that everything delivered was
// sent by someone, and that the orders of all transitional configurations of one
// regular one fit together.
func (c *Checker) Finish() error {
	// Not in the order of the map: the first by number is reported.
	var first *message
	for m := range c.unsent {
		if first == nil || m.id.String() < first.id.String() {
			first = m
		}
	}
	if first != nil {
		return &Violation{BasicDelivery, c.unsent[first].id, fmt.Sprintf("message %v was never sent", first.id)}
	}
	last := map[*configuration][][]*message{} // of those that are still there
	for _, p := range c.order {
		if p.reg != nil && len(p.list) > 0 {
			last[p.reg] = append(last[p.reg], p.list)
		}
	}
	for _, r := range c.regular {
		if v := r.acyclic(slices.Concat(r.lists, last[r])); v != nil {
			return v
		}
	}
	return nil
}

// acyclic: the orders in which the configuration's messages were delivered, in
// itself, in the transitional ones after it and in the lists of processes that
// are not aware of those, do not contradict each other.
func (r *configuration) acyclic(lists [][]*message) *Violation {
	if len(r.passages)+len(lists) < 2 {
		return nil
	}
	after := map[*message][]*message{}
	follow := func(seq []*message, prev *message) {
		for _, m := range seq {
			if prev != nil {
				after[prev] = append(after[prev], m)
			}
			prev = m
		}
	}
	for _, m := range r.all {
		if m.next != nil {
			after[m] = append(after[m], m.next)
		}
	}
	for _, w := range r.passages {
		follow(w.seq, w.from)
		follow(w.list, nil)
	}
	for _, l := range lists {
		follow(l, nil)
	}

	const open, done = 1, 2
	state := map[*message]int{}
	type step struct {
		m *message
		i int
	}
	for _, root := range r.all {
		if state[root] != 0 {
			continue
		}
		stack := []step{{root, 0}}
		state[root] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.i == len(after[top.m]) {
				state[top.m] = done
				stack = stack[:len(stack)-1]
				continue
			}
			m := after[top.m][top.i]
			top.i++
			switch state[m] {
			case open:
				return &Violation{AgreedDelivery, m.id.From, fmt.Sprintf("message %v and %v of configuration %v are delivered in either order", m.id, top.m.id, r.ring)}
			case 0:
				state[m] = open
				stack = append(stack, step{m, 0})
			}
		}
	}
	return nil
}

// placed tells whether it is known how much of its configuration a process has
// delivered.
func (p *process) placed() bool { return !p.initial || p.at != nil }

// Quiescent checks, once the world has been quiet for long enough, that the
// given processes are in one configuration of exactly their nodes, have
// delivered up to the same message there, and each all that it sent. What
// it returns is not a violation of safety but what has not happened yet.
func (c *Checker) Quiescent(procs []Proc) error {
	if len(procs) == 0 {
		return nil
	}
	ref := c.process(procs[0])
	var here passage
	for _, id := range procs {
		p := c.process(id)
		switch {
		case p.reg == nil:
			return fmt.Errorf("evs: %v is in no configuration", id)
		case p.trans != nil:
			return fmt.Errorf("evs: %v is in a transitional configuration to %v", id, p.trans.Ring)
		case p.reg != ref.reg:
			return fmt.Errorf("evs: %v is in configuration %v, %v in %v", ref.id, ref.reg.ring, id, p.reg.ring)
		case p.at != ref.at && p.placed() && ref.placed():
			return fmt.Errorf("evs: in configuration %v %v has delivered up to %v, %v to %v", p.reg.ring, ref.id, ref.at, id, p.at)
		case !p.aware && together(p, &here, p.reg.ring) != nil:
			return together(p, &here, p.reg.ring)
		case p.own != p.sent:
			return &Violation{SelfDelivery, id, fmt.Sprintf("it sent %d messages and delivered %d of them", p.sent, p.own)}
		}
	}
	return nil
}
