//go:build interop

package based

import (
	"os"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

// onRequest skips what takes more time than CI has.
func onRequest(t *testing.T) {
	t.Helper()
	if os.Getenv("RINGMASTER_FAULTS") == "" {
		t.Skip("RINGMASTER_FAULTS=1 asks for it")
	}
}

// TestFaults has managers killed, nodes crash and a network part, with a change each time that those who
// are away miss. It runs on request, one mixture by default; -mixtures CCC,GoGoC,GoGoGo compares.
func TestFaults(t *testing.T) {
	onRequest(t)
	mix.CompareIn(t, "GoGoC", []string{daemon}, func(r *mix.Run) {
		change := func(node int, value string) { r.Do(node, "crm_attribute", "-n", "a", "-v", value) }
		r.Do(1, "cibadmin", "-C", "-o", "resources", "--xml-text", `<primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="d1-m" name="monitor" interval="10s"/></operations></primitive>`)
		change(1, "1")
		r.Settle()
		r.Kill(2, "pacemaker-based")
		change(2, "killed")
		r.SettleConfiguration()
		r.Crash(3)
		change(1, "crashed")
		r.Return(3)
		r.SettleConfiguration()
		r.Part([]int{1}, []int{2, 3})
		change(2, "parted")
		r.Heal()
		r.SettleConfiguration()
		r.Kill(1, "pacemaker-based") // the primary's
		change(3, "primary killed")
		r.SettleConfiguration()
		r.Crash(1)
		change(2, "primary crashed")
		r.Return(1)
		r.SettleConfiguration()
	})
}
