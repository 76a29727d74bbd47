package mar

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// sample is one structure with a member of each kind.
type sample struct {
	a    uint8
	b    uint16
	c    uint32
	d    int32
	e    uint64
	name string
	rest []byte
}

func (s sample) appendTo(b []byte, order ByteOrder) []byte {
	w := NewWriter(b, order).U8(s.a).Align(2).U16(s.b).Align(8).U32(s.c).Align(8).I32(s.d).Align(8).U64(s.e)
	return w.Name(s.name).Bytes(s.rest).Pad(3).Buf()
}

func parse(b []byte, order ByteOrder) (s sample, err error) {
	r := NewReader(b, order)
	s.a = r.U8("a")
	s.b = r.Align(2).U16("b")
	s.c = r.Align(8).U32("c")
	s.d = r.Align(8).I32("d")
	s.e = r.Align(8).U64("e")
	s.name = r.Name("name")
	s.rest = r.Bytes("rest", 5)
	r.Bytes("pad", 3)
	return s, r.Err()
}

var full = sample{a: 1, b: 0x203, c: 0x4050607, d: -2, e: 0x8090a0b0c0d0e0f, name: "ring", rest: []byte("12345")}

func TestLayout(t *testing.T) {
	head := "\x01\x00\x02\x03\x00\x00\x00\x00" + "\x04\x05\x06\x07\x00\x00\x00\x00" + "\xff\xff\xff\xfe\x00\x00\x00\x00" +
		"\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f" + "\x00\x04\x00\x00\x00\x00\x00\x00" + "ring"
	want := head + strings.Repeat("\x00", NameLen-4) + "12345\x00\x00\x00"
	// Alignment counts from where the structure begins.
	if got := full.appendTo([]byte("abc"), binary.BigEndian); string(got) != "abc"+want {
		t.Errorf("wrote %q", got)
	}
}

func TestBothOrdersAndEveryPrefix(t *testing.T) {
	for _, order := range []ByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := full.appendTo(nil, order)
		got, err := parse(b, order)
		if err != nil || got.a != full.a || got.b != full.b || got.c != full.c || got.d != full.d || got.e != full.e ||
			got.name != full.name || !bytes.Equal(got.rest, full.rest) {
			t.Errorf("%v: got %+v, %v, want %+v", order, got, err, full)
		}
		for n := range b {
			if _, err := parse(b[:n], order); err == nil {
				t.Fatalf("%v: %d of %d bytes were taken", order, n, len(b))
			}
		}
	}
}

func TestErrors(t *testing.T) {
	r := NewReader([]byte{1, 2, 3, 4, 5}, binary.LittleEndian)
	r.U32("first")
	if v := r.U16("second"); v != 0 || r.Err() == nil || r.Err().Error() != "second: want 2 bytes at offset 4 of 5" {
		t.Errorf("got %d, %v", v, r.Err())
	}
	// The first error stays, and nothing is read behind it.
	r.Fail("third", "wrong")
	if v := r.U8("fourth"); v != 0 || r.Rest() != nil || !strings.HasPrefix(r.Err().Error(), "second: ") {
		t.Errorf("got %d, %v", v, r.Err())
	}
	if r := NewReader(make([]byte, 8), binary.LittleEndian); r.Bytes("length", -1) != nil || r.Err() == nil {
		t.Error("a negative length was taken")
	}
	long := NewWriter(nil, binary.LittleEndian).U16(NameLen + 1).Align(8).Pad(NameLen).Buf()
	if r := NewReader(long, binary.LittleEndian); r.Name("name") != "" || r.Err() == nil || r.Err().Error() != "name: length 257, at most 256" {
		t.Errorf("a name beyond its room: %v", r.Err())
	}
	cut := NewWriter(nil, binary.LittleEndian).Name(strings.Repeat("x", NameLen+9)).Buf()
	if got := NewReader(cut, binary.LittleEndian).Name("name"); len(cut) != 8+NameLen || len(got) != NameLen {
		t.Errorf("a long name has %d bytes of %d", len(got), len(cut))
	}
}
