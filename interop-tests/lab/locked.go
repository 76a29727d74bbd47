package lab

import (
	"fmt"
	"regexp"
)

// locked is a resource agent whose instance holds a lock of the machine that all hosts are on, for
// as long as it is active. The kernel frees it when the host's processes are ended.
const locked = `#!/bin/sh
d=$OCF_RESKEY_outside
pid=/run/locked.pid
alive() { [ -s $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case $1 in
meta-data) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="Locked" version="1.0"><version>1.1</version><longdesc lang="en">Locked</longdesc><shortdesc lang="en">Locked</shortdesc>
<parameters><parameter name="outside" required="1"><longdesc lang="en">Where the lock is</longdesc><shortdesc lang="en">Where the lock is</shortdesc><content type="string"/></parameter></parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
;;
start)
	alive && exit 0
	exec 9>>"$d/lock"
	flock -n 9 || { echo "$(hostname)" >>"$d/twice"; exit 1; }
	setsid sleep 1000000 </dev/null >/dev/null 2>&1 &
	echo $! >$pid
	echo "$(hostname)" >>"$d/active"
	;;
stop) ! alive || kill -9 "$(cat $pid)"; while alive; do sleep 0.1; done; rm -f $pid ;;
monitor) alive || exit 7 ;;
esac
exit 0
`

const agentsDir = "/usr/lib/ocf/resource.d"

// LayLocked gives a host that was booted the agent ocf:test:Locked, whose instance must not be active twice.
func (h *Host) LayLocked() {
	h.lab.t.Helper()
	h.LayAgent("test", "Locked", locked)
}

// LayAgent gives a host that was booted a resource agent.
func (h *Host) LayAgent(provider, name, script string) {
	h.lab.t.Helper()
	h.WriteFile("/run/agent", script)
	h.MustRun("sh", "-c", fmt.Sprintf("mkdir -p /run/ocf && cp -a %[1]s/. /run/ocf && mkdir -p /run/ocf/%[2]s && install -m 755 /run/agent /run/ocf/%[2]s/%[3]s && mount --bind /run/ocf %[1]s",
		agentsDir, provider, name))
}

// Locked is an instance of that agent with an operation that looks each ten seconds, for the section resources.
func (p *Power) Locked(id string) string {
	return fmt.Sprintf(`<primitive id="%[1]s" class="ocf" provider="test" type="Locked"><instance_attributes id="%[1]s-i"><nvpair id="%[1]s-o" name="outside" value="%[2]s"/></instance_attributes>
		<operations><op id="%[1]s-m" name="monitor" interval="10s"/></operations></primitive>`, id, p.Dir)
}

// FencedNode is what the history of fencing says of a node of which the cluster takes for granted that it is off.
var FencedNode = regexp.MustCompile(`(?m)^(?:reboot|turning off) of (node\d) successful.*$`)

// Check is what must hold at any time: none of these hosts says of a node that it was fenced whose power was not taken, and
// what is locked is active once at most.
func (p *Power) Check(hosts ...*Host) {
	p.lab.t.Helper()
	for _, h := range hosts {
		for _, m := range FencedNode.FindAllStringSubmatch(h.Exec("stonith_admin", "-H", "*", "-V").Stdout, -1) {
			if !p.Taken(m[1]) {
				p.lab.t.Fatalf("%s says %q, and the switch took the power of %v", h.Name, m[0], p.Cuts)
			}
		}
	}
	if twice := p.Left("twice"); twice != nil {
		p.lab.t.Fatalf("a resource was started on %q while it was active", twice)
	}
}
