//go:build interop

package execd

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

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	daemonPath   = "/usr/lib/pacemaker/pacemaker-execd"
	daemonName   = "pacemaker-execd"
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
	ocfDir       = "/usr/lib/ocf/resource.d"
	records      = "/run/recorder"
)

// recorder is an agent that writes down how it is called, and then does what the file
// do-INSTANCE-ACTION says, or what one expects of a resource.
const recorder = `#!/bin/sh
[ "$1" != meta-data ] || { cat <<'END'
<?xml version="1.0"?>
<resource-agent name="Recorder" version="1.0"><version>1.1</version><longdesc lang="en">Records</longdesc><shortdesc lang="en">Records</shortdesc>
<parameters><parameter name="text" unique-group="u"><longdesc lang="en">Text</longdesc><shortdesc lang="en">Text</shortdesc><content type="string" default=""/></parameter></parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="promote" timeout="20s"/><action name="demote" timeout="20s"/><action name="notify" timeout="20s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
exit 0; }
i=$OCF_RESOURCE_INSTANCE
d=` + records + `
r=$(echo "== $*"; env | sort; echo "umask $(umask) in $(pwd) files $(ulimit -n) nice $(nice)"; grep -E 'Sig(Ign|Blk)' /proc/self/status)
printf "%s\n" "$r" >>"$d/$i" # at once: who reads it finds whole calls
[ ! -f "$d/do-$i-$1" ] || . "$d/do-$i-$1"
s=$d/state-$i
case $1 in
start|demote) echo started >"$s" ;;
promote) echo promoted >"$s" ;;
stop) rm -f "$s" ;;
monitor) [ -f "$s" ] || exit 7; ! grep -q promoted "$s" || exit 8 ;;
esac
exit 0
`

// script is an LSB script that does the same.
const script = `#!/bin/sh
d=` + records + `
r=$(echo "== $*"; env | sort)
printf "%s\n" "$r" >>"$d/lsb-$(basename "$0")"
s=$d/state-lsb-$(basename "$0")
case $1 in
start) echo >"$s" ;;
stop) rm -f "$s" ;;
status) [ -f "$s" ] || exit 3 ;;
*) exit 3 ;;
esac
exit 0
`

// equip lays our executor on a host, if it is one of ours, and the agents.
func equip(h *lab.Host, ours bool) {
	h.WriteFile("/run/Recorder", recorder)
	h.WriteFile("/run/script", script)
	h.MustRun("sh", "-c", "mkdir -p "+records+" /run/ocf/test && chmod 777 "+records+" && cp -a "+ocfDir+"/. /run/ocf && install -m 755 /run/Recorder /run/ocf/test/Recorder && for n in 1 2 3; do install -m 755 /run/script /run/script-$n; done && mount --bind /run/ocf "+ocfDir)
	if ours {
		h.Lay(daemonPath)
	}
}

type cluster struct {
	t    *testing.T
	l    *lab.Lab
	ours map[*lab.Host]bool
}

func form(t *testing.T, ours ...int) *cluster {
	l := lab.New(t, 3)
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	c := &cluster{t, l, map[*lab.Host]bool{}}
	for _, i := range ours {
		c.ours[l.Host(i)] = true
	}
	for _, h := range l.Hosts() {
		equip(h, c.ours[h])
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	// The first is the DC, so that transitions have the same numbers.
	first := l.Host(0)
	first.StartPacemaker()
	l.Eventually(60*time.Second, first.Name+" is the DC", func() bool { return strings.Contains(status(first), "Current DC: "+first.Name) })
	for _, h := range l.Hosts()[1:] {
		h.StartPacemaker()
	}
	l.Eventually(90*time.Second, "all online", func() bool { return strings.Contains(status(first), "Online: [ node1 node2 node3 ]") })
	for _, h := range l.Hosts() {
		c.checkProgram(h)
	}
	return c
}

// checkProgram: the executor that runs is the one that is meant to.
func (c *cluster) checkProgram(h *lab.Host) {
	c.t.Helper()
	pids := h.Pids(daemonName)
	if len(pids) != 1 {
		c.t.Fatalf("%d executors on %s", len(pids), h.Name)
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pids[0]))
	if err != nil {
		c.t.Fatal(err)
	}
	if ours := !strings.Contains(string(maps), "libcrmcommon"); ours != c.ours[h] {
		c.t.Fatalf("%s runs ours: %t, want %t", h.Name, ours, c.ours[h])
	}
}

