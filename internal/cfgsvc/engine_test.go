package cfgsvc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cfgwire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// world is a node with its clients; trace is all that the engine has done.
type world struct {
	t      *testing.T
	e      *Engine
	m      *icmap.Map
	trace  []string
	sent   [][]byte // multicasts not delivered yet, header included
	full   bool
	timers []*timer
	serial uint64
	reload func(error, bool)
	reopen func(error)
}

type timer struct {
	d  time.Duration
	fn func()
}

func (t *timer) Stop() { t.fn = nil }

func newWorld(t *testing.T) *world {
	w := &world{t: t, m: icmap.New()}
	w.e = New(w, w.m, w)
	return w
}

func (w *world) say(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// expect compares what has been done since the last call.
func (w *world) expect(want ...string) {
	w.t.Helper()
	if !slices.Equal(w.trace, want) {
		w.t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(w.trace, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.trace = nil
}

// The Host.
func (w *world) NodeID() totem.NodeID { return 1 }
func (w *world) Mcast(id service.ID, fn int, parts ...[]byte) bool {
	if w.full {
		return false
	}
	h := mar.NewWriter(nil, service.Order).U32(uint32(id)<<16 | uint32(fn)).Align(8).U32(0).Align(8).Buf()
	w.sent = append(w.sent, append(h, slices.Concat(parts...)...))
	w.say("mcast %d", fn)
	return true
}
func (w *world) After(d time.Duration, fn func()) service.Timer {
	t := &timer{d, fn}
	w.timers = append(w.timers, t)
	return t
}
func (w *world) Now() totem.Instant          { return 0 }
func (w *world) WallNow() time.Time          { return time.Time{} }
func (w *world) Rand(int) int                { return 0 }
func (w *world) Quorate() bool               { return true }
func (w *world) Log(string) loglevel.Logger  { return w }
func (w *world) Enabled(loglevel.Level) bool { return true }
func (w *world) Logf(l loglevel.Level, f string, a ...any) {
	w.say("log %d: %s", l, strings.TrimSuffix(fmt.Sprintf(f, a...), "\n"))
}

// The Actions.
func (w *world) Interfaces() []cfgwire.Interface {
	return []cfgwire.Interface{{Name: "0 192.0.2.1", Status: "OK"}}
}
func (w *world) NodeAddrs(n totem.NodeID) []netip.Addr {
	if n > 2 {
		return nil
	}
	return []netip.Addr{netip.AddrFrom4([4]byte{192, 0, 2, byte(n)})}
}
func (w *world) NodeStatus(n totem.NodeID) (cfgwire.NodeStatus, error) {
	if n == 3 {
		return cfgwire.NodeStatus{}, errors.New("no")
	}
	return cfgwire.NodeStatus{Reachable: true}, nil
}
func (w *world) Reload(done func(error, bool))      { w.say("reload"); w.reload = done }
func (w *world) CryptoPhase(p uint32)               { w.say("crypto phase %d", p) }
func (w *world) ReopenLogs(done func(error))        { w.say("reopen"); w.reopen = done }
func (w *world) Shutdown()                          { w.say("shut down") }
func (w *world) Exit(c exitcode.Code, where string) { w.say("%s", c.Line(where)) }

// deliver brings the oldest multicast to this node.
func (w *world) deliver(from totem.NodeID) {
	msg := w.sent[0]
	w.sent = w.sent[1:]
	w.e.Deliver(from, int(service.Order.Uint32(msg)&0xffff), msg, service.Order)
}

// fire runs the timers that are set.
func (w *world) fire(d time.Duration) {
	w.t.Helper()
	ts := w.timers
	w.timers = nil
	for _, t := range ts {
		if t.fn != nil {
			if t.d != d {
				w.t.Errorf("a timer of %v, want %v", t.d, d)
			}
			t.fn()
		}
	}
}

// conn is a client.
type conn struct {
	w      *world
	name   string
	serial uint64
	data   any
	last   []byte
}

func (w *world) connect(name string) *conn {
	w.serial++
	c := &conn{w: w, name: name, serial: w.serial}
	if err := w.e.Open(c); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (c *conn) Serial() uint64 { return c.serial }
func (c *conn) PID() int       { return 1 }
func (c *conn) UID() uint32    { return 0 }
func (c *conn) GID() uint32    { return 0 }
func (c *conn) Queued() int    { return 0 }
func (c *conn) Disconnect()    {}
func (c *conn) Data() any      { return c.data }
func (c *conn) SetData(v any)  { c.data = v }
func (c *conn) Respond(parts ...[]byte) {
	c.last = slices.Concat(parts...)
	id, code, err := cfgwire.ParseResponse(c.last)
	c.w.say("%s: response %d %v%s", c.name, id, code, map[bool]string{true: " " + fmt.Sprint(err)}[err != nil])
}
func (c *conn) Event(parts ...[]byte) {
	b := slices.Concat(parts...)
	flags, err := cfgwire.ParseTestShutdown(b)
	_, code, _ := cfgwire.ParseResponse(b)
	if err != nil {
		c.w.t.Error(err)
	}
	c.w.say("%s: asked, flags %d, %v", c.name, flags, code)
}

func (c *conn) call(id int, msg []byte) { c.w.e.Request(c, id, msg) }
func (c *conn) header(id int)           { c.call(id, cfgwire.AppendRequest(nil, id)) }
func (c *conn) num(id int, v uint32)    { c.call(id, cfgwire.AppendU32Request(nil, id, v)) }
func (c *conn) track()                  { c.call(cfgwire.ReqTrackStart, cfgwire.AppendTrackStart(nil, 0)) }

const (
	down   = cfgwire.ReqTryShutdown
	answer = cfgwire.ReqReplyToShutdown
)

func TestQueries(t *testing.T) {
	w := newWorld(t)
	c := w.connect("c")
	c.header(cfgwire.ReqRingStatusGet)
	if got, err := cfgwire.ParseRingStatus(c.last); err != nil || len(got) != 1 || got[0] != w.Interfaces()[0] {
		t.Errorf("ring status %v, %v", got, err)
	}
	c.header(cfgwire.ReqLocalGet)
	if got, err := cfgwire.ParseLocal(c.last); err != nil || got != 1 {
		t.Errorf("local %v, %v", got, err)
	}
	c.num(cfgwire.ReqGetNodeAddrs, 0) // 0 is this node
	if got, err := cfgwire.ParseNodeAddrs(c.last); err != nil || len(got) != 1 || got[0].String() != "192.0.2.1" {
		t.Errorf("addresses %v, %v", got, err)
	}
	w.trace = nil
	c.num(cfgwire.ReqGetNodeAddrs, 9)
	c.header(cfgwire.ReqRingReenable)
	c.call(cfgwire.ReqNodeStatusGet, cfgwire.AppendNodeStatusRequest(nil, 3, 1))
	c.call(cfgwire.ReqNodeStatusGet, cfgwire.AppendNodeStatusRequest(nil, 2, 2))
	c.call(cfgwire.ReqNodeStatusGet, cfgwire.AppendNodeStatusRequest(nil, 2, 1))
	w.expect(
		"c: response 11 CS_ERR_NOT_EXIST",
		"c: response 1 CS_ERR_NOT_SUPPORTED",
		"c: response 16 CS_ERR_FAILED_OPERATION",
		"c: response 16 CS_ERR_NOT_SUPPORTED",
		"c: response 16 success",
	)
	if s, err := cfgwire.ParseNodeStatus(c.last); err != nil || s.Node != 2 || !s.Reachable {
		t.Errorf("node status %+v, %v", s, err)
	}
}

func TestKill(t *testing.T) {
	w := newWorld(t)
	c := w.connect("c")
	kill := func(n totem.NodeID) {
		c.call(cfgwire.ReqKillNode, cfgwire.AppendKillNode(nil, cfgwire.KillNode{Node: n, Reason: "because"}))
	}
	kill(1)
	w.m.SetString("runtime.members.1.status", "left")
	kill(1)
	w.m.SetString("runtime.members.1.status", "joined")
	w.full = true
	kill(1)
	w.full = false
	kill(1)
	w.deliver(2)
	w.expect(
		"c: response 8 CS_ERR_NOT_EXIST",
		"c: response 8 CS_ERR_NOT_EXIST",
		"c: response 8 CS_ERR_TRY_AGAIN",
		"mcast 1",
		"c: response 8 success",
		"log 7: request to kill node 1 (us=1)",
		"log 5: Killed by node 2 : because",
		"Corosync Cluster Engine exiting with status -1 at cfg.c:566.",
	)
	other := cfgwire.AppendExecKillNode(make([]byte, 16), binary.BigEndian, cfgwire.KillNode{Node: 2, Reason: "x"})
	w.e.Deliver(2, cfgwire.ExecKillNode, other, binary.BigEndian)
	w.expect("log 7: request to kill node 2 (us=1)")
}

func TestMalformedRingMessages(t *testing.T) {
	w := newWorld(t)
	for fn := range cfgwire.ExecCount {
		w.e.Deliver(2, fn, make([]byte, 16), service.Order)
	}
	w.expect("log 5: Node 2 was shut down by sysadmin")
	if w.e.Malformed() != 3 {
		t.Errorf("%d malformed, want 3", w.e.Malformed())
	}
}

func TestShutdownUnopposed(t *testing.T) {
	w := newWorld(t)
	c := w.connect("c")
	c.num(down, 0)
	w.deliver(1)
	w.expect("c: response 9 success", "mcast 2", "log 5: Node 1 was shut down by sysadmin", "shut down")
	c.num(down, uint32(cfgwire.ShutdownImmediate))
	w.expect("mcast 2", "c: response 9 success")
	w.deliver(2)
	w.expect("log 5: Node 2 was shut down by sysadmin")
}

func TestShutdownNegotiation(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags cfgwire.ShutdownFlag
		do    func(w *world, a, b, c *conn)
		want  []string
	}{
		{"all agree", 0, func(w *world, a, b, c *conn) { a.num(answer, 1); b.num(answer, 1) }, []string{
			"a: response 13 success",
			"c: response 9 success", "mcast 2", "log 7: shutdown decision is: (yes count: 2, no count: 0) flags=0",
			"b: response 13 success"}},
		{"one refuses", 0, func(w *world, a, b, c *conn) { a.num(answer, 1); b.num(answer, 0) }, []string{
			"a: response 13 success",
			"c: response 9 CS_ERR_BUSY", "log 7: shutdown decision is: (yes count: 1, no count: 1) flags=0",
			"b: response 13 success"}},
		{"regardless", 1, func(w *world, a, b, c *conn) { a.num(answer, 0); b.num(answer, 0) }, []string{
			"a: response 13 success",
			"c: response 9 success", "mcast 2", "log 7: shutdown decision is: (yes count: 0, no count: 2) flags=1",
			"b: response 13 success"}},
		{"silence is a no", 0, func(w *world, a, b, c *conn) { a.num(answer, 1); w.fire(5 * time.Second) }, []string{
			"a: response 13 success",
			"c: response 9 CS_ERR_BUSY", "log 7: shutdown decision is: (yes count: 1, no count: 2) flags=0",
			"c: asked, flags 0, CS_ERR_TIMEOUT"}},
		{"leaving is a yes", 0, func(w *world, a, b, c *conn) { w.e.Close(a); b.header(cfgwire.ReqTrackStop) }, []string{
			"c: response 9 success", "mcast 2", "log 7: shutdown decision is: (yes count: 2, no count: 0) flags=0",
			"b: response 3 success"}},
		{"who asked goes away", 0, func(w *world, a, b, c *conn) { w.e.Close(c); a.num(answer, 1); w.fire(0) }, []string{
			"a: response 13 CS_ERR_ACCESS"}},
		{"a second one", 0, func(w *world, a, b, c *conn) { w.connect("d").num(down, 0) }, []string{
			"d: response 9 CS_ERR_EXIST"}},
		{"a newcomer is asked", 0, func(w *world, a, b, c *conn) {
			d := w.connect("d")
			d.track()
			a.num(answer, 1)
			b.num(answer, 1)
			d.num(answer, 0)
		}, []string{
			"d: asked, flags 0, success", "d: response 2 success",
			"a: response 13 success", "b: response 13 success",
			"c: response 9 CS_ERR_BUSY", "log 7: shutdown decision is: (yes count: 2, no count: 1) flags=0",
			"d: response 13 success"}},
		{"the ring is full", 0, func(w *world, a, b, c *conn) {
			a.num(answer, 1)
			w.full = true
			b.num(answer, 1)
			w.full = false
			w.fire(retryAfter)
		}, []string{
			"a: response 13 success",
			"c: response 9 success", "log 7: shutdown decision is: (yes count: 2, no count: 0) flags=0",
			"b: response 13 success", "mcast 2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a, b, c := w.connect("a"), w.connect("b"), w.connect("c")
			b.track()
			a.track()
			a.track() // twice is once
			c.track() // who asks is not asked
			w.trace = nil
			c.num(down, uint32(tt.flags))
			w.expect(
				fmt.Sprintf("a: asked, flags %d, success", tt.flags),
				fmt.Sprintf("b: asked, flags %d, success", tt.flags))
			tt.do(w, a, b, c)
			w.expect(tt.want...)
		})
	}
}

func TestShutdownTimeoutKey(t *testing.T) {
	w := newWorld(t)
	w.m.SetUint32("cfg.shutdown_timeout", 250)
	w.connect("a").track()
	w.connect("c").num(down, 0)
	w.trace = nil
	w.fire(250 * time.Millisecond)
	w.expect("c: response 9 CS_ERR_BUSY", "log 7: shutdown decision is: (yes count: 0, no count: 1) flags=0")
}

func TestReload(t *testing.T) {
	w := newWorld(t)
	c := w.connect("c")
	c.header(cfgwire.ReqReloadConfig)
	w.deliver(1)
	w.expect("mcast 3", "log 5: Config reload requested by node 1", "reload")

	// Another node's comes in between, and waits.
	w.e.Deliver(2, cfgwire.ExecReloadConfig, cfgwire.AppendSource(make([]byte, 16), binary.BigEndian, cfgwire.Source{Node: 2, Conn: 1}), binary.BigEndian)
	w.expect()
	w.reload(nil, true)
	w.expect("mcast 4", "c: response 14 success", "log 5: Config reload requested by node 2", "reload")
	w.reload(errors.New("line 3"), false)
	w.expect()

	// The phases of the encryption: each node minds its own.
	w.deliver(1)
	w.expect("log 7: Crypto reconfiguration phase 1", "crypto phase 1", "mcast 4")
	w.e.Deliver(2, cfgwire.ExecCryptoReconfig, cfgwire.AppendPhase(make([]byte, 16), service.Order, 1), service.Order)
	w.expect()
	w.deliver(1)
	w.expect("log 7: Crypto reconfiguration phase 2", "crypto phase 2")

	c.header(cfgwire.ReqReloadConfig)
	w.deliver(1)
	w.reload(errors.New("line 3"), true)
	w.expect("mcast 3", "log 5: Config reload requested by node 1", "reload", "c: response 14 CS_ERR_INVALID_PARAM")

	// The client does not live to see it.
	c.header(cfgwire.ReqReloadConfig)
	w.e.Close(c)
	w.deliver(1)
	w.reload(cserr.NoMemory, false)
	w.expect("mcast 3", "log 5: Config reload requested by node 1", "reload")
}

func TestReopen(t *testing.T) {
	w := newWorld(t)
	c := w.connect("c")
	c.header(cfgwire.ReqReopenLogFiles)
	w.reopen(cserr.Access)
	w.expect("log 7: Reopening logging files", "reopen", "c: response 15 CS_ERR_ACCESS")
}

// FuzzEngine feeds arbitrary requests and ring messages.
func FuzzEngine(f *testing.F) {
	f.Add(uint8(cfgwire.ReqKillNode), false, cfgwire.AppendKillNode(nil, cfgwire.KillNode{Node: 1, Reason: "x"}))
	f.Add(uint8(cfgwire.ReqTryShutdown), false, cfgwire.AppendU32Request(nil, down, 1))
	f.Add(uint8(cfgwire.ExecReloadConfig), true, cfgwire.AppendSource(make([]byte, 16), service.Order, cfgwire.Source{Node: 1, Conn: 1}))
	f.Fuzz(func(t *testing.T, id uint8, ring bool, msg []byte) {
		w := newWorld(t)
		w.m.SetString("runtime.members.1.status", "joined")
		a, b := w.connect("a"), w.connect("b")
		a.track()
		if n := int(id); ring && len(msg) >= service.HeaderSize {
			w.e.Deliver(1, n%cfgwire.ExecCount, msg, service.Order)
		} else if n %= cfgwire.ReqCount; !ring && len(msg) >= cfgwire.MinSize[n] {
			b.call(n, msg)
			w.e.Close(b)
			w.e.Close(a)
		}
	})
}
