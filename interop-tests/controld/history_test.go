//go:build interop

package controld

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

// variant is an agent that does what the file do-INSTANCE-ACTION says, or what one expects of a
// resource; VERSION, RELOAD and PRIVATE are what it says of itself.
const variant = `#!/bin/sh
[ "$1" != meta-data ] || { cat <<'END'
<?xml version="1.0"?>
<resource-agent name="VARIANT" version="1.0"><version>VERSION</version><longdesc lang="en">X</longdesc><shortdesc lang="en">X</shortdesc>
<parameters>
<parameter name="path" unique="1"><longdesc lang="en">X</longdesc><shortdesc lang="en">X</shortdesc><content type="string"/></parameter>
<parameter name="level" reloadable="1"><longdesc lang="en">X</longdesc><shortdesc lang="en">X</shortdesc><content type="string"/></parameter>
<parameter name="password" PRIVATE><longdesc lang="en">X</longdesc><shortdesc lang="en">X</shortdesc><content type="string"/></parameter>
</parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="RELOAD" timeout="20s"/><action name="migrate_to" timeout="20s"/><action name="migrate_from" timeout="20s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
exit 0; }
d=` + records + `; i=$OCF_RESOURCE_INSTANCE; s=$d/state-$i
[ ! -f "$d/do-$i-$1" ] || . "$d/do-$i-$1"
case $1 in
start|migrate_from) echo started >"$s" ;;
stop|migrate_to) rm -f "$s" ;;
monitor) [ -f "$s" ] || exit 7 ;;
esac
exit 0
`

// TestHistories: what there can be in a resource's history, from agents of all kinds that fail in all ways.
func TestHistories(t *testing.T) {
	if !long() {
		t.Skip("it takes minutes: set RINGMASTER_CONTROLLERS")
	}
	mix.CompareIn(t, "CCC,GoGoGo", []string{daemonPath}, func(r *mix.Run) {
		s := &scene{Run: r}
		s.equip(1, 2, 3)
		for n := 1; n <= 3; n++ {
			for _, v := range [][4]string{{"Modern", "1.1", "reload-agent", `private="1"`}, {"Legacy", "1.0", "reload", ""}, {"Plain", "1.0", "none", ""}} {
				s.Host(n).WriteFile("/run/"+v[0], strings.NewReplacer("VARIANT", v[0], "VERSION", v[1], "RELOAD", v[2], "PRIVATE", v[3]).Replace(variant))
				s.Host(n).MustRun("install", "-m", "755", "/run/"+v[0], "/run/ocf/test/"+v[0])
			}
		}
		s.Host(1).MustRun("crm_attribute", "-n", "symmetric-cluster", "-v", "false")
		s.histories()
	})
}

// odd is a resource with parameters on a node.
func (s *scene) odd(id, agent, node, meta, ops string) {
	s.add(fmt.Sprintf(`<primitive id="%s" class="ocf" provider="test" type="%s"><meta_attributes id="%[1]s-a">%[3]s</meta_attributes><instance_attributes id="%[1]s-i"><nvpair id="%[1]s-p" name="path" value="one &amp; &quot;two&quot;"/><nvpair id="%[1]s-l" name="level" value="1"/><nvpair id="%[1]s-w" name="password" value="secret"/></instance_attributes><operations>%[4]s</operations></primitive>`, id, agent, meta, ops),
		fmt.Sprintf(`<rsc_location id="on-%s" rsc="%[1]s" node="%s" score="100"/>`, id, node))
	s.idle(1)
}

func (s *scene) behave(node int, what, script string) {
	s.Host(node).WriteFile(records+"/do-"+what, script+"\n")
}

// took is how long what has failed has taken.
var took = regexp.MustCompile(` after [\d.]+m?s\b`)

// noted takes down what has no order by chance: histories come in that in which nodes have joined.
func (s *scene) noted(what string) {
	s.T.Helper()
	s.Note("=== " + what)
	s.idle(1)
	s.DoMasked(func(text string) string { return replies(took.ReplaceAllString(text, "")) }, 1, "crm_mon", "-1", "-rnfA")
	s.SettleMasked(mask)
}

