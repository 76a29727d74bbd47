//go:build interop

package above

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestQdevice runs the real corosync-qdevice over two nodes and a real qnetd
// on a third host: its vote counts, and in a partition exactly one side stays
// quorate.
func TestQdevice(t *testing.T) {
	for _, m := range []struct {
		name  string
		kinds [2]lab.Kind
	}{
		{"CC", [2]lab.Kind{lab.C, lab.C}},
		{"GoC", [2]lab.Kind{lab.Go, lab.C}},
		{"GoGo", [2]lab.Kind{lab.Go, lab.Go}},
	} {
		t.Run(m.name, func(t *testing.T) {
			l := lab.New(t, 3)
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync-qdevice.out")
			nodes, arbiter := l.Hosts()[:2], l.Host(2)
			arbiter.MustRun("mkdir", "-p", "/run/corosync-qnetd")
			arbiter.Start("corosync-qnetd", "-f", "-s", "off", "-m", "0")
			conf := lab.Ring{Transport: "udpu", Quorum: "  device {\n    model: net\n    votes: 1\n    net {\n      tls: off\n      host: " + arbiter.Addr() + "\n      algorithm: ffsplit\n    }\n  }\n"}.Conf(nodes)
			for i, h := range nodes {
				h.Use(m.kinds[i])
				h.WriteFile("/etc/corosync/corosync.conf", conf)
				h.MustRun("mkdir", "-p", "/run/corosync-qdevice")
				h.StartCorosync()
			}
			l.Form(nodes...)
			for _, h := range nodes {
				h.Start("corosync-qdevice", "-f")
			}
			status := func(h *lab.Host) string { return h.Exec("corosync-quorumtool", "-s").Stdout }
			votes := regexp.MustCompile(`Total votes:\s+3\n`)
			for _, h := range nodes {
				l.Eventually(30*time.Second, h.Name+" counts the device's vote", func() bool {
					s := status(h)
					return votes.MatchString(s) && strings.Contains(s, "Qdevice") && strings.Contains(s, "A,V,NMW")
				})
			}
			l.Cut(nodes[0], nodes[1])
			quorate := func(h *lab.Host) bool { return strings.Contains(status(h), "Quorate:          Yes") }
			l.Eventually(60*time.Second, "exactly one side is quorate", func() bool {
				return quorate(nodes[0]) != quorate(nodes[1])
			})
			l.SetAllLinks(lab.Fault{})
			for _, h := range nodes {
				l.Eventually(60*time.Second, h.Name+" is quorate after the merge", func() bool { return quorate(h) && votes.MatchString(status(h)) })
			}
		})
	}
}
