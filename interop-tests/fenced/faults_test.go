//go:build interop

package fenced

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var faulty = flag.String("faulty", "ggg", "the clusters that TestFaults forms, of c, g and G, comma separated")

// faults is a cluster whose devices fail, in which nobody fences but whom the tool asks to.
type faults struct{ *cluster }

// asking is the tool at work.
type asking struct {
	h    *lab.Host
	args string
	p    *lab.Process
	said int // what others had said before
}

const toolOutput = "/var/log/stonith_admin.out"

// ask has the tool begin. DIR is the folder of the switch.
func (c *faults) ask(h *lab.Host, args string) *asking {
	before := len(h.Exec("cat", toolOutput).Stdout)
	return &asking{h, args, h.Start("stonith_admin", strings.Fields(strings.ReplaceAll(args, "DIR", c.Dir))...), before}
}

// ends waits for the tool's end while the switch serves, and keeps what it said.
func (c *faults) ends(a *asking) {
	c.t.Helper()
	c.until(60*time.Second, a.h.Name+" has done stonith_admin "+a.args, func() bool {
		select {
		case <-a.p.Done():
			return true
		default:
			return false
		}
	})
	fmt.Fprintf(&c.said, "== %s: stonith_admin %s\n%s-> %d\n", a.h.Name, a.args, mask(a.h.ReadFile(toolOutput)[a.said:]), a.p.ExitCode())
}

func (c *faults) tool(h *lab.Host, args string) {
	c.t.Helper()
	c.ends(c.ask(h, args))
}

// step begins the next story, with all nodes there, and nothing remembered.
func (c *faults) step(name string) (node1, node2, node3 *lab.Host) {
	c.t.Helper()
	fmt.Fprintf(&c.said, "\n# %s\n", name)
	for _, h := range c.l.Hosts() {
		if !h.Running() {
			c.back(h)
		}
	}
	hosts := c.l.Hosts()
	for _, h := range hosts {
		h.MustRun("stonith_admin", "-H", "*", "--cleanup")
	}
	c.Cuts = nil
	return hosts[0], hosts[1], hosts[2]
}

// device registers a device with a node.
func (c *faults) device(h *lab.Host, id, options string) {
	c.t.Helper()
	c.tool(h, "-R "+id+" -a fence_dummy -o outside=DIR "+options)
}

// without takes devices away.
func (c *faults) without(h *lab.Host, ids ...string) {
	c.t.Helper()
	for _, id := range ids {
		h.MustRun("stonith_admin", "-D", id)
	}
}

// wanted waits until a node's agent wants to take another's power.
func (c *faults) wanted(by, host *lab.Host) {
	c.t.Helper()
	c.until(60*time.Second, by.Name+" is about to fence "+host.Name, func() bool {
		return slices.ContainsFunc(c.Wanted(), func(w lab.Cut) bool {
			return w.Host == host.Name && strings.HasPrefix(w.By, by.Name+".")
		})
	})
}

// remembered waits until all nodes that are there tell the same of the past, and keeps that. done is what they have to say
// was fenced, and nothing else.
func (c *faults) remembered(pending bool, done ...string) {
	c.t.Helper()
	var told, each string
	defer func() {
		if c.t.Failed() {
			c.t.Logf("so far%s\nthey remember%s", c.said.String(), each)
		}
	}()
	c.until(60*time.Second, "all nodes remember the same", func() bool {
		told, each = "", ""
		same := true
		for _, h := range c.powered() {
			lines := strings.Split(strings.TrimSpace(mask(h.Exec("stonith_admin", "-H", "*", "-V").Stdout)), "\n")
			slices.Sort(lines) // those of one second come in any order
			text := strings.Join(lines, "\n")
			same = same && (told == "" || told == text)
			told = text
			each += "\n" + h.Name + "\n" + text
		}
		return same && pending == strings.Contains(told, "pending")
	})
	var fencedNodes []string
	for _, m := range lab.FencedNode.FindAllStringSubmatch(told, -1) {
		fencedNodes = append(fencedNodes, m[1])
	}
	if !slices.Equal(fencedNodes, done) {
		c.t.Errorf("%q are said to be fenced, want %q:\n%s", fencedNodes, done, told)
	}
	fmt.Fprintf(&c.said, "-- all remember\n%s\n", told)
}

