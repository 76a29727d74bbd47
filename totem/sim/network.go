package sim

import (
	"hash/crc32"
	"math"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// network is what lies between the nodes.
type network struct {
	w      *world
	cut    [][]int           // [from][to]: how many faults cut the link
	clog   [][]totem.Instant // until when the link holds datagrams back
	last   [][]totem.Instant // when the last datagram on the link arrives
	sent   []totem.Instant   // with Knet, when a node's device has sent what it holds
	stormy totem.Instant     // until when loss is high
	stats  netStats
}

type netStats struct{ sent, lost, cut, doubled, overflow int }

func newNetwork(w *world) *network {
	n := &network{w: w, sent: make([]totem.Instant, w.opts.Nodes)}
	for range w.opts.Nodes {
		n.cut = append(n.cut, make([]int, w.opts.Nodes))
		n.clog = append(n.clog, make([]totem.Instant, w.opts.Nodes))
		n.last = append(n.last, make([]totem.Instant, w.opts.Nodes))
	}
	return n
}

// multicast sends to all nodes but the sender. One hold on the packet is given
// up, as in unicast.
func (n *network) multicast(from int, p *totem.Packet) {
	crc := crc32.Checksum(p.Data, crcTable)
	o := &n.w.opts
	shared := time.Duration(0)
	if o.Multicast {
		// One frame on the wire: all receivers see it at about the same time.
		shared = n.w.exponential(o.Jitter)
	}
	for to := range n.w.nodes {
		if to == from {
			continue
		}
		d := shared
		if o.Multicast {
			d += n.w.exponential(o.Jitter / 16)
		} else {
			d = n.w.exponential(o.Jitter)
		}
		n.carry(from, to, p, crc, d)
	}
	p.Release()
}

func (n *network) unicast(from, to int, p *totem.Packet) {
	if to >= 0 && to < len(n.w.nodes) {
		n.carry(from, to, p, crc32.Checksum(p.Data, crcTable), n.w.exponential(n.w.opts.Jitter))
	}
	p.Release()
}

func (n *network) carry(from, to int, p *totem.Packet, crc uint32, jitter time.Duration) {
	w := n.w
	n.stats.sent++
	if n.cut[from][to] > 0 {
		n.stats.cut++
		return
	}
	sentIn, ok := n.device(from, len(p.Data))
	if !ok {
		n.stats.overflow++
		return
	}
	loss, late, double := w.opts.Loss, w.opts.Late, w.opts.Double
	switch {
	case w.calm:
		loss, late, double = 0, 0, 0
	case w.now < n.stormy:
		loss += 0.3
	}
	if w.opts.Knet {
		loss = 1 - math.Pow(1-loss, float64(frames(len(p.Data))))
	}
	if loss > 0 && w.rnd.Float64() < loss {
		n.stats.lost++
		return
	}
	copies := 1
	if double > 0 && w.rnd.Float64() < double {
		copies = 2
		n.stats.doubled++
	}
	for range copies {
		at := w.now.Add(w.opts.Delay + jitter + sentIn)
		if late > 0 && w.rnd.Float64() < late {
			at = at.Add(time.Duration(w.rnd.Int64N(int64(w.opts.LateMax) + 1)))
		}
		if held := n.clog[from][to]; at < held {
			at = held.Add(w.exponential(100 * time.Microsecond))
		}
		if w.opts.Ordered {
			at = max(at, n.last[from][to]+1)
			n.last[from][to] = at
		}
		p.Retain()
		w.agenda.push(event{at: at, kind: arrive, to: to, from: from, pkt: p, crc: crc})
	}
}

// device has a node's device take a packet, and tells when it will have sent it.
func (n *network) device(from, length int) (sentIn time.Duration, ok bool) {
	o := &n.w.opts
	if !o.Knet {
		return 0, true
	}
	free := max(n.sent[from], n.w.now)
	waiting := int(free.Sub(n.w.now) / o.FrameTime)
	need := frames(length)
	if waiting+need > o.Device {
		return 0, false
	}
	n.sent[from] = free.Add(time.Duration(need) * o.FrameTime)
	return n.sent[from].Sub(n.w.now), true
}

// heal ends all faults of the network.
func (n *network) heal() {
	n.stormy = 0
	for i := range n.cut {
		for j := range n.cut[i] {
			n.cut[i][j] = 0
			n.clog[i][j] = 0
		}
	}
}
