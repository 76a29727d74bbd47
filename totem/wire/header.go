package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Magic and Version open every message (TOTEM_MH_MAGIC, TOTEM_MH_VERSION).
const (
	Magic   = 0xC070
	Version = 3
)

// HeaderLen is the length of totem_message_header in bytes.
const HeaderLen = 13

// Type is the kind of a message.
type Type uint8

// The kinds of messages; the names are those of the reference.
const (
	TypeORFToken Type = iota
	TypeMcast
	TypeMergeDetect
	TypeJoin
	TypeCommitToken
	TypeTokenHoldCancel
	typeCount
)

func (t Type) String() string {
	names := [...]string{"orf_token", "mcast", "memb_merge_detect", "memb_join", "memb_commit_token", "token_hold_cancel"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// The values of Header.Encapsulated in a multicast. Other messages carry 0.
const (
	Encapsulated    = 1
	NotEncapsulated = 2
)

// Order is the byte order of a message's sender.
type Order uint8

// The byte orders.
const (
	LittleEndian Order = iota
	BigEndian
)

// Native is this machine's byte order, in which we send.
var Native = func() Order {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return BigEndian
	}
	return LittleEndian
}()

func (o Order) u32(b []byte) uint32 {
	if o == BigEndian {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func (o Order) u64(b []byte) uint64 {
	if o == BigEndian {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

func (o Order) append16(b []byte, v uint16) []byte {
	if o == BigEndian {
		return binary.BigEndian.AppendUint16(b, v)
	}
	return binary.LittleEndian.AppendUint16(b, v)
}

func (o Order) append32(b []byte, v uint32) []byte {
	if o == BigEndian {
		return binary.BigEndian.AppendUint32(b, v)
	}
	return binary.LittleEndian.AppendUint32(b, v)
}

func (o Order) append64(b []byte, v uint64) []byte {
	if o == BigEndian {
		return binary.BigEndian.AppendUint64(b, v)
	}
	return binary.LittleEndian.AppendUint64(b, v)
}

// Header opens every message. NodeID is the sender's, or 0 in the memb_join
// that says goodbye. Target is filled by knet alone; over UDP the reference
// leaves in it whatever was in memory.
type Header struct {
	Order        Order
	Type         Type
	Encapsulated uint8
	NodeID       uint32
	Target       uint32
}

// ErrShort tells that a message ends within a field.
var ErrShort = errors.New("message is too short")

// ErrCount tells that a list is longer than any ring could need.
var ErrCount = errors.New("count is out of range")

// ErrValue tells that a field has a value that no sender gives it.
var ErrValue = errors.New("value is out of range")

// MagicError tells that a datagram is not of this protocol, with the
// reference's guess at what has sent it.
type MagicError struct{ Guess string }

func (e *MagicError) Error() string {
	return "magic: bad magic number (probably sent by " + e.Guess + ")"
}

// VersionError tells that a message is of a protocol version that we do not speak.
type VersionError struct{ Version uint8 }

func (e *VersionError) Error() string {
	return fmt.Sprintf("version: unsupported version %d", e.Version)
}

// TypeError tells that there is no such kind of message.
type TypeError struct{ Type uint8 }

func (e *TypeError) Error() string { return fmt.Sprintf("type: wrong type %d", e.Type) }

func short(field string, want, have int) error {
	return fmt.Errorf("%s: %w: %d bytes, want %d", field, ErrShort, have, want)
}

// guess tells who may have sent a datagram that does not begin with the magic
// (check_message_header_validity). Neither knet's encrypted packets nor those of
// old versions with secauth have anything to know them by.
func guess(b []byte) string {
	switch {
	case b[0] == 0xFF && b[1] == 0xFF:
		return "Corosync 2.2"
	case b[0] == 0xFE && b[1] == 0xFE:
		return "Corosync 2.3+"
	case b[0] == 1:
		return "unencrypted Kronosnet"
	case b[0] <= 5:
		return "unencrypted Corosync 2.0/2.1/1.x/OpenAIS"
	}
	return "encrypted Kronosnet/Corosync 2.0/2.1/1.x/OpenAIS or unknown"
}

// Parse reads the header that every message begins with.
func (h *Header) Parse(b []byte) (int, error) {
	if len(b) < HeaderLen {
		return 0, short("header", HeaderLen, len(b))
	}
	switch {
	case binary.LittleEndian.Uint16(b) == Magic:
		h.Order = LittleEndian
	case binary.BigEndian.Uint16(b) == Magic:
		h.Order = BigEndian
	default:
		return 0, &MagicError{guess(b)}
	}
	if b[2] != Version {
		return 0, &VersionError{b[2]}
	}
	if b[3] >= uint8(typeCount) {
		return 0, &TypeError{b[3]}
	}
	h.Type = Type(b[3])
	h.Encapsulated = b[4]
	h.NodeID = h.Order.u32(b[5:])
	h.Target = h.Order.u32(b[9:])
	return HeaderLen, nil
}

// AppendTo writes the header in the byte order that it names.
func (h *Header) AppendTo(b []byte) []byte {
	b = h.Order.append16(b, Magic)
	b = append(b, Version, uint8(h.Type), h.Encapsulated)
	b = h.Order.append32(b, h.NodeID)
	return h.Order.append32(b, h.Target)
}

// parse reads a header and insists on a kind and on a length for what is fixed.
func (h *Header) parse(b []byte, t Type, fixed int) error {
	if _, err := h.Parse(b); err != nil {
		return err
	}
	if h.Type != t {
		return fmt.Errorf("type: %w: %v, want %v", ErrValue, h.Type, t)
	}
	if len(b) < fixed {
		return short(t.String(), fixed, len(b))
	}
	return nil
}
