package evs

import (
	"fmt"
	"slices"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// transitional takes a transitional configuration change of a process.
func (c *Checker) transitional(p *process, cfg *Config) error {
	fail := func(format string, args ...any) error {
		return &Violation{TransitionalConfiguration, p.id, fmt.Sprintf("to %v: ", cfg.Ring) + fmt.Sprintf(format, args...)}
	}
	if v := c.deliveryOfConfigurationChanges(p, cfg); v != nil {
		return v
	}
	if p.trans != nil {
		return fail("follows another transitional one, to %v", p.trans.Ring)
	}
	p.trans, p.aware = cfg, true
	if p.reg == nil {
		if len(cfg.Members) > 1 {
			return fail("the first, members %v: nobody can come along", cfg.Members)
		}
		return nil
	}
	if !subset(cfg.Members, p.reg.members) {
		return fail("members %v were not all in %v %v", cfg.Members, p.reg.ring, p.reg.members)
	}
	if left := minus(p.reg.members, cfg.Members); cfg.Lists && !equal(left, cfg.Left) {
		return fail("left %v, but %v do not come along from %v", cfg.Left, left, p.reg.ring)
	}
	w := p.reg.way(cfg.Ring)
	if w.members == nil {
		w.members = slices.Clone(cfg.Members)
		next := c.configuration(cfg.Ring)
		for _, id := range cfg.Members {
			if v := next.claim(p, id); v != nil {
				return v
			}
		}
	} else if !equal(w.members, cfg.Members) {
		return fail("members %v, for others from %v they are %v", cfg.Members, p.reg.ring, w.members)
	}
	p.passage, p.k = w, 0
	if v := failureAtomicity(p, w, cfg.Ring); v != nil {
		return v
	}
	return nil
}

// install takes a regular configuration change of a process.
func (c *Checker) install(p *process, cfg *Config) error {
	if v := c.deliveryOfConfigurationChanges(p, cfg); v != nil {
		return v
	}
	if p.trans != nil {
		if v := transitionalConfiguration(p, cfg); v != nil {
			return v
		}
	}
	free := cfg.Initial || p.initial && p.reg == nil
	switch {
	case p.passage != nil:
		if v := virtualSynchrony(p, cfg.Ring); v != nil {
			return v
		}
	case p.reg != nil && p.trans == nil:
		if v := c.leave(p, cfg); v != nil {
			return v
		}
	}
	next := c.configuration(cfg.Ring)
	if next.members == nil {
		next.members = slices.Clone(cfg.Members)
	} else if !equal(next.members, cfg.Members) {
		return &Violation{DeliveryOfConfigurationChanges, p.id, fmt.Sprintf("configuration %v has members %v, for others %v", cfg.Ring, cfg.Members, next.members)}
	}
	if v := next.enter(p, free); v != nil {
		return v
	}
	p.list = nil
	p.reg, p.at, p.passage, p.trans, p.k = next, nil, nil, nil, 0
	p.initial = cfg.Initial
	return nil
}

// deliveryOfConfigurationChanges: a process is in the configurations that it
// delivers, and their sequence numbers grow.
func (c *Checker) deliveryOfConfigurationChanges(p *process, cfg *Config) *Violation {
	fail := func(format string, args ...any) *Violation {
		return &Violation{DeliveryOfConfigurationChanges, p.id, fmt.Sprintf(format, args...)}
	}
	// The first transitional one has no members: nobody comes from anywhere.
	first := cfg.Type == totem.Transitional && p.reg == nil && len(cfg.Members) == 0
	if !first && !slices.Contains(cfg.Members, p.id.Node) {
		return fail("%v configuration %v %v without itself", cfg.Type, cfg.Ring, cfg.Members)
	}
	if p.reg != nil && cfg.Ring.Seq <= p.reg.ring.Seq {
		return fail("%v configuration %v after %v", cfg.Type, cfg.Ring, p.reg.ring)
	}
	return nil
}

// transitionalConfiguration: it is followed by the regular one that it leads
// to, which holds all of its members.
func transitionalConfiguration(p *process, cfg *Config) *Violation {
	fail := func(format string, args ...any) *Violation {
		return &Violation{TransitionalConfiguration, p.id, fmt.Sprintf(format, args...)}
	}
	if cfg.Ring != p.trans.Ring {
		return fail("the one to %v is followed by regular configuration %v", p.trans.Ring, cfg.Ring)
	}
	if !subset(p.trans.Members, cfg.Members) {
		return fail("members %v are not all in regular configuration %v %v", p.trans.Members, cfg.Ring, cfg.Members)
	}
	if joined := minus(cfg.Members, p.trans.Members); cfg.Lists && !equal(joined, cfg.Joined) {
		return fail("configuration %v: joined %v, but %v do not come along", cfg.Ring, cfg.Joined, joined)
	}
	return nil
}

// failureAtomicity: who goes from one configuration to the next together has
// delivered the same in the first: since all deliver one sequence, up to the
// same message. Who came into the middle and delivered nothing says nothing.
func failureAtomicity(p *process, w *passage, to totem.RingID) *Violation {
	if p.initial && p.at == nil {
		return nil
	}
	if !w.known {
		w.known, w.from = true, p.at
	}
	if w.from != p.at {
		return &Violation{FailureAtomicity, p.id, fmt.Sprintf("delivered up to %v in %v before it went to %v, others to %v", p.at, p.reg.ring, to, w.from)}
	}
	return nil
}

// together is failure atomicity and virtual synchrony for processes that are not
// told of transitional configurations: who goes from one regular one to the next
// together has delivered the same list, or, having come later, the end of it.
func together(p *process, w *passage, to totem.RingID) *Violation {
	if p.initial && p.at == nil {
		return nil
	}
	long, short := w.list, p.list
	if len(p.list) > len(w.list) {
		long, short = p.list, w.list
	}
	missing := w.known && (w.whole && len(p.list) > len(w.list) || !p.initial && len(p.list) < len(w.list))
	if missing || !slices.Equal(long[len(long)-len(short):], short) {
		return &Violation{FailureAtomicity, p.id, fmt.Sprintf("delivered %d messages, up to %v, in %v before it went to %v, others %d, or in another order", len(p.list), p.at, p.reg.ring, to, len(w.list))}
	}
	w.known, w.list, w.whole = true, long, w.whole || !p.initial
	return nil
}

// virtualSynchrony: and the same in the transitional configuration.
func virtualSynchrony(p *process, to totem.RingID) *Violation {
	w := p.passage
	if w.k < 0 {
		w.k = p.k
	}
	if w.k != p.k {
		return &Violation{VirtualSynchrony, p.id, fmt.Sprintf("delivered %d messages in the transitional configuration from %v to %v, others %d", p.k, p.reg.ring, to, w.k)}
	}
	return nil
}

func (c *Checker) configuration(ring totem.RingID) *configuration {
	r := c.configs[ring]
	if r == nil {
		r = &configuration{
			ring:      ring,
			next:      map[totem.RingID]*passage{},
			ways:      map[string]*passage{},
			installed: map[totem.NodeID]install{},
			comesFrom: map[totem.NodeID]*configuration{},
		}
		c.configs[ring] = r
		c.regular = append(c.regular, r)
	}
	return r
}

// leave compares what a process that is not told of transitional configurations,
// or not of this one, has delivered in the regular one that it leaves.
func (c *Checker) leave(p *process, cfg *Config) *Violation {
	switch {
	case p.aware:
		return failureAtomicity(p, p.reg.way(cfg.Ring), cfg.Ring)
	case !cfg.Lists:
		// Whoever else goes there may have gone another way.
		if len(p.list) > 0 {
			p.reg.lists = append(p.reg.lists, p.list)
		}
		return nil
	}
	var along []totem.NodeID
	for _, id := range p.reg.members {
		if slices.Contains(cfg.Members, id) && !slices.Contains(cfg.Left, id) {
			along = append(along, id)
		}
	}
	slices.Sort(along)
	key := fmt.Sprint(cfg.Ring, along)
	w := p.reg.ways[key]
	if w == nil {
		w = &passage{k: -1}
		p.reg.ways[key] = w
		p.reg.passages = append(p.reg.passages, w)
	}
	return together(p, w, cfg.Ring)
}

// way returns the passage to the next ring.
func (r *configuration) way(to totem.RingID) *passage {
	w := r.next[to]
	if w == nil {
		w = &passage{k: -1}
		r.next[to] = w
		r.passages = append(r.passages, w)
	}
	return w
}

// claim notes that a transitional configuration says of a node that it comes
// from p's.
func (r *configuration) claim(p *process, id totem.NodeID) *Violation {
	if from := r.comesFrom[id]; from != nil && from != p.reg {
		return &Violation{TransitionalConfiguration, p.id, fmt.Sprintf("to %v: node %d is said to come along from %v, by others from %v", r.ring, id, p.reg.ring, from.ring)}
	}
	r.comesFrom[id] = p.reg
	if in, ok := r.installed[id]; ok && !in.free && in.from != p.reg {
		return r.stranger(p.id, id, p.reg, in.from)
	}
	return nil
}

// enter notes that p installs the configuration.
func (r *configuration) enter(p *process, free bool) *Violation {
	in, again := r.installed[p.id.Node]
	if again && !free && !in.free && in.life != p.id.Life && p.reg == nil {
		return &Violation{DeliveryOfConfigurationChanges, p.id, fmt.Sprintf("configuration %v was delivered in the node's life %d already", r.ring, in.life)}
	}
	if from := r.comesFrom[p.id.Node]; from != nil && !free && from != p.reg {
		return r.stranger(p.id, p.id.Node, from, p.reg)
	}
	r.installed[p.id.Node] = install{life: p.id.Life, from: p.reg, free: free}
	return nil
}

func (r *configuration) stranger(at Proc, id totem.NodeID, claimed, from *configuration) *Violation {
	was := "from nowhere"
	if from != nil {
		was = "from " + from.ring.String()
	}
	return &Violation{TransitionalConfiguration, at, fmt.Sprintf("to %v: node %d is said to come along from %v, it comes %s", r.ring, id, claimed.ring, was)}
}

func subset(a, b []totem.NodeID) bool {
	for _, id := range a {
		if !slices.Contains(b, id) {
			return false
		}
	}
	return true
}

func minus(a, b []totem.NodeID) []totem.NodeID {
	var out []totem.NodeID
	for _, id := range a {
		if !slices.Contains(b, id) {
			out = append(out, id)
		}
	}
	return out
}

// equal compares sets.
func equal(a, b []totem.NodeID) bool { return len(a) == len(b) && subset(a, b) && subset(b, a) }
