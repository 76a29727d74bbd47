package ring

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
	"github.com/ringmaster-ha/ringmaster/totem/udp"
)

// testAddr is an address of the loopback net that no other test process uses.
func testAddr(n int) netip.Addr {
	pid := os.Getpid()
	return netip.AddrFrom4([4]byte{127, 128 | byte(pid>>8&63), byte(pid), byte(n)})
}

// node is a ring with the least that a daemon has above it.
type node struct {
	*Ring
	net   *udp.Transport
	id    totem.NodeID
	asm   *pg.Assembler
	store *pg.Store
	views chan *totem.ConfigChange // regular configurations
	got   chan string              // messages
	count atomic.Int64             // messages
	bytes atomic.Int64
	slow  atomic.Pointer[func()] // called for every message
	ended chan error
}

func testConfig(tb testing.TB, id, n int) Config {
	token := 400 * time.Millisecond
	cfg := Config{
		SRP: srp.Config{
			NodeID: totem.NodeID(id), Token: token, TokenRetransmit: token / 5, TokenRetransmitsBeforeLoss: 4,
			Hold: token / 8, Join: 50 * time.Millisecond, Consensus: 480 * time.Millisecond, Merge: 200 * time.Millisecond,
			Downcheck: time.Second, FailToRecvConst: 2500, SeqnoUnchangedConst: 30, WindowSize: 50, MaxMessages: 17,
			MissCountConst: 5, CancelTokenHoldOnRetransmit: false, MaxNetworkDelay: 50 * time.Millisecond, NetMTU: 1500,
			Rand: rand.IntN,
		},
		PayloadMTU: 1410,
		StateDir:   tb.TempDir(),
		Log:        &testLog{tb, id},
	}
	cfg.SRP.Log = cfg.Log
	cfg.Transport = func(a Attachment) (Transport, error) {
		c := udp.Config{
			NodeID: totem.NodeID(id), Pool: a.Pool, Wake: a.Wake, Log: cfg.Log,
			BindNet: testAddr(id), Port: 5405, TTL: 1, BlockUnlisted: true,
			Downcheck: time.Second, Merge: 200 * time.Millisecond, MTU: 1410,
			Interfaces: func() ([]udp.Interface, error) {
				return []udp.Interface{{Name: "lo", Index: 1, Up: true, Prefix: netip.PrefixFrom(testAddr(id), 8)}}, nil
			},
		}
		for i := 1; i <= n; i++ {
			c.Members = append(c.Members, udp.Member{NodeID: totem.NodeID(i), Addr: testAddr(i)})
		}
		return udp.New(c)
	}
	return cfg
}

// testLog logs with the test, for -v.
type testLog struct {
	tb testing.TB
	id int
}

func (l *testLog) Enabled(v loglevel.Level) bool { return v <= loglevel.Notice }
func (l *testLog) Logf(v loglevel.Level, format string, args ...any) {
	if l.Enabled(v) {
		l.tb.Logf("node %d: "+format, append([]any{l.id}, args...)...)
	}
}

func open(tb testing.TB, cfg Config) *node {
	tb.Helper()
	var net Transport
	attach := cfg.Transport
	cfg.Transport = func(a Attachment) (_ Transport, err error) {
		net, err = attach(a)
		return net, err
	}
	r, err := Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	n := &node{
		Ring: r, net: net.(*udp.Transport), id: cfg.SRP.NodeID, store: pg.NewStore(),
		views: make(chan *totem.ConfigChange, 64), got: make(chan string, 4096), ended: make(chan error, 1),
	}
	n.asm = pg.NewAssembler(n.deliver, nil)
	go n.run()
	tb.Cleanup(func() {
		n.Close()
		if err := <-n.ended; err != ErrClosed {
			tb.Errorf("node %d: ended with %v", n.id, err)
		}
	})
	return n
}

