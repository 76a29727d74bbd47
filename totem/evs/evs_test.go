package evs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// script reads events in short: "1 config 1.8 1,2" (also trans, initial, with
// +joined and -left), "1 send 3", "2 got 1:3", "1 crash"; ":" follows the node of
// a second process: "1b" is node 1's process 2.
func script(t *testing.T, text string) []Event {
	t.Helper()
	proc := func(s string) Proc {
		p := Proc{Life: 1}
		if strings.HasSuffix(s, "b") {
			p.Life, s = 2, s[:len(s)-1]
		}
		fmt.Sscan(s, &p.Node)
		return p
	}
	list := func(s string) []totem.NodeID {
		out := []totem.NodeID{}
		for _, f := range strings.Split(s, ",") {
			var id totem.NodeID
			if n, _ := fmt.Sscan(f, &id); n == 1 && id != 0 {
				out = append(out, id)
			}
		}
		return out
	}
	var out []Event
	for _, l := range strings.Split(text, "\n") {
		f := strings.Fields(l)
		if len(f) == 0 {
			continue
		}
		e := Event{Proc: proc(f[0])}
		switch f[1] {
		case "send":
			e.Kind, e.Msg.From = Send, e.Proc
			fmt.Sscan(f[2], &e.Msg.Seq)
		case "got":
			e.Kind = Deliver
			from, seq, _ := strings.Cut(f[2], ":")
			e.Msg.From = proc(from)
			fmt.Sscan(seq, &e.Msg.Seq)
		case "crash":
			e.Kind = Crash
		case "config", "trans", "initial":
			ring, err := parseRing(f[2])
			if err != nil {
				t.Fatal(err)
			}
			e.Kind = Configure
			e.Config = &Config{Ring: ring, Members: list(f[3]), Initial: f[1] == "initial"}
			if f[1] == "trans" {
				e.Config.Type = totem.Transitional
			}
			for _, x := range f[4:] {
				e.Config.Lists = true
				if x[0] == '+' {
					e.Config.Joined = list(x[1:])
				} else {
					e.Config.Left = list(x[1:])
				}
			}
		default:
			t.Fatalf("script: %q", l)
		}
		out = append(out, e)
	}
	return out
}

const pair = `
1 trans 1.8 0
1 config 1.8 1,2
2 trans 1.8 0
2 config 1.8 1,2
1 send 1
1 send 2
2 send 1
1 got 1:1
2 got 1:1
1 got 2:1
`

// listeners are told of regular configurations only.
const listeners = "1b config 1.4 1,2\n2b config 1.4 1,2\n1b config 1.8 1,2\n2b config 1.8 1,2\n"

