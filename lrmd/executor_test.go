package lrmd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// story drives an Executor and writes down what it wants.
type story struct {
	t     *testing.T
	e     *Executor
	now   time.Time
	calls int
	told  []string
	live  []Launch // not completed
	asked []Fence
}

func newStory(t *testing.T) *story {
	return &story{t: t, e: New(loglevel.Discard), now: time.Unix(1_700_000_000, 0)}
}

func (s *story) effects(list []Effect) {
	for _, x := range list {
		switch x := x.(type) {
		case Launch:
			s.live = append(s.live, x)
			s.told = append(s.told, "launch "+x.Op.Key())
		case Kill:
			s.told = append(s.told, "kill "+s.key(x.Token))
		case Fence:
			s.asked = append(s.asked, x)
			s.told = append(s.told, fmt.Sprintf("fence %d %s", x.Action, x.RscID))
		case Notify:
			c := x.Completion
			line := fmt.Sprintf("%s %s/%d call=%d rc=%d %v", c.RscID, c.Action, c.Interval, c.CallID, c.Code, Status(c.Status))
			if c.Deleted {
				line += " deleted"
			}
			if x.ClientID != "" {
				line += " to " + x.ClientID
			}
			if c.Reason != "" {
				line += " (" + c.Reason + ")"
			}
			s.told = append(s.told, line)
		}
	}
}

func (s *story) key(token Token) string {
	for _, l := range s.live {
		if l.Token == token {
			return l.Op.Key()
		}
	}
	return "what does not run"
}

func (s *story) register(id, class string) {
	s.effects(s.e.Register(s.now, &wire.Request{RscID: id, Class: class, Provider: "p", Type: "t"}))
}

func (s *story) exec(id, action string, interval int, change ...func(*wire.Request)) {
	s.t.Helper()
	s.calls++
	r := wire.Request{RscID: id, Action: action, Interval: interval, Timeout: 20_000}
	for _, f := range change {
		f(&r)
	}
	list, err := s.e.Exec(s.now, "client", s.calls, &r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.effects(list)
}

// done ends the oldest run of an operation.
func (s *story) done(key string, res Result) {
	s.t.Helper()
	for i, l := range s.live {
		if l.Op.Key() == key {
			s.live = append(s.live[:i:i], s.live[i+1:]...)
			if res.Class == "" {
				res.Class = l.Op.Class
			}
			s.effects(s.e.Complete(s.now, l.Token, &res))
			return
		}
	}
	s.t.Fatalf("%s does not run", key)
}

func (s *story) cancel(id, action string, interval int) {
	s.t.Helper()
	list, err := s.e.Cancel(s.now, id, action, interval)
	if err != nil {
		s.t.Fatal(err)
	}
	s.effects(list)
}

// pass lets milliseconds pass, deadline by deadline.
func (s *story) pass(ms int) {
	end := s.now.Add(time.Duration(ms) * time.Millisecond)
	for {
		at, ok := s.e.NextDeadline()
		if !ok || at.After(end) {
			break
		}
		s.now = at
		s.effects(s.e.Tick(s.now))
	}
	s.now = end
}

// wants compares what was told since the last call.
func (s *story) wants(lines ...string) {
	s.t.Helper()
	if got, want := strings.Join(s.told, "\n"), strings.Join(lines, "\n"); got != want {
		s.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	s.told = nil
}

func changesOnly(r *wire.Request) { r.Options |= wire.NotifyChangesOnly }

func TestOrderOfOneAndParallelOfMany(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.register("b", ClassOCF)
	s.exec("a", "start", 0)
	s.exec("a", "promote", 0)
	s.exec("b", "start", 0)
	s.wants("launch a_start_0", "launch b_start_0")
	s.done("a_start_0", Result{})
	s.wants("a start/0 call=1 rc=0 complete", "launch a_promote_0")
	s.done("b_start_0", Result{Code: 1})
	s.done("a_promote_0", Result{Code: 300})
	s.wants("b start/0 call=3 rc=1 complete", "a promote/0 call=2 rc=1 complete")
	if _, ok := s.e.NextDeadline(); ok || len(s.e.lanes) != 0 || len(s.e.running) != 0 {
		t.Error("something is left")
	}
}

func TestRecurringTellsChanges(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "monitor", 10_000, changesOnly)
	for _, code := range []int{0, 0, 7, 7, 0} {
		s.done("a_monitor_10000", Result{Code: code})
		s.pass(9_999)
		if len(s.live) != 0 {
			t.Fatal("runs before its interval is over")
		}
		s.pass(1)
	}
	s.wants("launch a_monitor_10000", "a monitor/10000 call=1 rc=0 complete", "launch a_monitor_10000",
		"launch a_monitor_10000", "a monitor/10000 call=1 rc=7 complete", "launch a_monitor_10000",
		"launch a_monitor_10000", "a monitor/10000 call=1 rc=0 complete", "launch a_monitor_10000")
}

func TestDuplicateIsMergedAndRunsNow(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "monitor", 10_000, changesOnly)
	s.done("a_monitor_10000", Result{})
	s.pass(3_000)
	s.exec("a", "monitor", 10_000, changesOnly)
	s.done("a_monitor_10000", Result{})
	// While it runs nothing is kicked.
	s.pass(10_000)
	s.exec("a", "monitor", 10_000, changesOnly)
	s.wants("launch a_monitor_10000", "a monitor/10000 call=1 rc=0 complete",
		"launch a_monitor_10000", "a monitor/10000 call=2 rc=0 complete", "launch a_monitor_10000")
	s.done("a_monitor_10000", Result{})
	s.wants("a monitor/10000 call=3 rc=0 complete")
}