func status(h *lab.Host) string { return h.Exec("crm_mon", "-1", "-rf").Stdout }

// shows waits until the status has all of these, and the cluster nothing more to do.
func (c *cluster) shows(patterns ...string) {
	c.t.Helper()
	h := c.l.Host(0)
	c.l.Eventually(60*time.Second, strings.Join(patterns, ", "), func() bool {
		s := status(h)
		return !slices.ContainsFunc(patterns, func(p string) bool { return !regexp.MustCompile(p).MatchString(s) })
	})
	c.settle()
}

func (c *cluster) settle() {
	c.t.Helper()
	c.l.Host(0).MustRun("crm_resource", "--wait", "--timeout", "60s")
}

func (c *cluster) create(section, xml string) {
	c.t.Helper()
	c.l.Host(0).MustRun("cibadmin", "-C", "-o", section, "--xml-text", xml)
}

// on keeps a resource to a node.
func (c *cluster) on(id, node string) {
	c.create("constraints", fmt.Sprintf(`<rsc_location id="on-%s" rsc="%[1]s" node="%s" score="INFINITY"/>`, id, node))
}

func (c *cluster) do(h *lab.Host, instance, action, script string) {
	c.t.Helper()
	h.WriteFile(records+"/do-"+instance+"-"+action, script+"\n")
}

func (c *cluster) dont(h *lab.Host, instance, action string) {
	c.t.Helper()
	h.MustRun("rm", records+"/do-"+instance+"-"+action)
}

// op is an operation in a configuration.
func op(id, action, interval, more string) string {
	return fmt.Sprintf(`<op id="%s-%s-%s" name="%[2]s" interval="%[3]s" %s/>`, id, action, interval, more)
}

// primitive is a resource with parameters that need care.
func primitive(id, agent, ops string) string {
	return fmt.Sprintf(`<primitive id="%s" %s><instance_attributes id="%[1]s-i"><nvpair id="%[1]s-t" name="text" value="one &amp; &quot;two&quot; $HOME&#xA;three"/></instance_attributes><operations>%[3]s</operations></primitive>`, id, agent, ops)
}

const (
	recording = `class="ocf" provider="test" type="Recorder"`
	lsb       = `class="lsb" type="/run/script-%s"`
)

