package engine

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

var seeds = flag.Uint64("seeds", 300, "how many worlds TestSimulation draws")

// proc is a process of the simulated node.
type proc struct {
	daemon   int
	pid      int
	child    bool // of the engine: its end is told
	serves   time.Time
	hung     bool // does not answer, nor stop
	stopping bool
}

// event is something that will happen.
type event struct {
	at time.Time
	do func()
}

// world is a node: its processes, corosync, SBD, and time.
type world struct {
	t       *testing.T
	r       *rand.Rand
	e       *Engine
	now     time.Time
	events  []event
	procs   map[int]*proc
	nextPID int
	joined  bool
	calm    bool // no faults any more
	done    bool
	code    crmexit.Code
	outcome Outcome
	known   map[int]bool // processes that the engine was told of
	trace   []string
}

func (w *world) say(format string, args ...any) {
	w.trace = append(w.trace, w.now.Format("04:05.000 ")+fmt.Sprintf(format, args...))
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), w.last())
}

func (w *world) last() string {
	s := ""
	for _, l := range w.trace[max(0, len(w.trace)-60):] {
		s += l + "\n"
	}
	return s
}

func (w *world) alive() {
	w.t.Helper()
	if w.done {
		w.fail("called after Done")
	}
}

func (w *world) in(d time.Duration, do func()) { w.events = append(w.events, event{w.now.Add(d), do}) }

func (w *world) upTo(d time.Duration) time.Duration {
	return time.Duration(w.r.Int64N(int64(d)))
}

func (w *world) of(daemon int) *proc {
	for _, p := range w.procs {
		if p.daemon == daemon {
			return p
		}
	}
	return nil
}

func (w *world) begin(daemon int, child bool) *proc {
	w.nextPID++
	p := &proc{daemon: daemon, pid: 1000 + w.nextPID, child: child, serves: w.now.Add(w.upTo(3 * time.Second))}
	if !w.calm && w.r.IntN(40) == 0 {
		p.hung = true
	}
	w.procs[p.pid] = p
	return p
}

// ends is the end of a process.
func (w *world) ends(p *proc, x Exit) {
	if w.procs[p.pid] != p {
		return
	}
	w.say("%s[%d] ends %+v", Daemons[p.daemon].Name, p.pid, x)
	delete(w.procs, p.pid)
	if p.child {
		w.in(w.upTo(20*time.Millisecond), func() { w.e.Exited(w.now, p.daemon, p.pid, x) })
	}
}

func (w *world) Start(d int) (int, Start) {
	w.alive()
	if p := w.of(d); p != nil {
		w.fail("%s started while %d runs", Daemons[d].Name, p.pid)
	}
	if w.e.ShuttingDown() {
		w.fail("%s started in a shutdown", Daemons[d].Name)
	}
	if !w.calm && w.r.IntN(30) == 0 {
		return 0, NotNow
	}
	p := w.begin(d, true)
	w.known[p.pid] = true
	w.say("start %s[%d]", Daemons[d].Name, p.pid)
	if !w.calm && w.r.IntN(10) == 0 {
		w.in(w.upTo(time.Second), func() { w.ends(p, Exit{Code: 1}) })
	}
	if !w.joined && Daemons[d].Cluster {
		w.in(w.upTo(time.Second), func() { w.ends(p, Exit{Code: 1}) })
	}
	return p.pid, Started
}

func (w *world) Signal(pid int, s Signal) error {
	w.alive()
	w.say("signal %d to %d", s, pid)
	p := w.procs[pid]
	if p == nil {
		return errors.New("no such process")
	}
	if s == SIGTERM {
		if !w.e.ShuttingDown() {
			w.fail("SIGTERM without a shutdown")
		}
		for _, other := range w.procs {
			if other.daemon > p.daemon && w.known[other.pid] {
				w.fail("%s is told to stop while %s runs", Daemons[p.daemon].Name, Daemons[other.daemon].Name)
			}
		}
		if p.stopping {
			w.fail("%s is told to stop twice", Daemons[p.daemon].Name)
		}
		p.stopping = true
		if p.hung && p.daemon < controller && p.child {
			return nil
		}
		slow := 2 * time.Second
		if w.r.IntN(10) == 0 {
			slow = 10 * time.Minute
		}
		w.in(w.upTo(slow), func() { w.ends(p, Exit{}) })
		return nil
	}
	w.in(w.upTo(time.Millisecond), func() { w.ends(p, Exit{Signal: int(s), Name: "Killed"}) })
	return nil
}

func (w *world) state(pid, daemon int) Process {
	if p := w.procs[pid]; p != nil && p.daemon == daemon {
		return Alive
	}
	return Gone
}

