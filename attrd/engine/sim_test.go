package engine

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

var (
	seeds = flag.Int("seeds", 300, "worlds to simulate")
	first = flag.Uint64("first", 1, "the first of them")
	trace = flag.Bool("trace", false, "log what the daemons say and send")
)

// TestWorlds lets daemons agree while nodes crash, come back, are parted and meet again, and
// writes fail. When all is quiet there is one writer, all have one table, the CIB has it
// too, and no node has lost an update of its own values.
func TestWorlds(t *testing.T) {
	for i := range *seeds {
		seed := *first + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) { simulate(t, seed) })
	}
}

type logTo struct {
	t    *testing.T
	w    *world
	name string
}

func (l logTo) Enabled(loglevel.Level) bool { return true }
func (l logTo) Logf(_ loglevel.Level, format string, args ...any) {
	l.t.Logf("%v %s: "+format, append([]any{l.w.now.Format("04:05.000"), l.name}, args...)...)
}

func simulate(t *testing.T, seed uint64) {
	w := newWorld(seed, 0)
	n := 2 + w.rnd.IntN(4)
	for i := range n {
		w.nodes = append(w.nodes, &host{w: w, name: fmt.Sprintf("node%d", i+1), id: uint32(i + 1)})
	}
	logger := func(h *host) loglevel.Logger {
		if *trace {
			return logTo{t, w, h.name}
		}
		return loglevel.Discard
	}
	if *trace {
		w.trace = t.Logf
	}
	for _, h := range w.nodes {
		w.start(h, logger(h))
	}
	w.flaky = w.rnd.IntN(2) == 0
	faults := w.rnd.IntN(3) > 0
	for range 40 + w.rnd.IntN(200) {
		h := w.nodes[w.rnd.IntN(n)]
		switch what := w.rnd.IntN(24); {
		case what < 10:
			for range w.rnd.IntN(12) {
				w.step()
			}
		case what < 12:
			w.pass(time.Duration(w.rnd.IntN(1500)) * time.Millisecond)
		case what < 20:
			if h.engine != nil {
				h.engine.Request(w.now, "test", w.draw(h))
			}
		case !faults:
		case what == 20 && h.engine != nil:
			w.trace("== %s crashes", h.name)
			w.crash(h)
		case what == 21 && h.engine == nil:
			w.trace("== %s starts", h.name)
			w.start(h, logger(h))
		case what == 22 && len(w.members(h.part)) > 1:
			w.trace("== %s is parted", h.name)
			w.split([]*host{h})
		case what == 23 && len(w.parts) > 1:
			w.trace("== all meet")
			w.merge()
		}
	}
	w.flaky = false
	if len(w.parts) > 1 {
		w.trace("== all meet")
		w.merge()
	}
	for _, h := range w.nodes {
		if h.engine == nil {
			w.start(h, logger(h))
		}
	}
	w.settle()
	// Elections that die are begun again by the next update.
	w.pass(10 * time.Second)
	for _, h := range w.nodes {
		h.engine.Request(w.now, "test", &wire.Message{Task: wire.Update, Attribute: wire.Attribute{Name: new("last"), Value: new(h.name)}})
	}
	if steps := w.settle(); steps == 20_000 {
		t.Errorf("not quiet after %d steps", steps)
	}
	w.check(t)
}

// draw is a request.
func (w *world) draw(h *host) *wire.Message {
	m := &wire.Message{Task: wire.Update}
	name := fmt.Sprintf("a%d", w.rnd.IntN(4))
	m.Name = &name
	value := fmt.Sprint(w.rnd.IntN(100))
	m.Value = &value
	switch w.rnd.IntN(12) {
	case 0:
		m.Value = nil
	case 1:
		m.Value = new("value++")
	case 2:
		m.Task, m.Dampening = wire.UpdateBoth, new("1s")
	case 3:
		m.Task, m.Dampening = wire.UpdateDelay, new(fmt.Sprint(w.rnd.IntN(3)))
	case 4, 5:
		m.Host = &w.nodes[w.rnd.IntN(len(w.nodes))].name
	case 6:
		m.Host, m.Remote = new(fmt.Sprintf("remote%d", w.rnd.IntN(2))), wire.Yes
	case 7:
		m.Private, m.Name = wire.Yes, new("p")
	case 8:
		// Another than the writer would write what it believes, and nobody would write again.
		if h.engine.IsWriter() {
			m = &wire.Message{Task: wire.Refresh}
		}
	}
	return m
}

// table is what an engine knows, without what is not set.
func (e *Engine) table() map[place]string {
	all := map[place]string{}
	for a := range e.attributes.values() {
		for v := range a.values.values() {
			if v.current != nil {
				all[place{a.name, v.host}] = *v.current
			}
		}
	}
	return all
}

func (w *world) check(t *testing.T) {
	t.Helper()
	var writers []string
	for _, h := range w.nodes {
		if h.engine.IsWriter() {
			writers = append(writers, h.name)
		}
	}
	if len(writers) != 1 {
		t.Fatalf("writers %q", writers)
	}
	// unknown tells that nobody can be right about a value: it is of a node that was not
	// there, of a remote one after faults, or of a node that knows nothing of it: a writer
	// that dies before it can correct the table that it has just told leaves such values.
	unknown := func(p place) bool {
		if w.ghosts[p] {
			return true
		}
		owner := w.nodes[0].find(p.host)
		if owner == nil {
			return w.faulty
		}
		a, ok := owner.engine.attributes.get(p.attribute)
		if ok {
			_, ok = a.values.get(p.host)
		}
		return !ok && w.faulty
	}
	table := func(h *host) map[place]string {
		all := h.engine.table()
		maps.DeleteFunc(all, func(p place, _ string) bool { return unknown(p) })
		return all
	}
	tables := table(w.nodes[0])
	for _, h := range w.nodes[1:] {
		if got := table(h); !maps.Equal(got, tables) {
			t.Errorf("tables differ:\n%s %v\n%s %v", w.nodes[0].name, sorted(tables), h.name, sorted(got))
		}
		if h.engine.writer != writers[0] {
			t.Errorf("%s takes %q for the writer, which %s is", h.name, h.engine.writer, writers[0])
		}
	}
	store := w.parts[w.ring]
	for a := range w.nodes[0].engine.attributes.values() {
		for v := range a.values.values() {
			p := place{a.name, v.host}
			got, has := store.values[p]
			switch {
			case unknown(p):
			case a.private && has:
				t.Errorf("private %v in the CIB", p)
			case a.private:
			case v.current == nil && has && !w.faulty, v.current != nil && (!has || got != *v.current):
				t.Errorf("%v is %q in the CIB (%v), %s in the table", p, got, has, or(v.current, "nil"))
			}
		}
	}
	for p, want := range w.last {
		got, has := tables[p]
		if w.ghosts[p] {
			continue
		}
		if want == nil && has || want != nil && (!has || got != *want) {
			t.Errorf("%v is %q (%v), and was updated to %s last", p, got, has, or(want, "nil"))
		}
	}
}

func sorted(m map[place]string) []string {
	var all []string
	for p, v := range m {
		all = append(all, p.attribute+"["+p.host+"]="+v)
	}
	slices.Sort(all)
	return all
}
