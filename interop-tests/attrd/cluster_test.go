//go:build interop

package attrd

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var (
	update   = flag.Bool("update", false, "keep the course of a cluster of the reference's daemons")
	mixtures = flag.String("mixtures", "gcg,ggg", "the clusters to form, of c and g")
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

const (
	daemonPath   = "/usr/lib/pacemaker/pacemaker-attrd"
	daemonName   = "pacemaker-attrd"
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
)

// cluster is three nodes, of which some run our daemon.
type cluster struct {
	t *testing.T
	l *lab.Lab
	// said is what was done and what came of it.
	said []string
}

// form makes a cluster: a letter a node, g for ours and c for the reference's.
func form(t *testing.T, mixture string) *cluster {
	l := lab.New(t, 3)
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	c := &cluster{t: t, l: l}
	for i, h := range l.Hosts() {
		if mixture[i] == 'g' {
			h.Lay(daemonPath)
		}
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		h.StartPacemaker()
	}
	c.online(l.Host(0), "node1 node2 node3")
	l.Host(0).MustRun("crm_attribute", "-n", "stonith-enabled", "-v", "false")
	l.Host(0).MustRun("crm_attribute", "-n", "no-quorum-policy", "-v", "ignore")
	return c
}

func (c *cluster) online(h *lab.Host, names string) {
	c.t.Helper()
	c.l.Eventually(90*time.Second, names+" online", func() bool {
		return strings.Contains(h.Exec("crm_mon", "-1", "-r").Stdout, "Online: [ "+names+" ]")
	})
}

// names are the attributes that are looked at.
var names = []string{
	"#attrd-protocol", "#feature-set", "a1", "a2", "count", "private", "damped", "inset", "empty",
	"fail-count-d#monitor_10000", "last-failure-d#monitor_10000", "fail-count-d#start_0", "fail-count-e#start_0", "shutdown",
}

// transient are the transient attributes that a CIB has, a line each, sorted.
func transient(h *lab.Host) []string {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(h.Exec("cibadmin", "-Q", "-l", "-o", "status").Stdout); err != nil || doc.Root() == nil {
		return []string{"no CIB"}
	}
	var lines []string
	for _, state := range doc.FindElements("//node_state") {
		for _, set := range state.FindElements("transient_attributes/instance_attributes") {
			for _, pair := range set.SelectElements("nvpair") {
				get := func(name string) string { return pair.SelectAttrValue(name, "?") }
				lines = append(lines, fmt.Sprintf("%s %s %s %s=%s", state.SelectAttrValue("uname", state.SelectAttrValue("id", "?")), set.SelectAttrValue("id", "?"), get("id"), get("name"), get("value")))
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// query prints what a daemon knows.
var query = func() string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "out=$(attrd_updater -n '%s' -Q -A 2>&1 | sort | tr '\\n' '|'); echo '%s' \"$out\"\n", name, name)
	}
	return b.String()
}()

// snapshot is all that there is to be seen of attributes, on these hosts.
func (c *cluster) snapshot(hosts []*lab.Host) string {
	parts := make([]string, len(hosts))
	var all sync.WaitGroup
	for i, h := range hosts {
		all.Go(func() {
			parts[i] = "-- " + h.Name + "\n" + h.Exec("sh", "-c", query).Stdout + strings.Join(transient(h), "\n") + "\n"
		})
	}
	all.Wait()
	return strings.Join(parts, "")
}

// quiet waits until nothing changes any more, and keeps what there is to be seen.
func (c *cluster) quiet(what string, hosts ...*lab.Host) {
	c.t.Helper()
	if len(hosts) == 0 {
		hosts = c.l.Hosts()
	}
	last, same := "", 0
	c.l.Eventually(60*time.Second, "quiet after "+what, func() bool {
		now := c.snapshot(hosts)
		if now == last && c.agree(now, len(hosts)) {
			same++
		} else {
			same = 0
		}
		last = now
		return same >= 2
	})
	c.said = append(c.said, "== "+what+"\n"+last)
}

// agree tells whether all hosts show the same.
func (c *cluster) agree(snapshot string, n int) bool {
	parts := strings.Split(snapshot, "-- node")
	for _, p := range parts[2:] {
		if p[1:] != parts[1][1:] {
			return false
		}
	}
	return len(parts) == n+1
}

// run runs a tool, and keeps what it says.
func (c *cluster) run(node int, args ...string) {
	c.t.Helper()
	r := c.l.Host(node-1).Exec(args[0], args[1:]...)
	c.said = append(c.said, fmt.Sprintf("node%d$ %s: %d %s%s", node, strings.Join(args, " "), r.Code, r.Stdout, r.Stderr))
}

// do runs a tool and waits for what comes of it.
func (c *cluster) do(node int, args ...string) {
	c.t.Helper()
	c.run(node, args...)
	c.quiet(strings.Join(args, " "))
}

// scenario does with attributes all that tools can do.
func (c *cluster) scenario() {
	c.t.Helper()
	up := "attrd_updater"
	c.quiet("start")
	c.do(1, up, "-n", "a1", "-U", "v1")
	c.run(2, up, "-n", "a1", "-U", "v2")
	c.run(3, up, "-n", "a1", "-U", "v3")
	c.do(1, up, "-n", "a2", "-U", "x", "-N", "node3")
	c.do(1, up, "-n", "a1", "-U", "V1") // no change
	c.do(2, up, "-n", "count", "-U", "5")
	c.do(2, up, "-n", "count", "-U", "value++")
	c.do(2, up, "-n", "count", "-U", "value+=10")
	c.do(3, up, "-n", "count", "-U", "value+=INFINITY", "-N", "node2")
	c.do(1, up, "-n", "private", "-U", "secret", "-p")
	c.do(2, up, "-n", "inset", "-U", "1", "-s", "my:set")
	c.do(3, up, "-n", "empty", "-U", "")
	c.do(1, up, "-n", "nosuch", "-Y", "-d", "3")
	c.run(1, up, "-n", "damped", "-B", "1", "-d", "3")
	for _, v := range []string{"2", "3", "4"} {
		c.run(3, up, "-n", "damped", "-U", v)
	}
	time.Sleep(4 * time.Second) // the attribute's delay, during which nothing is to be seen
	c.do(3, up, "-n", "damped", "-Y", "-d", "0")
	c.do(1, up, "-n", "a1", "-D")
	c.do(2, up, "-R")
	c.do(2, "crm_attribute", "-l", "reboot", "-P", "^a[12]$", "-v", "pattern", "-N", "node2")
	c.do(2, up, "-Q", "-n", "a1")
	c.do(2, up, "-Q", "-n", "a1", "-N", "localhost")
	c.do(2, up, "-Q", "-n", "a1", "-N", "nobody")

	c.run(1, "cibadmin", "-C", "-o", "resources", "--xml-text", `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="d-m" name="monitor" interval="10s"/></operations></primitive>`)
	c.run(1, "cibadmin", "-C", "-o", "resources", "--xml-text", `<primitive id="r1" class="ocf" provider="pacemaker" type="remote"><meta_attributes id="r1-m"><nvpair id="r1-t" name="target-role" value="Stopped"/></meta_attributes></primitive>`)
	c.run(1, "crm_resource", "--wait", "--timeout", "30s")
	for _, name := range []string{"fail-count-d#monitor_10000", "last-failure-d#monitor_10000", "fail-count-d#start_0", "fail-count-e#start_0"} {
		c.run(2, up, "-n", name, "-U", "7")
	}
	c.quiet("failures")
	c.do(1, "crm_failcount", "-D", "-r", "d", "-N", "node2", "-n", "monitor", "-I", "10s")
	c.do(1, "crm_failcount", "-D", "-r", "d", "-N", "node2")
	c.do(1, "crm_attribute", "-l", "reboot", "-N", "r1", "-n", "a1", "-v", "far")
	c.do(1, "crm_attribute", "-l", "reboot", "-N", "r1", "-n", "a1", "-G")
	c.do(3, "crm_attribute", "-l", "reboot", "-n", "a2", "-v", "by crm_attribute")
	c.do(1, "crm_node", "-f", "-R", "nobody")
}

// restarts has daemons end and nodes go, come back, and be parted.
func (c *cluster) restarts() {
	c.t.Helper()
	// The daemon of each node in turn is killed: the writer's too, then.
	for i, h := range c.l.Hosts() {
		pids := h.Pids(daemonName)
		if len(pids) != 1 {
			c.t.Fatalf("%d daemons on %s", len(pids), h.Name)
		}
		if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
			c.t.Fatal(err)
		}
		c.l.Eventually(30*time.Second, "another daemon on "+h.Name, func() bool {
			now := h.Pids(daemonName)
			return len(now) == 1 && now[0] != pids[0] && h.Exec("attrd_updater", "-n", "#attrd-protocol", "-Q").Code == 0
		})
		c.do(i+1, "attrd_updater", "-n", "a2", "-U", "after kill")
	}
	node3 := c.l.Host(2)
	for _, pid := range node3.Pids("pacemakerd") {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			c.t.Fatal(err)
		}
	}
	c.l.Eventually(60*time.Second, "node3 leaves", func() bool { return len(node3.Pids("pacemakerd")) == 0 })
	c.quiet("node3 has left", c.l.Hosts()[:2]...)
	c.run(1, "attrd_updater", "-n", "a1", "-U", "alone")
	c.quiet("update", c.l.Hosts()[:2]...)
	node3.StartPacemaker()
	c.online(c.l.Host(0), "node1 node2 node3")
	c.quiet("node3 is back")

	c.l.Partition(c.l.Hosts()[:1], c.l.Hosts()[1:])
	c.online(c.l.Host(0), "node1")
	c.online(c.l.Host(1), "node2 node3")
	c.run(1, "attrd_updater", "-n", "a1", "-U", "on one side")
	c.run(2, "attrd_updater", "-n", "a1", "-U", "on the other")
	c.quiet("parted", c.l.Hosts()[:1]...)
	c.quiet("parted", c.l.Hosts()[1:]...)
	c.l.Partition(c.l.Hosts())
	c.online(c.l.Host(0), "node1 node2 node3")
	c.online(c.l.Host(1), "node1 node2 node3")
	c.do(3, "attrd_updater", "-n", "a2", "-U", "together")
}

