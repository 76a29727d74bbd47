package pg

import (
	"errors"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
)

// HeaderSize is the length of totempg_mcast, which starts every payload.
const HeaderSize = 8

// What can be wrong with a payload. The texts name the fields of
// exec/totempg.c's structures.
var (
	ErrShort  = errors.New("totempg_mcast: too short")
	ErrLens   = errors.New("totempg_mcast: msg_len: too short for msg_count")
	ErrCount  = errors.New("totempg_mcast: msg_count: 0")
	ErrLength = errors.New("totempg_mcast: msg_len: sum differs from the payload's length")
	ErrGroups = errors.New("totempg group header: lengths exceed the message")
)

// Payload is one mcast's payload, parsed: a run of messages of which the first
// may continue an earlier payload's last and the last may go on in a later one.
type Payload struct {
	Fragmented   uint8 // not 0: the last message goes on, under this number
	Continuation uint8 // not 0: the first message continues the fragment of this number
	order        mar.ByteOrder
	lens         []byte
	data         []byte
}

// ParsePayload reads a payload in the sender's byte order. The result aliases
// b. As the reference does, it ignores version and type, and it insists that
// the lengths add up to exactly what is there.
func ParsePayload(b []byte, order mar.ByteOrder) (Payload, error) {
	if len(b) < HeaderSize {
		return Payload{}, fmt.Errorf("%w: %d of %d bytes", ErrShort, len(b), HeaderSize)
	}
	n := int(order.Uint16(b[6:]))
	if n == 0 {
		return Payload{}, ErrCount
	}
	if len(b) < HeaderSize+2*n {
		return Payload{}, fmt.Errorf("%w: %d lengths in %d bytes", ErrLens, n, len(b)-HeaderSize)
	}
	p := Payload{
		Fragmented:   b[4],
		Continuation: b[5],
		order:        order,
		lens:         b[HeaderSize : HeaderSize+2*n],
		data:         b[HeaderSize+2*n:],
	}
	sum := 0
	for i := range n {
		sum += p.length(i)
	}
	if sum != len(p.data) {
		return Payload{}, &LengthError{Want: HeaderSize + 2*n + sum, Got: len(b)}
	}
	return p, nil
}

// LengthError is ErrLength with both lengths, of whole payloads in bytes.
type LengthError struct{ Want, Got int }

func (e *LengthError) Error() string {
	return fmt.Sprintf("%v: want %d bytes, have %d", ErrLength, e.Want, e.Got)
}

// Is makes a LengthError an ErrLength.
func (e *LengthError) Is(target error) bool { return target == ErrLength }

// Count is how many messages, or parts of some, the payload holds; at least 1.
func (p *Payload) Count() int { return len(p.lens) / 2 }

func (p *Payload) length(i int) int { return int(p.order.Uint16(p.lens[2*i:])) }

// appendHeader appends totempg_mcast and room for the lengths of n messages.
func appendHeader(b []byte, order mar.ByteOrder, fragmented, continuation uint8, n int) []byte {
	b = append(b, 0, 0, 0, 0, fragmented, continuation)
	b = order.AppendUint16(b, uint16(n))
	for range n {
		b = append(b, 0, 0)
	}
	return b
}
