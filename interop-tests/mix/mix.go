package mix

import (
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
	// Busy has clients keep the cluster from becoming idle: it is not waited for that.
	Busy bool

	daemons []string // their paths
	kinds   []lab.Kind
	down    map[*lab.Host]bool
	record  strings.Builder
}

// Compare runs the scenario on each mixture of a daemon, by its path, and reports where one
// differs from the first. A daemon of ours that is not staged is not run.
func Compare(t *testing.T, daemon string, scenario func(*Run)) {
	CompareIn(t, *mixtures, []string{daemon}, scenario)
}

// CompareIn is Compare of several daemons at once, with these mixtures if -mixtures does not say others.
func CompareIn(t *testing.T, among string, daemons []string, scenario func(*Run)) {
	var first string
	for i, m := range chosen(among) {
		run(t, udpu, m, daemons, scenario, func(t *testing.T, record string) {
			if i == 0 {
				first = record
			}
			if record != first {
				t.Errorf("differs from the first:\n%s", Difference(first, record))
			}
		})
	}
}

// udpu is the ring of all that do not say another.
var udpu = lab.Ring{Transport: "udpu"}

// CompareKept is CompareIn with what a file keeps of the reference's daemons, which update makes anew.
func CompareKept(t *testing.T, file string, update bool, among string, daemons []string, scenario func(*Run)) {
	CompareKeptOn(t, udpu, file, update, among, daemons, scenario)
}

// CompareKeptOn is CompareKept on a ring that is not the usual one.
func CompareKeptOn(t *testing.T, ring lab.Ring, file string, update bool, among string, daemons []string, scenario func(*Run)) {
	if update {
		run(t, ring, "CCC", daemons, scenario, func(t *testing.T, record string) {
			if err := os.WriteFile(file, []byte(record), 0o644); err != nil {
				t.Fatal(err)
			}
		})
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range chosen(among) {
		run(t, ring, m, daemons, scenario, func(t *testing.T, record string) {
			if record != string(want) {
				t.Errorf("differs from the reference's:\n%s", Difference(string(want), record))
			}
		})
	}
}

// chosen are the mixtures that -mixtures says, or else these.
func chosen(among string) []string {
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "mixtures" {
			among = f.Value.String()
		}
	})
	return strings.Split(among, ",")
}

// run takes one mixture through a scenario and hands over the record.
func run(t *testing.T, ring lab.Ring, mixture string, daemons []string, scenario func(*Run), check func(*testing.T, string)) {
	stage, err := lab.Stage()
	if err != nil {
		t.Fatal(err)
	}
	t.Run(mixture, func(t *testing.T) {
		for _, daemon := range daemons {
			if _, err := os.Stat(stage + daemon); err != nil && strings.Contains(mixture, "Go") {
				t.Skipf("no %s of ours: %v", filepath.Base(daemon), err)
			}
		}
		r := form(t, ring, daemons, lab.Kinds(mixture))
		scenario(r)
		r.checkLogs()
		record := r.record.String()
		if err := keep(t, record); err != nil {
			t.Error(err)
		}
		check(t, record)
	})
}

// keep leaves a record where RINGMASTER_KEEP says.
func keep(t *testing.T, record string) error {
	dir := os.Getenv("RINGMASTER_KEEP")
	if dir == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".txt"), []byte(record), 0o644)
}

func form(t *testing.T, ring lab.Ring, daemons []string, kinds []lab.Kind) *Run {
	l := lab.New(t, len(kinds))
	l.DumpLogs(pacemakerLog)
	l.WriteFile("/etc/corosync/corosync.conf", ring.Conf(l.Hosts()))
	r := &Run{T: t, Lab: l, daemons: daemons, kinds: kinds, down: map[*lab.Host]bool{}}
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

// ring brings up a node as far as the cluster's ring, and lays its daemons.
func (r *Run) ring(node int) {
	h := r.Host(node)
	if r.kinds[node-1] == lab.Go {
		for _, daemon := range r.daemons {
			h.Lay(daemon)
		}
	}
	h.StartCorosync()
}

// Ours tells whether a node runs our daemon.
func (r *Run) Ours(node int) bool { return r.kinds[node-1] == lab.Go }

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
	if !r.Busy {
		hosts[0].MustRun("crm_resource", "--wait", "--timeout", "60s")
	}
}

