//go:build interop

package lab

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Init()
	os.Exit(m.Run())
}

func TestHosts(t *testing.T) {
	l := New(t, 3)
	a, b := l.Host(0), l.Host(1)
	if got := a.MustRun("hostname"); got != "node1\n" {
		t.Errorf("host name %q", got)
	}
	a.WriteFile("/etc/corosync/x", "1")
	if got := b.ReadFile("/etc/corosync/x"); got != "" {
		t.Errorf("node2 sees node1's file: %q", got)
	}
	ping := func(to string) bool {
		_, err := a.Run("ping", "-c1", "-W1", to)
		return err == nil
	}
	if !ping("node2") || !ping(b.Addr6()) {
		t.Fatal("node1 does not reach node2")
	}
	l.Cut(a, b)
	if ping("node2") || !ping("node3") {
		t.Error("the cut of one link did not cut that link alone")
	}
	l.SetAllLinks(Fault{Delay: 50 * time.Millisecond})
	start := time.Now()
	if !ping("node2") || time.Since(start) < 100*time.Millisecond {
		t.Error("a delay of 50 ms each way was not felt")
	}
	l.SetAllLinks(Fault{})

	p := a.Start("sleep", "1000")
	l.Eventually(5*time.Second, "sleep runs", func() bool { return len(a.Pids("sleep")) == 1 })
	if len(b.Pids("sleep")) != 0 {
		t.Error("node1's process is on node2")
	}
	a.Crash()
	<-p.Done()
	a.Boot()
	if !ping("node3") {
		t.Error("node1 does not reach node3 after its reboot")
	}
	if got := a.ReadFile("/etc/corosync/x"); got != "1" {
		t.Errorf("the disk was lost in the crash: %q", got)
	}
	if got := a.MustRun("cat", "/proc/1/comm"); !strings.HasPrefix(got, "lab") {
		t.Errorf("process 1 is %q", got)
	}
}

func TestBridged(t *testing.T) {
	l := New(t, 2, Bridged)
	l.Host(0).MustRun("ping", "-c1", "-W1", "node2")
}
