//go:build interop

package above

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

const (
	corosyncLog  = "/var/log/corosync/corosync.log"
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
	dummyState   = "/run/Dummy-d.state" // there while ocf:pacemaker:Dummy's resource d runs
)

// layOut gives the hosts what `pcs cluster setup` gives nodes when it is told no
// more than their names: its corosync.conf, unchanged, and a key for each of
// corosync and Pacemaker from the function that pcs itself makes them with.
func layOut(t *testing.T, l *lab.Lab) {
	t.Helper()
	a := l.Host(0)
	args := []string{"cluster", "setup", "lab"}
	for _, h := range l.Hosts() {
		args = append(args, h.Name, "addr="+h.Addr())
	}
	a.MustRun("pcs", append(args, "--corosync_conf", "/tmp/corosync.conf")...)
	conf := a.ReadFile("/tmp/corosync.conf")
	for _, want := range []string{"transport: knet", "crypto_cipher: aes256", "crypto_hash: sha256"} {
		if !strings.Contains(conf, want) {
			t.Fatalf("pcs no longer lays out %q:\n%s", want, conf)
		}
	}
	a.MustRun("python3", "-c", `
from pcs import settings
from pcs.lib.tools import generate_binary_key
for name, size in ("corosync", settings.corosync_authkey_bytes), ("pacemaker", settings.pacemaker_authkey_bytes):
    with open("/tmp/" + name, "wb") as f:
        f.write(generate_binary_key(random_bytes_count=size))
`)
	l.WriteFile("/etc/corosync/corosync.conf", conf)
	l.WriteFile("/etc/corosync/authkey", a.ReadFile("/tmp/corosync"))
	l.WriteFile("/etc/pacemaker/authkey", a.ReadFile("/tmp/pacemaker"))
	for _, h := range l.Hosts() {
		h.MustRun("sh", "-c", "chmod 400 /etc/corosync/authkey && chown hacluster:haclient /etc/pacemaker/authkey && chmod 640 /etc/pacemaker/authkey")
	}
}

// TestRollingSwap takes a cluster in pcs's default form from the reference's
// corosync to ours and back, a node at a time, as an administrator would: the
// node leaves in order, changes its program and comes again. The others never
// miss anybody else and keep quorum, and the resource never runs twice.
func TestRollingSwap(t *testing.T) {
	l := lab.New(t, 3)
	l.DumpLogs(corosyncLog, pacemakerLog)
	layOut(t, l)
	all := l.Hosts()
	pacemaker := map[*lab.Host]*lab.Process{}
	for _, h := range all {
		h.StartCorosync()
	}
	l.Form(all...)
	for _, h := range all {
		pacemaker[h] = startPacemaker(h)
	}
	online := func(on *lab.Host) {
		t.Helper()
		l.Eventually(60*time.Second, "three nodes online for "+on.Name, func() bool {
			return strings.Contains(on.Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 node3 ]")
		})
	}
	online(all[0])
	all[0].MustRun("pcs", "resource", "create", "d", "ocf:pacemaker:Dummy", "op", "monitor", "interval=2s")
	all[0].MustRun("crm_resource", "--wait", "--timeout=30s")

	twice := watchTwice(all)
	moved := 0
	for _, kind := range []lab.Kind{lab.Go, lab.C} {
		for _, h := range all {
			start := time.Now()
			others := slices.DeleteFunc(slices.Clone(all), func(o *lab.Host) bool { return o == h })
			sights := []*sight{look(others[0]), look(others[1])}
			was := where(t, others[0])
			if !pacemaker[h].Stop(30 * time.Second) {
				t.Fatalf("pacemaker on %s does not end", h.Name)
			}
			if !h.Corosync().Stop(10 * time.Second) {
				t.Fatalf("the %v corosync on %s does not end", h.Kind(), h.Name)
			}
			l.Form(others...)
			switch now := where(t, others[0]); {
			case was != h.Name:
			case now == h.Name:
				t.Errorf("the resource is still said to run on %s", h.Name)
			default:
				moved++
			}
			h.Use(kind)
			h.StartCorosync()
			l.Form(all...)
			runs(t, h)
			pacemaker[h] = startPacemaker(h)
			online(others[0])
			online(h)
			h.MustRun("crm_resource", "--wait", "--timeout=30s")

			for _, s := range sights {
				s.check(t, h, others)
			}
			at := where(t, all[0])
			for _, o := range all {
				if w := where(t, o); w != at {
					t.Errorf("the resource runs on %s for %s, on %s for %s", at, all[0].Name, w, o.Name)
				}
				if _, err := os.Stat(o.Path(dummyState)); (err == nil) != (o.Name == at) {
					t.Errorf("the resource runs on %s; on %s: %v", at, o.Name, err)
				}
			}
			sameStatus(t, all, [][]string{{"crm_mon", "-1"}, {"corosync-quorumtool", "-s"}})
			if h == all[0] && kind == lab.Go { // once: pcs takes seconds
				sameStatus(t, all, [][]string{{"pcs", "status"}})
			}
			t.Logf("%s is %v's after %v, the resource was on %s and is on %s", h.Name, kind, time.Since(start).Round(time.Millisecond), was, at)
		}
	}
	if moved == 0 {
		t.Error("no node that was swapped ran the resource")
	}
	if both := twice(); both != "" {
		t.Errorf("the resource ran at the same time on %s", both)
	}
}

