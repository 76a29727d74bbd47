//go:build interop

package robust

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"golang.org/x/sys/unix"
)

// calm runs do and tells how long the token stood still in a ring of one kind.
// In one of ours nobody may have begun to form a new one.
func calm(t *testing.T, l *lab.Lab, what string, do func()) {
	t.Helper()
	r := observe(t, l, what, do)
	if l.Host(0).Kind() == lab.Go {
		demand(t, what, r)
	}
}

// demand fails the test when the token stood still for too long.
func demand(t *testing.T, what string, r lab.TokenReport) {
	t.Helper()
	if r.Joins > 0 {
		t.Errorf("%s: %d join messages: the ring was formed anew", what, r.Joins)
	}
	// The timeout grows by 650 ms with the third node.
	if limit := (token + 650) * time.Millisecond / 2; r.Longest > limit {
		t.Errorf("%s: no token for %v, want at most half of the timeout, %v", what, r.Longest, limit)
	}
}

// observe runs do, and prints and returns what it has done to the token.
func observe(t *testing.T, l *lab.Lab, what string, do func()) lab.TokenReport {
	t.Helper()
	kind := l.Host(0).Kind()
	watch := l.WatchToken(l.Host(1))
	do()
	r := watch.Stop()
	var rss []string
	for _, h := range l.Hosts() {
		for _, pid := range h.Pids("corosync") {
			rss = append(rss, fmt.Sprintf("%.0f", l.RSS(pid)))
		}
	}
	t.Logf("%v: %s: longest time without a token %v of %d, %d joins, resident MB %s", kind, what, r.Longest.Round(time.Millisecond), r.Tokens, r.Joins, strings.Join(rss, " "))
	return r
}

// TestTokenGoesOn looks at the token while clients behave badly, in a ring of
// each kind. On a machine so busy that the reference's real-time processes do not
// keep within the bound either, ours has to do better than they.
func TestTokenGoesOn(t *testing.T) {
	scenes := []struct {
		name string
		run  func(h *lab.Host)
	}{
		{"idle", func(*lab.Host) { time.Sleep(2 * time.Second) }},
		{"100 clients write", func(h *lab.Host) { writers(h, 100, "1024", "4") }},
		{"50 clients connect and disconnect", func(h *lab.Host) { visitors(h, 50, 4*time.Second) }},
	}
	reference := map[string]lab.TokenReport{}
	for _, mixture := range []string{"CCC", "GoGoGo"} {
		t.Run(mixture, func(t *testing.T) {
			l := form(t, mixture, nil)
			for _, s := range scenes {
				r := observe(t, l, s.name, func() { s.run(l.Host(0)) })
				switch c := reference[s.name]; {
				case mixture == "CCC":
					reference[s.name] = r
				case r.Longest > c.Longest || r.Joins > c.Joins:
					demand(t, s.name, r)
				}
			}
			panicked(t, l)
		})
	}
}

// writers has n clients write to a group each, for some seconds. Those of the
// reference may hang when its ring breaks under them.
func writers(h *lab.Host, n int, size, seconds string) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { h.Exec("timeout", "25", bench, "write", size, seconds, fmt.Sprint("writer", i)) })
	}
	wg.Wait()
}

// visitors has n clients connect, join, leave and disconnect over and over.
func visitors(h *lab.Host, n int, d time.Duration) {
	h.Exec("sh", "-c", fmt.Sprintf(`end=$(($(date +%%s) + %d))
for i in $(seq %d); do
  ( while [ $(date +%%s) -lt $end ]; do %s write 64 0 visitor$i; done ) >/dev/null 2>&1 &
done
wait`, int(d.Seconds()), n, bench))
}