// scenario takes each node through what an executor does. What it does on one does
// not depend on the others.
func (c *cluster) scenario() {
	c.t.Helper()
	each := func(do func(h *lab.Host, n string)) {
		for i, h := range c.l.Hosts() {
			do(h, fmt.Sprint(i+1))
		}
	}
	// Nothing runs before it is said where.
	c.l.Host(0).MustRun("crm_attribute", "-n", "symmetric-cluster", "-v", "false")
	// Started, monitored.
	each(func(h *lab.Host, n string) {
		c.create("resources", primitive("r"+n, recording, op("r"+n, "monitor", "1s", `timeout="4s"`)))
		c.on("r"+n, h.Name)
	})
	c.shows(`r1\s.*Started node1`, `r2\s.*Started node2`, `r3\s.*Started node3`)
	// Degraded, which is no failure.
	each(func(h *lab.Host, n string) { c.do(h, "r"+n, "monitor", "exit 190") })
	c.waitHistory(`r1 monitor 1000 rc=190`, `r2 monitor 1000 rc=190`, `r3 monitor 1000 rc=190`)
	// Failed, with a reason, until it is stopped: a monitor that is well again before the
	// scheduler has looked needs no recovery.
	each(func(h *lab.Host, n string) {
		c.do(h, "r"+n, "stop", `touch "$d/failed"`)
		c.do(h, "r"+n, "monitor", `[ -f "$d/failed" ] || { echo noise >&2; echo "ocf-exit-reason:no <luck> today & \"so\" on" >&2; exit 1; }`)
	})
	c.waitHistory(`r1 monitor 1000 rc=1 `, `r2 monitor 1000 rc=1 `, `r3 monitor 1000 rc=1 `)
	c.l.Eventually(60*time.Second, "all are stopped", func() bool {
		return !slices.ContainsFunc(c.l.Hosts(), func(h *lab.Host) bool { return h.Exec("test", "-f", records+"/failed").Code != 0 })
	})
	c.shows(`r1\s.*Started node1`, `r2\s.*Started node2`, `r3\s.*Started node3`)
	each(func(h *lab.Host, n string) {
		c.dont(h, "r"+n, "stop")
		c.dont(h, "r"+n, "monitor")
	})
	// An agent that is killed, one that takes too long, one that is not there.
	each(func(h *lab.Host, n string) {
		c.do(h, "s"+n, "start", "kill -SEGV $$")
		c.do(h, "t"+n, "start", "sleep 100 & sleep 100")
		for _, id := range []string{"s", "t", "m"} {
			agent := recording
			if id == "m" {
				agent = `class="ocf" provider="test" type="Missing"`
			}
			c.create("resources", primitive(id+n, agent, op(id+n, "start", "0", `timeout="2s"`)))
			c.on(id+n, h.Name)
		}
	})
	c.settle()
	// An LSB script.
	each(func(h *lab.Host, n string) {
		c.create("resources", fmt.Sprintf(`<primitive id="l%s" %s><operations>%s</operations></primitive>`, n, fmt.Sprintf(lsb, n), op("l"+n, "monitor", "2s", "")))
		c.on("l"+n, h.Name)
	})
	c.shows(`l1\s.*Started node1`, `l2\s.*Started node2`, `l3\s.*Started node3`)
	// Another interval: the old monitor is cancelled.
	each(func(h *lab.Host, n string) {
		c.l.Host(0).MustRun("cibadmin", "-M", "-o", "resources", "--xml-text",
			fmt.Sprintf(`<primitive id="r%s"><operations><op id="r%[1]s-monitor-1s" interval="3s"/></operations></primitive>`, n))
	})
	c.settle()
	// Stop blocks when it fails, and what the agent left running is left.
	each(func(h *lab.Host, n string) {
		c.create("resources", primitive("b"+n, recording, op("b"+n, "stop", "0", `timeout="2s" on-fail="block"`)))
		c.on("b"+n, h.Name)
	})
	c.shows(`b1\s.*Started node1`, `b2\s.*Started node2`, `b3\s.*Started node3`)
	each(func(h *lab.Host, n string) {
		c.do(h, "b"+n, "stop", `sleep 1000 & sleep 1000`)
		c.l.Host(0).MustRun("crm_resource", "-r", "b"+n, "--meta", "-p", "target-role", "-v", "Stopped")
	})
	c.shows(`b1\s.*FAILED node1 \(.*blocked`, `b2\s.*FAILED node2 \(.*blocked`, `b3\s.*FAILED node3 \(.*blocked`)
	// Promotion, with notifications and two monitors. All instances start at once: what each
	// is told of the others depends on it.
	c.create("resources", `<clone id="c"><meta_attributes id="c-m"><nvpair id="c-p" name="promotable" value="true"/><nvpair id="c-n" name="notify" value="true"/><nvpair id="c-t" name="target-role" value="Stopped"/></meta_attributes>`+
		primitive("p", recording, op("p", "monitor", "2s", `role="Promoted"`)+op("p", "monitor", "3s", `role="Unpromoted"`))+`</clone>`)
	each(func(h *lab.Host, n string) {
		c.create("constraints", fmt.Sprintf(`<rsc_location id="on-c-%s" rsc="c" node="%s" score="100"/>`, n, h.Name))
	})
	c.l.Host(0).MustRun("crm_attribute", "-N", "node2", "-n", "master-p", "-v", "10", "-l", "reboot")
	c.settle()
	c.l.Host(0).MustRun("crm_resource", "-r", "c", "--meta", "-p", "target-role", "-v", "Started")
	c.shows(`Promoted: \[ node2 \]`, `Unpromoted: \[ node1 node3 \]`)
	each(func(h *lab.Host, n string) { c.l.Host(0).MustRun("crm_resource", "--refresh", "-r", "s"+n) })
	c.settle()
	each(func(h *lab.Host, n string) {
		c.l.Host(0).MustRun("crm_resource", "-r", "r"+n, "--meta", "-p", "target-role", "-v", "Stopped")
	})
	c.shows(`r1\s.*Stopped`, `r2\s.*Stopped`, `r3\s.*Stopped`)
}

