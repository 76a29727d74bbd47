package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// message is what all kinds have in common.
type message interface {
	Parse([]byte) (int, error)
	AppendTo([]byte) []byte
}

func newMessage(t Type) message {
	switch t {
	case TypeORFToken:
		return &ORFToken{}
	case TypeMcast:
		return &Mcast{}
	case TypeMergeDetect:
		return &MergeDetect{}
	case TypeJoin:
		return &Join{}
	case TypeCommitToken:
		return &CommitToken{}
	}
	return &TokenHoldCancel{}
}

func header(m message) *Header {
	switch m := m.(type) {
	case *ORFToken:
		return &m.Header
	case *Mcast:
		return &m.Header
	case *MergeDetect:
		return &m.Header
	case *Join:
		return &m.Header
	case *CommitToken:
		return &m.Header
	}
	return &m.(*TokenHoldCancel).Header
}

func goldens(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		all[strings.TrimSuffix(filepath.Base(p), ".hex")] = golden.Hex(t, p)
	}
	return all
}

func TestGoldens(t *testing.T) {
	head := func(typ Type, from uint32) Header { return Header{Type: typ, NodeID: from} }
	ring := func(rep totem.NodeID, seq uint64) totem.RingID { return totem.RingID{Rep: rep, Seq: seq} }
	want := map[string]message{
		"orf_token_initial": &ORFToken{
			Header: Header{Type: TypeORFToken, NodeID: 1, Target: 0x02000000},
			Aru:    math.MaxUint32, AruAddr: 1, Ring: ring(1, 9),
		},
		"orf_token_idle": &ORFToken{
			Header: Header{Type: TypeORFToken, NodeID: 2, Target: 0x02000000},
			Seq:    14, TokenSeq: 29, Aru: 14, Ring: ring(1, 9),
		},
		"orf_token_rtr": &ORFToken{
			Header: head(TypeORFToken, 2), Seq: 0x57, TokenSeq: 28, AruAddr: 3, Ring: ring(1, 13),
			Backlog: 172, FCC: 24,
			Rtr: []RtrItem{{ring(1, 13), 5}, {ring(1, 13), 16}, {ring(1, 13), 8}, {ring(1, 13), 10}, {ring(1, 13), 13}},
		},
		"mcast_plain": &Mcast{
			Header:     Header{Type: TypeMcast, Encapsulated: NotEncapsulated, NodeID: 1},
			SystemFrom: 1, Seq: 5, ThisSeqno: 4, Ring: ring(1, 5),
		},
		"mcast_encapsulated": &Mcast{
			Header:     Header{Type: TypeMcast, Encapsulated: Encapsulated, NodeID: 1},
			SystemFrom: 1, Seq: 31, ThisSeqno: 30, Ring: ring(1, 17),
		},
		"memb_merge_detect": &MergeDetect{
			Header: Header{Type: TypeMergeDetect, NodeID: 1, Target: 0xfb295b0b}, SystemFrom: 1, Ring: ring(1, 5),
		},
		"memb_join_alone": &Join{Header: head(TypeJoin, 1), SystemFrom: 1, RingSeq: 1, Proc: []totem.NodeID{1}},
		"memb_join_failed": &Join{
			Header: head(TypeJoin, 1), SystemFrom: 1, RingSeq: 13,
			Proc: []totem.NodeID{1, 2, 3}, Failed: []totem.NodeID{3},
		},
		"memb_join_leave": &Join{
			Header: head(TypeJoin, 0), SystemFrom: 2, RingSeq: 29,
			Proc: []totem.NodeID{1, 3}, Failed: []totem.NodeID{2},
		},
		"memb_commit_token_first": &CommitToken{
			Header: head(TypeCommitToken, 1), TokenSeq: 1, Ring: ring(1, 13), MembIndex: 1,
			Addrs: []totem.NodeID{1, 2, 3},
			Memb:  []MembEntry{{ring(1, 9), 14, 14, 1}, {}, {}},
		},
		"memb_commit_token_full": &CommitToken{
			Header: head(TypeCommitToken, 3), TokenSeq: 3, Ring: ring(1, 13), MembIndex: 3,
			Addrs: []totem.NodeID{1, 2, 3},
			Memb:  []MembEntry{{ring(1, 9), 14, 14, 1}, {ring(1, 9), 14, 14, 1}, {ring(3, 5), 8, 8, 1}},
		},
		"token_hold_cancel": &TokenHoldCancel{Header: head(TypeTokenHoldCancel, 2), Ring: ring(1, 9)},
	}
	for name, b := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			m := newMessage(Type(b[3]))
			n, err := m.Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(m, want[name]) {
				t.Errorf("got  %+v\nwant %+v", m, want[name])
			}
			if Type(b[3]) != TypeMcast && n != len(b) {
				t.Errorf("read %d of %d bytes", n, len(b))
			}
			if got := m.AppendTo(nil); !bytes.Equal(got, b[:n]) {
				t.Errorf("re-encoding gives %x, want %x", got, b[:n])
			}
		})
	}
}

