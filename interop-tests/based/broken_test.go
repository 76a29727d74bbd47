//go:build interop

package based

import (
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

// TestBroken has the reference's cibadmin send what it does not escape, behind a letter like ü, so that it is no XML: by IPC to the
// manager of a node, and from there to the others. All managers make the same of it. It runs on request.
func TestBroken(t *testing.T) {
	onRequest(t)
	mix.CompareIn(t, "CCC,GoGoC", []string{daemon}, func(r *mix.Run) {
		// A refused change has the CIB in its answer, with the nodes' states in the order in which they came.
		configuration := func(s string) string {
			before, status, _ := strings.Cut(s, "<status>")
			_, after, _ := strings.Cut(status, "</status>")
			return before + after
		}
		do := func(node int, args ...string) {
			r.DoMasked(configuration, node, append([]string{"env", "LC_ALL=C.UTF-8"}, args...)...)
			r.SettleConfiguration()
		}
		do(1, "cibadmin", "-M", "-c", "-o", "tags", "--xml-text", "<tags/>")
		for _, node := range []int{1, 3} {
			do(node, "cibadmin", "-C", "-o", "tags", "--xml-text", `<tag id="ü&quot;&lt;"><obj_ref id="o"/></tag>`)
			do(node, "cibadmin", "-R", "-o", "crm_config", "--xml-text",
				`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="x" name="x" value="ü&quot; z=&quot;1"/></cluster_property_set></crm_config>`)
			do(node, "cibadmin", "-D", "--xml-text", `<nvpair id="ü&amp;"/>`)
		}
	})
}
