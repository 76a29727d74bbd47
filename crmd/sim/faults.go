package sim

import (
	"slices"
	"time"
)

// Times of faults.
const (
	quietLeast, quietMost = 500 * time.Millisecond, 40 * time.Second
	splitLeast, splitMost = 500 * time.Millisecond, 60 * time.Second
	pauseLeast, pauseMost = 100 * time.Millisecond, 20 * time.Second
	downLeast, downMost   = 2 * time.Second, 60 * time.Second
)

// Course is what a simulation has beyond nodes, resources that run once, and faults of nodes, network and agents.
type Course struct {
	// Clones are in the configuration: one whose instances are alike, one whose are not, one with roles.
	Clones bool
	// Administrators change the configuration.
	Administrators bool
	// Daemons die alone: controllers, executors and schedulers.
	Daemons bool
	// Small is a cluster of three nodes and few resources.
	Small bool
	// Harm is how long faults happen; zero has it drawn, from one minute to ten.
	Harm time.Duration
}

// Full is a course with everything.
var Full = Course{Clones: true, Administrators: true, Daemons: true}

// New is a cluster of a seed: three to five nodes that are off, with a configuration on their disks.
func New(seed uint64, c Course) *World {
	w := newWorld(seed)
	w.course = c
	n := 3 + w.rand.IntN(3)
	resources := 2 + w.rand.IntN(6)
	if c.Small {
		n, resources = 3, 2
	}
	if c.Clones {
		w.agents.clones = w.drawClones(n)
	}
	config := configuration(n, resources, w.agents.clones)
	for i := range n {
		node := &node{w: w, id: uint32(i + 1), name: nodeName(i), disk: config}
		node.log = nodeLog{w, node.name}
		w.nodes = append(w.nodes, node)
	}
	return w
}

// Boot turns all nodes on that are off.
func (w *World) Boot() {
	for _, n := range w.nodes {
		w.after(w.between(0, time.Second), nil, n.boots)
	}
}

// Harm has faults happen for a while, one after the other.
func (w *World) Harm(d time.Duration) {
	until := w.now.Add(d)
	w.agents.failing = w.rand.IntN(60)
	for w.now.Before(until) && w.broken == nil {
		w.Run(w.between(quietLeast, quietMost))
		n := w.nodes[w.rand.IntN(len(w.nodes))]
		kinds := 4
		if w.course.Administrators {
			kinds = 8
		}
		kind := w.rand.IntN(kinds)
		if w.course.Daemons && w.rand.IntN(3) == 0 {
			n.dies()
			continue
		}
		switch kind {
		case 0:
			n.crash("crash")
			w.after(w.between(downLeast, downMost), nil, n.boots)
		case 1:
			w.split()
			w.after(w.between(splitLeast, splitMost), nil, w.heal)
		case 2:
			n.pause(w.between(pauseLeast, pauseMost))
		case 3:
			w.agents.breaks(n)
		default:
			for range 1 + w.rand.IntN(4) {
				w.after(w.between(0, time.Second), nil, w.admin.act)
			}
		}
	}
}

// split has some nodes reach each other only.
func (w *World) split() {
	for _, n := range w.nodes {
		n.side = w.rand.IntN(2)
	}
	w.trace(nil, "the network is split")
	w.disturbed()
}

func (w *World) heal() {
	for _, n := range w.nodes {
		n.side = 0
	}
	w.trace(nil, "the network is whole")
	w.disturbed()
}

// tokenTime is how long a node may be silent before it is missed.
const tokenTime = time.Second

// pause has a node do nothing for a while.
func (n *node) pause(d time.Duration) {
	w := n.w
	if !n.up || n.paused.After(w.now) {
		return
	}
	w.trace(n, "pauses for %v", d)
	n.paused = w.now.Add(d)
	if d > tokenTime {
		w.disturbed()
		w.at(n.paused, nil, w.disturbed)
	}
}

// breaks has an instance on a node end by itself.
func (a *agents) breaks(n *node) {
	for _, rsc := range a.names() {
		if slices.Contains(a.active[rsc], n) {
			a.w.trace(n, "%s breaks", rsc)
			a.stopped(n, rsc)
			return
		}
	}
}

// Rest ends all faults and gives the cluster a time to settle.
func (w *World) Rest(d time.Duration) {
	w.agents.failing = 0
	w.heal()
	w.Boot()
	w.Run(d)
}
