package dhtls

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// maxMessage is the largest handshake message that is read, in bytes.
const maxMessage = 1 << 14

// Conn is an encrypted connection. One goroutine may read while another writes.
type Conn struct {
	net.Conn
	client bool
	random io.Reader

	records records
	// What the handshake reads before it is used, and all that it has read and written.
	pending    []byte
	transcript []byte

	reading sync.Mutex
	rest    []byte // of the last record
	ended   error  // why there is no more to read

	writing sync.Mutex
	closed  bool
}

// Client makes an encrypted connection of one, and returns when it has. ctx limits how long it may take. The
// connection is left to its owner if there is an error.
func Client(ctx context.Context, conn net.Conn) (*Conn, error) {
	return handshake(ctx, &Conn{Conn: conn, client: true, random: rand.Reader})
}

// Server is Client for the other side.
func Server(ctx context.Context, conn net.Conn) (*Conn, error) {
	return handshake(ctx, &Conn{Conn: conn, random: rand.Reader})
}

func handshake(ctx context.Context, c *Conn) (*Conn, error) {
	c.records.stream = c.Conn
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	run := c.serve
	if c.client {
		run = c.connect
	}
	err := run()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		c.complain(err)
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	c.transcript = nil
	return c, nil
}

// complain tells the peer what it has done wrong.
func (c *Conn) complain(err error) {
	var f *fault
	if errors.As(err, &f) {
		_ = c.SetWriteDeadline(time.Now().Add(closeTimeout))
		_ = c.alert(f.alert, true)
	}
}

func (c *Conn) alert(a Alert, fatal bool) error {
	level := byte(1)
	if fatal {
		level = 2
	}
	return c.records.write(recordAlert, []byte{level, byte(a)})
}

// say sends handshake messages.
func (c *Conn) say(messages ...[]byte) error {
	all := bytes.Join(messages, nil)
	c.transcript = append(c.transcript, all...)
	return c.records.write(recordHandshake, all)
}

// hear waits for a handshake message of a kind, and returns what is in it.
func (c *Conn) hear(kind byte) ([]byte, error) {
	for n := 0; ; n++ {
		if len(c.pending) >= 4 {
			s := cryptobyte.String(c.pending[1:])
			var size uint32
			s.ReadUint24(&size)
			switch {
			case size > maxMessage:
				return nil, wrong(alertDecode, "handshake message of %d bytes", size)
			case len(s) >= int(size):
				whole := c.pending[:4+size]
				c.pending = c.pending[4+size:]
				if whole[0] == typeHelloRequest && c.client {
					continue // it may always be passed over, and is no part of the transcript
				}
				if whole[0] != kind {
					return nil, wrong(alertUnexpected, "handshake message %d, want %d", whole[0], kind)
				}
				c.transcript = append(c.transcript, whole...)
				return whole[4:], nil
			}
		}
		if n > idle {
			return nil, wrong(alertUnexpected, "handshake in too small pieces")
		}
		data, err := c.expect(recordHandshake)
		if err != nil {
			return nil, err
		}
		if len(data) == 0 {
			return nil, wrong(alertUnexpected, "empty handshake record")
		}
		c.pending = append(c.pending, data...)
	}
}

// expect waits for a record of a kind during the handshake.
func (c *Conn) expect(want byte) ([]byte, error) {
	for range idle {
		kind, data, err := c.records.read()
		switch {
		case err != nil:
			return nil, err
		case kind == want:
			return data, nil
		case kind != recordAlert:
			return nil, wrong(alertUnexpected, "record of type %d, want %d", kind, want)
		}
		if err := heard(data); err != nil {
			return nil, err
		}
	}
	return nil, wrong(alertUnexpected, "nothing but warnings")
}

// heard is what an alert comes to: nil if it is a warning that means nothing to us.
func heard(data []byte) error {
	switch {
	case len(data) != 2:
		return wrong(alertDecode, "alert of %d bytes", len(data))
	case Alert(data[1]) == alertCloseNotify:
		return io.EOF
	case data[0] == 1:
		return nil
	}
	return &PeerError{Alert(data[1])}
}

// finish sends our end of the handshake.
func (c *Conn) finish(s *secrets) error {
	label, out := "server finished", s.server
	if c.client {
		label, out = "client finished", s.client
	}
	if err := c.records.write(recordChangeCipher, []byte{1}); err != nil {
		return err
	}
	c.records.out.next = &out
	c.records.out.change()
	verify := s.verify(label, c.transcript)
	return c.say(message(typeFinished, func(b *cryptobyte.Builder) { b.AddBytes(verify) }))
}

// finished waits for the peer's end of the handshake.
func (c *Conn) finished(s *secrets) error {
	label, in := "client finished", s.client
	if c.client {
		label, in = "server finished", s.server
	}
	if len(c.pending) != 0 {
		return wrong(alertUnexpected, "handshake message before a change of ciphers")
	}
	data, err := c.expect(recordChangeCipher)
	switch {
	case err != nil:
		return err
	case len(data) != 1 || data[0] != 1:
		return malformed("ChangeCipherSpec")
	}
	c.records.in.next = &in
	c.records.in.change()
	want := s.verify(label, c.transcript)
	got, err := c.hear(typeFinished)
	switch {
	case err != nil:
		return err
	case subtle.ConstantTimeCompare(got, want) != 1:
		return wrong(alertDecrypt, "Finished does not fit")
	case len(c.pending) != 0:
		return wrong(alertUnexpected, "handshake message behind Finished")
	}
	return nil
}

// Read is io.Reader's. The end that the peer has announced is io.EOF, any other io.ErrUnexpectedEOF.
func (c *Conn) Read(b []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	for n := 0; len(c.rest) == 0; n++ {
		if c.ended != nil {
			return 0, c.ended
		}
		if len(b) == 0 {
			return 0, nil
		}
		if err := c.fill(n > idle); err != nil {
			c.ended = err // also a deadline: the record it may have cut off cannot be found again
			return 0, err
		}
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// fill reads a record.
func (c *Conn) fill(tooMany bool) error {
	kind, data, err := c.records.read()
	switch {
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err == nil && tooMany:
		err = wrong(alertUnexpected, "too many records without data")
	case err == nil && kind == recordData:
		c.rest = data
	case err == nil && kind == recordAlert:
		err = heard(data)
	case err == nil && kind == recordHandshake:
		// Whoever wants to begin anew is told that there is no such thing.
		err = c.answer(alertNoRenegotiation, false)
	case err == nil:
		err = wrong(alertUnexpected, "record of type %d", kind)
	}
	var f *fault
	if errors.As(err, &f) {
		_ = c.answer(f.alert, true)
	}
	return err
}

func (c *Conn) answer(a Alert, fatal bool) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.alert(a, fatal)
}

// Write is io.Writer's.
func (c *Conn) Write(b []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	if len(b) == 0 {
		return 0, nil
	}
	if err := c.records.write(recordData, b); err != nil {
		c.closed = true // what of it has gone nobody knows
		return 0, err
	}
	return len(b), nil
}

// closeTimeout is how long the announcement of an end may take.
const closeTimeout = time.Second

// Close announces the end, and ends the connection.
func (c *Conn) Close() error {
	_ = c.SetWriteDeadline(time.Now().Add(closeTimeout)) // also of a Write that is under way
	c.writing.Lock()
	if !c.closed {
		c.closed = true
		_ = c.alert(alertCloseNotify, false)
	}
	c.writing.Unlock()
	return c.Conn.Close()
}
