package srp

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

func threeNodes(t *testing.T) *testNet {
	n := newNet(t, 1, 2, 3)
	n.until(5*time.Second, "one ring", n.formed(1, 2, 3))
	n.run(100 * time.Millisecond)
	return n
}

func TestCrashFormsRingOfTheRest(t *testing.T) {
	n := threeNodes(t)
	ring := n.nodes[1].m.Ring()
	n.nodes[3].down = true
	took := n.until(10*time.Second, "ring of two", n.formed(1, 2))
	if most := 2300 * time.Millisecond; took > most {
		t.Errorf("took %v, want at most token and consensus timeout, %v", took, most)
	}
	d := n.nodes[1]
	if got, want := d.m.Ring().Seq, ring.Seq+4; got != want {
		t.Errorf("ring sequence %d, want %d", got, want)
	}
	for _, line := range []string{
		"A processor failed, forming new configuration: token timed out (1000ms), waiting 1200ms for consensus.",
		fmt.Sprintf("A new membership (%v) was formed. Members left: 3", d.m.Ring()),
		"Failed to receive the leave message. failed: 3",
		"Token has not been received in 750 ms ",
	} {
		if !d.logged(line) {
			t.Errorf("not logged: %s", line)
		}
	}
	last := d.events[len(d.events)-2:]
	if want := []string{"transitional [1 2] joined [] left [3]", "regular [1 2] joined [] left []"}; !slices.Equal(last, want) {
		t.Errorf("events %v, want %v", last, want)
	}
	if s := d.m.Stats(n.now); s.OperationalTokenLost != 1 || s.ConsensusTimeouts == 0 || s.OperationalEntered < 3 {
		t.Errorf("stats %+v", s)
	}
}

func TestLeaveFormsRingAtOnce(t *testing.T) {
	n := threeNodes(t)
	d := n.nodes[2]
	n.do(d, d.m.Leave(n.now))
	d.down = true
	if d.m.NextDeadline() != totem.Never {
		t.Error("a machine that has left still wants to be called")
	}
	took := n.until(time.Second, "ring of two", n.formed(1, 3))
	if took > 100*time.Millisecond {
		t.Errorf("took %v", took)
	}
	for _, id := range []totem.NodeID{1, 3} {
		x := n.nodes[id]
		if !x.logged("Received LEAVE message from 2") {
			t.Errorf("%d does not log the leave message", id)
		}
		for _, l := range x.logs {
			if strings.HasPrefix(l, "Failed to receive the leave message") {
				t.Errorf("%d logs %q", id, l)
			}
		}
	}
}

func TestPartitionAndMerge(t *testing.T) {
	n := threeNodes(t)
	n.partition([]totem.NodeID{1}, []totem.NodeID{2, 3})
	n.until(10*time.Second, "two rings", func() bool { return n.formed(1)() && n.formed(2, 3)() })
	n.send(1, "alone")
	n.send(2, "two")
	n.run(time.Second)
	n.drop = nil
	n.until(5*time.Second, "one ring", n.formed(1, 2, 3))
	if got := n.nodes[1].messages(); !slices.Equal(got, []string{"1:alone"}) {
		t.Errorf("1 delivers %v", got)
	}
	if got := n.nodes[3].messages(); !slices.Equal(got, []string{"2:two"}) {
		t.Errorf("3 delivers %v", got)
	}
}

// A merge is found without any message of the layers above, by the call of an
// idle ring's representative.
func TestMergeDetect(t *testing.T) {
	n := newNet(t, 1, 2)
	n.partition([]totem.NodeID{1}, []totem.NodeID{2})
	n.run(time.Second)
	n.drop = nil
	n.until(time.Second, "one ring", n.formed(1, 2))
	if n.nodes[1].m.Stats(n.now).MembMergeDetectTx+n.nodes[2].m.Stats(n.now).MembMergeDetectTx == 0 {
		t.Error("no memb_merge_detect was sent")
	}
}

func TestRestartedRepresentativeNamesRingsAnew(t *testing.T) {
	n := newNet(t, 1, 2)
	n.until(5*time.Second, "one ring", n.formed(1, 2))
	seen := map[totem.RingID]bool{}
	for range 3 {
		for _, d := range n.nodes {
			for _, v := range d.views {
				if v.Type == totem.Regular && len(v.Members) == 1 && v.Members[0] == 1 && d.id == 1 {
					if seen[v.Ring] {
						t.Errorf("ring %v is formed twice", v.Ring)
					}
					seen[v.Ring] = true
				}
			}
		}
		n.nodes[1].views = nil
		n.add(1) // restarts before 2 has noticed
		n.until(5*time.Second, "one ring", n.formed(1, 2))
	}
}