// TestClientThatNeverReads joins a group and stops. What it does not fetch waits
// in memory, up to a bound at which it is disconnected; the others go on.
func TestClientThatNeverReads(t *testing.T) {
	l := form(t, "GoGoGo", nil)
	h := l.Host(0)
	pid := h.Pids("corosync")[0]
	idle := h.Start(bench, "receive")
	l.Eventually(10*time.Second, "the client is in the group", func() bool {
		return strings.Contains(h.Exec("corosync-cpgtool").Stdout, "bench")
	})
	idle.Signal(syscall.SIGSTOP)
	var most float64
	calm(t, l, "a client that never reads", func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			// Until more than the 256 MiB that may wait have come.
			for range 10 {
				l.Host(1).Exec(bench, "throughput", "100000", "4")
				if !strings.Contains(h.Exec("corosync-cpgtool").Stdout, "bench") {
					return
				}
			}
		}()
		for {
			most = max(most, l.RSS(pid))
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	t.Logf("resident memory at most %.0f MB", most)
	if most > 900 {
		t.Errorf("resident memory of %.0f MB", most)
	}
	h.SignalAll("cpgbench", syscall.SIGCONT)
	select {
	case <-idle.Done():
		t.Logf("the client was disconnected: %s", h.ReadFile("/var/log/cpgbench.out"))
	case <-time.After(10 * time.Second):
		t.Errorf("the client was not disconnected; corosync uses %.0f MB", l.RSS(pid))
	}
	panicked(t, l)
}

// deafSyslog gives a host a /dev of its own with a /dev/log that nobody reads.
func deafSyslog(t *testing.T, h *lab.Host) {
	t.Helper()
	h.MustRun("sh", "-c", `set -e
mkdir /run/dev
mount -t tmpfs -o mode=755 dev /run/dev
for f in null zero full random urandom tty; do touch /run/dev/$f; mount --bind /dev/$f /run/dev/$f; done
mkdir /run/dev/shm
mount --bind /dev/shm /run/dev/shm
mount --rbind /run/dev /dev`)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: h.Path("/dev/log"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
}

// TestLogThatNobodyTakes has a daemon log with all details to a pipe that
// nobody reads and to a syslog that does not take anything, while members come
// and go, its configuration is read again and it is told to end.
func TestLogThatNobodyTakes(t *testing.T) {
	for _, kind := range []lab.Kind{lab.Go, lab.C} {
		t.Run(kind.String(), func(t *testing.T) {
			l := lab.New(t, 3)
			conf := lab.Ring{Transport: "udpu", Token: token}.Conf(l.Hosts())
			l.WriteFile("/etc/corosync/corosync.conf", conf)
			h := l.Host(0)
			deafSyslog(t, h)
			conf = strings.Replace(conf, "/var/log/corosync/corosync.log", "/var/log/corosync/pipe", 1)
			h.WriteFile("/etc/corosync/corosync.conf", strings.Replace(conf, "to_syslog: no", "to_syslog: yes", 1))
			h.MustRun("mkfifo", "/var/log/corosync/pipe")
			for _, o := range l.Hosts() {
				o.Use(kind)
				o.Copy(clientDir+"/cpgbench", bench)
				o.StartCorosync()
			}
			if kind == lab.C {
				time.Sleep(15 * time.Second)
				t.Logf("C: after 15 s node2 has the members %q, node1 answers: %v", l.Host(1).Members(), h.Exec("timeout", "2", "corosync-cfgtool", "-s").Code == 0)
				h.Corosync().Kill()
				return
			}
			l.Form(l.Hosts()...)
			calm(t, l, "nobody takes the log", func() {
				writers(h, 10, "1024", "3")
				for range 20 {
					_, _ = h.Run("timeout", "2", "corosync-cmapctl", "-s", "logging.debug", "str", "on")
				}
			})
			l.Host(2).Crash()
			start := time.Now()
			l.Form(h, l.Host(1))
			t.Logf("%v: new membership %v after a crash", kind, time.Since(start).Round(time.Millisecond))
			for _, args := range []string{"-R", "-s", "-L"} {
				r := h.Exec("timeout", "5", "corosync-cfgtool", args)
				// The log cannot be opened anew: that request alone waits.
				if args != "-L" && r.Code != 0 {
					t.Errorf("corosync-cfgtool %s: %+v", args, r)
				}
			}
			l.Form(h, l.Host(1))
			if !h.Corosync().Stop(20 * time.Second) {
				t.Errorf("the daemon has not ended within 20 s of SIGTERM")
			}
		})
	}
}

// TestDiskThatStalls freezes the file system of the state directory, as a
// storage that has gone does, and lets the membership change meanwhile.
func TestDiskThatStalls(t *testing.T) {
	for _, mixture := range []string{"GoGoGo", "CCC"} {
		t.Run(mixture, func(t *testing.T) {
			l := form(t, mixture, nil)
			h := l.Host(0)
			h.Corosync().Stop(20 * time.Second)
			if out, err := h.Run("sh", "-c", "truncate -s 32M /var/log/disk && mkfs.ext4 -q /var/log/disk && mount -o loop /var/log/disk /var/lib/corosync"); err != nil {
				t.Fatalf("a disk in a file: %v %s", err, out)
			}
			h.StartCorosync()
			l.Form(l.Hosts()...)
			dir, err := os.Open(h.Path("/var/lib/corosync"))
			if err != nil {
				t.Fatal(err)
			}
			freeze(t, dir, true)
			thaw := sync.OnceFunc(func() {
				freeze(t, dir, false)
				dir.Close()
			})
			defer thaw()
			start := time.Now()
			l.Host(2).Crash()
			var formed time.Duration
			if h.Kind() == lab.Go {
				l.Form(h, l.Host(1))
				formed = time.Since(start)
			} else {
				time.Sleep(15 * time.Second) // nobody answers on that host
				if members := l.Host(1).Members(); members == "1 2" {
					formed = time.Since(start)
				}
			}
			t.Logf("%v: new membership with the disk stalled: after %v (0: not within 15 s)", h.Kind(), formed.Round(time.Millisecond))
			if h.Kind() == lab.C {
				thaw()
				return
			}
			calm(t, l, "the disk stalls", func() { writers(h, 20, "1024", "3") })
			// A dump of the flight recorder wants the disk, and nobody waits for it.
			h.MustRun("timeout", "5", "corosync-cmapctl", "-s", "runtime.blackbox.dump_flight_data", "str", "1")
			h.MustRun("timeout", "5", "corosync-cmapctl", "-s", "runtime.blackbox.dump_flight_data", "str", "2")
			l.Form(h, l.Host(1))
			thaw()
			l.Eventually(10*time.Second, "the dump is written", func() bool {
				_, err := os.Lstat(h.Path("/var/lib/corosync/fdata"))
				return err == nil
			})
		})
	}
}

func freeze(t *testing.T, dir *os.File, on bool) {
	t.Helper()
	const fifreeze, fithaw = 0xc0045877, 0xc0045878
	req := uint(fithaw)
	if on {
		req = fifreeze
	}
	if err := unix.IoctlSetInt(int(dir.Fd()), req, 0); err != nil {
		t.Fatalf("freeze %v: %v", on, err)
	}
}

// TestOwnPause stops one of our daemons for longer than the token timeout. It
// says how long it stood still and why, and does not blame its peers.
func TestOwnPause(t *testing.T) {
	l := form(t, "GoCC", nil)
	h := l.Host(0)
	before := len(h.CorosyncLog())
	h.SignalAll("corosync", syscall.SIGSTOP)
	l.Form(l.Host(1), l.Host(2))
	h.SignalAll("corosync", syscall.SIGCONT)
	l.Form(l.Hosts()...)
	log := h.CorosyncLog()[before:]
	for _, want := range []string{
		"Process pause detected for ",
		"Corosync main process was not scheduled (@",
		"The ring thread stood still for ",
		"the process was stopped or the machine suspended",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	for _, blame := range []string{"A processor failed, forming new configuration", "Token has not been received in", "Failed to receive the leave message"} {
		if strings.Contains(log, blame) {
			t.Errorf("the log blames others: %q\n%s", blame, log)
		}
	}
}