// runs fails the test if the host's corosync is not of the kind that it should be.
func runs(t *testing.T, h *lab.Host) {
	t.Helper()
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.Stat(filepath.Join(stage, "usr/sbin/corosync"))
	if err != nil {
		t.Fatal(err)
	}
	pids := h.Pids("corosync")
	if len(pids) == 0 {
		t.Fatalf("%s runs no corosync", h.Name)
	}
	is, err := os.Stat(fmt.Sprintf("/proc/%d/exe", pids[0]))
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(is, ours) != (h.Kind() == lab.Go) {
		t.Fatalf("%s does not run the %v corosync", h.Name, h.Kind())
	}
}

var located = regexp.MustCompile(`(?m)^resource d is running on: (\S+)\s*$`)

// where is the one node on which the resource runs, as a host has it.
func where(t *testing.T, h *lab.Host) string {
	t.Helper()
	out := h.MustRun("crm_resource", "--locate", "--resource", "d")
	m := located.FindAllStringSubmatch(out, -1)
	if len(m) != 1 {
		t.Fatalf("%s has the resource not just once: %q", h.Name, out)
	}
	return m[0][1]
}

// watchTwice looks all the time on which hosts the resource runs; the result ends
// that and names those on which it did at once.
func watchTwice(hosts []*lab.Host) func() string {
	stop, found := make(chan struct{}), make(chan string, 1)
	running := func() (on []string) {
		for _, h := range hosts {
			if _, err := os.Stat(h.Path(dummyState)); err == nil {
				on = append(on, h.Name)
			}
		}
		return on
	}
	go func() {
		for {
			select {
			case <-stop:
				found <- ""
				return
			case <-time.After(20 * time.Millisecond):
			}
			// It may have moved while one after the other was looked at: not twice.
			if on := running(); len(on) > 1 && slices.Equal(on, running()) {
				found <- strings.Join(on, ", ")
				return
			}
		}
	}()
	return func() string {
		close(stop)
		return <-found
	}
}

// sight is what a host's logs tell from the moment of look on.
type sight struct {
	h                   *lab.Host
	corosync, pacemaker int // lengths of the logs then
}

func look(h *lab.Host) *sight {
	return &sight{h, len(h.ReadFile(corosyncLog)), len(h.ReadFile(pacemakerLog))}
}

var (
	members  = regexp.MustCompile(`\[QUORUM\] Members\[\d+\]:([\d ]*)`)
	quorate  = regexp.MustCompile(`(?m)^Quorate:\s+Yes$`)
	lostNode = regexp.MustCompile(`Node (\S+) state is now lost`)
)

// check fails the test unless the host has missed nobody but the swapped one,
// which left and came back and then stayed, and has been quorate throughout.
func (s *sight) check(t *testing.T, swapped *lab.Host, others []*lab.Host) {
	t.Helper()
	text := s.h.ReadFile(corosyncLog)[s.corosync:]
	lists := members.FindAllStringSubmatch(text, -1)
	left, back := false, false
	for _, m := range lists {
		ids := strings.Fields(m[1])
		for _, o := range others {
			if !slices.Contains(ids, fmt.Sprint(o.Index+1)) {
				t.Errorf("%s (%v) had the members%s while %s was swapped", s.h.Name, s.h.Kind(), m[1], swapped.Name)
			}
		}
		if slices.Contains(ids, fmt.Sprint(swapped.Index+1)) {
			back = left
			continue
		}
		if back {
			t.Errorf("%s (%v) lost %s again", s.h.Name, s.h.Kind(), swapped.Name)
		}
		left = true
	}
	if !back {
		t.Errorf("%s (%v) did not log that %s left and came back:\n%s", s.h.Name, s.h.Kind(), swapped.Name, text)
	}
	if strings.Contains(text, "non-primary component") {
		t.Errorf("%s (%v) lost quorum while %s was swapped:\n%s", s.h.Name, s.h.Kind(), swapped.Name, text)
	}
	text = s.h.ReadFile(pacemakerLog)[s.pacemaker:]
	for _, m := range lostNode.FindAllStringSubmatch(text, -1) {
		if m[1] != swapped.Name {
			t.Errorf("pacemaker on %s lost %s while %s was swapped", s.h.Name, m[1], swapped.Name)
		}
	}
	if strings.Contains(text, "Quorum lost") {
		t.Errorf("pacemaker on %s lost quorum while %s was swapped", s.h.Name, swapped.Name)
	}
	if r := s.h.Exec("corosync-quorumtool", "-s"); !quorate.MatchString(r.Stdout) {
		t.Errorf("%s (%v) is not quorate:\n%s", s.h.Name, s.h.Kind(), answer(r))
	}
}
