//go:build interop

package robust

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestProgram compares what the two daemons answer to signals, to a bad reload
// and to a second start, and what they tell systemd.
func TestProgram(t *testing.T) {
	type outcome struct {
		Second, Reload          lab.Result
		ReloadedKey             string
		AfterUSR2, Ready        bool
		ExitCode                int
		PIDFileGone, ShmCleared bool
	}
	seen := map[lab.Kind]outcome{}
	for _, kind := range []lab.Kind{lab.C, lab.Go} {
		t.Run(kind.String(), func(t *testing.T) {
			l := lab.New(t, 1)
			h := l.Host(0)
			h.Use(kind)
			conf := lab.Ring{Transport: "udpu"}.Conf(l.Hosts())
			h.WriteFile("/etc/corosync/corosync.conf", conf)
			ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: h.Path("/run/notify"), Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer ready.Close()
			p := h.Start("env", "NOTIFY_SOCKET=/run/notify", "corosync", "-f")
			l.Form(h)
			var o outcome
			if err := ready.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 200)
			n, err := ready.Read(b)
			o.Ready = err == nil && strings.Contains(string(b[:n]), "READY=1")

			o.Second = h.Exec("corosync", "-f")
			h.WriteFile("/etc/corosync/corosync.conf", strings.Replace(conf, "token: 1000", "token: 2000\n  nonsense", 1))
			o.Reload = h.Exec("corosync-cfgtool", "-R")
			o.ReloadedKey = h.MustRun("corosync-cmapctl", "-g", "totem.token")
			p.Signal(syscall.SIGUSR2)
			o.AfterUSR2 = h.Members() == "1"
			if !p.Stop(10 * time.Second) {
				t.Error("did not end within 10 s")
			}
			o.ExitCode = p.ExitCode()
			_, err = os.Stat(h.Path("/run/corosync.pid"))
			o.PIDFileGone = os.IsNotExist(err)
			left, err := os.ReadDir(h.Path("/dev/shm"))
			if err != nil {
				t.Fatal(err)
			}
			o.ShmCleared = true
			for _, e := range left {
				o.ShmCleared = o.ShmCleared && !strings.HasPrefix(e.Name(), "qb-")
			}
			seen[kind] = o
		})
	}
	if seen[lab.C] != seen[lab.Go] {
		t.Errorf("reference:\n%+v\nours:\n%+v", seen[lab.C], seen[lab.Go])
	} else {
		t.Logf("both: %+v", seen[lab.Go])
	}
}
