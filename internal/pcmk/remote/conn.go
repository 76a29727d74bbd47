package remote

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
)

// MaxSize is a limit for Receive from those who are known, in bytes.
const MaxSize = 256 << 20

// MaxLogin is one for those who are not known yet.
const MaxLogin = 64 << 10

// sent counts the messages of the process.
var sent atomic.Uint64

// Next is a message to send, with the next number of the process.
func Next(text string) ([]byte, error) { return Append(nil, sent.Add(1), text) }

// Conn sends and receives messages over a stream. One goroutine at a time may send, and one receive.
type Conn struct{ stream io.ReadWriter }

// NewConn is a connection over a stream.
func NewConn(stream io.ReadWriter) *Conn { return &Conn{stream} }

// Send sends a message.
func (c *Conn) Send(text string) error {
	b, err := Next(text)
	if err != nil {
		return err
	}
	return Write(c.stream, b)
}

// Write sends a message that Next has made, the header for itself. Over TLS that is a record for itself: the
// reference asks for the header first, is given as much of the first record as it has room for, and then waits
// for the socket, not for the rest of the record.
func Write(w io.Writer, message []byte) error {
	if _, err := w.Write(message[:HeaderSize]); err != nil {
		return err
	}
	_, err := w.Write(message[HeaderSize:])
	return err
}

// Receive waits for a message of at most limit bytes, which is also the limit for its text. It is
// io.EOF if the stream ends between two messages. After any error no more messages can be
// received.
func (c *Conn) Receive(limit int) (string, error) {
	var head [HeaderSize]byte
	if _, err := io.ReadFull(c.stream, head[:]); err != nil {
		return "", err
	}
	h, err := ParseHeader(head[:])
	if err != nil {
		return "", err
	}
	if uint64(h.Size) > uint64(limit) {
		return "", fmt.Errorf("size: %w: %d bytes, at most %d", ErrTooLarge, h.Size, limit)
	}
	var message bytes.Buffer
	message.Write(head[:])
	if _, err := io.CopyN(&message, c.stream, int64(h.Size)-HeaderSize); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	return h.Text(message.Bytes(), limit)
}