func (s *scene) histories() {
	s.odd("modern", "Modern", "node2", "", op("modern", "monitor", "2s", `timeout="4s"`)+op("modern", "monitor", "500s", ""))
	s.odd("legacy", "Legacy", "node3", "", op("legacy", "monitor", "2s", ""))
	s.odd("plain", "Plain", "node1", `<nvpair id="plain-am" name="allow-migrate" value="true"/>`, op("plain", "monitor", "20s", ""))
	for _, id := range []string{"modern", "legacy", "plain"} {
		s.Do(1, "crm_resource", "-r", id, "-p", "level", "-v", "2")
		s.idle(1)
		s.Do(2, "crm_resource", "-r", id, "-p", "path", "-v", "x y")
		s.idle(1)
		s.Do(2, "crm_resource", "-r", id, "-p", "password", "-v", "other")
		s.idle(1)
	}
	s.noted("parameters")
	s.behave(2, "bad-start", `echo "ocf-exit-reason:no & way" >&2; exit 5`)
	s.odd("bad", "Modern", "node2", "", "")
	s.behave(3, "slow-start", `sleep 30`)
	s.odd("slow", "Plain", "node3", "", `<op id="slow-s" name="start" interval="0" timeout="1s" record-pending="false"/>`)
	s.behave(1, "stuck-stop", `exit 1`)
	s.odd("stuck", "Legacy", "node1", "", `<op id="stuck-s" name="stop" interval="0" on-fail="block"/>`)
	s.Do(1, "crm_resource", "-r", "stuck", "-m", "-p", "target-role", "-v", "Stopped")
	s.idle(1)
	s.noted("failures")
	s.behave(2, "odd-monitor", `[ ! -f "$s" ] || exit 1`)
	s.odd("odd", "Plain", "node2", "", op("odd", "monitor", "3s", `on-fail="ignore"`))
	s.shows(1, `odd 3s-interval monitor on node2`)
	s.Host(1).MustRun("cibadmin", "-D", "--xml-text", `<op id="odd-monitor-3s"/>`)
	s.idle(1)
	s.noted("an operation less")
	s.add("", `<rsc_location id="plain-2" rsc="plain" node="node2" score="10"/>`)
	s.Do(1, "crm_resource", "-r", "plain", "-M", "-N", "node2")
	s.shows(1, `plain\s+\(ocf:test:Plain\):\s+Started node2`)
	s.noted("migration")
	s.behave(1, "plain-migrate_from", `exit 1`)
	s.Do(1, "crm_resource", "-r", "plain", "-U")
	s.shows(1, `plain\s+\(ocf:test:Plain\):\s+Started node1`)
	s.noted("failed migration")
	s.add(primitive("unit", `class="systemd" type="no-such-unit"`, ""), `<rsc_location id="on-unit" rsc="unit" node="node1" score="1"/>`)
	s.idle(1) // alone, as all nodes are to be asked for it before the first has answered (see below)
	s.add(primitive("lsb", `class="lsb" type="/run/no-such"`, "")+primitive("gone", `class="ocf" provider="test" type="NoSuch"`, ""),
		`<rsc_location id="on-lsb" rsc="lsb" node="node2" score="1"/><rsc_location id="on-gone" rsc="gone" node="node3" score="1"/>`)
	s.idle(1)
	s.noted("no agents")
	// Where a probe of it fails it is taken for active, and stopped. A refresh of all has more probes for a node than
	// are sent to it at once, and the first that fails keeps those from being sent that wait: on which nodes it is
	// stopped, and on which only asked for, is then decided by time, with the reference too. So one node is asked.
	s.Host(1).MustRun("cibadmin", "-M", "--xml-text", `<rsc_location id="on-unit" resource-discovery="exclusive"/>`)
	s.idle(1)
	s.DoMasked(replies, 2, "crm_resource", "-C", "-r", "bad")
	s.idle(1)
	s.DoMasked(replies, 2, "crm_resource", "-R", "-r", "slow", "-N", "node3")
	s.idle(1)
	s.DoMasked(replies, 3, "crm_resource", "-R")
	s.idle(1)
	s.noted("refresh")
	s.add(`<primitive id="fence" class="stonith" type="fence_dummy"><instance_attributes id="fence-i"><nvpair id="fence-i1" name="pcmk_monitor_timeout" value="9s"/></instance_attributes><operations>`+op("fence", "monitor", "5s", "")+`</operations></primitive>`,
		`<rsc_location id="on-fence" rsc="fence" node="node1" score="1"/>`)
	s.Host(1).MustRun("sh", "-c", "sleep 6") // a monitor more
	s.noted("a fence device")
}
