package daemon

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
)

// linkFigures are the links' counters as last asked for.
type linkFigures struct {
	at    time.Time
	all   link.Stats
	nodes map[totem.NodeID][]link.Status
}

// ask brings the figures up to date, if they are older than a tool takes to read
// all of them.
func (n *knetNetwork) ask(id totem.NodeID) {
	f := &n.figures
	fresh := time.Since(f.at) <= figuresAge
	if _, ok := f.nodes[id]; fresh && (ok || id == 0) {
		return
	}
	if !fresh {
		*f = linkFigures{at: time.Now(), nodes: map[totem.NodeID][]link.Status{}}
	}
	_ = n.d.ring.Ask(func(totem.Instant) {
		f.all = n.t.Stats()
		if id != 0 {
			f.nodes[id] = n.t.Links(id)
		}
	})
}

func (n *knetNetwork) handleStats() link.Stats {
	n.ask(0)
	return n.figures.all
}

// statuses are the states of the links to a node.
func (n *knetNetwork) statuses(id totem.NodeID) []link.Status {
	n.ask(id)
	return n.figures.nodes[id]
}

func (n *knetNetwork) linkStatus(id totem.NodeID, num uint8) link.Status {
	for _, s := range n.statuses(id) {
		if s.Link == num {
			return s
		}
	}
	return link.Status{}
}

// show makes the keys of links in the stats map.
func (n *knetNetwork) show(list []knet.Member) {
	for _, m := range list {
		if num, ok := n.shown(&m); ok {
			n.d.stats.AddLink(m.NodeID, num, func() link.Status { return n.linkStatus(m.NodeID, num) })
		}
	}
}

func (n *knetNetwork) hide(list []knet.Member) {
	for _, m := range list {
		if m.NodeID != n.d.totem.NodeID {
			n.d.stats.RemoveLink(m.NodeID, m.Link)
		}
	}
}

// shown is the number by which a link is shown: this node has one only, 0.
func (n *knetNetwork) shown(m *knet.Member) (num uint8, ok bool) {
	if m.NodeID != n.d.totem.NodeID {
		return m.Link, true
	}
	if n.selfShown {
		return 0, false
	}
	n.selfShown = true
	return 0, true
}

func (n *knetNetwork) clearStats() {
	n.d.ring.Do(func(totem.Instant) { n.t.ClearStats() })
	n.figures = linkFigures{}
}
