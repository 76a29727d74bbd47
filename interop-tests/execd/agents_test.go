//go:build interop

package execd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// heartbeatScript is an agent as Heartbeat had them: its parameters come first, in order.
const heartbeatScript = `#!/bin/sh
echo "$*" >>` + records + `/heartbeat
s=` + records + `/state-heartbeat
case $3 in
start) echo >"$s" ;;
stop) rm -f "$s" ;;
status) if [ -f "$s" ]; then echo running; else echo stopped; fi; exit 1 ;;
esac
exit 0
`

// TestAgents runs Debian's agents, unmodified, on a node with our executor, and on one
// with the reference's, which come to the same; and a Heartbeat script on ours, as the
// reference has that class no more.
func TestAgents(t *testing.T) {
	c := form(t, 0)
	first := c.l.Host(0)
	first.MustRun("crm_attribute", "-n", "symmetric-cluster", "-v", "false")
	for _, h := range c.l.Hosts()[:2] {
		n := fmt.Sprint(h.Index + 1)
		h.MustRun("mkdir", "-p", "/run/mounted"+n) // of its own: a probe would find the other's
		c.create("resources", configured("ip"+n, `class="ocf" provider="heartbeat" type="IPaddr2"`, "ip", "10.77.0.5"+n, "cidr_netmask", "24", "nic", "eth0"))
		c.create("resources", configured("fs"+n, `class="ocf" provider="heartbeat" type="Filesystem"`, "device", "tmpfs", "directory", "/run/mounted"+n, "fstype", "tmpfs"))
		c.create("resources", configured("dummy"+n, `class="ocf" provider="heartbeat" type="Dummy"`))
		c.create("resources", configured("lsb"+n, fmt.Sprintf(lsb, n)))
		for _, id := range []string{"ip", "fs", "dummy", "lsb"} {
			c.on(id+n, h.Name)
		}
	}
	c.create("resources", configured("hb", `class="heartbeat" type="/run/heartbeat-script"`, "1", "one", "2", "two words"))
	for _, h := range c.l.Hosts() {
		h.WriteFile("/run/heartbeat-script", heartbeatScript)
		h.MustRun("chmod", "755", "/run/heartbeat-script")
	}
	first.MustRun("crm_resource", "-r", "hb", "--refresh")
	c.create("constraints", `<rsc_location id="on-hb" rsc="hb" node="node1" score="INFINITY" resource-discovery="exclusive"/>`)
	c.create("resources", `<clone id="s"><meta_attributes id="s-m"><nvpair id="s-p" name="promotable" value="true"/></meta_attributes>`+
		configured("si", `class="ocf" provider="pacemaker" type="Stateful"`)+`</clone>`)
	c.create("resources", `<clone id="g">`+configured("gi", `class="ocf" provider="pacemaker" type="ping"`, "host_list", "10.77.0.3", "attempts", "1")+`</clone>`)
	for _, id := range []string{"s", "g"} {
		for _, h := range c.l.Hosts()[:2] {
			c.create("constraints", fmt.Sprintf(`<rsc_location id="on-%s-%s" rsc="%[1]s" node="%[2]s" score="100"/>`, id, h.Name))
		}
	}
	c.shows(`ip1\s.*Started node1`, `ip2\s.*Started node2`, `fs1\s.*Started node1`, `fs2\s.*Started node2`, `dummy1\s.*Started node1`, `dummy2\s.*Started node2`,
		`lsb1\s.*Started node1`, `lsb2\s.*Started node2`, `hb\s.*Started node1`, `Started: \[ node1 node2 \]`, `Promoted: \[ node\d \]`, `Unpromoted: \[ node\d \]`)
	for _, h := range c.l.Hosts()[:2] {
		n := fmt.Sprint(h.Index + 1)
		if out := h.MustRun("ip", "-o", "addr", "show", "dev", "eth0"); !strings.Contains(out, "10.77.0.5"+n+"/24") {
			t.Errorf("%s: addresses\n%s", h.Name, out)
		}
		if out := h.MustRun("cat", "/proc/mounts"); !strings.Contains(out, " /run/mounted"+n+" tmpfs ") {
			t.Errorf("%s: nothing is mounted", h.Name)
		}
	}
	// What is taken away is noticed and put back.
	for _, h := range c.l.Hosts()[:2] {
		n := fmt.Sprint(h.Index + 1)
		h.MustRun("ip", "addr", "del", "10.77.0.5"+n+"/24", "dev", "eth0")
		h.MustRun("umount", "/run/mounted"+n)
	}
	c.shows(`ip1: .*fail-count=1`, `ip2: .*fail-count=1`, `fs1: .*fail-count=1`, `fs2: .*fail-count=1`, `ip1\s.*Started node1`, `fs2\s.*Started node2`)
	first.MustRun("crm_attribute", "-n", "stop-all-resources", "-v", "true")
	c.l.Eventually(60*time.Second, "all stopped", func() bool { return !strings.Contains(status(first), "Started") })
	c.settle()
	for _, h := range c.l.Hosts()[:2] {
		n := fmt.Sprint(h.Index + 1)
		if strings.Contains(h.MustRun("ip", "-o", "addr"), "10.77.0.5"+n) || strings.Contains(h.MustRun("cat", "/proc/mounts"), "/run/mounted"+n) {
			t.Errorf("%s: something is left", h.Name)
		}
	}
	c.checkLogs()
	calls := first.ReadFile(records + "/heartbeat")
	for _, want := range []string{"one two words start\n", "one two words status\n", "one two words stop\n"} {
		if !strings.Contains(calls, want) {
			t.Errorf("the Heartbeat script was called\n%swithout %s", calls, want)
		}
	}
	c.compareNodes(first, c.l.Host(1))
}

// compareNodes: what the cluster knows of a resource's operations on its node is the same
// for the node with ours as for the other.
func (c *cluster) compareNodes(ours, theirs *lab.Host) {
	c.t.Helper()
	pick := func(h *lab.Host) (out []string) {
		n := fmt.Sprint(h.Index + 1)
		for _, line := range c.history() {
			f := strings.Fields(line)
			for _, id := range []string{"ip", "fs", "dummy", "lsb"} {
				if f[0] == h.Name && f[1] == id+n {
					out = append(out, strings.Join(append([]string{id}, f[2:6]...), " "))
				}
			}
		}
		return out
	}
	a, b := strings.Join(pick(ours), "\n"), strings.Join(pick(theirs), "\n")
	if a != b || a == "" {
		c.t.Errorf("with ours\n%s\nwith the reference's\n%s", a, b)
	}
}

// configured is a primitive with parameters, monitored every two seconds.
func configured(id, agent string, params ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<primitive id="%s" %s><instance_attributes id="%[1]s-i">`, id, agent)
	for i := 0; i < len(params); i += 2 {
		fmt.Fprintf(&b, `<nvpair id="%s-%s" name="%[2]s" value="%s"/>`, id, params[i], params[i+1])
	}
	fmt.Fprintf(&b, `</instance_attributes><operations>%s</operations></primitive>`, op(id, "monitor", "2s", `timeout="20s"`))
	return b.String()
}