// run is the service loop.
func (n *node) run() {
	for {
		list, err := n.Next(context.Background())
		if err != nil {
			n.ended <- err
			return
		}
		for i := range list {
			e := &list[i]
			switch e.Kind {
			case Deliver:
				n.asm.Receive(e.From, e.Packet.Data[e.Off:], e.Swap)
				e.Packet.Release()
			case WaitTransAck:
				n.asm.WaitTransAck()
				n.asm.TransAck() // there is nothing to synchronise
				n.TransAck(e.RingID)
			case Change:
				n.asm.Change(e.Change)
				if e.Change.Type == totem.Regular {
					select {
					case n.views <- e.Change:
					default:
					}
				}
			case Fatal:
				n.ended <- e.Err
				return
			}
		}
	}
}

func (n *node) deliver(d pg.Delivery) {
	n.count.Add(1)
	n.bytes.Add(int64(len(d.Payload)))
	if slow := n.slow.Load(); slow != nil {
		(*slow)()
	}
	if len(d.Payload) < 200 {
		select {
		case n.got <- fmt.Sprintf("%d:%s", d.From, d.Payload):
		default:
		}
	}
}

func (n *node) send(text string) {
	m := n.store.Get(pg.GroupsSize("a") + len(text))
	m.Data = append(pg.AppendGroups(m.Data, "a"), text...)
	n.Send(false, m)
}

// timeout ends a test that hangs; nothing takes that long.
const timeout = 20 * time.Second

// awaitView waits for a configuration of these members.
func (n *node) awaitView(tb testing.TB, members ...totem.NodeID) *totem.ConfigChange {
	tb.Helper()
	deadline := time.After(timeout)
	for {
		select {
		case v := <-n.views:
			if slices.Equal(v.Members, members) {
				return v
			}
		case <-deadline:
			tb.Fatalf("node %d: no configuration of %v", n.id, members)
		}
	}
}

func (n *node) awaitMessage(tb testing.TB) string {
	tb.Helper()
	select {
	case s := <-n.got:
		return s
	case <-time.After(timeout):
		tb.Fatalf("node %d: no message", n.id)
		return ""
	}
}

func form(tb testing.TB, n int, change func(*Config)) []*node {
	tb.Helper()
	nodes := make([]*node, n)
	var members []totem.NodeID
	for i := range nodes {
		cfg := testConfig(tb, i+1, n)
		if change != nil {
			change(&cfg)
		}
		nodes[i] = open(tb, cfg)
		members = append(members, totem.NodeID(i+1))
	}
	for _, n := range nodes {
		n.awaitView(tb, members...)
	}
	return nodes
}

func TestRingFormsDeliversAndForgetsTheDead(t *testing.T) {
	n := form(t, 3, nil)
	const each = 20
	for i := range each {
		for _, n := range n {
			n.send(fmt.Sprint("message ", i))
		}
	}
	var order []string
	for range 3 * each {
		order = append(order, n[0].awaitMessage(t))
	}
	for _, o := range n[1:] {
		for i, want := range order {
			if got := o.awaitMessage(t); got != want {
				t.Fatalf("node %d: message %d is %q, node 1 had %q", o.id, i, got, want)
			}
		}
	}
	for _, id := range []string{"1", "2", "3"} {
		next := 0
		for _, m := range order {
			if m[:1] == id {
				if want := fmt.Sprint(id, ":message ", next); m != want {
					t.Fatalf("got %q, want %q", m, want)
				}
				next++
			}
		}
	}

	if ok, err := n[0].Reachable(3); err != nil || !ok {
		t.Errorf("node 3 is reachable: %v, %v", ok, err)
	}

	n[2].Close()
	n[0].awaitView(t, 1, 2)
	n[1].awaitView(t, 1, 2)
	n[0].send("after")
	if got := n[1].awaitMessage(t); got != "1:after" {
		t.Errorf("got %q", got)
	}

	again := open(t, testConfig(t, 3, 3))
	again.awaitView(t, 1, 2, 3)
	n[0].awaitView(t, 1, 2, 3)
	again.send("back")
	if got := n[0].awaitMessage(t); got != "1:after" {
		t.Errorf("got %q", got)
	}
	if got := n[0].awaitMessage(t); got != "3:back" {
		t.Errorf("got %q", got)
	}
}

