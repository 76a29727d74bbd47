//go:build interop

package fenced

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var lost = flag.String("lost", "gcg", "the clusters that TestLost forms, of c and g")

// cluster is nodes with a fence device that really takes their power, and a resource that must
// not be active twice.
type cluster struct {
	*swapped
	*lab.Power
	t *testing.T
}

// formPower makes a cluster that fences, and waits until the resource runs on the last node. config is what
// its sections have besides, with DIR for the folder of the switch.
func formPower(t *testing.T, mixture string, ring lab.Ring, policy string, config map[string][]string) *cluster {
	t.Helper()
	s := form(t, mixture, lab.FenceAgent, ring)
	c := &cluster{s, s.l.NewPower(), t}
	for _, h := range c.l.Hosts() {
		c.equip(h)
	}
	first := c.l.Host(0)
	var nodes []string
	for _, h := range c.l.Hosts() {
		nodes = append(nodes, h.Name)
	}
	last := nodes[len(nodes)-1]
	create := func(section, xml string) {
		t.Helper()
		first.MustRun("cibadmin", "-C", "-o", section, "--xml-text", xml)
	}
	create("resources", device(c.Dir, "power", strings.Join(nodes, " "), ""))
	create("resources", c.Locked("one"))
	create("constraints", `<rsc_location id="one-on" rsc="one" node="`+last+`" score="100"/>`)
	for _, section := range []string{"resources", "constraints", "configuration"} {
		for _, xml := range config[section] {
			create(section, strings.ReplaceAll(xml, "DIR", c.Dir))
		}
	}
	first.MustRun("crm_attribute", "-n", "no-quorum-policy", "-v", policy)
	// A node that comes back is to wait for the others, not to fence them.
	first.MustRun("crm_attribute", "-n", "dc-deadtime", "-D")
	first.MustRun("crm_attribute", "-n", "stonith-enabled", "-v", "true")
	c.runs(last)
	return c
}

// device is a fence device of the configuration that knows the folder of the switch.
func device(dir, id, hosts, do string) string {
	return fmt.Sprintf(`<primitive id="%[1]s" class="stonith" type="fence_dummy"><instance_attributes id="%[1]s-i">
		<nvpair id="%[1]s-l" name="pcmk_host_list" value="%[2]s"/><nvpair id="%[1]s-o" name="outside" value="%[4]s"/><nvpair id="%[1]s-d" name="do" value="%[3]s"/>
		<nvpair id="%[1]s-t" name="pcmk_reboot_timeout" value="10s"/><nvpair id="%[1]s-r" name="pcmk_reboot_retries" value="2"/>
		</instance_attributes></primitive>`, id, hosts, do, dir)
}

// equip gives a host the resource agent; that of fencing comes with the ring.
func (c *cluster) equip(h *lab.Host) {
	c.t.Helper()
	h.LayLocked()
}

// until serves the switch until something is so. In between it sees to what must never be.
func (c *cluster) until(d time.Duration, what string, ok func() bool) {
	c.t.Helper()
	c.l.Eventually(d, what, func() bool {
		c.Serve()
		c.check()
		return ok()
	})
}