// After a pause of its own a node says so, and does not take the others for
// failed because it has not heard of them meanwhile.
func TestOwnPauseDoesNotBlameOthers(t *testing.T) {
	for _, pause := range []time.Duration{700 * time.Millisecond, 1500 * time.Millisecond, 5 * time.Second} {
		t.Run(pause.String(), func(t *testing.T) {
			n := threeNodes(t)
			d := n.nodes[2]
			d.logs = nil
			d.paused = true
			n.run(pause)
			n.resume(2)
			n.until(8*time.Second, "one ring again", n.formed(1, 2, 3))
			said := slices.ContainsFunc(d.logs, func(l string) bool {
				return strings.HasPrefix(l, "Process pause detected for ") && strings.HasSuffix(l, " ms, flushing membership messages.")
			})
			if !said {
				t.Errorf("the pause is not logged: %q", d.logs)
			}
			for _, l := range d.logs {
				if strings.HasPrefix(l, "A processor failed") || strings.HasPrefix(l, "Token has not been received") ||
					strings.HasPrefix(l, "Failed to receive the leave message") {
					t.Errorf("blames others: %s", l)
				}
			}
			for _, v := range d.views {
				if v.Type == totem.Regular && len(v.Members) == 1 && n.now.Sub(1) > pause && v.Ring.Seq > 20 {
					t.Errorf("was alone in %v", v.Ring)
				}
			}
		})
	}
}

func TestPauseIsReported(t *testing.T) {
	n := newNet(t, 1)
	n.until(time.Second, "a ring", n.formed(1))
	acts := n.nodes[1].m.Tick(n.now.Add(3 * time.Second))
	i := slices.IndexFunc(acts, func(a Action) bool { return a.Kind == Paused })
	if i < 0 || acts[i].N < 2800 || acts[i].N > 3000 {
		t.Fatalf("actions %+v", acts)
	}
}

func TestSendJoinIsDelayedNotSlept(t *testing.T) {
	n := newNet(t)
	d := n.add(1, func(c *Config) {
		c.SendJoin = 80 * time.Millisecond
		c.Rand = func(n int) int {
			if n != 80000 {
				t.Errorf("drawn from %d microseconds", n)
			}
			return 30000
		}
	})
	if got := d.m.Stats(n.now).MembJoinTx; got != 0 {
		t.Fatalf("%d memb_join at once", got)
	}
	n.run(29 * time.Millisecond)
	if d.m.Stats(n.now).MembJoinTx != 0 || d.m.State() != Gather {
		t.Error("memb_join before its delay is over")
	}
	n.run(2 * time.Millisecond)
	if d.m.Stats(n.now).MembJoinTx != 1 {
		t.Error("no memb_join after its delay")
	}
}

// Nodes that share no ring and hold different ones for failed must not answer
// each other's memb_join without end: with n nodes each would cause n more.
func TestJoinsDoNotMultiply(t *testing.T) {
	n := newNet(t, 1)
	m := n.nodes[1].m
	receive := func(j wire.Join) {
		j.Header = wire.Header{Order: wire.Native, Type: wire.TypeJoin, NodeID: uint32(j.SystemFrom)}
		n.receive(n.nodes[1], j.AppendTo(nil))
	}
	n.until(time.Second, "a ring", n.formed(1))
	receive(wire.Join{SystemFrom: 2, RingSeq: 100, Proc: []totem.NodeID{1, 2, 3}, Failed: []totem.NodeID{3}})
	sent := m.Stats(n.now).MembJoinTx
	deadline := m.timers[consensusTimer]
	for range 50 {
		receive(wire.Join{SystemFrom: 2, RingSeq: 100, Proc: []totem.NodeID{1, 2, 3}, Failed: []totem.NodeID{3}})
	}
	if got := m.Stats(n.now).MembJoinTx - sent; got != 0 {
		t.Errorf("%d answers to a memb_join that brings nothing new", got)
	}
	if m.timers[consensusTimer] != deadline {
		t.Error("it puts the consensus timeout off")
	}
}

// Where many nodes start at once, each learns of the others one by one; telling
// all others every time would take n^3 datagrams.
func TestManyNodesStartTogether(t *testing.T) {
	var ids []totem.NodeID
	for i := range 40 {
		ids = append(ids, totem.NodeID(i+1))
	}
	n := newNet(t, ids...)
	n.until(5*time.Second, "one ring", n.formed(ids...))
	var joins uint64
	for _, d := range n.nodes {
		joins += d.m.Stats(n.now).MembJoinTx
	}
	if joins > 40*40 {
		t.Errorf("%d memb_join by 40 nodes", joins)
	}
}

