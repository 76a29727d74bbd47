package wire

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	goldens "github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// golden reads bytes that corosync 3.1.7 or a C program with its headers wrote
// on a little-endian machine. exec_*.hex are from the ring of three daemons,
// ipc_*.hex from the structures of ipc_cpg.h.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	return goldens.Hex(t, filepath.Join("testdata", name+".hex"))
}

// codec is one message's way in and out, in the given byte order.
type codec struct {
	name   string
	parse  func(b []byte, o mar.ByteOrder) (any, error)
	encode func(v any, o mar.ByteOrder) []byte
	ring   bool // may have either byte order
}

func ringCodec[T any](name string, parse func([]byte, mar.ByteOrder) (T, error), encode func(*T, mar.ByteOrder) []byte) codec {
	return codec{name, func(b []byte, o mar.ByteOrder) (any, error) { return parse(b, o) },
		func(v any, o mar.ByteOrder) []byte { x := v.(T); return encode(&x, o) }, true}
}

func ipcCodec[T any](name string, parse func([]byte) (T, error), encode func(*T) []byte) codec {
	return codec{name, func(b []byte, _ mar.ByteOrder) (any, error) { return parse(b) },
		func(v any, _ mar.ByteOrder) []byte { x := v.(T); return encode(&x) }, false}
}

// withCode is a response with its error.
type withCode[T any] struct {
	V    T
	Code cserr.Code
}

func resCodec[T any](name string, parse func([]byte) (T, cserr.Code, error), encode func(*T, cserr.Code) []byte) codec {
	return ipcCodec(name, func(b []byte) (withCode[T], error) {
		v, code, err := parse(b)
		return withCode[T]{v, code}, err
	}, func(v *withCode[T]) []byte { return encode(&v.V, v.Code) })
}

var codecs = []codec{
	ringCodec("exec_procjoin", func(b []byte, o mar.ByteOrder) (Proc, error) { return ParseProc(b, false, o) },
		func(p *Proc, o mar.ByteOrder) []byte { return p.AppendTo(nil, o) }),
	ringCodec("exec_procleave", func(b []byte, o mar.ByteOrder) (Proc, error) { return ParseProc(b, true, o) },
		func(p *Proc, o mar.ByteOrder) []byte { return p.AppendTo(nil, o) }),
	ringCodec("exec_joinlist", ParseJoinList,
		func(l *[]JoinListEntry, o mar.ByteOrder) []byte { return AppendJoinList(nil, *l, o) }),
	ringCodec("exec_downlist", ParseDownList,
		func(d *DownList, o mar.ByteOrder) []byte { return d.AppendTo(nil, o) }),
	ringCodec("exec_mcast", ParseMcast,
		func(m *Mcast, o mar.ByteOrder) []byte { return m.AppendTo(nil, o) }),
	ringCodec("exec_partial_mcast", ParsePartialMcast,
		func(m *PartialMcast, o mar.ByteOrder) []byte { return m.AppendTo(nil, o) }),
	ipcCodec("ipc_req_join", ParseJoinRequest, func(q *JoinRequest) []byte { return q.AppendTo(nil) }),
	ipcCodec("ipc_req_leave", ParseLeaveRequest, func(q *LeaveRequest) []byte { return q.AppendTo(nil) }),
	ipcCodec("ipc_req_mcast", ParseMcastRequest, func(q *McastRequest) []byte { return q.AppendTo(nil) }),
	ipcCodec("ipc_req_partial_mcast", ParsePartialMcastRequest,
		func(q *PartialMcastRequest) []byte { return q.AppendTo(nil) }),
	ipcCodec("ipc_req_membership", ParseMembershipRequest,
		func(g *[]byte) []byte { return AppendMembershipRequest(nil, string(*g)) }),
	ipcCodec("ipc_req_iteration_initialize", ParseIterationRequest,
		func(q *IterationRequest) []byte { return q.AppendTo(nil) }),
	ipcCodec("ipc_req_iteration_next", func(b []byte) (uint64, error) { return ParseHandleRequest(b, ReqIterationNext) },
		func(h *uint64) []byte { return AppendHandleRequest(nil, ReqIterationNext, *h) }),
	ipcCodec("ipc_req_iteration_finalize", func(b []byte) (uint64, error) { return ParseHandleRequest(b, ReqIterationFinalize) },
		func(h *uint64) []byte { return AppendHandleRequest(nil, ReqIterationFinalize, *h) }),
	ipcCodec("ipc_req_zc_alloc", ParseZCAllocRequest, func(q *ZCAllocRequest) []byte { return q.AppendTo(nil) }),
	ipcCodec("ipc_req_zc_free", ParseZCFreeRequest, func(q *ZCFreeRequest) []byte { return q.AppendTo(nil) }),
	ipcCodec("ipc_req_zc_execute", ParseZCExecuteRequest,
		func(a *uint64) []byte { return AppendZCExecuteRequest(nil, *a) }),
	resCodec("ipc_res_membership", ParseMembershipResponse,
		func(l *[]Address, c cserr.Code) []byte { return AppendMembershipResponse(nil, *l, c) }),
	resCodec("ipc_res_local_get", ParseLocalGetResponse,
		func(n *uint32, c cserr.Code) []byte { return AppendLocalGetResponse(nil, *n, c) }),
	resCodec("ipc_res_iteration_initialize", ParseIterationResponse,
		func(h *uint64, c cserr.Code) []byte { return AppendIterationResponse(nil, *h, c) }),
	resCodec("ipc_res_iteration_next", ParseIterationNextResponse,
		func(d *Description, c cserr.Code) []byte { return d.AppendTo(nil, c) }),
	ipcCodec("ipc_event_deliver", ParseDeliver, func(d *Deliver) []byte { return d.AppendTo(nil) }),
	ipcCodec("ipc_event_partial_deliver", ParsePartialDeliver, func(d *PartialDeliver) []byte { return d.AppendTo(nil) }),
	ipcCodec("ipc_event_confchg", ParseConfchg, func(c *Confchg) []byte { return c.AppendTo(nil) }),
	ipcCodec("ipc_event_totem_confchg", ParseTotemConfchg, func(c *TotemConfchg) []byte { return c.AppendTo(nil) }),
	ipcCodec("ipc_zc_header", ParseZCHeader, func(h *ZCHeader) []byte { return h.AppendTo(nil) }),
}