// powered are the hosts that run.
func (c *cluster) powered() (hosts []*lab.Host) {
	for _, h := range c.l.Hosts() {
		if h.Running() {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// check sees to what must never be, on all hosts that run.
func (c *cluster) check() {
	c.t.Helper()
	c.Check(c.powered()...)
}

// runs waits until the resource is active on a node, and the cluster has nothing to do.
func (c *cluster) runs(node string) {
	c.t.Helper()
	h := c.powered()[0]
	c.until(60*time.Second, "the resource runs on "+node, func() bool {
		return strings.Contains(h.Exec("crm_resource", "-W", "-r", "one").Stdout, "is running on: "+node)
	})
	h.MustRun("crm_resource", "--wait", "--timeout", "60s")
}

// back starts a node that was fenced, and waits until it is there again.
func (c *cluster) back(h *lab.Host) {
	c.t.Helper()
	h.Boot()
	c.ring(h)
	c.equip(h)
	c.l.Form(c.powered()...)
	c.pacemaker(h)
	var names []string
	for _, h := range c.powered() {
		names = append(names, h.Name)
	}
	c.online(strings.Join(names, " "))
}

// remembers waits until a node remembers something of fencing another.
func (c *cluster) remembers(h *lab.Host, what string) {
	c.t.Helper()
	c.until(60*time.Second, h.Name+" remembers "+what, func() bool {
		return strings.Contains(h.Exec("stonith_admin", "-H", "*", "-V").Stdout, what)
	})
}

// token in ms is longer than a busy machine keeps a node from answering: else such a node is fenced.
const token = 3000

var udpu = lab.Ring{Transport: "udpu", Token: token}

// stories are what happens to clusters. A node that loses the others goes on with what it runs.
var stories = []struct {
	name string
	// always: it is part of every run.
	always bool
	run    func(t *testing.T, mixture string)
}{
	{"cut off", true, cutOff},
	{"crashed", false, crashed},
	{"duel", false, duel},
	{"lost in the middle", false, lostInTheMiddle},
	{"device fails", false, deviceFails},
}

// cutOff: a node that nobody reaches, and that goes on with what it runs, is fenced with what works, and
// comes back.
func cutOff(t *testing.T, mixture string) {
	c := formPower(t, mixture, udpu, "freeze", bad("power"))
	c.l.Partition(c.l.Hosts()[:2], c.l.Hosts()[2:])
	c.until(60*time.Second, "node3 has lost its power", func() bool { return c.Taken("node3") })
	c.remembers(c.l.Host(0), "reboot of node3 successful")
	c.remembers(c.l.Host(1), "reboot of node3 successful")
	// How often it is tried depends on how long that takes.
	if failed := slices.Compact(c.Left("failed")); !slices.Equal(failed, []string{"reboot node3"}) {
		t.Errorf("the first level was tried with %q", failed)
	}
	c.movedFrom("node3")
	c.l.SetAllLinks(lab.Fault{})
	c.back(c.l.Host(2))
	c.runs("node3")
	c.powerWentOnce("node3")
}

// bad is a device that fails, tried before another.
func bad(then string) map[string][]string {
	config := map[string][]string{
		"resources": {device("DIR", "bad", "node1 node2 node3", "fail")},
	}
	if then != "" {
		config["configuration"] = []string{`<fencing-topology><fencing-level id="l1" target-pattern="node[123]" index="1" devices="bad"/><fencing-level id="l2" target-pattern="node[123]" index="2" devices="` + then + `"/></fencing-topology>`}
	}
	return config
}

// movedFrom waits until the resource runs on a node that is there.
func (c *cluster) movedFrom(node string) {
	c.t.Helper()
	h := c.powered()[0]
	c.until(60*time.Second, "the resource has moved", func() bool {
		at := h.Exec("crm_resource", "-W", "-r", "one").Stdout
		return strings.Contains(at, "is running on: ") && !strings.Contains(at, node)
	})
	h.MustRun("crm_resource", "--wait", "--timeout", "60s")
	c.check()
}

// powerWentOnce: the switch took the power of just these.
func (c *cluster) powerWentOnce(nodes ...string) {
	c.t.Helper()
	var got []string
	for _, cut := range c.Cuts {
		got = append(got, cut.Host)
	}
	slices.Sort(got)
	if !slices.Equal(got, nodes) {
		c.t.Errorf("the switch took the power of %v, want %v", c.Cuts, nodes)
	}
}

// crashed: nodes end at once, one after the other, the DC too.
func crashed(t *testing.T, mixture string) {
	c := formPower(t, mixture, udpu, "freeze", nil)
	for i := len(mixture) - 1; i >= 0; i-- {
		h := c.l.Host(i)
		h.Crash()
		c.remembers(c.powered()[0], "reboot of "+h.Name+" successful")
		c.movedFrom(h.Name)
		c.back(h)
		c.runs("node3")
	}
	c.powerWentOnce("node1", "node2", "node3")
}

// duel: the two nodes of a cluster lose each other, and each wants to be rid of the other. One of them wins, though the other's
// agent is on its way too.
func duel(t *testing.T, mixture string) {
	c := formPower(t, mixture[:2], lab.Ring{Transport: "udpu", Token: token, Quorum: "  two_node: 1\n  wait_for_all: 0\n"}, "stop", nil)
	c.Held["node1"], c.Held["node2"] = true, true
	c.l.Partition(c.l.Hosts()[:1], c.l.Hosts()[1:])
	c.until(60*time.Second, "both ask for the other's power", func() bool {
		var asked []string
		for _, w := range c.Wanted() {
			asked = append(asked, w.Host)
		}
		return slices.Contains(asked, "node1") && slices.Contains(asked, "node2")
	})
	clear(c.Held)
	c.until(30*time.Second, "one is left", func() bool { return len(c.powered()) == 1 })
	winner, loser := c.powered()[0], c.l.Host(0)
	if winner == loser {
		loser = c.l.Host(1)
	}
	c.remembers(winner, "reboot of "+loser.Name+" successful")
	c.movedFrom(loser.Name)
	c.l.SetAllLinks(lab.Fault{})
	c.back(loser)
	c.runs("node2")
	c.powerWentOnce(loser.Name)
}

// lostInTheMiddle: the node whose agent is about to fence another is lost itself. The last node
// fences both.
func lostInTheMiddle(t *testing.T, mixture string) {
	c := formPower(t, mixture, udpu, "ignore", map[string][]string{
		"constraints": {`<rsc_location id="power-on" rsc="power" node="node2" score="200"/>`},
	})
	c.Held["node3"] = true
	c.l.Host(2).Crash()
	c.until(60*time.Second, "node2 is about to fence node3", func() bool {
		return slices.ContainsFunc(c.Wanted(), func(w lab.Cut) bool { return w.Host == "node3" && strings.HasPrefix(w.By, "node2.") })
	})
	c.Take("node2")
	c.until(90*time.Second, "node2 has been fenced", func() bool { return c.Taken("node2") })
	clear(c.Held)
	c.remembers(c.l.Host(0), "reboot of node3 successful")
	c.remembers(c.l.Host(0), "reboot of node2 successful")
	c.runs("node1")
}

// deviceFails: while nothing can fence a node that may run the resource, nobody else does; until
// somebody says that it is off.
func deviceFails(t *testing.T, mixture string) {
	c := formPower(t, mixture, udpu, "freeze", bad(""))
	first := c.l.Host(0)
	first.MustRun("crm_resource", "-r", "power", "-p", "target-role", "--meta", "-v", "Stopped")
	first.MustRun("crm_resource", "--wait", "--timeout", "60s")
	c.l.Partition(c.l.Hosts()[:2], c.l.Hosts()[2:])
	c.until(90*time.Second, "two attempts have failed", func() bool {
		return strings.Count(first.Exec("stonith_admin", "-H", "node3", "-V").Stdout, "reboot of node3 failed") > 1
	})
	if active := c.Left("active"); !slices.Equal(active[len(active)-1:], []string{"node3"}) {
		t.Errorf("the resource was started on %q", active)
	}
	c.Take("node3")
	c.Cuts = append(c.Cuts, lab.Cut{Host: "node3", By: "a human"})
	first.MustRun("stonith_admin", "-C", "node3")
	c.movedFrom("node3")
}

// TestLost has clusters of both fencers lose nodes, which they fence by themselves with an agent
// that really takes a node's power. Nobody is to be taken for fenced that is not, and the
// resource is to be active once at most.
func TestLost(t *testing.T) {
	all := os.Getenv("RINGMASTER_FENCING") != ""
	for _, mixture := range strings.Split(*lost, ",") {
		for _, story := range stories {
			if !all && !story.always {
				continue
			}
			t.Run(mixture+"/"+story.name, func(t *testing.T) { story.run(t, mixture) })
		}
	}
}