// Whatever belongs to a resource never runs twice at once.
func TestOneProcessOfAResource(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "monitor", 1_000)
	s.done("a_monitor_1000", Result{})
	s.exec("a", "monitor", 2_000)
	s.wants("launch a_monitor_1000", "a monitor/1000 call=1 rc=0 complete", "launch a_monitor_2000")
	s.pass(5_000) // the first is due and waits
	s.exec("a", "reload", 0)
	s.wants()
	s.done("a_monitor_2000", Result{})
	s.wants("a monitor/2000 call=2 rc=0 complete", "launch a_monitor_1000")
	s.done("a_monitor_1000", Result{})
	s.wants("a monitor/1000 call=1 rc=0 complete", "launch a_reload_0")
}

func TestStopCancelsWhatRecurs(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "monitor", 1_000)
	s.done("a_monitor_1000", Result{})
	s.exec("a", "monitor", 2_000)
	s.told = nil
	s.exec("a", "stop", 0)
	// The one that runs is killed, and stop waits for its process.
	s.wants("a monitor/1000 call=1 rc=0 Cancelled", "kill a_monitor_2000", "a monitor/2000 call=2 rc=0 Cancelled")
	s.done("a_monitor_2000", Result{Code: 1, Status: Failed})
	s.wants("launch a_stop_0")
	s.done("a_stop_0", Result{})
	s.pass(60_000)
	s.wants("a stop/0 call=3 rc=0 complete")
}

func TestCancel(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "start", 0)
	s.exec("a", "monitor", 1_000)
	s.cancel("a", "monitor", 1_000) // never handed off
	if _, err := s.e.Cancel(s.now, "a", "monitor", 1_000); !errors.Is(err, ErrNoOperation) {
		t.Errorf("cancelled twice: %v", err)
	}
	if _, err := s.e.Cancel(s.now, "b", "monitor", 1_000); !errors.Is(err, ErrNoResource) {
		t.Errorf("unknown resource: %v", err)
	}
	s.wants("launch a_start_0", "a monitor/1000 call=2 rc=0 Cancelled")
	s.done("a_start_0", Result{})
	s.exec("a", "monitor", 1_000)
	s.done("a_monitor_1000", Result{Code: 7})
	s.cancel("a", "monitor", 1_000)
	s.wants("a start/0 call=1 rc=0 complete", "launch a_monitor_1000", "a monitor/1000 call=3 rc=7 complete", "a monitor/1000 call=3 rc=7 Cancelled")
	s.pass(10_000)
	s.wants()
}