func (r *Run) say(format string, args ...any) { fmt.Fprintf(&r.record, format+"\n", args...) }

// Note takes down a text, which is to be the same on all mixtures.
func (r *Run) Note(text string) { r.say("%s", text) }

// Do runs a command on a node and takes down what it leaves.
func (r *Run) Do(node int, args ...string) lab.Result {
	r.T.Helper()
	res := r.Host(node).Exec(args[0], args[1:]...)
	r.took(node, args, res)
	return res
}

// DoMasked is Do, where mask takes out of the output what differs each time beyond what is left out anyway.
func (r *Run) DoMasked(mask func(string) string, node int, args ...string) {
	r.T.Helper()
	res := r.Host(node).Exec(args[0], args[1:]...)
	res.Stdout = mask(res.Stdout)
	r.took(node, args, res)
}

func (r *Run) took(node int, args []string, res lab.Result) {
	r.say("node%d$ %s\n%s%s= %d", node, strings.Join(args, " "), normal(res.Stdout), normal(res.Stderr), res.Code)
}

// Settle waits until all running nodes have one CIB, and takes it down.
func (r *Run) Settle() {
	r.T.Helper()
	r.say("CIB of %s:\n%s", names(r.running()), normal(ordered(r.Same())))
}

// SettleMasked is Settle, where mask takes out of the CIB what differs each time beyond what is left out anyway.
func (r *Run) SettleMasked(mask func(string) string) {
	r.T.Helper()
	r.say("CIB of %s:\n%s", names(r.running()), mask(normal(ordered(r.Same()))))
}

// SettleConfiguration is Settle that takes down the configuration alone. After faults what nodes have
// told of themselves may be there or not: a manager of attributes that was started again deletes what there is of
// its node, and others may have written that before or after.
func (r *Run) SettleConfiguration() {
	r.T.Helper()
	cib, _, _ := strings.Cut(r.Same(), "<status")
	r.say("configuration of %s:\n%s", names(r.running()), normal(cib))
}

// Same waits until all running nodes have one CIB that stays so, and returns it.
func (r *Run) Same() string {
	r.T.Helper()
	hosts := r.running()
	hosts[0].MustRun("crm_resource", "--wait", "--timeout", "60s")
	var cib string
	var differ []string // the last time
	deadline := time.Now().Add(30 * time.Second)
	for {
		before := cib
		cib, differ = own.ReplaceAllString(local(hosts[0]), ""), nil
		for _, h := range hosts[1:] {
			if other := own.ReplaceAllString(local(h), ""); other != cib {
				differ = append(differ, fmt.Sprintf("%s: %s", h.Name, Difference(cib, other)))
			}
		}
		if len(differ) == 0 && cib != "" && cib == before { // and it stays so
			break
		}
		if time.Now().After(deadline) {
			r.T.Fatalf("not one CIB on %s that stays; those that are not that of %s:\n%s", names(hosts), hosts[0].Name, strings.Join(differ, "\n"))
		}
		time.Sleep(100 * time.Millisecond)
	}
	return cib
}

func local(h *lab.Host) string { return h.Exec("cibadmin", "-Q", "-l").Stdout }

// faults are what others say of a daemon that does not do its work.
var faults = regexp.MustCompile(`(?m)^.*(?:Invalid message|Nodeid mismatch|Digest mis-match|Could not parse|Core dumped|dumped core|assertion).*$`)

func (r *Run) checkLogs() {
	for _, h := range r.running() {
		for _, line := range faults.FindAllString(h.ReadFile(pacemakerLog), -1) {
			r.T.Errorf("%s: %s", h.Name, line)
		}
	}
}
