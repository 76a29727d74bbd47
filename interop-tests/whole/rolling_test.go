//go:build interop

package whole

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

const (
	beats = "/run/beats"
	// The agent's process writes when it is alive, five times a second.
	heart = `#!/bin/sh
pid=/run/heart.pid
alive() { [ -s $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case "$1" in
start)
	alive && exit 0
	setsid sh -c 'while :; do date +%s.%N >>/run/beats; sleep 0.2; done' >/dev/null 2>&1 </dev/null &
	echo $! >$pid ;;
stop)
	alive && kill "$(cat $pid)"
	while alive; do sleep 0.05; done
	rm -f $pid ;;
monitor) alive || exit 7 ;;
meta-data) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="Heart" version="1"><version>1.1</version><longdesc lang="en">Beats.</longdesc><shortdesc lang="en">Beats</shortdesc>
<parameters/>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
;;
*) exit 3 ;;
esac
exit 0
`
)

// rolling is a cluster whose nodes' programs are replaced while it runs.
type rolling struct {
	t     *testing.T
	l     *lab.Lab
	moves int
}

// shows waits until a node's status has a text, and the cluster is idle.
func (r *rolling) shows(h *lab.Host, text string) {
	r.t.Helper()
	idle := 0
	r.l.Eventually(90*time.Second, text+" on "+h.Name, func() bool {
		out := h.Exec("crm_mon", "-1", "-r").Stdout
		if !strings.Contains(out, text) || strings.Contains(out, "UNCLEAN") || !strings.Contains(h.Exec("crmadmin", "-S", leader(out)).Stdout, "S_IDLE") {
			idle = 0
			return false
		}
		idle++
		return idle == 3
	})
}

// place is the node on which the resource is.
func (r *rolling) place(h *lab.Host) string {
	out := h.Exec("crm_resource", "--locate", "--resource", "heart").Stdout
	_, name, _ := strings.Cut(out, "is running on: ")
	name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
	return name
}

// replace has a node leave, its programs replaced, and come back.
func (r *rolling) replace(i int, with func(h *lab.Host)) {
	r.t.Helper()
	hosts := r.l.Hosts()
	h, other := hosts[i], hosts[(i+1)%len(hosts)]
	if r.place(other) == h.Name {
		r.moves++
	}
	h.MustRun("pacemakerd", "--shutdown")
	r.l.Eventually(60*time.Second, "Pacemaker has ended on "+h.Name, func() bool { return len(h.Pids("pacemakerd")) == 0 })
	h.MustRun("corosync-cfgtool", "-H")
	r.l.Eventually(60*time.Second, "corosync has ended on "+h.Name, func() bool { return len(h.Pids("corosync")) == 0 })
	with(h)
	h.StartCorosync()
	r.l.Form(hosts...)
	h.StartPacemaker()
	for _, o := range hosts {
		r.shows(o, "Online: [ node1 node2 node3 ]")
	}
}

// check is that the resource was never active on two nodes, and nowhere only while it moved.
func (r *rolling) check() {
	r.t.Helper()
	type beat struct {
		at   float64
		node string
	}
	var all []beat
	for _, h := range r.l.Hosts() {
		for line := range strings.Lines(h.ReadFile(beats)) {
			at, err := strconv.ParseFloat(strings.TrimSpace(line), 64)
			if err != nil {
				r.t.Fatalf("%s: a beat at %q", h.Name, line)
			}
			all = append(all, beat{at, h.Name})
		}
	}
	slices.SortFunc(all, func(a, b beat) int {
		if a.at < b.at {
			return -1
		}
		return 1
	})
	moves, longest := 0, 0.0
	for i := 1; i < len(all); i++ {
		gap := all[i].at - all[i-1].at
		if all[i].node != all[i-1].node {
			moves++
			longest = max(longest, gap)
		} else if gap > 5 {
			r.t.Errorf("no beat for %.1f s on %s", gap, all[i].node)
		}
	}
	r.t.Logf("%d beats, %d moves, the longest %.1f s", len(all), moves, longest)
	if moves != r.moves || moves == 0 {
		r.t.Errorf("%d moves, want %d: it was active on two nodes, or moved without need", moves, r.moves)
	}
	if longest > 20 {
		r.t.Errorf("a move took %.1f s", longest)
	}
}

// startRolling forms a cluster of the reference with encryption and has it run the resource. prepare is called for each
// host that has just booted.
func startRolling(t *testing.T, prepare func(h *lab.Host)) *rolling {
	t.Helper()
	r := &rolling{t: t, l: lab.New(t, 3)}
	r.l.DumpLogs("/var/log/pacemaker/pacemaker.log")
	for _, h := range r.l.Hosts() {
		prepare(h)
	}
	r.l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "knet", Crypto: "aes256/sha256"}.Conf(r.l.Hosts()))
	for _, h := range r.l.Hosts() {
		h.LayAgent("test", "Heart", heart)
		h.StartCorosync()
	}
	r.l.Form(r.l.Hosts()...)
	for _, h := range r.l.Hosts() {
		h.StartPacemaker()
	}
	first := r.l.Host(0)
	r.shows(first, "Online: [ node1 node2 node3 ]")
	first.MustRun("pcs", "resource", "create", "heart", "ocf:test:Heart", "op", "monitor", "interval=1s", "meta", "resource-stickiness=100")
	r.shows(first, "Started node")
	return r
}

// end stops the resource, and checks where it has been.
func (r *rolling) end() {
	r.t.Helper()
	first := r.l.Host(0)
	first.MustRun("pcs", "resource", "disable", "heart")
	r.shows(first, "Stopped")
	r.check()
}

// TestRolling replaces all programs of a cluster with encryption, node by node, by ours, and by the reference's again, while
// a resource runs.
func TestRolling(t *testing.T) {
	if os.Getenv("RINGMASTER_WHOLE") == "" {
		t.Skip("it takes three minutes: set RINGMASTER_WHOLE")
	}
	paths := programs(t)
	r := startRolling(t, func(*lab.Host) {})
	for i := range r.l.Hosts() {
		r.replace(i, func(h *lab.Host) {
			for _, path := range paths {
				h.Lay(path)
			}
		})
		t.Logf("node%d is ours", i+1)
	}
	for i := range r.l.Hosts() {
		r.replace(i, func(h *lab.Host) {
			for _, path := range paths {
				h.MustRun("umount", path)
			}
		})
		t.Logf("node%d is the reference's again", i+1)
	}
	r.end()
}
