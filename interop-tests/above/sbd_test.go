//go:build interop

package above

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestSBD runs the real sbd without a disk above a mixed ring. Its servants
// watch corosync and pacemaker; it has no watchdog, and in its trace mode it says
// when it would fence the node. So it must say nothing of the kind while the
// cluster lives, and does where corosync is gone: on a node of ours as on one of
// the reference's.
func TestSBD(t *testing.T) {
	l := lab.New(t, 5)
	l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/pacemaker/pacemaker.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	logs := map[*lab.Host]*lab.Syslog{}
	start := map[*lab.Host]int{} // of the log's part that counts
	for i, h := range l.Hosts() {
		logs[h] = h.StartSyslog()
		h.Use([]lab.Kind{lab.Go, lab.C, lab.Go, lab.C, lab.Go}[i])
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	for _, h := range l.Hosts() {
		startPacemaker(h)
	}
	for _, h := range l.Hosts() {
		l.Eventually(60*time.Second, h.Name+"'s pacemaker has joined", func() bool {
			return h.Exec("crm_node", "-q").Stdout == "1\n"
		})
		h.MustRun("sbd", "-v", "-v", "-Z", "-Z", "-R", "-P", "-w", "/dev/null", "watch")
		l.Eventually(20*time.Second, h.Name+"'s sbd watches corosync and pacemaker", func() bool {
			return strings.Count(logs[h].Since(0), "is healthy") >= 2
		})
		start[h] = len(logs[h].Since(0))
	}
	fences := func(h *lab.Host) bool {
		return strings.Contains(logs[h].Since(start[h]), "Would have fenced")
	}
	// Several of its time-outs, which are five seconds.
	lives := func(d time.Duration, hosts ...*lab.Host) {
		t.Helper()
		until := time.Now().Add(d)
		l.Eventually(d+10*time.Second, "time passes", func() bool {
			for _, h := range hosts {
				if fences(h) {
					t.Fatalf("%s (%v): sbd would have fenced the node:\n%s", h.Name, h.Kind(), logs[h].Since(start[h]))
				}
			}
			return time.Now().After(until)
		})
	}
	lives(30*time.Second, l.Hosts()...)
	for _, h := range l.Hosts()[:2] {
		h.SignalAll("corosync", syscall.SIGKILL)
		l.Eventually(40*time.Second, "sbd resets "+h.Name+", which has lost corosync", func() bool { return fences(h) })
	}
	lives(10*time.Second, l.Hosts()[2:]...)
}
