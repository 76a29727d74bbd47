package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// expect compares what a client was told since the last time.
func expect(t *testing.T, c *conn, want ...string) {
	t.Helper()
	if got, want := c.log(), strings.Join(want, "\n"); got != want {
		t.Errorf("client %d:%d was told\n%s\nwant\n%s", c.n.id, c.pid, got, want)
	}
}

func code(t *testing.T, what string, got, want cserr.Code) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// ring3 is a settled ring of three nodes.
func ring3(t *testing.T) *world {
	w := newWorld(t, 1, 2, 3)
	w.settle()
	w.form(1, 2, 3)
	w.settle()
	return w
}

// members is a settled ring of three nodes with a process in group g on node 1
// and on another, which have been told of each other.
func members(t *testing.T, other totem.NodeID) (w *world, a, b *conn) {
	t.Helper()
	w = ring3(t)
	a, b = w.nodes[1].connect(11), w.nodes[other].connect(uint32(other)*11)
	a.join("g")
	b.join("g")
	w.settle()
	a.log()
	b.log()
	return w, a, b
}

// As corosync 3.1.7 tells it, down to the ring's membership that comes after
// the join; but that the client may join again.
func TestJoinLeave(t *testing.T) {
	w := ring3(t)
	a := w.nodes[1].connect(11)
	code(t, "mcast before join", a.mcast("x"), cserr.OK) // there is no answer that could tell
	code(t, "leave before join", a.leave("g"), cserr.NotExist)
	code(t, "join", a.join("g", wire.DeliverInitialTotemConf), cserr.OK)
	code(t, "leave while joining", a.leave("g"), cserr.Busy)
	code(t, "join twice", a.join("h"), cserr.Exist)
	w.settle()
	expect(t, a, "g: members[1:11] left[] joined[1:11:join]", "ring 1 [1 2 3]")

	b := w.nodes[2].connect(22)
	b.join("g")
	w.settle()
	expect(t, a, "g: members[1:11 2:22] left[] joined[2:22:join]")
	expect(t, b, "g: members[1:11 2:22] left[] joined[2:22:join]")

	a.mcast("hello")
	b.mcast("hi")
	w.settle()
	for _, c := range []*conn{a, b} {
		expect(t, c, "g: 1:11 says hello", "g: 2:22 says hi")
	}

	code(t, "leave another group", a.leave("h"), cserr.NotExist)
	code(t, "leave", a.leave("g"), cserr.OK)
	code(t, "leave twice", a.leave("g"), cserr.NotExist)
	code(t, "join while leaving", a.join("h"), cserr.Busy)
	code(t, "join again while leaving", a.join("g"), cserr.Exist)
	w.settle()
	expect(t, a, "g: members[2:22] left[1:11:leave] joined[]")
	expect(t, b, "g: members[2:22] left[1:11:leave] joined[]")

	code(t, "join again", a.join("g"), cserr.OK)
	w.settle()
	expect(t, a, "g: members[1:11 2:22] left[] joined[1:11:join]")
}

// The initial membership of the ring comes after the join, whatever else
// happens between the request and that.
func TestInitialRingAfterJoin(t *testing.T) {
	w := ring3(t)
	a, b := w.nodes[1].connect(11), w.nodes[1].connect(12)
	b.join("other")
	a.join("g", wire.DeliverInitialTotemConf)
	w.settle()
	expect(t, a, "g: members[1:11] left[] joined[1:11:join]", "ring 1 [1 2 3]")
}

func TestSameProcessTwice(t *testing.T) {
	w := ring3(t)
	a := w.nodes[1].connect(11)
	b := w.nodes[1].connect(11)
	a.join("g")
	code(t, "same pid, same group", b.join("g"), cserr.Exist)
	code(t, "same pid, other group", b.join("h"), cserr.OK)
	w.settle()
	a.kill()
	c := w.nodes[1].connect(11)
	code(t, "the old one's leave is on its way", c.join("g"), cserr.TryAgain)
	w.settle()
	code(t, "the old one has left", c.join("g"), cserr.OK)
}

