package transition_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// graphs are those that the reference made of the scheduler's CIBs.
func graphs(t testing.TB) []string {
	files, err := filepath.Glob("../../pengine/graph/testdata/*.graph")
	if err != nil || len(files) == 0 {
		t.Fatalf("no graphs: %v", err)
	}
	return files
}

func parse(t testing.TB, text string) *transition.Graph {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	g, problems, err := transition.Parse(doc.Root(), "test")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return g
}

func read(t testing.TB, file string) *transition.Graph {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// executor carries out actions by functions.
type executor struct {
	allowed func(a *transition.Action) bool
	start   func(a *transition.Action) error
}

func (x executor) Allowed(a *transition.Action) bool { return x.allowed == nil || x.allowed(a) }
func (x executor) Start(a *transition.Action) error  { return x.start(a) }

// told is the line that crm_simulate has of an action, without intervals in the words for it.
func told(a *transition.Action) string {
	switch {
	case a.Kind == transition.Pseudo && a.Node() != "":
		return "Pseudo action: " + a.Key() + " on " + a.Node()
	case a.Kind == transition.Pseudo:
		return "Pseudo action: " + a.Key()
	case a.Kind == transition.Resource:
		task := a.Task()
		if a.IntervalMS > 0 {
			task += "=" + strconv.Itoa(int(a.IntervalMS))
		}
		return "Resource action: " + resource(a) + " " + task + " on " + a.Node()
	case a.Task() == "stonith":
		return "Fencing " + a.Node() + " (" + a.Meta("stonith_action") + ")"
	}
	id := resource(a)
	if id != "" {
		id = " for " + id
	}
	return "Cluster action: " + a.Task() + id + " on " + a.Node()
}

// resource is the name of an action's resource.
func resource(a *transition.Action) string {
	for _, e := range a.Element.ChildElements() {
		if e.SelectAttr("id") != nil {
			return e.SelectAttrValue("id", "")
		}
	}
	return ""
}

// instance is the number of an instance, which crm_simulate adds to a name or takes away.
var instance = regexp.MustCompile(`:\d+ `)

// Actions that succeed at once are started in the order in which the reference's crm_simulate has them.
func TestOrder(t *testing.T) {
	for _, file := range graphs(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".graph")
		t.Run(name, func(t *testing.T) {
			g := read(t, file)
			var got []string
			run := executor{start: func(a *transition.Action) error {
				// crm_simulate says nothing of what is no resource's.
				if a.Kind != transition.Resource || resource(a) != "" {
					got = append(got, instance.ReplaceAllString(told(a), " "))
				}
				g.Confirm(a)
				return nil
			}}
			for !g.Complete {
				if _, failures := g.Advance(run); len(failures) > 0 {
					t.Fatal(failures)
				}
			}
			want, err := os.ReadFile("testdata/" + name + ".order")
			if err != nil {
				t.Fatal(err)
			}
			if d := golden.Difference(got, strings.Split(strings.TrimSuffix(instance.ReplaceAllString(string(want), " "), "\n"), "\n")); d != "" && len(got)+len(want) > 0 {
				t.Error(d)
			}
			text, level := g.Summary()
			if _, n := g.Len(); level != loglevel.Notice || !strings.Contains(text, "(Complete="+strconv.Itoa(n)+", Pending=0, Fired=0, Skipped=0, Incomplete=0, Source=test): Complete") {
				t.Error(text)
			}
		})
	}
}

// Whatever ends first and fails, nothing starts before what it waits for or twice, nothing but the urgent starts after an abort,
// and a graph comes to an end.
func TestAnyOrder(t *testing.T) {
	for _, file := range graphs(t) {
		for seed := range uint64(30) {
			anyOrder(t, file, seed)
		}
	}
}