func TestLeaveIsFasterThanLosingTheToken(t *testing.T) {
	n := form(t, 3, nil)
	if err := n[1].Leave(); err != nil {
		t.Fatal(err)
	}
	n[0].awaitView(t, 1, 3)
	s, err := n[0].Stats()
	if err != nil {
		t.Fatal(err)
	}
	if s.SRP.OperationalTokenLost != 0 {
		t.Error("the token was lost, although node 2 said that it leaves")
	}
}

func TestMembersComeAndGoAtRunTime(t *testing.T) {
	cfg := []Config{testConfig(t, 1, 1), testConfig(t, 2, 2)}
	first := open(t, cfg[0])
	first.awaitView(t, 1)
	second := open(t, cfg[1])
	second.awaitView(t, 2)
	first.Do(func(totem.Instant) { first.net.AddMember(udp.Member{NodeID: 2, Addr: testAddr(2)}) })
	first.awaitView(t, 1, 2)
	second.awaitView(t, 1, 2)
	second.Close()
	first.Do(func(totem.Instant) { first.net.RemoveMember(testAddr(2)) })
	first.awaitView(t, 1)
	if ok, err := first.Reachable(2); err != nil || ok {
		t.Errorf("a removed member is reachable: %v, %v", ok, err)
	}
}

func TestRingIDIsStored(t *testing.T) {
	cfg := testConfig(t, 1, 1)
	n := open(t, cfg)
	v := n.awaitView(t, 1)
	n.Close() // writes what waits
	b, err := os.ReadFile(filepath.Join(cfg.StateDir, "ringid_1"))
	if err != nil || len(b) != 8 || binary.NativeEndian.Uint64(b) != v.Ring.Seq {
		t.Fatalf("ringid_1 holds %x, %v, want sequence %x", b, err, v.Ring.Seq)
	}
	again := open(t, cfg)
	if w := again.awaitView(t, 1); w.Ring.Seq <= v.Ring.Seq {
		t.Errorf("ring %v after ring %v", w.Ring, v.Ring)
	}
}

func TestSlowReceiverSlowsTheRing(t *testing.T) {
	release := make(chan struct{})
	n := form(t, 2, func(c *Config) { c.BacklogMax = 64 << 10 })
	const total = 1000
	done, left := make(chan struct{}), total
	slow := func() {
		<-release
		if left--; left == 0 {
			close(done)
		}
	}
	n[1].slow.Store(&slow)
	big := make([]byte, 1000)
	for range total {
		n[0].send(string(big))
	}
	for deadline := time.Now().Add(timeout); ; {
		s, err := n[1].Stats()
		if err != nil {
			t.Fatal(err)
		}
		if s.HeldBack > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the token was never kept; backlog %d", s.Backlog)
		}
	}
	close(release)
	select {
	case <-done:
	case <-time.After(timeout):
		t.Fatalf("%d messages of %d came", n[1].count.Load(), total)
	}
	if s, _ := n[1].Stats(); s.SRP.OperationalTokenLost != 0 {
		t.Error("the token was lost")
	}
}

func TestClosedRingAnswers(t *testing.T) {
	n := open(t, testConfig(t, 1, 1))
	n.awaitView(t, 1)
	n.Close()
	if _, err := n.Stats(); err != ErrClosed {
		t.Errorf("Stats: %v", err)
	}
	if err := n.Leave(); err != ErrClosed {
		t.Errorf("Leave: %v", err)
	}
	n.send("into the void")
}

// A pinned token stays for half its timeout at most, and nobody takes it for lost;
// what was sent before it is unpinned goes with it.
func TestPin(t *testing.T) {
	n := form(t, 2, nil)
	for i := range 4 {
		n[0].Pin()
		n[0].send(fmt.Sprint("here ", i))
		n[1].send(fmt.Sprint("there ", i))
		if i < 3 { // the last time the pin goes by itself
			n[0].Unpin(i == 1)
		}
		for _, r := range n {
			got := []string{r.awaitMessage(t), r.awaitMessage(t)}
			slices.Sort(got)
			if want := []string{fmt.Sprint("1:here ", i), fmt.Sprint("2:there ", i)}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	if s, _ := n[0].Stats(); s.SRP.OperationalTokenLost != 0 {
		t.Error("the token was lost")
	}
}