func TestNameTooLong(t *testing.T) {
	w := ring3(t)
	a := w.nodes[1].connect(11)
	code(t, "129 bytes", joinLong(a, wire.NameMax+1), cserr.NameTooLong)
	code(t, "128 bytes", a.join(strings.Repeat("n", wire.NameMax)), cserr.OK)
}

func TestClientDeath(t *testing.T) {
	w, a, b := members(t, 2)
	a.mcast("last words")
	a.kill()
	w.settle()
	expect(t, b, "g: 1:11 says last words", "g: members[2:22] left[1:11:procdown] joined[]")
}

// A process that joins an unnamed group leaves it when it dies; in the
// reference it stays.
func TestDeathInUnnamedGroup(t *testing.T) {
	w := ring3(t)
	a, b := w.nodes[1].connect(11), w.nodes[2].connect(22)
	code(t, "join", a.join(""), cserr.OK)
	b.join("")
	w.settle()
	b.log()
	a.kill()
	w.settle()
	expect(t, b, ": members[2:22] left[1:11:procdown] joined[]")
}

func TestFinalize(t *testing.T) {
	w, a, b := members(t, 2)
	code(t, "finalize", a.request(wire.AppendBareRequest(nil, wire.ReqFinalize)), cserr.OK)
	b.mcast("unheard")
	w.settle()
	expect(t, a)
	a.kill()
	w.settle()
	expect(t, b, "g: 2:22 says unheard", "g: members[2:22] left[1:11:procdown] joined[]")
}

func TestNodeCrash(t *testing.T) {
	w := ring3(t)
	a, b, c := w.nodes[1].connect(11), w.nodes[3].connect(33), w.nodes[3].connect(34)
	d := w.nodes[2].connect(22)
	a.join("g")
	b.join("g")
	c.join("g")
	d.join("other")
	w.settle()
	a.log()
	d.log()
	w.crash(3)
	w.form(1, 2)
	code(t, "mcast during the synchronisation", a.mcast("x"), cserr.TryAgain)
	w.settle()
	expect(t, a, "g: members[1:11] left[3:33:nodedown 3:34:nodedown] joined[]", "ring 1 [1 2]")
	expect(t, d, "ring 1 [1 2]")
}

func TestMergeOfPartitions(t *testing.T) {
	w := ring3(t)
	a, b, c := w.nodes[1].connect(11), w.nodes[2].connect(22), w.nodes[3].connect(33)
	for _, x := range []*conn{a, b, c} {
		x.join("g")
	}
	w.settle()
	for _, x := range []*conn{a, b, c} {
		x.log()
	}
	w.form(1, 2)
	w.settle()
	expect(t, a, "g: members[1:11 2:22] left[3:33:nodedown] joined[]", "ring 1 [1 2]")
	expect(t, c, "g: members[3:33] left[1:11:nodedown 2:22:nodedown] joined[]", "ring 3 [3]")
	w.form(1, 2, 3)
	w.settle()
	expect(t, a, "g: members[1:11 2:22 3:33] left[] joined[3:33:nodeup]", "ring 1 [1 2 3]")
	expect(t, b, "g: members[1:11 2:22] left[3:33:nodedown] joined[]", "ring 1 [1 2]",
		"g: members[1:11 2:22 3:33] left[] joined[3:33:nodeup]", "ring 1 [1 2 3]")
	// The joined ones come in the order of the joinlists from the last one back.
	expect(t, c, "g: members[1:11 2:22 3:33] left[] joined[2:22:nodeup 1:11:nodeup]", "ring 1 [1 2 3]")
}

