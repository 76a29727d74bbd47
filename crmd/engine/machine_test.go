package engine

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	lrmdwire "github.com/ringmaster-ha/ringmaster/lrmd/wire"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// machine is what of a node lives as long as its power: the executor, and what really runs.
type machine struct {
	executor *lrmd.Executor
	calls    int
	running  map[string]bool
	power    int // counts
}

// deadline is when the node's controller or executor has something to do.
func (n *node) deadline() (at time.Time) {
	if n.c != nil {
		at = n.c.NextDeadline()
	}
	if n.machine.executor != nil {
		if due, ok := n.machine.executor.NextDeadline(); ok && (at.IsZero() || due.Before(at)) {
			at = due
		}
	}
	return at
}

func (n *node) tick() {
	if x := n.machine.executor; x != nil {
		if due, ok := x.NextDeadline(); ok && !due.After(n.w.now) {
			n.do(x.Tick(n.w.now))
		}
	}
	if n.c != nil {
		n.c.Tick(n.w.now)
	}
}

// Exec is the real executor's, whose agents are the world's.
func (n *node) Exec(r *lrmdwire.Request) (int, *etree.Element, error) {
	m := &n.machine
	if m.executor == nil {
		n.w.ids++
		*m = machine{executor: lrmd.New(loglevel.Discard), running: map[string]bool{}, power: n.w.ids}
	}
	m.calls++
	var effects []lrmd.Effect
	var err error
	answer := 0
	switch r.Op {
	case lrmdwire.OpRscRegister:
		effects = m.executor.Register(n.w.now, r)
	case lrmdwire.OpRscUnreg:
		effects, err = m.executor.Unregister(n.w.now, r.RscID)
	case lrmdwire.OpRscInfo:
		if class, provider, kind, ok := m.executor.Info(r.RscID); ok {
			return 0, lrmdwire.Reply{}.Info(r.RscID, class, provider, kind), nil
		}
		err = lrmd.ErrNoResource
	case lrmdwire.OpRscExec:
		effects, err = m.executor.Exec(n.w.now, "controller", m.calls, r)
		answer = m.calls
	case lrmdwire.OpRscCancel:
		effects, err = m.executor.Cancel(n.w.now, r.RscID, r.Action, r.Interval)
	}
	switch err {
	case nil:
	case lrmd.ErrInProgress:
		answer = -115
	case lrmd.ErrNoOperation:
		answer = -95
	default:
		answer = -19
	}
	n.do(effects)
	return answer, nil, nil
}

// later has something happen to the machine, if its power has not gone meanwhile.
func (n *node) later(d time.Duration, f func()) {
	power := n.machine.power
	n.w.after(d, func() {
		if n.machine.power == power {
			f()
		}
	})
}

// do carries out what the executor wants.
func (n *node) do(effects []lrmd.Effect) {
	x := n.machine.executor
	for _, e := range effects {
		switch e := e.(type) {
		case lrmd.Launch:
			n.later(n.w.some(300), func() {
				n.do(x.Complete(n.w.now, e.Token, &lrmd.Result{Class: e.Op.Class, Code: int(n.agent(&e.Op)), Status: lrmd.Done}))
			})
		case lrmd.Fence:
			n.later(n.w.some(20), func() { n.do(x.Fenced(n.w.now, e.Token, &lrmd.FenceResult{Status: lrmd.Done})) })
		case lrmd.Notify:
			n.soon(n.w.now.Add(n.w.some(2)), func() { n.c.ExecutorEvent(n.w.now, e.Completion.Element()) })
		}
	}
}

// agent is a resource's agent. That a resource starts where another copy runs must never be.
func (n *node) agent(op *lrmd.Operation) lrmd.Code {
	running := n.machine.running
	switch op.Action {
	case "start":
		for _, m := range n.w.nodes {
			if m != n && m.machine.running[op.RscID] {
				n.w.t.Errorf("%s starts on %s while it runs on %s\n%s", op.RscID, n.name, m.name, n.w.tail(lines))
			}
		}
		running[op.RscID] = true
	case "stop":
		if n.w.flaky && n.w.rng.IntN(20) == 0 { // the node has to be fenced for it
			return lrmd.UnknownError
		}
		delete(running, op.RscID)
	case "monitor":
		if n.w.flaky && op.Interval > 0 && n.w.rng.IntN(5) == 0 { // it has died
			delete(running, op.RscID)
		}
		if !running[op.RscID] {
			return lrmd.NotRunning
		}
	}
	return lrmd.OK
}

// Fence takes a node's power, whoever hears whom, and then tells all that can be told.
func (n *node) Fence(f *stonithwire.Fence, _ stonithwire.CallOptions, then func(time.Time, stonithwire.Result)) int {
	n.calls++
	number := n.calls
	n.w.fences++
	n.soon(n.w.now.Add(n.w.some(700)), func() {
		for _, m := range n.w.nodes {
			if m.name == f.Target && (m.c != nil || m.inGroup) {
				m.crash()
			}
		}
		if n.c == nil {
			return
		}
		result := stonithwire.Result{Exec: stonithwire.ExecDone, Exit: crmexit.OK}
		for _, m := range n.w.nodes {
			if m.part == n.part && m.inGroup {
				m.soon(n.w.now.Add(n.w.some(30)), func() {
					m.c.FencerEvent(n.w.now, &stonithwire.Notification{
						Kind: stonithwire.NotifyFence, Result: result, Target: f.Target, Action: f.Action, Delegate: n.name, Origin: n.name, Client: "pacemaker-controld.1", ID: fmt.Sprint(number),
					})
				})
			}
		}
		n.soon(n.w.now.Add(n.w.some(30)), func() { then(n.w.now, result) })
	})
	return number
}