// faults are what the others say of a daemon that does not do its work. pacemakerd
// may ask a daemon once before it listens: it has just been started.
var faults = regexp.MustCompile(`(?m)^.*pacemaker-attrd\[\d+\] (?:terminated with signal (?:6|11)|exited with status [1-9]|is unresponsive to ipc after [2-9]).*$`)

func (c *cluster) checkLogs() {
	c.t.Helper()
	for _, h := range c.l.Hosts() {
		for _, line := range faults.FindAllString(h.ReadFile(pacemakerLog), -1) {
			c.t.Errorf("%s: %s", h.Name, line)
		}
	}
}

// TestSwap compares clusters with our daemon on some nodes to one without, whose course
// testdata/reference.txt has; with -update it is made anew.
func TestSwap(t *testing.T) {
	file := filepath.Join("testdata", "reference.txt")
	if *update {
		c := form(t, "ccc")
		c.scenario()
		c.restarts()
		if err := os.WriteFile(file, []byte(strings.Join(c.said, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for mixture := range strings.SplitSeq(*mixtures, ",") {
		t.Run(mixture, func(t *testing.T) {
			c := form(t, mixture)
			c.scenario()
			c.restarts()
			c.checkLogs()
			compare(t, strings.Join(c.said, "\n"), string(b))
		})
	}
}

// compare compares two courses step by step. An attribute of the controller's is left out:
// after its daemon was killed it comes back when the nodes join anew, and whether they do
// depends on which node was the DC.
func compare(t *testing.T, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n== "), strings.Split(want, "\n== ")
	feature := regexp.MustCompile(`(?m)^.*#feature-set.*\n?`)
	for i := range min(len(a), len(b)) {
		if feature.ReplaceAllString(a[i], "") != feature.ReplaceAllString(b[i], "") {
			t.Errorf("step %d:\n%s\nwith the reference's:\n%s", i, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d steps, want %d", len(a), len(b))
	}
}
