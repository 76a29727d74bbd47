package cfgwire

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	goldens "github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the goldens of client messages are little-endian, this machine is not")
	}
	return goldens.Hex(t, "testdata/"+name+".hex")
}

var le = binary.LittleEndian

// messages is every kind of message: its golden, its value, its codec.
var messages = []struct {
	name  string
	value any
	parse func([]byte) (any, error)
	enc   func(any) []byte // with the header, where the codec writes one
}{
	{"req_killnode", KillNode{1, "Killed by corosync-cfgtool"},
		func(b []byte) (any, error) { return ParseKillNode(b) },
		func(v any) []byte { return AppendKillNode(nil, v.(KillNode)) }},
	{"req_node_addrs", uint32(2),
		func(b []byte) (any, error) { return ParseU32Request(b) },
		func(v any) []byte { return AppendU32Request(nil, ReqGetNodeAddrs, v.(uint32)) }},
	{"req_tryshutdown", uint32(0),
		func(b []byte) (any, error) { return ParseU32Request(b) },
		func(v any) []byte { return AppendU32Request(nil, ReqTryShutdown, v.(uint32)) }},
	{"req_replytoshutdown", uint32(1),
		func(b []byte) (any, error) { return ParseU32Request(b) },
		func(v any) []byte { return AppendU32Request(nil, ReqReplyToShutdown, v.(uint32)) }},
	{"req_nodestatus", [2]uint32{1, 1},
		func(b []byte) (any, error) {
			n, v, err := ParseNodeStatusRequest(b)
			return [2]uint32{uint32(n), v}, err
		},
		func(v any) []byte {
			a := v.([2]uint32)
			return AppendNodeStatusRequest(nil, totem.NodeID(a[0]), a[1])
		}},
	{"res_nodestatus", NodeStatus{Node: 1, Reachable: true, Links: [MaxLinks]Link{{
		Enabled: true, Connected: true, MTU: 1410, Src: "127.0.0.1"}}},
		func(b []byte) (any, error) {
			s, err := ParseNodeStatus(b)
			if err != nil {
				return nil, err
			}
			return *s, nil
		},
		func(v any) []byte { s := v.(NodeStatus); return AppendNodeStatus(nil, &s) }},
	{"res_ringstatus", []Interface{{"0 127.0.0.1", "OK"}},
		func(b []byte) (any, error) { return ParseRingStatus(b) },
		func(v any) []byte { return AppendRingStatus(nil, v.([]Interface)) }},
	{"res_node_addrs", []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})},
		func(b []byte) (any, error) { return ParseNodeAddrs(b) },
		func(v any) []byte { return AppendNodeAddrs(nil, v.([]netip.Addr)) }},
	{"res_local", totem.NodeID(1),
		func(b []byte) (any, error) { return ParseLocal(b) },
		func(v any) []byte { return AppendLocal(nil, v.(totem.NodeID)) }},
	{"res_testshutdown", ShutdownRequest,
		func(b []byte) (any, error) { return ParseTestShutdown(b) },
		func(v any) []byte { return AppendTestShutdown(nil, v.(ShutdownFlag), cserr.OK) }},
	{"exec_killnode", KillNode{1, "Killed by corosync-cfgtool"},
		func(b []byte) (any, error) { return ParseExecKillNode(b, le) },
		func(v any) []byte { return AppendExecKillNode(make([]byte, 16), le, v.(KillNode)) }},
	{"exec_reload", Source{1, 0x55bcec27d300},
		func(b []byte) (any, error) { return ParseSource(b, le) },
		func(v any) []byte { return AppendSource(make([]byte, 16), le, v.(Source)) }},
}

func TestGolden(t *testing.T) {
	for _, m := range messages {
		b := golden(t, m.name)
		got, err := m.parse(b)
		if err != nil || !reflect.DeepEqual(got, m.value) {
			t.Errorf("%s: got %+v, %v, want %+v", m.name, got, err, m.value)
			continue
		}
		enc := m.enc(m.value)
		if len(enc) != len(b) {
			t.Errorf("%s: encoded to %d bytes, the reference has %d", m.name, len(enc), len(b))
		}
		if again, err := m.parse(enc); err != nil || !reflect.DeepEqual(again, m.value) {
			t.Errorf("%s: round trip gives %+v, %v", m.name, again, err)
		}
		if !strings.HasPrefix(m.name, "exec_") && !bytes.Equal(enc[:4], b[:4]) || !bytes.Equal(enc[8:12], b[8:12]) && enc[8] != 0 {
			t.Errorf("%s: header % x, the reference has % x", m.name, enc[:16], b[:16])
		}
	}
}

