//go:build interop

package fenced

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var watchdogs = flag.String("watchdogs", "ccc,ggg,AAA", "the clusters that TestWatchdog forms, of c, g, G and A; all are compared with the first")

// selfFencing is how long the cluster gives a lost node to reset itself.
const selfFencing = 10 * time.Second

// watched is a cluster whose nodes have nothing but SBD to fence them. Its test is the watchdog: it takes the
// power of a node whose SBD has been killed, or would have reset the node.
type watched struct {
	*cluster
	lostAt map[string]time.Time // when nodes lost their power
}

func formWatched(t *testing.T, mixture string) *watched {
	t.Helper()
	l := lab.New(t, len(mixture))
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", udpu.Conf(l.Hosts()))
	s := &swapped{t: t, l: l, mixture: mixture, agent: recorder, sbd: map[*lab.Host]*lab.Syslog{}}
	s.start()
	c := &watched{&cluster{s, l.NewPower(), t}, map[string]time.Time{}}
	for _, h := range l.Hosts() {
		c.equip(h)
		c.watches(h)
	}
	first := l.Host(0)
	first.MustRun("cibadmin", "-C", "-o", "resources", "--xml-text", c.Locked("one"))
	first.MustRun("cibadmin", "-C", "-o", "constraints", "--xml-text", `<rsc_location id="one-on" rsc="one" node="node3" score="100"/>`)
	first.MustRun("crm_attribute", "-n", "dc-deadtime", "-D")
	first.MustRun("crm_attribute", "-n", "stonith-watchdog-timeout", "-v", selfFencing.String())
	first.MustRun("crm_attribute", "-n", "stonith-enabled", "-v", "true")
	c.runs("node3")
	return c
}

// watches waits until SBD watches a host's cluster.
func (c *watched) watches(h *lab.Host) {
	c.t.Helper()
	c.l.Eventually(30*time.Second, h.Name+"'s sbd watches corosync and pacemaker", func() bool {
		return strings.Count(c.sbd[h].Since(0), "is healthy") >= 2
	})
}

// watch is the watchdog's look at all hosts.
func (c *watched) watch() {
	c.t.Helper()
	for _, h := range c.powered() {
		why := ""
		switch {
		case strings.Contains(c.sbd[h].Since(0), "Would have fenced"):
			why = "sbd"
		case h.Exec("sh", "-c", "kill -0 $(cat /run/sbd.pid)").Code != 0:
			why = "the end of sbd"
		default:
			continue
		}
		c.Take(h.Name)
		c.Cuts = append(c.Cuts, lab.Cut{Host: h.Name, By: why})
		c.lostAt[h.Name] = time.Now()
	}
}

// until is cluster's, with a watchdog.
func (c *watched) until(d time.Duration, what string, ok func() bool) {
	c.t.Helper()
	c.l.Eventually(d, what, func() bool {
		c.watch()
		c.check()
		return ok()
	})
}

// assumed waits until a node remembers that another was reset, which is not before its watchdog had the time for it.
func (c *watched) assumed(h *lab.Host, node string) {
	c.t.Helper()
	c.until(90*time.Second, h.Name+" takes "+node+" for reset", func() bool {
		return strings.Contains(h.Exec("stonith_admin", "-H", "*", "-V").Stdout, "reboot of "+node+" successful")
	})
}

// tells keeps what the tool says, but for times, and who did it.
func (c *watched) tells(h *lab.Host, args ...string) {
	c.t.Helper()
	r := h.Exec("stonith_admin", args...)
	lines := strings.Split(strings.TrimSpace(asks.ReplaceAllString(mask(r.Stdout+r.Stderr), "")), "\n")
	slices.Sort(lines)
	c.said.WriteString("== stonith_admin " + strings.Join(args, " ") + "\n" + strings.Join(lines, "\n") + "\n")
}

// asks are what depends on who was the DC, and how often it had to try.
var asks = regexp.MustCompile(`(?: on behalf of| for) [\w.]+ (?:from|on) \w+|\(\d+ times?\)`)

