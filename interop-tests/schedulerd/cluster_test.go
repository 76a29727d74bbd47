//go:build interop

package schedulerd

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var update = flag.Bool("update", false, "make the goldens of the packages anew")

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	daemonPath   = "/usr/lib/pacemaker/pacemaker-schedulerd"
	daemonName   = "pacemaker-sched" // as the kernel cuts it
	inputs       = "/var/lib/pacemaker/pengine"
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
)

// agent is a fence agent that is content with everything.
const agent = `#!/bin/sh
while read line; do
	case $line in action=*) action=${line#action=} ;; esac
done
[ "$action" != metadata ] || cat <<'END'
<?xml version="1.0"?>
<resource-agent name="fence_dummy" shortdesc="content"><longdesc>content</longdesc>
<parameters><parameter name="action" required="0"><content type="string"/></parameter></parameters>
<actions><action name="on"/><action name="off"/><action name="reboot"/><action name="monitor"/><action name="list"/><action name="metadata"/></actions>
</resource-agent>
END
exit 0
`

// equip lays our scheduler on a host, if it is one of ours, and the fence agent.
func equip(h *lab.Host, ours bool) {
	h.WriteFile("/run/fence_dummy", agent)
	h.MustRun("chmod", "755", "/run/fence_dummy")
	h.MustRun("mount", "--bind", "/run/fence_dummy", "/usr/sbin/fence_dummy")
	if ours {
		h.Lay(daemonPath)
	}
}

func peer(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "peer")
	cmd := exec.Command("go", "build", "-o", bin, "./peer")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// A cluster of three, of which some run our scheduler.
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
	// The first becomes the DC, and so it is the first of ours that is asked.
	first := l.Host(0)
	first.StartPacemaker()
	l.Eventually(60*time.Second, first.Name+" is the DC", func() bool {
		return strings.Contains(status(first), "Current DC: "+first.Name)
	})
	for _, h := range l.Hosts()[1:] {
		h.StartPacemaker()
	}
	c.online(l.Host(0), "node1 node2 node3")
	return c
}

func status(h *lab.Host) string { return h.Exec("crm_mon", "-1", "-r").Stdout }

func (c *cluster) online(h *lab.Host, names string) {
	c.t.Helper()
	c.l.Eventually(90*time.Second, names+" online", func() bool {
		return strings.Contains(status(h), "Online: [ "+names+" ]")
	})
}

// shows waits until the status has all of these, and the cluster nothing more to do.
func (c *cluster) shows(h *lab.Host, patterns ...string) {
	c.t.Helper()
	c.l.Eventually(60*time.Second, strings.Join(patterns, ", "), func() bool {
		s := status(h)
		for _, p := range patterns {
			if !regexp.MustCompile(p).MatchString(s) {
				return false
			}
		}
		return true
	})
	h.MustRun("crm_resource", "--wait", "--timeout", "60s")
}

var dcLine = regexp.MustCompile(`Current DC: (node\d)`)

// dc is the host whose scheduler is asked.
func (c *cluster) dc(via *lab.Host) *lab.Host {
	c.t.Helper()
	m := dcLine.FindStringSubmatch(status(via))
	if m == nil {
		c.t.Fatal("no DC")
	}
	for _, h := range c.l.Hosts() {
		if h.Name == m[1] {
			return h
		}
	}
	return nil
}

func create(h *lab.Host, section, xml string) {
	h.MustRun("cibadmin", "-C", "-o", section, "--xml-text", xml)
}

func dummy(id, interval string) string {
	return `<primitive id="` + id + `" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="` + id + `-m" name="monitor" interval="` + interval + `"/></operations></primitive>`
}