func (w *world) Probe(q Question) {
	w.alive()
	took := w.upTo(5 * time.Millisecond)
	if p := w.of(q.Daemon); p != nil && p.hung {
		took = 2 * time.Second
	}
	w.in(took, func() {
		a := &Answer{Question: q, Joined: w.joined}
		if p := w.of(q.Daemon); p != nil && !p.hung && !w.now.Before(p.serves) {
			a.Service, a.Server = Serving, p.pid
			w.known[p.pid] = true
		}
		a.Known, a.Other = w.state(q.PID, q.Daemon), w.state(a.Server, q.Daemon)
		w.in(w.upTo(2*time.Millisecond), func() {
			if !w.done {
				w.e.Answer(w.now, a)
			}
		})
	})
}

func (w *world) Panic(string) { w.fail("panic") }
func (w *world) Respawning()  {}

func (w *world) Done(code crmexit.Code, o Outcome) {
	w.alive()
	w.done, w.code, w.outcome = true, code, o
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for !w.done {
		next, what := end, -1
		for i, ev := range w.events {
			if ev.at.Before(next) {
				next, what = ev.at, i
			}
		}
		if due := w.e.NextDeadline(); !due.IsZero() && due.Before(next) {
			if due.After(w.now) {
				w.now = due
			}
			w.e.Tick(w.now)
			if again := w.e.NextDeadline(); !again.IsZero() && !again.After(w.now) {
				w.fail("due again at once")
			}
			continue
		}
		w.now = next
		if what < 0 {
			return
		}
		do := w.events[what].do
		w.events = slices.Delete(w.events, what, what+1)
		do()
	}
}

// well tells whether all run, serve and are known.
func (w *world) well() string {
	for i, c := range w.e.children {
		p := w.of(i)
		if p == nil || p.pid != c.pid || p.hung {
			return fmt.Sprintf("%s is not well: %+v, process %+v", c.Name, *c, p)
		}
	}
	return ""
}

func simulate(t *testing.T, seed uint64) {
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 0)), now: time.Unix(1700000000, 0), procs: map[int]*proc{}, known: map[int]bool{}, joined: true,
	}
	sbd := w.r.IntN(3) == 0
	w.e = New(w.now, Config{Host: w, SBD: sbd, SyncStartup: sbd})
	if w.r.IntN(3) == 0 {
		// pacemakerd has been killed and comes again.
		for i := range Daemons {
			if w.r.IntN(2) == 0 {
				w.begin(i, false).serves = w.now
			}
		}
		for _, p := range w.procs {
			p.hung = false
		}
	}
	if sbd {
		var ping func()
		ping = func() {
			if w.done {
				return
			}
			was, _ := w.e.Ping(w.now, "1_sbd", 77)
			if was == state.ShutdownComplete {
				w.e.ClientClosed(w.now, 77)
			}
			w.in(time.Second, ping)
		}
		w.in(time.Second, ping)
	}
	w.e.Begin(w.now)
	for range w.r.IntN(60) {
		w.run(w.upTo(20 * time.Second))
		if w.done {
			break
		}
		var running []*proc
		for i := range Daemons {
			if p := w.of(i); p != nil {
				running = append(running, p)
			}
		}
		switch n := w.r.IntN(10); {
		case n < 4 && len(running) > 0:
			w.ends(running[w.r.IntN(len(running))], Exit{Signal: 9, Name: "Killed"})
		case n < 6 && len(running) > 0:
			// One that was there before and has never answered cannot be known of.
			if p := running[w.r.IntN(len(running))]; w.known[p.pid] {
				p.hung = true
			}
		case n == 6:
			w.joined = false
			for _, p := range running {
				if Daemons[p.daemon].Cluster {
					w.in(w.upTo(time.Second), func() { w.ends(p, Exit{Code: 1}) })
				}
			}
		case n == 7:
			w.joined = true
			if w.r.IntN(2) == 0 {
				w.e.ClusterReturned(w.now)
			}
		}
	}
	if !w.done && w.r.IntN(2) == 0 {
		w.calm, w.joined = true, true
		w.run(3 * time.Minute)
		if what := w.well(); what != "" || w.e.State() != state.Running {
			w.fail("%v: %s", w.e.State(), what)
		}
		if late := w.now.Sub(w.e.Progress()); late > 10*time.Second {
			w.fail("the last progress is %v old", late)
		}
	}
	w.e.Shutdown(w.now)
	w.run(2 * time.Hour)
	if !w.done || w.code != crmexit.OK || w.outcome != Orderly {
		w.fail("the shutdown ends with %v, %d, %v", w.done, w.code, w.outcome)
	}
	for pid, p := range w.procs {
		if w.known[pid] {
			w.fail("%s is left", Daemons[p.daemon].Name)
		}
	}
}

// TestSimulation draws worlds in which daemons die, hang and stop slowly at any moment, and
// corosync comes and goes.
func TestSimulation(t *testing.T) {
	for seed := uint64(1); seed <= *seeds; seed++ {
		if !t.Run(fmt.Sprint("seed", seed), func(t *testing.T) { simulate(t, seed) }) {
			return
		}
	}
}
