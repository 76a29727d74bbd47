//go:build interop

package quorum

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func TestMain(m *testing.M) {
	lab.Init()
	if len(os.Args) > 1 && os.Args[1] == clientArg {
		os.Exit(client())
	}
	os.Exit(m.Run())
}

// story is one configuration and what happens to its nodes.
type story struct {
	name  string
	conf  string // of the quorum section
	nodes int
	steps []step
}

// step happens to the cluster, and the nodes have to reach these views.
type step struct {
	what  string
	do    func(*stage)
	views map[int]string // host: members
}

var stories = []story{
	{"majority", "", 3, []step{form(3), cut(3, 2), heal(3), crash(3, 2), restart(3, 2)}},
	{"two_node", "  two_node: 1\n", 2, []step{form(2), crash(2, 1), restart(2, 1)}},
	{"wait_for_all", "  wait_for_all: 1\n", 3, []step{form(3), cut(3, 2), heal(3), crash(3, 1), restart(3, 1)}},
	{"wait_for_all_alone", "  wait_for_all: 1\n", 3, []step{first(2), cancelWait}},
	{"tie_breaker", "  auto_tie_breaker: 1\n", 2, []step{form(2), cut(2, 1), heal(2), crash(2, 0)}},
	{"tie_breaker_list", "  auto_tie_breaker: 1\n  auto_tie_breaker_node: 2 1\n", 2, []step{form(2), cut(2, 1), heal(2)}},
	{"last_man_standing", "  last_man_standing: 1\n  last_man_standing_window: 500\n  wait_for_all: 1\n", 3, []step{form(3), crash(3, 2), window, restart(3, 2)}},
	{"downscale", "  allow_downscale: 1\n", 3, []step{form(3), leave(3, 2), restart(3, 2)}},
	{"expected_votes", "  expected_votes: 4\n", 2, []step{form(2), setExpected, setVotes, reload}},
}

func everyone(n int) map[int]string {
	v := map[int]string{}
	for i := range n {
		v[i] = members(n)
	}
	return v
}

func members(n int, without ...int) string {
	var s []string
next:
	for i := range n {
		for _, w := range without {
			if i == w {
				continue next
			}
		}
		s = append(s, fmt.Sprint(i+1))
	}
	return strings.Join(s, " ")
}

func without(n, gone int) map[int]string {
	v := everyone(n)
	delete(v, gone)
	for i := range v {
		v[i] = members(n, gone)
	}
	return v
}

func form(n int) step {
	return step{"all start", func(s *stage) {
		for _, h := range s.lab.Hosts() {
			h.StartCorosync()
		}
	}, everyone(n)}
}

func first(n int) step {
	return step{"the first start", func(s *stage) {
		for _, h := range s.lab.Hosts()[:n] {
			h.StartCorosync()
		}
	}, everyone(n)}
}

// cut takes one host's network away.
func cut(n, alone int) step {
	views := without(n, alone)
	views[alone] = fmt.Sprint(alone + 1)
	return step{"a host is cut off", func(s *stage) {
		for i, h := range s.lab.Hosts() {
			if i != alone {
				s.lab.Cut(h, s.lab.Host(alone))
			}
		}
	}, views}
}

func heal(n int) step {
	return step{"the network is whole", func(s *stage) { s.lab.SetAllLinks(lab.Fault{}) }, everyone(n)}
}

func crash(n, gone int) step {
	return step{"a host's daemon is killed", func(s *stage) { s.lab.Host(gone).Corosync().Kill() }, without(n, gone)}
}

func leave(n, gone int) step {
	return step{"a host leaves in order", func(s *stage) { s.lab.Host(gone).Corosync().Stop(10 * time.Second) }, without(n, gone)}
}

func restart(n, back int) step {
	return step{"it is back", func(s *stage) { s.lab.Host(back).StartCorosync() }, everyone(n)}
}

var (
	window = step{"the window is over", func(s *stage) {
		s.lab.Eventually(10*time.Second, "two votes are expected", func() bool {
			return strings.Contains(s.lab.Host(0).Exec(cTool, "-s").Stdout, "Expected votes:   2\n")
		})
	}, map[int]string{0: "1 2", 1: "1 2"}}
	cancelWait = step{"the wait is cancelled", func(s *stage) {
		s.lab.Host(0).MustRun(cMapctl, "-s", "quorum.cancel_wait_for_all", "u8", "1")
		s.settled()
	}, everyone(2)}
	setExpected = step{"expected votes are set", func(s *stage) {
		s.lab.Host(1).MustRun(goTool, "-e", "3")
		s.settled()
	}, everyone(2)}
	setVotes = step{"votes are set", func(s *stage) {
		s.lab.Host(0).MustRun(goTool, "-v", "2", "-n", "2")
		s.settled()
	}, everyone(2)}
	reload = step{"votes change by a reload", func(s *stage) {
		for _, h := range s.lab.Hosts() {
			conf := h.ReadFile("/etc/corosync/corosync.conf")
			conf = strings.Replace(conf, "nodeid: 1\n", "nodeid: 1\n    quorum_votes: 3\n", 1)
			h.WriteFile("/etc/corosync/corosync.conf", strings.Replace(conf, "expected_votes: 4", "expected_votes: 6", 1))
		}
		s.lab.Host(0).MustRun("corosync-cfgtool", "-R")
		s.settled()
	}, everyone(2)}
)