func TestProperties(t *testing.T) {
	for _, tt := range []struct {
		why  string
		more string
		want Property // "" for none
	}{
		{"nothing wrong", `2 got 2:1
			1 trans 1.c 1,2 -
			1 config 1.c 1,2,3 +3
			2 trans 1.c 1,2 -
			2 config 1.c 1,2,3 +3
			3 config 1.c 1,2,3`, ""},
		{"one has crashed", `2 crash
			1 got 1:2
			1 trans 1.c 1 -2
			1 config 1.c 1`, ""},
		{"never sent", "1 got 2:7", BasicDelivery},
		{"twice", "2 got 2:1\n2 got 2:1", BasicDelivery},
		{"before any configuration", "3 got 1:1", BasicDelivery},
		{"of a node outside", "3 config 3.4 3\n3 send 1\n1 got 3:1", BasicDelivery},
		{"in two configurations", "2 trans 2.c 2 -1\n2 config 2.c 2\n2 got 2:1", BasicDelivery},
		{"another order", "2 got 1:2", AgreedDelivery},
		{"a hole", "1 got 1:2\n2 got 1:2", AgreedDelivery},
		{"later before earlier", "2 got 2:1\n1 got 1:2\n2 got 1:2\n1 send 3\n1 send 4\n2 got 1:4\n2 got 1:3", CausalDelivery},
		{"before its cause", "1 send 3\n2 trans 2.c 2 -1\n2 got 1:3", TransitionalConfiguration},
		{"its sender had delivered more", "1 got 1:2\n1 send 3\n2 got 1:3", CausalDelivery},
		{"own message left out", "1 send 3\n2 got 2:1\n1 got 1:3", SelfDelivery},
		{"who goes along has less", "1 trans 1.c 1,2\n1 config 1.c 1,2\n2 trans 1.c 1,2", FailureAtomicity},
		{"less, without transitional ones", "1 config 1.c 1,2\n2 config 1.c 1,2", FailureAtomicity},
		{"different in the transitional one", "2 got 2:1\n1 trans 1.c 1,2\n2 trans 1.c 1,2\n1 got 1:2\n1 config 1.c 1,2\n2 config 1.c 1,2", VirtualSynchrony},
		{"another order in the transitional one", "2 got 2:1\n1 send 3\n2 send 2\n1 trans 1.c 1,2\n2 trans 1.c 1,2\n1 got 1:2\n2 got 2:2", AgreedDelivery},
		{"other members in the transitional one", "2 got 2:1\n1 trans 1.c 1,2\n2 trans 1.c 2", TransitionalConfiguration},
		{"wrong list of who left", "1 trans 1.c 1 -", TransitionalConfiguration},
		{"wrong list of who joined", "1 trans 1.c 1,2 -\n1 config 1.c 1,2,3 +", TransitionalConfiguration},
		{"two transitional ones", "1 trans 1.c 1,2\n1 trans 1.10 1,2", TransitionalConfiguration},
		{"followed by another ring", "1 trans 1.c 1,2\n1 config 1.10 1,2", TransitionalConfiguration},
		{"a member of the transitional one comes from elsewhere", "1 trans 1.c 1,2\n1 config 1.c 1,2\n2 crash\n2b trans 1.c 0\n2b config 1.c 1,2", TransitionalConfiguration},
		{"said so afterwards", "2 crash\n2b trans 1.c 0\n2b config 1.c 1,2\n1 trans 1.c 1,2", TransitionalConfiguration},
		{"not in its own configuration", "1 config 1.c 2", DeliveryOfConfigurationChanges},
		{"other members for others", "1 trans 1.c 1\n1 config 1.c 1,3\n3 config 1.c 3", DeliveryOfConfigurationChanges},
		{"an older ring", "1 trans 1.4 1,2", DeliveryOfConfigurationChanges},
		{"a ring of a former life", "2 crash\n2b config 1.8 1,2", DeliveryOfConfigurationChanges},
		{"who comes into the middle", "2b initial 1.8 1,2\n2b got 2:1\n1 got 1:2\n2b got 1:2", ""},
		{"told of regular ones only, one has less", listeners + "2b config 1.c 1,2 -\n1b got 1:1\n1b config 1.c 1,2 -", FailureAtomicity},
		{"but has been away", listeners + "2b config 1.c 1,2 -1\n1b got 1:1\n1b config 1.c 1,2 -2", ""},
		{"the same in another order", listeners + "1b got 1:1\n1b got 2:1\n2b got 2:1\n2b got 1:1\n1b config 1.c 1,2 -\n2b config 1.c 1,2 -", FailureAtomicity},
		{"and in different rings", listeners + "1b got 1:1\n1b got 2:1\n2b got 2:1\n2b got 1:1\n1b config 1.c 1\n2b config 2.c 2", AgreedDelivery},
		{"or in none", listeners + "1b got 1:1\n1b got 2:1\n2b got 2:1\n2b got 1:1\n1b crash", AgreedDelivery},
		{"a hole that ends in different rings", listeners + "1b got 1:1\n1b got 2:1\n2b got 2:1\n1b config 1.c 1\n2b config 2.c 2", ""},
		{"who came later has the end", "2b initial 1.8 1,2\n1b config 1.4 1,2\n1b config 1.8 1,2\n1b got 1:1\n1b got 2:1\n2b got 2:1\n2b config 1.c 1,2 -\n1b config 1.c 1,2 -", ""},
		{"or not the end", "2b initial 1.8 1,2\n1b config 1.4 1,2\n1b config 1.8 1,2\n1b got 1:1\n1b got 2:1\n2b got 1:1\n1b config 1.c 1,2 -\n2b config 1.c 1,2 -", FailureAtomicity},
	} {
		c := New()
		var err error
		for _, e := range script(t, pair+tt.more) {
			if err = c.Add(e); err != nil {
				break
			}
		}
		if err == nil {
			err = c.Finish()
		}
		var v *Violation
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.why, err)
		case tt.want != "" && (!errors.As(err, &v) || v.Property != tt.want):
			t.Errorf("%s: %v, want %s", tt.why, err, tt.want)
		}
	}
}