var (
	crmd   = []byte("crmd")
	hello  = []byte("hello")
	handle = uint64(0x1122334455667788)
)

// want is what each golden says.
var want = map[string]any{
	"exec_procjoin":                Proc{Group: crmd, PID: 14230, Reason: Join},
	"exec_procleave":               Proc{Left: true, Group: crmd, PID: 14230, Reason: Leave},
	"exec_joinlist":                []JoinListEntry{{14231, "grp"}},
	"exec_downlist":                DownList{OldMembers: 3, Left: []totem.NodeID{3}},
	"exec_mcast":                   Mcast{Group: crmd, PID: 14230, Source: Source{1, 0x55b31e41edc0}, Message: hello},
	"ipc_req_join":                 JoinRequest{Group: crmd, PID: 1234, Flags: 1},
	"ipc_req_leave":                LeaveRequest{Group: crmd, PID: 1234},
	"ipc_req_mcast":                McastRequest{Guarantee: 2, Message: hello},
	"ipc_req_partial_mcast":        PartialMcastRequest{Guarantee: 2, MsgLen: 1500000, Type: Continued, Message: hello},
	"ipc_req_membership":           crmd,
	"ipc_req_iteration_initialize": IterationRequest{Group: crmd, Type: OneGroup},
	"ipc_req_iteration_next":       handle,
	"ipc_req_iteration_finalize":   handle,
	"ipc_req_zc_alloc":             ZCAllocRequest{Size: 4152, Path: "/dev/shm/corosync_zerocopy-a1B2c3"},
	"ipc_req_zc_free":              ZCFreeRequest{Size: 4152, Address: 0x7f0011223000},
	"ipc_req_zc_execute":           uint64(0x7f0011223000),
	"ipc_res_membership":           withCode[[]Address]{[]Address{{1, 11, 0}, {2, 22, 0}}, cserr.OK},
	"ipc_res_local_get":            withCode[uint32]{3, cserr.OK},
	"ipc_res_iteration_initialize": withCode[uint64]{handle, cserr.OK},
	"ipc_res_iteration_next":       withCode[Description]{Description{"crmd", 2, 22}, cserr.OK},
	"ipc_event_deliver":            Deliver{Group: crmd, Node: 2, PID: 22, Message: hello},
	"ipc_event_partial_deliver":    PartialDeliver{Group: crmd, MsgLen: 1500000, Node: 2, PID: 22, Type: First, Message: hello},
	"ipc_event_confchg": Confchg{Group: "crmd", Members: []Address{{1, 11, 0}, {2, 22, 0}},
		Left: []Address{{3, 33, NodeDown}}, Joined: []Address{{2, 22, NodeUp}}},
	"ipc_event_totem_confchg": TotemConfchg{totem.RingID{Rep: 1, Seq: 0x50}, []totem.NodeID{1, 2, 3}},
	"ipc_zc_header":           ZCHeader{4152, 0x7f0011223000},
}

