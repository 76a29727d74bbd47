//go:build interop

package pcmkcluster

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func build(t *testing.T, name string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("go", "build", "-o", bin, "./"+name).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// ring starts corosync on all hosts, ours or the reference's.
func ring(t *testing.T, n int, k lab.Kind) *lab.Lab {
	l := lab.New(t, n)
	l.DumpLogs("/var/log/pacemaker/pacemaker.log", "/run/stonith-ng.log", "/run/cib.log", "/run/flood.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	for _, h := range l.Hosts() {
		startCorosync(h, k)
	}
	l.Form(l.Hosts()...)
	return l
}

func startCorosync(h *lab.Host, k lab.Kind) {
	if k == lab.Go {
		h.Lay("/usr/sbin/corosync")
	}
	h.StartCorosync()
}

func kinds(t *testing.T, f func(t *testing.T, k lab.Kind)) {
	for _, k := range []lab.Kind{lab.C, lab.Go} {
		t.Run("corosync"+k.String(), func(t *testing.T) { f(t, k) })
	}
}

// groupLine is what the reference and we say of a group, but for the number of the event.
var groupLine = regexp.MustCompile(`(?m)(?:info|warning|error): (Group \S+ event) \d+(: .*)$|^(Group \S+ event) \d+(: .*)$`)

// events are the lines about a group, from the first that has mark on.
func events(log, group, mark string) []string {
	var all []string
	for _, m := range groupLine.FindAllStringSubmatch(log, -1) {
		line := m[1] + m[2] + m[3] + m[4]
		if !strings.HasPrefix(line, "Group "+group+" ") || len(all) == 0 && !strings.Contains(line, mark) {
			continue
		}
		all = append(all, line)
	}
	return all
}

// TestGroup puts our member into groups of the reference's daemons, and compares what it
// says of them with what the daemon of another node says: who joins, leaves and dies, and
// whose node does.
func TestGroup(t *testing.T) {
	bin := build(t, "member")
	kinds(t, func(t *testing.T, k lab.Kind) {
		l := ring(t, 3, k)
		a, b, c := l.Host(0), l.Host(1), l.Host(2)
		online := func(names string) {
			t.Helper()
			l.Eventually(90*time.Second, names+" online", func() bool {
				return strings.Contains(a.Exec("crm_mon", "-1").Stdout, "Online: [ "+names+" ]")
			})
		}
		a.StartPacemaker()
		online("node1")
		c.Copy(bin, "/run/member")
		c.Start("/run/member", "-service", "9", "-log", "/run/stonith-ng.log")
		c.Start("/run/member", "-service", "3", "-log", "/run/cib.log")
		c.Start("/run/member", "-group", "watch", "-quorum", "-log", "/run/watch.log")
		heard := func(group, what string) {
			t.Helper()
			l.Eventually(40*time.Second, group+": "+what, func() bool {
				return strings.Contains(c.ReadFile("/run/"+group+".log"), what)
			})
		}
		heard("stonith-ng", "changed 1/node1 state  member")
		heard("cib", "changed 1/node1 state  member")
		heard("watch", "quorate true")
		heard("watch", "changed 2/node2 state  member")
		pacemaker := b.StartPacemaker()
		online("node1 node2")

		// A daemon is killed, and started again by pacemakerd; one large change. It is none of those
		// that elect one of them: our member does not vote, and without a writer of attributes
		// no node is told that it may go.
		b.SignalAll("pacemaker-fenced", syscall.SIGKILL)
		heard("stonith-ng", "changed 2/node2 state member lost")
		l.Eventually(30*time.Second, "another fencer", func() bool {
			return strings.Count(c.ReadFile("/run/stonith-ng.log"), "changed 2/node2 state  member") == 2
		})
		var big strings.Builder
		for i := range 3000 {
			id := strconv.Itoa(i)
			big.WriteString(`<nvpair id="big-` + id + `" name="option-` + id + `" value="01234567890123456789012345678901"/>`)
		}
		b.WriteFile("/run/big.xml", `<cluster_property_set id="big">`+big.String()+`</cluster_property_set>`)
		b.MustRun("cibadmin", "-C", "-o", "crm_config", "--xml-file", "/run/big.xml")
		large := regexp.MustCompile(`(?m)^message \d+ [12] cib \d{6,}$`)
		l.Eventually(10*time.Second, "a large message", func() bool { return large.MatchString(c.ReadFile("/run/cib.log")) })

		// A node's pacemaker stops and starts again; its node dies and comes back.
		if !pacemaker.Stop(60 * time.Second) {
			t.Error("pacemaker does not end")
		}
		b.StartPacemaker()
		online("node1 node2")
		b.Crash()
		heard("cib", "left via cluster exit")
		heard("watch", "changed 2/node2 state member lost")
		l.Form(a, c)
		b.Boot()
		startCorosync(b, k)
		l.Form(l.Hosts()...)
		b.StartPacemaker()
		online("node1 node2")

		if n := strings.Count(c.ReadFile("/run/watch.log"), "changed 2/node2 state  member"); n != 2 {
			t.Errorf("by quorum node2 came %d times", n)
		}
		for _, group := range []string{"stonith-ng", "cib"} {
			const mark = "node 3 pid "
			var ours, theirs []string
			l.Eventually(10*time.Second, "both have heard the same of "+group, func() bool {
				ours = events(c.ReadFile("/run/"+group+".log"), group, mark)
				theirs = events(a.ReadFile("/var/log/pacemaker/pacemaker.log"), group, mark)
				return len(theirs) > 5 && strings.Join(ours, "\n") == strings.Join(theirs, "\n")
			})
			t.Logf("%s: %d lines of the log are the same", group, len(ours))
		}
		if log := c.ReadFile("/run/stonith-ng.log") + c.ReadFile("/run/cib.log"); strings.Contains(log, "Invalid message") || strings.Contains(log, "mismatch") {
			t.Errorf("messages were refused:\n%s", log)
		}

		// corosync dies.
		c.SignalAll("corosync", syscall.SIGKILL)
		heard("stonith-ng", "lost cluster: ")
		heard("cib", "lost cluster: ")
		heard("watch", "lost cluster: ")
	})
}

// TestFlood has three members send 10,000 documents each at once, and some that are
// compressed, and one that corosync takes in parts: all hear all in one order.
func TestFlood(t *testing.T) {
	bin := build(t, "member")
	kinds(t, func(t *testing.T, k lab.Kind) {
		l := ring(t, 3, k)
		const each = 10_000
		for _, run := range []struct {
			group, send, size string
			want              int
		}{{"flood", "10000", "100", 3 * each}, {"large", "5", "3000000", 15}} {
			for _, h := range l.Hosts() {
				h.Start(h.Copy(bin, "/run/member"), "-group", run.group, "-log", "/run/flood.log", "-go", "/run/go-"+run.group, "-send", run.send, "-size", run.size)
			}
			for _, h := range l.Hosts() {
				l.Eventually(20*time.Second, h.Name+" sees all members", func() bool {
					return strings.Count(h.ReadFile("/run/flood.log"), "state  member") == 3
				})
			}
			began := time.Now()
			for _, h := range l.Hosts() {
				h.WriteFile("/run/go-"+run.group, "")
			}
			var last []string
			for _, h := range l.Hosts() {
				var line string
				l.Eventually(60*time.Second, h.Name+" has heard all", func() bool {
					log := strings.TrimSpace(h.ReadFile("/run/flood.log"))
					line = log[strings.LastIndexByte(log, '\n')+1:]
					return strings.HasPrefix(line, "heard "+strconv.Itoa(run.want)+" ")
				})
				last = append(last, line)
			}
			if last[0] != last[1] || last[0] != last[2] {
				t.Errorf("%s: orders differ: %q", run.group, last)
			}
			t.Logf("%s: %d messages after %v, %s", run.group, run.want, time.Since(began).Round(time.Millisecond), last[0])
			for _, h := range l.Hosts() {
				h.SignalAll("member", syscall.SIGTERM)
			}
			for _, h := range l.Hosts() {
				l.Eventually(10*time.Second, "members end", func() bool { return len(h.Pids("member")) == 0 })
			}
		}
	})
}
