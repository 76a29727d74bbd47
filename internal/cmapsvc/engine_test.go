package cmapsvc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/cmap/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
)

// world is a daemon around one engine.
type world struct {
	e     *Engine
	m     *icmap.Map
	stats *Stats
	sent  [][]byte
	full  bool // the ring takes nothing
	lines []string
	ended int

	srp            SRPStats
	cleared        []string
	active, closed uint64
}

func newWorld() *world {
	w := &world{m: icmap.New(), active: 2}
	w.stats = NewStats(w)
	w.e = New(w, w.m, w.stats, func() { w.ended++ })
	return w
}

func (w *world) NodeID() totem.NodeID { return 1 }

func (w *world) Mcast(id service.ID, fn int, parts ...[]byte) bool {
	if w.full {
		return false
	}
	b := make([]byte, service.HeaderSize)
	service.Order.PutUint32(b, uint32(id)<<16|uint32(fn))
	for _, p := range parts {
		b = append(b, p...)
	}
	service.Order.PutUint32(b[8:], uint32(len(b)))
	w.sent = append(w.sent, b)
	return true
}

func (w *world) After(time.Duration, func()) service.Timer { panic("cmap has no timers") }
func (w *world) Now() totem.Instant                        { return 0 }
func (w *world) WallNow() time.Time                        { return time.Time{} }
func (w *world) Rand(int) int                              { return 0 }
func (w *world) Quorate() bool                             { return true }
func (w *world) Log(string) loglevel.Logger                { return w }
func (w *world) Enabled(loglevel.Level) bool               { return true }
func (w *world) Logf(l loglevel.Level, format string, args ...any) {
	if l < loglevel.Debug {
		w.lines = append(w.lines, fmt.Sprintf(format, args...))
	}
}

func (w *world) SRP() SRPStats         { return w.srp }
func (w *world) PG() PGStats           { return PGStats{MsgQueueAvail: 100, MsgReserved: 1} }
func (w *world) IPC() (uint64, uint64) { return w.active, w.closed }
func (w *world) ClearTransport()       { w.cleared = append(w.cleared, "transport") }
func (w *world) ClearTotem()           { w.cleared = append(w.cleared, "totem") }
func (w *world) ClearIPC()             { w.cleared = append(w.cleared, "ipc") }

// conn is a client.
type conn struct {
	w      *world
	data   any
	resp   []byte
	events []string
}

