package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// world is a node whose daemons are processes of a table.
type world struct {
	t       *testing.T
	e       *Engine
	now     time.Time
	pids    int
	running map[int]string // processes and what they run
	silent  map[int]bool   // those that do not offer their service
	stuck   map[int]bool   // those that do not end when they are asked to
	cluster bool
	refuses string // a daemon that cannot be started
	calls   []string
	quit    bool
	probes  []func()
}

func newWorld(t *testing.T, c Config) *world {
	w := &world{t: t, now: time.Unix(1_700_000_000, 0), pids: 100, running: map[int]string{}, silent: map[int]bool{}, stuck: map[int]bool{}, cluster: true}
	c.Host, c.Log = w, loglevel.Discard
	w.e = New(c, w.now)
	return w
}

func short(name string) string { return strings.TrimPrefix(name, "pacemaker-") }

func (w *world) Start(d *Daemon) (int, error) {
	if d.Name == w.refuses {
		return 0, errors.New("no such file")
	}
	for pid, name := range w.running {
		if name == d.Name {
			w.t.Errorf("%s is started while process %d runs it", name, pid)
		}
	}
	if w.e.stopping {
		w.t.Errorf("%s is started while the node leaves", d.Name)
	}
	w.pids++
	w.running[w.pids] = d.Name
	w.calls = append(w.calls, "start "+short(d.Name))
	return w.pids, nil
}

func (w *world) Signal(pid int, s Signal) error {
	name, ok := w.running[pid]
	if !ok {
		return errors.New("no such process")
	}
	w.calls = append(w.calls, fmt.Sprintf("%v %s", s, short(name)))
	if s == SIGTERM && w.e.stopping {
		at := slices.IndexFunc(Daemons, func(d Daemon) bool { return d.Name == name })
		for _, d := range Daemons[at+1:] {
			if w.pidOf(d.Name) != 0 {
				w.t.Errorf("%s is stopped before %s has ended", name, d.Name)
			}
		}
	}
	if s == SIGTERM && w.stuck[pid] {
		return nil
	}
	w.probes = append(w.probes, func() { w.end(pid, s) })
	return nil
}

// end is a process's end, by a signal that it does or does not handle.
func (w *world) end(pid int, s Signal) {
	if _, ok := w.running[pid]; !ok {
		return
	}
	delete(w.running, pid)
	if s == SIGTERM {
		s = 0
	}
	w.e.Exited(w.now, pid, s, false, crmexit.OK)
}

func (w *world) pidOf(name string) int {
	for pid, n := range w.running {
		if n == name {
			return pid
		}
	}
	return 0
}

func (w *world) Probe(daemon, pid int) {
	w.probes = append(w.probes, func() {
		d := &Daemons[daemon]
		f := Finding{Liveness: Gone, TrackedIsDaemon: w.running[pid] == d.Name}
		owner := w.pidOf(d.Name)
		switch {
		case owner != 0 && !w.silent[owner]:
			f.Liveness, f.Owner, f.OwnerIsDaemon = Alive, owner, true
		case f.TrackedIsDaemon:
			f.Liveness = PIDOnly
		}
		w.e.Probed(w.now, daemon, pid, f)
	})
}

func (w *world) ClusterConnected() bool { return w.cluster }
func (w *world) Respawning()            {}
func (w *world) Panic()                 { w.calls = append(w.calls, "panic") }

func (w *world) Quit(fatal bool) {
	if w.quit {
		w.t.Error("it ends twice")
	}
	if len(w.running) > 0 {
		w.t.Errorf("it ends and leaves %v", w.running)
	}
	w.quit = true
	w.calls = append(w.calls, fmt.Sprintf("quit %v", fatal))
}

// settle has all happen that needs no time.
func (w *world) settle() {
	for len(w.probes) > 0 {
		f := w.probes[0]
		w.probes = w.probes[1:]
		f()
	}
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	for until := w.now.Add(d); ; {
		w.settle()
		at := w.e.NextDeadline()
		if at.IsZero() || at.After(until) {
			w.now = until
			return
		}
		w.now = at
		w.e.Tick(w.now)
	}
}

func (w *world) expect(what string, want ...string) {
	w.t.Helper()
	if !slices.Equal(w.calls, want) {
		w.t.Errorf("%s: got %q, want %q", what, w.calls, want)
	}
	w.calls = nil
}

var starts = []string{"start based", "start fenced", "start execd", "start attrd", "start schedulerd", "start controld"}

func TestLife(t *testing.T) {
	w := newWorld(t, Config{})
	w.e.Begin(w.now)
	w.expect("begin", starts...)
	if s, _ := w.e.State(); s != state.Running {
		t.Errorf("state %v", s)
	}
	w.pass(20 * time.Second)
	w.expect("quiet")
	if _, at := w.e.State(); w.now.Sub(at) > time.Second {
		t.Errorf("last seen to be well %v ago", w.now.Sub(at))
	}
	w.end(w.pidOf("pacemaker-attrd"), SIGKILL)
	w.pass(time.Second)
	w.expect("one is killed", "start attrd")
	w.silent[w.pidOf("pacemaker-execd")] = true
	w.pass(40 * time.Second)
	w.expect("one does not answer", "Killed execd", "start execd")
	w.stuck[w.pidOf("pacemaker-schedulerd")] = true
	w.e.Shutdown(w.now)
	w.pass(time.Minute)
	w.expect("it leaves, one does not end", "Terminated controld", "Terminated schedulerd")
	w.pass(3 * time.Minute)
	w.expect("that is killed", "Segmentation fault schedulerd", "Terminated attrd", "Terminated execd", "Terminated fenced", "Terminated based", "quit false")
}