// A process that joins while a synchronisation is under way is told to try
// again; what it had sent before it goes out afterwards.
func TestJoinDuringSync(t *testing.T) {
	w := ring3(t)
	a, b := w.nodes[1].connect(11), w.nodes[2].connect(22)
	a.join("g") // waits in the ring's queue
	w.crash(3)
	w.form(1, 2)
	code(t, "join", b.join("g"), cserr.TryAgain)
	w.settle()
	code(t, "join afterwards", b.join("g"), cserr.OK)
	w.settle()
	expect(t, a, "ring 1 [1 2]", "g: members[1:11] left[] joined[1:11:join]",
		"g: members[1:11 2:22] left[] joined[2:22:join]")
}

// until steps the world until a condition holds.
func (w *world) until(cond func() bool) {
	w.t.Helper()
	for range 10000 {
		if cond() {
			return
		}
		for _, id := range w.ids() {
			w.nodes[id].send()
		}
		for _, id := range w.ids() {
			w.nodes[id].deliver()
			if cond() {
				return
			}
		}
	}
	w.t.Fatal("it never comes")
}

// The ghost of corosync 2ab885ab: node 3 joins the ring, multicasts its
// joinlist and exits while the others wait for it at the barrier, where the
// reference forgets to abort the round. The next round must not bring its
// process to life.
func TestNoGhostAfterExitDuringSync(t *testing.T) {
	for _, forgetful := range []bool{false, true} {
		w := newWorld(t, 1, 2, 3)
		w.settle()
		w.form(1, 2)
		w.settle()
		for _, n := range w.nodes {
			n.forgetful = forgetful
		}
		a, ghost := w.nodes[1].connect(11), w.nodes[3].connect(33)
		a.join("g")
		ghost.join("g")
		w.settle()
		a.log()
		w.form(1, 2, 3)
		listed := func(m message) bool { return m.fn == wire.ExecJoinList && m.from == 3 }
		w.until(func() bool { return slices.ContainsFunc(w.nodes[3].ring.log, listed) })
		w.nodes[3].mute = true
		w.settle()
		for id, n := range w.nodes { // all wait for each other
			if n.phase != waiting || n.next != len(n.ring.log) {
				t.Fatalf("node %d: phase %d", id, n.phase)
			}
		}
		w.crash(3)
		w.form(1, 2)
		w.settle()
		expect(t, a, "ring 1 [1 2]")
		for _, id := range w.ids() {
			if groups := w.nodes[id].e.Groups(); len(groups) != 1 || len(groups[0].Members) != 1 {
				t.Errorf("node %d knows %v, forgetful %v", id, groups, forgetful)
			}
		}
	}
}

// A process that dies between its node's joinlist and the end of the
// synchronisation stays dead, on every node. The reference announces it.
func TestNoGhostAfterDeathDuringSync(t *testing.T) {
	for _, when := range []struct {
		name string
		kill func(w *world, b *conn)
	}{
		{"delivered before the joinlist is made", func(w *world, b *conn) {
			w.nodes[2].mute = true
			b.kill()
			w.settle()
		}},
		{"sent ahead of the joinlist", func(w *world, b *conn) {
			w.until(func() bool { return len(w.nodes[3].ring.log) > 0 && len(w.nodes[3].trans) == 0 })
			w.nodes[3].mute = true
			b.kill()
			w.settle()
			if n := w.nodes[3]; n.phase != waiting || len(n.trans) != 3 { // leave, downlist, barrier
				t.Fatalf("phase %d with %d to send", n.phase, len(n.trans))
			}
		}},
		{"delivered after the joinlist", func(w *world, b *conn) {
			w.until(func() bool { return w.nodes[3].phase == waiting })
			w.nodes[2].mute = true
			b.kill()
			w.settle()
			if n := w.nodes[1]; n.phase != waiting {
				t.Fatalf("phase %d", n.phase)
			}
		}},
	} {
		t.Run(when.name, func(t *testing.T) {
			w, a, b := members(t, 3)
			w.form(1, 2)
			w.settle()
			a.log()
			w.form(1, 2, 3)
			when.kill(w, b)
			for _, n := range w.nodes {
				n.mute = false
			}
			w.settle()
			for _, id := range w.ids() {
				groups := w.nodes[id].e.Groups()
				if len(groups) != 1 || len(groups[0].Members) != 1 {
					t.Errorf("node %d knows %v", id, groups)
				}
			}
			expect(t, a, "ring 1 [1 2 3]")
		})
	}
}