// watchdogStory takes a cluster whose nodes fence themselves through the loss of each of them.
func watchdogStory(t *testing.T, mixture string) string {
	c := formWatched(t, mixture)
	first, second, third := c.l.Host(0), c.l.Host(1), c.l.Host(2)
	for _, h := range c.l.Hosts() {
		c.tells(h, "-L")
		c.tells(h, "-l", "node3")
		c.tells(h, "-Q", "watchdog")
	}
	// One loses its power, and nobody knows.
	before := time.Now()
	c.Take(third.Name)
	c.Cuts = append(c.Cuts, lab.Cut{Host: third.Name, By: "nobody"})
	c.assumed(first, third.Name)
	if waited := time.Since(before); waited < selfFencing {
		t.Errorf("%s was taken for reset after %v", third.Name, waited)
	}
	c.movedFrom(third.Name)
	c.again(third)
	// One is asked to go, and has SBD killed, which the watchdog notices.
	fencing := first.Start("stonith_admin", "-B", "node2", "-t", "60")
	c.until(90*time.Second, "node2's power is gone", func() bool { return c.Taken("node2") })
	c.assumed(first, second.Name)
	c.until(30*time.Second, "stonith_admin ends", func() bool {
		select {
		case <-fencing.Done():
			return true
		default:
			return false
		}
	})
	if code := fencing.ExitCode(); code != 0 {
		t.Errorf("stonith_admin -B node2: status %d: %s", code, first.ReadFile("/var/log/stonith_admin.out"))
	}
	c.again(second)
	// One is cut off. Its SBD resets it, as it has no quorum.
	for _, h := range c.l.Hosts() {
		h.MustRun("stonith_admin", "-H", "node3", "--cleanup")
	}
	c.Cuts = slices.DeleteFunc(c.Cuts, func(x lab.Cut) bool { return x.Host == third.Name })
	c.l.Partition(c.l.Hosts()[:2], c.l.Hosts()[2:])
	c.until(90*time.Second, "node3's power is gone", func() bool { return c.Taken("node3") })
	c.assumed(first, third.Name)
	c.movedFrom(third.Name)
	c.l.SetAllLinks(lab.Fault{})
	c.again(third)
	for _, h := range c.l.Hosts() {
		c.tells(h, "-L")
	}
	// A time that SBD cannot keep ends Pacemaker on all of them.
	first.MustRun("crm_attribute", "-n", "stonith-watchdog-timeout", "-v", "4s")
	c.l.Eventually(90*time.Second, "Pacemaker has ended on all nodes", func() bool {
		running := false
		for _, h := range c.l.Hosts() {
			if len(h.Pids("pacemakerd")) > 0 {
				running = true
				h.Exec("crm_attribute", "-n", "tickle", "-v", time.Now().Format("150405.000")) // whoever has not looked looks
			}
		}
		return !running
	})
	for _, h := range c.l.Hosts() {
		if why := `stonith-watchdog-timeout (4s) too short (must be >5000ms)`; !strings.Contains(h.ReadFile(pacemakerLog), why) {
			t.Errorf("%s does not say why it ends: %s", h.Name, why)
		}
	}
	return c.said.String()
}

// again starts a node that was reset, with SBD, and waits until it has what it had.
func (c *watched) again(h *lab.Host) {
	c.t.Helper()
	c.back(h)
	c.watches(h)
	c.cluster.runs("node3")
}

// TestWatchdog has nodes that nothing can fence but their own watchdogs, by SBD.
func TestWatchdog(t *testing.T) {
	if os.Getenv("RINGMASTER_FENCING") == "" {
		t.Skip("it takes two minutes a cluster: set RINGMASTER_FENCING")
	}
	var want string
	for i, mixture := range strings.Split(*watchdogs, ",") {
		t.Run(mixture, func(t *testing.T) {
			said := watchdogStory(t, mixture)
			if i == 0 {
				want = said
			}
			compare(t, said, want)
		})
	}
}
