//go:build interop

package whole

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var leaders = flag.String("leaders", "GoCC,GoGoC", "the clusters whose leaders TestLeader has fail")

// led is a cluster whose leader fails, and which runs a resource that must not be active twice.
type led struct {
	*service
	paused *lab.Host
}

// daemons are a node's, the ring's and Pacemaker's.
var daemons = []string{"corosync", "pacemakerd", "pacemaker-based", "pacemaker-fenced", "pacemaker-execd", "pacemaker-attrd", "pacemaker-schedulerd", "pacemaker-controld"}

// awake are the hosts that run and can be asked.
func (c *led) awake() (hosts []*lab.Host) {
	for _, h := range c.l.Hosts() {
		if h.Running() && h != c.paused {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// until is service's, with what must hold all the time.
func (c *led) until(d time.Duration, what string, ok func() bool) {
	c.t.Helper()
	c.service.until(d, what, func() bool {
		c.power.Check(c.awake()...)
		return ok()
	})
}

// leader waits until all hosts that can be asked have the same leader, which is one of them, and gives it.
func (c *led) leader() (dc *lab.Host) {
	c.t.Helper()
	c.until(60*time.Second, "one leader", func() bool {
		dc = nil
		names := map[string]bool{}
		for _, h := range c.awake() {
			name := leader(h.Exec("crm_mon", "-1").Stdout)
			names[name] = true
			if h.Name == name {
				dc = h
			}
		}
		return dc != nil && len(names) == 1
	})
	return dc
}

// runs waits until the resource is active somewhere that can be asked, on a host of that name if it is not "".
func (c *led) runs(where string) {
	c.t.Helper()
	c.until(90*time.Second, "the resource runs, where: "+where, func() bool {
		h := c.awake()[0]
		_, at, ok := strings.Cut(h.Exec("crm_resource", "-W", "-r", "one").Stdout, "is running on: ")
		return ok && (where == "" || strings.TrimSpace(at) == where)
	})
}

// pause stops a host's daemons until the others have asked for its power and for some time after, so that it comes back
// as who it was before its power goes.
func (c *led) pause(h *lab.Host) {
	c.t.Helper()
	c.power.Held[h.Name] = true
	c.paused = h
	for _, d := range daemons {
		if len(h.Pids(d)) == 0 {
			c.t.Fatalf("no %s on %s", d, h.Name)
		}
		h.SignalAll(d, syscall.SIGSTOP)
	}
	c.until(60*time.Second, h.Name+" is to be fenced", func() bool {
		for _, w := range c.power.Wanted() {
			if w.Host == h.Name {
				return true
			}
		}
		return false
	})
	for _, d := range daemons {
		h.SignalAll(d, syscall.SIGCONT)
	}
	// It is fenced by who has begun with it, whatever it says by now.
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c.power.Check()
	}
	delete(c.power.Held, h.Name)
}

// own is what each node writes into its own copy (package mix has the same).
var own = regexp.MustCompile(` (?:cib-last-written|crm-debug-origin|update-origin|update-client|update-user)="[^"]*"`)

// settled waits until all are there, nobody has anything to do, and there is one CIB.
func (c *led) settled() {
	c.t.Helper()
	c.online()
	last := ""
	c.until(60*time.Second, "one CIB", func() bool {
		texts := map[string]bool{}
		text := ""
		for _, h := range c.awake() {
			text = own.ReplaceAllString(h.Exec("cibadmin", "-Q", "-l").Stdout, "")
			texts[text] = true
		}
		same := len(texts) == 1 && text != "" && text == last
		last = text
		return same
	})
}

// leaderFaults are what happens to leaders.
var leaderFaults = []struct {
	name string
	do   func(c *led, dc *lab.Host)
}{
	{"crashes", func(_ *led, dc *lab.Host) { dc.Crash() }},
	{"is paused", (*led).pause},
	{"is cut off", func(c *led, dc *lab.Host) {
		var others []*lab.Host
		for _, o := range c.l.Hosts() {
			if o != dc {
				others = append(others, o)
			}
		}
		c.l.Partition(others, []*lab.Host{dc})
	}},
}

// TestLeader has whole nodes of both kinds in one cluster, and the one that leads it crash, pause and be cut off: it is
// fenced, another leads, the resource that it ran moves and is never active twice, and it comes back. Who leads is
// whoever has been there for longest, so that each node leads three times, and fails in another way each time.
func TestLeader(t *testing.T) {
	if os.Getenv("RINGMASTER_WHOLE") == "" {
		t.Skip("it takes five minutes for a cluster: set RINGMASTER_WHOLE")
	}
	for _, mixture := range strings.Split(*leaders, ",") {
		t.Run(mixture, func(t *testing.T) {
			c := &led{}
			c.service = formService(t, mixture, (*lab.Host).LayLocked)
			first := c.l.Host(0)
			first.MustRun("cibadmin", "-C", "-o", "resources", "--xml-text", c.power.Locked("one"))
			first.MustRun("pcs", "resource", "create", "many", "ocf:pacemaker:Dummy", "clone")
			seen := map[string]bool{}
			hosts := len(c.l.Hosts())
			for i := range hosts * len(leaderFaults) {
				fault := leaderFaults[(i+i/hosts)%len(leaderFaults)]
				c.settled()
				dc := c.leader()
				dc.Exec("crm_resource", "--clear", "-r", "one")
				dc.MustRun("crm_resource", "--move", "-r", "one", "-N", dc.Name)
				c.runs(dc.Name)
				c.settled()
				t.Logf("%s, of kind %s, leads and %s", dc.Name, c.kinds[dc.Index], fault.name)
				seen[dc.Name+fault.name] = true
				begun := time.Now()
				c.cuts++
				fault.do(c, dc)
				c.until(90*time.Second, dc.Name+" is fenced", func() bool { return len(c.power.Cuts) == c.cuts && !dc.Running() })
				c.paused = nil
				c.runs("")
				next := c.leader()
				t.Logf("fenced, %s leads and the resource runs after %.1f s", next.Name, time.Since(begun).Seconds())
				if next == dc {
					t.Errorf("%s leads still", next.Name)
				}
				c.l.SetAllLinks(lab.Fault{})
				c.back(dc, func() {})
				c.runs(dc.Name) // where it was told to be
			}
			c.settled()
			c.end()
			if len(seen) != hosts*len(leaderFaults) {
				t.Errorf("of all faults of all nodes there were %d: %v", len(seen), seen)
			}
		})
	}
}
