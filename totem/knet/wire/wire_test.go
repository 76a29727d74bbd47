package wire

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

// packet is what all kinds have in common.
type packet interface {
	Parse([]byte) (int, error)
	AppendTo([]byte) []byte
}

func newPacket(t Type) packet {
	switch t {
	case TypeData:
		return &Data{}
	case TypePing, TypePong:
		return &Ping{}
	}
	return &PMTUd{}
}

// samples are one of each kind.
func samples() [][]byte {
	return [][]byte{
		append((&Data{From: 258, Seq: 515, Compress: 2, Broadcast: true, Frags: 3, Frag: 2, Channel: 4}).AppendTo(nil), "user data"...),
		append((&Data{From: 1, Seq: 1, Frags: 1}).AppendTo(nil), 'x'),
		(&Ping{From: 65535, Link: 7, Time: MakeStamp(12_345_678_901), Seq: 65535, Timed: true}).AppendTo(nil),
		(&Ping{From: 2, Pong: true, Link: 1, Seq: 9}).AppendTo(nil),
		(&PMTUd{From: 3, Link: 2, Size: 1500}).AppendProbe(nil, 1472),
		(&PMTUd{From: 3, Reply: true, Link: 2, Size: 65535}).AppendTo(nil),
	}
}

// Every proper prefix of what a kind needs is refused.
func TestShort(t *testing.T) {
	for _, b := range samples() {
		typ, _, err := Peek(b)
		if err != nil {
			t.Fatal(err)
		}
		p := newPacket(typ)
		n, err := p.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if typ == TypeData {
			n++ // and a byte of user data
		}
		for i := range n {
			if _, err := newPacket(typ).Parse(b[:i]); !errors.Is(err, ErrShort) {
				t.Errorf("%v cut to %d bytes: %v", typ, i, err)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	data := append((&Data{From: 1, Seq: 1, Frags: 2, Frag: 1}).AppendTo(nil), 'x')
	ping := (&Ping{From: 1}).AppendTo(nil)
	probe := (&PMTUd{From: 1}).AppendTo(nil)
	for _, tt := range []struct {
		what string
		b    []byte
		at   int
		v    byte
		want error
		text string
	}{
		{"version", data, 0, 2, ErrVersion, "knet header: packet version does not match: 2"},
		{"type", data, 1, 1, ErrType, "knet header: packet type is unknown: 0x01"},
		{"a type that is masked but unknown", ping, 1, 0x85, ErrType, "knet header: packet type is unknown: 0x85"},
		{"no fragments", data, 11, 0, ErrValue, "knet data: number of fragments: value is out of range: 0"},
		{"fragment beyond the last", data, 12, 3, ErrValue, "knet data: fragment: value is out of range: 3 of 2"},
		{"fragment 0 of several", data, 12, 0, ErrValue, "knet data: fragment: value is out of range: 0 of 2"},
		{"channel", data, 13, 32, ErrValue, "knet data: channel: value is out of range: 32"},
		{"negative channel", data, 13, 0xff, ErrValue, "knet data: channel: value is out of range: 255"},
		{"link of a ping", ping, 6, 8, ErrValue, "knet ping: link: value is out of range: 8"},
		{"link of a probe", probe, 6, 255, ErrValue, "knet pmtud: link: value is out of range: 255"},
	} {
		b := bytes.Clone(tt.b)
		typ := Type(b[1])
		b[tt.at] = tt.v
		if _, err := newPacket(typ).Parse(b); !errors.Is(err, tt.want) || err.Error() != tt.text {
			t.Errorf("%s: %v, want %s", tt.what, err, tt.text)
		}
	}
	if _, err := (&Ping{}).Parse(data); !errors.Is(err, ErrType) {
		t.Errorf("data read as a ping: %v", err)
	}
}

func TestNoAllocations(t *testing.T) {
	all := samples()
	var d Data
	var p Ping
	var m PMTUd
	buf := make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(100, func() {
		for _, b := range all {
			typ, _, _ := Peek(b)
			switch typ {
			case TypeData:
				d.Parse(b)
				buf = d.AppendTo(buf[:0])
			case TypePing, TypePong:
				p.Parse(b)
				buf = p.AppendTo(buf[:0])
			default:
				m.Parse(b)
				buf = m.AppendProbe(buf[:0], 1472)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestProbeIsFilled(t *testing.T) {
	dirty := bytes.Repeat([]byte{0xee}, 100)
	p := PMTUd{From: 1, Link: 3, Size: 50}
	got := p.AppendProbe(dirty[:2], 22)
	want := append([]byte{0xee, 0xee, 1, 0x83, 0, 1, 0, 0, 3, 50, 0}, make([]byte, 13)...)
	if !bytes.Equal(got, want) {
		t.Errorf("probe %x, want %x", got, want)
	}
	if got := p.AppendProbe(nil, 3); len(got) != PMTUdLen {
		t.Errorf("a probe of 3 bytes is %d long", len(got))
	}
}

func TestStamp(t *testing.T) {
	for _, ns := range []int64{0, 1, 999_999_999, 1e9, 86400 * 365 * 1e9} {
		if got, ok := MakeStamp(ns).Nanoseconds(); got != ns || !ok {
			t.Errorf("%d came back as %d, %v", ns, got, ok)
		}
	}
	for _, s := range []Stamp{
		{8: 0, 9: 0xca, 10: 0x9a, 11: 0x3b}, // a whole second of nanoseconds
		{7: 0x80},                           // negative seconds
		Stamp(bytes.Repeat([]byte{0xff}, len(Stamp{}))[:]), // anything
	} {
		if ns, ok := s.Nanoseconds(); ok {
			t.Errorf("%x is %d ns", s, ns)
		}
	}
}

func TestFragments(t *testing.T) {
	for _, tt := range []struct{ length, mtu, want int }{
		{1, 1400, 1}, {1400, 1400, 1}, {1401, 1400, 2}, {2800, 1400, 2}, {65536, 447, 147}, {65536, 65435, 2},
	} {
		if got := Fragments(tt.length, tt.mtu); got != tt.want {
			t.Errorf("%d bytes by %d: %d, want %d", tt.length, tt.mtu, got, tt.want)
		}
	}
	// The reference divides as float: both agree wherever a message can be cut.
	for mtu := 257; mtu <= 65535; mtu += 61 {
		for length := 1; length <= MaxUserData; length += 53 {
			want := int(math.Ceil(float64(float32(length) / float32(mtu))))
			if got := Fragments(length, mtu); got != want {
				t.Fatalf("%d bytes by %d: %d, want %d", length, mtu, got, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range goldens(f) {
		f.Add(b)
	}
	for _, b := range samples() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		typ, from, err := Peek(b)
		if err != nil {
			return
		}
		p := newPacket(typ)
		n, err := p.Parse(b)
		if err != nil {
			return
		}
		if n > len(b) {
			t.Fatalf("read %d of %d bytes", n, len(b))
		}
		// The reserved bytes and flags that are neither 0 nor 1 are normalised.
		again := p.AppendTo(nil)
		if len(again) != n {
			t.Fatalf("%x written as %x", b[:n], again)
		}
		q := newPacket(typ)
		if _, err := q.Parse(append(again, 'x')); err != nil {
			t.Fatalf("%x does not parse: %v", again, err)
		}
		if twice := q.AppendTo(nil); !bytes.Equal(again, twice) {
			t.Fatalf("%x written as %x", again, twice)
		}
		if typ2, from2, _ := Peek(again); typ2 != typ || from2 != from {
			t.Fatalf("header of %x changed to %v from %d", b, typ2, from2)
		}
	})
}
