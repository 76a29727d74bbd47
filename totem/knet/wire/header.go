package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Version opens every packet.
const Version = 1

// HeaderLen is the length in bytes of what all kinds begin with.
const HeaderLen = 6

// MaxLinks is how many links there may be to a host; they count from 0.
const MaxLinks = 8

// MaxChannels is how many channels of user data there may be, from 0. Corosync
// uses channel 0.
const MaxChannels = 32

// HostID is a host's number: a corosync node id, which must fit.
type HostID uint16

// Type is the kind of a packet.
type Type uint8

// The kinds of packets. All but data have the highest bit set.
const (
	TypeData       Type = 0x00
	TypePing       Type = 0x81
	TypePong       Type = 0x82
	TypePMTUd      Type = 0x83
	TypePMTUdReply Type = 0x84
)

func (t Type) String() string {
	switch t {
	case TypeData:
		return "data"
	case TypePing:
		return "ping"
	case TypePong:
		return "pong"
	case TypePMTUd:
		return "pmtud"
	case TypePMTUdReply:
		return "pmtud reply"
	}
	return fmt.Sprintf("type %#02x", uint8(t))
}

// What is wrong with a packet that was refused; the error that wraps one of
// these names the field.
var (
	ErrShort   = errors.New("packet is too short")
	ErrVersion = errors.New("packet version does not match")
	ErrType    = errors.New("packet type is unknown")
	ErrValue   = errors.New("value is out of range")
)

// Peek reads what is needed to choose how to go on: the kind of a packet and
// the host that sent it. It accepts the five kinds above only.
func Peek(b []byte) (Type, HostID, error) {
	if len(b) <= HeaderLen { // the reference wants a byte of payload, too
		return 0, 0, fmt.Errorf("knet header: %w: %d bytes", ErrShort, len(b))
	}
	if b[0] != Version {
		return 0, 0, fmt.Errorf("knet header: %w: %d", ErrVersion, b[0])
	}
	t := Type(b[1])
	switch t {
	case TypeData, TypePing, TypePong, TypePMTUd, TypePMTUdReply:
	default:
		return 0, 0, fmt.Errorf("knet header: %w: %#02x", ErrType, b[1])
	}
	return t, HostID(binary.BigEndian.Uint16(b[2:])), nil
}

// parse is Peek for a kind, or its answer, that is n bytes long at least.
func parse(b []byte, want, or Type, n int) (Type, HostID, error) {
	t, from, err := Peek(b)
	switch {
	case err != nil:
		return 0, 0, err
	case t != want && t != or:
		return 0, 0, fmt.Errorf("knet header: %w: %v, want %v", ErrType, t, want)
	case len(b) < n:
		return 0, 0, fmt.Errorf("knet %v: %w: %d bytes of %d", t, ErrShort, len(b), n)
	}
	return t, from, nil
}

func outOfRange(t Type, field string, v uint8) error {
	return fmt.Errorf("knet %v: %s: %w: %d", t, field, ErrValue, v)
}

func appendHeader(b []byte, t Type, from HostID) []byte {
	return append(b, Version, byte(t), byte(from>>8), byte(from), 0, 0)
}
