package peers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// lines is a log of notices and what is graver.
type lines []string

func (l *lines) Enabled(level loglevel.Level) bool { return level <= loglevel.Notice }
func (l *lines) Logf(_ loglevel.Level, format string, args ...any) {
	*l = append(*l, fmt.Sprintf(format, args...))
}

// world is a Cache with all that it says.
type world struct {
	*Cache
	log     lines
	changes []string
	names   map[uint32]string
	list    bool
}

func newWorld(names map[uint32]string, keep bool) *world {
	w := &world{names: names, list: true}
	w.Cache = New(Config{
		NameOf:      func(id uint32) string { return w.names[id] },
		HasNodeList: func() bool { return w.list },
		Changed:     func(ch Change) { w.changes = append(w.changes, describe(ch)) },
		KeepLost:    keep,
		Log:         &w.log,
	})
	return w
}

func describe(ch Change) string {
	s := fmt.Sprintf("%d/%s %v", ch.Peer.ID, ch.Peer.Name, ch.Kind)
	switch ch.Kind {
	case StateChanged:
		return s + fmt.Sprintf(" %s>%s", ch.Before, ch.Peer.State)
	case ProcessesChanged:
		return s + fmt.Sprintf(" %x>%x", uint32(ch.Ran), uint32(ch.Peer.Processes))
	}
	return s
}

func (w *world) said(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.changes, want) {
		t.Errorf("changes %q, want %q", w.changes, want)
	}
	w.changes = nil
}

func (w *world) nodesAre(t *testing.T, want string) {
	t.Helper()
	var have []string
	for _, p := range w.Nodes() {
		have = append(have, fmt.Sprintf("%d/%s/%s", p.ID, p.Name, p.State))
	}
	if got := strings.Join(have, " "); got != want {
		t.Errorf("nodes %s, want %s", got, want)
	}
}

// TestFind has each way in which an id and a name can meet what the cache holds.
func TestFind(t *testing.T) {
	type entry struct {
		id   uint32
		name string
	}
	for _, tt := range []struct {
		what  string
		cache []entry
		id    uint32
		name  string
		want  string // the entry found
		left  string // the cache afterwards
		log   string
	}{
		{"nobody", nil, 1, "a", "", "", ""},
		{"by id", []entry{{1, "a"}}, 1, "", "1/a", "1/a", ""},
		{"by name", []entry{{1, "a"}}, 0, "A", "1/a", "1/a", ""},
		{"by both", []entry{{2, "b"}, {1, "a"}}, 1, "a", "1/a", "2/b 1/a", ""},
		{"name without id", []entry{{0, "a"}}, 1, "a", "0/a", "0/a", ""},
		{"name with another id", []entry{{2, "a"}}, 1, "a", "", "2/a", "Node 1 and 2 share the same name 'a'"},
		{"id without name", []entry{{1, ""}}, 1, "a", "1/", "1/", ""},
		{"id with another name", []entry{{1, "b"}}, 1, "a", "1/b", "1/b", "Node 'a' and 'b' share the same cluster nodeid 1: assuming 'a' is correct"},
		{"changed id", []entry{{2, "a"}, {1, "a"}}, 1, "a", "1/a", "1/a", "Node 'a' has changed its ID from 2 to 1"},
		{"two names", []entry{{1, "b"}, {2, "a"}}, 1, "a", "1/b", "1/b 2/a", "Node 'b' and 'a' share the same cluster nodeid: 1 a"},
		{"two ids", []entry{{1, ""}, {2, "a"}}, 1, "a", "1/", "1/ 2/a", "Node 1 and 2 share the same name: 'a'"},
		{"merge", []entry{{1, ""}, {0, "a"}}, 1, "a", "1/", "1/", ""},
		{"merge, other order", []entry{{0, "a"}, {1, ""}}, 1, "a", "1/", "1/", ""},
	} {
		w := newWorld(nil, false)
		for _, e := range tt.cache {
			w.nodes = append(w.nodes, &Peer{ID: e.id, Name: e.name})
		}
		got := ""
		if p := w.Find(tt.id, tt.name); p != nil {
			got = fmt.Sprintf("%d/%s", p.ID, p.Name)
		}
		var left []string
		for _, p := range w.Nodes() {
			left = append(left, fmt.Sprintf("%d/%s", p.ID, p.Name))
		}
		if got != tt.want || strings.Join(left, " ") != tt.left {
			t.Errorf("%s: found %q, left %q", tt.what, got, left)
		}
		if tt.log == "" && len(w.log) > 0 || tt.log != "" && !slices.Contains(w.log, tt.log) {
			t.Errorf("%s: log %q", tt.what, w.log)
		}
	}
}

