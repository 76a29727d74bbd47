//go:build interop

package whole

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// block begins what is told of one of several nodes, of one instance of a clone, or of one resource's history.
var block = regexp.MustCompile(`^\s*(?:\* Node:? node\d|node \d: node\d|node\d\(\d\): |<node (?:name|id)="|<resource id="|<resource_history id="|\* \S+: migration-threshold=|node\d: (?:On|Off)line|pcmk__finalize_assignment: [cp] )`)

// blocks sorts what is told of nodes one after the other: crm_mon goes through the histories in the order in which the
// CIB has them (node_history_list), which is that in which the nodes have joined, and that varies from run to run. So
// do the numbers of a clone's instances, in whose order XML has them, and the order in which a node's first probes end,
// in which it has histories of resources, and the order in which pcs hears of each pcsd, all of which it asks at once. Only neighbours of one indent are sorted.
func blocks(text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	for i := 0; i < len(lines); {
		if !block.MatchString(lines[i]) {
			out = append(out, lines[i])
			i++
			continue
		}
		depth := indent(lines[i])
		var found []string
		for i < len(lines) && block.MatchString(lines[i]) && indent(lines[i]) == depth {
			end := i + 1
			for end < len(lines) && indent(lines[end]) > depth {
				end++
			}
			if end < len(lines) && indent(lines[end]) == depth && strings.HasPrefix(lines[end][depth:], "</") {
				end++
			}
			found = append(found, blocks1(lines[i:end]))
			i = end
		}
		slices.Sort(found)
		out = append(out, found...)
	}
	return strings.Join(out, "\n")
}

// blocks1 is one block, in which there may be others.
func blocks1(lines []string) string {
	if len(lines) == 1 {
		return lines[0]
	}
	return lines[0] + "\n" + blocks(strings.Join(lines[1:], "\n"))
}

// indent is how far a line is to the right; an empty one ends all blocks.
func indent(line string) int {
	if strings.TrimSpace(line) == "" {
		return -1
	}
	return len(line) - len(strings.TrimLeft(line, " \t"))
}

// chance are the sequence number of corosync's ring, how long operations took and when, their calls (which ours counts
// otherwise), who was the last to change something, the numbers of instances, and how many replies a tool still waits
// for after it has asked all (start_mainloop of crm_resource): those that came meanwhile are not among them.
var chance = regexp.MustCompile(`(Ring ID:\s+\d+)\.[0-9a-f]+|((?:exec|queue)-time|last-run|call)="?[^" ]*"?|(<last_change )[^>]*|(\*) \(\d+\)| after [\d.]+m?s\b|(pcmk__finalize_assignment: [cp]):\d+|(?m:^(?:Waiting for \d+ replies from the controller|\.\.\. got reply)\n)`)

// told are all the masks of this course.
func told(text string) string {
	return blocks(mask(chance.ReplaceAllString(text, "$1$2$3$4$5")))
}