func TestWithoutCorosync(t *testing.T) {
	w := newWorld(t, Config{})
	w.e.Begin(w.now)
	w.calls, w.cluster = nil, false
	w.end(w.pidOf("pacemaker-based"), SIGKILL)
	w.end(w.pidOf("pacemaker-execd"), SIGKILL)
	w.pass(5 * time.Second)
	w.expect("what needs no corosync is started", "start execd")
	w.cluster = true
	w.pass(2 * time.Second)
	w.expect("corosync takes clients again", "start based")
	w.refuses, w.calls = "pacemaker-attrd", nil
	w.end(w.pidOf("pacemaker-attrd"), SIGKILL)
	w.pass(5 * time.Second)
	w.refuses = ""
	w.pass(2 * time.Second)
	w.expect("its program is there again", "start attrd")
}

func TestFatal(t *testing.T) {
	for _, tt := range []struct {
		code crmexit.Code
		want []string
	}{
		{crmexit.Fatal, []string{"Terminated controld", "Terminated schedulerd", "Terminated attrd", "Terminated execd", "Terminated fenced", "quit true"}},
		{crmexit.Panic, []string{"panic", "Terminated controld", "Terminated schedulerd", "Terminated attrd", "Terminated execd", "Terminated fenced", "quit true"}},
	} {
		w := newWorld(t, Config{})
		w.e.Begin(w.now)
		w.calls = nil
		pid := w.pidOf("pacemaker-based")
		delete(w.running, pid)
		w.e.Exited(w.now, pid, 0, false, tt.code)
		w.pass(time.Minute)
		w.expect(tt.code.String(), tt.want...)
	}
	w := newWorld(t, Config{FailFast: true})
	w.e.Begin(w.now)
	w.calls = nil
	w.end(w.pidOf("pacemaker-based"), SIGKILL)
	w.pass(time.Second)
	w.expect("fail fast", "panic")
}

func TestAdopted(t *testing.T) {
	w := newWorld(t, Config{})
	w.running[7] = "pacemaker-based"
	w.e.Adopt(0, 7)
	w.e.Begin(w.now)
	w.expect("begin", starts[1:]...)
	delete(w.running, 7) // nobody tells
	w.pass(7 * time.Second)
	w.expect("it is missed", "start based")
	// Another process offers the service: that is the daemon from now on.
	old := w.pidOf("pacemaker-attrd")
	w.silent[old] = true
	w.running[8] = "pacemaker-attrd"
	delete(w.running, old)
	w.pass(7 * time.Second)
	w.expect("another has taken its place")
	w.e.Shutdown(w.now)
	w.pass(time.Minute)
	if w.running[8] != "" || !w.quit {
		t.Errorf("it has not been stopped: %v", w.calls)
	}
}

func TestSBD(t *testing.T) {
	w := newWorld(t, Config{SBD: true, Sync: true})
	w.e.Begin(w.now)
	w.pass(5 * time.Second)
	w.expect("it waits")
	w.e.Pinged(w.now, "crm_mon", 3, false)
	w.expect("not for anybody")
	w.e.Pinged(w.now, "sbd", 4, true)
	w.expect("SBD asks", starts...)
	w.e.Shutdown(w.now)
	w.pass(time.Minute)
	if w.quit {
		t.Error("it ends before SBD knows")
	}
	w.e.Pinged(w.now, "sbd", 4, true)
	w.e.ClientGone(w.now, 3)
	if w.quit {
		t.Error("it ends while SBD may not know yet")
	}
	w.e.ClientGone(w.now, 4)
	if !w.quit {
		t.Error("it does not end")
	}
}

// TestSimulation: daemons die, fall silent and are slow at any time; one of each runs in the end, and all stop in
// order.
func TestSimulation(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		w := newWorld(t, Config{})
		w.e.Begin(w.now)
		for range 60 {
			var pids []int
			for pid := range w.running {
				pids = append(pids, pid)
			}
			slices.Sort(pids)
			if len(pids) > 0 {
				pid := pids[rnd.IntN(len(pids))]
				switch rnd.IntN(6) {
				case 0:
					w.end(pid, SIGKILL)
				case 1:
					w.silent[pid] = !w.silent[pid]
				case 2:
					w.stuck[pid] = true
				case 3:
					w.cluster = !w.cluster
				}
			}
			if rnd.IntN(3) > 0 {
				w.pass(time.Duration(rnd.IntN(4000)) * time.Millisecond)
			}
		}
		w.cluster, w.silent = true, map[int]bool{}
		w.pass(20 * time.Second)
		if len(w.running) != len(Daemons) {
			t.Errorf("seed %d: %v run", seed, w.running)
		}
		w.e.Shutdown(w.now)
		w.pass(30 * time.Minute)
		if !w.quit {
			// The controller alone is never killed.
			if pid := w.pidOf("pacemaker-controld"); pid == 0 || !w.stuck[pid] {
				t.Errorf("seed %d: it does not end: %v", seed, w.running)
			}
		}
		if t.Failed() {
			return
		}
	}
}
