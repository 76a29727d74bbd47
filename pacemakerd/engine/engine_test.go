package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// script is a Host that writes down what it is asked for.
type script struct {
	t       *testing.T
	e       *Engine
	now     time.Time
	did     []string
	asked   []Question
	pids    int
	results map[int]Start
}

func newScript(t *testing.T, c Config) *script {
	s := &script{t: t, now: time.Unix(1700000000, 0), results: map[int]Start{}, pids: 100}
	c.Host, c.Log = s, s
	s.e = New(s.now, c)
	return s
}

func (s *script) Start(d int) (int, Start) {
	if r := s.results[d]; r != Started {
		s.note("cannot start %s", Daemons[d].Name)
		return 0, r
	}
	s.pids++
	s.note("start %s", Daemons[d].Name)
	return s.pids, Started
}
func (s *script) Signal(pid int, sig Signal) error {
	s.note("signal %d to %d", sig, pid)
	if pid == 666 {
		return errors.New("Operation not permitted")
	}
	return nil
}
func (s *script) Probe(q Question)                  { s.asked = append(s.asked, q) }
func (s *script) Panic(origin string)               { s.note("panic %s", origin) }
func (s *script) Respawning()                       { s.note("respawning") }
func (s *script) Done(code crmexit.Code, o Outcome) { s.note("done %d %d", code, o) }
func (s *script) Enabled(loglevel.Level) bool       { return true }
func (s *script) Logf(level loglevel.Level, format string, args ...any) {
	if level <= loglevel.Notice {
		s.note(format, args...)
	}
}
func (s *script) note(format string, args ...any) {
	s.did = append(s.did, fmt.Sprintf(format, args...))
}

// want compares what was done since the last time.
func (s *script) want(lines ...string) {
	s.t.Helper()
	if !slices.Equal(s.did, lines) {
		s.t.Errorf("did:\n\t%s\nwant:\n\t%s", strings.Join(s.did, "\n\t"), strings.Join(lines, "\n\t"))
	}
	s.did = nil
}

// answer answers all questions.
func (s *script) answer(f func(a *Answer)) {
	for len(s.asked) > 0 {
		a := &Answer{Question: s.asked[0]}
		s.asked = s.asked[1:]
		f(a)
		s.e.Answer(s.now, a)
	}
}

func nobody(*Answer) {}

// run starts all.
func (s *script) run() *script {
	s.e.Begin(s.now)
	s.answer(nobody)
	s.did = nil
	return s
}

// check has the next look be answered.
func (s *script) check(f func(a *Answer)) {
	s.now = s.now.Add(CheckInterval)
	s.e.Tick(s.now)
	s.answer(f)
}

func TestStart(t *testing.T) {
	s := newScript(t, Config{})
	s.e.Begin(s.now)
	s.answer(func(a *Answer) {
		if a.Daemon == 2 {
			a.Service, a.Server, a.Other = Serving, 50, Alive
		}
	})
	s.want("Tracking existing pacemaker-execd process (pid=50)",
		"start pacemaker-based", "start pacemaker-fenced", "start pacemaker-attrd", "start pacemaker-schedulerd", "start pacemaker-controld",
		"respawning", "Pacemaker daemon successfully started and accepting connections")
	if s.e.State() != state.Running {
		t.Error(s.e.State())
	}

	// Somebody else's process.
	s = newScript(t, Config{})
	s.e.Begin(s.now)
	s.answer(func(a *Answer) { a.Service = Intruder })
	s.want("Checked liveness of pacemaker-based: IPC authentication failed", "done 73 0")

	// A daemon that is not installed.
	s = newScript(t, Config{})
	s.results[0] = Unexecutable
	s.e.Begin(s.now)
	s.answer(nobody)
	s.want("cannot start pacemaker-based", "Shutting cluster down because pacemaker-based[0] had fatal failure", "Shutting down Pacemaker", "Shutdown complete",
		"Shutting down and staying down after fatal error", "done 100 2", "respawning", "Pacemaker daemon successfully started and accepting connections")
}

// Without SBD's word nothing starts, and SBD hears of the end.
func TestSBD(t *testing.T) {
	s := newScript(t, Config{SBD: true, SyncStartup: true})
	s.e.Begin(s.now)
	s.answer(nobody)
	s.want("Waiting for startup-trigger from SBD.", "Pacemaker daemon successfully started and accepting connections")
	if was, _ := s.e.Ping(s.now, "1_crm_mon", 5); was != state.WaitingForPing {
		t.Error(was)
	}
	s.want()
	if was, at := s.e.Ping(s.now, "2_sbd:pcmk", 6); was != state.WaitingForPing || !at.Equal(s.now) {
		t.Error(was, at)
	}
	if s.e.State() != state.Running || len(s.did) != 8 {
		t.Error(s.e.State(), s.did)
	}
	s.did = nil
	s.e.Shutdown(s.now)
	for i := controller; i >= 0; i-- {
		s.e.Exited(s.now, i, s.e.children[i].pid, Exit{})
	}
	if s.e.State() != state.ShutdownComplete || s.did[len(s.did)-1] != "Waiting for SBD to pick up shutdown-complete-state." {
		t.Error(s.e.State(), s.did)
	}
	s.did = nil
	s.e.ClientClosed(s.now, 6) // has not asked since
	s.want()
	s.e.Ping(s.now, "2_sbd:pcmk", 6)
	s.e.ClientClosed(s.now, 6)
	s.want("Shutdown-complete-state passed to SBD.", "Shutdown complete", "done 0 1")
}

