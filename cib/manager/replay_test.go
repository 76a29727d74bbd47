package manager

import (
	"fmt"
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

// TestHistoryIsBounded: neither many nor large changes use up the memory.
func TestHistoryIsBounded(t *testing.T) {
	var h history
	for i := range 3 * maxHistory {
		h.add("cib_bump", parse(t, fmt.Sprintf(`<x cib_callid="%d"/>`, i)), patch.Version{})
	}
	if len(h.changes) != maxHistory || h.position() != "3000 //2999" || len(h.since("2990 //2989")) != 10 || len(h.since("1 //0")) != maxHistory {
		t.Errorf("%d changes, at %s", len(h.changes), h.position())
	}
	large := parse(t, "<x>"+strings.Repeat("<y/>", maxElements/2)+"</x>")
	for range 5 {
		h.add("cib_bump", large, patch.Version{})
	}
	if len(h.changes) != 1 || h.elements != maxElements/2+1 {
		t.Errorf("%d changes with %d elements", len(h.changes), h.elements)
	}
}
