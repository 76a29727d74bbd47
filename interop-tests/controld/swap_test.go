//go:build interop

package controld

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

var update = flag.Bool("update", false, "keep the course of a cluster of the reference's controllers")

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	daemonPath = "/usr/lib/pacemaker/pacemaker-controld"
	daemonName = "pacemaker-contr" // as the kernel cuts it
	ocfDir     = "/usr/lib/ocf/resource.d"
	records    = "/run/recorder"
)

// recorder is an agent that writes down how it is called, and does what one expects of a resource.
const recorder = `#!/bin/sh
[ "$1" != meta-data ] || { cat <<'END'
<?xml version="1.0"?>
<resource-agent name="Recorder" version="1.0"><version>1.1</version><longdesc lang="en">Records</longdesc><shortdesc lang="en">Records</shortdesc>
<parameters><parameter name="text" reloadable="1"><longdesc lang="en">Text</longdesc><shortdesc lang="en">Text</shortdesc><content type="string" default=""/></parameter>
<parameter name="password"><longdesc lang="en">Secret</longdesc><shortdesc lang="en">Secret</shortdesc><content type="string" default=""/></parameter></parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="reload-agent" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="promote" timeout="20s"/><action name="demote" timeout="20s"/><action name="notify" timeout="20s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
exit 0; }
i=$OCF_RESOURCE_INSTANCE
d=` + records + `
r="$i $1 $OCF_RESKEY_text $OCF_RESKEY_CRM_meta_notify_type $OCF_RESKEY_CRM_meta_notify_operation"
[ "$1" = monitor ] && [ "${OCF_RESKEY_CRM_meta_interval:-0}" != 0 ] || printf "%s\n" "$r" >>"$d/calls" # at once
s=$d/state-$i
case $1 in
start|demote) echo started >"$s" ;;
promote) echo promoted >"$s" ;;
stop) rm -f "$s" ;;
monitor) [ -f "$s" ] || exit 7; ! grep -q promoted "$s" || exit 8 ;;
esac
exit 0
`

// teller is an alert agent that writes down what it is told.
const teller = `#!/bin/sh
[ "$CRM_alert_kind" != attribute ] || exit 0
printf "%s %s %s %s %s %s %s %s\n" "$CRM_alert_kind" "$CRM_alert_node" "$CRM_alert_rsc" "$CRM_alert_task" "$CRM_alert_interval" "$CRM_alert_rc" "$CRM_alert_target_rc" "$CRM_alert_desc" >>` + records + `/alerts
`

// scene is a scenario that runs.
type scene struct {
	*mix.Run
	elected bool // somebody else leads than who began to, and nobody knows who
}

// equip lays the recording agent on all nodes.
func (s *scene) equip(nodes ...int) {
	for _, n := range nodes {
		h := s.Host(n)
		h.WriteFile("/run/Recorder", recorder)
		h.WriteFile("/run/teller", teller)
		h.MustRun("sh", "-c", "mkdir -p "+records+" /run/ocf/test && chmod 755 /run/teller && chmod 777 "+records+" && cp -a "+ocfDir+"/. /run/ocf && install -m 755 /run/Recorder /run/ocf/test/Recorder && mount --bind /run/ocf "+ocfDir)
	}
}

// programs: the controllers that run are those that are meant to.
func (s *scene) programs() {
	s.T.Helper()
	for n := 1; n <= 3; n++ {
		pids := s.Host(n).Pids(daemonName)
		if len(pids) != 1 {
			s.T.Fatalf("%d controllers on node%d", len(pids), n)
		}
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pids[0]))
		if err != nil {
			s.T.Fatal(err)
		}
		if ours := !strings.Contains(string(maps), "libcrmcommon"); ours != s.Ours(n) {
			s.T.Fatalf("node%d runs ours: %t, want %t", n, ours, s.Ours(n))
		}
	}
}

// shows waits until the status has all of these, and the cluster nothing more to do.
func (s *scene) shows(node int, patterns ...string) {
	s.T.Helper()
	h := s.Host(node)
	s.Lab.Eventually(60*time.Second, strings.Join(patterns, ", "), func() bool {
		out := h.Exec("crm_mon", "-1", "-rf").Stdout
		return !slices.ContainsFunc(patterns, func(p string) bool { return !regexp.MustCompile(p).MatchString(out) })
	})
	s.idle(node)
}

