//go:build interop

package fenced

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

const (
	daemonPath   = "/usr/lib/pacemaker/pacemaker-fenced"
	daemonName   = "pacemaker-fence" // as the kernel cuts it
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
	agentPath    = "/usr/sbin/fence_dummy" // over which the recorder is laid
	records      = "/run/recorder"
)

// recorder is a fence agent that writes down what it reads, and then does what its parameter
// do says.
const recorder = `#!/bin/sh
d=` + records + `
in=$(cat)
get() { printf "%s\n" "$in" | sed -n "s/^$1=//p"; }
action=$(get action)
case $action in
metadata) cat <<'END'
<?xml version="1.0" ?>
<resource-agent name="fence_dummy" shortdesc="Records"><longdesc>Records</longdesc><vendor-url>none</vendor-url>
<parameters><parameter name="action" unique="0" required="1"><content type="string" default="reboot"/><shortdesc lang="en">Action</shortdesc></parameter>
<parameter name="plug" unique="0" required="1"><content type="string"/><shortdesc lang="en">Plug</shortdesc></parameter>
<parameter name="do" unique="0" required="0"><content type="string"/><shortdesc lang="en">What to do</shortdesc></parameter></parameters>
<actions><action name="on" automatic="0"/><action name="off"/><action name="reboot"/><action name="status"/><action name="list"/><action name="monitor"/><action name="metadata"/></actions>
</resource-agent>
END
exit 0 ;;
esac
printf "%s\n\n" "$in" >>"$d/calls" # at once
case $(get do) in
fail) echo "it fails" >&2; exit 1 ;;
sleep) sleep 20 ;;
off-only) [ "$action" != on ] || exit 1 ;;
esac
case $action in
list) echo "x5,"; echo "x6,on" ;;
status) case $(get plug) in x7) exit 0 ;; x8) exit 2 ;; *) exit 1 ;; esac ;;
esac
exit 0
`

// swapped is three nodes, of which some run our fencer.
type swapped struct {
	t       *testing.T
	l       *lab.Lab
	mixture string
	agent   string
	// sbd has each host run SBD, without a disk: what it logs.
	sbd map[*lab.Host]*lab.Syslog
	// said is what was done and what came of it.
	said strings.Builder
}

// ours tells whether a node runs our fencer.
func ours(mixture string, node int) bool { return mixture[node] != 'c' }

// form makes a cluster: a letter a node, c for the reference's fencer, g for ours, G for ours and our stonith_admin, A for all
// programs of Pacemaker ours.
// The fence agent is laid over one that each host has.
func form(t *testing.T, mixture, agent string, ring lab.Ring) *swapped {
	l := lab.New(t, len(mixture))
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", ring.Conf(l.Hosts()))
	c := &swapped{t: t, l: l, mixture: mixture, agent: agent}
	c.start()
	return c
}

// start brings all hosts up, the first as the DC.
func (c *swapped) start() {
	t, l, mixture := c.t, c.l, c.mixture
	t.Helper()
	var names []string
	for _, h := range l.Hosts() {
		c.ring(h)
		names = append(names, h.Name)
	}
	l.Form(l.Hosts()...)
	first := l.Host(0)
	c.pacemaker(first)
	l.Eventually(60*time.Second, first.Name+" is the DC", func() bool {
		return strings.Contains(first.Exec("crm_mon", "-1").Stdout, "Current DC: "+first.Name)
	})
	for _, h := range l.Hosts()[1:] {
		c.pacemaker(h)
	}
	c.online(strings.Join(names, " "))
	for i, h := range l.Hosts() {
		c.checkProgram(h, ours(mixture, i))
	}
}

// pacemaker starts it on a host whose corosync runs.
func (c *swapped) pacemaker(h *lab.Host) {
	if c.sbd != nil {
		h.StartPacemaker("SBD_WATCHDOG_TIMEOUT=5")
		return
	}
	h.StartPacemaker()
}

