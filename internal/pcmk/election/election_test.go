package election

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// members is a membership: all of it is active, and a node's uuid is "id-" and its name.
type members []string

func (m members) UUID(name string) string {
	if slices.Contains(m, name) {
		return "id-" + name
	}
	return ""
}
func (m members) Active(name string) bool { return slices.Contains(m, name) }
func (m members) ActiveNames() []string   { return m }
func (m members) Known() int              { return len(m) }

// heard keeps the lines that are said.
type heard struct{ lines []string }

func (h *heard) Enabled(loglevel.Level) bool { return true }
func (h *heard) Logf(_ loglevel.Level, format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

var start = time.Unix(1_000_000, 0)

func used(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func vote(from string, age time.Duration) *Message {
	return &Message{Op: OpVote, From: from, Version: featureset.Current, Owner: "id-" + from, Round: 1, Age: age}
}

// TestCompare holds node "m" with 100 ms of CPU time against votes of others.
func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name   string
		m      *Message
		canWin bool
		want   State
	}{
		{"younger", vote("a", 50*time.Millisecond), true, Start},
		{"older", vote("z", 150*time.Millisecond), true, Lost},
		{"same age, name before", vote("A", 100*time.Millisecond), true, Lost},
		{"same age, name after", vote("z", 100*time.Millisecond), true, Start},
		{"older version", &Message{Op: OpVote, From: "z", Version: "3.15.0", Owner: "id-z", Round: 1}, true, Lost},
		{"newer version", &Message{Op: OpVote, From: "z", Version: "3.17", Owner: "id-z", Round: 1, Age: time.Hour}, true, Start},
		{"not eligible", vote("z", 0), false, Lost},
		{"not a member", vote("x", time.Hour), true, InProgress},
		{"superseded", &Message{Op: OpNoVote, From: "a", Version: featureset.Current, Owner: "id-m", Round: 9}, true, InProgress},
		{"somebody else's", &Message{Op: OpNoVote, From: "a", Version: featureset.Current, Owner: "id-z", Round: 1}, true, Invalid},
		{"no uptime", &Message{Op: OpVote, From: "a", Version: "3.1", Owner: "id-a", Round: 1, Age: -1}, true, Invalid},
		{"no version", &Message{Op: OpVote, From: "a", Owner: "id-a", Round: 1}, true, Invalid},
		{"other operation", &Message{Op: "noop", From: "a", Version: "3.1", Owner: "id-a", Round: 1}, true, Invalid},
	} {
		log := &heard{}
		e := New("DC", "m", members{"m", "a", "A", "z"}, log)
		e.Vote(start, used(100*time.Millisecond))
		got, a := e.Count(c.m, c.canWin, start, used(100*time.Millisecond))
		if got != c.want {
			t.Errorf("%s: %v, want %v (%s)", c.name, got, c.want, log.lines)
		}
		if lost := got == Lost; lost != (a.Send != nil) {
			t.Errorf("%s: %v sends %v", c.name, got, a.Send)
		} else if lost && (a.Send.Op != OpNoVote || a.Send.To != c.m.From || a.Send.Owner != c.m.Owner || a.Send.Round != c.m.Round || !a.StopTimer) {
			t.Errorf("%s: %v", c.name, a.Send)
		}
	}
}

// TestNotMember: who is not in the cluster neither votes nor wins.
func TestNotMember(t *testing.T) {
	e := New("DC", "m", members{"a"}, loglevel.Discard)
	if a := e.Vote(start, used(0)); a != (Actions{}) || e.State() != Start {
		t.Errorf("votes while not in the cluster: %+v", a)
	}
	if s, _ := e.Count(vote("a", 0), true, start, used(time.Hour)); s != Lost {
		t.Errorf("not in the cluster, but %v", s)
	}
}

// TestDampening: who lost within two seconds loses again, also where it would win.
func TestDampening(t *testing.T) {
	log := &heard{}
	e := New("DC", "m", members{"m", "a", "z"}, log)
	cpu := used(time.Second)
	if s, _ := e.Count(vote("z", time.Minute), true, start, cpu); s != Lost {
		t.Fatalf("lost against the older: %v", s)
	}
	if s, _ := e.Count(vote("a", 0), true, start.Add(2*time.Second), cpu); s != Lost {
		t.Errorf("two seconds later: %v", s)
	}
	if !slices.ContainsFunc(log.lines, func(l string) bool { return strings.Contains(l, "because we lost less than 2s ago at ") }) {
		t.Errorf("said %q", log.lines)
	}
	if s, _ := e.Count(vote("a", 0), true, start.Add(5*time.Second), cpu); s != Start {
		t.Errorf("three seconds after that: %v", s)
	}
	e.Count(vote("z", time.Minute), true, start.Add(6*time.Second), cpu)
	e.ClearDampening()
	if s, _ := e.Count(vote("a", 0), true, start.Add(6*time.Second), cpu); s != Start {
		t.Errorf("cleared: %v", s)
	}
}

