package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// settled looks whether each part of the cluster has one DC that is idle and that all others know,
// and whose CIB says that they are there.
func (w *world) settled() (err error) {
	parts := map[int][]*node{}
	for _, n := range w.nodes {
		if n.inGroup {
			parts[n.part] = append(parts[n.part], n)
		}
	}
	for part, nodes := range parts {
		var dc *node
		for _, n := range nodes {
			if n.c.IsDC() {
				if dc != nil {
					return fmt.Errorf("part %d has two DCs, %s and %s", part, dc.name, n.name)
				}
				dc = n
			}
		}
		if dc == nil {
			return fmt.Errorf("part %d has no DC", part)
		}
		for _, n := range nodes {
			want := fsa.SNotDC
			if n == dc {
				want = fsa.SIdle
			}
			if n.c.State() != want || n.c.DC() != dc.name {
				return fmt.Errorf("%s is in %v with DC %q, want %v and %q", n.name, n.c.State(), n.c.DC(), want, dc.name)
			}
			if n.doc != dc.doc {
				return fmt.Errorf("%s has another CIB than the DC", n.name)
			}
			state := dc.doc.root.FindElement(fmt.Sprintf("status/node_state[@uname='%s']", n.name))
			if state == nil {
				return fmt.Errorf("%s has no state in the CIB", n.name)
			}
			for _, a := range [][2]string{{"in_ccm", "true"}, {"crmd", "online"}, {"join", "member"}, {"expected", "member"}} {
				if got := state.SelectAttrValue(a[0], ""); got != a[1] {
					return fmt.Errorf("%s has %s=%q in the CIB, want %q", n.name, a[0], got, a[1])
				}
			}
		}
		for _, n := range w.nodes {
			state := dc.doc.root.FindElement(fmt.Sprintf("status/node_state[@uname='%s']", n.name))
			if (n.part != part || !n.inGroup) && state != nil && state.SelectAttrValue("crmd", "offline") != "offline" {
				return fmt.Errorf("%s is %q in the CIB of part %d, which it is not in", n.name, state.SelectAttrValue("crmd", ""), part)
			}
		}
	}
	return nil
}

// settles gives the cluster time, and then it has to have settled.
func (w *world) settles(limit time.Duration) {
	w.t.Helper()
	start := w.now
	var err error
	for w.now.Sub(start) < limit {
		w.run(100 * time.Millisecond)
		if err = w.settled(); err == nil {
			w.run(2 * time.Second) // and stays so
			if err = w.settled(); err == nil {
				return
			}
		}
	}
	w.t.Fatalf("after %v: %v\n%s", w.now.Sub(start), err, w.tail(lines))
}

// A cold start of all nodes does not wait for dc-deadtime.
func TestColdStart(t *testing.T) {
	for _, n := range []int{1, 2, 3, 5} {
		w := newWorld(t, n, 42)
		for _, x := range w.nodes {
			x.start()
		}
		w.settles(4 * time.Second)
		cib := w.nodes[0].doc.root
		for path, want := range map[string]string{
			"@have-quorum": "1",
			"configuration/crm_config/cluster_property_set/nvpair[@id='cib-bootstrap-options-dc-version']/@value":             "2.1.5-a3f44794f94",
			"configuration/crm_config/cluster_property_set/nvpair[@id='cib-bootstrap-options-cluster-infrastructure']/@value": "corosync",
			"configuration/crm_config/cluster_property_set/nvpair[@id='cib-bootstrap-options-cluster-name']/@value":           "world",
			"configuration/crm_config/cluster_property_set/nvpair[@id='cib-bootstrap-options-have-watchdog']/@value":          "false",
		} {
			dir, name, _ := strings.Cut(path, "@")
			if i := strings.LastIndex(path, "@"); i > 0 {
				dir, name = path[:i], path[i+1:]
			}
			e := cib
			if dir = strings.TrimSuffix(dir, "/"); dir != "" {
				e = cib.FindElement(dir)
			}
			if e == nil || e.SelectAttrValue(name, "") != want {
				t.Errorf("%d nodes: %s is not %q in %s", n, path, want, w.nodes[0].show())
			}
		}
		if got := len(cib.FindElements("configuration/nodes/node")); got != n {
			t.Errorf("%d nodes: the CIB has %d", n, got)
		}
	}
}

