//go:build interop

package ring

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestRestartLoop is the short form of the reproducer of corosync's issue 660:
// every node has a member that writes each 0.2 s, and one node after the other
// restarts, without a wait for the ring to settle.
func TestRestartLoop(t *testing.T) {
	mix := lab.Kinds("GoCGoC")
	l := lab.New(t, len(mix))
	l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", logOnHost)
	l.WriteFile("/etc/corosync/corosync.conf", transports["udpu"].Conf(l.Hosts()))
	ld := newLoad(t, l, clientDir, transports["udpu"])
	const writes = 5 // a second
	for i, h := range l.Hosts() {
		h.Use(mix[i])
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		ld.join(h, writes)
	}
	for range 3 {
		for _, h := range l.Hosts() {
			ld.members[h].Stop(stopTime)
			h.Corosync().Stop(stopTime)
			h.StartCorosync()
			l.Eventually(waitTime, h.Name+" takes clients", func() bool { return h.Members() != "" })
			ld.join(h, writes)
		}
	}
	l.Form(l.Hosts()...)
	sameGroup(l, l.Hosts()...)
	ld.quiet(l.Hosts()...)
	ld.check(l.Hosts()...)
}

// TestStaleConfigVersion lets a node with an old config_version join under load
// again and again: it exits in the middle of the synchronisation (corosync commit
// 2ab885ab). Nobody may keep its processes, and the ring goes on.
func TestStaleConfigVersion(t *testing.T) {
	mix := lab.Kinds("GoCGoC")
	l := lab.New(t, len(mix))
	l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", logOnHost)
	conf := func(version int) string {
		ring := transports["udpu"]
		ring.Totem = fmt.Sprintf("  config_version: %d\n", version)
		return ring.Conf(l.Hosts())
	}
	l.WriteFile("/etc/corosync/corosync.conf", conf(2))
	ld := newLoad(t, l, clientDir, transports["udpu"])
	for i, h := range l.Hosts() {
		h.Use(mix[i])
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		ld.join(h, rate)
	}
	for _, stale := range l.Hosts()[2:] { // one of ours and one of the reference's
		rest := others(l, stale)
		ld.members[stale].Stop(stopTime)
		stale.Corosync().Stop(stopTime)
		l.Form(rest...)
		stale.WriteFile("/etc/corosync/corosync.conf", conf(1))
		for range 3 {
			// Alone first: who comes right into a ring of others does not compare.
			l.Partition([]*lab.Host{stale}, rest)
			p := stale.StartCorosync()
			l.Form(stale)
			l.SetAllLinks(lab.Fault{})
			select {
			case <-p.Done():
			case <-time.After(waitTime):
				t.Fatalf("%s (%v) stays with an old config_version", stale.Name, stale.Kind())
			}
		}
		if n := strings.Count(stale.CorosyncLog(), "Received config version (2) is different than my config version (1)! Exiting"); n != 3 {
			t.Errorf("%s (%v) has left because of its config_version %d times, want 3", stale.Name, stale.Kind(), n)
		}
		l.Form(rest...)
		sameGroup(l, rest...)
		stale.WriteFile("/etc/corosync/corosync.conf", conf(2))
		stale.StartCorosync()
		l.Form(l.Hosts()...)
		ld.join(stale, rate)
	}
	sameGroup(l, l.Hosts()...)
	ld.quiet(l.Hosts()...)
	ld.check(l.Hosts()...)
}

// sameGroup waits until these hosts, and nobody else, have a member in the
// group, as each of them tells.
func sameGroup(l *lab.Lab, hosts ...*lab.Host) {
	for _, h := range hosts {
		l.Eventually(waitTime, fmt.Sprintf("%s (%v) knows one member of each of %d nodes", h.Name, h.Kind(), len(hosts)), func() bool {
			seen := map[string]int{}
			for line := range strings.Lines(h.Exec("corosync-cpgtool", "-d", ",").Stdout) {
				if f := strings.Split(strings.TrimSpace(line), ","); len(f) == 3 && f[2] != "NODEID" {
					seen[f[2]]++
				}
			}
			for _, o := range hosts {
				if seen[fmt.Sprint(o.Index+1)] != 1 {
					return false
				}
			}
			return len(seen) == len(hosts)
		})
	}
}
