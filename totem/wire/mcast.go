package wire

import "github.com/ringmaster-ha/ringmaster/totem"

// McastLen is the length of what precedes the payload of a multicast, in bytes.
const McastLen = HeaderLen + 4 + 4 + 4 + ringIDLen + 4 + 4

// Mcast is the head of a message that the ring orders. Its payload follows; in
// an encapsulated one the payload is a whole multicast of the old ring, head
// and all, in the byte order of whoever sent that one.
type Mcast struct {
	Header
	SystemFrom   totem.NodeID
	Seq          uint32 // place in the ring's order, from 1
	ThisSeqno    int32  // counts what its sender sent; nobody reads it
	Ring         totem.RingID
	NodeIDUnused uint32 // the reference's node_id, which it leaves 0
	Guarantee    int32
}

// Parse reads the head of a multicast; the payload begins at the length returned.
func (m *Mcast) Parse(b []byte) (int, error) {
	if err := m.Header.parse(b, TypeMcast, McastLen); err != nil {
		return 0, err
	}
	o := m.Order
	m.SystemFrom = totem.NodeID(o.u32(b[HeaderLen:]))
	b = b[HeaderLen+4:]
	m.Seq = o.u32(b)
	m.ThisSeqno = int32(o.u32(b[4:]))
	m.Ring = o.ringID(b[8:])
	m.NodeIDUnused = o.u32(b[20:])
	m.Guarantee = int32(o.u32(b[24:]))
	return McastLen, nil
}

// AppendTo writes the head; the caller appends the payload.
func (m *Mcast) AppendTo(b []byte) []byte {
	o := m.Order
	b = m.Header.AppendTo(b)
	b = o.append32(b, uint32(m.SystemFrom))
	b = o.append32(b, m.Seq)
	b = o.append32(b, uint32(m.ThisSeqno))
	b = o.appendRingID(b, m.Ring)
	b = o.append32(b, m.NodeIDUnused)
	return o.append32(b, uint32(m.Guarantee))
}