// Lists that no ring could have (CVE-2026-35091 and CVE-2026-35092, the token's
// overflow of 2025) are dropped, counted and logged, and change nothing.
func TestForgedListsAreDropped(t *testing.T) {
	n := threeNodes(t)
	d := n.nodes[1]
	many := make([]totem.NodeID, 385)
	for i := range many {
		many[i] = totem.NodeID(1000 + i)
	}
	head := func(typ wire.Type) wire.Header { return wire.Header{Order: wire.Native, Type: typ, NodeID: 9} }
	rtr := make([]wire.RtrItem, 31)
	join := (&wire.Join{Header: head(wire.TypeJoin), SystemFrom: 9, RingSeq: 1 << 40, Proc: many}).AppendTo(nil)
	short := slices.Clone(join[:len(join)-4*20])
	for name, b := range map[string][]byte{
		"memb_join too long":    join,
		"memb_join too short":   short,
		"commit token too long": (&wire.CommitToken{Header: head(wire.TypeCommitToken), Addrs: many, Memb: make([]wire.MembEntry, len(many))}).AppendTo(nil),
		"commit token bare":     (&wire.CommitToken{Header: head(wire.TypeCommitToken)}).AppendTo(nil)[:20],
		"token too long":        (&wire.ORFToken{Header: head(wire.TypeORFToken), Ring: d.m.Ring(), Rtr: rtr}).AppendTo(nil),
		"token too far":         (&wire.ORFToken{Header: head(wire.TypeORFToken), Ring: d.m.Ring(), TokenSeq: d.m.tok.seq + 1, Seq: 1 << 20}).AppendTo(nil),
		"unknown type":          {0x70, 0xc0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"not ours":              {0xde, 0xad, 0xbe, 0xef},
		"empty":                 {},
	} {
		dropped, state, ring := d.m.Stats(n.now).RxMsgDropped, d.m.State(), d.m.Ring()
		d.logs = nil
		n.receive(d, b)
		if got := d.m.Stats(n.now).RxMsgDropped; got != dropped+1 {
			t.Errorf("%s: %d dropped", name, got-dropped)
		}
		if d.m.State() != state || d.m.Ring() != ring || len(d.logs) == 0 {
			t.Errorf("%s: state %v ring %v logs %q", name, d.m.State(), d.m.Ring(), d.logs)
		}
	}
	n.send(1, "after")
	n.until(time.Second, "delivered", func() bool { return slices.Contains(n.nodes[3].messages(), "1:after") })
}

// A ring that is installed here, but perhaps not yet everywhere, is not left for
// strangers: a memb_join of ours would find members in recovery, which kills one
// of the reference on multicast. After a turn of the token it is.
func TestStrangersWaitForRecovery(t *testing.T) {
	stranger := func(kind wire.Type) []byte {
		const id = 9
		head := wire.Header{Order: wire.Native, Type: kind, NodeID: id}
		ring := totem.RingID{Rep: id, Seq: 400}
		switch kind {
		case wire.TypeMcast:
			head.Encapsulated = wire.NotEncapsulated
			return (&wire.Mcast{Header: head, SystemFrom: id, Seq: 1, Ring: ring}).AppendTo(nil)
		case wire.TypeMergeDetect:
			return (&wire.MergeDetect{Header: head, SystemFrom: id, Ring: ring}).AppendTo(nil)
		default:
			return (&wire.Join{Header: head, SystemFrom: id, RingSeq: 400, Proc: []totem.NodeID{id}}).AppendTo(nil)
		}
	}
	for _, kind := range []wire.Type{wire.TypeMcast, wire.TypeMergeDetect, wire.TypeJoin} {
		n := newNet(t, 1, 2, 3)
		states := func(s State) (in []*testNode) {
			for _, id := range n.ids {
				if m := n.nodes[id].m; m.State() == s && len(m.memb.next) == 3 {
					in = append(in, n.nodes[id])
				}
			}
			return in
		}
		n.until(5*time.Second, "a member ahead of another", func() bool {
			return len(states(Operational)) > 0 && len(states(Recovery)) > 0
		})
		first := states(Operational)[0]
		n.receive(first, stranger(kind))
		if got := first.m.State(); got != Operational {
			t.Errorf("type %d: %v while others are in recovery", kind, got)
		}
		n.until(time.Second, "all have installed it", n.formed(1, 2, 3))
		n.until(time.Second, "a turn of the token", func() bool { return !first.m.settling })
		n.receive(first, stranger(kind))
		if got := first.m.State(); got != Gather {
			t.Errorf("type %d: %v though all have installed the ring", kind, got)
		}
	}
}

// Well-formed messages from many forged nodes cannot grow the lists beyond what
// a ring may have, so that our own memb_join stays one that others accept.
func TestListsStayBounded(t *testing.T) {
	n := newNet(t, 1)
	n.until(time.Second, "a ring", n.formed(1))
	for i := range 2000 {
		id := totem.NodeID(1000 + i)
		j := wire.Join{Header: wire.Header{Order: wire.Native, Type: wire.TypeJoin, NodeID: uint32(id)}, SystemFrom: id, RingSeq: 50, Proc: []totem.NodeID{id}}
		p := n.nodes[1].pool.Get()
		p.Data = j.AppendTo(p.Data)
		n.nodes[1].m.Receive(n.now, p)
	}
	if got := len(n.nodes[1].m.memb.proc); got != totem.ProcessorCountMax {
		t.Errorf("%d processors", got)
	}
}

// Forged lists in the name of members, of processors that do not exist, keep a
// ring from forming while they come, and no longer.
func TestForgedJoinsPass(t *testing.T) {
	n := threeNodes(t)
	forged := totem.NodeID(1000)
	some := func(k int) (list []totem.NodeID) {
		for range k {
			forged++
			list = append(list, forged)
		}
		return list
	}
	for i := range 200 {
		from := totem.NodeID(2 + i%2)
		j := wire.Join{
			Header:     wire.Header{Order: wire.Native, Type: wire.TypeJoin, NodeID: uint32(from)},
			SystemFrom: from, RingSeq: n.nodes[1].m.Ring().Seq,
			Proc: append([]totem.NodeID{1, 2, 3}, some(3)...), Failed: some(9),
		}
		n.receive(n.nodes[1], j.AppendTo(nil))
	}
	// A goodbye and a memb_join in our own name, which hold us for failed.
	for _, id := range []uint32{0, 1} {
		j := wire.Join{
			Header:     wire.Header{Order: wire.Native, Type: wire.TypeJoin, NodeID: id},
			SystemFrom: 1, RingSeq: n.nodes[1].m.Ring().Seq, Proc: []totem.NodeID{1, 2, 3, 7}, Failed: []totem.NodeID{1},
		}
		n.receive(n.nodes[1], j.AppendTo(nil))
	}
	n.until(2*time.Second, "a gathering", func() bool { return n.nodes[1].m.State() == Gather })
	n.until(30*time.Second, "one ring", n.formed(1, 2, 3))
}

func TestFailedToReceive(t *testing.T) {
	n := newNet(t)
	for _, id := range []totem.NodeID{1, 2, 3} {
		n.add(id, func(c *Config) { c.FailToRecvConst = 50 })
	}
	n.until(5*time.Second, "one ring", n.formed(1, 2, 3))
	n.drop = func(_, to totem.NodeID, b []byte) bool { return to == 2 && typeOf(b) == wire.TypeMcast }
	n.send(1, "lost on 2")
	n.until(30*time.Second, "2 gives itself up", func() bool { return n.nodes[2].logged("FAILED TO RECEIVE") })
	n.until(5*time.Second, "2 alone", n.formed(2))
	n.drop = nil
	n.until(10*time.Second, "one ring again", n.formed(1, 2, 3))
}

func TestHeartbeatLosesTokenEarly(t *testing.T) {
	n := newNet(t)
	for _, id := range []totem.NodeID{1, 2} {
		n.add(id, func(c *Config) {
			c.HeartbeatFailuresAllowed = 1
			c.TokenRetransmit = 100 * time.Millisecond
			c.Hold = 70 * time.Millisecond
		})
	}
	n.until(5*time.Second, "one ring", n.formed(1, 2))
	n.run(20 * time.Millisecond)
	n.nodes[1].down = true
	took := n.until(time.Second, "gathering", func() bool { return n.nodes[2].m.State() == Gather })
	if took > 200*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

func TestReconfigureAndForceGather(t *testing.T) {
	n := threeNodes(t)
	d := n.nodes[1]
	cfg := d.m.cfg
	cfg.Token, cfg.TokenWarning, cfg.NodeID = 3*time.Second, 0, 77
	n.do(d, d.m.Reconfigure(n.now, cfg))
	if d.m.cfg.Token != 3*time.Second || d.m.cfg.NodeID != 1 {
		t.Errorf("configuration %+v", d.m.cfg)
	}
	n.do(d, d.m.ForceGather(n.now))
	if d.m.State() != Gather {
		t.Errorf("state %v", d.m.State())
	}
	n.until(5*time.Second, "one ring again", n.formed(1, 2, 3))
	n.do(d, d.m.InterfaceChanged(n.now))
	n.until(5*time.Second, "one ring again", n.formed(1, 2, 3))
	d.m.ResetStats()
	if s := d.m.Stats(n.now); s.ORFTokenRx != 0 || s.GatherEntered != 0 {
		t.Errorf("stats %+v", s)
	}
}
