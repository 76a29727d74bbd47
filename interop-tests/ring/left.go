package ring

import (
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// diedOfLeaving tells that a node's corosync is the reference's and has ended on
// the assertion that it does not survive: another member has left a ring that it
// was still recovering (docs/wire/totem.md; TestLeftInRecovery has it happen).
func diedOfLeaving(h *lab.Host) bool {
	if !h.Running() || h.Kind() != lab.C || h.Corosync() == nil {
		return false
	}
	select {
	case <-h.Corosync().Done():
		return strings.Contains(h.ReadFile(diedOut), "orf_token_rtr: Assertion `range < QUEUE_RTR_ITEMS_SIZE_MAX' failed")
	default:
		return false
	}
}

// diedOut is where a node's corosync says what it has died of.
const diedOut = "/var/log/corosync.out"

// form waits until each of the hosts has just these as members. One of the
// reference's that has died of that defect is taken for one that has crashed: it
// is booted, and its member of the load is a new one. Nothing else is forgiven.
func (ld *load) form(hosts ...*lab.Host) {
	ld.t.Helper()
	var dead []*lab.Host
	ld.l.FormTended(func() {
		for _, h := range hosts {
			if !diedOfLeaving(h) {
				continue
			}
			ld.t.Logf("%s: the reference has died of a member that left a ring in recovery; it is booted again", h.Name)
			if err := os.Truncate(h.Path(diedOut), 0); err != nil {
				ld.t.Fatalf("%v", err)
			}
			h.Crash()
			h.Boot()
			h.StartCorosync()
			dead = append(dead, h)
		}
	}, hosts...)
	for _, h := range dead {
		ld.join(h, rate)
	}
}