// idle waits until the controllers have nothing to do for a while and the CIB stays as it is. (crm_resource --wait
// always takes two seconds.)
func (s *scene) idle(node int) {
	s.T.Helper()
	h := s.Host(node)
	last, same := "", 0
	s.Lab.Eventually(60*time.Second, "an idle cluster", func() bool {
		cib := h.Exec("cibadmin", "-Q", "-l").Stdout
		if cib == last && strings.Contains(h.Exec("crmadmin", "-S", dc(h)).Stdout, "S_IDLE") {
			same++
		} else {
			same = 0
		}
		last = cib
		return same == 3
	})
}

var dcLine = regexp.MustCompile(`Current DC: (node\d)`)

// dc is who leads, as a node sees it.
func dc(h *lab.Host) string {
	if m := dcLine.FindStringSubmatch(h.Exec("crm_mon", "-1").Stdout); m != nil {
		return m[1]
	}
	return "nobody"
}

// add adds to the configuration, resources and constraints at once.
func (s *scene) add(resources, constraints string) {
	s.T.Helper()
	s.Host(1).MustRun("cibadmin", "-M", "-c", "-o", "configuration", "--xml-text",
		"<configuration><resources>"+resources+"</resources><constraints>"+constraints+"</constraints></configuration>")
}

// varies are times, calls, which ours counts otherwise, who of several was the last to change something, and how often a
// failure was counted that the tools report: it is found in two places, which come in one change or in two.
var varies = regexp.MustCompile(`(exec|queued)=\d+ms|(last-failure|last-rc-change)='[^']*'|after \d+ms|\(\d+s\)|(call|call-id)=("?)\d+"?|(Last change:).*|(rec: migration-threshold=1000000 fail-count=)\d+|(name="fail-count-rec#asyncmon_0" value=)"\d+"`)

// leaders are what tells who of several was elected.
var leaders = regexp.MustCompile(`(Current DC: |Designated Controller is: |in state S_)(?:node\d|NOT_DC|IDLE)`)

func mask(text string) string { return varies.ReplaceAllString(text, "$1$2$3$5$6$7") }

