package srp

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// burst has every node send count messages.
func (n *testNet) burst(count int, ids ...totem.NodeID) {
	for i := range count {
		for _, id := range ids {
			n.send(id, fmt.Sprintf("%d at %d", i, n.now))
		}
	}
}

func (n *testNet) allDeliver(count int, ids ...totem.NodeID) func() bool {
	return func() bool {
		for _, id := range ids {
			if len(n.nodes[id].messages()) < count {
				return false
			}
		}
		return true
	}
}

func TestLossIsMadeGood(t *testing.T) {
	for _, percent := range []int{1, 10, 30} {
		t.Run(fmt.Sprint(percent), func(t *testing.T) {
			n := threeNodes(t)
			n.drop = func(_, _ totem.NodeID, b []byte) bool {
				return typeOf(b) == wire.TypeMcast && n.rnd.IntN(100) < percent
			}
			ring := n.nodes[1].m.Ring()
			n.burst(300, 1, 2, 3)
			n.until(20*time.Second, "all delivered", n.allDeliver(900, 1, 2, 3))
			if n.nodes[1].m.Ring() != ring {
				t.Error("the ring broke")
			}
			var again uint64
			for _, d := range n.nodes {
				again += d.m.Stats(n.now).McastRetx
				if !slices.Equal(d.messages(), n.nodes[1].messages()) {
					t.Errorf("order on %d differs", d.id)
				}
			}
			// Each of the 900 goes to two others; one retransmission reaches both.
			if most := uint64(900*2*percent/100)*3/2 + 20; again > most {
				t.Errorf("%d retransmissions for %d%% loss, want at most %d", again, percent, most)
			}
		})
	}
}

// A node that has stopped receiving multicasts for a while must not have the
// others repeat them as fast as the token turns (corosync issue 725), nor, once
// it receives again, wait a token hold for each (issue 736).
// What a token may be kept for does not come while a message is missing.
func TestMissing(t *testing.T) {
	n := threeNodes(t)
	lost := false
	n.drop = func(_, to totem.NodeID, b []byte) bool {
		if typeOf(b) != wire.TypeMcast || to != 2 || lost {
			return false
		}
		lost = true
		return true
	}
	if n.nodes[2].m.Missing() {
		t.Error("something is missing of a ring that is idle")
	}
	n.burst(1, 1)
	was := false
	n.until(5*time.Second, "node 2 delivers", func() bool {
		was = was || n.nodes[2].m.Missing()
		if was && len(n.nodes[2].messages()) == 0 && lost && !n.nodes[2].m.Missing() {
			t.Error("nothing is missing, and nothing is delivered")
		}
		return len(n.nodes[2].messages()) == 1
	})
	if !was || n.nodes[2].m.Missing() {
		t.Errorf("a lost message was missing: %v; still: %v", was, n.nodes[2].m.Missing())
	}
}

func TestNoRetransmissionStorm(t *testing.T) {
	n := threeNodes(t)
	n.drop = func(_, to totem.NodeID, b []byte) bool { return to == 3 && typeOf(b) == wire.TypeMcast }
	n.burst(40, 1, 2)
	n.run(2 * time.Second)
	var again uint64
	longest := 0
	for _, d := range n.nodes {
		again += d.m.Stats(n.now).McastRetx
		longest = max(longest, len(d.m.in.token.Rtr))
	}
	if most := uint64(80 * 60); again > most {
		t.Errorf("%d multicasts repeated in 2 s for 80 messages that cannot arrive, want at most %d", again, most)
	}
	if longest > wire.RetransmitEntriesMax {
		t.Errorf("the list has %d entries", longest)
	}
	n.drop = nil
	if took := n.until(5*time.Second, "all delivered", n.allDeliver(80, 1, 2, 3)); took > 500*time.Millisecond {
		t.Errorf("it took %v until 3 had all", took)
	}
}

// Hundreds of messages of the old ring are recovered in a moment even if many of
// recovery's own multicasts are lost.
func TestLossyRecoveryIsQuick(t *testing.T) {
	n := threeNodes(t)
	n.drop = func(from, to totem.NodeID, b []byte) bool {
		return typeOf(b) == wire.TypeMcast && (from == 3 && to == 2 || to == 1 && from == 3 && seqOf(b)%2 == 0)
	}
	n.burst(250, 3)
	n.run(60 * time.Millisecond)
	n.nodes[3].down = true
	n.drop = func(_, _ totem.NodeID, b []byte) bool {
		return typeOf(b) == wire.TypeMcast && n.rnd.IntN(100) < 40
	}
	n.until(4*time.Second, "ring of two", n.formed(1, 2))
	n.run(50 * time.Millisecond)
	if a, b := n.nodes[1].messages(), n.nodes[2].messages(); !slices.Equal(a, b) || len(a) == 0 {
		t.Errorf("1 delivers %d messages, 2 %d", len(a), len(b))
	}
	checkEVS(t, []*testNode{n.nodes[1], n.nodes[2], n.nodes[3]})
}

