package engine

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// bus delivers what its nodes send to all members in one order.
type bus struct {
	nodes   map[totem.NodeID]*testNode
	members []totem.NodeID
	queue   []sent
	seq     uint64
}

type sent struct {
	from  totem.NodeID
	group string
	msg   []byte
}

type testNode struct {
	*Node
	bus     *bus
	id      totem.NodeID
	svc     *recorder
	full    bool // the send queue
	acks    []totem.RingID
	timers  []func()
	replies [][]byte
}

func (c *testNode) NodeID() totem.NodeID { return c.id }
func (c *testNode) Send(trans bool, group string, parts ...[]byte) bool {
	if c.full && group != GroupSync {
		return false
	}
	if !trans && c.InSync() {
		panic("sent in the normal queue during a synchronisation")
	}
	c.bus.queue = append(c.bus.queue, sent{c.id, group, slices.Concat(parts...)})
	return true
}
func (c *testNode) Reserve(size int) int {
	switch {
	case size > totem.MessageSizeMax:
		return -1
	case c.full:
		return 0
	}
	return 1
}
func (c *testNode) Release(int)                {}
func (c *testNode) TransAck(ring totem.RingID) { c.acks = append(c.acks, ring) }
func (c *testNode) After(_ time.Duration, fn func()) service.Timer {
	c.timers = append(c.timers, fn)
	return stopper{}
}
func (c *testNode) Now() totem.Instant         { return 0 }
func (c *testNode) WallNow() time.Time         { return time.Time{} }
func (c *testNode) Rand(n int) int             { return 0 }
func (c *testNode) Log(string) loglevel.Logger { return loglevel.Discard }

type stopper struct{}

func (stopper) Stop() {}

// recorder is a service that notes what it is told.
type recorder struct {
	id    service.ID
	log   []string
	ready bool // SyncProcess succeeds

	congested bool
}

func (r *recorder) Congested() bool { return r.congested }

func (r *recorder) note(format string, args ...any) {
	r.log = append(r.log, fmt.Sprintf(format, args...))
}
func (r *recorder) Info() service.Info {
	return service.Info{ID: r.id, Name: "recorder", ExecCount: 2, Priority: 1, Requests: []service.Request{
		{FlowControl: true, MinSize: 20}, {},
	}}
}
func (r *recorder) Deliver(from totem.NodeID, fn int, msg []byte, _ mar.ByteOrder) {
	r.note("deliver %d %d %s", from, fn, msg[service.HeaderSize:])
}
func (r *recorder) ConfigChange(c *totem.ConfigChange)       { r.note("%v %v", c.Type, c.Members) }
func (r *recorder) Open(service.Conn) error                  { return nil }
func (r *recorder) Request(_ service.Conn, id int, _ []byte) { r.note("request %d", id) }
func (r *recorder) Close(service.Conn)                       {}
func (r *recorder) Dump()                                    {}
func (r *recorder) Stop()                                    { r.note("stop") }
func (r *recorder) SyncInit(trans, members []totem.NodeID, _ totem.RingID) {
	r.note("init %v %v", trans, members)
}
func (r *recorder) SyncProcess() bool { r.note("process"); return r.ready }
func (r *recorder) SyncActivate()     { r.note("activate") }
func (r *recorder) SyncAbort()        { r.note("abort") }
func (r *recorder) SyncCompleted()    { r.note("completed") }

func (r *recorder) take() string {
	s := strings.Join(r.log, "; ")
	r.log = nil
	return s
}

func newBus(ids ...totem.NodeID) *bus {
	b := &bus{nodes: map[totem.NodeID]*testNode{}}
	for _, id := range ids {
		n := &testNode{bus: b, id: id, svc: &recorder{id: service.CPG, ready: true}}
		n.Node = NewNode(n, icmap.New(), nil)
		if err := n.Register("corosync_cpg", n.svc); err != nil {
			panic(err)
		}
		b.nodes[id] = n
	}
	return b
}

