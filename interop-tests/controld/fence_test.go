//go:build interop

package controld

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

// fenceAgent is laid over fence_dummy: it does as its parameter do says, without harm to anybody.
const fenceAgent = `#!/bin/sh
in=$(cat)
get() { printf "%s\n" "$in" | sed -n "s/^$1=//p"; }
case $(get action) in
metadata) cat <<'END'
<?xml version="1.0" ?>
<resource-agent name="fence_dummy" shortdesc="Fences"><longdesc>Fences</longdesc><vendor-url>none</vendor-url>
<parameters><parameter name="action" unique="0" required="1"><content type="string" default="reboot"/><shortdesc lang="en">Action</shortdesc></parameter>
<parameter name="plug" unique="0" required="1"><content type="string"/><shortdesc lang="en">Plug</shortdesc></parameter>
<parameter name="do" unique="0" required="0"><content type="string"/><shortdesc lang="en">What to do</shortdesc></parameter></parameters>
<actions><action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/><action name="list"/><action name="monitor"/><action name="metadata"/></actions>
</resource-agent>
END
exit 0 ;;
monitor|start|stop|validate-all) exit 0 ;;
esac
[ "$(get do)" != fail ] || { echo "it fails" >&2; exit 1; }
exit 0
`

// fenceMasks are what differs in the history of fencing each time.
var fenceMasks = regexp.MustCompile(`(controld|stonith_admin)\.\d+|(at|last-successful|since) '?\d{4}-[0-9-]+ [0-9:.]+ ?[Z+0-9:-]*'?|completed='[^']*'|\d{4}-\d\d-\d\d [0-9:.]+( ?[Z+][0-9:]*)?`)

// told takes down what a tool prints about fencing.
func (s *scene) told(node int, args ...string) {
	s.T.Helper()
	s.DoMasked(func(text string) string { return fenceMasks.ReplaceAllString(mask(text), "$1") }, node, args...)
}

// fenced takes down what is known of fencing.
func (s *scene) fenced(what string, node int) {
	s.T.Helper()
	s.Note("=== " + what)
	s.idle(node)
	for n := 1; n <= 3; n++ {
		s.told(node, "stonith_admin", "-H", "node"+string(rune('0'+n)))
	}
	s.told(node, "crm_mon", "-1", "-rnf", "-m3")
}

// TestFencing has nodes fenced: by the cluster when they are lost, the DC among them, with a device that fails,
// and by somebody.
func TestFencing(t *testing.T) {
	if !long() {
		t.Skip("it takes two minutes: set RINGMASTER_CONTROLLERS")
	}
	mix.CompareIn(t, "CCC,GoCGo", []string{daemonPath}, func(r *mix.Run) {
		s := &scene{Run: r}
		lay := func(n int) {
			h := s.Host(n)
			h.WriteFile("/run/fence_agent", fenceAgent)
			h.MustRun("sh", "-c", "chmod 755 /run/fence_agent && mount --bind /run/fence_agent /usr/sbin/fence_dummy")
		}
		for n := 1; n <= 3; n++ {
			lay(n)
		}
		s.Host(1).MustRun("crm_attribute", "-n", "stonith-enabled", "-v", "true")
		s.Host(1).MustRun("crm_attribute", "-n", "stonith-max-attempts", "-v", "3")
		s.add(`<primitive id="f" class="stonith" type="fence_dummy"><instance_attributes id="f-i"><nvpair id="f-h" name="pcmk_host_list" value="node1 node2 node3"/><nvpair id="f-d" name="do" value=""/></instance_attributes><operations>`+
			op("f", "monitor", "60s", "")+`</operations></primitive>`+primitive("d", dummy, op("d", "monitor", "10s", "")), on("f", "node2")+on("d", "node3"))
		s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node3`, `f\s+\(stonith:fence_dummy\):\s+Started node2`)
		s.fenced("configured", 1)
		s.SettleMasked(mask)

		s.Crash(3)
		s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node1`, `OFFLINE: \[ node3 \]`)
		s.fenced("a node was lost", 1)
		s.SettleMasked(mask)
		s.Boot(3)
		lay(3)
		s.Return(3)
		s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node3`)
		s.fenced("it is back", 1)
		s.SettleMasked(mask)

		// The agent does nothing to the node, so that its controller learns of its own fencing.
		s.Do(2, "stonith_admin", "-F", "node3")
		s.Lab.Eventually(60*time.Second, "node3 leaves", func() bool { return len(s.Host(3).Pids("pacemakerd")) == 0 })
		s.shows(1, `OFFLINE: \[ node3 \]`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node1`)
		s.fenced("a node that somebody has fenced", 1)
		s.Host(3).StartCorosync() // which pacemakerd has ended too
		s.Lab.Form(s.Lab.Hosts()...)
		s.Host(3).StartPacemaker()
		s.shows(1, `Online: \[ node1 node2 node3 \]`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node3`)
		s.fenced("it is back, too", 1)

		s.Host(1).MustRun("crm_resource", "-r", "f", "-p", "do", "-v", "fail")
		s.idle(1)
		s.Host(3).Crash()
		s.Lab.Eventually(90*time.Second, "the DC gives up", func() bool {
			return strings.Contains(s.Host(1).ReadFile("/var/log/pacemaker/pacemaker.log"), "Too many failures (3) to fence node3, giving up")
		})
		s.Lab.Eventually(30*time.Second, "the DC is idle", func() bool { return strings.Contains(s.Host(1).Exec("crmadmin", "-S", "node1").Stdout, "S_IDLE") })
		s.told(1, "stonith_admin", "-H", "node3")
		s.told(1, "crm_mon", "-1", "-rnf", "-m3")
		s.Host(1).MustRun("crm_resource", "-r", "f", "-p", "do", "-v", "ok")
		s.Crash(3)
		s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node1`, `OFFLINE: \[ node3 \]`)
		s.fenced("fencing works again", 1)
		s.SettleMasked(mask)
		s.Boot(3)
		lay(3)
		s.Return(3)
		s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node3`)

		s.Crash(1)
		s.shows(2, `OFFLINE: \[ node1 \]`)
		s.fenced("the DC was lost", 2)
		s.SettleMasked(mask)
	})
}