func (w *world) open(t *testing.T) *conn {
	c := &conn{w: w}
	if err := w.e.Open(c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *conn) Serial() uint64 { return 1 }
func (c *conn) PID() int       { return 1 }
func (c *conn) UID() uint32    { return 0 }
func (c *conn) GID() uint32    { return 0 }
func (c *conn) Queued() int    { return 0 }
func (c *conn) Disconnect()    {}
func (c *conn) Data() any      { return c.data }
func (c *conn) SetData(d any)  { c.data = d }
func (c *conn) Respond(parts ...[]byte) {
	if c.resp != nil {
		panic("two responses")
	}
	c.resp = slices.Concat(parts...)
}

func (c *conn) Event(parts ...[]byte) {
	n, err := wire.ParseNotify(slices.Concat(parts...))
	c.events = append(c.events, fmt.Sprintf("%d: %d %s %v>%v %v", n.Inst, n.Event, n.Key, n.Old, n.New, err))
}

// ask sends a request; the response's header must be right.
func (c *conn) ask(t *testing.T, req []byte) []byte {
	t.Helper()
	id := int(service.Order.Uint32(req))
	c.resp = nil
	c.w.e.Request(c, id, req)
	if c.resp == nil {
		t.Fatalf("request %d has no response", id)
	}
	want := id
	if id == wire.ReqSetMap {
		want = wire.ResSetMap
	}
	if got := service.Order.Uint32(c.resp); int(got) != want {
		t.Errorf("request %d is answered with %d", id, got)
	}
	if got := service.Order.Uint32(c.resp[8:]); int(got) != len(c.resp) {
		t.Errorf("response to %d says %d bytes and has %d", id, got, len(c.resp))
	}
	return c.resp
}

func (c *conn) set(t *testing.T, key string, v icmap.Value) error {
	return wire.ParseStatus(c.ask(t, wire.Set{Key: key, Type: v.Type(), Value: v.Bytes()}.AppendTo(nil)))
}

func (c *conn) get(t *testing.T, key string, room uint64) (icmap.Value, error) {
	v, _, _, err := wire.ParseGetRes(c.ask(t, wire.Get{Key: key, Room: room}.AppendTo(nil)), room)
	return v, err
}

func (c *conn) keys(t *testing.T, prefix string) (keys []string) {
	h, err := wire.ParseHandleRes(c.ask(t, wire.AppendKey(nil, wire.ReqIterInit, prefix)))
	if err != nil {
		t.Fatal(err)
	}
	for {
		n, err := wire.ParseNextRes(c.ask(t, wire.AppendHandle(nil, wire.ReqIterNext, h)))
		if err == cserr.NoSections {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, fmt.Sprintf("%s %v %d", n.Key, n.Type, n.Len))
	}
	if err := wire.ParseStatus(c.ask(t, wire.AppendHandle(nil, wire.ReqIterFinalize, h))); err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestSetGetDelete(t *testing.T) {
	w := newWorld()
	c := w.open(t)
	w.m.SetReadOnly("runtime.", true, true)
	w.m.SetString("runtime.x", "x")
	for _, tt := range []struct {
		key  string
		v    icmap.Value
		want error
	}{
		{"a.b", icmap.String("hello"), nil},
		{"ab", icmap.Uint8(1), cserr.NameTooLong},
		{"a b", icmap.Uint8(1), cserr.NameTooLong},
		{strings.Repeat("k", 256), icmap.Uint8(1), cserr.NameTooLong},
		{"runtime.x", icmap.Uint8(1), cserr.Access},
		{"a.c", icmap.Binary(make([]byte, icmap.ValueMax)), nil},
		{"a.c", icmap.Binary(make([]byte, icmap.ValueMax+1)), cserr.InvalidParam},
	} {
		if err := c.set(t, tt.key, tt.v); err != tt.want {
			t.Errorf("set %.20s: %v, want %v", tt.key, err, tt.want)
		}
	}
	for _, tt := range []struct {
		key  string
		room uint64
		want icmap.Value
		err  error
	}{
		{"a.b", 0, icmap.Value{}, nil},
		{"a.b", 6, icmap.String("hello"), nil},
		{"a.b", 1000, icmap.String("hello"), nil},
		{"a.b", 5, icmap.Value{}, cserr.InvalidParam},
		{"a.b", 1 << 40, icmap.Value{}, cserr.NoMemory},
		{"none", 0, icmap.Value{}, cserr.NotExist},
	} {
		if v, err := c.get(t, tt.key, tt.room); v != tt.want || err != tt.err {
			t.Errorf("get %s into %d: %v, %v; want %v, %v", tt.key, tt.room, v, err, tt.want, tt.err)
		}
	}
	w.m.SetUint8("a.n", 255)
	for _, tt := range []struct {
		key  string
		want error
	}{{"a.n", nil}, {"a.b", cserr.InvalidParam}, {"none", cserr.NotExist}, {"runtime.x", cserr.Access}} {
		if err := wire.ParseStatus(c.ask(t, wire.Adjust{Key: tt.key, Step: 1}.AppendTo(nil))); err != tt.want {
			t.Errorf("increment %s: %v, want %v", tt.key, err, tt.want)
		}
	}
	if v, _ := w.m.GetUint8("a.n"); v != 0 {
		t.Errorf("255 and 1 is %d in a u8", v)
	}
	for _, tt := range []struct {
		key  string
		want error
	}{{"a.b", nil}, {"a.b", cserr.NotExist}, {"runtime.x", cserr.Access}} {
		if err := wire.ParseStatus(c.ask(t, wire.AppendKey(nil, wire.ReqDelete, tt.key))); err != tt.want {
			t.Errorf("delete %s: %v, want %v", tt.key, err, tt.want)
		}
	}
}

func TestIteration(t *testing.T) {
	w := newWorld()
	c := w.open(t)
	for i, k := range []string{"b.2", "a.1", "b.1"} {
		w.m.SetUint16(k, uint16(i))
	}
	w.m.SetString("b.s", "four")
	if got, want := c.keys(t, "b."), []string{"b.1 u16 2", "b.2 u16 2", "b.s str 5"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.keys(t, ""); len(got) != 4 {
		t.Errorf("without a prefix: %q", got)
	}
	for _, id := range []int32{wire.ReqIterNext, wire.ReqIterFinalize} {
		if err := wire.ParseStatus(c.ask(t, wire.AppendHandle(nil, id, 1))); err != cserr.BadHandle {
			t.Errorf("request %d with a handle that is gone: %v", id, err)
		}
	}
}

func TestTracking(t *testing.T) {
	w := newWorld()
	c, other := w.open(t), w.open(t)
	add := func(key string, ev icmap.Event, inst uint64) (uint64, error) {
		return wire.ParseHandleRes(c.ask(t, wire.TrackAdd{Key: key, Events: ev, Inst: inst}.AppendTo(nil)))
	}
	all, err := add("", icmap.AllEvents|icmap.Prefix, 7)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add("a.b", icmap.Delete, 8); err != nil {
		t.Fatal(err)
	}
	if _, err := add("a.b", 16, 9); err != cserr.InvalidParam {
		t.Errorf("unknown event: %v", err)
	}
	other.set(t, "a.b", icmap.Uint8(1))
	other.set(t, "a.b", icmap.Uint8(1))
	other.set(t, "a.b", icmap.String("x"))
	w.m.Delete("a.b")
	want := []string{"7: 4 a.b none>1 <nil>", "7: 2 a.b 1>x <nil>", "8: 1 a.b x>none <nil>", "7: 1 a.b x>none <nil>"}
	if !slices.Equal(c.events, want) {
		t.Errorf("got %q, want %q", c.events, want)
	}
	if inst, err := wire.ParseHandleRes(c.ask(t, wire.AppendHandle(nil, wire.ReqTrackDelete, all))); inst != 7 || err != nil {
		t.Errorf("track_delete: %d, %v", inst, err)
	}
	if _, err := wire.ParseHandleRes(c.ask(t, wire.AppendHandle(nil, wire.ReqTrackDelete, all))); err != cserr.BadHandle {
		t.Errorf("second track_delete: %v", err)
	}
	c.events = nil
	w.e.Close(c)
	w.m.SetUint8("a.b", 1)
	w.m.Delete("a.b")
	if c.events != nil {
		t.Errorf("after close: %q", c.events)
	}
}

func TestSetMap(t *testing.T) {
	w := newWorld()
	c := w.open(t)
	setMap := func(m int32) error { return wire.ParseStatus(c.ask(t, wire.AppendSetMap(nil, m))) }
	if err := setMap(2); err != cserr.NotExist {
		t.Errorf("map 2: %v", err)
	}
	h, _ := wire.ParseHandleRes(c.ask(t, wire.AppendKey(nil, wire.ReqIterInit, "")))
	if err := setMap(wire.MapStats); err != cserr.Busy {
		t.Errorf("with an iteration open: %v", err)
	}
	c.ask(t, wire.AppendHandle(nil, wire.ReqIterFinalize, h))
	if err := setMap(wire.MapStats); err != nil {
		t.Fatal(err)
	}
	w.srp.Stats = srp.Stats{McastTx: 5, FirewallEnabledOrNICFailure: true}
	if v, err := c.get(t, "stats.srp.mcast_tx", 8); v != icmap.Uint64(5) || err != nil {
		t.Errorf("mcast_tx is %v, %v", v, err)
	}
	if v, err := c.get(t, "stats.srp.firewall_enabled_or_nic_failure", 1); v != icmap.Uint8(1) || err != nil {
		t.Errorf("firewall is %v, %v", v, err)
	}
	for key, want := range map[string]error{
		"stats.srp.mcast_tx": cserr.Access, "stats.clear.nothing": cserr.NotSupported, "stats.clear.totem": nil, "stats.clear.all": nil,
	} {
		if err := c.set(t, key, icmap.Uint32(1)); err != want {
			t.Errorf("set %s: %v, want %v", key, err, want)
		}
	}
	slices.Sort(w.cleared)
	if want := []string{"ipc", "totem", "totem", "transport"}; !slices.Equal(w.cleared, want) {
		t.Errorf("cleared %q, want %q", w.cleared, want)
	}
	if err := wire.ParseStatus(c.ask(t, wire.AppendKey(nil, wire.ReqDelete, "stats.clear.x"))); err != cserr.NotSupported {
		t.Errorf("delete: %v", err)
	}
	if got := len(c.keys(t, "stats.srp.")); got != 30 {
		t.Errorf("%d keys of srp, want 30", got)
	}
}

func TestMalformedRequests(t *testing.T) {
	w := newWorld()
	c := w.open(t)
	s := wire.Set{Key: "a.b", Type: icmap.TypeString, Value: []byte("hello")}.AppendTo(nil)
	binary.NativeEndian.PutUint64(s[280:], 1<<40)
	if err := wire.ParseStatus(c.ask(t, s)); err != cserr.InvalidParam {
		t.Errorf("a value longer than the message: %v", err)
	}
	for i, req := range w.e.Info().Requests {
		b := make([]byte, req.MinSize-1)
		service.Order.PutUint32(b, uint32(i))
		c.ask(t, b) // the carrier does not let it get here; no panic all the same
	}
}

func TestConfigVersion(t *testing.T) {
	const exit = "Received config version (9) is different than my config version (5)! Exiting"
	for _, tt := range []struct {
		why          string
		own, peer    uint64
		trans        []totem.NodeID
		log          string
		ended        int
		secondRounds bool
	}{
		{"same", 5, 5, []totem.NodeID{1}, "", 0, false},
		{"a peer is ahead", 5, 9, []totem.NodeID{1}, exit, 1, false},
		{"a peer is behind", 5, 2, []totem.NodeID{1}, "", 0, false},
		{"none of our own", 0, 9, []totem.NodeID{1}, "", 0, false},
		{"nobody came along", 5, 9, nil, "", 0, false},
		{"not at the first synchronisation", 5, 9, []totem.NodeID{1}, "", 0, true},
	} {
		w := newWorld()
		if tt.own > 0 {
			w.m.SetUint64(configVersionKey, tt.own)
		}
		peer := tt.peer
		if tt.secondRounds {
			tt.peer = tt.own
			w.round(t, tt.trans, tt.peer)
		}
		w.round(t, tt.trans, peer)
		if got := strings.Join(w.lines, "\n"); got != tt.log || w.ended != tt.ended {
			t.Errorf("%s: logged %q, ended %d times", tt.why, got, w.ended)
		}
		if v, _ := w.m.GetUint64("runtime.members.2.config_version"); v != peer {
			t.Errorf("%s: member 2 has version %d, want %d", tt.why, v, peer)
		}
	}
}

// round is one synchronisation with node 2.
func (w *world) round(t *testing.T, trans []totem.NodeID, peer uint64) {
	t.Helper()
	w.sent = nil
	w.e.SyncInit(trans, []totem.NodeID{1, 2}, totem.RingID{Rep: 1, Seq: 4})
	w.full = true
	if w.e.SyncProcess() {
		t.Error("done with a full ring")
	}
	w.full = false
	if !w.e.SyncProcess() || len(w.sent) != 1 {
		t.Fatalf("sent %d messages", len(w.sent))
	}
	w.e.Deliver(1, 0, w.sent[0], service.Order)
	m := wire.Mcast{Items: []wire.Item{{Key: configVersionKey, Value: icmap.Uint64(peer)}}}
	w.e.Deliver(2, 0, m.AppendTo(make([]byte, service.HeaderSize)), service.Order)
	w.e.SyncActivate()
}

func TestConfigVersionChanges(t *testing.T) {
	w := newWorld()
	w.m.SetUint64(configVersionKey, 3)
	w.m.Delete(configVersionKey)
	var got []wire.Mcast
	for _, b := range w.sent {
		m, err := wire.ParseMcast(b, service.Order)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	want := []wire.Mcast{
		{Reason: 1, Items: []wire.Item{{Key: configVersionKey, Value: icmap.Uint64(3)}}},
		{Reason: 1, Items: []wire.Item{{Key: configVersionKey}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
	w.full = true
	w.m.SetUint64(configVersionKey, 4)
	if want := []string{"Can't inform other nodes about new config version"}; !slices.Equal(w.lines, want) {
		t.Errorf("logged %q", w.lines)
	}
	w.e.Stop()
	w.m.SetUint64(configVersionKey, 5)
	if len(w.lines) != 1 {
		t.Error("still watching after Stop")
	}
}

func TestMalformedMcast(t *testing.T) {
	w := newWorld()
	w.e.Deliver(2, 0, make([]byte, service.HeaderSize), service.Order)
	if w.e.Malformed() != 1 || len(w.lines) != 1 {
		t.Errorf("%d malformed, %q", w.e.Malformed(), w.lines)
	}
	w.lines = nil
	w.e.Deliver(2, 0, wire.Mcast{Reason: 9}.AppendTo(make([]byte, service.HeaderSize)), service.Order)
	if w.m.Len() != 0 || w.lines != nil {
		t.Error("an unknown reason had an effect")
	}
}

func TestStatsComeAndGo(t *testing.T) {
	w := newWorld()
	c := w.open(t)
	c.ask(t, wire.AppendSetMap(nil, wire.MapStats))
	if _, err := wire.ParseHandleRes(c.ask(t, wire.TrackAdd{Key: "stats.ipcs.", Events: icmap.Add | icmap.Prefix, Inst: 1}.AppendTo(nil))); err != cserr.NotSupported {
		t.Errorf("half a prefix tracker: %v", err)
	}
	for i, req := range []wire.TrackAdd{
		{Key: "stats.ipcs.service2.", Events: icmap.AllEvents | icmap.Prefix},
		{Key: "stats.srp.mcast_tx", Events: icmap.Modify},
	} {
		req.Inst = uint64(i)
		if _, err := wire.ParseHandleRes(c.ask(t, req.AppendTo(nil))); err != nil {
			t.Fatal(err)
		}
	}
	w.stats.AddConn(service.CPG, 42, 255, func() ConnStats { return ConnStats{ProcName: "sbd", Queueing: true, Requests: 3} })
	if len(c.events) != 13 || c.events[11] != "0: 4 stats.ipcs.service2.42.0xff.flow_control 0>0 <nil>" {
		t.Errorf("%d events, %q", len(c.events), c.events)
	}
	for key, want := range map[string]icmap.Value{"procname": icmap.String("sbd"), "queueing": icmap.Int32(1), "requests": icmap.Uint64(3)} {
		if v, err := w.stats.Get("stats.ipcs.service2.42.0xff." + key); v != want || err != nil {
			t.Errorf("%s is %v, %v", key, v, err)
		}
	}
	c.events = nil
	w.stats.Trigger()
	w.srp.McastTx = 6
	w.stats.Trigger()
	w.stats.Trigger()
	if want := []string{"1: 2 stats.srp.mcast_tx 6>6 <nil>"}; !slices.Equal(c.events, want) {
		t.Errorf("got %q, want %q", c.events, want)
	}
	c.events = nil
	w.stats.RemoveConn(service.CPG, 42, 255)
	if len(c.events) != 13 {
		t.Errorf("%d events of a client that goes", len(c.events))
	}
	w.e.Close(c)
	if len(w.stats.trackers) != 0 {
		t.Error("trackers outlive their client")
	}
}

func TestSchedMiss(t *testing.T) {
	w := newWorld()
	for i := range 12 {
		w.stats.AddSchedMiss(uint64(1000+i), float32(i))
	}
	for key, want := range map[string]icmap.Value{
		"stats.schedmiss.0.timestamp": icmap.Uint64(1011), "stats.schedmiss.0.delay": icmap.Float(11),
		"stats.schedmiss.9.timestamp": icmap.Uint64(1002),
	} {
		if v, err := w.stats.Get(key); v != want || err != nil {
			t.Errorf("%s is %v, %v; want %v", key, v, err, want)
		}
	}
	if _, err := w.stats.Get("stats.schedmiss.10.delay"); err != cserr.NotExist {
		t.Errorf("an eleventh: %v", err)
	}
	w.stats.Set("stats.clear.schedmiss", icmap.TypeUint32, nil)
	if key, _, _, ok := w.stats.Next("stats.schedmiss.", ""); ok {
		t.Errorf("%s is still there", key)
	}
	w.stats.AddSchedMiss(1, 1)
	if _, err := w.stats.Get("stats.schedmiss.0.delay"); err != nil {
		t.Error(err)
	}
}

func FuzzRequests(f *testing.F) {
	f.Add(wire.ReqSet, wire.Set{Key: "a.b", Type: icmap.TypeUint8, Value: []byte{1}}.AppendTo(nil))
	f.Add(wire.ReqTrackAdd, wire.TrackAdd{Key: "a.", Events: 15}.AppendTo(nil))
	f.Add(wire.ReqIterNext, wire.AppendHandle(nil, wire.ReqIterNext, 1))
	f.Add(wire.ReqSetMap, wire.AppendSetMap(nil, 1))
	f.Fuzz(func(t *testing.T, id int, msg []byte) {
		if id < 0 || id >= wire.ReqCount || len(msg) < service.HeaderSize {
			return
		}
		w := newWorld()
		c := w.open(t)
		c.ask(t, wire.AppendKey(nil, wire.ReqIterInit, ""))
		c.ask(t, wire.TrackAdd{Events: 15}.AppendTo(nil))
		msg = bytes.Clone(msg)
		service.Order.PutUint32(msg, uint32(id))
		c.ask(t, msg)
		w.e.Deliver(2, 0, msg, service.Order)
		w.e.Close(c)
	})
}
