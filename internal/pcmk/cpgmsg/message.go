package cpgmsg

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

const (
	// frameSize is what stands before the payload, in bytes.
	frameSize = 592
	nameRoom  = 256
)

// MaxName is the longest name of a node in bytes.
const MaxName = nameRoom - 1

// Address is one end of a message. The zero value stands for all nodes.
type Address struct {
	Node    uint32 // 0: not said
	PID     uint32
	Local   bool // never looked at
	Service Service
	Name    string // of the node; empty: not said
}

// Message is one message of a daemon to its peers.
type Message struct {
	ID       uint32 // counted by the sending process, from 1
	Receiver Address
	Sender   Address
	Text     string // an XML document
}

// Encode appends a message to b. A text of packed.Threshold bytes or more is compressed.
func Encode(b []byte, m *Message) ([]byte, error) {
	if err := checkName("receiver", m.Receiver.Name); err != nil {
		return b, err
	}
	if err := checkName("sender", m.Sender.Name); err != nil {
		return b, err
	}
	payload := append([]byte(m.Text), 0)
	size, packedSize := len(payload), 0
	if size > packed.MaxSize {
		return b, fmt.Errorf("text: %d bytes are more than %d", size, packed.MaxSize)
	}
	if size >= packed.Threshold {
		var err error
		if payload, err = packed.Pack(payload); err != nil {
			return b, fmt.Errorf("text: %w", err)
		}
		packedSize = len(payload)
	}
	w := ipcmsg.NewResponse(b, 0, cserr.OK).U32(m.ID).U32(flag(packedSize > 0))
	writeAddress(w, &m.Receiver)
	writeAddress(w, &m.Sender)
	return ipcmsg.Sized(w.U32(uint32(size)).U32(uint32(packedSize)).Bytes(payload)), nil
}

func checkName(field, name string) error {
	if len(name) > MaxName {
		return fmt.Errorf("%s: a name of %d bytes, at most %d fit", field, len(name), MaxName)
	}
	return nil
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func writeAddress(w *mar.Writer, a *Address) {
	w.U32(a.Node).U32(a.PID).U32(flag(a.Local)).U32(uint32(a.Service)).U32(uint32(len(a.Name)))
	w.Bytes([]byte(a.Name)).Pad(nameRoom - len(a.Name))
}

// Decode reads a message. Its error names the field that is wrong.
func Decode(b []byte) (*Message, error) {
	r, h := ipcmsg.ReadResponse(b)
	var m Message
	if h.ID != 0 {
		r.Fail("header.id", "unknown class %d", h.ID)
	}
	if h.Error != cserr.OK {
		r.Fail("header.error", "sender indicated error %d", h.Error)
	}
	m.ID = r.U32("id")
	isPacked := r.U32("is_compressed") != 0
	m.Receiver = readAddress(r, "host")
	m.Sender = readAddress(r, "sender")
	size := r.U32("size")
	packedSize := r.U32("compressed_size")
	if int64(h.Size) != int64(len(b)) {
		r.Fail("header.size", "%d of a message of %d bytes", h.Size, len(b))
	}
	payload := r.Rest()
	if err := r.Err(); err != nil {
		return nil, err
	}
	announced := size
	if isPacked {
		announced = packedSize
	}
	if len(payload) == 0 || uint64(announced) != uint64(len(payload)) {
		return nil, fmt.Errorf("size: %d bytes announced, %d follow the frame", announced, len(payload))
	}
	if isPacked {
		if size > packed.MaxSize {
			return nil, fmt.Errorf("size: %d bytes are more than %d", size, packed.MaxSize)
		}
		text, err := packed.Unpack(payload, int(size))
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		payload = text
	}
	if len(payload) == 0 || bytes.IndexByte(payload, 0) != len(payload)-1 {
		return nil, fmt.Errorf("data: payload does not end at byte %d", size)
	}
	m.Text = string(payload[:len(payload)-1])
	return &m, nil
}

func readAddress(r *mar.Reader, field string) Address {
	a := Address{
		Node:    r.U32(field + ".id"),
		PID:     r.U32(field + ".pid"),
		Local:   r.U32(field+".local") != 0,
		Service: Service(r.U32(field + ".type")),
	}
	size := r.U32(field + ".size")
	room := r.Bytes(field+".uname", nameRoom)
	if size > MaxName {
		r.Fail(field+".size", "a name of %d bytes, at most %d fit", size, MaxName)
		return a
	}
	if r.Err() == nil {
		a.Name = string(room[:size])
		if strings.IndexByte(a.Name, 0) >= 0 {
			r.Fail(field+".uname", "a zero byte within the name")
		}
	}
	return a
}

// For tells whether the message is meant for the node of this id and name. Names are
// compared without regard to case.
func (m *Message) For(node uint32, name string) bool {
	return (m.Receiver.Node == 0 || m.Receiver.Node == node) &&
		(m.Receiver.Name == "" || strings.EqualFold(m.Receiver.Name, name))
}

// From notes the node that the group says the message came from. One that says that it
// comes from another is an error.
func (m *Message) From(node uint32) error {
	if m.Sender.Node != 0 && m.Sender.Node != node {
		return fmt.Errorf("sender.id: node %d sends as node %d", node, m.Sender.Node)
	}
	m.Sender.Node = node
	return nil
}
