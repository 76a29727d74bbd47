//go:build interop

package controld

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

// agree waits until nodes name the same DC, one of them, and it has nothing to do.
func (s *scene) agree(nodes ...int) int {
	s.T.Helper()
	lead := 0
	s.Lab.Eventually(90*time.Second, "one DC that is idle", func() bool {
		first := dc(s.Host(nodes[0]))
		lead = 0
		for _, n := range nodes {
			h := s.Host(n)
			if dc(h) != first {
				return false
			}
			if h.Name == first {
				lead = n
			}
		}
		return lead != 0 && strings.Contains(s.Host(lead).Exec("crmadmin", "-S", first).Stdout, "S_IDLE")
	})
	return lead
}

// without are the other nodes.
func without(node int) []int {
	return slices.DeleteFunc([]int{1, 2, 3}, func(n int) bool { return n == node })
}

// TestFaults: the DC crashes, the network falls apart and heals, controllers are killed; each time there is one DC
// for those who hear each other, and all have one CIB.
func TestFaults(t *testing.T) {
	if !long() {
		t.Skip("it takes two minutes: set RINGMASTER_CONTROLLERS")
	}
	mix.CompareIn(t, "GoCGo", []string{daemonPath}, func(r *mix.Run) {
		s := &scene{Run: r}
		s.Host(1).MustRun("crm_attribute", "-n", "no-quorum-policy", "-v", "ignore")
		s.add(primitive("d", dummy, op("d", "monitor", "10s", "")), "")
		s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started`)
		for round := range 2 {
			lead := s.agree(1, 2, 3)
			t.Logf("round %d: node%d leads", round, lead)
			others := without(lead)
			s.Crash(lead)
			s.agree(others...)
			s.shows(others[0], `OFFLINE: \[ `+s.Host(lead).Name+` \]`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started`)
			s.Return(lead)
			lead = s.agree(1, 2, 3)
			t.Logf("round %d: node%d leads after the crash", round, lead)

			others = without(lead)
			s.Part([]int{lead}, others)
			s.agree(lead)
			s.agree(others...)
			s.Heal()
			lead = s.agree(1, 2, 3)
			s.shows(lead, `Online: \[ node1 node2 node3 \]`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started`)
			s.Settle()
			t.Logf("round %d: node%d leads after the partition", round, lead)

			s.Kill(lead, daemonName)
			lead = s.agree(1, 2, 3)
			s.shows(lead, `Online: \[ node1 node2 node3 \]`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started`)
		}
		s.programs()
	})
}
