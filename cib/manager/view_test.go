package manager

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/patch"
)

// create is a change that comes from a node's client, in the group.
func create(node, id string) string {
	return fmt.Sprintf(`<x t="cib" cib_op="cib_create" cib_section="nodes" cib_clientid="c" cib_callid="%s" cib_callopt="4096" cib_delegated_from="%s">`+
		`<cib_calldata><node id="%s" uname="%s"/></cib_calldata></x>`, id, node, id, id)
}

// inGroup is manager a, with peer b that may be one of ours.
func inGroup(t *testing.T) *Manager {
	m := newTestManager(t, Config{})
	m.Peer("c", false)
	m.Peer("b", false)
	clear(m.view.silent)
	m.view.patience = agreeDelay
	got := show(m.Peer("b", true))
	m.expect(t, got, fmt.Sprintf(`send "" <ping t="cib" cib_op="ping" cib_ping_id="ringmaster" crm_feature_set="3.16.1" ringmaster-token="%d"/>`+"\n", m.view.token))
	return m
}

func (m *Manager) has(id string) bool { return m.CIB().FindElement("//node[@id='"+id+"']") != nil }

// exchange has the tokens of a and b come, and is what a says then.
func (m *Manager) exchange(t *testing.T) (stands string) {
	t.Helper()
	if got := m.deliver(t, "b", `<ping t="cib" cib_op="ping" cib_ping_id="ringmaster" ringmaster-token="7"/>`); got != "" {
		t.Errorf("a token is answered: %s", got)
	}
	said := m.deliver(t, "a", fmt.Sprintf(`<ping t="cib" cib_op="ping" cib_ping_id="ringmaster" ringmaster-token="%d"/>`, m.view.token))
	_, document, ok := strings.Cut(strings.TrimSuffix(said, "\n"), `send "" `)
	if !ok || !strings.HasPrefix(document, "<noop ") {
		t.Fatalf("with all tokens: %s", said)
	}
	return document
}

// TestChangesWait: in a group that is new a change waits until all are known to have one CIB, and is acknowledged then.
func TestChangesWait(t *testing.T) {
	m := inGroup(t)
	if got := m.deliver(t, "a", create("a", "n1")); got != "" || m.has("n1") {
		t.Fatalf("a change does not wait: %s", got)
	}
	stands := m.exchange(t)
	m.deliver(t, "a", stands)
	if m.has("n1") {
		t.Error("a change does not wait for b")
	}
	old := strings.Replace(stands, "b=7", "b=6", 1)
	if m.deliver(t, "b", old); m.has("n1") {
		t.Error("what b has said in another group counts")
	}
	m.deliver(t, "b", stands)
	if !m.has("n1") || !m.view.inStep {
		t.Error("the change has not been made")
	}
	// Who is left of a group in step is in step.
	m.Peer("b", false)
	if m.deliver(t, "a", create("a", "n2")); !m.has("n2") {
		t.Error("a change waits for nobody")
	}
}

// TestFarthestCIBIsTaken: the CIB that is farthest is sent to all, and what has waited is made in it.
func TestFarthestCIBIsTaken(t *testing.T) {
	far, near := inGroup(t), inGroup(t)
	far.cib.CreateAttr("num_updates", "3")
	var copied string
	for _, m := range []*Manager{far, near} {
		m.deliver(t, "a", create("a", "n1"))
		stands := m.exchange(t)
		others := strings.Replace(strings.Replace(stands, `version="0.1.3"`, `version="0.1.2"`, 1), `version="0.1.0"`, `version="0.1.4"`, 1)
		m.deliver(t, "b", others)
		got := m.deliver(t, "a", stands)
		if m == near {
			m.expect(t, got, "")
			break
		}
		_, copied, _ = strings.Cut(strings.TrimSuffix(got, "\n"), `send "" `)
		if !strings.HasPrefix(copied, "<copy ") {
			t.Fatalf("the farthest says %s", got)
		}
	}
	near.deliver(t, "b", copied)
	if !near.has("n1") || patch.VersionOf(near.CIB()) != (patch.Version{0, 2, 0}) || !near.view.inStep {
		t.Errorf("%v, in step %v", patch.VersionOf(near.CIB()), near.view.inStep)
	}
}

