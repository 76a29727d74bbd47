package icmap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// Type is what a value is; the numbers are those on the wire.
type Type uint8

// The types. None is the type of the zero Value, which stands for no value in
// notifications and never is in a map.
const (
	None       Type = 0
	TypeInt8   Type = 1
	TypeUint8  Type = 2
	TypeInt16  Type = 3
	TypeUint16 Type = 4
	TypeInt32  Type = 5
	TypeUint32 Type = 6
	TypeInt64  Type = 7
	TypeUint64 Type = 8
	TypeFloat  Type = 9
	TypeDouble Type = 10
	TypeString Type = 11
	TypeBinary Type = 12
)

var typeNames = [...]string{"none", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "flt", "dbl", "str", "bin"}

// String is the name that corosync-cmapctl uses: "u8", "str", "flt", ...
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Size is the length in bytes of a number of the type, and 0 for all others.
func (t Type) Size() int {
	switch t {
	case TypeInt8, TypeUint8:
		return 1
	case TypeInt16, TypeUint16:
		return 2
	case TypeInt32, TypeUint32, TypeFloat:
		return 4
	case TypeInt64, TypeUint64, TypeDouble:
		return 8
	}
	return 0
}

func (t Type) signed() bool {
	return t == TypeInt8 || t == TypeInt16 || t == TypeInt32 || t == TypeInt64
}

func (t Type) integer() bool { return t >= TypeInt8 && t <= TypeUint64 }

// ValueMax is the most bytes that a value may have, the terminator of a
// string not counted: ICMAP_MAX_VALUE_LEN.
const ValueMax = 16 * 1024

// Value is an immutable typed value. Values are comparable with ==, which is
// equality of type and bytes (so a NaN equals itself). The zero Value is no
// value.
type Value struct {
	typ Type
	num uint64 // the bits of a number, sign-extended for signed integers
	str string // strings (without terminator) and binaries
}

// Int8 is a value of that type, as are its siblings.
func Int8(v int8) Value { return Value{typ: TypeInt8, num: uint64(v)} }

// Uint8 is a value of that type.
func Uint8(v uint8) Value { return Value{typ: TypeUint8, num: uint64(v)} }

// Int16 is a value of that type.
func Int16(v int16) Value { return Value{typ: TypeInt16, num: uint64(v)} }

// Uint16 is a value of that type.
func Uint16(v uint16) Value { return Value{typ: TypeUint16, num: uint64(v)} }

// Int32 is a value of that type.
func Int32(v int32) Value { return Value{typ: TypeInt32, num: uint64(v)} }

// Uint32 is a value of that type.
func Uint32(v uint32) Value { return Value{typ: TypeUint32, num: uint64(v)} }

// Int64 is a value of that type.
func Int64(v int64) Value { return Value{typ: TypeInt64, num: uint64(v)} }

// Uint64 is a value of that type.
func Uint64(v uint64) Value { return Value{typ: TypeUint64, num: v} }

// Float is a value of that type.
func Float(v float32) Value { return Value{typ: TypeFloat, num: uint64(math.Float32bits(v))} }

// Double is a value of that type.
func Double(v float64) Value { return Value{typ: TypeDouble, num: math.Float64bits(v)} }

// String is a value of that type. A string ends before its first NUL byte.
func String(s string) Value {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return Value{typ: TypeString, str: s}
}

// Binary is a value of that type; the bytes are copied.
func Binary(b []byte) Value { return Value{typ: TypeBinary, str: string(b)} }

// FromBytes reads a value as a client sends it: as Decode, but refuses more
// than ValueMax bytes, a terminator that is sent counted.
func FromBytes(t Type, b []byte) (Value, error) {
	if len(b) > ValueMax {
		return Value{}, cserr.InvalidParam
	}
	return Decode(t, b)
}

