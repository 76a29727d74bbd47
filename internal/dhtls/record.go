package dhtls

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The kinds of records.
const (
	recordChangeCipher = 20
	recordAlert        = 21
	recordHandshake    = 22
	recordData         = 23
)

// Versions as they stand in messages.
const (
	version10 = 0x0301 // of a first record, so that old servers read it
	version12 = 0x0303
)

const (
	recordHeader = 5
	maxPlain     = 1 << 14
	// idle is how many records that bring nothing forward may come one after the other.
	idle = 32
)

// records reads and writes records, encrypted once there are secrets.
type records struct {
	stream  io.ReadWriter
	in, out half
	// version is that of the records we send before there are secrets.
	version uint16
}

// half is one direction of the stream.
type half struct {
	direction
	sequence uint64
	next     *direction // from the next change of ciphers on
}

// change begins to use the secrets that the handshake has come to.
func (h *half) change() {
	h.direction, h.sequence, h.next = *h.next, 0, nil
}

// nonce and additional data of a record (RFC 5288, 3; RFC 5246, 6.2.3.3).
func (h *half) additional(kind byte, size int) []byte {
	b := binary.BigEndian.AppendUint64(nil, h.sequence)
	b = append(b, kind)
	b = binary.BigEndian.AppendUint16(b, version12)
	return binary.BigEndian.AppendUint16(b, uint16(size))
}

// errSequence is more records than a key may be used for. It takes longer than anybody will wait.
var errSequence = errors.New("too many records")

func (h *half) advance() error {
	if h.sequence++; h.sequence == 0 {
		return errSequence
	}
	return nil
}

// write sends data of a kind, in as many records as it takes.
func (r *records) write(kind byte, data []byte) error {
	var b []byte
	for first := true; first || len(data) > 0; first = false {
		part := data[:min(len(data), maxPlain)]
		data = data[len(part):]
		version := uint16(version12)
		if r.version != 0 {
			version = r.version
		}
		start := len(b)
		b = binary.BigEndian.AppendUint16(append(b, kind), version)
		b = append(b, 0, 0)
		if h := &r.out; h.aead == nil {
			b = append(b, part...)
		} else {
			b = binary.BigEndian.AppendUint64(b, h.sequence)
			nonce := append(append([]byte(nil), h.salt...), b[len(b)-explicitSize:]...)
			b = h.aead.Seal(b, nonce, part, h.additional(kind, len(part)))
			if err := h.advance(); err != nil {
				return err
			}
		}
		binary.BigEndian.PutUint16(b[start+3:], uint16(len(b)-start-recordHeader))
	}
	_, err := r.stream.Write(b)
	return err
}

// read waits for a record. That the stream ends before one is io.EOF.
func (r *records) read() (kind byte, data []byte, err error) {
	var head [recordHeader]byte
	if _, err := io.ReadFull(r.stream, head[:]); err != nil {
		return 0, nil, err
	}
	kind = head[0]
	size := int(binary.BigEndian.Uint16(head[3:]))
	most := maxPlain
	if r.in.aead != nil {
		most += explicitSize + tagSize
	}
	switch {
	case kind < recordChangeCipher || kind > recordData:
		return 0, nil, wrong(alertUnexpected, "record of type %d", kind)
	case head[1] != 3:
		return 0, nil, wrong(alertVersion, "record of version %d.%d", head[1], head[2])
	case size > most:
		return 0, nil, wrong(alertOverflow, "record of %d bytes, at most %d", size, most)
	}
	data = make([]byte, size)
	if _, err := io.ReadFull(r.stream, data); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	h := &r.in
	if h.aead == nil {
		return kind, data, nil
	}
	if size < explicitSize+tagSize {
		return 0, nil, wrong(alertBadRecord, "encrypted record of %d bytes, at least %d", size, explicitSize+tagSize)
	}
	nonce := append(append([]byte(nil), h.salt...), data[:explicitSize]...)
	sealed := data[explicitSize:]
	if data, err = h.aead.Open(sealed[:0], nonce, sealed, h.additional(kind, len(sealed)-tagSize)); err != nil {
		return 0, nil, &fault{alertBadRecord, fmt.Sprintf("record %d", h.sequence), err}
	}
	return kind, data, h.advance()
}
