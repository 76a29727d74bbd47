package status

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// recorder is a Logger that keeps what it takes, as the reference's tools print
// it.
type recorder struct{ lines []string }

func (*recorder) Enabled(l loglevel.Level) bool { return l <= loglevel.Notice }

func (r *recorder) Logf(level loglevel.Level, format string, args ...any) {
	r.LogfAt(level, "", format, args...)
}

func (r *recorder) LogfAt(level loglevel.Level, function, format string, args ...any) {
	name := [...]string{"emerg", "alert", "crit", "error", "warning", "notice"}[level]
	r.lines = append(r.lines, fmt.Sprintf("(%s) \t%s: ", function, name)+fmt.Sprintf(format, args...))
}

func unpackText(t *testing.T, file string) (*WorkingSet, *recorder) {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromFile("testdata/" + file + ".xml"); err != nil {
		t.Fatal(err)
	}
	log := &recorder{}
	ws, err := Unpack(doc.Root(), Options{Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	return ws, log
}

func describeAction(a *Action) string {
	var flags []string
	for _, f := range []struct {
		flag ActionFlags
		name string
	}{{Pseudo, "pseudo"}, {ActionRunnable, "runnable"}, {Optional, "optional"}, {OnDC, "dc"}} {
		if a.Is(f.flag) {
			flags = append(flags, f.name)
		}
	}
	where := ""
	if a.Node != nil {
		where = " on " + a.Node.Name
	}
	return fmt.Sprintf("%d %s%s %s %q", a.ID, a.Key, where, strings.Join(flags, ","), a.Reason)
}

// The actions that unpacking creates get numbers in the order in which the
// reference creates them.
func TestActionsOfUnpacking(t *testing.T) {
	ws, _ := unpackText(t, "suicide")
	var got []string
	for _, a := range ws.Actions {
		got = append(got, describeAction(a))
	}
	want := []string{
		`1 stonith-alpha-reboot on alpha runnable "cluster does not have quorum"`,
	}
	if len(got) == 0 || !strings.HasPrefix(got[0], "1 stonith-alpha-reboot on alpha ") {
		t.Errorf("got %q, want %q first", got, want)
	}
}

// What is logged is what the reference logs: testdata/refresh.sh. When it has
// read a CIB it goes on to show it, and may say more.
func TestMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	for _, name := range files {
		base := strings.TrimSuffix(filepath.Base(name), ".log")
		t.Run(base, func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			if len(text) == 0 {
				want = nil
			}
			_, log := unpackText(t, base)
			for i, line := range log.lines {
				if i >= len(want) || line != want[i] {
					t.Fatalf("line %d: got %q\nwant %q", i+1, line, want[min(i, len(want)):])
				}
			}
			for _, line := range want[len(log.lines):] {
				if !strings.HasPrefix(line, "(text2role)") {
					t.Errorf("missing: %s", line)
				}
			}
		})
	}
}