func TestGet(t *testing.T) {
	w := newWorld(map[uint32]string{1: "a"}, false)
	if p := w.Get(0, ""); p != nil {
		t.Errorf("%+v is nobody", p)
	}
	p := w.Get(1, "")
	if p.Name != "a" || p.UUID != "1" {
		t.Errorf("by id: %+v", p)
	}
	w.said(t, "1/a named")

	// A name comes first, then the id that it belongs to.
	b := w.Get(0, "b")
	if b.UUID != "" || w.NameOf("2") != "" {
		t.Errorf("by name: %+v", b)
	}
	if w.Get(2, "b") != b || b.ID != 2 || b.UUID != "2" || w.NameOf("2") != "b" {
		t.Errorf("by both: %+v", b)
	}
	w.said(t, "0/b named")

	// An id without a name, then a message with both; and one whose name is only found
	// by the configuration.
	c := w.Get(3, "")
	if c.Name != "" || w.Get(3, "C") != c || c.Name != "C" {
		t.Errorf("learned: %+v", c)
	}
	if want := "Node names with capitals are discouraged, consider changing 'C'"; !slices.Contains(w.log, want) {
		t.Errorf("log %q", w.log)
	}
	d := w.Get(0, "d")
	w.names[4] = "d"
	if w.Get(4, "") != d || d.ID != 4 {
		t.Errorf("by the configuration's name: %+v", d)
	}
	w.nodesAre(t, "1/a/ 2/b/ 3/C/ 4/d/")
	if w.NameOf("x") != "" || w.NameOf("0") != "" || w.NameOf("9") != "" {
		t.Error("unknown UUIDs have names")
	}
}

// TestConflict has a node that comes back with another id.
func TestConflict(t *testing.T) {
	for _, tt := range []struct {
		list, active bool
		want         string
	}{
		{true, false, "2/a/"},
		{true, true, "1/a/member 2/a/"},
		{false, false, "1/a/ 2/a/"},
	} {
		w := newWorld(nil, true)
		w.list = tt.list
		p := w.Get(1, "a")
		if tt.active {
			w.SetProcess(p, CPG, true)
			w.SetState(p, Member, 0)
		}
		w.Get(2, "a")
		w.nodesAre(t, tt.want)
	}
}

func TestProcesses(t *testing.T) {
	w := newWorld(nil, false)
	p := w.Get(1, "a")
	w.said(t, "1/a named")
	if p.Active() || w.ActiveNodes() != 0 {
		t.Error("active without a process")
	}
	if w.SetProcess(p, CPG, true) != p || !p.Active() || w.ActiveNodes() != 1 {
		t.Errorf("with one: %+v", p)
	}
	w.said(t, "1/a processes 0>4000000", "1/a state >member")
	w.SetProcess(p, CPG, true)
	w.said(t)
	w.SetProcess(p, Attrd, true)
	w.said(t, "1/a processes 4000000>4001000")
	if w.SetProcess(p, CPG, false) != nil {
		t.Error("a lost node is not reaped")
	}
	w.said(t, "1/a processes 4001000>1000", "1/a state member>lost")
	w.nodesAre(t, "")

	keep := newWorld(nil, true)
	p = keep.Get(1, "a")
	keep.SetProcess(p, CPG, true)
	if p.State != Unknown {
		t.Errorf("state %q", p.State)
	}
	keep.SetState(p, Member, 8)
	if p.LastSeen != 8 || !p.Active() {
		t.Errorf("%+v", p)
	}
	if keep.SetProcesses(p, NoProcess) != p || p.Processes != NoProcess || p.State != Member {
		t.Errorf("%+v", p)
	}
	if keep.SetState(p, Lost, 0) != p {
		t.Error("a node that is kept is reaped")
	}
	keep.nodesAre(t, "1/a/lost")

	r := w.Remote("r")
	if w.SetProcess(r, CPG, true) != r || r.Processes != 0 || w.SetState(r, Lost, 0) != r || r.Active() {
		t.Errorf("remote: %+v", r)
	}
	w.SetExpected(r, Member)
	if r.Expected != Unknown {
		t.Errorf("remote: %+v", r)
	}
	w.SetExpected(p, Member)
	w.SetExpected(p, Unknown)
	if p.Expected != Member {
		t.Errorf("expected: %+v", p)
	}
}

func TestReap(t *testing.T) {
	w := newWorld(nil, true)
	a, b := w.Get(1, "a"), w.Get(2, "b")
	w.Get(0, "c")
	w.SetProcess(a, CPG, true)
	w.SetState(a, Member, 0)
	if w.Reap(1, "a") != 0 || w.Reap(7, "b") != 0 || w.Reap(0, "x") != 0 {
		t.Error("reaped who is active or another")
	}
	if w.Reap(2, "x") != 1 || w.Reap(0, "C") != 1 {
		t.Error("not reaped")
	}
	w.nodesAre(t, "1/a/member")
	if want := "Purged 1 peer with id=2 and/or uname=x from the membership cache"; !slices.Contains(w.log, want) {
		t.Errorf("log %q", w.log)
	}
	if b.Name != "b" {
		t.Errorf("what is held changed: %+v", b)
	}
}