// Two nodes have 9000 messages that a third lacks. If each sent all of them, as
// the reference's do, the new ring's window would be too small.
func TestRecoveryIsShared(t *testing.T) {
	const lacking = 9000
	n := newNet(t, 1, 2, 3, 4)
	n.until(5*time.Second, "one ring", n.formed(1, 2, 3, 4))
	n.drop = func(_, to totem.NodeID, b []byte) bool { return typeOf(b) == wire.TypeMcast && to == 3 }
	n.burst(lacking/2, 1, 2)
	n.until(10*time.Second, "sent", func() bool { return n.nodes[1].m.regular.high >= lacking && n.nodes[2].m.regular.high >= lacking })
	n.nodes[4].down = true
	sent := map[uint32]bool{}
	n.drop = func(_, _ totem.NodeID, b []byte) bool {
		if typeOf(b) == wire.TypeMcast && b[4] == wire.Encapsulated {
			sent[seqOf(b)] = true
		}
		return false
	}
	n.until(10*time.Second, "ring of three", n.formed(1, 2, 3))
	n.until(time.Second, "all delivered", n.allDeliver(lacking, 1, 2, 3))
	if len(sent) < lacking || len(sent) > lacking+lacking/50 {
		t.Errorf("%d messages in recovery for %d that one node lacks", len(sent), lacking)
	}
	checkEVS(t, []*testNode{n.nodes[1], n.nodes[2], n.nodes[3], n.nodes[4]})
}

// What only a crashed node had is a hole in the transitional configuration:
// what comes after it from those that go on is still delivered, its own is not.
func TestHoleInTransitionalConfiguration(t *testing.T) {
	n := threeNodes(t)
	lost := 0
	n.drop = func(from, _ totem.NodeID, b []byte) bool {
		if from == 3 && typeOf(b) == wire.TypeMcast && string(b[wire.McastLen:]) == "never seen" {
			lost++
			return true
		}
		return false
	}
	n.send(3, "seen", "never seen", "beyond the hole")
	n.until(time.Second, "3 has sent", func() bool { return lost == 2 })
	n.nodes[3].down = true
	n.send(1, "of 1")
	n.until(5*time.Second, "ring of two", n.formed(1, 2))
	n.until(time.Second, "delivered", func() bool { return slices.Contains(n.nodes[2].messages(), "1:of 1") })
	want := []string{"3:seen", "1:of 1"}
	for _, id := range []totem.NodeID{1, 2} {
		if got := n.nodes[id].messages(); !slices.Equal(got, want) {
			t.Errorf("%d delivers %v, want %v", id, got, want)
		}
	}
}

// While the synchronisation after a change lasts only its own queue is sent.
func TestTransitionalQueueGoesFirst(t *testing.T) {
	n := newNet(t, 1, 2)
	n.nodes[1].noAck = true
	n.until(5*time.Second, "one ring", n.formed(1, 2))
	d := n.nodes[1]
	d.queue[0] = append(d.queue[0], "service")
	d.queue[1] = append(d.queue[1], "sync")
	n.do(d, d.m.MessagesQueued(n.now))
	n.run(time.Second)
	if got := n.nodes[2].messages(); !slices.Equal(got, []string{"1:sync"}) {
		t.Fatalf("before the acknowledgement: %v", got)
	}
	n.do(d, d.m.TransAck(n.now, totem.RingID{Rep: 1, Seq: 1}))
	n.run(time.Second)
	if got := n.nodes[2].messages(); len(got) != 1 {
		t.Fatalf("after one for an old ring: %v", got)
	}
	n.do(d, d.m.TransAck(n.now, d.m.Ring()))
	n.until(50*time.Millisecond, "delivered", n.allDeliver(2, 1, 2))
}

// On an idle ring the token rests; a message does not wait for it to move on.
func TestHeldTokenIsCalled(t *testing.T) {
	n := threeNodes(t)
	n.run(time.Second)
	before := n.nodes[2].m.Stats(n.now).ORFTokenRx
	n.run(time.Second)
	if visits := n.nodes[2].m.Stats(n.now).ORFTokenRx - before; visits > 7 {
		t.Errorf("%d token visits in an idle second", visits)
	}
	for _, id := range []totem.NodeID{1, 2, 3} {
		n.send(id, "hello")
		if took := n.until(time.Second, "delivered", n.allDeliver(int(id), 1, 2, 3)); took > 5*time.Millisecond {
			t.Errorf("a message of %d took %v", id, took)
		}
		n.run(time.Second)
	}
	if n.nodes[2].m.Stats(n.now).TokenHoldCancelTx == 0 {
		t.Error("2 has not sent a token_hold_cancel")
	}
}

func TestLostTokenIsSentAgain(t *testing.T) {
	n := threeNodes(t)
	ring := n.nodes[1].m.Ring()
	lose := 3
	n.drop = func(_, _ totem.NodeID, b []byte) bool {
		if typeOf(b) == wire.TypeORFToken && lose > 0 {
			lose--
			return true
		}
		return false
	}
	n.send(2, "m")
	n.until(950*time.Millisecond, "delivered", n.allDeliver(1, 1, 2, 3))
	if n.nodes[1].m.Ring() != ring {
		t.Error("the ring broke")
	}
}

// No packet is lost to the pool, nor released twice, by whatever path it goes.
func TestPacketsGoBackToThePool(t *testing.T) {
	n := threeNodes(t)
	n.drop = func(_, _ totem.NodeID, b []byte) bool { return n.rnd.IntN(100) < 5 }
	n.burst(200, 1, 2, 3)
	n.run(5 * time.Second)
	n.drop = nil
	n.until(5*time.Second, "one ring", n.formed(1, 2, 3))
	n.run(5 * time.Second)
	for _, d := range n.nodes {
		for _, w := range []*window{d.m.regular, d.m.recovery} {
			for i, s := range w.slots {
				if s.pkt != nil && !w.has(uint32(i)) && !seqLess(w.high, uint32(i)) {
					t.Fatalf("node %d: slot %d holds a packet outside of the window", d.id, i)
				}
			}
			if kept := w.high - (w.base - 1); kept > 2 {
				t.Errorf("node %d keeps %d messages of an idle ring", d.id, kept)
			}
		}
	}
}