// ring brings a host that was booted as far as the ring, with its fencer and the agent laid.
func (c *swapped) ring(h *lab.Host) {
	c.t.Helper()
	h.WriteFile("/run/fence_recorder", c.agent)
	h.MustRun("sh", "-c", "mkdir -p "+records+" && chmod 755 /run/fence_recorder && mount --bind /run/fence_recorder "+agentPath)
	switch c.mixture[h.Index] {
	case 'g':
		h.Lay(daemonPath)
	case 'G':
		h.Lay(daemonPath)
		h.Lay("/usr/sbin/stonith_admin")
	case 'A':
		h.LayPacemaker()
	}
	if c.sbd != nil {
		c.sbd[h] = h.StartSyslog()
	}
	h.StartCorosync()
	if c.sbd != nil {
		// It has no watchdog, and logs when it would fence the node.
		h.MustRun("sbd", "-v", "-v", "-Z", "-Z", "-R", "-P", "-w", "/dev/null", "-p", "/run/sbd.pid", "watch")
	}
}

func (c *swapped) online(names string) {
	c.t.Helper()
	c.l.Eventually(90*time.Second, names+" online", func() bool {
		return strings.Contains(c.l.Host(0).Exec("crm_mon", "-1").Stdout, "Online: [ "+names+" ]")
	})
}

// checkProgram: the fencer that runs is the one that is meant to.
func (c *swapped) checkProgram(h *lab.Host, want bool) {
	c.t.Helper()
	pids := h.Pids(daemonName)
	if len(pids) != 1 {
		c.t.Fatalf("%d fencers on %s", len(pids), h.Name)
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pids[0]))
	if err != nil {
		c.t.Fatal(err)
	}
	if ours := !strings.Contains(string(maps), "libcrmcommon"); ours != want {
		c.t.Fatalf("%s runs ours: %t, want %t", h.Name, ours, want)
	}
}

