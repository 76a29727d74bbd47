//go:build interop

package above

import (
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestSAM runs processes under libsam's watch on a node of ours and on one of
// the reference's in one ring: the same happens to them.
func TestSAM(t *testing.T) {
	l := lab.New(t, 3)
	l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/samnode.out")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	var program string
	for i, h := range l.Hosts() {
		h.Use([]lab.Kind{lab.Go, lab.C, lab.C}[i])
		h.StartCorosync()
		program = h.Copy(clientDir+"/samnode", "/run/samnode")
	}
	l.Form(l.Hosts()...)
	both := l.Hosts()[:2]
	const out = "/var/log/samnode.out"
	// same compares what the process printed on both.
	same := func(t *testing.T, want ...string) {
		t.Helper()
		ours, theirs := both[0].ReadFile(out), both[1].ReadFile(out)
		if ours != theirs {
			t.Errorf("above ours:\n%s\nabove the reference's:\n%s", ours, theirs)
		}
		for _, w := range want {
			if !strings.Contains(ours, w) {
				t.Errorf("%q is missing in:\n%s", w, ours)
			}
		}
		for _, h := range both {
			h.MustRun("truncate", "-s0", out)
		}
	}
	run := func(mode string) (list []*lab.Process) {
		for _, h := range both {
			list = append(list, h.Start(program, mode))
		}
		return list
	}
	ends := func(t *testing.T, list []*lab.Process) {
		t.Helper()
		for i, p := range list {
			select {
			case <-p.Done():
				if p.ExitCode() != 0 {
					t.Errorf("%s: status %d", both[i].Name, p.ExitCode())
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%s: it does not end; %s", both[i].Name, both[i].ReadFile(out))
			}
		}
	}
	has := func(text string) {
		t.Helper()
		for _, h := range both {
			l.Eventually(15*time.Second, h.Name+" says "+text, func() bool { return strings.Contains(h.ReadFile(out), text) })
		}
	}

	t.Run("out of turn", func(t *testing.T) {
		ends(t, run("errors"))
		same(t, "finalize again: CS_ERR_BAD_HANDLE")
	})
	t.Run("recovery with data", func(t *testing.T) {
		ends(t, run("restart"))
		same(t, "instance 3", "data left by 2", "warned")
	})
	t.Run("in the cluster map", func(t *testing.T) {
		list := run("cmap")
		has("sam_start: success")
		mask := regexp.MustCompile(`process\.\d+\.|= \d{6,}`)
		keys := func(h *lab.Host) string {
			return mask.ReplaceAllString(h.MustRun("corosync-cmapctl", "-b", "resources.process."), "*")
		}
		if ours, theirs := keys(both[0]), keys(both[1]); ours != theirs || !strings.Contains(ours, "recovery") {
			t.Errorf("ours:\n%s\nthe reference's:\n%s", ours, theirs)
		}
		for i, h := range both {
			h.SignalAll("samnode", syscall.SIGUSR1)
			<-list[i].Done()
			if left := h.Exec("corosync-cmapctl", "-b", "resources.process.").Stdout; strings.Contains(left, "state") {
				t.Logf("%s (%v) keeps: %s", h.Name, h.Kind(), left)
			}
		}
		same(t)
	})
	t.Run("recovery by quorum", func(t *testing.T) {
		list := run("quorum")
		has("instance 1\nsam_start: success\n")
		// Everybody alone: nobody is quorate.
		l.Partition()
		has("warned")
		l.SetAllLinks(lab.Fault{})
		has("instance 2\nsam_start: success\n")
		for _, h := range both {
			h.SignalAll("samnode", syscall.SIGUSR1)
		}
		ends(t, list)
		same(t)
	})
}
