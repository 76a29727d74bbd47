//go:build interop

package whole

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
	"github.com/ringmaster-ha/ringmaster/interop-tests/mix"
)

var update = flag.Bool("update", false, "keep the course of a cluster of the reference's anew (TestLeader)")

// leased is an agent each of whose instances holds a lock of the machine that all hosts are on for as long as it is
// active, and notes its starts and stops there. The kernel frees the lock when the host's processes are ended, not
// before: a host that is paused or cut off keeps it.
const leased = `#!/bin/sh
d=/run/power
i=$OCF_RESOURCE_INSTANCE
pid=/run/leased.$i.pid
alive() { [ -s $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case $1 in
meta-data) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="Leased" version="1.0"><version>1.1</version><longdesc lang="en">Leased</longdesc><shortdesc lang="en">Leased</shortdesc>
<parameters/>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
;;
start)
	alive && exit 0
	exec 9>>"$d/lock.$i"
	flock -n 9 || { echo "$i on $(hostname)" >>"$d/twice"; exit 1; }
	echo "start on $(hostname)" >>"$d/course.$i"
	setsid sleep 1000000 </dev/null >/dev/null 2>&1 &
	echo $! >$pid
	;;
stop)
	alive || exit 0
	echo "stop on $(hostname)" >>"$d/course.$i"
	kill -9 "$(cat $pid)"
	while alive; do sleep 0.1; done
	rm -f $pid
	;;
monitor) alive || exit 7 ;;
esac
exit 0
`

// lostLeader is three nodes of which the one that leads is lost in one way after the other. Each node n has a resource rn that
// prefers it, then its successor, and a device fn that fences it and prefers its successor: so that the course is the
// same whichever of two nodes comes to lead, but for the names.
type lostLeader struct {
	*story
	power *lab.Power
	read  map[string]int // lines of each resource's course that were taken down
	lost  []string       // the nodes whose power should have been taken
}

// successor is the node after another, from 1 to 3.
func successor(node int) int { return node%3 + 1 }

func (s *lostLeader) equip(node int) {
	s.T.Helper()
	h := s.Host(node)
	s.power.LayAgent(h)
	h.MustRun("ln", "-s", s.power.Dir, "/run/power") // one name for it in all runs
	h.LayAgent("test", "Leased", leased)
}

// until serves the switch until something is so, and sees that no resource is ever active twice.
func (s *lostLeader) until(what string, ok func() bool) {
	s.T.Helper()
	s.Lab.Eventually(90*time.Second, what, func() bool {
		s.power.Serve()
		s.power.Check()
		return ok()
	})
}

func (s *lostLeader) configure() {
	s.T.Helper()
	var resources, constraints strings.Builder
	for n := 1; n <= 3; n++ {
		fmt.Fprintf(&resources, `<primitive id="r%[1]d" class="ocf" provider="test" type="Leased"><operations><op id="r%[1]d-m" name="monitor" interval="10s"/></operations></primitive>
			<primitive id="f%[1]d" class="stonith" type="fence_dummy"><instance_attributes id="f%[1]d-i"><nvpair id="f%[1]d-l" name="pcmk_host_list" value="node%[1]d"/><nvpair id="f%[1]d-o" name="outside" value="/run/power"/></instance_attributes></primitive>`, n)
		for i, at := range []int{n, successor(n), successor(successor(n))} {
			fmt.Fprintf(&constraints, `<rsc_location id="r%[1]d-%[2]d" rsc="r%[1]d" node="node%[2]d" score="%[3]d"/>`, n, at, 300-100*i)
			fmt.Fprintf(&constraints, `<rsc_location id="f%[1]d-%[2]d" rsc="f%[1]d" node="node%[2]d" score="%[3]d"/>`, n, at, []int{100, 300, 200}[i])
		}
	}
	h := s.Host(1)
	// A node that has lost the others goes on with what it runs: it has to be fenced.
	h.MustRun("crm_attribute", "-n", "no-quorum-policy", "-v", "freeze")
	// A node that comes back is to wait for the others, not to fence them.
	h.MustRun("crm_attribute", "-n", "dc-deadtime", "-D")
	// At once, so that they start where they prefer to.
	h.MustRun("cibadmin", "-M", "-o", "configuration", "--xml-text", "<configuration><resources>"+resources.String()+"</resources><constraints>"+constraints.String()+"</constraints></configuration>")
	h.MustRun("crm_attribute", "-n", "stonith-enabled", "-v", "true")
}