func anyOrder(t *testing.T, file string, seed uint64) {
	g := read(t, file)
	rng := rand.New(rand.NewPCG(seed, 1))
	var running []*transition.Action
	started, failed := map[int]bool{}, map[int]bool{}
	var jobs transition.Jobs
	limit := func(string) int { return 1 + int(seed%4) }
	run := executor{
		allowed: func(a *transition.Action) bool { return jobs.Allowed(g, a, limit) },
		start: func(a *transition.Action) error {
			switch {
			case started[a.ID]:
				t.Fatalf("%s, seed %d: %s is started twice", file, seed, told(a))
			case a.Kind != transition.Pseudo && a.Priority < g.AbortPriority:
				t.Fatalf("%s, seed %d: %s is started after the end", file, seed, told(a))
			}
			for _, e := range a.Element.Parent().Parent().FindElements("inputs/trigger/*") {
				id, _ := strconv.Atoi(e.SelectAttrValue("id", ""))
				input := g.Action(id)
				if !input.Confirmed || input.Failed && a.Priority != transition.Infinity {
					t.Fatalf("%s, seed %d: %s is started before %s", file, seed, told(a), told(input))
				}
			}
			started[a.ID] = true
			if a.Kind == transition.Pseudo {
				g.Confirm(a)
				return nil
			}
			if rng.IntN(60) == 0 {
				failed[a.ID] = true
				return errors.New("no way")
			}
			jobs.Add(a, 1)
			if n := jobs.Busy(a.Router()); a.Kind == transition.Resource && n > limit("") && n > 2 {
				t.Fatalf("%s, seed %d: %d at a time on %s", file, seed, n, a.Router())
			}
			running = append(running, a)
			return nil
		},
	}
	for rounds := 0; !g.Complete; rounds++ {
		if rounds > 10000 {
			t.Fatalf("%s, seed %d: no end", file, seed)
		}
		state, failures := g.Advance(run)
		for _, f := range failures {
			if !failed[f.Action.ID] {
				t.Fatalf("%s, seed %d: %s did not fail", file, seed, told(f.Action))
			}
		}
		if state == transition.Terminated {
			t.Fatalf("%s, seed %d: terminated", file, seed)
		}
		if len(running) == 0 {
			continue
		}
		i := rng.IntN(len(running))
		a := running[i]
		running = slices.Delete(running, i, i+1)
		jobs.Add(a, -1)
		if rng.IntN(20) == 0 {
			g.Fail(a)
			g.Abort(a.Priority+1, transition.Restart, "Event failed")
		} else if !g.Confirm(a) {
			t.Fatalf("%s, seed %d: %s was confirmed before", file, seed, told(a))
		}
	}
	if len(running) > 0 {
		t.Fatalf("%s, seed %d: complete while %s runs", file, seed, told(running[0]))
	}
}

const (
	head = `<transition_graph cluster-delay="60s" stonith-timeout="90s" failed-stop-offset="INFINITY" failed-start-offset="1" batch-limit="2" transition_id="7" recheck-by="99">`
	ends = `</transition_graph>`
)

func op(synapse, id int, task, node string, more string, inputs ...int) string {
	text := `<synapse id="` + strconv.Itoa(synapse) + `"><action_set><rsc_op id="` + strconv.Itoa(id) + `" operation="` + task + `" operation_key="r_` + task +
		`_0" on_node="` + node + `" on_node_uuid="id-` + node + `"><primitive id="r"/><attributes CRM_meta_op_target_rc="7" CRM_meta_timeout="20000" CRM_meta_start_delay="5" ` + more + `/></rsc_op></action_set><inputs>`
	for _, i := range inputs {
		text += `<trigger><rsc_op id="` + strconv.Itoa(i) + `"/></trigger>`
	}
	return text + `</inputs></synapse>`
}

// A loop is found out, and said.
func TestTerminated(t *testing.T) {
	g := parse(t, head+op(0, 1, "start", "n1", "", 2)+op(1, 2, "start", "n1", "", 1)+ends)
	if state, _ := g.Advance(executor{}); state != transition.Terminated || !g.Complete {
		t.Error(state)
	}
	if text, level := g.Summary(); text != "Transition 7 (Complete=0, Pending=0, Fired=0, Skipped=0, Incomplete=2, Source=test): Terminated" || level != loglevel.Warning {
		t.Error(text, level)
	}
}