const fenced = `<resources><primitive id="f" class="stonith" type="fence_world"><operations/></primitive>` +
	`<primitive id="a" class="ocf" provider="world" type="Dummy"><operations><op id="a-m" name="monitor" interval="10s"/></operations></primitive>` +
	`<primitive id="b" class="ocf" provider="world" type="Dummy"/>` +
	`<group id="g"><primitive id="g1" class="ocf" provider="world" type="Dummy"/><primitive id="g2" class="ocf" provider="world" type="Dummy"><operations><op id="g2-m" name="monitor" interval="5s"/></operations></primitive></group>` +
	`</resources>`

// withResources is a world with fencing and something to do.
func withResources(t *testing.T, n int, seed uint64) *world {
	w := newWorld(t, n, seed)
	for _, x := range w.nodes {
		config := x.doc.root.SelectElement("configuration")
		config.FindElement("crm_config/cluster_property_set/nvpair").CreateAttr("value", "true")
		at := config.SelectElement("resources").Index()
		config.RemoveChildAt(at)
		config.InsertChildAt(at, parse(t, fenced))
		x.start()
	}
	return w
}

// once tells whether each resource runs once.
func (w *world) once() error {
	if err := w.settled(); err != nil {
		return err
	}
	for _, id := range []string{"a", "b", "g1", "g2"} {
		var where []string
		for _, n := range w.nodes {
			if n.machine.running[id] {
				where = append(where, n.name)
			}
		}
		if len(where) != 1 {
			return fmt.Errorf("%s runs on %q", id, where)
		}
	}
	return nil
}

// serves gives the cluster time, and then all resources have to run.
func (w *world) serves(limit time.Duration) {
	w.t.Helper()
	start := w.now
	err := w.once()
	for err != nil && w.now.Sub(start) < limit {
		w.run(200 * time.Millisecond)
		err = w.once()
	}
	if err != nil {
		w.t.Fatalf("after %v: %v\n%s", w.now.Sub(start), err, w.tail(lines))
	}
}

// restart starts all that does not run: machines without power, and controllers that have ended.
func (w *world) restart() {
	for _, x := range w.nodes {
		if x.c == nil || x.exit != nil {
			x.leave()
			x.start()
		}
	}
}

// Resources start, move away from a node that leaves or dies, and come back when the cluster is whole.
func TestResources(t *testing.T) {
	w := withResources(t, 3, 21)
	w.serves(30 * time.Second)
	dc := w.dc()
	n := w.other(dc)
	n.c.Shutdown(w.now)
	w.run(20 * time.Second)
	if n.exit == nil || *n.exit != crmexit.OK {
		t.Fatalf("%s has not left: %v", n.name, n.exit)
	}
	if len(n.machine.running) > 0 {
		t.Errorf("%s has left with %v", n.name, n.machine.running)
	}
	w.serves(30 * time.Second)
	w.restart()
	w.serves(60 * time.Second)
	w.dc().crash()
	w.serves(60 * time.Second)
	w.restart()
	w.serves(60 * time.Second)
}

// Which worlds TestNothingTwice goes through.
var (
	first = flag.Uint64("seed", 0, "the first seed")
	seeds = flag.Uint64("seeds", 10, "how many seeds")
)

// Whatever breaks, agents too, nothing runs twice, and in the end everything runs.
func TestNothingTwice(t *testing.T) {
	fences := 0
	for seed := *first; seed < *first+*seeds; seed++ {
		n := 3 + int(seed)%3
		w := withResources(t, n, seed)
		w.flaky = true
		for range 8 {
			switch w.rng.IntN(5) {
			case 0:
				if x := w.nodes[w.rng.IntN(n)]; x.c != nil {
					x.crash()
				}
			case 1:
				w.restart()
			case 2:
				var parts [2][]int
				for i := range n {
					k := w.rng.IntN(2)
					parts[k] = append(parts[k], i+1)
				}
				w.split(parts[:]...)
			case 3:
				w.heal()
			case 4: // a controller is asked to leave, or ends
				if x := w.nodes[w.rng.IntN(n)]; x.c != nil && x.exit == nil {
					if w.rng.IntN(2) == 0 {
						x.c.Shutdown(w.now)
					} else {
						x.c.Lost(w.now, CIB)
					}
				}
			}
			w.run(w.some(8000))
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		start := w.now
		w.flaky = false
		for w.heal(); w.once() != nil; w.run(5 * time.Second) {
			if w.restart(); w.now.Sub(start) > 5*time.Minute {
				t.Fatalf("seed %d: after %v: %v\n%s", seed, w.now.Sub(start), w.once(), w.tail(lines))
			}
		}
		fences += w.fences
	}
	if fences == 0 {
		t.Error("no node was fenced")
	}
}