func TestEncapsulatedHoldsMulticastOfOldRing(t *testing.T) {
	b := golden.Hex(t, "testdata/mcast_encapsulated.hex")
	var inner Mcast
	if _, err := inner.Parse(b[McastLen:]); err != nil {
		t.Fatal(err)
	}
	if inner.Ring != (totem.RingID{Rep: 1, Seq: 13}) || inner.Seq != 19 {
		t.Errorf("inner %+v", inner)
	}
}

func TestProperPrefixesFail(t *testing.T) {
	for name, b := range goldens(t) {
		m := newMessage(Type(b[3]))
		n, err := m.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if _, err := newMessage(Type(b[3])).Parse(b[:i]); !errors.Is(err, ErrShort) {
				t.Errorf("%s: first %d bytes: %v", name, i, err)
			}
		}
	}
}

func TestOtherByteOrder(t *testing.T) {
	for name, b := range goldens(t) {
		m := newMessage(Type(b[3]))
		if _, err := m.Parse(b); err != nil {
			t.Fatal(err)
		}
		header(m).Order = BigEndian
		big := m.AppendTo(nil)
		if binary.BigEndian.Uint16(big) != Magic {
			t.Fatalf("%s: magic %x", name, big[:2])
		}
		back := newMessage(Type(b[3]))
		if _, err := back.Parse(big); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(back, m) {
			t.Errorf("%s: got %+v want %+v", name, back, m)
		}
	}
}

// The counts that CVE-2026-35091, CVE-2026-35092 and the token overflow of 2025
// are about: all would have the reader go beyond the message or its own memory.
func TestCountsAreBounded(t *testing.T) {
	put := func(name string, at int, v uint32, more ...uint32) []byte {
		b := golden.Hex(t, "testdata/"+name+".hex")
		binary.LittleEndian.PutUint32(b[at:], v)
		for i, w := range more {
			binary.LittleEndian.PutUint32(b[at+4*(i+1):], w)
		}
		return b
	}
	const join, commit, token = HeaderLen + 4, HeaderLen + 20, HeaderLen + 40
	for _, tt := range []struct {
		why string
		b   []byte
		err error
	}{
		{"join: more processors than bytes", put("memb_join_alone", join, 2), ErrShort},
		{"join: more processors than a ring has", put("memb_join_alone", join, 385), ErrCount},
		{"join: more failed than a ring has", put("memb_join_alone", join, 1, 385), ErrCount},
		{"join: counts whose 32-bit sum is small", put("memb_join_alone", join, 0x80000001, 0x80000000), ErrCount},
		{"join: counts whose byte length wraps", put("memb_join_alone", join, 0x40000001, 0), ErrCount},
		{"commit: index behind the list", put("memb_commit_token_full", commit, 4), ErrValue},
		{"commit: negative index", put("memb_commit_token_full", commit, math.MaxUint32), ErrValue},
		{"commit: more addresses than bytes", put("memb_commit_token_full", commit, 3, 4), ErrShort},
		{"commit: more addresses than a ring has", put("memb_commit_token_full", commit, 3, 385), ErrCount},
		{"commit: addresses whose length wraps", put("memb_commit_token_full", commit, 3, 0x92492493), ErrCount},
		{"commit: no entries at all, bare", golden.Hex(t, "testdata/memb_commit_token_full.hex")[:20], ErrShort},
		{"token: more requests than bytes", put("orf_token_rtr", token, 6), ErrShort},
		{"token: more requests than a token has", put("orf_token_rtr", token, 31), ErrCount},
		{"token: negative number of requests", put("orf_token_rtr", token, math.MaxUint32), ErrCount},
	} {
		if _, err := newMessage(Type(tt.b[3])).Parse(tt.b); !errors.Is(err, tt.err) {
			t.Errorf("%s: got %v, want %v", tt.why, err, tt.err)
		}
	}
}