// order is the byte order in which a golden was captured.
func (c codec) order() mar.ByteOrder {
	if c.ring {
		return binary.LittleEndian
	}
	return binary.NativeEndian
}

func (c codec) skip(t *testing.T) bool {
	if !c.ring && binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Log("the goldens of IPC are little-endian, this machine is not")
		return true
	}
	return false
}

func TestGolden(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.name, func(t *testing.T) {
			if c.skip(t) {
				return
			}
			b := golden(t, c.name)
			v, err := c.parse(b, c.order())
			if err != nil {
				t.Fatal(err)
			}
			if c.name == "exec_partial_mcast" {
				// The reference sends its stack in the padding of this one.
				m := v.(PartialMcast)
				if m.MsgLen != 1047592 || m.Type != Last || len(m.Message) != 40 || string(m.Group) != "crmd" || m.PID != 0x3b0b || m.Source.Node != 1 {
					t.Fatalf("got %+v", m)
				}
				return
			}
			if !reflect.DeepEqual(v, want[c.name]) {
				t.Errorf("got %+v\nwant %+v", v, want[c.name])
			}
			if got := c.encode(v, c.order()); !bytes.Equal(got, b) {
				t.Errorf("re-encoded\n%x\nwant\n%x", got, b)
			}
		})
	}
}

// Both byte orders say the same.
func TestBigEndian(t *testing.T) {
	for _, c := range codecs {
		if !c.ring {
			continue
		}
		v, err := c.parse(golden(t, c.name), binary.LittleEndian)
		if err != nil {
			t.Fatal(err)
		}
		big, err := c.parse(c.encode(v, binary.BigEndian), binary.BigEndian)
		if err != nil || !reflect.DeepEqual(big, v) {
			t.Errorf("%s: got %+v, %v\nwant %+v", c.name, big, err, v)
		}
		if _, err := c.parse(golden(t, c.name), binary.BigEndian); err == nil {
			t.Errorf("%s: the wrong byte order passes", c.name)
		}
	}
}

func TestPrefixesFail(t *testing.T) {
	for _, c := range codecs {
		if c.skip(t) {
			continue
		}
		b := golden(t, c.name)
		for n := range b {
			if v, err := c.parse(b[:n:n], c.order()); err == nil {
				t.Errorf("%s: %d of %d bytes give %+v", c.name, n, len(b), v)
				break
			}
		}
	}
}

// A message whose header, count or name claims more than there is.
func TestLiesFail(t *testing.T) {
	le := binary.LittleEndian
	for _, tt := range []struct {
		golden string
		at     int
		value  uint32
		field  string
	}{
		{"exec_procjoin", 0, 1 << 16, "header.id"},
		{"exec_procjoin", 8, 169, "header.size"},
		{"exec_procjoin", 8, 15, "header.size"},
		{"exec_procjoin", 16, 129, "group_name"},
		{"exec_joinlist", 8, 167, "header.size"},
		{"exec_joinlist", 32, 0xffffffff, "group_name"},
		{"exec_downlist", 24, 385, "left_nodes"},
		{"exec_mcast", 152, 6, "msglen"},
		{"exec_mcast", 152, 0xffffffff, "msglen"},
		{"exec_partial_mcast", 160, 41, "fraglen"},
		{"ipc_req_mcast", 32, 6, "msglen"},
		{"ipc_req_partial_mcast", 40, 6, "fraglen"},
		{"ipc_req_iteration_initialize", 16, 129, "group_name"},
		{"ipc_res_membership", 24, 385, "member_count"},
		{"ipc_event_deliver", 160, 6, "msglen"},
		{"ipc_event_confchg", 160, 3, "joined_list"},
		{"ipc_event_confchg", 176, 0xffffffff, "left_list"},
		{"ipc_event_totem_confchg", 40, 5, "member_list_entries"},
		{"ipc_event_totem_confchg", 8, 23, "header.size"},
	} {
		for _, c := range codecs {
			if c.name != tt.golden || c.skip(t) {
				continue
			}
			b := golden(t, c.name)
			le.PutUint32(b[tt.at:], tt.value)
			if _, err := c.parse(b, c.order()); err == nil || !strings.Contains(err.Error(), tt.field) {
				t.Errorf("%s with %d at %d: got %v, want an error about %s", tt.golden, tt.value, tt.at, err, tt.field)
			}
		}
	}
}