// The orders of two transitional configurations of one ring contradict each
// other, which neither shows by itself.
func TestContradictingTransitionalOrders(t *testing.T) {
	text := `
1 config 1.8 1,2,3,4
2 config 1.8 1,2,3,4
3 config 1.8 1,2,3,4
4 config 1.8 1,2,3,4
1 send 1
2 send 1
1 trans 1.c 1,2,3
2 trans 1.c 1,2,3
3 trans 1.c 1,2,3
4 trans 1.10 1,2,4
1 got 1:1
1 got 2:1
4 got 2:1
4 got 1:1
`
	c := New()
	for _, e := range script(t, text) {
		if err := c.Add(e); err != nil {
			var v *Violation
			if errors.As(err, &v) && v.Property == TransitionalConfiguration {
				continue
			}
			t.Fatal(err)
		}
	}
	err := c.Finish()
	var v *Violation
	if !errors.As(err, &v) || v.Property != AgreedDelivery {
		t.Errorf("%v", err)
	}
}

func TestQuiescent(t *testing.T) {
	one, two := Proc{1, 1}, Proc{2, 1}
	for _, tt := range []struct {
		more string
		ok   bool
	}{
		{"", false}, // 2 has delivered less
		{"2 got 2:1", false},
		{"2 got 2:1\n1 got 1:2\n2 got 1:2", true},
		{"2 got 2:1\n1 got 1:2\n2 got 1:2\n2 send 2", false},
		{"2 got 2:1\n1 got 1:2\n2 got 1:2\n1 trans 1.c 1,2", false},
		{"2 got 2:1\n1 got 1:2\n2 got 1:2\n1 trans 1.c 1,2\n1 config 1.c 1,2", false},
	} {
		c := New()
		for _, e := range script(t, pair+tt.more) {
			if err := c.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Quiescent([]Proc{one, two}); (err == nil) != tt.ok {
			t.Errorf("%q: %v", tt.more, err)
		}
	}
	if New().Quiescent([]Proc{one}) == nil {
		t.Error("quiet without a configuration")
	}
	// Processes that hear of no transitional configuration may have holes, but
	// not where they have come to rest: also once the logs are checked.
	c := New()
	for _, e := range script(t, pair+listeners+"1b got 1:1\n1b got 2:1\n2b got 2:1") {
		if err := c.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Finish(); err != nil {
		t.Fatal(err)
	}
	if c.Quiescent([]Proc{{1, 2}, {2, 2}}) == nil {
		t.Error("quiet with a hole")
	}
}

func TestLog(t *testing.T) {
	f, err := os.Open("testdata/ring.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log, err := ReadLog(f)
	if err != nil || len(log) != 14 {
		t.Fatalf("%d events, %v", len(log), err)
	}
	c, err := CheckLogs(log)
	if err != nil {
		t.Fatal(err)
	}
	if c.Messages() != 3 || c.Events() != 14 {
		t.Errorf("%d messages, %d events", c.Messages(), c.Events())
	}
	// In any order of files, one for each process.
	by := map[Proc][]Event{}
	var procs []Proc
	for _, e := range log {
		if by[e.Proc] == nil {
			procs = append(procs, e.Proc)
		}
		by[e.Proc] = append(by[e.Proc], e)
	}
	slices.Reverse(procs)
	var files [][]Event
	for _, p := range procs {
		files = append(files, by[p])
	}
	if _, err := CheckLogs(files...); err != nil {
		t.Error(err)
	}
	// And what it shows when something is wrong.
	bad := slices.Clone(log)
	bad[4].Sum = 78
	wantViolation(t, bad, BasicDelivery)
	bad = slices.Delete(slices.Clone(log), 5, 6)
	wantViolation(t, bad, BasicDelivery)
	bad = slices.Delete(slices.Clone(log), 9, 10)
	wantViolation(t, bad, FailureAtomicity)
}

func wantViolation(t *testing.T, log []Event, want Property) {
	t.Helper()
	var v *Violation
	if _, err := CheckLogs(log); !errors.As(err, &v) || v.Property != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestLogRoundTrip(t *testing.T) {
	log := script(t, pair+"2 trans 2.c 2 -1\n2 config 2.c 2,3 +3\n3 initial 2.c 2,3\n3 crash")
	var b []byte
	for _, e := range log {
		b = AppendLog(b, e)
	}
	again, err := ReadLog(bytes.NewReader(b))
	if err != nil || len(again) != len(log) {
		t.Fatalf("%d of %d events, %v", len(again), len(log), err)
	}
	for i, e := range again {
		if got, want := string(AppendLog(nil, e)), string(AppendLog(nil, log[i])); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestBadLogs(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{`nonsense`, "line 1"},
		{`{"proc":"1","ev":"crash"}`, "proc"},
		{`{"proc":"x/1","ev":"crash"}`, "node"},
		{`{"proc":"1/x","ev":"crash"}`, "number"},
		{`{"proc":"1/1","ev":"sing"}`, "ev"},
		{`{"proc":"1/1","ev":"send","msg":"1/1"}`, "msg"},
		{`{"proc":"1/1","ev":"send","msg":"1/1/0"}`, "1 or more"},
		{`{"proc":"1/1","ev":"config","ring":"1"}`, "ring"},
		{`{"proc":"1/1","ev":"config","ring":"x.1"}`, "representative"},
		{`{"proc":"1/1","ev":"config","ring":"1.1","type":"third"}`, "type"},
	} {
		if _, err := ReadLog(strings.NewReader(tt.line + "\n")); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", tt.line, err, tt.want)
		}
	}
	if _, err := ReadLog(strings.NewReader(strings.Repeat("x", 2*lineMax))); err == nil {
		t.Error("a line without end was read")
	}
}

func FuzzReadLog(f *testing.F) {
	b, err := os.ReadFile("testdata/ring.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"proc":"1/1","ev":"config","type":"transitional","ring":"1.c","members":[1],"left":[2]}` + "\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		log, err := ReadLog(bytes.NewReader(in))
		if err != nil {
			return
		}
		if _, err := CheckLogs(log); err != nil && !strings.HasPrefix(err.Error(), "e") {
			t.Fatal(err)
		}
	})
}

func BenchmarkDeliver(b *testing.B) {
	c := New()
	one, two := Proc{1, 1}, Proc{2, 1}
	for _, p := range []Proc{one, two} {
		if err := c.Add(Event{Proc: p, Kind: Configure, Config: &Config{Ring: totem.RingID{Rep: 1, Seq: 8}, Members: []totem.NodeID{1, 2}}}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := uint64(1); b.Loop(); i++ {
		m := MsgID{one, i}
		for _, e := range []Event{{Proc: one, Kind: Send, Msg: m}, {Proc: one, Kind: Deliver, Msg: m}, {Proc: two, Kind: Deliver, Msg: m}} {
			if err := c.Add(e); err != nil {
				b.Fatal(err)
			}
		}
	}
}
