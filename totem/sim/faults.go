package sim

import (
	"time"
)

// fault is one kind of misfortune and its weight.
type fault struct {
	weight int
	strike func(w *world)
}

func (w *world) faults() []fault {
	o := &w.opts
	return []fault{
		{o.Crash, (*world).crash},
		{o.Leave, (*world).leave},
		{o.Pause, (*world).pause},
		{o.Partition, (*world).partition},
		{o.OneWay, (*world).oneWay},
		{o.Clog, (*world).clog},
		{o.Storm, (*world).storm},
	}
}

// misfortune is one fault now, and the next later, while the chaos lasts.
func (w *world) misfortune() {
	if w.calm {
		return
	}
	total := 0
	for _, f := range w.faults() {
		total += f.weight
	}
	if total == 0 {
		return
	}
	x := w.rnd.IntN(total)
	for _, f := range w.faults() {
		if x -= f.weight; x < 0 {
			f.strike(w)
			break
		}
	}
	w.after(w.now.Add(w.exponential(w.opts.FaultEvery)), nil, w.misfortune)
}

// spell is how long a fault lasts: sometimes shorter than the protocol notices,
// sometimes much longer.
func (w *world) spell() time.Duration {
	token := w.opts.timing().token
	return w.exponential([]time.Duration{token / 4, token, 3 * token}[w.rnd.IntN(3)])
}

// victim draws a node that is up and not paused; nil when there is none.
func (w *world) victim() *node {
	var up []*node
	for _, n := range w.nodes {
		if n.up && !n.paused {
			up = append(up, n)
		}
	}
	if len(up) == 0 {
		return nil
	}
	return up[w.rnd.IntN(len(up))]
}

func (w *world) crash() {
	if n := w.victim(); n != nil {
		n.stop("crashes")
		w.rebirth(n)
	}
}

func (w *world) leave() {
	if n := w.victim(); n != nil {
		n.do(n.m.Leave(n.now()))
		n.stop("leaves")
		n.stored = n.used
		w.rebirth(n)
	}
}

// rebirth starts the node again after a while, sometimes at once.
func (w *world) rebirth(n *node) {
	at := w.now.Add(time.Millisecond)
	if w.rnd.IntN(4) > 0 {
		at = at.Add(w.spell())
	}
	w.after(at, nil, func() {
		if !n.up && !w.calm {
			n.start()
		}
	})
}

func (w *world) pause() {
	n := w.victim()
	if n == nil {
		return
	}
	d := w.spell()
	w.tracef(n, "is paused for %v", d)
	n.paused = true
	w.after(w.now.Add(d), n, func() {
		if n.paused {
			n.resume()
		}
	})
}

// cutFor cuts links in the given directions.
func (w *world) cutFor(d time.Duration, cut func(from, to int) bool) {
	type link struct{ from, to int }
	var links []link
	for i := range w.nodes {
		for j := range w.nodes {
			if i != j && cut(i, j) {
				links = append(links, link{i, j})
				w.net.cut[i][j]++
			}
		}
	}
	w.after(w.now.Add(d), nil, func() {
		if w.calm {
			return
		}
		for _, l := range links {
			w.net.cut[l.from][l.to]--
		}
	})
}

func (w *world) partition() {
	side := make([]int, len(w.nodes))
	for i := range side {
		side[i] = w.rnd.IntN(2 + w.rnd.IntN(2))
	}
	d := w.spell()
	w.tracef(nil, "partition %v for %v", side, d)
	w.cutFor(d, func(i, j int) bool { return side[i] != side[j] })
}

func (w *world) oneWay() {
	from := w.rnd.IntN(len(w.nodes))
	to := w.rnd.IntN(len(w.nodes) + 1) // one beyond: to all
	d := w.spell()
	w.tracef(nil, "node %d is not heard by %d for %v", from+1, to+1, d)
	w.cutFor(d, func(i, j int) bool { return i == from && (j == to || to == len(w.nodes)) })
}

func (w *world) clog() {
	from := w.rnd.IntN(len(w.nodes))
	to := w.rnd.IntN(len(w.nodes))
	until := w.now.Add(w.spell())
	w.tracef(nil, "link %d to %d is clogged until %v", from+1, to+1, time.Duration(until))
	w.net.clog[from][to] = max(w.net.clog[from][to], until)
}

func (w *world) storm() {
	w.net.stormy = max(w.net.stormy, w.now.Add(w.spell()))
	w.tracef(nil, "storm until %v", time.Duration(w.net.stormy))
}

// pacify ends all faults: everyone is up and connected.
func (w *world) pacify() {
	w.calm = true
	w.net.heal()
	w.tracef(nil, "calm")
	for _, n := range w.nodes {
		switch {
		case !n.up:
			w.after(w.now.Add(w.exponential(20*time.Millisecond)), nil, func() {
				if !n.up {
					n.start()
				}
			})
		case n.paused:
			n.resume()
		}
	}
}