// scenario takes a cluster through what schedulers are for.
func (c *cluster) scenario() {
	c.t.Helper()
	a := c.l.Host(0)
	create(a, "resources", dummy("d", "2s"))
	c.shows(a, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node\d`)
	create(a, "resources", `<group id="g">`+dummy("g1", "10s")+dummy("g2", "10s")+`</group>`)
	c.shows(a, `g2\s+\(ocf:pacemaker:Dummy\):\s+Started node\d`)
	create(a, "resources", `<clone id="c">`+dummy("ci", "10s")+`</clone>`)
	c.shows(a, `Started: \[ node1 node2 node3 \]`)

	// A resource fails where it runs.
	where := regexp.MustCompile(`d\s+\(ocf:pacemaker:Dummy\):\s+Started (node\d)`).FindStringSubmatch(status(a))
	for _, h := range c.l.Hosts() {
		if where != nil && h.Name == where[1] {
			h.MustRun("rm", "/run/Dummy-d.state")
		}
	}
	c.shows(a, `\* d 2s-interval monitor on node\d returned 'not running'`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node\d`)
	a.MustRun("crm_resource", "--cleanup", "-r", "d")

	// A node is sent on leave.
	a.MustRun("crm_standby", "-N", "node3", "-v", "on")
	c.shows(a, `Node node3: standby`, `Started: \[ node1 node2 \]`)
	a.MustRun("crm_standby", "-N", "node3", "-D")
	c.shows(a, `Started: \[ node1 node2 node3 \]`)

	// The DC loses power, is fenced, and comes back.
	create(a, "resources", `<primitive id="f" class="stonith" type="fence_dummy"><instance_attributes id="f-i"><nvpair id="f-h" name="pcmk_host_list" value="node1 node2 node3"/><nvpair id="f-c" name="pcmk_host_check" value="static-list"/></instance_attributes></primitive>`)
	c.shows(a, `f\s+\(stonith:fence_dummy\):\s+Started node\d`)
	a.MustRun("crm_attribute", "-n", "stonith-enabled", "-v", "true")
	c.shows(a, `f\s+\(stonith:fence_dummy\):\s+Started node\d`)
	victim := c.dc(a)
	survivor := a
	if victim == a {
		survivor = c.l.Host(1)
	}
	victim.Crash()
	c.shows(survivor, `OFFLINE: \[ `+victim.Name+` \]`, `d\s+\(ocf:pacemaker:Dummy\):\s+Started node\d`, `g2\s+\(ocf:pacemaker:Dummy\):\s+Started node\d`)
	if history := survivor.Exec("stonith_admin", "--history", victim.Name).Stdout; !strings.Contains(history, "turn reboot node "+victim.Name) && !strings.Contains(history, "reboot") {
		c.t.Errorf("%s was not fenced:\n%s", victim.Name, history)
	}
	victim.Boot()
	equip(victim, c.ours[victim])
	victim.StartCorosync()
	c.l.Form(c.l.Hosts()...)
	victim.StartPacemaker()
	c.online(survivor, "node1 node2 node3")
	c.shows(survivor, `Started: \[ node1 node2 node3 \]`)
}

// TestSwap runs our scheduler on all nodes, and on one of three, below the reference's
// pacemakerd and controller; and the reference's own, to compare with.
func TestSwap(t *testing.T) {
	kept := map[string]string{}
	for _, m := range []struct {
		name string
		ours []int
	}{{"CCC", nil}, {"GoGoGo", []int{0, 1, 2}}, {"GoCC", []int{0}}} {
		ok := t.Run(m.name, func(t *testing.T) {
			c := form(t, m.ours...)
			c.scenario()
			c.checkLogs()
			kept[m.name] = c.checkInputs()
			if len(m.ours) == len(c.l.Hosts()) {
				c.checkOwnership()
				c.kill()
				c.disturb(peer(t))
			}
		})
		if !ok {
			return
		}
	}
	for name, series := range kept {
		if c, ok := kept["CCC"]; ok && series != c {
			t.Errorf("series kept in %s: %s, with the reference's schedulers: %s", name, series, c)
		}
	}
}

// faults are what the others say of a scheduler that does not do its work. pacemakerd
// may ask a daemon once before it listens: it has just been started.
var faults = regexp.MustCompile(`(?m)^.*(?:pacemaker-schedulerd\[\d+\] (?:terminated|exited|is unresponsive to ipc after [2-9])|Connection to the scheduler failed|scheduler (?:failed|timed out)|Respawning (?:failed )?child|pe_ipc_destroy|No message from the scheduler|Filtering incompatible|Unrecognizable message from schedulerd).*$`)

func (c *cluster) checkLogs() {
	c.t.Helper()
	for _, h := range c.l.Hosts() {
		for _, line := range faults.FindAllString(h.ReadFile(pacemakerLog), -1) {
			c.t.Errorf("%s: %s", h.Name, line)
		}
	}
}

