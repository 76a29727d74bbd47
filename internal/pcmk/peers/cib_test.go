package peers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
)

func parse(t testing.TB, text string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

const nodesCIB = `<cib><configuration>
<nodes><node id="1" uname="a"/><node id="2" uname="b" type="member"/><node id="r1" uname="r1" type="remote"/><node id="4"/></nodes>
<resources>
<primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>
<primitive id="new" class="ocf" provider="pacemaker" type="remote"/>
<primitive id="other" class="ocf" provider="heartbeat" type="remote"/>
<group id="gr"><primitive id="vm"><meta_attributes id="m"><nvpair id="n" name="remote-node" value="guest"/></meta_attributes></primitive></group>
</resources></configuration>
<status><node_state id="1" uname="a"/><node_state id="r1" remote_node="true" in_ccm="false"/><node_state id="old" remote_node="true"/></status></cib>`

func TestRefresh(t *testing.T) {
	w := newWorld(nil, false)
	w.Remote("gone")
	w.changes = nil
	w.Refresh(parse(t, nodesCIB))
	var have []string
	for _, p := range w.Remotes() {
		have = append(have, fmt.Sprintf("%s:%s", p.Name, p.State))
	}
	if got, want := strings.Join(have, " "), "guest: new: old:member r1:lost"; got != want {
		t.Errorf("remote nodes %q, want %q", got, want)
	}
	w.said(t, "0/r1 named", "0/r1 state >lost", "0/old named", "0/old state >member", "0/guest named", "0/new named")

	r1 := w.FindRemote("r1")
	w.Refresh(parse(t, strings.Replace(nodesCIB, `in_ccm="false"`, `in_ccm="true"`, 1)))
	if w.FindRemote("r1") != r1 || r1.State != Member {
		t.Errorf("%+v", r1)
	}
	w.said(t, "0/r1 state lost>member")
	if w.FindAny(0, "r1") != r1 || w.GetAny(7, "r1") != r1 || w.NameOf("r1") != "r1" || w.Remote("") != nil {
		t.Error("a remote node is not found")
	}
	if p := w.FindKnown(2, "b"); p == nil || p.UUID != "2" || w.FindAny(2, "b") != nil {
		t.Errorf("known: %+v", p)
	}
	w.RemoveRemote("r1")
	if w.FindAny(0, "r1") != nil {
		t.Error("a removed node is found")
	}
}

func TestFindKnown(t *testing.T) {
	w := newWorld(nil, false)
	w.Refresh(parse(t, nodesCIB))
	for _, tt := range []struct {
		id   uint32
		name string
		want string
	}{
		{1, "", "a"},
		{0, "B", "b"},
		{1, "a", "a"},
		{1, "x", ""},
		{9, "a", ""},
		{9, "", ""},
		{1, "b", ""},
	} {
		got := ""
		if p := w.FindKnown(tt.id, tt.name); p != nil {
			got = p.Name
		}
		if got != tt.want {
			t.Errorf("%d %q: %q, want %q", tt.id, tt.name, got, tt.want)
		}
	}
	// One name for two ids, and one id for two names.
	w.known = []*Peer{{UUID: "1", Name: "a"}, {UUID: "2", Name: "a"}, {UUID: "3", Name: "c"}, {UUID: "3", Name: "d"}}
	if p := w.FindKnown(2, "a"); p == nil || p.UUID != "2" {
		t.Errorf("two ids: %+v", p)
	}
	if p := w.FindKnown(3, "d"); p == nil || p.Name != "d" {
		t.Errorf("two names: %+v", p)
	}
	// A node is renamed, another is gone.
	w.Refresh(parse(t, `<cib><configuration><nodes><node id="7" uname="a"/></nodes></configuration></cib>`))
	if p := w.FindKnown(7, "a"); p == nil || len(w.known) != 1 {
		t.Errorf("after a change: %+v of %d", p, len(w.known))
	}
}

// FuzzCache applies drawn calls, and checks what the package comment says of a cache.
func FuzzCache(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"), false)
	f.Add([]byte{0, 1, 2, 1, 2, 1, 0, 0, 3, 2, 1, 1, 3, 1, 2, 4, 3, 3}, true)
	f.Fuzz(func(t *testing.T, calls []byte, keep bool) {
		names := []string{"", "a", "A", "b", "c"}
		w := newWorld(map[uint32]string{1: "a", 2: "b"}, keep)
		g := Group{Cache: w.Cache, Self: Address{Node: 1, PID: 1}}
		for ; len(calls) >= 3; calls = calls[3:] {
			id, name := uint32(calls[1]%5), names[int(calls[2])%len(names)]
			p := w.Get(id, name)
			if (p == nil) != (id == 0 && name == "") {
				t.Fatalf("Get(%d, %q) = %+v", id, name, p)
			}
			if p == nil {
				continue
			}
			switch calls[0] % 8 {
			case 0:
				w.SetProcess(p, CPG, calls[2]&8 == 0)
			case 1:
				w.SetState(p, []State{Member, Lost, Unknown}[calls[2]%3], uint64(calls[1]))
			case 2:
				w.Ring(uint64(calls[2])+1, []uint32{1, id})
			case 3:
				w.Reap(id, name)
			case 4:
				_ = g.Change(at(calls[2]), []Address{{Node: id, PID: 2}, {Node: 1, PID: 1}}, nil, nil)
			case 5:
				_ = g.Change(at(calls[2]), []Address{{Node: 1, PID: 1}}, []Address{{Node: id, PID: 2}}, nil)
			case 6:
				w.Find(id, name)
			case 7:
				w.list = !w.list
			}
			ids := map[uint32]bool{}
			for _, p := range w.Nodes() {
				if p.ID == 0 && p.Name == "" {
					t.Fatalf("a node without id and name")
				}
				if p.ID != 0 && ids[p.ID] {
					t.Fatalf("two nodes with id %d", p.ID)
				}
				ids[p.ID] = true
				if !keep && p.State == Lost && p.Active() {
					t.Fatalf("%+v is lost and active", p)
				}
				if p.ID != 0 && p.UUID == "" {
					t.Fatalf("%+v has no UUID", p)
				}
			}
		}
	})
}

func at(seconds byte) time.Time { return time.Unix(int64(seconds), 0) }
