package engine

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

var (
	seeds = flag.Int("seeds", 60, "how many worlds to simulate")
	from  = flag.Uint64("from", 1, "the seed of the first")
)

// TestWorlds simulates clusters whose devices fail, hang and are late, and whose nodes are lost
// and come back, while clients ask for fencing. Whatever happens, nothing counts as fenced
// that no agent has fenced, every client of a node that lives gets one answer, and when all
// is quiet and the histories were exchanged they are the same.
func TestWorlds(t *testing.T) {
	for i := range *seeds {
		seed := *from + uint64(i)
		if err := simulate(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// asked is a request of a client.
type asked struct {
	h      *host
	e      *Engine // of that life of the node
	client string
	target string
}

// Targets by how they can be fenced.
var targetKinds = []string{"plain", "either", "level", "pair", "nobody"}

// equip registers what a node has: devices p1 to p3 are each of one node, the others of all.
func equip(h *host, i int) {
	list := func(kinds ...string) string {
		var b strings.Builder
		for _, k := range kinds {
			for n := range 12 {
				fmt.Fprintf(&b, "%s%d,", k, n)
			}
		}
		return "pcmk_host_list=" + b.String()
	}
	h.device(fmt.Sprintf("p%d", i), "fence_test", list("plain", "either"), "pcmk_off_timeout=7")
	h.device("all", "fence_test", list("either", "level", "pair"), "pcmk_action_limit=2")
	h.device("second", "fence_off", list("level", "pair"))
	level := func(pattern string, index int, devices ...string) {
		l := wire.Level{Pattern: pattern, Index: index, Devices: devices}
		h.command("admin", wire.OpLevelAdd, wire.Sync, 0, l.Element(false))
	}
	level("^level", 1, "second")
	level("^level", 3, "all")
	level("^pair", 1, "all", "second")
}

func simulate(seed uint64) error {
	w := newWorld(seed, 3)
	w.settle()
	for i, h := range w.nodes {
		equip(h, i)
	}
	// Some worlds are kind, some are not.
	badness := w.rnd.IntN(60)
	w.outcome = func(_ *host, _ string, _ *agent.Call, timeout int) (wire.Result, time.Duration) {
		switch n := w.rnd.IntN(100); {
		case n < badness/2:
			return failed, time.Duration(w.rnd.IntN(3000)) * time.Millisecond
		case n < badness:
			return wire.Result{}, time.Duration(w.rnd.IntN(2*timeout+1)) * time.Second
		}
		return wire.Result{}, time.Duration(w.rnd.IntN(2000)) * time.Millisecond
	}
	var requests []asked
	for range 60 + w.rnd.IntN(60) {
		switch n := w.rnd.IntN(100); {
		case n < 30:
			h := w.nodes[w.rnd.IntN(len(w.nodes))]
			if h.engine == nil {
				break
			}
			r := asked{h, h.engine, fmt.Sprintf("client%d", len(requests)), fmt.Sprintf("%s%d", targetKinds[w.rnd.IntN(len(targetKinds))], w.rnd.IntN(12))}
			requests = append(requests, r)
			h.fence(r.client, []string{"off", "reboot"}[w.rnd.IntN(2)], r.target, 5+w.rnd.IntN(10))
		case n < 32:
			h := w.nodes[w.rnd.IntN(len(w.nodes))]
			if h.engine == nil {
				h.boot()
				equip(h, int(h.ID(h.name))-1)
			} else if len(w.nodes[0].view) > 1 {
				h.crash()
			}
		case n < 34:
			if h := w.nodes[w.rnd.IntN(len(w.nodes))]; h.engine != nil {
				h.command("admin", wire.OpHistory, wire.Sync|wire.Broadcast, 5, nil)
			}
		case n < 60:
			if hosts := w.busy(); len(hosts) > 0 {
				hosts[w.rnd.IntN(len(hosts))].deliver()
			}
		default:
			w.wait(w.rnd.IntN(4))
		}
		if err := w.certain(); err != nil {
			return err
		}
	}
	for i, h := range w.nodes {
		if h.engine == nil {
			h.boot()
			equip(h, i)
		}
	}
	w.wait(600)
	if err := w.certain(); err != nil {
		return err
	}
	for _, r := range requests {
		if r.h.engine != r.e {
			continue // the client's node was lost
		}
		result, err := r.h.result(r.client)
		if err != nil {
			return fmt.Errorf("fencing of %s: %w", r.target, err)
		}
		if result.OK() && !w.fenced(r.target) {
			return fmt.Errorf("%s was told that %s is fenced", r.client, r.target)
		}
	}
	return w.agree()
}

// fenced tells whether agents have taken a target down: one, or all of a level.
func (w *world) fenced(target string) bool {
	down := func(device string) bool {
		return w.did[device+" off "+target] || w.did[device+" reboot "+target]
	}
	switch kind := strings.TrimRight(target, "0123456789"); kind {
	case "level":
		return down("second") || down("all")
	case "pair":
		return down("all") && down("second")
	}
	return slices.ContainsFunc([]string{"p0", "p1", "p2", "all"}, down)
}

// certain: no fencer takes a target for fenced that is not.
func (w *world) certain() error {
	for _, h := range w.nodes {
		if h.engine == nil {
			continue
		}
		for _, op := range h.engine.opOrder {
			if op.state == wire.StateDone && !w.fenced(op.target) {
				return fmt.Errorf("%s takes %s for fenced (%s): %s", h.name, op.target, op.action, op.id)
			}
		}
		for _, e := range h.events {
			n, err := wire.ParseEvent(e)
			if err == nil && n.Notification != nil && n.Notification.Kind == wire.NotifyFence && n.Notification.Result.OK() && !w.fenced(n.Notification.Target) {
				return fmt.Errorf("%s tells that %s is fenced", h.name, n.Notification.Target)
			}
		}
	}
	return nil
}

// agree exchanges histories and compares them.
func (w *world) agree() error {
	for range 2 {
		for _, h := range w.nodes {
			h.command("admin", wire.OpHistory, wire.Sync|wire.Broadcast, 5, nil)
			w.wait(1)
		}
	}
	var all [][]string
	for _, h := range w.nodes {
		var lines []string
		for _, op := range h.engine.opOrder {
			entry := op.entry(true)
			entry.Completed, entry.Nanoseconds = 0, 0 // each by its own clock
			if w.lost {
				// A leader that has lost its memory hears of the second node that has done it, the
				// others have heard of the first.
				entry.Delegate = ""
			}
			lines = append(lines, fmt.Sprintf("%+v", entry))
		}
		slices.Sort(lines)
		all = append(all, lines)
	}
	for i, lines := range all[1:] {
		if !slices.Equal(lines, all[0]) {
			return fmt.Errorf("the histories of %s and %s differ\n%s\n--\n%s", w.nodes[0].name, w.nodes[i+1].name, strings.Join(without(all[0], lines), "\n"), strings.Join(without(lines, all[0]), "\n"))
		}
	}
	return nil
}

// without are the lines of a that b lacks.
func without(a, b []string) (out []string) {
	for _, l := range a {
		if !slices.Contains(b, l) {
			out = append(out, l)
		}
	}
	return out
}