// One node alone has to sit out dc-deadtime: the others may be slow.
func TestAlone(t *testing.T) {
	w := newWorld(t, 3, 1)
	w.nodes[0].start()
	w.run(19 * time.Second)
	if s := w.nodes[0].c.State(); s != fsa.SPending {
		t.Fatalf("after 19 s it is in %v", s)
	}
	w.settles(10 * time.Second)
	w.nodes[1].start()
	w.settles(10 * time.Second)
	w.nodes[2].alone = true
	w.nodes[2].start()
	w.settles(10 * time.Second)
	if dc := w.nodes[2].c.DC(); dc != "node1" {
		t.Errorf("the DC is %q", dc)
	}
	if e := w.nodes[0].doc.root.FindElement("configuration/nodes/node[@id='3']/instance_attributes[@id='nodes-3']/nvpair[@id='nodes-3-standby']"); e == nil || e.SelectAttrValue("value", "") != "on" {
		t.Errorf("node3 is not in standby: %s", w.nodes[0].show())
	}
}

// A node does not join before its manager of attributes takes clients: its agents would find none. If none comes
// it joins without.
func TestAttributesAwaited(t *testing.T) {
	for _, absent := range []error{nil, errors.New("connection refused")} {
		w := newWorld(t, 3, 3)
		late := w.nodes[1]
		late.attributes.after, late.attributes.err = 5*time.Second, absent
		for _, x := range w.nodes {
			x.start()
		}
		w.run(4900 * time.Millisecond)
		if s := late.c.State(); s != fsa.SStarting || late.served {
			t.Errorf("%v: after 4.9 s node2 is in %v, and serves: %t", absent, s, late.served)
		}
		w.settles(5 * time.Second)
		if said := strings.Contains(w.tail(len(w.log)), "Starting without the attribute manager: connection refused"); said != (absent != nil) {
			t.Errorf("%v: that it starts without is said: %t", absent, said)
		}
	}
}

func (w *world) dc() *node {
	for _, n := range w.nodes {
		if n.inGroup && n.c.IsDC() {
			return n
		}
	}
	w.t.Fatal("there is no DC")
	return nil
}

func (w *world) other(not *node) *node {
	for _, n := range w.nodes {
		if n.inGroup && n != not {
			return n
		}
	}
	w.t.Fatal("there is no other node")
	return nil
}

// started is a world whose nodes have all joined.
func started(t *testing.T, n int, seed uint64) *world {
	w := newWorld(t, n, seed)
	for _, x := range w.nodes {
		x.start()
	}
	w.settles(10 * time.Second)
	return w
}

// A node that is asked to leaves when the DC lets it, and the DC itself too.
func TestShutdown(t *testing.T) {
	for seed := range uint64(5) {
		w := started(t, 3, seed)
		dc := w.dc()
		n := w.other(dc)
		for _, x := range []*node{n, dc} {
			x.c.Shutdown(w.now)
			w.run(10 * time.Second)
			if x.exit == nil || *x.exit != crmexit.OK {
				t.Fatalf("seed %d: %s has not ended well: %v\n%s", seed, x.name, x.exit, w.tail(lines))
			}
			w.settles(30 * time.Second)
			state := w.dc().doc.root.FindElement("status/node_state[@uname='" + x.name + "']")
			if state == nil || state.SelectAttrValue("expected", "") != "down" || state.SelectAttrValue("join", "") != "down" {
				t.Errorf("seed %d: %s has left, and the CIB says %s", seed, x.name, w.dc().show())
			}
			if state != nil && state.SelectElement("transient_attributes") != nil {
				t.Errorf("seed %d: attributes of %s were not deleted", seed, x.name)
			}
		}
		for _, x := range []*node{n, dc} {
			x.c = nil
			x.start()
		}
		w.settles(30 * time.Second)
	}
}

// Whatever breaks, in the end each part of the network has one DC, and the whole one after all is well.
func TestFaults(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		n := 2 + int(seed)%4
		w := started(t, n, seed)
		for range 6 {
			switch w.rng.IntN(4) {
			case 0: // a node crashes
				if x := w.nodes[w.rng.IntN(n)]; x.c != nil {
					x.crash()
				}
			case 1: // all that do not run are started
				for _, x := range w.nodes {
					if x.c == nil || x.exit != nil {
						x.leave()
						x.start()
					}
				}
			case 2: // the network falls apart
				var parts [2][]int
				for i := range n {
					k := w.rng.IntN(2)
					parts[k] = append(parts[k], i+1)
				}
				w.split(parts[:]...)
			case 3: // and heals
				w.heal()
			}
			w.run(w.some(3000))
			if w.rng.IntN(2) == 0 {
				w.settles(90 * time.Second)
			}
		}
		w.heal()
		for _, x := range w.nodes {
			if x.c == nil || x.exit != nil {
				x.leave()
				x.start()
			}
		}
		w.settles(90 * time.Second)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// heal makes the network one.
func (w *world) heal() {
	for _, n := range w.nodes {
		n.part = 0
	}
	w.regroup(true)
}
