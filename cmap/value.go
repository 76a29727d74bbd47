package cmap

import "github.com/ringmaster-ha/ringmaster/internal/icmap"

// Type is what a value is. It prints as corosync-cmapctl names it: u8, str, ...
type Type = icmap.Type

// The types.
const (
	TypeInt8   Type = icmap.TypeInt8
	TypeUint8  Type = icmap.TypeUint8
	TypeInt16  Type = icmap.TypeInt16
	TypeUint16 Type = icmap.TypeUint16
	TypeInt32  Type = icmap.TypeInt32
	TypeUint32 Type = icmap.TypeUint32
	TypeInt64  Type = icmap.TypeInt64
	TypeUint64 Type = icmap.TypeUint64
	TypeFloat  Type = icmap.TypeFloat
	TypeDouble Type = icmap.TypeDouble
	TypeString Type = icmap.TypeString
	TypeBinary Type = icmap.TypeBinary
)

// Value is an immutable value of one of the types, comparable with ==. Its
// methods Type, Int, Uint, Float64, Str and Bin tell what it is. The zero
// Value is none.
type Value = icmap.Value

// Int8 makes a value of that type, as do its siblings.
func Int8(v int8) Value { return icmap.Int8(v) }

// Uint8 makes a value of that type.
func Uint8(v uint8) Value { return icmap.Uint8(v) }

// Int16 makes a value of that type.
func Int16(v int16) Value { return icmap.Int16(v) }

// Uint16 makes a value of that type.
func Uint16(v uint16) Value { return icmap.Uint16(v) }

// Int32 makes a value of that type.
func Int32(v int32) Value { return icmap.Int32(v) }

// Uint32 makes a value of that type.
func Uint32(v uint32) Value { return icmap.Uint32(v) }

// Int64 makes a value of that type.
func Int64(v int64) Value { return icmap.Int64(v) }

// Uint64 makes a value of that type.
func Uint64(v uint64) Value { return icmap.Uint64(v) }

// Float makes a value of that type.
func Float(v float32) Value { return icmap.Float(v) }

// Double makes a value of that type.
func Double(v float64) Value { return icmap.Double(v) }

// String makes a value of that type; it ends before the first NUL.
func String(s string) Value { return icmap.String(s) }

// Binary makes a value of that type; the bytes are copied.
func Binary(b []byte) Value { return icmap.Binary(b) }

// Event is a set of kinds of changes.
type Event = icmap.Event

// The kinds of changes.
const (
	Deleted  Event = icmap.Delete
	Modified Event = icmap.Modify
	Added    Event = icmap.Add

	AllEvents = Deleted | Modified | Added
)