// varies are what is not the same twice: process ids, tokens, and times.
var varies = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d\d:?\d\d|Z)?`), "TIME"},
	{regexp.MustCompile(`\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}`), "TIME"},
	{regexp.MustCompile(`(stonith_admin|pacemaker-fenced|pacemaker-controld)\.\d+`), "$1.PID"},
	// Who leads an operation for its target is any other node.
	{regexp.MustCompile(`client=pacemaker-fenced\.PID, origin=\w+`), "client=pacemaker-fenced.PID, origin=PEER"},
}

func mask(s string) string {
	for _, v := range varies {
		s = v.re.ReplaceAllString(s, v.with)
	}
	return s
}

// do runs the tool on a node and keeps what it says.
func (c *swapped) do(node int, args string) {
	c.t.Helper()
	h := c.l.Host(node)
	r := h.Exec("stonith_admin", strings.Fields(args)...)
	fmt.Fprintf(&c.said, "== %s: stonith_admin %s\n%s", h.Name, args, mask(r.Stdout))
	if r.Stderr != "" {
		fmt.Fprintf(&c.said, "!! %s", mask(r.Stderr))
	}
	fmt.Fprintf(&c.said, "-> %d\n", r.Code)
}

// calls keeps what the agents were called with since the last time.
func (c *swapped) calls() {
	for _, h := range c.l.Hosts() {
		if s := h.ReadFile(records + "/calls"); s != "" {
			fmt.Fprintf(&c.said, "-- agent on %s\n%s", h.Name, s)
			h.MustRun("rm", records+"/calls")
		}
	}
}

// history waits until all nodes tell the same, and keeps it.
func (c *swapped) history(nodes ...int) {
	c.t.Helper()
	if nodes == nil {
		nodes = []int{0, 1, 2}
	}
	var last string
	c.l.Eventually(20*time.Second, "settled histories", func() bool {
		var b strings.Builder
		for _, n := range nodes {
			h := c.l.Host(n)
			lines := strings.Split(strings.TrimSpace(mask(h.Exec("stonith_admin", "-H", "*", "-V").Stdout)), "\n")
			slices.Sort(lines) // those of one second come in any order
			fmt.Fprintf(&b, "-- history on %s\n%s\n", h.Name, strings.Join(lines, "\n"))
		}
		settled := b.String() == last
		last = b.String()
		return settled && !strings.Contains(last, "pending")
	})
	c.said.WriteString(last)
}

// scenario is what the tool asks of fencers; the nodes x1 to x9 are none of the cluster.
func (c *swapped) scenario() {
	c.t.Helper()
	// Devices of one node, used by all.
	c.do(0, "-R one -a fence_dummy -o pcmk_host_list=x1,x2 -o pcmk_host_map=x1:p1;x2:p2")
	c.do(1, "-R two -a fence_dummy -o pcmk_host_list=x2,x3,x4 -o do=fail")
	c.do(2, "-R slow -a fence_dummy -o pcmk_host_list=x4 -o do=sleep -o pcmk_off_timeout=5s -o pcmk_off_retries=1")
	c.do(2, "-R lists -a fence_dummy")
	c.do(1, "-R asks -a fence_dummy -o pcmk_host_check=status -o pcmk_list_timeout=7")
	c.do(0, "-R odd -a fence_dummy -o pcmk_host_list=x9 -o action=off -o pcmk_on_action=status -o pcmk_host_argument=name")
	for n := range c.l.Hosts() {
		c.do(n, "-L")
		for _, x := range []string{"x1", "x5", "x7", "x8", "x9"} {
			c.do(n, "-l "+x)
		}
	}
	c.calls()
	for n := range c.l.Hosts() {
		c.do(n, "-F x1 -t 20")
		c.do(n, "-B x1 -t 20")
		c.do(n, "-U x1 -t 20")
		c.calls()
	}
	c.do(2, "-F x5 -t 10")
	c.do(0, "-F x7 -t 10")
	c.do(1, "-B x9 -t 10")
	c.do(1, "-U x9 -t 10")
	c.calls()
	c.do(1, "-F x3 -t 5") // fails
	c.do(2, "-F nobody -t 5")
	c.do(0, "-C x8")
	c.do(2, "-F x1 -t 20 --tolerance 300s")
	c.calls()
	c.history()
	c.do(1, "-D asks") // which takes its time to say no
	// Levels: the first fails, the second has two devices.
	for n := range c.l.Hosts() {
		c.do(n, "-r x2 -i 1 -v two")
		c.do(n, "-r x2 -i 2 -v one -v odd")
		c.do(n, "-r @^x[45]$ -i 3 -v lists")
		c.do(n, "-r x4 -i 1 -v slow")
	}
	c.do(0, "-R odd -a fence_dummy -o pcmk_host_list=x2,x9 -o do=off-only")
	c.calls()
	c.do(0, "-F x2 -t 20")
	c.calls()
	c.do(1, "-B x2 -t 20")
	c.calls()
	c.do(2, "-B x5 -t 10") // the only device of its level
	c.calls()
	c.do(0, "-F x4 -t 10") // runs out of time
	c.calls()
	for n := range c.l.Hosts() {
		c.do(n, "-d x2 -i 1")
	}
	c.do(1, "-F x2 -t 20")
	c.calls()
	// A node's own fencer leaves it to a peer.
	c.do(1, "-R own -a fence_dummy -o pcmk_host_list=node1,node3")
	c.do(0, "-U node1 -t 10")
	c.do(2, "-U node3 -t 10")
	c.calls()
	c.history()
	c.do(1, "-h x2")
	c.do(1, "-H x2 --cleanup")
	c.do(0, "-H * --cleanup")
	c.history()
	for n := range c.l.Hosts() {
		for _, id := range []string{"one", "two", "slow", "lists", "odd", "own"} {
			if r := c.l.Host(n).Exec("stonith_admin", "-D", id); r.Code != 0 {
				c.t.Errorf("%s: device %s stays: %s", c.l.Host(n).Name, id, r.Stderr)
			}
		}
		c.do(n, "-L")
	}
}

// TestSwap takes clusters of both fencers through the scenario: what the tool says, what the
// agents are called with and what is remembered has to be the same as with the reference's
// alone, whose course is kept.
func TestSwap(t *testing.T) {
	golden := filepath.Join("testdata", "swap.txt")
	if *mixtures == "" && !*update {
		t.Skip("it takes 45 s a cluster: say -mixtures gcc,gcg,ggg,GcG")
	}
	all := strings.Split(*mixtures, ",")
	if *update {
		all = []string{"ccc"}
	}
	for _, mixture := range all {
		t.Run(mixture, func(t *testing.T) {
			c := form(t, mixture, recorder, lab.Ring{Transport: "udpu"})
			c.scenario()
			keptCourse(t, golden, c.said.String())
		})
	}
}

// keptCourse compares a course with the one that is kept, or keeps it.
func keptCourse(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got, string(want))
}

// compare shows where two courses part.
func compare(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "", ""
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			from := max(0, i-12)
			t.Fatalf("line %d differs\ngot\n%s\nwant\n%s", i+1, strings.Join(g[from:min(len(g), i+12)], "\n"), strings.Join(w[from:min(len(w), i+12)], "\n"))
		}
	}
}