func TestAction(t *testing.T) {
	ws, _ := unpackText(t, "variants")
	r, alpha, beta := ws.FindResource("alone"), ws.FindNode("alpha"), ws.FindNode("BETA")
	if r == nil || alpha == nil || beta == nil {
		t.Fatal("not found")
	}
	stop := r.StopAction(alpha, true)
	if again := r.StopAction(alpha, false); again != stop || stop.Is(Optional) {
		t.Errorf("asked again for a stop, got %p, %p: %s", stop, again, describeAction(stop))
	}
	if other := r.StopAction(beta, true); other == stop {
		t.Error("one action for two nodes")
	}
	start := r.Action(ActionNameStart, nil, true)
	if start.Is(ActionRunnable) {
		t.Error("a start is runnable without node")
	}
	if placed := r.StartAction(beta, true); placed != start || start.Node != beta || !start.Is(ActionRunnable) {
		t.Errorf("an action without node is not taken: %s", describeAction(placed))
	}
	if found := FindFirstAction(r.Actions, "", ActionNameStop, alpha); found != stop {
		t.Errorf("found %v", found)
	}
	if found := r.ActionsNamed(ActionNameStop, alpha, true); len(found) != 1 || found[0] != stop {
		t.Errorf("found %v", found)
	}
	if r.FindActionsExact("ALONE_stop_0", nil) != nil {
		t.Error("found actions on no node")
	}
	monitor := ws.Action(r, "alone_monitor_10000", "monitor", alpha, true, true)
	if got := monitor.Meta.Value("interval"); got != "10000" || !monitor.IsRecurring() || monitor.IntervalMS != 10000 {
		t.Errorf("the interval of %s is %q", monitor.Key, got)
	}
	if got := monitor.Meta.Value("timeout"); got != "20000" {
		t.Errorf("the timeout is %q", got)
	}
	if stop.OnFail != OnFailBlock || monitor.OnFail != OnFailRecover || stop.FailRole != RoleStarted {
		t.Errorf("on-fail %s, %s, %s", stop.OnFail, monitor.OnFail, stop.FailRole)
	}
	done := ws.PseudoAction("all_done")
	if done != ws.PseudoAction("all_done") || !done.Is(Pseudo|ActionRunnable) {
		t.Error(describeAction(done))
	}
	if stop.ReasonFor(Optional) != "required alone stop" || done.ReasonFor(ActionRunnable) != "unrunnable all_done" {
		t.Errorf("%q, %q", stop.ReasonFor(Optional), done.ReasonFor(ActionRunnable))
	}
}

func TestTemplateOperations(t *testing.T) {
	ws, _ := unpackText(t, "variants")
	var got []string
	for _, o := range ws.FindResource("templated").Operations {
		got = append(got, fmt.Sprintf("%s %d %s", o.Name, o.IntervalMS, o.Timeout))
	}
	if want := []string{"monitor 15000 ", "start 0 99s"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if tag := ws.Templates["base"]; tag == nil || !slices.Equal(tag.Refs, []string{"templated"}) {
		t.Errorf("%+v", tag)
	}
	if got, want := ws.ResourcesWithTag("mixed"), []string{"alone", "member2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := ws.NodesWithTag("mixed"), []string{"beta"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOrder(t *testing.T) {
	ws := &WorkingSet{}
	actions := make([]*Action, 40)
	for i := range actions {
		actions[i] = &Action{ID: i, Key: fmt.Sprint("a", i), ws: ws}
	}
	for range 2 {
		for _, then := range actions[1:] {
			Order(actions[0], then, OrderOptional)
		}
	}
	if len(actions[0].After) != 39 || len(actions[7].Before) != 1 {
		t.Errorf("%d after, %d before", len(actions[0].After), len(actions[7].Before))
	}
	if !Order(actions[0], actions[30], OrderImpliesThen) || Order(actions[0], actions[30], OrderImpliesThen|OrderProbe) {
		t.Error("a relation of another kind is taken for the same, or the other way round")
	}
	if Order(nil, actions[1], OrderOptional) || Order(actions[1], nil, OrderOptional) || Order(actions[1], actions[2], OrderNone) {
		t.Error("an order of nothing")
	}
	var ids []int
	for r := range NewestFirst(actions[0].After) {
		ids = append(ids, r.Action.ID)
	}
	if ids[0] != 30 || ids[1] != 39 || ids[len(ids)-1] != 1 {
		t.Errorf("newest first: %v", ids)
	}
}

func TestFindOperation(t *testing.T) {
	r := &Resource{ID: "r:1", HistoryID: "r"}
	for _, o := range []*Operation{
		{Name: "monitor", IntervalMS: 10000}, {Name: "migrate"}, {Name: "notify"}, {Name: "stop", Disabled: true},
	} {
		o.suffix = Key("", o.Name, o.IntervalMS)
		r.Operations = append(r.Operations, o)
	}
	for key, want := range map[string]string{
		"r:1_monitor_10000": "monitor", "R_monitor_10000": "monitor", "r:1_monitor_0": "", "r:1_migrate_to_0": "migrate",
		"r:1_post_notify_start_0": "notify", "r:1_stop_0": "",
	} {
		got := ""
		if o := r.FindOperation(key, false); o != nil {
			got = o.Name
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if r.FindOperation("r_stop_0", true) == nil {
		t.Error("a disabled operation is not found")
	}
}