// history is the history of operations in the CIB: all that does not depend on time.
func (c *cluster) history() []string {
	c.t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(c.l.Host(0).MustRun("cibadmin", "-Q", "-o", "status")); err != nil {
		c.t.Fatal(err)
	}
	var out []string
	for _, o := range doc.FindElements("//lrm_rsc_op") {
		rsc := o.Parent()
		node := rsc.FindElement("../../..").SelectAttrValue("uname", "")
		line := fmt.Sprintf("%s %s %s %s rc=%s status=%s", node, rsc.SelectAttrValue("id", ""), o.SelectAttrValue("operation", ""),
			o.SelectAttrValue("interval", ""), o.SelectAttrValue("rc-code", ""), o.SelectAttrValue("op-status", ""))
		for _, name := range []string{"id", "exit-reason", "op-digest", "op-secure-digest", "op-force-restart", "on_node"} {
			if a := o.SelectAttr(name); a != nil {
				line += " " + name + "=" + a.Value
			}
		}
		// Whether there are times, if not which.
		for _, name := range []string{"last-rc-change", "exec-time", "queue-time"} {
			if a := o.SelectAttr(name); a != nil {
				line += " " + name
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func (c *cluster) waitHistory(lines ...string) {
	c.t.Helper()
	c.l.Eventually(30*time.Second, strings.Join(lines, ", "), func() bool {
		all := strings.Join(c.history(), "\n")
		return !slices.ContainsFunc(lines, func(l string) bool { return !strings.Contains(all, l) })
	})
}

// recorded is how the agents of a host were called, by instance: each call with its
// surroundings, a monitor that repeats itself once.
func (c *cluster) recorded(h *lab.Host) map[string]string {
	c.t.Helper()
	files, err := os.ReadDir(h.Path(records))
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "do-") || strings.HasPrefix(f.Name(), "state-") || f.Name() == "failed" {
			continue
		}
		last := ""
		for call := range strings.SplitSeq(h.ReadFile(filepath.Join(records, f.Name())), "== ") {
			if call = normalise(call); call != last {
				out[f.Name()] += call
				last = call
			}
		}
	}
	return out
}

// own are lines that differ from process to process: numbers that the shell or the
// cluster draws, and the number of a clone's instance, which the scheduler gives in the order
// in which it hears of them.
var own = regexp.MustCompile(`(?m)^(?:_|SHLVL|PPID|OCF_RESKEY_CRM_meta_notify_key_operation|OCF_RESKEY_CRM_meta_clone)=.*\n`)

func normalise(call string) string { return own.ReplaceAllString(call, "") }

// TestAgents has one node of ours among three.
var mixtures = flag.String("mixtures", "CCC,GoGoGo", "whose executor runs on the nodes; all are compared with the first")

// TestSwap runs our executor on some nodes of three, and compares how agents were called
// and what the cluster knows of them.
func TestSwap(t *testing.T) {
	var reference *outcome
	for name := range strings.SplitSeq(*mixtures, ",") {
		ok := t.Run(name, func(t *testing.T) {
			var ours []int
			for i, kind := range lab.Kinds(name) {
				if kind == lab.Go {
					ours = append(ours, i)
				}
			}
			c := form(t, ours...)
			c.scenario()
			c.checkLogs()
			got := c.outcome()
			if reference == nil {
				reference = got
			} else {
				got.compare(t, reference)
			}
		})
		if !ok {
			return
		}
	}
}

// faults are what others say of an executor that does not do its work. pacemakerd
// may ask a daemon once before it listens: it has just been started.
var faults = regexp.MustCompile(`(?m)^.*(?:pacemaker-execd\[\d+\] (?:terminated|exited|is unresponsive to ipc after [2-9])|Lost connection to (?:the )?(?:local )?executor|Respawning (?:failed )?child|panic:).*$`)

func (c *cluster) checkLogs() {
	c.t.Helper()
	for _, h := range c.l.Hosts() {
		for _, line := range faults.FindAllString(h.ReadFile(pacemakerLog), -1) {
			c.t.Errorf("%s: %s", h.Name, line)
		}
	}
}

// outcome is what is compared.
type outcome struct {
	history  []string
	recorded map[string]map[string]string
	failures string
}

func (c *cluster) outcome() *outcome {
	c.t.Helper()
	o := &outcome{history: c.history(), recorded: map[string]map[string]string{}}
	for _, h := range c.l.Hosts() {
		o.recorded[h.Name] = c.recorded(h)
	}
	if keep := os.Getenv("RINGMASTER_KEEP"); keep != "" {
		for node, files := range o.recorded {
			for name, content := range files {
				_ = os.WriteFile(filepath.Join(keep, strings.ReplaceAll(c.t.Name(), "/", "-")+"-"+node+"-"+name), []byte(content), 0o644)
			}
		}
	}
	var failures []string // of nodes in the order in which their states came into the CIB
	for line := range strings.Lines(status(c.l.Host(0))) {
		if strings.Contains(line, "returned '") || strings.Contains(line, "could not be executed") {
			failures = append(failures, times.ReplaceAllString(line, "$1=T"))
		}
	}
	slices.Sort(failures)
	o.failures = strings.Join(failures, "")
	return o
}

var times = regexp.MustCompile(`(at|after|exec|queued)[= ](?:'[^']*'|[\w:. ]+)`)

func (o *outcome) compare(t *testing.T, want *outcome) {
	t.Helper()
	for _, line := range o.history {
		if !slices.Contains(want.history, line) {
			t.Errorf("history, ours alone:      %s", line)
		}
	}
	for _, line := range want.history {
		if !slices.Contains(o.history, line) {
			t.Errorf("history, reference alone: %s", line)
		}
	}
	if o.failures != want.failures {
		t.Errorf("failures shown:\n%swant:\n%s", o.failures, want.failures)
	}
	for node, files := range want.recorded {
		for name, content := range files {
			if got := o.recorded[node][name]; got != content {
				t.Errorf("%s on %s was called differently: %s\ngot  %s\nwant %s", name, node, firstDifference(got, content), calls(got), calls(content))
			}
		}
		for name := range o.recorded[node] {
			if _, ok := files[name]; !ok {
				t.Errorf("%s on %s was called by ours alone", name, node)
			}
		}
	}
	t.Logf("%d operations in the history compared, agents of %d nodes", len(want.history), len(want.recorded))
}

// called finds the calls of a record: the action, and how often it is repeated.
var called = regexp.MustCompile(`(?m)^(?:start|stop|monitor|status|promote|demote|notify)\b|^OCF_RESKEY_CRM_meta_interval=[1-9]\d*$`)

// calls are those of a record, in short.
func calls(record string) string {
	return strings.ReplaceAll(strings.Join(called.FindAllString(record, -1), " "), " OCF_RESKEY_CRM_meta_interval=", "/")
}

// firstDifference is the call and the line where two records part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	call := ""
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("%s: got %q, want %q", call, g[i], w[i])
		}
		switch first, _, _ := strings.Cut(g[i], " "); first {
		case "start", "stop", "monitor", "status", "promote", "demote", "notify":
			call = fmt.Sprintf("line %d, %s", i, first)
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}