// kill ends the scheduler of the DC by force: pacemakerd starts it again, and the
// cluster goes on.
func (c *cluster) kill() {
	c.t.Helper()
	dc := c.dc(c.l.Host(0))
	old := dc.Pids(daemonName)
	if len(old) != 1 {
		c.t.Fatalf("%d schedulers on %s", len(old), dc.Name)
	}
	if err := syscall.Kill(old[0], syscall.SIGKILL); err != nil {
		c.t.Fatal(err)
	}
	c.l.Eventually(30*time.Second, "another scheduler", func() bool {
		pids := dc.Pids(daemonName)
		return len(pids) == 1 && pids[0] != old[0]
	})
	create(dc, "resources", dummy("afterkill", "10s"))
	c.shows(dc, `afterkill\s+\(ocf:pacemaker:Dummy\):\s+Started node\d`)
}

// disturb sends garbage to the scheduler of the DC, which goes on.
func (c *cluster) disturb(bin string) {
	c.t.Helper()
	dc := c.dc(c.l.Host(0))
	before := dc.Pids(daemonName)
	c.t.Log(dc.Name, dc.MustRun(dc.Copy(bin, "/run/peer"), "garbage", "pengine", "5"))
	create(dc, "resources", dummy("aftergarbage", "10s"))
	c.shows(dc, `aftergarbage\s+\(ocf:pacemaker:Dummy\):\s+Started node\d`)
	if after := dc.Pids(daemonName); len(before) != 1 || len(after) != 1 || before[0] != after[0] {
		c.t.Errorf("schedulers before %v, after %v", before, after)
	}
}

// checkOwnership: files belong to the cluster, as the reference's do.
func (c *cluster) checkOwnership() {
	c.t.Helper()
	for _, h := range c.l.Hosts() {
		out := h.MustRun("sh", "-c", "cd "+inputs+" && for f in * .[!.]*; do [ ! -e $f ] || stat -c '%n %U:%G %a' $f; done")
		for line := range strings.Lines(out) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasSuffix(line, " hacluster:haclient 640") {
				c.t.Errorf("%s: %s", h.Name, line)
			}
		}
	}
}

var inputName = regexp.MustCompile(`^(pe-input|pe-warn|pe-error)-(\d+)\.bz2$`)

// checkInputs: each series is whole, and each input leads to the same graph with the
// reference's crm_simulate and with ours. It returns the series there are.
func (c *cluster) checkInputs() string {
	c.t.Helper()
	stage, err := lab.Stage()
	if err != nil {
		c.t.Fatal(err)
	}
	series := map[string]bool{}
	replayed := 0
	for _, h := range c.l.Hosts() {
		files, err := os.ReadDir(h.Path(inputs))
		if err != nil {
			c.t.Fatal(err)
		}
		if c.ours[h] && len(files) == 0 && h == c.l.Host(0) {
			c.t.Errorf("%s was never asked", h.Name)
		}
		count := map[string]int{}
		for _, f := range files {
			if strings.HasSuffix(f.Name(), ".last") {
				continue
			}
			m := inputName.FindStringSubmatch(f.Name())
			if m == nil {
				c.t.Errorf("%s keeps %s", h.Name, f.Name())
				continue
			}
			series[m[1]] = true
			count[m[1]]++
			path := filepath.Join(h.Path(inputs), f.Name())
			theirs, ours := replay(c.t, "crm_simulate", path), replay(c.t, filepath.Join(stage, "usr/sbin/crm_simulate"), path)
			if theirs != ours {
				c.t.Errorf("%s: %s leads to another graph with the reference", h.Name, f.Name())
			}
			replayed++
		}
		for s, n := range count {
			if last := h.ReadFile(inputs + "/" + s + ".last"); last != strconv.Itoa(n) {
				c.t.Errorf("%s: %d of %s, the next is to be %q", h.Name, n, s, last)
			}
		}
	}
	c.t.Logf("%d inputs replayed", replayed)
	var names []string
	for _, s := range []string{"pe-error", "pe-warn", "pe-input"} {
		if series[s] {
			names = append(names, s)
		}
	}
	return strings.Join(names, " ")
}

// replay is what a crm_simulate makes of an input: graph, drawing and summary.
func replay(t *testing.T, program, input string) string {
	t.Helper()
	dir := t.TempDir()
	graph, dot := filepath.Join(dir, "graph"), filepath.Join(dir, "dot")
	cmd := exec.Command(program, "-x", input, "-S", "-G", graph, "-D", dot)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s of %s: %v", program, input, err)
	}
	for _, name := range []string{graph, dot} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		out = append(out, b...)
	}
	return string(out)
}
