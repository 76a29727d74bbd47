package cpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// next is the next event as text; it fails the test when there is none.
func next(t *testing.T, c *Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ev, err := c.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	switch ev := ev.(type) {
	case *Message:
		return fmt.Sprintf("%s: %v says %s", ev.Group, ev.From, ev.Data)
	case *Membership:
		return fmt.Sprintf("%s: %v left %v joined %v", ev.Group, ev.Members, ev.Left, ev.Joined)
	case *RingChange:
		return fmt.Sprintf("ring %v %v", ev.Ring, ev.Nodes)
	}
	return ""
}

func expect(t *testing.T, c *Conn, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := next(t, c); got != w {
			t.Errorf("got %s\nwant %s", got, w)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConversation(t *testing.T) {
	ctx := t.Context()
	d := newDaemon()
	a, b := d.dial(Options{InitialRing: true}), d.dial(Options{})
	check(t, a.Join(ctx, "g"))
	check(t, b.Join(ctx, "g"))
	expect(t, a, "g: [1:11] left [] joined [1:11 (join)]", "ring 1.8 [1]", "g: [1:11 1:22] left [] joined [1:22 (join)]")
	expect(t, b, "g: [1:11 1:22] left [] joined [1:22 (join)]")
	check(t, a.Mcast(ctx, []byte("hello, "), []byte("world")))
	check(t, b.TryMcast([]byte("hi")))
	for _, c := range []*Conn{a, b} {
		expect(t, c, "g: 1:11 says hello, world", "g: 1:22 says hi")
	}
	if m, err := a.Members(ctx, "g"); err != nil || !slices.Equal(m, []Member{{1, 11}, {1, 22}}) {
		t.Errorf("members %v, %v", m, err)
	}
	if id, err := a.LocalNode(ctx); err != nil || id != 1 {
		t.Errorf("local node %d, %v", id, err)
	}
	check(t, a.Leave(ctx))
	expect(t, a, "g: [1:22] left [1:11 (leave)] joined []")
	expect(t, b, "g: [1:22] left [1:11 (leave)] joined []")
	d.sync(totem.RingID{Rep: 1, Seq: 12})
	expect(t, a, "ring 1.c [1]")
	expect(t, b, "ring 1.c [1]")
	check(t, a.Join(ctx, "g"))
	expect(t, b, "g: [1:11 1:22] left [] joined [1:11 (join)]")
	check(t, a.Close())
	expect(t, b, "g: [1:22] left [1:11 (procdown)] joined []")
	if _, err := a.Next(ctx); err == nil {
		// What came before the end is still delivered.
		for err == nil {
			_, err = a.Next(ctx)
		}
		if !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestErrors(t *testing.T) {
	ctx := t.Context()
	c := newDaemon().dial(Options{})
	for _, tt := range []struct {
		what string
		err  error
		want error
	}{
		{"leave", c.Leave(ctx), ErrNotMember},
		{"long name", c.Join(ctx, strings.Repeat("x", NameMax+1)), ErrNameTooLong},
		{"join", c.Join(ctx, "g"), nil},
		{"join twice", c.Join(ctx, "g"), ErrMember},
		{"too much at once", c.TryMcast(make([]byte, MaxAtomic+1)), ErrTooBig},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.what, tt.err, tt.want)
		}
	}
	var code Error
	if err := c.Join(ctx, "g"); !errors.As(err, &code) || code != 14 {
		t.Errorf("got %v, code %d", err, code)
	}
}

// While the daemon is busy, methods wait, TryMcast does not, and a context
// ends the wait.
func TestBusyDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		d := newDaemon()
		c := d.dial(Options{})
		d.busy = 3
		check(t, c.Join(ctx, "g"))
		if d.asked != 4 {
			t.Errorf("asked %d times", d.asked)
		}
		expect(t, c, "g: [1:11] left [] joined [1:11 (join)]")
		d.busy = 2
		if err := c.TryMcast([]byte("x")); !errors.Is(err, ErrTryAgain) {
			t.Errorf("got %v", err)
		}
		check(t, c.Mcast(ctx, []byte("y")))
		expect(t, c, "g: 1:11 says y")

		d.busy = 1 << 30
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := c.Mcast(short, []byte("z")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := c.Leave(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLargeMessages(t *testing.T) {
	ctx := t.Context()
	d := newDaemon()
	a := d.dial(Options{})
	check(t, a.Join(ctx, "g"))
	next(t, a)
	for _, n := range []int{MaxAtomic, MaxAtomic + 1, 3*MaxAtomic - 1, 3 * MaxAtomic} {
		msg := make([]byte, n)
		for i := range msg {
			msg[i] = byte(i * 7 / 3)
		}
		check(t, a.Mcast(ctx, msg[:10], nil, msg[10:n/2], msg[n/2:]))
		ev, err := a.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := ev.(*Message); !ok || !bytes.Equal(m.Data, msg) || m.From != (Member{1, 11}) {
			t.Errorf("%d bytes: got %T", n, ev)
		}
	}
}

// Fragments that do not fit together are dropped, one sender's never spoil
// another's.
func TestAssembly(t *testing.T) {
	type frag struct {
		pid  uint32
		typ  wire.Partial
		size uint32
		data string
	}
	for _, tt := range []struct {
		name  string
		frags []frag
		want  []string
	}{
		{"two senders", []frag{{1, wire.First, 4, "ab"}, {2, wire.First, 3, "x"}, {2, wire.Continued, 3, "y"},
			{1, wire.Last, 4, "cd"}, {2, wire.Last, 3, "z"}}, []string{"abcd", "xyz"}},
		{"begun anew", []frag{{1, wire.First, 4, "ab"}, {1, wire.First, 2, "x"}, {1, wire.Last, 2, "y"}}, []string{"xy"}},
		{"no first", []frag{{1, wire.Continued, 4, "ab"}, {1, wire.Last, 4, "cd"}}, nil},
		{"more than announced", []frag{{1, wire.First, 3, "ab"}, {1, wire.Last, 3, "cd"}}, nil},
		{"less than announced", []frag{{1, wire.First, 1 << 31, "ab"}, {1, wire.Last, 1 << 31, "cd"}}, nil},
	} {
		c := newConn(nil, Options{})
		var got []string
		for _, f := range tt.frags {
			d := wire.PartialDeliver{Group: []byte("g"), MsgLen: f.size, Node: 1, PID: f.pid, Type: f.typ, Message: []byte(f.data)}
			ev, err := c.decode(d.AppendTo(nil))
			if err != nil {
				t.Fatal(err)
			}
			if m, ok := ev.(*Message); ok {
				got = append(got, string(m.Data))
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAssemblyOfOneThatLeft(t *testing.T) {
	c := newConn(nil, Options{})
	d := wire.PartialDeliver{Group: []byte("g"), MsgLen: 2, Node: 1, PID: 7, Type: wire.First, Message: []byte("a")}
	_, _ = c.decode(d.AppendTo(nil))
	cc := wire.Confchg{Group: "g", Left: []wire.Address{{Node: 1, PID: 7, Reason: wire.ProcDown}}}
	_, _ = c.decode(cc.AppendTo(nil))
	if len(c.assemblies) != 0 {
		t.Error("kept")
	}
}

func TestInterruptedLargeMessage(t *testing.T) {
	ctx := t.Context()
	d := newDaemon()
	a, b := d.dial(Options{}), d.dial(Options{})
	check(t, a.Join(ctx, "g"))
	first := wire.PartialMcastRequest{MsgLen: 2, Type: wire.First, Message: []byte("a")}
	_, err := a.call(ctx, again, first.AppendTo(nil))
	check(t, err)
	check(t, b.Join(ctx, "g"))
	last := wire.PartialMcastRequest{MsgLen: 2, Type: wire.Last, Message: []byte("b")}
	if _, err := a.call(ctx, again, last.AppendTo(nil)); !errors.Is(err, ErrInterrupted) {
		t.Errorf("got %v", err)
	}
}

func TestIterations(t *testing.T) {
	ctx := t.Context()
	d := newDaemon()
	a, b, c := d.dial(Options{}), d.dial(Options{}), d.dial(Options{})
	check(t, a.Join(ctx, "g"))
	check(t, b.Join(ctx, "h"))
	check(t, c.Join(ctx, "h"))
	if names, err := a.Groups(ctx); err != nil || !slices.Equal(names, []string{"h", "g"}) {
		t.Errorf("names %v, %v", names, err)
	}
	for _, tt := range []struct {
		begin func() (*Iteration, error)
		want  string
	}{
		{func() (*Iteration, error) { return a.IterateAll(ctx) }, "h@1:22 h@1:33 g@1:11"},
		{func() (*Iteration, error) { return a.IterateGroup(ctx, "g") }, "g@1:11"},
		{func() (*Iteration, error) { return a.IterateGroup(ctx, "none") }, ""},
	} {
		it, err := tt.begin()
		check(t, err)
		var got []string
		for {
			p, err := it.Next(ctx)
			if err == io.EOF {
				break
			}
			check(t, err)
			got = append(got, fmt.Sprintf("%s@%v", p.Group, p.Member))
		}
		check(t, it.Close(ctx))
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("got %s, want %s", s, tt.want)
		}
		if _, err := it.Next(ctx); err == nil || err == io.EOF {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestBuffer(t *testing.T) {
	ctx := t.Context()
	d := newDaemon()
	c := d.dial(Options{})
	check(t, c.Join(ctx, "g"))
	next(t, c)
	d.busy = 1
	buf, err := c.NewBuffer(ctx, 100)
	check(t, err)
	if len(buf.Bytes()) != 100 {
		t.Errorf("room for %d", len(buf.Bytes()))
	}
	for _, text := range []string{"no copies", "", "twice"} {
		copy(buf.Bytes(), text)
		check(t, buf.Mcast(ctx, len(text)))
		copy(buf.Bytes(), "overwritten")
		expect(t, c, "g: 1:11 says "+text)
	}
	if err := buf.Mcast(ctx, 101); !errors.Is(err, ErrTooBig) {
		t.Errorf("got %v", err)
	}
	check(t, buf.Free(ctx))
	check(t, buf.Free(ctx))
	if err := buf.Mcast(ctx, 1); err == nil {
		t.Error("a freed buffer sends")
	}
}

// FuzzEvents feeds whatever a daemon might send.
func FuzzEvents(f *testing.F) {
	d := wire.Deliver{Group: []byte("g"), Message: []byte("m")}
	p := wire.PartialDeliver{Group: []byte("g"), MsgLen: 2, Type: wire.First, Message: []byte("m")}
	m := wire.Confchg{Group: "g", Members: make([]wire.Address, 2)}
	r := wire.TotemConfchg{Members: []totem.NodeID{1}}
	for _, b := range [][]byte{d.AppendTo(nil), p.AppendTo(nil), m.AppendTo(nil), r.AppendTo(nil)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := newConn(nil, Options{})
		for range 3 {
			if ev, err := c.decode(slices.Clone(b)); ev != nil && err != nil {
				t.Fatal("an event and an error")
			}
		}
	})
}