// lined also forgets the order of lines: HTML has none that a mask could follow, and of pcsd's state pcs asks all nodes at once.
func lined(text string) string {
	lines := strings.Split(told(text), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// tells runs a command a line.
func (s *story) tells(node int, lines string) {
	s.T.Helper()
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		m := told
		if strings.Contains(line, "=html") || strings.HasPrefix(line, "pcs cluster status") || strings.HasPrefix(line, "pcs status pcsd") {
			m = lined
		}
		s.DoMasked(m, node, strings.Fields(line)...)
	}
}

// TestFiveResources: resources of all kinds, all constraints, tickets, utilization, tags, alerts and defaults, and
// what administrators do with them.
func TestFiveResources(t *testing.T) {
	five(t, func(s *story) {
		// Nothing starts before all is configured: what would, and where, depends on how fast commands and daemons are.
		s.tells(2, `
			pcs property set stonith-enabled=false
			pcs property set stop-all-resources=true
			pcs resource create a ocf:pacemaker:Dummy op monitor interval=10s --group g
			pcs resource create b ocf:pacemaker:Dummy op monitor interval=10s --group g
			pcs resource create d ocf:pacemaker:Dummy op monitor interval=10s
			pcs resource create e ocf:pacemaker:Dummy
			pcs resource create p ocf:pacemaker:Stateful op monitor interval=10s role=Promoted monitor interval=11s role=Unpromoted promotable promoted-max=2
			pcs constraint location p-clone rule role=master score=100 #uname eq node1 or #uname eq node3
			pcs constraint location p-clone rule role=master score=50 #uname eq node2
			pcs constraint location c-clone avoids node1=50 node3=50
			pcs resource create c ocf:pacemaker:Dummy clone clone-max=3 interleave=true
			pcs constraint location c-clone avoids node1=50 node3=50
			pcs resource create t ocf:pacemaker:Dummy
			pcs resource create bad ocf:pacemaker:NoSuch
			pcs resource create a ocf:pacemaker:Dummy
			pcs constraint location g prefers node2=100
			pcs constraint location d prefers node3=100
			pcs constraint location e rule score=200 #uname eq node4
			pcs constraint location e rule score-attribute=weight defined weight
			pcs constraint location t rule score=5 date gt 2020-01-01 and colour eq red
			pcs constraint location t avoids node1 node2
			pcs constraint colocation set d e sequential=false setoptions score=-50
			pcs constraint colocation add t with g score=-INFINITY
			pcs constraint colocation add t with Promoted p-clone score=-5
			pcs constraint order set g d sequential=true set e require-all=false setoptions kind=Optional
			pcs constraint order promote p-clone then start e kind=Optional
			pcs constraint order c-clone then d kind=Serialize symmetrical=false
			pcs constraint order g then t
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
			pcs resource defaults set create id=more score=5 meta migration-threshold=3 rule resource ocf:pacemaker:Stateful
			pcs resource op defaults timeout=30s
			pcs resource defaults
			pcs resource defaults config --full
			pcs resource op defaults`)
		s.shows(1, `\* a\s.*Stopped`, `\* t\s.*Stopped`)
		s.tells(2, "pcs property set stop-all-resources=")
		s.shows(1, `\* a\s.*Started node2`, `\* b\s.*Started node2`, `\* d\s.*Started node3`, `Promoted: \[ node1 node3 \]`, `\* t\s.*Stopped`)
		s.tells(3, `
			crm_ticket --list
			crm_ticket --ticket tick --grant
			crm_ticket --ticket tick --grant --force`)
		s.shows(1, `\* t\s.*Started node`)
		s.tells(3, `
			crm_ticket --info
			crm_ticket --ticket tick --constraints
			crm_ticket --ticket tick --granted
			crm_mon -1c
			crm_ticket --ticket tick --standby`)
		s.shows(1, `\* t\s.*Stopped`)
		s.tells(3, "crm_ticket --ticket tick --activate\ncrm_ticket --ticket tick --revoke --force\ncrm_ticket --ticket other --grant --force")
		s.shows(1, `\* t\s.*Stopped`, `\* e\s.*Started node4`)
		s.tells(3, `
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
			pcs config
			crm_mon -1
			crm_mon -1rnRfAtoc
			crm_mon -1 --output-as=xml
			crm_mon -1rRfAtoc --output-as=xml
			crm_mon -1rnf --output-as=html
			crm_mon -1 --brief --group-by-node
			crm_mon -1 --include=all
			crm_mon -1 --exclude=all --include=resources,tickets,bans
			crm_mon --simple-status
			pcs resource ban d node3`)
		s.shows(1, `\* d\s.*Started node[1245]`)
		s.tells(4, "pcs constraint location\npcs resource clear d")
		s.shows(1, `\* d\s.*Started node`)
		s.tells(4, "pcs resource move g node1\ncrm resource move g node1 force")
		s.shows(1, `\* a\s.*Started node1`, `\* b\s.*Started node1`)
		s.tells(2, "crm configure show\ncrm_mon -1 --include=bans\ncrm resource clear g")
		s.shows(1, `\* a\s.*Started node2`, `\* b\s.*Started node2`)
		s.tells(2, "crm resource ban g node2\npcs resource move-with-constraint d node1")
		s.shows(1, `\* a\s.*Started node[1345]`, `\* d\s.*Started node1`)
		s.tells(2, "crm_mon -1 --include=bans\ncrm resource clear g\npcs resource clear d")
		s.shows(1, `\* a\s.*Started node2`, `\* b\s.*Started node2`, `\* d\s.*Started node3`)

		s.Host(2).MustRun("rm", "-f", "/run/Dummy-a.state")
		s.shows(1, `a 10s-interval monitor on node2 returned 'not running'`, `\* a\s.*Started node2`)
		s.tells(1, `
			pcs resource failcount show a
			crm_mon -1f
			crm resource failcount a show node2
			pcs resource cleanup a`)
		s.shows(1, `\* a\s.*Started node2`)
		s.tells(1, "pcs resource refresh b\ncrm resource refresh p node1")
		s.shows(1, `\* a\s.*Started node2`, `Promoted: \[ node1 node3 \]`)
		s.tells(2, `
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
			crm resource utilization d show cpu
			crm node show
			crm node status
			crm node attribute node3 show colour
			crm node utilization node2 show cpu
			crm node standby node3`)
		s.shows(1, `Node node3: standby`, `\* d\s.*Started node[1245]`)
		s.tells(3, "crm node online node3\npcs node maintenance node4")
		s.shows(1, `Node node4: maintenance`, `\* d\s.*Started`)
		s.tells(3, "crm status\npcs node unmaintenance node4\npcs node standby node9\npcs resource unmanage b\npcs status\npcs resource manage b")
		s.shows(1, `Online: \[ node1 node2 node3 node4 node5 \]`)
		for _, strategy := range []string{"utilization", "minimal", "default"} {
			s.tells(4, "pcs resource utilization e cpu=4\npcs property set placement-strategy="+strategy)
			s.shows(1, `Online: \[ node1 node2 node3 node4 node5 \]`)
			s.tells(4, "crm_simulate -LU\ncrm_resource --locate -r e\ncrm_resource --locate -r d")
		}

		s.tells(5, "pcs cluster cib /run/all.xml\npcs -f /run/all.xml resource delete t --force\npcs cluster cib-push /run/all.xml\npcs resource delete e\npcs tag delete both\npcs alert remove al\npcs config")
		s.SettleMasked(func(cib string) string {
			configuration, _, _ := strings.Cut(cib, "<status")
			return blocks(configuration)
		})
	})
}

// TestBlocks: what is sorted, and what keeps its place.
func TestBlocks(t *testing.T) {
	for _, tt := range []struct{ why, in, want string }{
		{"nodes with what is told of them", "Migration Summary:\n  * Node: node2:\n    * b: x\n  * Node: node1:\n    * a: x\n\nFailed:", "Migration Summary:\n  * Node: node1:\n    * a: x\n  * Node: node2:\n    * b: x\n\nFailed:"},
		{"elements with their ends", "<h>\n  <node name=\"node2\">\n    <x/>\n  </node>\n  <node name=\"node1\"/>\n</h>", "<h>\n  <node name=\"node1\"/>\n  <node name=\"node2\">\n    <x/>\n  </node>\n</h>"},
		{"histories within a node, not what is in them", "  * Node: node1:\n    * d: migration-threshold=1:\n      * start\n    * a: migration-threshold=1:\n      * stop\n      * probe", "  * Node: node1:\n    * a: migration-threshold=1:\n      * stop\n      * probe\n    * d: migration-threshold=1:\n      * start"},
		{"what is apart stays apart", "  * Node: node2:\nX\n  * Node: node1:", "  * Node: node2:\nX\n  * Node: node1:"},
		{"resources keep their order", "  * b\t(ocf:x:Y):\t Started\n  * a\t(ocf:x:Y):\t Started", "  * b\t(ocf:x:Y):\t Started\n  * a\t(ocf:x:Y):\t Started"},
	} {
		if got := blocks(tt.in); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.why, got, tt.want)
		}
	}
}