// change gives the members a transitional and a regular configuration.
func (b *bus) change(trans, members []totem.NodeID) {
	b.seq += 4
	b.members = members
	b.queue = nil
	for _, id := range members {
		n := b.nodes[id]
		n.ConfigChange(&totem.ConfigChange{Type: totem.Transitional, Members: slices.DeleteFunc(slices.Clone(trans), func(t totem.NodeID) bool { return !slices.Contains(trans, id) }), Ring: totem.RingID{Rep: members[0], Seq: b.seq}})
		n.ConfigChange(&totem.ConfigChange{Type: totem.Regular, Members: members, Ring: totem.RingID{Rep: members[0], Seq: b.seq}})
	}
}

// deliver hands out at most n messages.
func (b *bus) deliver(n int) {
	for ; n > 0 && len(b.queue) > 0; n-- {
		m := b.queue[0]
		b.queue = b.queue[1:]
		for _, id := range b.members {
			b.nodes[id].Deliver(m.from, m.group, m.msg, binary.LittleEndian)
		}
	}
}

func TestSynchronisationRunsToTheEnd(t *testing.T) {
	b := newBus(1, 2)
	b.change(nil, []totem.NodeID{1, 2})
	b.deliver(100)
	for id, n := range b.nodes {
		want := "transitional []; regular [1 2]; init [] [1 2]; process; activate; completed"
		if got := n.svc.take(); got != want {
			t.Errorf("node %d: %s\nwant %s", id, got, want)
		}
		if n.InSync() || !n.Ready() || len(n.acks) != 1 || n.acks[0] != (totem.RingID{Rep: 1, Seq: 4}) {
			t.Errorf("node %d: not done: acks %v", id, n.acks)
		}
	}
}

// A round that stops while a service waits at the barrier must abort that
// service: the reference did not, and its CPG kept the joins of a node that was
// gone (corosync commit 2ab885ab).
func TestAbortAtTheBarrier(t *testing.T) {
	b := newBus(1, 2, 3)
	b.change(nil, []totem.NodeID{1, 2, 3})
	b.deliver(4) // three lists of services, one of three barriers
	n := b.nodes[1]
	if got := n.svc.take(); !strings.HasSuffix(got, "process") {
		t.Fatalf("the round is not at the barrier: %s", got)
	}
	b.change([]totem.NodeID{1, 2}, []totem.NodeID{1, 2})
	b.deliver(100)
	want := "transitional [1 2]; abort; regular [1 2]; init [1 2] [1 2]; process; activate; completed"
	if got := n.svc.take(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	b.change([]totem.NodeID{1}, []totem.NodeID{1})
	b.deliver(100)
	if got := n.svc.take(); strings.Contains(got, "abort") {
		t.Errorf("a completed round was aborted: %s", got)
	}
}

func TestProcessIsAskedAgain(t *testing.T) {
	b := newBus(1)
	n := b.nodes[1]
	n.svc.ready = false
	b.change(nil, []totem.NodeID{1})
	b.deliver(100)
	if !n.InSync() || len(n.timers) != 1 {
		t.Fatalf("in sync %v, %d timers", n.InSync(), len(n.timers))
	}
	n.svc.ready = true
	n.timers[0]()
	b.deliver(100)
	if n.InSync() {
		t.Error("the round did not end")
	}
}

func TestServiceOnlyAPeerHas(t *testing.T) {
	b := newBus(1, 2)
	other := &recorder{id: service.Votequorum, ready: true}
	if err := b.nodes[2].Register("corosync_votequorum", other); err != nil {
		t.Fatal(err)
	}
	b.change(nil, []totem.NodeID{1, 2})
	b.deliver(100)
	if b.nodes[1].InSync() || b.nodes[2].InSync() {
		t.Error("the round did not end")
	}
	if got := other.take(); !strings.HasSuffix(got, "process; activate; completed") {
		t.Errorf("the peer's service: %s", got)
	}
}

func TestRequestsAreAdmitted(t *testing.T) {
	b := newBus(1)
	n := b.nodes[1]
	c := &testConn{n: n}
	ask := func(id int32, size int) Verdict { return n.Request(c, service.CPG, id, make([]byte, size)) }

	if got := ask(0, 20); got != Overloaded {
		t.Errorf("before the first synchronisation: %v", got)
	}
	if got := ask(1, 16); got != Served {
		t.Errorf("a request without flow control before it: %v", got)
	}
	b.change(nil, []totem.NodeID{1})
	b.deliver(100)
	for _, tt := range []struct {
		why     string
		id      int32
		size    int
		full    bool
		quorate bool
		want    Verdict
	}{
		{"all is well", 0, 20, false, true, Served},
		{"shorter than the request's struct", 0, 19, false, true, Invalid},
		{"shorter than a header", 1, 15, false, true, Invalid},
		{"beyond the last request", 2, 20, false, true, Invalid},
		{"negative id", -1, 20, false, true, Invalid},
		{"larger than any message", 0, totem.MessageSizeMax + 1, false, true, Invalid},
		{"send queue full", 0, 20, true, true, Overloaded},
		{"send queue full, no flow control", 1, 20, true, true, Served},
		{"no quorum", 0, 20, false, false, Overloaded},
	} {
		n.full = tt.full
		n.SetQuorum(func() bool { return tt.quorate })
		if got := ask(tt.id, tt.size); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.why, got, tt.want)
		}
	}
	// libcpg's multicast, of which the client reads no answer, is kept for later.
	n.full = true
	n.SetQuorum(func() bool { return true })
	n.infos[service.CPG].Requests = append(n.infos[service.CPG].Requests, n.infos[service.CPG].Requests[0])
	replies := len(n.replies)
	if got := ask(CPGMcastRequest, 20); got != Later || len(n.replies) != replies {
		t.Errorf("a multicast with the send queue full: %v with %d replies, want later with none", got, len(n.replies)-replies)
	}
	n.full = false
	if got := ask(CPGMcastRequest, 20); got != Served {
		t.Errorf("a multicast with room: %v", got)
	}
	n.svc.congested = true
	if got := ask(CPGMcastRequest, 20); got != Later {
		t.Errorf("a multicast behind others: %v", got)
	}
	if got := service.Order.Uint32(n.replies[0][16:]); got != 6 {
		t.Errorf("the first reply says %d, want CS_ERR_TRY_AGAIN", got)
	}
}