func TestStartDelayHoldsTheQueue(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "start", 0, func(r *wire.Request) { r.StartDelay = 500 })
	s.exec("a", "reload", 0)
	s.pass(499)
	s.wants()
	s.pass(1)
	s.wants("launch a_start_0")
	s.done("a_start_0", Result{})
	s.wants("a start/0 call=1 rc=0 complete", "launch a_reload_0")
}

func TestUnregister(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "monitor", 1_000)
	s.done("a_monitor_1000", Result{})
	s.exec("a", "start", 0)
	s.exec("a", "reload", 0)
	s.told = nil
	list, err := s.e.Unregister(s.now, "a")
	if !errors.Is(err, ErrInProgress) {
		t.Errorf("unregistered: %v", err)
	}
	s.effects(list)
	s.wants("a reload/0 call=3 rc=0 Cancelled deleted", "a monitor/1000 call=1 rc=0 Cancelled deleted")
	// What runs goes on, and holds up whoever comes by the same name.
	s.register("a", ClassLSB)
	s.exec("a", "monitor", 0)
	s.wants()
	s.done("a_start_0", Result{})
	s.wants("a start/0 call=2 rc=0 complete", "launch a_status_0")
	s.done("a_status_0", Result{Code: 3})
	s.wants("a monitor/0 call=4 rc=7 complete")
	if _, err := s.e.Exec(s.now, "client", 9, &wire.Request{RscID: "b"}); !errors.Is(err, ErrNoResource) {
		t.Errorf("unknown resource: %v", err)
	}
}

func TestRegisterAnew(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.exec("a", "monitor", 1_000)
	s.done("a_monitor_1000", Result{})
	s.told = nil
	s.register("a", ClassOCF) // the same: nothing
	s.wants()
	s.register("a", ClassLSB)
	s.wants("a monitor/1000 call=1 rc=0 Cancelled")
	if class, _, _, ok := s.e.Info("a"); !ok || class != ClassLSB {
		t.Error("still", class)
	}
}

func TestClientGone(t *testing.T) {
	s := newStory(t)
	s.effects(s.e.Register(s.now, &wire.Request{RscID: "a", Class: ClassOCF, Options: wire.DropRecurring}))
	s.register("b", ClassOCF)
	for _, id := range []string{"a", "b"} {
		s.exec(id, "monitor", 1_000)
		s.done(id+"_monitor_1000", Result{})
	}
	s.told = nil
	s.effects(s.e.ClientGone(s.now, "another"))
	s.wants()
	s.effects(s.e.ClientGone(s.now, "client"))
	s.wants("a monitor/1000 call=1 rc=0 Cancelled")
}

// An agent that is not there fails, and a monitor of it can be asked for again.
func TestUnprepared(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	for range 2 {
		s.exec("a", "monitor", 1_000, func(r *wire.Request) { r.Options = wire.NotifyOriginOnly })
		s.done("a_monitor_1000", Result{Code: int(NotInstalled), Status: AgentNotInstalled, Reason: "t: No such file or directory", Unprepared: true})
	}
	s.pass(10_000)
	s.wants("launch a_monitor_1000", "a monitor/1000 call=1 rc=5 Not installed to client (t: No such file or directory)",
		"launch a_monitor_1000", "a monitor/1000 call=2 rc=5 Not installed to client (t: No such file or directory)")
}

// A systemd unit's start is done when the unit is active.
func TestSystemdIsAskedAgain(t *testing.T) {
	active, pending := Result{}, Result{Code: int(UnknownCode), Status: Pending}
	stopped := Result{Code: int(NotRunning), Reason: "inactive"}
	for _, tt := range []struct {
		action string
		states []Result
		want   string
	}{
		{"start", []Result{active}, "rc=0 complete"},
		{"start", []Result{pending, pending, active}, "rc=0 complete"},
		{"start", []Result{pending, stopped}, "rc=1 complete (inactive)"},
		{"stop", []Result{pending, active, stopped}, "rc=0 complete (inactive)"},
		{"stop", []Result{{Code: 1, Status: Failed}}, "rc=1 Error"},
	} {
		s := newStory(t)
		s.register("a", ClassSystemd)
		s.exec("a", tt.action, 0)
		s.done("a_"+tt.action+"_0", active)
		for _, res := range tt.states {
			s.pass(2_000)
			s.told = nil
			s.done("a_status_0", res)
		}
		s.wants("a " + tt.action + "/0 call=1 " + tt.want)
	}
	s := newStory(t)
	s.register("a", ClassSystemd)
	s.exec("a", "start", 0)
	s.done("a_start_0", active)
	for range 50 {
		s.pass(2_000)
		if len(s.live) == 0 {
			break
		}
		s.told = nil
		s.done("a_status_0", pending)
	}
	s.wants("a start/0 call=1 rc=1 Timed Out (Investigate reason for timeout, and adjust configured operation timeout if necessary)")
}

