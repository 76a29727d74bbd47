package mix

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// running are the hosts that have not crashed.
func (r *Run) running() []*lab.Host {
	var hosts []*lab.Host
	for _, h := range r.Lab.Hosts() {
		if !r.down[h] {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Crash takes a node's power, and waits until the others have lost it.
func (r *Run) Crash(node int) {
	r.T.Helper()
	r.Host(node).Crash()
	r.down[r.Host(node)] = true
	r.online(r.running())
}

// Boot brings back a node that has crashed, as far as the cluster's ring.
func (r *Run) Boot(node int) {
	r.T.Helper()
	h := r.Host(node)
	h.Boot()
	delete(r.down, h)
	r.ring(node)
	r.Lab.Form(r.running()...)
}

// Return brings back a node that has crashed, or was booted since, and waits until all have it.
func (r *Run) Return(node int) {
	r.T.Helper()
	if r.down[r.Host(node)] {
		r.Boot(node)
	}
	r.Host(node).StartPacemaker()
	r.online(r.running())
}

// Stop ends Pacemaker on a node in order, and waits until the others do without it.
func (r *Run) Stop(node int) {
	r.T.Helper()
	h := r.Host(node)
	pids := h.Pids("pacemakerd")
	if len(pids) != 1 {
		r.T.Fatalf("%d pacemakerd on %s", len(pids), h.Name)
	}
	if err := syscall.Kill(pids[0], syscall.SIGTERM); err != nil {
		r.T.Fatal(err)
	}
	r.Lab.Eventually(60*time.Second, "the end of Pacemaker on "+h.Name, func() bool { return len(h.Pids("pacemakerd")) == 0 })
	r.down[h] = true
	r.online(r.running())
}

// Start brings back a node that was stopped, and waits until all have it.
func (r *Run) Start(node int) {
	r.T.Helper()
	delete(r.down, r.Host(node))
	r.Host(node).StartPacemaker()
	r.online(r.running())
}

// stuck is what pacemakerd logs when corosync does not let it in at once, as while its members change: it then
// does not start the daemon again before it has lost corosync.
var stuck = regexp.MustCompile(`Not respawning \S+ subdaemon until cluster returns`)

// Kill ends a daemon without a word, and waits until pacemakerd has started another and the cluster
// is idle again. If it does not start another (see stuck) the node crashes and comes back.
func (r *Run) Kill(node int, daemon string) {
	r.T.Helper()
	h := r.Host(node)
	pid := child(h, daemon)
	if pid == 0 {
		r.T.Fatalf("no %s on %s", daemon, h.Name)
	}
	said := len(h.ReadFile(pacemakerLog))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		r.T.Fatal(err)
	}
	gaveUp := func() string { return stuck.FindString(h.ReadFile(pacemakerLog)[said:]) }
	r.Lab.Eventually(60*time.Second, "another "+daemon+" on "+h.Name, func() bool {
		now := child(h, daemon)
		return now != 0 && now != pid || gaveUp() != ""
	})
	// Those that end with it have to be back as well.
	r.Lab.Eventually(60*time.Second, h.Name+" is known to itself again", func() bool {
		return gaveUp() != "" || !slices.ContainsFunc(daemons, func(d string) bool { return child(h, d) == 0 }) && knowsItself(h)
	})
	if said := gaveUp(); said != "" {
		r.T.Logf("pacemakerd of %s: %s", h.Name, said)
		r.Crash(node)
		r.Return(node)
		return
	}
	r.back(h)
}

// daemons are pacemakerd's.
var daemons = []string{"pacemaker-based", "pacemaker-fenced", "pacemaker-execd", "pacemaker-attrd", "pacemaker-schedulerd", "pacemaker-controld"}

func knowsItself(h *lab.Host) bool { return h.Exec("crmadmin", "-S", h.Name).Code == 0 }

// child is pacemakerd's process of that name, 0 for none: the reference's manager of the CIB has others now and
// then, which write files.
func child(h *lab.Host, daemon string) int {
	parents := h.Pids("pacemakerd")
	for _, pid := range h.Pids(daemon) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(status)) {
			if ppid, ok := strings.CutPrefix(line, "PPid:"); ok && slices.ContainsFunc(parents, func(p int) bool { return fmt.Sprint(p) == strings.TrimSpace(ppid) }) {
				return pid
			}
		}
	}
	return 0
}

// back waits until a node whose daemons were restarted is there again: first the others notice, by its
// controller, which ends with the daemon, that it was gone.
func (r *Run) back(h *lab.Host) {
	r.T.Helper()
	r.Lab.Eventually(60*time.Second, h.Name+" is known to itself again", func() bool { return knowsItself(h) })
	r.online(r.running())
}

// Part leaves the nodes connected within each group only, and waits until each has found that out.
func (r *Run) Part(groups ...[]int) {
	r.T.Helper()
	hosts := make([][]*lab.Host, len(groups))
	for i, group := range groups {
		for _, node := range group {
			hosts[i] = append(hosts[i], r.Host(node))
		}
	}
	r.Lab.Partition(hosts...)
	for _, group := range hosts {
		r.Lab.Form(group...)
		r.online(group)
	}
}

// Heal connects all again, and waits until they are one cluster.
func (r *Run) Heal() {
	r.T.Helper()
	r.Lab.SetAllLinks(lab.Fault{})
	r.Lab.Form(r.running()...)
	r.online(r.running())
}
