package frame

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// HeaderSize is what stands before the text, in bytes.
const HeaderSize = 40

// Version is that of the format (PCMK__IPC_VERSION). Higher ones are refused.
const Version = 1

// Where the fields behind libqb's header are.
const (
	offSize    = 24
	offPacked  = 28
	offFlags   = 32
	offVersion = 36
)

// Flags say what a message is and how to answer it (enum crm_ipc_flags).
type Flags uint32

// The flags of the reference. Freed means nothing to a receiver; the reference's daemons
// send it.
const (
	Compressed     Flags = 0x1
	Proxied        Flags = 0x100   // all responses shall be events
	ClientResponse Flags = 0x200   // the client waits for a response
	ServerEvent    Flags = 0x10000 // an event
	Freed          Flags = 0x20000
	ProxyResponse  Flags = 0x40000 // an event that is a response to a proxied request
)

// Has tells whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// Message is one request, response or event.
type Message struct {
	ID    int32 // of the request; events are counted by the daemon
	Flags Flags
	Text  string // an XML document
}

// ErrTooLarge is a message that does not fit, even when compressed.
var ErrTooLarge = errors.New("message too large for the connection")

// Encode appends a message to b. It compresses the text when the message would otherwise
// have limit bytes or more; if it then still has more, the error is ErrTooLarge.
func Encode(b []byte, m *Message, limit int) ([]byte, error) {
	return EncodeText(b, m.ID, m.Flags, packed.Plain(m.Text), limit)
}

// EncodeText is Encode of a message whose text may be shared with others.
func EncodeText(b []byte, id int32, flags Flags, text packed.Text, limit int) ([]byte, error) {
	size := text.Len() + 1
	flags &^= Compressed
	if size > packed.MaxSize {
		return b, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, packed.MaxSize)
	}
	if HeaderSize+size < limit {
		b = appendHeader(slices.Grow(b, HeaderSize+size), id, flags, size, 0, HeaderSize+size)
		return append(text.AppendTo(b), 0), nil
	}
	payload, err := text.Pack(nil)
	if err == nil && HeaderSize+len(payload) > limit && text.Shared != nil {
		payload, err = text.PackSmall(nil)
	}
	if err != nil {
		return b, err
	}
	whole := HeaderSize + len(payload)
	if whole > limit {
		return b, fmt.Errorf("%w: %d bytes, compressed %d, at most %d", ErrTooLarge, size, whole, limit)
	}
	return append(appendHeader(b, id, flags|Compressed, size, len(payload), whole), payload...), nil
}

func appendHeader(b []byte, id int32, flags Flags, size, packedSize, whole int) []byte {
	start := len(b)
	b = wire.ResponseHeader{ID: id, Size: int32(whole)}.AppendTo(b)
	b = append(b, make([]byte, HeaderSize-wire.ResponseHeaderSize)...)
	h := b[start:]
	wire.Order.PutUint32(h[offSize:], uint32(size))
	wire.Order.PutUint32(h[offPacked:], uint32(packedSize))
	wire.Order.PutUint32(h[offFlags:], uint32(flags))
	h[offVersion] = Version
	return b
}

// Decode reads a message. Its error names the field that is wrong; as much of id and flags
// as there is comes with it, so that a daemon can refuse a request.
func Decode(b []byte) (Message, error) {
	var m Message
	h, err := wire.ParseResponseHeader(b)
	if err != nil {
		return m, err
	}
	m.ID = h.ID
	if len(b) < HeaderSize {
		return m, fmt.Errorf("header: got %d bytes, want %d", len(b), HeaderSize)
	}
	size := wire.Order.Uint32(b[offSize:])
	packedSize := wire.Order.Uint32(b[offPacked:])
	m.Flags = Flags(wire.Order.Uint32(b[offFlags:]))
	if v := b[offVersion]; v > Version {
		return m, fmt.Errorf("version: got %d, want at most %d", v, Version)
	}
	if h.Size < HeaderSize {
		return m, fmt.Errorf("size: got %d, want at least %d", h.Size, HeaderSize)
	}
	payload := b[HeaderSize:h.Size]
	announced := size
	if packedSize != 0 {
		announced = packedSize
	}
	if uint64(announced) != uint64(len(payload)) {
		return m, fmt.Errorf("size: %d bytes announced, %d follow the header", announced, len(payload))
	}
	if packedSize != 0 {
		if size > packed.MaxSize {
			return m, fmt.Errorf("size_uncompressed: got %d, want at most %d", size, packed.MaxSize)
		}
		if payload, err = packed.Unpack(payload, int(size)); err != nil {
			return m, fmt.Errorf("text: %w", err)
		}
	}
	end := len(payload) - 1
	if end < 0 || bytes.IndexByte(payload, 0) != end {
		return m, errors.New("text: its zero byte is not at its end")
	}
	m.Text = string(payload[:end])
	return m, nil
}