func TestRing(t *testing.T) {
	w := newWorld(map[uint32]string{1: "a", 2: "b", 3: "c"}, true)
	w.Get(4, "d")
	w.Ring(8, []uint32{1, 2, 3})
	w.nodesAre(t, "4/d/ 1/a/member 2/b/member 3/c/member")
	w.changes = nil
	w.Ring(12, []uint32{1, 3})
	w.said(t, "2/b state member>lost")
	w.nodesAre(t, "4/d/ 1/a/member 2/b/lost 3/c/member")
	if p := w.Find(3, ""); p.LastSeen != 12 {
		t.Errorf("%+v", p)
	}

	w = newWorld(map[uint32]string{1: "a", 2: "b"}, false)
	w.Ring(8, []uint32{1, 2})
	w.Ring(12, []uint32{1})
	w.nodesAre(t, "1/a/member")
}

// TestGroup has what a process group tells of its processes.
func TestGroup(t *testing.T) {
	w := newWorld(map[uint32]string{1: "a", 2: "b", 3: "c"}, false)
	g := Group{Cache: w.Cache, Name: "attrd", Self: Address{Node: 1, PID: 100}}
	now := time.Unix(1000, 0)
	self, b, c := Address{Node: 1, PID: 100}, Address{Node: 2, PID: 200}, Address{Node: 3, PID: 300}
	change := func(members, left, joined []Address) {
		t.Helper()
		if err := g.Change(now, members, left, joined); err != nil {
			t.Fatal(err)
		}
	}
	change([]Address{self, b, c}, nil, []Address{self})
	w.nodesAre(t, "1/a/member 2/b/member 3/c/member")
	w.changes = nil

	// Another process of a node comes and goes: nothing has happened.
	b2, self2 := Address{Node: 2, PID: 201}, Address{Node: 1, PID: 101}
	change([]Address{self, b, b2, c}, nil, []Address{b2})
	change([]Address{self, b, c}, []Address{b2}, nil)
	change([]Address{self, self2, b, c}, nil, []Address{self2})
	change([]Address{self, b, c}, []Address{self2}, nil)
	w.said(t)
	want := []string{
		"Group attrd event 2: b (node 2) duplicate pid 201 left (200 remains)",
		"Group attrd event 3: detected duplicate local pid 101",
		"Group attrd event 4: duplicate local pid 101 left",
	}
	if got := []string(w.log[len(w.log)-3:]); !slices.Equal(got, want) {
		t.Errorf("log %q, want %q", got, want)
	}

	change([]Address{self, c}, []Address{b}, nil)
	w.said(t, "2/b processes 4000000>0", "2/b state member>lost")
	change([]Address{self}, []Address{c, b}, nil) // b has gone already
	w.nodesAre(t, "1/a/member")
	if err := g.Change(now, nil, []Address{self}, nil); err == nil || !strings.Contains(err.Error(), "evicted") {
		t.Errorf("evicted: %v", err)
	}
	if err := g.Change(now, []Address{{}, self2}, nil, nil); err == nil {
		t.Error("another process of this node is not this one")
	}
}

// TestGroupOfLost has a node in the group that quorum says is lost.
func TestGroupOfLost(t *testing.T) {
	w := newWorld(map[uint32]string{1: "a", 2: "b"}, true)
	g := Group{Cache: w.Cache, Self: Address{Node: 1, PID: 100}}
	all := []Address{{Node: 1, PID: 100}, {Node: 2, PID: 200}}
	w.Ring(8, []uint32{1, 2})
	w.Ring(12, []uint32{1})
	start := time.Unix(1000, 0)
	for _, tt := range []struct {
		after time.Duration
		want  State
	}{{0, Lost}, {time.Minute, Lost}, {61 * time.Second, Member}} {
		if err := g.Change(start.Add(tt.after), all, nil, nil); err != nil {
			t.Fatal(err)
		}
		if p := w.Find(2, ""); p.State != tt.want {
			t.Errorf("after %v: %+v", tt.after, p)
		}
	}
}

// While a change tells of one that has left, the others that leave by it are known.
func TestLeaving(t *testing.T) {
	w := newWorld(map[uint32]string{1: "a", 2: "b", 3: "c"}, true)
	g := Group{Cache: w.Cache, Self: Address{Node: 1, PID: 100}}
	all := []Address{{Node: 1, PID: 100}, {Node: 2, PID: 200}, {Node: 3, PID: 300}}
	if err := g.Change(time.Unix(1000, 0), all, nil, all); err != nil {
		t.Fatal(err)
	}
	var said []string
	w.c.Changed = func(c Change) {
		if c.Left() {
			said = append(said, fmt.Sprint(c.Peer.Name, " ", w.Leaving("a"), w.Leaving("b"), w.Leaving("C"), w.Leaving("d")))
		}
	}
	if err := g.Change(time.Unix(1001, 0), all[:1], all[1:], nil); err != nil {
		t.Fatal(err)
	}
	if want := []string{"b false true true false", "c false true true false"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
	if w.Leaving("b") {
		t.Error("b still leaves after the change")
	}
}
