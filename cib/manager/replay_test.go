package manager

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// TestChangesOnTheWay: what came while a CIB was on its way is in the outcome, and so is what that
// CIB has and ours lacked; a CIB that was older when it was sent is refused.
func TestChangesOnTheWay(t *testing.T) {
	create := func(section string, n int) string {
		return fmt.Sprintf(`<x cib_op="cib_create" cib_section="%s" cib_clientid="d" cib_callid="%d" cib_callopt="16"><cib_calldata><node id="n%[2]d" uname="x"/></cib_calldata></x>`, section, n)
	}
	status := `<x cib_op="cib_create" cib_section="status" cib_clientid="d" cib_callid="9" cib_callopt="16"><cib_calldata><node_state id="s"/></cib_calldata></x>`
	better, behind := newTestManager(t, Config{}), newTestManager(t, Config{})
	better.deliver(t, "b", status) // behind has missed it
	better.history.reset()
	better.deliver(t, "b", create("nodes", 1))
	behind.deliver(t, "b", create("nodes", 1))
	sent := better.deliver(t, "a", `<sync-me cib_op="cib_sync_one" cib_delegated_from="a"/>`)
	stale := behind.deliver(t, "a", `<sync-me cib_op="cib_sync_one" cib_delegated_from="a"/>`)
	for _, m := range []*Manager{better, behind} {
		m.deliver(t, "b", create("nodes", 2))
	}
	_, sent, _ = strings.Cut(strings.TrimSuffix(sent, "\n"), `"a" `)
	_, stale, _ = strings.Cut(strings.TrimSuffix(stale, "\n"), `"a" `)
	if !strings.Contains(sent, `ringmaster-position="1 b/d/1"`) {
		t.Fatal(sent)
	}
	behind.deliver(t, "b", sent)
	if got, want := digest.OfCIB(behind.CIB()), digest.OfCIB(better.CIB()); got != want {
		t.Errorf("%s\nwant %s", text.Line(behind.CIB()), text.Line(better.CIB()))
	}
	better.deliver(t, "b", `<x cib_op="cib_bump" cib_clientid="d" cib_callid="3" cib_callopt="16"/>`)
	was := patch.VersionOf(better.CIB())
	better.deliver(t, "b", strings.Replace(stale, ` epoch="2"`, ` epoch="1"`, 1))
	if is := patch.VersionOf(better.CIB()); is != was || !strings.Contains(text.Line(better.CIB()), `<node_state id="s"/>`) {
		t.Errorf("an older CIB was taken: %v, was %v", is, was)
	}
}

// TestOneVersionTwoCIBs: of two CIBs with one version the one with more changes in it stays, whoever is
// the primary: that of a node that has missed a change of the status is not told apart by its version
// any more once the configuration has changed.
func TestOneVersionTwoCIBs(t *testing.T) {
	whole, lacking := newTestManager(t, Config{}), newTestManager(t, Config{})
	whole.deliver(t, "b", `<x cib_op="cib_create" cib_section="status" cib_clientid="d" cib_callid="1"><cib_calldata><node_state id="s"/></cib_calldata></x>`)
	for _, m := range []*Manager{whole, lacking} {
		m.Peer("c", false)
		m.deliver(t, "b", `<x cib_op="cib_create" cib_section="nodes" cib_clientid="d" cib_callid="2"><cib_calldata><node id="n" uname="n"/></cib_calldata></x>`)
		m.Peer("c", true)
	}
	if w, l := patch.VersionOf(whole.CIB()), patch.VersionOf(lacking.CIB()); w != l {
		t.Fatalf("versions %v and %v", w, l)
	}
	copyOf := func(m *Manager) string {
		_, document, _ := strings.Cut(strings.TrimSuffix(m.deliver(t, "a", `<sync-me cib_op="cib_sync_one" cib_delegated_from="a"/>`), "\n"), `"a" `)
		return document
	}
	has := func(m *Manager) bool { return strings.Contains(text.Line(m.CIB()), `<node_state id="s"/>`) }
	if whole.deliver(t, "b", copyOf(lacking)); !has(whole) {
		t.Error("the change of the status is lost")
	}
	// As the primary, the other finds out by comparing digests.
	lacking.request(t, `<cib_command t="cib" cib_op="cib_master" cib_callid="6" cib_callopt="4352"/>`)
	at, _ := lacking.Deadline()
	_, ping, _ := strings.Cut(strings.TrimSuffix(show(lacking.Tick(at)), "\n"), `"" `)
	_, pong, _ := strings.Cut(strings.TrimSuffix(whole.deliver(t, "a", ping), "\n"), `"a" `)
	lacking.expect(t, lacking.deliver(t, "b", pong), `send "b" <sync-me t="cib" cib_op="cib_sync_one" cib_delegated_from="a"/>`+"\n")
	if lacking.deliver(t, "b", copyOf(whole)); !has(lacking) || lacking.count != whole.count {
		t.Errorf("%s after %d changes, want %d", text.Line(lacking.CIB()), lacking.count, whole.count)
	}
	// The reference's managers do not say how many changes they have.
	old := strings.Replace(copyOf(newTestManager(t, Config{})), ` epoch="1"`, ` epoch="2"`, 1)
	old = regexp.MustCompile(` (?:ringmaster-changes|digest)="[^"]*"`).ReplaceAllString(old, "")
	if whole.deliver(t, "b", old); has(whole) {
		t.Error("the reference's CIB is not taken")
	}
}

// TestHistoryIsBounded: neither many nor large changes use up the memory.
func TestHistoryIsBounded(t *testing.T) {
	var h history
	for i := range 3 * maxHistory {
		h.add("cib_bump", parse(t, fmt.Sprintf(`<x cib_callid="%d"/>`, i)), patch.Version{}, 0)
	}
	if len(h.changes) != maxHistory || h.position() != "3000 //2999" || len(h.since("2990 //2989")) != 10 || len(h.since("1 //0")) != maxHistory {
		t.Errorf("%d changes, at %s", len(h.changes), h.position())
	}
	large := parse(t, "<x>"+strings.Repeat("<y/>", maxBytes/8)+"</x>")
	for range 5 {
		h.add("cib_bump", large, patch.Version{}, 0)
	}
	if len(h.changes) != 1 || h.bytes != len(h.changes[0].msg) {
		t.Errorf("%d changes with %d bytes", len(h.changes), h.bytes)
	}
}
