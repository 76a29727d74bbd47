package remote

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

// HeaderSize is what stands before the payload, in bytes.
const HeaderSize = 40

// Version is that of the format (REMOTE_MSG_VERSION).
const Version = 1

// mark begins each message, and tells the byte order of its sender (ENDIAN_LOCAL).
const mark = 0xBADADBBD

// Where the fields are.
const (
	offVersion  = 4
	offID       = 8
	offFlags    = 16
	offSize     = 24
	offPayload  = 28
	offPacked   = 32
	offUnpacked = 36
)

// ErrMark is what does not begin as a message does.
var ErrMark = errors.New("mark")

// ErrTooLarge is a message that is larger than its sender may have it, or than the format allows.
var ErrTooLarge = errors.New("message too large")

// Header is what stands before the payload. Sizes are in bytes.
type Header struct {
	Version  uint32
	ID       uint64 // counts the sender's messages
	Flags    uint64 // 0
	Size     uint32 // of header and payload
	Payload  uint32 // where it begins
	Packed   uint32 // size of the payload if it is compressed, else 0
	Unpacked uint32 // size of the text, its final zero byte included
}

// ParseHeader reads the header at the beginning of b, in either byte order. Its error names the field
// that is wrong.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("header: got %d bytes, want %d", len(b), HeaderSize)
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if got := order.Uint32(b); got != mark {
		order = binary.BigEndian
		if swapped := order.Uint32(b); swapped != mark {
			return Header{}, fmt.Errorf("%w: %x is neither %x nor the swab'd %x", ErrMark, mark, got, swapped)
		}
	}
	h := Header{
		Version: order.Uint32(b[offVersion:]), ID: order.Uint64(b[offID:]), Flags: order.Uint64(b[offFlags:]),
		Size: order.Uint32(b[offSize:]), Payload: order.Uint32(b[offPayload:]),
		Packed: order.Uint32(b[offPacked:]), Unpacked: order.Uint32(b[offUnpacked:]),
	}
	length := h.Unpacked
	if h.Packed != 0 {
		length = h.Packed
	}
	switch {
	case h.Size < HeaderSize:
		return h, fmt.Errorf("size: got %d, want at least %d", h.Size, HeaderSize)
	case h.Payload < HeaderSize:
		return h, fmt.Errorf("payload_offset: got %d, want at least %d", h.Payload, HeaderSize)
	case uint64(h.Payload)+uint64(length) != uint64(h.Size):
		return h, fmt.Errorf("size: got %d, but %d bytes at %d", h.Size, length, h.Payload)
	}
	return h, nil
}

// Append appends a message to b. A text that has a zero byte ends there for its receiver.
func Append(b []byte, id uint64, text string) ([]byte, error) {
	if len(text) > math.MaxInt32-HeaderSize-1 {
		return b, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(text))
	}
	order, size := binary.LittleEndian, uint32(len(text)+1)
	b = order.AppendUint32(b, mark)
	b = order.AppendUint32(b, Version)
	b = order.AppendUint64(b, id)
	b = order.AppendUint64(b, 0)
	b = order.AppendUint32(b, HeaderSize+size)
	b = order.AppendUint32(b, HeaderSize)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint32(b, size)
	return append(append(b, text...), 0), nil
}

// Text is the text of a message with that header, of which b is the whole, header included. It may
// have at most limit bytes.
func (h Header) Text(b []byte, limit int) (string, error) {
	if uint64(len(b)) != uint64(h.Size) || h.Payload > h.Size {
		return "", fmt.Errorf("size: got %d bytes, want %d", len(b), h.Size)
	}
	if uint64(h.Unpacked) > uint64(limit) {
		return "", fmt.Errorf("payload_uncompressed: %w: %d bytes, at most %d", ErrTooLarge, h.Unpacked, limit)
	}
	payload := b[h.Payload:]
	if h.Packed != 0 {
		var err error
		if payload, err = packed.Unpack(payload, int(h.Unpacked)); err != nil {
			return "", fmt.Errorf("payload: %w", err)
		}
	}
	if len(payload) == 0 || payload[len(payload)-1] != 0 {
		return "", errors.New("payload: no zero byte at its end")
	}
	return string(payload[:bytes.IndexByte(payload, 0)]), nil
}
