//go:build interop

package above

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// startPacemaker starts the reference's pacemaker on a host.
func startPacemaker(h *lab.Host) *lab.Process { return h.StartPacemaker() }

// mixtures says whose corosync runs on which of three hosts; pacemaker is
// always the reference's.
var mixtures = []struct {
	name  string
	kinds [3]lab.Kind
}{
	{"CCC", [3]lab.Kind{lab.C, lab.C, lab.C}},
	{"GoCC", [3]lab.Kind{lab.Go, lab.C, lab.C}},
	{"GoGoC", [3]lab.Kind{lab.Go, lab.Go, lab.C}},
	{"GoGoGo", [3]lab.Kind{lab.Go, lab.Go, lab.Go}},
}

// TestPacemaker runs the real pacemaker over each mixture: it forms, runs a
// resource, and after a crash of the node that runs it starts it elsewhere.
func TestPacemaker(t *testing.T) {
	for _, m := range mixtures {
		t.Run(m.name, func(t *testing.T) {
			l := lab.New(t, 3)
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/pacemaker/pacemaker.log")
			l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu"}.Conf(l.Hosts()))
			for i, h := range l.Hosts() {
				h.Use(m.kinds[i])
				h.StartCorosync()
			}
			l.Form(l.Hosts()...)
			for _, h := range l.Hosts() {
				startPacemaker(h)
			}
			a := l.Host(0)
			l.Eventually(60*time.Second, "three nodes online", func() bool {
				return strings.Contains(a.Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 node3 ]")
			})
			a.MustRun("cibadmin", "-C", "-o", "resources", "--xml-text", `<primitive id="d" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="d-m" name="monitor" interval="2s"/></operations></primitive>`)

			running := regexp.MustCompile(`d\s+\(ocf:pacemaker:Dummy\):\s+Started (node\d)`)
			where := func(h *lab.Host) string {
				if m := running.FindStringSubmatch(h.Exec("crm_mon", "-1").Stdout); m != nil {
					return m[1]
				}
				return ""
			}
			l.Eventually(30*time.Second, "the resource runs", func() bool { return where(a) != "" })

			if m.name == "GoCC" { // once: pcs takes a second for each
				sameStatus(t, l.Hosts(), statusQueries)
			}

			var victim, survivor *lab.Host
			for _, h := range l.Hosts() {
				if h.Name == where(a) {
					victim = h
				}
			}
			for _, h := range l.Hosts() {
				if h != victim {
					survivor = h
				}
			}
			victim.Crash()
			l.Eventually(30*time.Second, "the resource runs elsewhere after the crash of "+victim.Name, func() bool {
				w := where(survivor)
				return w != "" && w != victim.Name
			})

			// The tools of the field read from it what they read from C's.
			status := survivor.MustRun("pcs", "status")
			for _, want := range []string{"Cluster name: lab", "OFFLINE: [ " + victim.Name + " ]", "partition with quorum"} {
				if !strings.Contains(status, want) {
					t.Errorf("pcs status lacks %q:\n%s", want, status)
				}
			}

			victim.Boot()
			victim.StartCorosync()
			l.Form(l.Hosts()...)
			startPacemaker(victim)
			l.Eventually(60*time.Second, "all nodes online again", func() bool {
				return strings.Contains(survivor.Exec("crm_mon", "-1").Stdout, "Online: [ node1 node2 node3 ]")
			})
		})
	}
}

// statusQueries are what the tools above ask of a node.
var statusQueries = [][]string{
	{"pcs", "status", "--full"}, {"pcs", "status", "nodes"}, {"pcs", "status", "nodes", "corosync"}, {"pcs", "status", "corosync"},
	{"pcs", "quorum", "status"}, {"pcs", "quorum", "config"}, {"pcs", "cluster", "corosync"},
	{"crm", "corosync", "status"}, {"crm", "corosync", "get", "totem.token"},
	{"crm_mon", "-1", "-r", "-n"}, {"crm_mon", "-1", "--output-as=xml"}, {"crm_node", "-l"}, {"crm_node", "-p"}, {"crm_node", "-i"}, {"crm_node", "-q"},
}

// sameStatus asks the first node of ours and the first of the reference's the
// same: they answer alike, but for who they are.
func sameStatus(t *testing.T, hosts []*lab.Host, queries [][]string) {
	t.Helper()
	first := map[lab.Kind]*lab.Host{}
	for _, h := range hosts {
		if first[h.Kind()] == nil {
			first[h.Kind()] = h
		}
	}
	if len(first) < 2 {
		return
	}
	for _, q := range queries {
		ask := func(k lab.Kind) string {
			r := first[k].Exec(q[0], q[1:]...)
			return masked(first[k], steady(moment.ReplaceAllString(answer(r), "at some time")))
		}
		if ours, theirs := ask(lab.Go), ask(lab.C); ours != theirs {
			t.Errorf("%s on our node:\n%s\non the reference's:\n%s", strings.Join(q, " "), ours, theirs)
		}
	}
}

// moment is when, and where, crm_mon was asked.
var moment = regexp.MustCompile(`(?m)Last updated: .*$|last_updated="[^"]*"|\(last updated [^)]*\)|<last_update [^>]*>|execution-date="\d+"|(?:at|on) [A-Z][a-z]{2} [A-Z][a-z]{2} .*$`)