// powerless: the switch has taken the power of just these since the step began.
func (c *faults) powerless(nodes ...string) {
	c.t.Helper()
	c.powerWentOnce(nodes...)
	var off []string
	for _, h := range c.l.Hosts() {
		if !h.Running() {
			off = append(off, h.Name)
		}
	}
	fmt.Fprintf(&c.said, "-- without power: %s\n", strings.Join(off, " "))
}

// alone waits until the nodes that are there know that the others are not.
func (c *faults) alone() {
	c.t.Helper()
	for _, h := range c.powered() {
		c.until(60*time.Second, h.Name+" knows who is there", func() bool {
			online, _, _ := strings.Cut(h.Exec("crm_node", "-p").Stdout, "\n")
			return len(strings.Fields(online)) == len(c.powered())
		})
	}
}

// lose takes a node's power that nobody has asked for.
func (c *faults) lose(h *lab.Host) {
	c.Take(h.Name)
	c.Cuts = append(c.Cuts, lab.Cut{Host: h.Name, By: "nobody"})
}

// failing: devices fail and hang, and what works comes last.
func (c *faults) failing() {
	node1, node2, node3 := c.step("devices that fail and that take too long")
	c.device(node1, "fails", "-o do=fail -o pcmk_host_list=node3 -o pcmk_off_retries=1")
	c.tool(node2, "-F node3 -t 10")
	c.remembered(false)
	c.powerless()
	// The fencer that leads waits a fifth longer, in whole seconds: of less than five that is no time at all.
	c.device(node2, "hangs", "-o do=hang -o pcmk_host_list=node3 -o pcmk_off_timeout=5s")
	c.tool(node1, "-F node3 -t 10") // whichever is tried first, it ends with the one that hangs
	c.remembered(false)
	c.powerless()
	c.device(node2, "works", "-o pcmk_host_list=node3")
	for _, h := range []*lab.Host{node1, node2, node3} {
		for i, id := range []string{"fails", "hangs", "works"} {
			c.tool(h, fmt.Sprintf("-r node3 -i %d -v %s", i+1, id))
		}
	}
	c.tool(node1, "-F node3 -t 10")
	c.remembered(false, "node3")
	c.powerless("node3")
	for _, h := range []*lab.Host{node1, node2} {
		for i := range 3 {
			h.MustRun("stonith_admin", "-d", "node3", "-i", fmt.Sprint(i+1))
		}
	}
	c.without(node1, "fails")
	c.without(node2, "hangs", "works")
}

// late: a device does what it should when its time is over. That its agent has been killed by then makes it a failure for ever.
func (c *faults) late() {
	node1, node2, node3 := c.step("a device that succeeds when its time is over")
	c.device(node1, "late", "-o pcmk_host_list=node3 -o pcmk_off_timeout=5s")
	c.Held[node3.Name] = true
	a := c.ask(node2, "-F node3 -t 10")
	c.wanted(node1, node3)
	c.ends(a)
	c.remembered(false)
	c.powerless()
	delete(c.Held, node3.Name)
	c.until(30*time.Second, "node3 has lost its power", func() bool { return !node3.Running() })
	c.alone()
	c.remembered(false)
	c.powerless("node3")
	c.without(node1, "late")
}

