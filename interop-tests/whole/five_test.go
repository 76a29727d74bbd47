//go:build interop

package whole

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

// five has pcs and crm administer five nodes. It takes minutes, and runs on request.
func five(t *testing.T, course func(s *story)) {
	if os.Getenv("RINGMASTER_WHOLE") == "" {
		t.Skip("it takes minutes: set RINGMASTER_WHOLE")
	}
	mix.CompareIn(t, "CCCCC,GoGoGoGoGo", programs(t), func(r *mix.Run) {
		for _, h := range r.Lab.Hosts() {
			h.MustRun("mkdir", "-p", "/var/log/crmsh")
		}
		course(&story{r})
	})
}

// all runs a command a line.
func (s *story) all(node int, lines string) {
	s.T.Helper()
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" {
			s.do(node, line)
		}
	}
}

// TestFiveFencing: two devices in levels, the first of which fails; a node fenced by hand, which really loses its
// power, and what is said of it.
func TestFiveFencing(t *testing.T) {
	five(t, func(s *story) {
		power := s.Lab.NewPower()
		equip := func(node int) {
			h := s.Host(node)
			power.LayAgent(h)
			h.MustRun("ln", "-s", power.Dir, "/run/power") // one name for it in all runs
		}
		for n := 1; n <= 5; n++ {
			equip(n)
		}
		s.all(1, `
			pcs stonith create near fence_dummy outside=/run/power pcmk_host_list=node1,node2,node3,node4,node5 do=fail
			pcs stonith create far fence_dummy outside=/run/power pcmk_host_list=node1,node2,node3,node4,node5
			pcs stonith level add 1 node5 near
			pcs stonith level add 2 node5 far
			pcs stonith level add 1 regexp%node[1-4] far
			pcs stonith level add 1 node9 far
			pcs stonith level
			pcs stonith level verify
			pcs stonith config
			pcs property set stonith-enabled=true
			pcs property set no-such-option=1
			pcs property set stonith-timeout=40s
			pcs property
			pcs constraint location near prefers node1
			pcs constraint location far prefers node1`)
		s.shows(1, `near\s.*Started node1`, `far\s.*Started node1`)
		s.all(1, "pcs stonith\npcs stonith status\npcs stonith history")

		fenced := make(chan struct{})
		go func() {
			defer close(fenced)
			s.do(1, "pcs stonith fence node5")
		}()
		s.Lab.Eventually(50*time.Second, "node5 is fenced", func() bool {
			power.Serve()
			select {
			case <-fenced:
				return true
			default:
				return false
			}
		})
		s.Crash(5) // its power is gone already
		s.shows(1, `OFFLINE: \[ node5 \]`)
		if !power.Taken("node5") {
			t.Error("node5 kept its power")
		}
		s.all(1, "pcs stonith history show node5\npcs stonith history cleanup node5\npcs stonith history\npcs stonith confirm node5 --force\npcs status")
		s.Boot(5)
		equip(5)
		s.Return(5)
		s.shows(1, `Online: \[ node1 node2 node3 node4 node5 \]`)
		s.all(5, "pcs stonith level clear\npcs stonith level\npcs stonith delete near\npcs stonith config")
		s.SettleConfiguration()
	})
}

// as runs a command as an ordinary user of the cluster.
const as = "setpriv --clear-groups --regid=haclient --reuid="

// TestFiveAccess: what access control lists let users do.
func TestFiveAccess(t *testing.T) {
	five(t, func(s *story) {
		s.all(2, "pcs property set stonith-enabled=false\npcs resource create a ocf:pacemaker:Dummy op monitor interval=10s --group g")
		s.shows(1, `\* a\s.*Started node`)
		s.all(1, `
			pcs acl role create reader description=reads read xpath /cib
			pcs acl role create writer read xpath /cib write xpath //nodes
			pcs acl user create backup reader
			pcs acl user create news writer
			pcs acl
			`+as+`games cibadmin -Q -o resources
			pcs acl enable
			`+as+`games cibadmin -Q
			`+as+`games crm_mon -1
			`+as+`backup cibadmin -Q -o nodes
			`+as+`backup crm_mon -1
			`+as+`backup crm_attribute -t nodes -N node1 -n x -v 1
			`+as+`backup crm_resource --resource a --meta --set-parameter is-managed --parameter-value false
			`+as+`news crm_attribute -t nodes -N node1 -n x -v 1
			`+as+`news crm_attribute -t nodes -N node1 -n x -G
			`+as+`news crm_attribute -n stop-all-resources -v true
			`+as+`news cibadmin -D -o resources
			setpriv --clear-groups --regid=games --reuid=games crm_mon -1
			pcs acl permission add reader deny id a
			`+as+`backup cibadmin -Q -o resources
			`+as+`backup crm_resource -l
			pcs acl user delete news
			`+as+`news crm_mon -1
			pcs acl role delete reader
			pcs acl
			pcs acl disable`)

		s.SettleConfiguration()
	})
}