func TestStorm(t *testing.T) {
	log := &heard{}
	e := New("attrd", "m", members{"m", "a"}, log)
	for range 12 {
		e.Count(vote("a", 0), true, start, used(time.Second))
	}
	if !slices.Contains(log.lines, "election-attrd election storm detected: 10 wins in 2 seconds") {
		t.Errorf("said %q", log.lines)
	}
}

// TestVotes: all who are active must vote, one who leaves no longer.
func TestVotes(t *testing.T) {
	all := members{"m", "a", "z"}
	e := New("DC", "m", &all, loglevel.Discard)
	if a := e.Check(); a.Won {
		t.Error("won without an election")
	}
	a := e.Vote(start, used(0))
	if !a.StartTimer || a.Send == nil || a.Send.Round != 1 || a.Send.Owner != "id-m" {
		t.Fatalf("vote: %+v", a)
	}
	for _, from := range []string{"m", "a"} {
		op := OpNoVote
		if from == "m" {
			op = OpVote
		}
		if s, _ := e.Count(&Message{Op: op, From: from, Version: "3.16.1", Owner: "id-m", Round: 1}, true, start, used(0)); s != InProgress {
			t.Fatalf("vote of %s: %v", from, s)
		}
		if a := e.Check(); a.Won {
			t.Fatalf("won after %s's vote", from)
		}
	}
	all = all[:2]
	e.Remove("z")
	if a := e.Check(); !a.Won || !a.StopTimer || e.State() != Won {
		t.Errorf("not won when the third left: %+v", a)
	}
	if s, _ := e.Count(&Message{Op: OpNoVote, From: "a", Version: "3.16.1", Owner: "id-m", Round: 1}, true, start, used(0)); s != Won {
		t.Errorf("a late no-vote: %v", s)
	}
}

// TestOneWinner runs elections of groups that deliver in one order, each node
// in its own time: however they begin, the best node wins, and no other in the end.
func TestOneWinner(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := 2 + rng.IntN(6)
		var all members
		for i := range n {
			all = append(all, fmt.Sprintf("node%d", i))
		}
		now := start
		nodes := make([]*Election, n)
		age := make([]time.Duration, n)
		winner := make([]bool, n)
		timer := make([]bool, n)
		var ring []*Message     // what was sent, in the order of the group
		taken := make([]int, n) // how much of it each node has seen
		for i := range n {
			nodes[i] = New("DC", all[i], all, loglevel.Discard)
			age[i] = time.Duration(rng.IntN(4)) * time.Millisecond
		}
		best := 0
		for i := range n {
			if age[i] > age[best] {
				best = i
			}
		}
		do := func(i int, a Actions) {
			if a.StopTimer {
				timer[i] = false
			}
			if a.StartTimer {
				timer[i] = true
			}
			if a.Send != nil {
				ring = append(ring, a.Send)
			}
			if nodes[i].State() != Won || a.Won {
				winner[i] = a.Won
			}
		}
		for range 1 + rng.IntN(n) {
			i := rng.IntN(n)
			do(i, nodes[i].Vote(now, used(age[i])))
		}
		for step := 0; ; step++ {
			if step > 10_000 {
				t.Fatalf("seed %d: no end", seed)
			}
			var ready []int
			for i := range n {
				if taken[i] < len(ring) {
					ready = append(ready, i)
				}
			}
			if len(ready) == 0 {
				late := slices.Index(timer, true)
				if late < 0 {
					break
				}
				now = now.Add(3 * time.Second)
				do(late, nodes[late].TimedOut())
				continue
			}
			i := ready[rng.IntN(len(ready))]
			m := ring[taken[i]]
			taken[i]++
			if m.To != "" && m.To != all[i] {
				continue
			}
			s, a := nodes[i].Count(m, true, now, used(age[i]))
			do(i, a)
			switch s {
			case Start:
				do(i, nodes[i].Vote(now, used(age[i])))
			case InProgress:
				do(i, nodes[i].Check())
			}
		}
		for i := range n {
			if winner[i] != (i == best) {
				t.Errorf("seed %d: winners %v with ages %v", seed, winner, age)
				break
			}
		}
	}
}
