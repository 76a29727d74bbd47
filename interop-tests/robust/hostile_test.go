//go:build interop

package robust

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// armed puts the attacker and its packets on a host.
func armed(t *testing.T, h *lab.Host) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.Copy(exe, self)
	files, err := filepath.Glob("../../totem/wire/testdata/*.hex")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h.WriteFile("/run/captures/"+filepath.Base(f), string(b))
	}
}

// counter is a number of the statistics map.
func counter(t *testing.T, h *lab.Host, key string) uint64 {
	t.Helper()
	out := h.MustRun("corosync-cmapctl", "-m", "stats", "-g", key)
	f := strings.Fields(out)
	n, err := strconv.ParseUint(f[len(f)-1], 10, 64)
	if err != nil {
		t.Fatalf("%s: %q", key, out)
	}
	return n
}

// bounded checks that a daemon's memory has not run away.
func bounded(t *testing.T, l *lab.Lab, h *lab.Host) {
	t.Helper()
	rss := l.RSS(h.Pids("corosync")[0])
	t.Logf("%s: resident memory %.0f MB", h.Name, rss)
	if rss > 150 {
		t.Errorf("%s: resident memory of %.0f MB", h.Name, rss)
	}
}

// rings counts the memberships that a host has logged.
func rings(h *lab.Host) int { return strings.Count(h.CorosyncLog(), "A new membership (") }

// TestHostileDatagrams has a node of the list, whose address therefore passes,
// send packets that none of its kind would: to ours in a ring with two of the
// reference's, under load.
func TestHostileDatagrams(t *testing.T) {
	l := form(t, "GoCC", nil)
	ours, attacker := l.Host(0), l.Host(1)
	armed(t, attacker)
	target := ours.Addr() + ":5405"
	t.Run("junk", func(t *testing.T) {
		dropped, before := counter(t, ours, "stats.srp.rx_msg_dropped"), rings(ours)
		calm(t, l, "junk from a member's address", func() {
			out := attacker.MustRun(self, "datagrams", target, "junk", "6", "/run/captures")
			t.Logf("%s datagrams", strings.TrimSpace(out))
		})
		grown := counter(t, ours, "stats.srp.rx_msg_dropped") - dropped
		t.Logf("%d were dropped and counted", grown)
		if grown == 0 {
			t.Error("none was counted")
		}
		if now := rings(ours); now != before {
			t.Errorf("%d new memberships", now-before)
		}
		bounded(t, l, ours)
		panicked(t, l)
	})
	t.Run("mutated captures", func(t *testing.T) {
		// Joins of nodes that are not there make a ring gather: that is the
		// protocol. It must come back.
		out := attacker.MustRun(self, "datagrams", target, "mutated", "6", "/run/captures")
		t.Logf("%s datagrams", strings.TrimSpace(out))
		l.Form(l.Hosts()...)
		bounded(t, l, ours)
		panicked(t, l)
		if out := ours.MustRun(bench, "throughput", "1000", "1"); !strings.Contains(out, " ") {
			t.Errorf("cpgbench said %q", out)
		}
	})
}

// TestHostileClients has clients of every service of ours do what no libqb
// would, while another one sends to the ring and gets everything back.
func TestHostileClients(t *testing.T) {
	l := form(t, "GoCC", nil)
	h := l.Host(0)
	armed(t, h)
	before := rings(h)
	for _, attack := range [][]string{{"garbage", "100"}, {"scribble", "60"}, {"requests", "1500"}} {
		t.Run(attack[0], func(t *testing.T) {
			good := h.Start(bench, "throughput", "500", "4", "good")
			calm(t, l, attack[0], func() {
				if r := h.Exec(self, attack...); r.Code != 0 {
					t.Errorf("%s: %+v", attack[0], r)
				}
			})
			select {
			case <-good.Done():
				if code := good.ExitCode(); code != 0 {
					t.Errorf("another client ended with status %d: %s", code, h.ReadFile("/var/log/cpgbench.out"))
				}
			case <-time.After(30 * time.Second):
				t.Error("another client did not get back what it had sent")
			}
			panicked(t, l)
			bounded(t, l, h)
		})
	}
	t.Run("half-open", func(t *testing.T) {
		open := h.Start(self, "half-open", "200")
		l.Eventually(20*time.Second, "the connections are open", func() bool {
			return strings.Contains(h.ReadFile("/var/log/attack.out"), "open")
		})
		start := time.Now()
		for _, tool := range [][]string{{"corosync-cfgtool", "-s"}, {"corosync-quorumtool", "-s"}, {"corosync-cmapctl"}, {bench, "throughput", "500", "1"}} {
			if r := h.Exec(tool[0], tool[1:]...); r.Code != 0 {
				t.Errorf("%v: %+v", tool, r)
			}
		}
		t.Logf("four tools took %v", time.Since(start).Round(time.Millisecond))
		open.Signal(syscall.SIGKILL)
		panicked(t, l)
		bounded(t, l, h)
	})
	if now := rings(h); now != before {
		t.Errorf("%d new memberships", now-before)
	}
	l.Eventually(10*time.Second, "nothing is left in /dev/shm", func() bool {
		left, err := filepath.Glob(h.Path("/dev/shm/qb-*"))
		return err == nil && len(left) == 0
	})
	if !h.Corosync().Stop(20 * time.Second) {
		t.Error("the daemon did not end in order")
	}
	if code := h.Corosync().ExitCode(); code != 0 {
		t.Errorf("status %d after SIGTERM", code)
	}
}
