//go:build interop

package cfg_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestStart compares how the two daemons start and refuse to: exit statuses,
// the pid file, the background.
func TestStart(t *testing.T) {
	for _, kind := range []lab.Kind{lab.C, lab.Go} {
		t.Run(kind.String(), func(t *testing.T) {
			l := lab.New(t, 1)
			h := l.Host(0)
			h.Use(kind)
			h.WriteFile("/etc/corosync/corosync.conf", conf)
			write := func(name, from, to string) string {
				h.WriteFile("/tmp/"+name, strings.Replace(conf, from, to, 1))
				return "/tmp/" + name
			}
			for _, tt := range []struct {
				args string
				want int
			}{
				{"-t", 0},
				{"-v", 0},
				{"-x", 1},
				{"-f -c /no/where", 8},
				{"-f -c " + write("version", "version: 2", "version: 3"), 8},
				{"-t -c " + write("transport", "udpu", "carrier-pigeon"), 8},
				{"-c " + write("background", "udpu", "carrier-pigeon"), 8},
				{"-f -c " + write("log", "to_stderr: no", "to_stderr: maybe"), 7},
				{"-f -c " + write("logfile", "/var/log/corosync/corosync.log", "/no/where/x.log"), 7},
				{"-f -c " + write("state", "quorum {", "system {\n  state_dir: /no/where\n}\nquorum {"), 16},
			} {
				if r := h.Exec("corosync", strings.Fields(tt.args)...); r.Code != tt.want {
					t.Errorf("corosync %s: status %d, want %d: %s%s", tt.args, r.Code, tt.want, r.Stdout, r.Stderr)
				}
			}
			// To the background: the shell has its prompt back, the daemon is
			// in a session of its own under its own name.
			if r := h.Exec("corosync"); r.Code != 0 || r.Stdout != "" {
				t.Fatalf("corosync: %+v", r)
			}
			l.Eventually(10*time.Second, "the daemon serves", func() bool { return h.Exec("corosync-cfgtool", "-s").Code == 0 })
			pid := strings.TrimSpace(h.ReadFile("/run/corosync.pid"))
			if _, err := strconv.Atoi(pid); err != nil {
				t.Fatalf("pid file: %v", err)
			}
			ps := h.MustRun("ps", "-o", "comm=,args=,pgid=,sid=,tty=", "-p", pid)
			if got, want := strings.Fields(ps), []string{"corosync", "corosync", pid, pid, "?"}; strings.Join(got, " ") != strings.Join(want, " ") {
				// A fork keeps its parent's group id out of it: only the
				// session counts.
				t.Errorf("ps: %q, want %q", got, want)
			}
			for fd := range 3 {
				if to, _ := os.Readlink(h.Path("/proc/" + pid + "/fd/" + strconv.Itoa(fd))); to != "/dev/null" {
					t.Errorf("descriptor %d goes to %q", fd, to)
				}
			}
			if st, err := os.Stat(h.Path("/run/corosync.pid")); err != nil || st.Mode().Perm() != 0o640 {
				t.Errorf("pid file: %v, %v", st, err)
			}
			if r := h.Exec("corosync", "-f"); r.Code != 18 {
				t.Errorf("a second one: status %d, want 18", r.Code)
			}
			h.MustRun("corosync-cfgtool", "-H")
			l.Eventually(10*time.Second, "the pid file is gone", func() bool {
				_, err := os.Stat(h.Path("/run/corosync.pid"))
				return os.IsNotExist(err)
			})
		})
	}
}