func TestRespawn(t *testing.T) {
	s := newScript(t, Config{}).run()
	s.e.Exited(s.now, 1, 102, Exit{Signal: 9, Name: "Killed"})
	s.answer(func(a *Answer) { a.Joined = a.Cluster })
	s.want("pacemaker-fenced[102] terminated with signal 9 (Killed)", "Respawning pacemaker-fenced subdaemon after unexpected exit", "start pacemaker-fenced")

	// Corosync lets nobody in: it is tried again, which the reference does not.
	s.e.Exited(s.now, 1, 107, Exit{Code: 1})
	s.answer(nobody)
	s.want("pacemaker-fenced[107] exited with status 1 (Error occurred)", "Not respawning pacemaker-fenced subdaemon until cluster returns")
	s.now = s.now.Add(RetryInterval)
	s.e.Tick(s.now)
	s.answer(func(a *Answer) {})
	s.want()
	s.now = s.now.Add(RetryInterval)
	s.e.Tick(s.now)
	s.answer(func(a *Answer) { a.Joined = a.Cluster })
	s.want("Respawning cluster-based subdaemon: pacemaker-fenced", "start pacemaker-fenced")

	// The executor needs no cluster.
	s.e.Exited(s.now, 2, 103, Exit{Code: 0})
	s.answer(nobody)
	s.want("Respawning pacemaker-execd subdaemon after unexpected exit", "start pacemaker-execd")

	// Another of its kind is there already.
	s.e.Exited(s.now, 2, 109, Exit{Signal: 11, Name: "Segmentation fault", Core: true})
	s.answer(func(a *Answer) { a.Service, a.Server, a.Other = Serving, 44, Alive })
	s.want("pacemaker-execd[109] terminated with signal 11 (Segmentation fault) and dumped core",
		"One-off suppressing strict respawning of a child process pacemaker-execd, appears alright per lrmd IPC end-point")
}

func TestRespawnLimit(t *testing.T) {
	s := newScript(t, Config{}).run()
	for range MaxRespawn {
		s.e.Exited(s.now, 2, s.e.children[2].pid, Exit{Code: 1})
		s.answer(nobody)
	}
	s.did = nil
	s.e.Exited(s.now, 2, s.e.children[2].pid, Exit{Code: 1})
	s.answer(nobody)
	s.want("pacemaker-execd[206] exited with status 1 (Error occurred)", "Child respawn count exceeded by pacemaker-execd")
}

func TestExitStatuses(t *testing.T) {
	s := newScript(t, Config{}).run()
	s.e.Exited(s.now, 0, 101, Exit{Code: int(crmexit.Fatal)})
	s.want("Shutting cluster down because pacemaker-based[101] had fatal failure", "Shutting down Pacemaker", "signal 15 to 106", "Stopping pacemaker-controld | sent signal 15 to process 106")
	for i := controller; i > 0; i-- {
		s.e.Exited(s.now, i, 101+i, Exit{})
	}
	if got := s.did[len(s.did)-1]; got != "done 100 2" {
		t.Error(s.did)
	}

	s = newScript(t, Config{}).run()
	s.e.Exited(s.now, controller, 106, Exit{Code: int(crmexit.Panic)})
	s.want("pacemaker-controld[106] instructed the machine to reset", "panic pcmk_child_exit", "Shutting down Pacemaker", "signal 15 to 105", "Stopping pacemaker-schedulerd | sent signal 15 to process 105")

	s = newScript(t, Config{FailFast: true}).run()
	s.e.Exited(s.now, 0, 101, Exit{Code: 1})
	s.want("pacemaker-based[101] exited with status 1 (Error occurred)", "Rebooting system because of pacemaker-based", "panic pcmk_process_exit")
}

// One that hangs is killed at the fifth look.
func TestUnresponsive(t *testing.T) {
	s := newScript(t, Config{}).run()
	look := func(a *Answer) {
		a.Known = Alive
		if a.Daemon != 3 {
			a.Service, a.Server, a.Other = Serving, a.PID, Alive
		}
	}
	for range CheckRetries - 1 {
		for range Daemons {
			s.check(look)
		}
	}
	s.want("pacemaker-attrd[104] is unresponsive to ipc after 1 tries", "pacemaker-attrd[104] is unresponsive to ipc after 2 tries",
		"pacemaker-attrd[104] is unresponsive to ipc after 3 tries", "pacemaker-attrd[104] is unresponsive to ipc after 4 tries")
	for range Daemons {
		s.check(look)
	}
	s.want("pacemaker-attrd[104] is unresponsive to ipc after 5 tries but we found the pid so have it killed that we can restart",
		"signal 9 to 104", "Stopping pacemaker-attrd | sent signal 9 to process 104")
	if !s.e.Progress().Equal(s.now) {
		t.Error(s.e.Progress())
	}
}

// A daemon that takes too long to stop is made to leave a core, the controller never.
func TestEscalation(t *testing.T) {
	s := newScript(t, Config{}).run()
	s.e.Shutdown(s.now)
	s.now = s.now.Add(2 * Escalation)
	s.e.Tick(s.now)
	s.answer(func(a *Answer) { a.Known = Alive })
	s.e.Shutdown(s.now)
	s.want("Shutting down Pacemaker", "signal 15 to 106", "Stopping pacemaker-controld | sent signal 15 to process 106",
		"pacemaker-based[101] is unresponsive to ipc after 1 tries", "Shutting down Pacemaker", "Still waiting for pacemaker-controld to terminate | pid=106")
	s.e.Exited(s.now, controller, 106, Exit{})
	s.want("Shutting down Pacemaker", "signal 15 to 105", "Stopping pacemaker-schedulerd | sent signal 15 to process 105")
	s.now = s.now.Add(Escalation)
	s.e.Tick(s.now)
	s.want("Child pacemaker-schedulerd not terminating in a timely manner, forcing", "signal 11 to 105", "Stopping pacemaker-schedulerd | sent signal 11 to process 105")
}
