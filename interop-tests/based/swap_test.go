//go:build interop

package based

import (
	"os"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const daemon = "/usr/lib/pacemaker/pacemaker-based"

// TestAbove drives the manager by pcs and crm.
func TestAbove(t *testing.T) {
	mix.Compare(t, daemon, func(r *mix.Run) {
		r.Do(1, "pcs", "resource", "create", "d1", "ocf:pacemaker:Dummy", "op", "monitor", "interval=10s", "--force")
		r.Do(2, "pcs", "constraint", "location", "d1", "prefers", "node2=100")
		r.Do(3, "pcs", "property", "set", "maintenance-mode=true", "--force")
		r.Do(1, "pcs", "resource", "config")
		r.Settle()
		r.Do(2, "crm", "configure", "primitive", "d2", "ocf:pacemaker:Dummy", "op", "monitor", "interval=20s")
		r.Do(3, "crm", "configure", "group", "g", "d2")
		r.Do(1, "crm", "configure", "property", "maintenance-mode=false")
		r.Settle()
		r.Do(1, "crm", "configure", "show")
		r.Do(3, "pcs", "resource", "disable", "d1")
		r.Settle()
		r.Do(2, "pcs", "resource", "delete", "d1")
		r.Do(2, "pcs", "status", "nodes")
		r.Settle()
	})
}
