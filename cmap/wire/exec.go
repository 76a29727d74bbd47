package wire

import (
	"bytes"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// ExecMcast is the one message between daemons.
const ExecMcast = 0

// Reason tells why an ExecMcast was sent.
type Reason uint8

// The reasons.
const (
	ReasonSync             Reason = 0 // at each synchronisation
	ReasonNewConfigVersion Reason = 1 // totem.config_version has changed
)

// ItemsMax is the most keys in one message.
const ItemsMax = 32

// Mcast is req_exec_cmap_mcast: keys and their values on the sender.
type Mcast struct {
	Reason Reason
	Items  []Item
}

// Item is one key; the value is none when the sender has no such key.
type Item struct {
	Key   string
	Value icmap.Value
}

// AppendTo appends what follows the header, in this machine's byte order.
func (m Mcast) AppendTo(b []byte) []byte {
	w := mar.NewWriter(b, service.Order)
	w.U8(uint8(m.Reason)).Align(8).U8(uint8(len(m.Items))).Pad(7).Pad(16)
	for _, it := range m.Items {
		w.Name(it.Key).Align(8).U8(uint8(it.Value.Type())).Align(8).U64(uint64(it.Value.Len())).Bytes(it.Value.Bytes()).Align(8)
	}
	return w.Buf()
}

// ParseMcast reads a message with its header, in the sender's byte order.
func ParseMcast(b []byte, order mar.ByteOrder) (Mcast, error) {
	r := mar.NewReader(b, order)
	r.Bytes("header", service.HeaderSize)
	m := Mcast{Reason: Reason(r.U8("reason"))}
	n := int(r.Align(8).U8("no_items"))
	r.Align(8).Bytes("reserved", 16)
	if n > ItemsMax {
		r.Fail("no_items", "%d, at most %d", n, ItemsMax)
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		m.Items = append(m.Items, readItem(r, order))
	}
	if r.Err() != nil {
		return Mcast{}, r.Err()
	}
	return m, nil
}

func readItem(r *mar.Reader, order mar.ByteOrder) (it Item) {
	it.Key = r.Name("key_name")
	t := icmap.Type(r.Align(8).U8("value_type"))
	length := r.Align(8).U64("value_len")
	if length > icmap.ValueMax+1 {
		r.Fail("value_len", "%d, at most %d", length, icmap.ValueMax+1)
		return it
	}
	b := r.Bytes("value", int(length))
	r.Align(8)
	if r.Err() != nil || t == icmap.None && length == 0 {
		return it
	}
	v, err := icmap.Decode(t, native(b, t, order))
	if err != nil {
		r.Fail("value", "%d bytes are no %v", length, t)
	}
	it.Value = v
	return it
}

// native turns a number's bytes into this machine's order.
func native(b []byte, t icmap.Type, order mar.ByteOrder) []byte {
	if t.Size() < 2 || len(b) != t.Size() || order.Uint16([]byte{1, 0}) == service.Order.Uint16([]byte{1, 0}) {
		return b
	}
	b = bytes.Clone(b)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b
}