// fenced answers the oldest question.
func (s *story) fenced(res FenceResult) {
	s.t.Helper()
	if len(s.asked) == 0 {
		s.t.Fatal("the fencer was not asked")
	}
	f := s.asked[0]
	s.asked = s.asked[1:]
	s.effects(s.e.Fenced(s.now, f.Token, &res))
}

func TestFenceDevice(t *testing.T) {
	s := newStory(t)
	s.register("f", ClassStonith)
	s.exec("f", "monitor", 0)
	s.wants("f monitor/0 call=1 rc=7 Error")
	s.exec("f", "start", 0)
	s.exec("f", "monitor", 5_000)
	s.fenced(FenceResult{})
	s.wants("fence 0 f", "f start/0 call=2 rc=0 complete", "fence 2 f")
	s.fenced(FenceResult{})
	s.exec("f", "monitor", 0)
	s.wants("f monitor/5000 call=3 rc=0 complete", "f monitor/0 call=4 rc=0 complete")
	s.pass(5_000)
	s.cancel("f", "monitor", 5_000)
	s.wants("fence 2 f")
	s.fenced(FenceResult{})
	s.wants("f monitor/5000 call=3 rc=0 Cancelled")
	s.exec("f", "promote", 0)
	s.wants("f promote/0 call=5 rc=1 Error (Invalid fence device action (bug?))")
	s.exec("f", "stop", 0)
	s.fenced(FenceResult{Reason: "OK"})
	s.exec("f", "monitor", 0)
	s.wants("fence 1 f", "f stop/0 call=6 rc=0 complete (OK)", "f monitor/0 call=7 rc=7 Error")
}

func TestFencerLost(t *testing.T) {
	s := newStory(t)
	s.register("f", ClassStonith)
	s.exec("f", "start", 0)
	s.fenced(FenceResult{})
	s.exec("f", "monitor", 5_000)
	s.exec("f", "monitor", 6_000)
	s.told = nil
	s.effects(s.e.FencerLost(s.now))
	const lost = " rc=1 Error (Lost connection to fencer)"
	s.wants("f monitor/5000 call=2"+lost, "f monitor/6000 call=3"+lost)
	s.fenced(FenceResult{}) // too late
	s.exec("f", "monitor", 0)
	s.wants("f monitor/0 call=4" + lost)
	s.pass(5_000)
	s.wants("fence 2 f")
}

func TestShutdown(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	s.register("b", ClassOCF)
	s.exec("a", "monitor", 1_000)
	s.exec("b", "start", 0)
	s.told = nil
	s.effects(s.e.Shutdown(s.now))
	s.wants("kill a_monitor_1000", "a monitor/1000 call=1 rc=0 Cancelled deleted")
}

func TestTimes(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	var got []wire.Completion
	take := func(list []Effect) {
		for _, x := range list {
			if n, ok := x.(Notify); ok {
				got = append(got, n.Completion)
			}
		}
		s.effects(list)
	}
	s.exec("a", "start", 0)
	s.exec("a", "monitor", 1_000)
	s.pass(250)
	take(s.e.Complete(s.now, s.live[0].Token, &Result{Class: ClassOCF, PID: 5, Stdout: "out", Stderr: "err"}))
	s.pass(1_500)
	take(s.e.Complete(s.now, s.live[1].Token, &Result{Class: ClassOCF, Code: 7, Stdout: "out"}))
	s.pass(1_000)
	take(s.e.Complete(s.now, s.live[2].Token, &Result{Class: ClassOCF, Code: 7}))
	if len(got) != 3 {
		t.Fatalf("%d told", len(got))
	}
	for i, want := range []wire.Completion{
		{ExecTime: 250, RunTime: 1_700_000_000, Output: "err"},
		{ExecTime: 1_500, QueueTime: 250, RunTime: 1_700_000_000, RCChange: 1_700_000_001, Output: "out"},
		{RCChange: 1_700_000_001},
	} {
		c := got[i]
		if c.ExecTime != want.ExecTime || c.QueueTime != want.QueueTime || c.RunTime != want.RunTime || c.RCChange != want.RCChange || c.Output != want.Output {
			t.Errorf("%d: got %+v, want %+v", i, c, want)
		}
	}
}