// TestReferenceInGroup: a manager that answers the ping as one of its own kind would have it is the reference's, which
// does nothing else; with it in the group nothing waits, then and ever after.
func TestReferenceInGroup(t *testing.T) {
	m := inGroup(t)
	m.deliver(t, "a", create("a", "n1"))
	m.deliver(t, "b", `<cib-reply t="cib" cib_op="ping" cib_isreplyto="a"><cib_calldata><ping_response crm_feature_set="3.16.1" digest="d" cib_ping_id="ringmaster">`+
		`<cib_calldata><cib admin_epoch="0" epoch="1" num_updates="0"/></cib_calldata></ping_response></cib_calldata></cib-reply>`)
	if !m.has("n1") {
		t.Error("a change waits for the reference")
	}
	m.Peer("b", false)
	m.expect(t, show(m.Peer("b", true)), "")
	if m.deliver(t, "a", create("a", "n2")); !m.has("n2") {
		t.Error("a change waits for the reference that came back")
	}
	// One of ours in its place says so.
	if got := m.deliver(t, "b", `<ping t="cib" cib_op="ping" cib_ping_id="ringmaster" ringmaster-token="1"/>`); !strings.Contains(got, "ringmaster-token") {
		t.Errorf("one of ours is told %q", got)
	}
}

// TestSilentMember: who has stopped does not stop all.
func TestSilentMember(t *testing.T) {
	m := inGroup(t)
	m.deliver(t, "a", create("a", "n1"))
	at, ok := m.Deadline()
	if !ok || at.Sub(start) != agreeDelay {
		t.Fatalf("deadline %v, %v", at, ok)
	}
	m.Tick(at.Add(-time.Second))
	if m.has("n1") {
		t.Error("the change has not waited")
	}
	if m.Tick(at); !m.has("n1") {
		t.Error("the change waits still")
	}
}

// TestWaitingIsSentAgain: a change that nobody has made when the group changes is sent again by the node it came from,
// and by no other.
func TestWaitingIsSentAgain(t *testing.T) {
	m := inGroup(t)
	m.deliver(t, "a", create("a", "n1"))
	m.deliver(t, "b", create("b", "n2"))
	got := show(m.Peer("b", false))
	if strings.Count(got, "send") != 1 || !strings.Contains(got, `<node id="n1"`) || m.has("n1") {
		t.Fatalf("%s", got)
	}
	_, document, _ := strings.Cut(strings.TrimSuffix(got, "\n"), `send "" `)
	if m.deliver(t, "a", document); !m.has("n1") || m.has("n2") {
		t.Error("the change was not made")
	}
}

// TestClientsDoNotAgree: what a client has sent to the group is none of what managers say.
func TestClientsDoNotAgree(t *testing.T) {
	m := inGroup(t)
	m.deliver(t, "b", `<x t="cib" cib_op="noop" cib_delegated_from="b" ringmaster-token="9"/>`)
	if len(m.view.tokens) != 0 {
		t.Errorf("%v", m.view.tokens)
	}
}

// TestCrossingMajorities is the shortest course in which the reference loses what it has acknowledged, with the
// groups changing at different points: two of three nodes change something, then another two before the controllers have
// a CIB sent, then the third pair, so that no node has made all changes.
func TestCrossingMajorities(t *testing.T) {
	acked, cuts := 0, []int{2, 3, 5, 8, 10, 12}
	for cut := range len(cuts) * len(cuts) * len(cuts) {
		w := emptyWorld(t, uint64(cut))
		w.populate(3)
		w.drain()
		n := w.nodes
		for _, pair := range [][]*simNode{{n[0], n[2]}, {n[0], n[1]}, {n[1], n[2]}} {
			for _, c := range w.components() {
				w.settle(c)
			}
			for _, o := range n {
				if o != pair[0] && o != pair[1] {
					w.join([]*simNode{o})
				}
			}
			w.join(pair)
			in := pair[0].in
			in.log = slices.DeleteFunc(in.log, func(msg simMessage) bool {
				return strings.HasPrefix(msg.text, "<copy") || strings.Contains(msg.text, `"cib_sync"`)
			})
			w.write(pair[0])
			w.write(pair[1])
			for range cuts[cut%len(cuts)] {
				w.deliver(pair[0])
				w.deliver(pair[1])
			}
			cut /= len(cuts)
		}
		acked += len(w.acked)
		w.finish()
		if t.Failed() {
			t.FailNow()
		}
	}
	if acked == 0 {
		t.Error("nothing was acknowledged")
	}
	t.Logf("%d changes acknowledged", acked)
}
