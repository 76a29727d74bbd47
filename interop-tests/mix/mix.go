package mix

import (
	"crypto/md5"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var mixtures = flag.String("mixtures", "CCC,GoGoC", "whose daemon runs on the nodes; all are compared with the first")

const pacemakerLog = "/var/log/pacemaker/pacemaker.log"

// Run is a scenario on one mixture. Nodes are counted from 1.
type Run struct {
	T   *testing.T
	Lab *lab.Lab

	daemon string // its path
	kinds  []lab.Kind
	record strings.Builder
}

// Compare runs the scenario on each mixture of a daemon, by its path, and reports where one
// differs from the first. A daemon of ours that is not staged is not run.
func Compare(t *testing.T, daemon string, scenario func(*Run)) {
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	var first string
	for i, m := range strings.Split(*mixtures, ",") {
		t.Run(m, func(t *testing.T) {
			if _, err := os.Stat(stage + daemon); err != nil && strings.Contains(m, "Go") {
				t.Skipf("no %s of ours: %v", filepath.Base(daemon), err)
			}
			r := form(t, daemon, lab.Kinds(m))
			scenario(r)
			r.checkLogs()
			record := r.record.String()
			if i == 0 {
				first = record
			}
			if err := keep(t, record); err != nil {
				t.Error(err)
			}
			if record != first {
				t.Errorf("differs from the first:\n%s", Difference(first, record))
			}
		})
	}
}

// keep leaves a record where RINGMASTER_KEEP says.
func keep(t *testing.T, record string) error {
	dir := os.Getenv("RINGMASTER_KEEP")
	if dir == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".txt"), []byte(record), 0o644)
}

func form(t *testing.T, daemon string, kinds []lab.Kind) *Run {
	l := lab.New(t, len(kinds))
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
	r := &Run{T: t, Lab: l, daemon: daemon, kinds: kinds}
	for n := range kinds {
		r.ring(n + 1)
	}
	l.Form(l.Hosts()...)
	for n := range kinds {
		r.Host(n + 1).StartPacemaker()
		if n == 0 { // so that it is always this one
			l.Eventually(60*time.Second, "node1 is the DC", func() bool { return strings.Contains(status(l.Host(0)), "Current DC: node1 ") })
		}
	}
	r.online(r.Lab.Hosts())
	return r
}

// ring brings up a node as far as the cluster's ring, and lays its daemon.
func (r *Run) ring(node int) {
	h := r.Host(node)
	if r.kinds[node-1] == lab.Go {
		h.Lay(r.daemon)
	}
	h.StartCorosync()
}

// Host is a node's host.
func (r *Run) Host(node int) *lab.Host { return r.Lab.Host(node - 1) }

func status(h *lab.Host) string { return h.Exec("crm_mon", "-1").Stdout }

func names(hosts []*lab.Host) string {
	var all []string
	for _, h := range hosts {
		all = append(all, h.Name)
	}
	return strings.Join(all, " ")
}

// online waits until these have each other, and nothing is to be done.
func (r *Run) online(hosts []*lab.Host) {
	r.T.Helper()
	for _, h := range hosts {
		r.Lab.Eventually(90*time.Second, h.Name+" has "+names(hosts)+" online", func() bool {
			return strings.Contains(status(h), "Online: [ "+names(hosts)+" ]")
		})
	}
	hosts[0].MustRun("crm_resource", "--wait", "--timeout", "60s")
}

func (r *Run) say(format string, args ...any) { fmt.Fprintf(&r.record, format+"\n", args...) }

// Do runs a command on a node and takes down what it leaves.
func (r *Run) Do(node int, args ...string) lab.Result {
	r.T.Helper()
	res := r.Host(node).Exec(args[0], args[1:]...)
	r.took(node, args, res)
	return res
}

func (r *Run) took(node int, args []string, res lab.Result) {
	r.say("node%d$ %s\n%s%s= %d", node, strings.Join(args, " "), normal(res.Stdout), normal(res.Stderr), res.Code)
}

// Settle waits until all running nodes have one CIB, by content and by digest, and takes it
// down.
func (r *Run) Settle() {
	r.T.Helper()
	hosts := r.Lab.Hosts()
	hosts[0].MustRun("crm_resource", "--wait", "--timeout", "60s")
	var cib string
	r.Lab.Eventually(30*time.Second, "one CIB on "+names(hosts), func() bool {
		before := cib
		cib = own.ReplaceAllString(local(hosts[0]), "")
		for _, h := range hosts[1:] {
			if own.ReplaceAllString(local(h), "") != cib {
				return false
			}
		}
		return cib != "" && cib == before // and it stays so
	})
	var digests []string
	for _, h := range hosts {
		digests = append(digests, fmt.Sprintf("%x", md5.Sum([]byte(own.ReplaceAllString(local(h), "")))))
	}
	for i, d := range digests {
		if d != digests[0] {
			r.T.Errorf("%s has another CIB than %s", hosts[i].Name, hosts[0].Name)
		}
	}
	r.say("CIB of %s:\n%s", names(hosts), normal(ordered(cib)))
}

func local(h *lab.Host) string { return h.Exec("cibadmin", "-Q", "-l").Stdout }

// faults are what others say of a daemon that does not do its work.
var faults = regexp.MustCompile(`(?m)^.*(?:Invalid message|Nodeid mismatch|Digest mis-match|Could not parse|Core dumped|dumped core|assertion|is unresponsive to ipc).*$`)

func (r *Run) checkLogs() {
	for _, h := range r.Lab.Hosts() {
		for _, line := range faults.FindAllString(h.ReadFile(pacemakerLog), -1) {
			r.T.Errorf("%s: %s", h.Name, line)
		}
	}
}