// The reference's tools and ours, on every host, whatever its programs are.
const (
	cTool   = "/run/c-quorumtool"
	cMapctl = "/run/c-cmapctl"
	goTool  = "/mnt/usr/sbin/corosync-quorumtool" // the lab shows our programs there
)

// stage is a lab with a story's daemons.
type stage struct {
	t     *testing.T
	lab   *lab.Lab
	story story
}

func newStage(t *testing.T, st story, kinds []lab.Kind) *stage {
	l := lab.New(t, st.nodes)
	l.DumpLogs("/var/log/corosync/corosync.log")
	l.WriteFile("/etc/corosync/corosync.conf", lab.Ring{Transport: "udpu", Quorum: st.conf}.Conf(l.Hosts()))
	for i, h := range l.Hosts() {
		h.MustRun("cp", "/usr/sbin/corosync-quorumtool", cTool)
		h.MustRun("cp", "/usr/sbin/corosync-cmapctl", cMapctl)
		h.Use(kinds[i%len(kinds)])
	}
	return &stage{t, l, st}
}

// status runs the reference's tool, which, asked in the wrong moment, may wait
// for an event that the reference's daemon never sends.
func status(h *lab.Host) lab.Result { return h.Exec("timeout", "5", cTool, "-s", "-p") }

// view is who is in the host's partition, by its corosync-quorumtool.
func view(h *lab.Host) string {
	var ids []string
	_, table, _ := strings.Cut(status(h).Stdout, "Nodeid ")
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 3 && f[0] != "Votes" {
			ids = append(ids, f[0])
		}
	}
	return strings.Join(ids, " ")
}

// settled waits until what the nodes say has been the same for a while: changes
// by multicast have no other sign that they have arrived.
func (s *stage) settled() {
	last, same := "", 0
	s.lab.Eventually(20*time.Second, "the nodes have settled", func() bool {
		now := s.tell(false)
		if same++; now != last {
			last, same = now, 0
		}
		return same >= 3
	})
}

var (
	volatile = regexp.MustCompile(`(?m)^Date: .*\n|(?m)^Ring ID: .*\n`)
	keysOf   = regexp.MustCompile(`(?m)^(quorum|runtime\.votequorum|runtime\.services\.(vote)?quorum\.service_id|internal_configuration\.service\.[35])\b.*\n`)
)

// tell is what all running nodes say.
func (s *stage) tell(keys bool) string {
	var b strings.Builder
	for i, h := range s.lab.Hosts() {
		r := status(h)
		fmt.Fprintf(&b, "node %d: status %d\n%s", i+1, r.Code, volatile.ReplaceAllString(r.Stdout, ""))
		if keys && r.Code != 1 {
			for _, line := range keysOf.FindAllString(h.Exec(cMapctl).Stdout, -1) {
				b.WriteString(line)
			}
			own := h.Exec(goTool, "-s", "-p")
			if own.Code != r.Code || volatile.ReplaceAllString(own.Stdout, "") != volatile.ReplaceAllString(r.Stdout, "") {
				s.t.Errorf("%s (%v): the two corosync-quorumtools differ:\n%s\n%s", h.Name, h.Kind(), own.Stdout, r.Stdout)
			}
		}
	}
	return b.String()
}

// play tells the story and returns what the nodes said after each step.
func (s *stage) play() []string {
	var said []string
	for _, st := range s.story.steps {
		st.do(s)
		for i, want := range st.views {
			h := s.lab.Host(i)
			s.lab.Eventually(30*time.Second, fmt.Sprintf("%s: %s: %s has the members %s", s.story.name, st.what, h.Name, want),
				func() bool { return view(h) == want })
		}
		s.settled()
		said = append(said, s.tell(true))
	}
	return said
}

// mixture is whose programs run on the hosts, in turn.
type mixture struct {
	name  string
	kinds []lab.Kind
}

func TestStories(t *testing.T) {
	goOnly := mixture{"Go", []lab.Kind{lab.Go}}
	mixed := []mixture{{"GoC", []lab.Kind{lab.Go, lab.C}}, {"CGo", []lab.Kind{lab.C, lab.Go}}}
	for i, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			t.Parallel() // two at a time: most of it is waiting
			want := newStage(t, st, []lab.Kind{lab.C}).play()
			for _, m := range []mixture{goOnly, mixed[i%len(mixed)]} {
				t.Run(m.name, func(t *testing.T) {
					for i, got := range newStage(t, st, m.kinds).play() {
						if got != want[i] {
							t.Errorf("after %q:\n%s", st.steps[i].what, difference(want[i], got))
						}
					}
				})
			}
		})
	}
}

// difference shows the lines that are not in both.
func difference(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var a, c string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			c = g[i]
		}
		if a != c {
			fmt.Fprintf(&b, "C nodes:  %s\nthis ring: %s\n", a, c)
		}
	}
	return b.String()
}
