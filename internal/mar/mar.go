// Package mar reads and writes corosync's marshalled structures: C structs in
// the sender's byte order whose members lie at fixed, mostly 8-byte, alignment
// (include/corosync/mar_gen.h). A Reader never panics and never trusts a
// length: the first field that does not fit sets an error that names it, and
// every later read returns zero.
package mar

import (
	"encoding/binary"
	"fmt"
)

// NameLen is the room that a name (mar_name_t, cs_name_t) has, in bytes.
const NameLen = 256

// ByteOrder reads and appends numbers; binary.LittleEndian, BigEndian and
// NativeEndian are such.
type ByteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// Reader walks over one structure.
type Reader struct {
	buf   []byte
	off   int
	order ByteOrder
	err   error
}

// NewReader reads b in the given byte order.
func NewReader(b []byte, order ByteOrder) *Reader { return &Reader{buf: b, order: order} }

// Err tells the first field that did not fit, or nil.
func (r *Reader) Err() error { return r.err }

// Rest returns what has not been read; it aliases the input.
func (r *Reader) Rest() []byte {
	if r.err != nil {
		return nil
	}
	return r.buf[r.off:]
}

// Align skips padding up to a multiple of n from the structure's start.
func (r *Reader) Align(n int) *Reader {
	if pad := -r.off & (n - 1); pad > 0 && r.err == nil {
		r.take("padding", pad)
	}
	return r
}

func (r *Reader) take(field string, n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.buf)-r.off {
		r.err = fmt.Errorf("%s: want %d bytes at offset %d of %d", field, n, r.off, len(r.buf))
		return nil
	}
	b := r.buf[r.off : r.off+n]
	r.off += n
	return b
}

// Fail records an error of the caller's own about a field, if none is there.
func (r *Reader) Fail(field, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...))
	}
}

// U8 reads one byte.
func (r *Reader) U8(field string) uint8 {
	if b := r.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads a 16-bit number where the reader stands.
func (r *Reader) U16(field string) uint16 {
	if b := r.take(field, 2); b != nil {
		return r.order.Uint16(b)
	}
	return 0
}

// U32 reads a 32-bit number where the reader stands.
func (r *Reader) U32(field string) uint32 {
	if b := r.take(field, 4); b != nil {
		return r.order.Uint32(b)
	}
	return 0
}

// I32 reads a signed 32-bit number.
func (r *Reader) I32(field string) int32 { return int32(r.U32(field)) }

// U64 reads a 64-bit number where the reader stands.
func (r *Reader) U64(field string) uint64 {
	if b := r.take(field, 8); b != nil {
		return r.order.Uint64(b)
	}
	return 0
}

// Bytes reads n bytes; the result aliases the input.
func (r *Reader) Bytes(field string, n int) []byte { return r.take(field, n) }

// Name reads a mar_name_t: a 16-bit length at 8-byte alignment, then 256 bytes
// at 8-byte alignment. A length beyond the room is an error.
func (r *Reader) Name(field string) string {
	r.Align(8)
	n := int(r.U16(field))
	r.Align(8)
	b := r.take(field, NameLen)
	if b == nil {
		return ""
	}
	if n > NameLen {
		r.Fail(field, "length %d, at most %d", n, NameLen)
		return ""
	}
	return string(b[:n])
}

// Writer appends one structure to a buffer. Offsets for alignment count from
// where the structure began.
type Writer struct {
	buf   []byte
	start int
	order ByteOrder
}

// NewWriter appends to b in the given byte order.
func NewWriter(b []byte, order ByteOrder) *Writer {
	return &Writer{buf: b, start: len(b), order: order}
}

// Buf returns the buffer with everything written.
func (w *Writer) Buf() []byte { return w.buf }

// Len is the length of the structure so far, in bytes.
func (w *Writer) Len() int { return len(w.buf) - w.start }

var zeros [NameLen]byte

// Align pads with zeros up to a multiple of n from the structure's start.
func (w *Writer) Align(n int) *Writer {
	w.buf = append(w.buf, zeros[:-w.Len()&(n-1)]...)
	return w
}

// Pad appends n zero bytes.
func (w *Writer) Pad(n int) *Writer {
	for n > 0 {
		k := min(n, len(zeros))
		w.buf = append(w.buf, zeros[:k]...)
		n -= k
	}
	return w
}

// U8 appends one byte.
func (w *Writer) U8(v uint8) *Writer { w.buf = append(w.buf, v); return w }

// U16 appends a 16-bit number.
func (w *Writer) U16(v uint16) *Writer { w.buf = w.order.AppendUint16(w.buf, v); return w }

// U32 appends a 32-bit number.
func (w *Writer) U32(v uint32) *Writer { w.buf = w.order.AppendUint32(w.buf, v); return w }

// I32 appends a signed 32-bit number.
func (w *Writer) I32(v int32) *Writer { return w.U32(uint32(v)) }

// U64 appends a 64-bit number.
func (w *Writer) U64(v uint64) *Writer { w.buf = w.order.AppendUint64(w.buf, v); return w }

// Bytes appends b as it is.
func (w *Writer) Bytes(b []byte) *Writer { w.buf = append(w.buf, b...); return w }

// Name appends a mar_name_t; a name longer than its room is cut.
func (w *Writer) Name(s string) *Writer {
	if len(s) > NameLen {
		s = s[:NameLen]
	}
	w.Align(8).U16(uint16(len(s))).Align(8)
	w.buf = append(w.buf, s...)
	return w.Pad(NameLen - len(s))
}