// The leave of a process that dies while the ring's queue is full goes out
// later, after what it had sent.
func TestLeaveIsNotLost(t *testing.T) {
	w, a, b := members(t, 2)
	n := w.nodes[1]
	n.full = true
	a.mcast("late") // the carrier would have held it back
	a.kill()
	w.until(func() bool { return !w.nodes[1].tick() || true })
	n.full = false
	w.settle()
	expect(t, b, "g: 1:11 says late", "g: members[2:22] left[1:11:procdown] joined[]")
	if got := n.e.Stats(); got.Overflow != 0 {
		t.Errorf("got %+v", got)
	}
}

// A process that dies during a synchronisation leaves after what it had sent
// before, its join at the latest, although that waits for the end.
func TestLeaveDoesNotOvertake(t *testing.T) {
	w := ring3(t)
	a, b := w.nodes[1].connect(11), w.nodes[2].connect(22)
	b.join("g")
	w.settle()
	b.log()
	a.join("g")
	a.mcast("hello")
	w.form(1, 2)
	a.kill()
	w.settle()
	expect(t, b, "ring 1 [1 2]",
		"g: members[1:11 2:22] left[] joined[1:11:join]",
		"g: 1:11 says hello",
		"g: members[2:22] left[1:11:procdown] joined[]")
}

// What waits here for room in the ring's queue follows what waits in that queue
// already: not even CPG's own end of a synchronisation lets it go ahead.
func TestOutboxDoesNotOvertake(t *testing.T) {
	w, a, b := members(t, 2)
	n := w.nodes[1]
	a.mcast("first")
	n.full = true
	a.mcast("second")
	n.full = false
	w.form(1, 2)
	w.settle()
	expect(t, b, "ring 1 [1 2]", "g: 1:11 says first", "g: 1:11 says second")
}

// With a full queue, whoever can be told to try again is told.
func TestFullQueue(t *testing.T) {
	w := ring3(t)
	a := w.nodes[1].connect(11)
	n := w.nodes[1]
	n.full = true
	code(t, "join", a.join("g"), cserr.TryAgain)
	n.full = false
	code(t, "join", a.join("g"), cserr.OK)
	w.settle()
	n.full = true
	code(t, "leave", a.leave("g"), cserr.TryAgain)
	q := wire.PartialMcastRequest{MsgLen: 2, Type: wire.First, Message: []byte("x")}
	code(t, "fragment", a.request(q.AppendTo(nil)), cserr.TryAgain)

	// The synchronisation goes on when there is room again.
	w.crash(3)
	w.form(1, 2)
	w.settle()
	if n.phase != processing {
		t.Fatalf("phase %d with a full queue", n.phase)
	}
	n.room = 1 // the downlist, not the joinlist
	w.settle()
	n.full = false
	w.settle()
	if n.phase != idle {
		t.Errorf("phase %d after all", n.phase)
	}
	if got := w.nodes[2].e.Groups(); len(got) != 1 {
		t.Errorf("node 2 knows %v", got)
	}
}