func TestHeaderTellsOthersApart(t *testing.T) {
	pad := make([]byte, 20)
	for _, tt := range []struct {
		start []byte
		want  error
	}{
		{[]byte{0xff, 0xff}, &MagicError{"Corosync 2.2"}},
		{[]byte{0xfe, 0xfe}, &MagicError{"Corosync 2.3+"}},
		{[]byte{1, 0x17}, &MagicError{"unencrypted Kronosnet"}},
		{[]byte{5, 0}, &MagicError{"unencrypted Corosync 2.0/2.1/1.x/OpenAIS"}},
		{[]byte{0x99, 1}, &MagicError{"encrypted Kronosnet/Corosync 2.0/2.1/1.x/OpenAIS or unknown"}},
		{[]byte{0x70, 0xc0, 4}, &VersionError{4}},
		{[]byte{0xc0, 0x70, 2}, &VersionError{2}},
		{[]byte{0x70, 0xc0, 3, 6}, &TypeError{6}},
	} {
		var h Header
		_, err := h.Parse(append(bytes.Clone(tt.start), pad...))
		if !reflect.DeepEqual(err, tt.want) {
			t.Errorf("%x: got %v, want %v", tt.start, err, tt.want)
		}
	}
}

func TestWrongKind(t *testing.T) {
	b := golden.Hex(t, "testdata/token_hold_cancel.hex")
	var m Mcast
	if _, err := m.Parse(b); !errors.Is(err, ErrValue) {
		t.Errorf("a token_hold_cancel parses as a multicast: %v", err)
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	token, mcast := golden.Hex(t, "testdata/orf_token_rtr.hex"), golden.Hex(t, "testdata/mcast_plain.hex")
	tok, mc, buf := ORFToken{Rtr: make([]RtrItem, 0, RetransmitEntriesMax)}, Mcast{}, make([]byte, 0, 1500)
	n := testing.AllocsPerRun(100, func() {
		if _, err := tok.Parse(token); err != nil {
			t.Fatal(err)
		}
		buf = tok.AppendTo(buf[:0])
		if _, err := mc.Parse(mcast); err != nil {
			t.Fatal(err)
		}
		buf = mc.AppendTo(buf[:0])
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzMessage feeds any bytes to the kind that they claim to be, and insists
// that what is read is written again byte for byte.
func FuzzMessage(f *testing.F) {
	for _, b := range goldens(f) {
		f.Add(b)
		m := newMessage(Type(b[3]))
		if _, err := m.Parse(b); err != nil {
			f.Fatal(err)
		}
		header(m).Order = BigEndian
		f.Add(m.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var h Header
		if _, err := h.Parse(in); err != nil {
			return
		}
		m := newMessage(h.Type)
		n, err := m.Parse(in)
		if err != nil {
			return
		}
		if n > len(in) {
			t.Fatalf("read %d of %d bytes", n, len(in))
		}
		if out := m.AppendTo(nil); !bytes.Equal(out, in[:n]) {
			t.Fatalf("re-encoding changed %x into %x", in[:n], out)
		}
	})
}