// No more actions are under way than the graph allows.
func TestBatchLimit(t *testing.T) {
	g := parse(t, head+op(0, 1, "start", "n1", "")+op(1, 2, "start", "n1", "")+op(2, 3, "start", "n1", "")+ends)
	var running []*transition.Action
	x := executor{start: func(a *transition.Action) error { running = append(running, a); return nil }}
	if state, _ := g.Advance(x); state != transition.Active || len(running) != 2 {
		t.Error(state, running)
	}
	if state, _ := g.Advance(x); state != transition.Pending || len(running) != 2 {
		t.Error(state, running)
	}
	g.Confirm(running[1])
	if g.Advance(x); len(running) != 3 {
		t.Error(running)
	}
}

// What is said of each result follows from where it comes from.
func TestJudge(t *testing.T) {
	g := parse(t, head+op(0, 1, "monitor", "n1", "")+op(1, 2, "start", "n1", `CRM_meta_on_fail="ignore"`)+op(2, 3, "cancel", "n1", "")+ends)
	x := executor{start: func(*transition.Action) error { return nil }}
	g.Advance(x)
	for _, tt := range []struct {
		name  string
		event transition.Event
		want  transition.Verdict
	}{
		{"without key", transition.Event{RC: 1}, transition.Verdict{Ignored: true}},
		{"under way", transition.Event{TransitionKey: "1:7:7:me", Status: -1}, transition.Verdict{Ignored: true}},
		{"a bad key", transition.Event{TransitionKey: "1:7:me"}, transition.Verdict{Abort: "Bad event", Priority: transition.Infinity}},
		{"from a tool", transition.Event{TransitionKey: "0:-1:0:x", RC: 1}, transition.Verdict{Foreign: "initiated outside of the cluster", Abort: "Unexpected event", Outside: true, Priority: transition.Infinity}},
		{"another's", transition.Event{TransitionKey: "1:7:7:you"}, transition.Verdict{Foreign: "initiated by a different DC", Abort: "Foreign event", Priority: transition.Infinity}},
		{"of the past", transition.Event{TransitionKey: "1:6:7:me", Key: "r_start_0"}, transition.Verdict{Foreign: "arrived really late", Abort: "Old event", Priority: transition.Infinity}},
		{"recurring", transition.Event{TransitionKey: "1:6:0:me", Key: "r_monitor_10000", RC: 7}, transition.Verdict{Foreign: "arrived after initial scheduling", Abort: "Change in recurring result", Priority: transition.Infinity}},
		{"unknown", transition.Event{TransitionKey: "9:7:0:me"}, transition.Verdict{Foreign: "unknown", Abort: "Unknown event", Priority: transition.Infinity}},
		{"as expected", transition.Event{TransitionKey: "1:7:7:me", RC: 7}, transition.Verdict{Action: g.Action(1), Priority: transition.Infinity}},
		{"once more", transition.Event{TransitionKey: "1:7:7:me", RC: 0}, transition.Verdict{Ignored: true}},
	} {
		got := g.Judge(tt.event, "me")
		if tt.want.Ignored != got.Ignored || got.Foreign != tt.want.Foreign || got.Abort != tt.want.Abort || got.Action != tt.want.Action || got.Outside != tt.want.Outside ||
			!got.Ignored && got.Priority != tt.want.Priority {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	g.Advance(x)
	if v := g.Judge(transition.Event{TransitionKey: "2:7:0:me", RC: 1}, "me"); v.Action != g.Action(2) || v.Abort != "" || !v.IgnoreFailure || v.Action.Failed {
		t.Errorf("a failure to be ignored: %+v", v)
	}
	if a := g.ConfirmCancel("r_cancel_0", "id-n1"); a != g.Action(3) || !a.Confirmed || g.ConfirmCancel("r_cancel_0", "id-n2") != nil {
		t.Error(a)
	}
	failed := parse(t, head+op(0, 1, "start", "n1", "")+op(1, 2, "start", "n2", "")+op(2, 3, "start", "n2", "", 1)+ends)
	failed.Advance(x)
	v := failed.Judge(transition.Event{TransitionKey: "1:7:0:me", RC: 1}, "me")
	if v.Abort != "Event failed" || v.Priority != 1 || !v.Action.Failed {
		t.Errorf("a failure: %+v", v)
	}
	if !failed.Abort(v.Priority, transition.Restart, v.Abort) || failed.Abort(0, transition.Wait, "less") {
		t.Error("abort")
	}
	if lost := failed.Lost("id-n2", func(string) string { return "" }); len(lost) != 2 {
		t.Error(lost)
	}
	if state, _ := failed.Advance(x); state != transition.Completed {
		t.Error(state)
	}
	if next, reason := failed.Settle(); next != transition.Restart || reason != "Event failed" {
		t.Error(next, reason)
	}
}

// An action whose start takes a node down makes that expected.
func TestDownedBy(t *testing.T) {
	g := parse(t, head+`<synapse id="0"><action_set><crm_event id="4" operation="stonith" on_node="n1" on_node_uuid="1"><attributes/><downed><node id="1"/></downed></crm_event></action_set><inputs/></synapse>`+ends)
	if g.DownedBy("1") != nil {
		t.Error("before it was started")
	}
	g.Advance(executor{start: func(*transition.Action) error { return nil }})
	if g.DownedBy("1") != g.Action(4) || g.DownedBy("2") != nil {
		t.Error("after it was started")
	}
}

func TestParse(t *testing.T) {
	g := parse(t, head+op(0, 1, "start", "n1", `CRM_meta_interval="10000"`)+ends)
	if g.ID != 7 || g.NetworkDelay.Seconds() != 60 || g.FencingTimeout.Seconds() != 90 || g.BatchLimit != 2 || g.FailedStop != "INFINITY" || g.FailedStart != "1" || g.RecheckBy != 99 {
		t.Errorf("%+v", g)
	}
	a := g.Action(1)
	if a.Timeout.Milliseconds() != 20005 || a.IntervalMS != 10000 || a.TargetRC() != 7 || a.Router() != "n1" {
		t.Errorf("%+v", a)
	}
	for text, want := range map[string]string{
		`<transition_graph cluster-delay="1"/>`:                                 "graph from x: no transition_id",
		`<transition_graph transition_id="1"/>`:                                 "graph from x: no cluster-delay",
		head + op(0, 1, "start", "n1", "") + op(1, 1, "start", "n1", "") + ends: "graph 7 from x: synapse 1: action 1 is another's too",
	} {
		doc := etree.NewDocument()
		if err := doc.ReadFromString(text); err != nil {
			t.Fatal(err)
		}
		if _, _, err := transition.Parse(doc.Root(), "x"); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromString(head + `<synapse id="0"><action_set><rsc_op/><bogus id="1"/></action_set></synapse>` + ends); err != nil {
		t.Fatal(err)
	}
	if _, problems, err := transition.Parse(doc.Root(), "x"); err != nil || len(problems) != 2 {
		t.Error(problems, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range graphs(f) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 20000 {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := etree.NewDocument()
		if doc.ReadFromString(text) != nil || doc.Root() == nil {
			return
		}
		g, _, err := transition.Parse(doc.Root(), "fuzz")
		if err != nil {
			return
		}
		for i := 0; i < 1000 && !g.Complete; i++ {
			g.Advance(executor{start: func(a *transition.Action) error { g.Confirm(a); return nil }})
		}
	})
}

func BenchmarkAdvance(b *testing.B) {
	text := `<transition_graph cluster-delay="60s" batch-limit="0" transition_id="7">`
	for i := range 10000 {
		text += op(i, i+1, "start", "n"+strconv.Itoa(i%32), "", max(0, i-31))
	}
	text = strings.ReplaceAll(text+ends, `<trigger><rsc_op id="0"/></trigger>`, "")
	for b.Loop() {
		g := parse(b, text)
		var running []*transition.Action
		x := executor{start: func(a *transition.Action) error { running = append(running, a); return nil }}
		for !g.Complete {
			g.Advance(x)
			if len(running) > 0 {
				g.Confirm(running[0])
				running = running[1:]
			}
		}
	}
}