// wrong: devices know another node than the one that is to be fenced.
func (c *faults) wrong() {
	node1, node2, node3 := c.step("devices that know another node")
	c.device(node1, "lists", "-o pcmk_host_check=dynamic-list -o owns=node2")
	c.tool(node2, "-F node3 -t 10")
	c.tool(node1, "-l node3")
	c.tool(node1, "-l node2")
	c.remembered(false)
	c.without(node1, "lists")
	c.device(node1, "status", "-o pcmk_host_check=status -o owns=node2")
	c.tool(node2, "-F node3 -t 10")
	c.tool(node1, "-l node3")
	c.remembered(false)
	c.powerless()
	c.tool(node3, "-F node2 -t 10")
	c.remembered(false, "node2")
	c.powerless("node2")
	c.without(node1, "status")
}

// agentLost: the node whose agent is about to fence another is lost.
func (c *faults) agentLost() {
	node1, node2, node3 := c.step("a node lost whose agent is about to fence another")
	c.device(node2, "power", "-o pcmk_host_list=node3 -o pcmk_off_timeout=8s")
	c.Held[node3.Name] = true
	a := c.ask(node1, "-F node3 -t 10")
	c.wanted(node2, node3)
	c.lose(node2)
	c.ends(a)
	delete(c.Held, node3.Name)
	c.alone()
	c.remembered(false)
	c.powerless("node2")
}

// leaderLost: the node is lost that leads an operation. Its peer goes on, but nobody hears that it did it.
func (c *faults) leaderLost() {
	node1, node2, node3 := c.step("a node lost that leads the fencing of another")
	c.device(node2, "power", "-o pcmk_host_list=node3 -o pcmk_off_timeout=40s")
	c.Held[node3.Name] = true
	c.ask(node1, "-F node3 -t 40")
	c.wanted(node2, node3)
	c.lose(node1)
	c.alone()
	c.remembered(true)
	delete(c.Held, node3.Name)
	c.until(30*time.Second, "node3 has lost its power", func() bool { return !node3.Running() })
	c.alone()
	c.remembered(true)
	c.powerless("node1", "node3")
	c.back(node1)
	c.remembered(false)
	c.without(node2, "power")
}

// shots: two nodes are about to fence each other. One is quicker.
func (c *faults) shots() {
	node1, node2, node3 := c.step("two nodes that shoot each other")
	c.device(node1, "one", "-o pcmk_host_list=node2 -o pcmk_off_timeout=40s")
	c.device(node2, "two", "-o pcmk_host_list=node1 -o pcmk_off_timeout=40s")
	c.Held[node1.Name], c.Held[node2.Name] = true, true
	a := c.ask(node1, "-F node2 -t 40")
	c.ask(node2, "-F node1 -t 40")
	c.wanted(node1, node2)
	c.wanted(node2, node1)
	delete(c.Held, node2.Name)
	c.ends(a)
	c.alone()
	delete(c.Held, node1.Name)
	c.remembered(true, "node2")
	c.powerless("node2")
	c.back(node2)
	c.remembered(false, "node2")
	c.tool(node3, "-h node1")
}

// TestFaults has devices fail, and nodes in the middle of fencing others, that really lose their power. What the tool says and
// everybody remembers has to be what the reference's fencers do, whose course is kept, and nobody is to be taken for fenced who is not.
func TestFaults(t *testing.T) {
	if os.Getenv("RINGMASTER_FENCING") == "" {
		t.Skip("it takes three minutes a cluster: set RINGMASTER_FENCING")
	}
	golden := filepath.Join("testdata", "faults.txt")
	all := strings.Split(*faulty, ",")
	if *update {
		all = []string{"ccc"}
	}
	for _, mixture := range all {
		t.Run(mixture, func(t *testing.T) {
			s := form(t, mixture, lab.FenceAgent, udpu)
			c := &faults{&cluster{s, s.l.NewPower(), t}}
			for _, story := range []func(){c.failing, c.late, c.wrong, c.agentLost, c.leaderLost, c.shots} {
				story()
			}
			keptCourse(t, golden, c.said.String())
		})
	}
}