// settles waits until these nodes have one leader and the rest is offline, all resources run, each where it prefers to,
// and nothing is to be done.
func (s *lostLeader) settles(nodes ...int) {
	s.T.Helper()
	var names []string
	for _, n := range nodes {
		names = append(names, fmt.Sprintf("node%d", n))
	}
	want := []string{"Online: [ " + strings.Join(names, " ") + " ]"}
	for n := 1; n <= 3; n++ {
		r, f := n, successor(n)
		if !slices.Contains(nodes, r) {
			r = successor(r)
		}
		if !slices.Contains(nodes, f) {
			f = successor(f)
		}
		want = append(want, fmt.Sprintf("r%d\t(ocf:test:Leased):\t Started node%d\n", n, r), fmt.Sprintf("f%d\t(stonith:fence_dummy):\t Started node%d\n", n, f))
	}
	last, same, out := "", 0, ""
	defer func() {
		if s.T.Failed() {
			s.T.Log(out)
		}
	}()
	s.until(strings.Join(names, ", ")+" have settled", func() bool {
		now := ""
		for _, n := range nodes {
			h := s.Host(n)
			out = h.Exec("crm_mon", "-1", "-r").Stdout
			for _, w := range want {
				if !strings.Contains(out, w) {
					same = 0
					return false
				}
			}
			now += leader(out) + h.Exec("cibadmin", "-Q", "-l").Stdout
		}
		if now != last || !strings.Contains(s.Host(nodes[0]).Exec("crmadmin", "-S", leader(out)).Stdout, "S_IDLE") {
			last, same = now, 0
			return false
		}
		same++
		return same == 2
	})
	leaders := map[string]bool{}
	for _, n := range nodes {
		leaders[leader(s.Host(n).Exec("crm_mon", "-1").Stdout)] = true
	}
	if len(leaders) != 1 {
		s.T.Fatalf("%v lead", slices.Collect(maps.Keys(leaders)))
	}
}

// named are the nodes and what is named for them; dcName is who leads, the one of the two that are left that has used
// more processor time (an election asks for that first), as crm_mon and the history of fencing say it; others are process
// ids and times.
var (
	named  = regexp.MustCompile(`\b(node|[rf])([123])\b`)
	dcName = regexp.MustCompile(`(Current DC: |origin=|pacemaker-controld@)node\d`)
	others = regexp.MustCompile(`(pacemaker-controld)\.\d+|(Last (?:updated|change):).*|(successful at |last-successful=)'?\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ'?`)
	list   = regexp.MustCompile(`\[ [^]]* \]`)
)

// seen is a text as it would be if node1 had been the one that is lost: names go on in a circle, and what is sorted by
// name is sorted again.
func seen(lost int, text string) string {
	text = dcName.ReplaceAllString(others.ReplaceAllString(text, "$1$2$3"), "${1}LEADER")
	text = named.ReplaceAllStringFunc(text, func(name string) string {
		last := len(name) - 1
		return name[:last] + fmt.Sprint((int(name[last]-'1')+4-lost)%3+1)
	})
	text = list.ReplaceAllStringFunc(text, func(l string) string {
		words := strings.Fields(l)
		slices.Sort(words[1 : len(words)-1])
		return strings.Join(words, " ")
	})
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		end := i + 1
		for strings.HasPrefix(lines[i], "  * ") && end < len(lines) && strings.HasPrefix(lines[end], "  * ") {
			end++
		}
		slices.Sort(lines[i:end])
		i = end
	}
	return strings.Join(lines, "\n")
}

// tell takes down what nodes say, the first of which is the one after that which was lost.
func (s *lostLeader) tell(lost int, nodes ...int) {
	s.T.Helper()
	for _, n := range nodes {
		s.power.Check(s.Host(n))
		for _, line := range []string{"crm_mon -1 -r -f", "crm_mon -1 -m 3 --include=none,fencing", "stonith_admin --history *"} {
			res := s.Host(n).Exec(strings.Fields(line)[0], strings.Fields(line)[1:]...)
			s.Note(seen(lost, fmt.Sprintf("node%d$ %s\n%s%s= %d", n, line, mask(res.Stdout), res.Stderr, res.Code)))
		}
	}
}

// course takes down what has been started and stopped since.
func (s *lostLeader) course(lost int) {
	s.T.Helper()
	for i := range 3 {
		r := fmt.Sprintf("r%d", (lost-1+i)%3+1)
		lines := s.power.Left("course." + r)
		s.Note(seen(lost, r+": "+strings.Join(lines[s.read[r]:], ", ")))
		s.read[r] = len(lines)
	}
}

