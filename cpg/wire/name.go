package wire

import (
	"encoding/binary"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// NameMax is the longest group name in bytes, CPG_MAX_NAME_LENGTH.
const NameMax = 128

// nameSize is the length of a mar_cpg_name_t: a 32-bit length in 8 bytes, then
// the room for the name.
const nameSize = 8 + NameMax

// native is the byte order of IPC messages.
var native mar.ByteOrder = binary.NativeEndian

// name reads a mar_cpg_name_t; the result aliases the input.
func name(r *mar.Reader, field string) []byte {
	r.Align(8)
	n := num(r, field)
	b := r.Bytes(field, NameMax)
	if b == nil {
		return nil
	}
	if n > NameMax {
		r.Fail(field, "length %d, at most %d", n, NameMax)
		return nil
	}
	return b[:n]
}

// appendName appends a mar_cpg_name_t. Preconditions: g is at most NameMax
// bytes long; what is beyond is cut.
func appendName[T string | []byte](b []byte, g T, order mar.ByteOrder) []byte {
	if len(g) > NameMax {
		g = g[:NameMax]
	}
	b = appendNum(b, uint32(len(g)), order)
	b = append(b, g...)
	return append(b, zeros[:NameMax-len(g)]...)
}

// num reads a 32-bit number with the padding behind it.
func num(r *mar.Reader, field string) uint32 {
	v := r.U32(field)
	r.Align(8)
	return v
}

// appendNum appends a 32-bit number with the padding to the next one.
func appendNum(b []byte, v uint32, order mar.ByteOrder) []byte {
	b = order.AppendUint32(b, v)
	return append(b, 0, 0, 0, 0)
}

var zeros [NameMax]byte

// PrintName writes a group name as the service logs it: what is not printable
// ASCII as \xNN, a backslash doubled.
func PrintName[T string | []byte](g T) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(g))
	for i := 0; i < len(g); i++ {
		switch c := g[i]; {
		case c == '\\':
			b = append(b, '\\', '\\')
		case c >= ' ' && c < 0x7f:
			b = append(b, c)
		default:
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