// TestGoldenHeaders has the messages that are only a header.
func TestGoldenHeaders(t *testing.T) {
	for name, want := range map[string]struct {
		id   int
		code cserr.Code
	}{
		"res_tryshutdown": {ResTryShutdown, cserr.Busy},
		"res_killnode":    {ResKillNode, cserr.NotExist},
		"res_reload":      {ResReloadConfig, cserr.OK},
		"res_trackstart":  {ResTrackStart, cserr.OK},
	} {
		b := golden(t, name)
		id, code, err := ParseResponse(b)
		if err != nil || id != want.id || code != want.code {
			t.Errorf("%s: got %d, %v, %v", name, id, code, err)
		}
		if enc := AppendResponse(nil, id, code); len(enc) != len(b) {
			t.Errorf("%s: %d bytes, want %d", name, len(enc), len(b))
		}
	}
	for name, id := range map[string]int{
		"req_local": ReqLocalGet, "req_ringstatus": ReqRingStatusGet,
		"req_reopen": ReqReopenLogFiles, "req_trackstop": ReqTrackStop,
	} {
		if got, want := AppendRequest(nil, id), golden(t, name); len(got) != len(want) || got[0] != want[0] || got[8] != want[8] {
			t.Errorf("%s: got % x, want % x", name, got, want)
		}
	}
	if got, want := AppendTrackStart(nil, 0), golden(t, "req_trackstart"); len(got) != len(want) || got[0] != want[0] {
		t.Errorf("trackstart: got % x, want % x", got, want)
	}
}

// need is how far a message must reach: its padding at the end may be missing.
var need = map[string]int{
	"req_killnode": 282, "req_node_addrs": 20, "req_tryshutdown": 20, "req_replytoshutdown": 20,
	"req_nodestatus": 28, "res_local": 28, "res_testshutdown": 28,
}

func TestPrefixesFail(t *testing.T) {
	for _, m := range messages {
		b := golden(t, m.name)
		n := need[m.name]
		if n == 0 {
			n = len(b)
		}
		for i := range n {
			if _, err := m.parse(b[:i]); err == nil {
				t.Errorf("%s: %d of %d bytes pass", m.name, i, n)
			}
		}
		if _, err := m.parse(b[:n]); err != nil {
			t.Errorf("%s: %d bytes: %v", m.name, n, err)
		}
	}
	for i := range 24 {
		if _, _, err := ParseResponse(AppendResponse(nil, 1, 1)[:i]); err == nil {
			t.Errorf("response header: %d bytes pass", i)
		}
	}
}

func TestBothByteOrders(t *testing.T) {
	for _, o := range []mar.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		k := KillNode{0x01020304, "why"}
		if got, err := ParseExecKillNode(AppendExecKillNode(make([]byte, 16), o, k), o); got != k || err != nil {
			t.Errorf("%v: got %+v, %v", o, got, err)
		}
		s := Source{7, 1 << 40}
		if got, err := ParseSource(AppendSource(make([]byte, 16), o, s), o); got != s || err != nil {
			t.Errorf("%v: got %+v, %v", o, got, err)
		}
		if got, err := ParsePhase(AppendPhase(make([]byte, 16), o, CryptoCleanup), o); got != CryptoCleanup || err != nil {
			t.Errorf("%v: got %v, %v", o, got, err)
		}
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("r", 300)
	k, err := ParseKillNode(AppendKillNode(nil, KillNode{1, long}))
	if err != nil || k.Reason != long[:255] {
		t.Errorf("reason of %d bytes, %v", len(k.Reason), err)
	}
	if _, code, _ := ParseResponse(AppendRingStatus(nil, []Interface{{long, "OK"}})); code != cserr.NameTooLong {
		t.Errorf("a long name is %v", code)
	}
	b := AppendRingStatus(nil, make([]Interface, 2))
	binary.NativeEndian.PutUint32(b[24:], MaxInterfaces+1)
	if _, err := ParseRingStatus(b); err == nil {
		t.Error("17 interfaces pass")
	}
	v6 := []netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::1")}
	got, err := ParseNodeAddrs(AppendNodeAddrs(nil, v6))
	if err != nil || !reflect.DeepEqual(got, v6[:1]) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, code, _ := ParseResponse(AppendNodeAddrs(nil, nil)); code != cserr.NotExist {
		t.Errorf("no address is %v", code)
	}
	b = AppendNodeAddrs(nil, v6)
	binary.NativeEndian.PutUint32(b[28:], 1<<31)
	if _, err := ParseNodeAddrs(b); err == nil {
		t.Error("too many addresses pass")
	}
}

func FuzzParse(f *testing.F) {
	for i, m := range messages {
		f.Add(uint8(i), golden(f, m.name))
	}
	f.Fuzz(func(t *testing.T, kind uint8, in []byte) {
		m := messages[int(kind)%len(messages)]
		ParseResponse(in)
		v, err := m.parse(in)
		if err != nil {
			return
		}
		if again, err := m.parse(m.enc(v)); err != nil || !reflect.DeepEqual(again, v) {
			if m.name == "res_node_addrs" {
				return // unset addresses are not sent
			}
			t.Errorf("%s: %+v becomes %+v, %v", m.name, v, again, err)
		}
	})
}