// Thousands queue, and none is lost.
func TestManyQueue(t *testing.T) {
	s := newStory(t)
	s.register("a", ClassOCF)
	for range 5_000 {
		s.exec("a", "reload", 0)
	}
	for range 5_000 {
		s.done("a_reload_0", Result{})
	}
	told := 0
	for _, line := range s.told {
		if strings.HasPrefix(line, "a reload") {
			told++
			if want := fmt.Sprintf("a reload/0 call=%d rc=0 complete", told); line != want {
				t.Fatalf("got %s, want %s", line, want)
			}
		}
	}
	if told != 5_000 {
		t.Errorf("%d told", told)
	}
}

// FuzzScript: whatever is asked in whatever order, no two processes of a resource run at
// once, and everything that was asked for once is told exactly once.
func FuzzScript(f *testing.F) {
	f.Add([]byte{0, 1, 8, 20, 3, 4, 9, 12, 5, 6, 7, 1, 2, 3})
	f.Add([]byte("register and stop, again and again"))
	f.Fuzz(func(t *testing.T, script []byte) {
		script = script[:min(len(script), 300)]
		s := newStory(t)
		once := map[int]int{}
		for _, b := range script {
			id := string('a' + rune(b>>3&1))
			class := ClassOCF
			if b>>4&1 == 1 {
				class = ClassSystemd
			}
			switch b & 7 {
			case 0:
				s.register(id, class)
			case 1, 2, 3:
				r := wire.Request{RscID: id, Action: []string{"", "start", "stop", "monitor"}[b&7], Timeout: 1000}
				if b&7 == 3 && b>>5&1 == 1 {
					r.Interval = 1000
				}
				s.calls++
				if list, err := s.e.Exec(s.now, "client", s.calls, &r); err == nil {
					if r.Interval == 0 {
						once[s.calls]++
					}
					s.effects(list)
				}
			case 4:
				list, _ := s.e.Unregister(s.now, id)
				s.effects(list)
			case 5:
				list, _ := s.e.Cancel(s.now, id, "monitor", 1000*int(b>>5&1))
				s.effects(list)
			case 6:
				s.pass(int(b) * 10)
			case 7:
				if len(s.live) > 0 {
					i := int(b>>3) % len(s.live)
					l := s.live[i]
					s.live = append(s.live[:i:i], s.live[i+1:]...)
					s.effects(s.e.Complete(s.now, l.Token, &Result{Class: l.Op.Class, Code: int(b >> 6)}))
				}
			}
			s.oneEach()
		}
		for range 10_000 {
			if len(s.live) == 0 {
				s.effects(s.e.Shutdown(s.now))
				if s.pass(10_000); len(s.live) == 0 {
					break
				}
			}
			l := s.live[0]
			s.live = s.live[1:]
			s.effects(s.e.Complete(s.now, l.Token, &Result{Class: l.Op.Class, Code: 7}))
			s.oneEach()
		}
		for _, line := range s.told {
			var call int
			if _, rest, ok := strings.Cut(line, " call="); ok {
				fmt.Sscan(rest, &call)
				if _, ok := once[call]; ok {
					once[call]--
				}
			}
		}
		for call, n := range once {
			if n != 0 {
				t.Errorf("call %d was told %d times", call, 1-n)
			}
		}
	})
}

func (s *story) oneEach() {
	s.t.Helper()
	seen := map[string]bool{}
	for _, l := range s.live {
		if seen[l.Op.RscID] {
			s.t.Fatalf("two processes of %s at once", l.Op.RscID)
		}
		seen[l.Op.RscID] = true
	}
}