type testConn struct {
	service.Conn
	n *testNode
}

func (c *testConn) PID() int { return 1 }
func (c *testConn) Respond(parts ...[]byte) {
	c.n.replies = append(c.n.replies, slices.Concat(parts...))
}

func TestMcastCountsAndIsDelivered(t *testing.T) {
	b := newBus(1, 2)
	b.change(nil, []totem.NodeID{1, 2})
	b.deliver(100)
	if !b.nodes[1].Mcast(service.CPG, 1, []byte("hel"), []byte("lo")) {
		t.Fatal("refused")
	}
	b.nodes[2].svc.take()
	b.deliver(1)
	if got := b.nodes[2].svc.take(); got != "deliver 1 1 hello" {
		t.Error(got)
	}
	b.nodes[1].PublishCounters()
	for key, want := range map[string]uint64{"runtime.services.cpg.1.tx": 1, "runtime.services.cpg.1.rx": 1, "runtime.services.cpg.0.tx": 0} {
		if got, err := b.nodes[1].cmap.GetUint64(key); err != nil || got != want {
			t.Errorf("%s = %d, %v; want %d", key, got, err, want)
		}
	}
}

func TestMessagesThatMakeNoSense(t *testing.T) {
	b := newBus(1)
	b.change(nil, []totem.NodeID{1})
	n := b.nodes[1]
	short := make([]byte, service.HeaderSize-1)
	unknown := binary.LittleEndian.AppendUint32(nil, uint32(service.CPG)<<16|2)
	foreign := binary.LittleEndian.AppendUint32(nil, 63<<16)
	beyond := binary.LittleEndian.AppendUint32(nil, 64<<16)
	n.svc.take()
	for _, m := range [][]byte{nil, short, append(unknown, make([]byte, 12)...), append(foreign, make([]byte, 12)...), append(beyond, make([]byte, 12)...)} {
		n.Deliver(1, GroupServices, m, binary.LittleEndian)
		n.Deliver(1, GroupSync, m, binary.LittleEndian)
	}
	n.Deliver(1, "other", short, binary.LittleEndian)
	if got := n.svc.take(); got != "" {
		t.Errorf("a service saw %s", got)
	}
	if n.malformed == 0 {
		t.Error("nothing was counted")
	}
}