// A node that was away while rounds broke off was away: the others' clients
// learn it, though the last round began with it in the ring.
func TestReturnWithinBrokenRounds(t *testing.T) {
	w, a, b := members(t, 3)
	w.form(1, 2) // breaks off at once
	w.form(1, 2, 3)
	w.form(1, 2, 3) // all three come along
	w.settle()
	expect(t, a, "g: members[1:11] left[3:33:nodedown] joined[]",
		"g: members[1:11 3:33] left[] joined[3:33:nodeup]", "ring 1 [1 2 3]")
	expect(t, b, "g: members[3:33] left[1:11:nodedown] joined[]",
		"g: members[1:11 3:33] left[] joined[1:11:nodeup]", "ring 1 [1 2 3]")
}

func TestPartialMcast(t *testing.T) {
	w := ring3(t)
	a, b := w.nodes[1].connect(11), w.nodes[2].connect(22)
	a.join("g")
	w.settle()
	a.log()
	part := func(typ wire.Partial, text string) cserr.Code {
		q := wire.PartialMcastRequest{MsgLen: 4, Type: typ, Message: []byte(text)}
		return a.request(q.AppendTo(nil))
	}
	code(t, "first", part(wire.First, "ab"), cserr.OK)
	code(t, "last", part(wire.Last, "cd"), cserr.OK)
	w.settle()
	expect(t, a, "g: 1:11 fragment 1 of 4: ab", "g: 1:11 fragment 3 of 4: cd")
	code(t, "first", part(wire.First, "ab"), cserr.OK)
	b.join("g")
	w.settle()
	code(t, "last, to another membership", part(wire.Last, "cd"), cserr.Interrupt)
	code(t, "anew", part(wire.First, "ab"), cserr.OK)
	a.leave("g")
	code(t, "left", part(wire.First, "ab"), cserr.NotExist)
}

// What peers have no room to assemble is not sent.
func TestTooBig(t *testing.T) {
	w := ring3(t)
	a := w.nodes[1].connect(11)
	a.join("g")
	w.settle()
	a.log()
	a.mcast(strings.Repeat("x", totem.MessageSizeMax+1)) // there is no answer
	part := wire.PartialMcastRequest{MsgLen: 1 << 30, Type: wire.First, Message: make([]byte, totem.MessageSizeMax+1)}
	code(t, "fragment", a.request(part.AppendTo(nil)), cserr.TooBig)
	w.settle()
	expect(t, a)
	a.mcast(strings.Repeat("x", totem.MessageSizeMax))
	w.settle()
	expect(t, a, "g: 1:11 says "+strings.Repeat("x", totem.MessageSizeMax))
}

// Who has not seen a node's process join the group does not hear it.
func TestUnknownNodeIsNotDelivered(t *testing.T) {
	w := ring3(t)
	a := w.nodes[1].connect(11)
	a.join("g")
	w.settle()
	a.log()
	m := wire.Mcast{Group: []byte("g"), PID: 99, Message: []byte("boo")}
	w.nodes[1].e.Deliver(2, wire.ExecMcast, m.AppendTo(nil, order), order)
	expect(t, a)
	if got := w.nodes[1].e.Stats().UnknownNode; got != 1 {
		t.Errorf("counted %d", got)
	}
}

func TestMalformedIsCounted(t *testing.T) {
	w := ring3(t)
	n := w.nodes[1]
	a := n.connect(11)
	for fn := range wire.ExecCount {
		n.e.Deliver(2, fn, make([]byte, 16), order)
	}
	if got := n.e.Stats().Malformed; got != 6 { // the old downlist is not looked at
		t.Errorf("counted %d", got)
	}
	for id, q := range n.e.Info().Requests {
		if id == wire.ReqLocalGet || id == wire.ReqFinalize {
			continue // only a header
		}
		msg := make([]byte, q.MinSize)
		order.PutUint32(msg, uint32(id))
		order.PutUint32(msg[8:], 1<<30)
		want := cserr.InvalidParam
		if id == wire.ReqMcast {
			want = cserr.OK // no answer
		}
		code(t, "malformed request", a.request(msg), want)
	}
	if got := n.e.Stats().BadRequests; got != 11 {
		t.Errorf("counted %d", got)
	}
}
