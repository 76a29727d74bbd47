package wire

import (
	"encoding/binary"
	"fmt"
)

// DataLen is the length in bytes of what precedes the user data of a packet.
const DataLen = HeaderLen + 8

// MaxUserData is how much user data the fragments of one message may have
// together, and how much a message may have once decompressed
// (KNET_MAX_PACKET_SIZE).
const MaxUserData = 65536

// LeastMTU is the smallest data MTU at which the fragments of the longest message
// can be counted in a byte.
const LeastMTU = (MaxUserData + 254) / 255

// Data is the head of a fragment of user data, or of a message that is in one
// piece. All fragments of a message share everything but Frag.
type Data struct {
	From      HostID
	Seq       uint16 // of the message among its sender's, from 1; skips 0 when it wraps
	Compress  uint8  // the model that compressed the whole message before it was cut; 0 none
	Broadcast bool   // the message went to all hosts; nobody reads it
	Frags     uint8  // how many fragments the message is in, from 1
	Frag      uint8  // which of them this is, from 1; 0 in a message in one piece
	Channel   uint8  // below MaxChannels
}

// Parse reads the head of a packet of user data; the user data, at least one
// byte of it, begins at the length returned.
func (d *Data) Parse(b []byte) (int, error) {
	_, from, err := parse(b, TypeData, TypeData, DataLen)
	if err != nil {
		return 0, err
	}
	p := b[HeaderLen:DataLen]
	*d = Data{
		From:      from,
		Seq:       binary.BigEndian.Uint16(p),
		Compress:  p[2],
		Broadcast: p[4] != 0,
		Frags:     p[5],
		Frag:      p[6],
		Channel:   p[7],
	}
	switch {
	case d.Frags == 0:
		return 0, outOfRange(TypeData, "number of fragments", d.Frags)
	case d.Frag > d.Frags, d.Frag == 0 && d.Frags > 1:
		return 0, fmt.Errorf("knet data: fragment: %w: %d of %d", ErrValue, d.Frag, d.Frags)
	case d.Channel >= MaxChannels:
		return 0, outOfRange(TypeData, "channel", d.Channel)
	case len(b) == DataLen:
		return 0, fmt.Errorf("knet data: user data: %w: there is none", ErrShort)
	}
	return DataLen, nil
}

// AppendTo writes the head; the caller appends the user data.
func (d *Data) AppendTo(b []byte) []byte {
	b = appendHeader(b, TypeData, d.From)
	b = binary.BigEndian.AppendUint16(b, d.Seq)
	return append(b, d.Compress, 0, flag(d.Broadcast), d.Frags, d.Frag, d.Channel)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// Fragments is how many fragments user data of a length, 1 to MaxUserData, is
// cut into when each may hold mtu bytes of it. All but the last are full.
func Fragments(length, mtu int) int { return (length + mtu - 1) / mtu }