func TestZCPathWithoutEnd(t *testing.T) {
	q := ZCAllocRequest{Size: 1, Path: "x"}
	b := q.AppendTo(nil)
	for i := range ZCPathMax {
		b[24+i] = 'x'
	}
	if _, err := ParseZCAllocRequest(b); err == nil {
		t.Error("a path without an end passes")
	}
}

func TestLongName(t *testing.T) {
	long := strings.Repeat("g", NameMax+1)
	q := JoinRequest{Group: []byte(long), PID: 1}
	b := q.AppendTo(nil)
	native.PutUint32(b[16:], uint32(len(long)))
	got, err := ParseJoinRequest(b)
	if err != nil || !got.TooLong {
		t.Errorf("got %+v, %v; the service answers this one", got, err)
	}
	full := JoinRequest{Group: []byte(long[:NameMax])}
	if got, err := ParseJoinRequest(full.AppendTo(nil)); err != nil || len(got.Group) != NameMax {
		t.Errorf("a name of %d bytes: got %d, %v", NameMax, len(got.Group), err)
	}
}

func TestMembershipIsCut(t *testing.T) {
	b := AppendMembershipResponse(nil, make([]Address, totem.ProcessorCountMax+1), cserr.OK)
	list, _, err := ParseMembershipResponse(b)
	if err != nil || len(list) != totem.ProcessorCountMax || len(b) != MembershipResponseSize {
		t.Errorf("got %d processes in %d bytes, %v", len(list), len(b), err)
	}
}

func TestSetMcastLen(t *testing.T) {
	m := Mcast{Group: crmd, PID: 7, Source: Source{1, 2}, Message: hello}
	head := m.AppendHead(nil, 0, native)
	SetMcastLen(head, len(hello), native)
	if got, want := append(head, hello...), m.AppendTo(nil, native); !bytes.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

func TestPrintName(t *testing.T) {
	if got, want := PrintName("a\\b\x01\xc3 "), `a\\b\x01\xC3 `; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzMessages parses any bytes as each message in either order: no panic, and
// what was understood survives encoding.
func FuzzMessages(f *testing.F) {
	for i, c := range codecs {
		f.Add(uint8(i), golden(f, c.name))
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		c := codecs[int(which)%len(codecs)]
		orders := []mar.ByteOrder{binary.NativeEndian}
		if c.ring {
			orders = []mar.ByteOrder{binary.LittleEndian, binary.BigEndian}
		}
		for _, o := range orders {
			v, err := c.parse(b, o)
			if err != nil {
				continue
			}
			enc := c.encode(v, o)
			if q, ok := v.(JoinRequest); ok && q.TooLong {
				continue
			}
			back, err := c.parse(enc, o)
			if err != nil || !equal(back, v) {
				t.Fatalf("%s: got %+v, %v after encoding %+v", c.name, back, err, v)
			}
		}
	})
}

// equal is DeepEqual, an empty list and none being the same.
func equal(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if va.Kind() == reflect.Slice {
		return va.Len() == 0 && vb.Len() == 0
	}
	if va.Kind() != reflect.Struct {
		return false
	}
	for i := range va.NumField() {
		if !equal(va.Field(i).Interface(), vb.Field(i).Interface()) {
			return false
		}
	}
	return true
}
