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

// TestFiveResources: resources of all kinds, all constraints, tickets, utilization, tags, alerts and defaults.
func TestFiveResources(t *testing.T) {
	five(t, func(s *story) {
		s.all(2, `
			pcs resource create a ocf:pacemaker:Dummy op monitor interval=10s --group g
			pcs resource create b ocf:pacemaker:Dummy op monitor interval=10s --group g
			pcs resource create d ocf:pacemaker:Dummy op monitor interval=10s
			pcs resource create e ocf:pacemaker:Dummy
			pcs resource create p ocf:pacemaker:Stateful op monitor interval=10s role=Promoted monitor interval=11s role=Unpromoted promotable promoted-max=2
			pcs constraint location p-clone rule role=master score=100 #uname eq node1 or #uname eq node3
			pcs constraint location c-clone avoids node1=50 node3=50
			pcs resource create c ocf:pacemaker:Dummy clone clone-max=3 interleave=true
			pcs resource create t ocf:pacemaker:Dummy
			pcs resource create bad ocf:pacemaker:NoSuch
			pcs resource create a ocf:pacemaker:Dummy
			pcs constraint location g prefers node2=100
			pcs constraint location d prefers node3=100
			pcs constraint location e rule score=200 #uname eq node4
			pcs constraint location t avoids node1 node2
			pcs constraint colocation set d e sequential=false setoptions score=-50
			pcs constraint order set g d sequential=true set e require-all=false setoptions kind=Optional
			pcs constraint order promote p-clone then start e kind=Optional
			pcs constraint ticket add tick t loss-policy=stop
			pcs constraint ticket set e role=Started setoptions ticket=other loss-policy=freeze
			pcs node utilization node1 cpu=4 memory=100
			pcs node utilization node2 cpu=4 memory=100
			pcs node utilization node3 cpu=4 memory=100
			pcs node utilization
			pcs resource utilization a cpu=1
			pcs resource utilization d cpu=1 memory=2
			pcs resource utilization
			pcs property set placement-strategy=balanced
			pcs node attribute node3 colour=red
			pcs node attribute
			pcs tag create both d e
			pcs tag create none nobody
			pcs tag
			pcs tag update both add t
			pcs tag config both
			pcs alert create path=/bin/true id=al description=nothing
			pcs alert recipient add al value=me id=al-me
			pcs alert
			pcs alert config
			pcs resource defaults resource-stickiness=10
			pcs resource op defaults timeout=30s
			pcs resource defaults
			pcs resource op defaults`)
		s.shows(1, `\* a\s.*Started node2`, `\* b\s.*Started node2`, `\* d\s.*Started node3`, `Promoted: \[ node1 node3 \]`, `\* t\s.*Stopped`)
		s.all(3, `
			crm_ticket --list
			crm_ticket --ticket tick --grant
			crm_ticket --ticket tick --grant --force`)
		s.shows(1, `\* t\s.*Started node`)
		s.all(3, `
			crm_ticket --info
			crm_ticket --ticket tick --constraints
			crm_ticket --ticket tick --granted
			crm_mon -1c
			crm_ticket --ticket tick --standby`)
		s.shows(1, `\* t\s.*Stopped`)
		s.all(3, "crm_ticket --ticket tick --activate\ncrm_ticket --ticket tick --revoke --force\ncrm_ticket --ticket other --grant --force")
		s.shows(1, `\* t\s.*Stopped`, `\* e\s.*Started node4`)
		s.all(3, `
			pcs constraint ticket
			pcs constraint order
			pcs constraint colocation
			pcs constraint location
			pcs constraint --full
			pcs constraint ref d
			pcs status --full
			pcs status resources
			pcs status nodes
			pcs status cluster
			pcs status quorum
			pcs resource
			pcs resource status a
			pcs resource config
			pcs resource config g
			pcs resource config nobody
			pcs resource relations g
			pcs resource group list
			pcs resource failcount
			pcs resource failcount show a
			pcs cluster verify --full
			pcs quorum
			pcs quorum config
			pcs quorum status
			pcs resource ban d node3
			pcs resource clear d`)
		s.shows(1, `\* d\s.*Started node3`)
		s.all(2, `
			pcs resource debug-monitor a
			pcs resource debug-start a
			crm status
			crm status full
			crm configure show
			crm configure show a
			crm configure show xml g
			crm configure verify
			crm resource status
			crm resource status a
			crm resource locate d
			crm resource meta d show resource-stickiness
			crm resource failcount a show node2
			crm resource utilization d show cpu
			crm node show
			crm node status
			crm node attribute node3 show colour
			crm node utilization node2 show cpu
			crm node standby node3`)
		s.shows(1, `Node node3: standby`, `\* d\s.*Started node[1245]`)
		s.all(3, "crm node online node3\npcs node maintenance node4")
		s.shows(1, `Node node4: maintenance`, `\* d\s.*Started`)
		s.all(3, "crm status\npcs node unmaintenance node4\npcs node standby node9\npcs resource unmanage b\npcs resource manage b")
		s.shows(1, `Online: \[ node1 node2 node3 node4 node5 \]`)

		s.all(5, "pcs cluster cib /run/all.xml\npcs -f /run/all.xml resource delete t --force\npcs cluster cib-push /run/all.xml\npcs resource delete e\npcs tag delete both\npcs alert remove al\npcs config")
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