// lose has the leader be lost in some way, fenced, and come back.
func (s *lostLeader) lose(how string, do func(node int, others []int)) {
	s.T.Helper()
	name := leader(s.Host(1).Exec("crm_mon", "-1").Stdout)
	node := int(name[len(name)-1] - '0')
	rest := []int{successor(node), successor(successor(node))}
	s.T.Logf("%s: %s (%v) leads", how, name, s.kind(node))
	s.Note("The leader is " + how + ".")
	s.lost = append(s.lost, name)
	started := time.Now()
	do(node, rest)
	s.until(name+" has lost its power", func() bool { return len(s.power.Cuts) == len(s.lost) })
	s.Lab.SetAllLinks(lab.Fault{})
	sorted := slices.Sorted(slices.Values(rest))
	s.settles(sorted...)
	s.T.Logf("%s: the others have settled after %.1f s", how, time.Since(started).Seconds())
	s.Crash(node) // its power is gone already
	s.tell(node, rest...)
	s.course(node)
	s.Boot(node)
	s.equip(node)
	s.Return(node)
	s.settles(1, 2, 3)
	s.until(name+" knows how it was fenced", func() bool {
		return strings.Contains(s.Host(node).Exec("stonith_admin", "--history", name).Stdout, "reboot of "+name+" successful")
	})
	s.tell(node, append(rest, node)...)
	s.course(node)
	s.SettleConfiguration()
	var cut []string
	for _, c := range s.power.Cuts {
		cut = append(cut, c.Host)
	}
	if !slices.Equal(cut, s.lost) {
		s.T.Fatalf("the switch took the power of %q, want %q", cut, s.lost)
	}
	// So that the next chapter does not tell of nodes of this one, which may be others in another cluster.
	s.Host(node).MustRun("stonith_admin", "--cleanup", "--history", "*")
	s.until("all have forgotten it", func() bool {
		for n := 1; n <= 3; n++ {
			if strings.Contains(s.Host(n).Exec("stonith_admin", "--history", "*").Stdout, "reboot of") {
				return false
			}
		}
		return true
	})
}

func (s *lostLeader) kind(node int) lab.Kind {
	if s.Ours(node) {
		return lab.Go
	}
	return lab.C
}

// wanted waits until the others' agents want a node's power, which the switch leaves it for now.
func (s *lostLeader) wanted(node int) {
	s.T.Helper()
	name := fmt.Sprintf("node%d", node)
	s.until("agents want the power of "+name, func() bool {
		return slices.ContainsFunc(s.power.Wanted(), func(c lab.Cut) bool { return c.Host == name })
	})
}

// hold keeps a node's power on while something is done.
func (s *lostLeader) hold(node int, do func()) {
	name := fmt.Sprintf("node%d", node)
	s.power.Held[name] = true
	do()
	delete(s.power.Held, name)
}

// TestLeader: whole nodes of both kinds in one cluster lose the one that leads: it crashes, is paused and is cut off, and
// each time is fenced and comes back. No resource is active twice meanwhile, of which a lock of the machine makes sure, and
// what the tools say is what they say in a cluster of the reference's.
func TestLeader(t *testing.T) {
	if os.Getenv("RINGMASTER_WHOLE") == "" {
		t.Skip("it takes minutes: set RINGMASTER_WHOLE")
	}
	// A busy machine keeps no node from answering for so long.
	ring := lab.Ring{Transport: "udpu", Token: 3000}
	mix.CompareKeptOn(t, ring, filepath.Join("testdata", "leader.txt"), *update, "GoCC", programs(t), func(r *mix.Run) {
		s := &lostLeader{story: &story{r}, power: r.Lab.NewPower(), read: map[string]int{}}
		for n := 1; n <= 3; n++ {
			s.equip(n)
		}
		s.configure()
		s.settles(1, 2, 3)
		s.course(1)
		s.lose("crashed", func(node int, _ []int) { s.Host(node).Crash() })
		s.lose("paused", func(node int, _ []int) {
			s.hold(node, func() {
				s.Host(node).Pause()
				s.wanted(node)
				s.Host(node).Continue()
			})
		})
		s.lose("cut off", func(node int, others []int) {
			s.hold(node, func() {
				s.Lab.Partition([]*lab.Host{s.Host(node)}, []*lab.Host{s.Host(others[0]), s.Host(others[1])})
				s.wanted(node)
				// It goes on with what it runs and asks for nobody's power.
				s.until("it knows that it is alone", func() bool {
					return strings.Contains(s.Host(node).Exec("crm_mon", "-1").Stdout, "partition WITHOUT quorum")
				})
			})
		})
		s.power.Check()
	})
}

// TestSeen: names go on in a circle, and what differs for another reason stays.
func TestSeen(t *testing.T) {
	in := "  * Current DC: node3 (version 2)\n  * Online: [ node1 node3 ]\n  * r1\t Started node1\n  * r2\t Started node3\n  * f2\t Started node3\nreboot of node2 by node1 for pacemaker-controld.17@node1 successful at 2026-11-23 14:18:56Z: origin=node1"
	want := "  * Current DC: LEADER (version 2)\n  * Online: [ node2 node3 ]\n  * f1\t Started node2\n  * r1\t Started node2\n  * r3\t Started node3\nreboot of node1 by node3 for pacemaker-controld@LEADER successful at : origin=LEADER"
	if got := seen(2, in); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if in := strings.ReplaceAll(in, "node3", "node9"); !strings.Contains(seen(1, in), "Started node9") {
		t.Errorf("an unknown name is gone from %s", seen(1, in))
	}
}