// Decode reads Bytes, in native byte order. A string may come with its
// terminator or without; a NUL anywhere else is refused with
// cserr.InvalidParam, as are a length that is not the type's and unknown types.
func Decode(t Type, b []byte) (Value, error) {
	if t == None || t > TypeBinary {
		return Value{}, cserr.InvalidParam
	}
	switch t {
	case TypeBinary:
		return Binary(b), nil
	case TypeString:
		if i := bytes.IndexByte(b, 0); i >= 0 && i != len(b)-1 {
			return Value{}, cserr.InvalidParam
		}
		return String(string(b)), nil
	}
	if len(b) != t.Size() {
		return Value{}, cserr.InvalidParam
	}
	v := Value{typ: t}
	switch len(b) {
	case 1:
		v.num = uint64(b[0])
	case 2:
		v.num = uint64(binary.NativeEndian.Uint16(b))
	case 4:
		v.num = uint64(binary.NativeEndian.Uint32(b))
	case 8:
		v.num = binary.NativeEndian.Uint64(b)
	}
	return v.fit(), nil
}

// fit cuts the number to its type's width, and extends its sign.
func (v Value) fit() Value {
	switch v.typ {
	case TypeInt8:
		v.num = uint64(int8(v.num))
	case TypeUint8:
		v.num = uint64(uint8(v.num))
	case TypeInt16:
		v.num = uint64(int16(v.num))
	case TypeUint16:
		v.num = uint64(uint16(v.num))
	case TypeInt32:
		v.num = uint64(int32(v.num))
	case TypeUint32:
		v.num = uint64(uint32(v.num))
	}
	return v
}

// Type is the value's type, None for the zero Value.
func (v Value) Type() Type { return v.typ }

// Len is the length of Bytes: a string counts its terminator.
func (v Value) Len() int {
	switch v.typ {
	case TypeString:
		return len(v.str) + 1
	case TypeBinary:
		return len(v.str)
	}
	return v.typ.Size()
}

// Bytes is the value as cmap's IPC carries it: a number in native byte order,
// a string with its terminator.
func (v Value) Bytes() []byte { return v.AppendTo(make([]byte, 0, v.Len())) }

// AppendTo appends Bytes to b.
func (v Value) AppendTo(b []byte) []byte { return v.AppendOrder(b, binary.NativeEndian) }

// AppendOrder is AppendTo with the numbers in the given byte order.
func (v Value) AppendOrder(b []byte, order binary.AppendByteOrder) []byte {
	switch v.typ.Size() {
	case 1:
		return append(b, byte(v.num))
	case 2:
		return order.AppendUint16(b, uint16(v.num))
	case 4:
		return order.AppendUint32(b, uint32(v.num))
	case 8:
		return order.AppendUint64(b, v.num)
	}
	b = append(b, v.str...)
	if v.typ == TypeString {
		b = append(b, 0)
	}
	return b
}

// Int is an integer's value; false for other types, and for a u64 beyond the
// range.
func (v Value) Int() (int64, bool) {
	if !v.typ.integer() || v.typ == TypeUint64 && v.num > math.MaxInt64 {
		return 0, false
	}
	return int64(v.num), true
}

// Uint is an integer's value; false for other types and negative numbers.
func (v Value) Uint() (uint64, bool) {
	if !v.typ.integer() || v.typ.signed() && int64(v.num) < 0 {
		return 0, false
	}
	return v.num, true
}

// Float64 is the value of a float or double.
func (v Value) Float64() (float64, bool) {
	switch v.typ {
	case TypeFloat:
		return float64(math.Float32frombits(uint32(v.num))), true
	case TypeDouble:
		return math.Float64frombits(v.num), true
	}
	return 0, false
}

// Str is the text of a string, without its terminator.
func (v Value) Str() (string, bool) { return v.str, v.typ == TypeString }

// Bin is a copy of a binary's bytes.
func (v Value) Bin() ([]byte, bool) { return []byte(v.str), v.typ == TypeBinary }

// String is for people who debug: the value as corosync-cmapctl shows numbers
// and strings.
func (v Value) String() string {
	switch {
	case v.typ == None:
		return "none"
	case v.typ == TypeString:
		return v.str
	case v.typ == TypeBinary:
		return fmt.Sprintf("%x", v.str)
	case v.typ.signed():
		return fmt.Sprintf("%d", int64(v.num))
	case v.typ.integer():
		return fmt.Sprintf("%d", v.num)
	}
	f, _ := v.Float64()
	return fmt.Sprintf("%f", f)
}
