//go:build interop

package above

import (
	"testing"
	"time"

	"strings"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestNotifyd has our corosync-notifyd tell of a crash and a return, on our daemon
// and on the reference's.
func TestNotifyd(t *testing.T) {
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	mix := lab.Kinds("GoCC")
	l := lab.New(t, len(mix))
	l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync-notifyd.out")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for i, h := range l.Hosts() {
		h.Use(mix[i])
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	watching, gone := l.Hosts()[:2], l.Host(2)
	told := func(what string) {
		t.Helper()
		for _, h := range watching {
			l.Eventually(20*time.Second, h.Name+" ("+h.Kind().String()+") is told: "+what, func() bool {
				return strings.Contains(h.ReadFile("/var/log/corosync-notifyd.out"), "[notice] "+what+"\n")
			})
		}
	}
	for _, h := range watching {
		h.Start(h.Copy(stage+"/usr/sbin/corosync-notifyd", "/run/corosync-notifyd"), "-f", "-o")
	}
	l.Eventually(20*time.Second, "both watch", func() bool {
		for _, h := range watching {
			if !strings.Contains(h.ReadFile("/var/log/corosync-notifyd.out"), h.Name+"[") {
				return false
			}
		}
		return true
	})
	gone.Crash()
	told("node3[3] ip:10.77.0.3 left")
	gone.Boot()
	gone.StartCorosync()
	told("node3[3] ip:10.77.0.3 joined")
	l.Host(0).MustRun("corosync-cfgtool", "-s")
	watching = watching[:1]
	l.Eventually(20*time.Second, "a tool's connection is told of", func() bool {
		text := watching[0].ReadFile("/var/log/corosync-notifyd.out")
		return strings.Contains(text, ".corosync-cfgtoo is now connected to corosync\n") && strings.Contains(text, ".corosync-cfgtoo is now disconnected from corosync\n")
	})
}