// replies are lines of several nodes, which come in any order.
func replies(text string) string {
	lines := slices.DeleteFunc(strings.Split(mask(text), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "Waiting for") || strings.HasPrefix(line, "... got reply")
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// tell takes down what tools print on the first of the nodes that run.
func (s *scene) tell(running ...int) {
	s.T.Helper()
	commands := [][]string{
		{"crm_mon", "-1", "-rfA"}, {"crm_resource", "-l"}, {"crm_resource", "-O"},
		{"crm_node", "-l"}, {"crm_node", "-p"}, {"crm_node", "-q"}, {"crmadmin", "-D"}, {"crmadmin", "-N"},
	}
	for _, n := range running {
		commands = append(commands, []string{"crmadmin", "-S", s.Host(n).Name})
	}
	node := running[0]
	for _, args := range commands {
		s.DoMasked(func(text string) string {
			if s.elected {
				text = leaders.ReplaceAllString(text, "$1")
			}
			if args[0] == "crm_mon" || args[1] == "-O" { // are in the order of nodes and histories in the CIB
				return replies(text)
			}
			return mask(text)
		}, node, args...)
	}
}

// calls takes down how the recording agent was called since the last time, if notified also of what others
// do. That the reference itself tells or not, as it is faster or slower to find that something has changed again.
func (s *scene) calls(notified bool, nodes ...int) {
	for _, n := range nodes {
		h := s.Host(n)
		by := map[string][]string{} // resource
		for line := range strings.Lines(h.ReadFile(records + "/calls")) {
			id, call, _ := strings.Cut(strings.TrimSpace(line), " ")
			if strings.HasPrefix(call, "notify") && !notified {
				continue
			}
			// What was notified and then put off is notified again.
			if call = strings.TrimSpace(call); len(by[id]) == 0 || by[id][len(by[id])-1] != call {
				by[id] = append(by[id], call)
			}
		}
		h.MustRun("rm", "-f", records+"/calls")
		ids := make([]string, 0, len(by))
		for id := range by {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for _, id := range ids {
			s.Note(fmt.Sprintf("calls of %s on node%d: %s", id, n, strings.Join(by[id], ", ")))
		}
	}
}

// alert has the cluster tell of what happens from now on.
func (s *scene) alert() {
	s.T.Helper()
	s.Host(1).MustRun("cibadmin", "-M", "-c", "-o", "configuration", "--xml-text",
		`<configuration><alerts><alert id="teller" path="/run/teller"/></alerts></configuration>`)
	s.idle(1)
}

// alerts takes down what the cluster has told of, in no order and each once.
func (s *scene) alerts(nodes ...int) {
	s.T.Helper()
	for _, n := range nodes {
		lines := strings.Split(strings.TrimSpace(s.Host(n).ReadFile(records+"/alerts")), "\n")
		slices.Sort(lines)
		s.Note(fmt.Sprintf("alerts on node%d:\n%s", n, strings.Join(slices.Compact(lines), "\n")))
	}
}

func op(id, action, interval, more string) string {
	return fmt.Sprintf(`<op id="%s-%s-%s" name="%[2]s" interval="%[3]s" %s/>`, id, action, interval, more)
}

func primitive(id, agent, ops string) string {
	return fmt.Sprintf(`<primitive id="%s" %s><operations>%s</operations></primitive>`, id, agent, ops)
}

const (
	dummy     = `class="ocf" provider="pacemaker" type="Dummy"`
	stateful  = `class="ocf" provider="pacemaker" type="Stateful"`
	recording = `class="ocf" provider="test" type="Recorder"`
)

// on has a resource prefer a node.
func on(id, node string) string {
	return fmt.Sprintf(`<rsc_location id="on-%s" rsc="%[1]s" node="%s" score="100"/>`, id, node)
}

// start brings resources of all kinds.
func (s *scene) start() {
	s.add(primitive("d", dummy, op("d", "monitor", "1s", "")), on("d", "node2")+`<rsc_location id="d-then" rsc="d" node="node3" score="50"/>`)
	s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node2`)
	s.add(`<group id="g">`+primitive("g1", dummy, op("g1", "monitor", "10s", ""))+primitive("g2", recording, op("g2", "monitor", "10s", ""))+`</group>`+
		primitive("rec", recording, op("rec", "monitor", "1s", "")), on("g", "node1")+on("rec", "node3"))
	s.shows(1, `g2\s+\(ocf:test:Recorder\):\s+Started node1`, `rec\s+\(ocf:test:Recorder\):\s+Started node3`)
	s.add(`<clone id="p"><meta_attributes id="p-m"><nvpair id="p-m1" name="promotable" value="true"/><nvpair id="p-m2" name="notify" value="true"/></meta_attributes>`+
		primitive("pi", recording, op("pi", "monitor", "10s", `role="Promoted"`)+op("pi", "monitor", "11s", `role="Unpromoted"`))+`</clone>`+
		`<clone id="s"><meta_attributes id="s-m"><nvpair id="s-m1" name="promotable" value="true"/></meta_attributes>`+primitive("si", stateful, op("si", "monitor", "10s", ""))+`</clone>`,
		`<rsc_location id="p-on" rsc="p"><rule id="p-rule" role="Promoted" score="10"><expression id="p-ex" attribute="#uname" operation="eq" value="node2"/></rule></rsc_location>`)
	s.shows(1, `Promoted: \[ node2 \]`, `Unpromoted: \[ node1 node3 \]`)
	s.taken("start")
}

// taken takes down what there is to be seen.
func (s *scene) taken(what string, nodes ...int) {
	s.T.Helper()
	if len(nodes) == 0 {
		nodes = []int{1, 2, 3}
	}
	s.Note("=== " + what)
	s.idle(nodes[0])
	s.tell(nodes...)
	s.calls(what == "start" && long(), nodes...)
	s.SettleMasked(mask)
}

// failures: a monitor fails, somebody says that a resource has failed, histories are cleaned.
func (s *scene) failures() {
	s.Host(2).MustRun("rm", "/run/Dummy-d.state")
	s.shows(1, `d: migration-threshold=1000000 fail-count=1 `, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node2`)
	s.DoMasked(replies, 1, "crm_resource", "-F", "-r", "rec", "-N", "node3")
	s.shows(1, `rec: migration-threshold=1000000 fail-count=\d `, `rec\s+\(ocf:test:Recorder\):\s+Started node3`)
	s.taken("failures")
	s.DoMasked(replies, 3, "crm_resource", "-C", "-r", "d")
	s.idle(1)
	s.DoMasked(replies, 2, "crm_resource", "-C")
	if long() {
		s.taken("crm_resource --cleanup")
	}
	s.DoMasked(replies, 1, "crm_resource", "-R", "-r", "g2")
	s.idle(1)
	s.DoMasked(replies, 3, "crm_resource", "-R", "-r", "p", "-N", "node2")
	s.taken("cleaned and refreshed")
}

// changes: parameters, places, restarts.
func (s *scene) changes() {
	s.alert()
	s.Do(1, "crm_resource", "-r", "rec", "-p", "text", "-v", "new")
	s.idle(1)
	s.taken("reload")
	s.DoMasked(replies, 2, "crm_resource", "--restart", "-r", "g1")
	s.idle(1)
	s.Do(1, "crm_resource", "-M", "-r", "d", "-N", "node3")
	s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node3`)
	s.taken("restart and move")
	s.Do(1, "crm_resource", "-U", "-r", "d")
	s.shows(1, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node2`)
	s.Do(1, "crm_standby", "-N", "node2", "-v", "on")
	s.shows(1, `Node node2: standby`, `Stopped: \[ node2 \]`)
	s.taken("standby")
	s.Do(1, "crm_standby", "-N", "node2", "-D")
	s.shows(1, `Promoted: \[ node2 \]`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node2`)
	s.Do(1, "crm_attribute", "-n", "maintenance-mode", "-v", "true")
	s.shows(1, `Resource management is DISABLED`)
	s.taken("maintenance")
	s.Do(1, "crm_attribute", "-n", "maintenance-mode", "-D")
	s.idle(1)
	s.Host(1).MustRun("cibadmin", "-D", "--xpath", "//rsc_location[@rsc='rec']")
	s.Host(1).MustRun("cibadmin", "-D", "--xpath", "//primitive[@id='rec']")
	s.idle(1)
	s.taken("removal")
	s.alerts(1, 2, 3)
}

// leave: a node goes in order, and comes back.
func (s *scene) leave(node, from int, others ...int) {
	s.Stop(node)
	s.shows(from, `OFFLINE: \[ `+s.Host(node).Name+` \]`)
	s.taken("without "+s.Host(node).Name, others...)
	s.Start(node)
	s.shows(from, `Online: \[ node1 node2 node3 \]`)
	s.taken(s.Host(node).Name + " is back")
}

// TestSwap takes clusters of both controllers through the same. The first node leads. The long form compares with a
// cluster of the reference's that runs as well, the short one with what is kept of it.
func TestSwap(t *testing.T) {
	daemons := []string{daemonPath}
	if long() {
		mix.CompareIn(t, "CCC,GoGoGo", daemons, func(r *mix.Run) {
			s := begin(r)
			s.failures()
			s.changes()
			s.programs()
		})
		return
	}
	mix.CompareKept(t, filepath.Join("testdata", "swap.txt"), *update, "GoCGo", daemons, func(r *mix.Run) { begin(r).failures() })
}

// begin has a cluster with resources.
func begin(r *mix.Run) *scene {
	s := &scene{Run: r}
	s.equip(1, 2, 3)
	s.programs()
	s.start()
	return s
}

// long tells whether everything is wanted, which takes minutes.
func long() bool { return os.Getenv("RINGMASTER_CONTROLLERS") != "" }

// TestLeave: nodes leave in order and come back, the one that leads among them; controllers are killed.
func TestLeave(t *testing.T) {
	if !long() {
		t.Skip("it takes two minutes: set RINGMASTER_CONTROLLERS")
	}
	mix.CompareIn(t, "CCC,GoCGo", []string{daemonPath}, func(r *mix.Run) {
		s := begin(r)
		// Of two instances that are as good as each other either may be promoted.
		s.add("", `<rsc_location id="s-2" rsc="s" role="Promoted" node="node2" score="2"/><rsc_location id="s-1" rsc="s" role="Promoted" node="node1" score="1"/>`)
		s.alert()
		s.leave(3, 1, 1, 2)
		s.elected = true
		s.leave(1, 2, 2, 3)
		s.alerts(2)
		// Whether the new leader has anything started again before the controller is back is a matter of time, with
		// the reference too.
		s.Host(1).MustRun("crm_attribute", "-n", "maintenance-mode", "-v", "true")
		s.idle(1)
		s.Kill(2, daemonName)
		s.idle(1)
		s.taken("node2's controller is back")
		s.programs()
	})
}

// TestColdStart tells how long it takes from nothing to a cluster with all nodes, with the default of dc-deadtime.
func TestColdStart(t *testing.T) {
	if !long() {
		t.Skip("it takes a minute: set RINGMASTER_CONTROLLERS")
	}
	for _, mixture := range []string{"CCC", "GoGoGo"} {
		t.Run(mixture, func(t *testing.T) {
			l := lab.New(t, 3)
			l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
			for i, h := range l.Hosts() {
				if lab.Kinds(mixture)[i] == lab.Go {
					h.Lay(daemonPath)
				}
				h.StartCorosync()
			}
			l.Form(l.Hosts()...)
			began := time.Now()
			for _, h := range l.Hosts() {
				h.Start("pacemakerd", "-f")
			}
			l.Eventually(90*time.Second, "all online", func() bool {
				return strings.Contains(l.Host(0).Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 node3 ]")
			})
			t.Logf("all nodes were online after %.1f s", time.Since(began).Seconds())
		})
	}
}