func TestStopOrder(t *testing.T) {
	b := newBus(1)
	n := b.nodes[1]
	if err := n.Register("corosync_votequorum", &later{recorder{id: service.Votequorum}}); err != nil {
		t.Fatal(err)
	}
	var order []service.ID
	n.Stop(func(i service.Info) { order = append(order, i.ID) })
	if !slices.Equal(order, []service.ID{service.Votequorum, service.CPG}) {
		t.Errorf("stopped in order %v", order)
	}
}

type later struct{ recorder }

func (l *later) Info() service.Info { i := l.recorder.Info(); i.Priority = 2; return i }

func TestRegisterRefusesTheSameID(t *testing.T) {
	n := newBus(1).nodes[1]
	if err := n.Register("corosync_cpg", &recorder{id: service.CPG}); err == nil {
		t.Error("two services with one id")
	}
}

// Captured from corosync 3.1.7, node 2 of a ring of two with votequorum.
const (
	goldenBarrier = "00000000000000002000000000000000" + "02000000050000000000000000000000"
	goldenBuild   = "01000000000000002802000000000000" + "02000000050000000000000000000000" + // then zeros up to 0x228 bytes
		"0400000000000000" + "00000000020000000300000005000000"
)

func TestSyncMessageGolden(t *testing.T) {
	for _, tt := range []struct {
		golden string
		want   syncMessage
	}{
		{goldenBarrier, syncMessage{id: msgBarrier, ring: totem.RingID{Rep: 2, Seq: 5}}},
		{goldenBuild + strings.Repeat("00", 0x228-len(goldenBuild)/2), syncMessage{
			id: msgServiceBuild, ring: totem.RingID{Rep: 2, Seq: 5},
			services: []service.ID{service.CMAP, service.CPG, service.Quorum, service.Votequorum},
		}},
	} {
		in, err := hex.DecodeString(tt.golden)
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseSyncMessage(in, binary.LittleEndian)
		if err != nil || m.id != tt.want.id || m.ring != tt.want.ring || !slices.Equal(m.services, tt.want.services) {
			t.Errorf("%+v, %v; want %+v", m, err, tt.want)
		}
		if got := m.append(nil); !slices.Equal(got, in) {
			t.Errorf("encoded %x\nwant    %x", got, in)
		}
	}
}

func TestSyncMessagePrefixesFail(t *testing.T) {
	m := syncMessage{id: msgServiceBuild, ring: totem.RingID{Rep: 1, Seq: 8}, services: []service.ID{0, 2, 5}}
	whole := m.append(nil)
	if len(whole) != serviceBuildSize {
		t.Fatalf("%d bytes, want %d", len(whole), serviceBuildSize)
	}
	for n := range serviceListAt + 12 {
		if _, err := parseSyncMessage(whole[:n], binary.LittleEndian); err == nil {
			t.Errorf("a prefix of %d bytes was taken", n)
		}
	}
}

func FuzzSyncMessage(f *testing.F) {
	m := syncMessage{id: msgServiceBuild, ring: totem.RingID{Rep: 1, Seq: 8}, services: []service.ID{0, 2, 5}}
	f.Add(m.append(nil))
	m.id = msgBarrier
	f.Add(m.append(nil))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, order := range []mar.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			m, err := parseSyncMessage(in, order)
			if err != nil {
				continue
			}
			again, err := parseSyncMessage(m.append(nil), service.Order)
			if err != nil || again.ring != m.ring || !slices.Equal(again.services, m.services) {
				t.Fatalf("%+v became %+v, %v", m, again, err)
			}
		}
	})
}
