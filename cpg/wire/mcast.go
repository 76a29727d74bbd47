package wire

import "github.com/ringmaster-ha/ringmaster/internal/mar"

// Mcast is req_exec_cpg_mcast: a message to a group.
type Mcast struct {
	Group   []byte
	PID     uint32
	Source  Source
	Message []byte
}

// Offsets within req_exec_cpg_mcast.
const (
	mcastLen  = 16 + nameSize
	mcastHead = mcastLen + 8 + 8 + 16
)

// ParseMcast reads an ExecMcast.
func ParseMcast(msg []byte, order mar.ByteOrder) (Mcast, error) {
	var m Mcast
	r := execReader(msg, ExecMcast, order)
	m.Group = name(&r, "group_name")
	n := num(&r, "msglen")
	m.PID = num(&r, "pid")
	m.Source = source(&r)
	m.Message = payload(&r, "msglen", n)
	if r.Err() != nil {
		return Mcast{}, r.Err()
	}
	return m, nil
}

// AppendTo appends the message.
func (m *Mcast) AppendTo(b []byte, order mar.ByteOrder) []byte {
	start := len(b)
	b = m.AppendHead(b, len(m.Message), order)
	b = append(b, m.Message...)
	return setSize(b, start, order)
}

// AppendHead appends what is in front of a payload of n bytes, header
// included, without looking at m.Message.
func (m *Mcast) AppendHead(b []byte, n int, order mar.ByteOrder) []byte {
	start := len(b)
	b = appendExec(b, ExecMcast, order)
	b = appendName(b, m.Group, order)
	b = appendNum(b, uint32(n), order)
	b = appendNum(b, m.PID, order)
	b = appendSource(b, m.Source, order)
	order.PutUint32(b[start+8:], uint32(len(b)-start+n))
	return b
}

// SetMcastLen changes the payload length in what AppendHead has appended to an
// empty buffer, so that one head serves many messages.
func SetMcastLen(head []byte, n int, order mar.ByteOrder) {
	order.PutUint32(head[8:], uint32(mcastHead+n))
	order.PutUint32(head[mcastLen:], uint32(n))
}

// PartialMcast is req_exec_cpg_partial_mcast: a fragment of a message that is
// too long for one request of a client.
type PartialMcast struct {
	Group   []byte
	MsgLen  uint32 // of the whole message
	PID     uint32
	Type    Partial
	Source  Source
	Message []byte // the fragment
}

// ParsePartialMcast reads an ExecPartialMcast.
func ParsePartialMcast(msg []byte, order mar.ByteOrder) (PartialMcast, error) {
	var m PartialMcast
	r := execReader(msg, ExecPartialMcast, order)
	m.Group = name(&r, "group_name")
	m.MsgLen = num(&r, "msglen")
	n := num(&r, "fraglen")
	m.PID = num(&r, "pid")
	m.Type = Partial(num(&r, "type"))
	m.Source = source(&r)
	m.Message = payload(&r, "fraglen", n)
	if r.Err() != nil {
		return PartialMcast{}, r.Err()
	}
	return m, nil
}

// AppendTo appends the message.
func (m *PartialMcast) AppendTo(b []byte, order mar.ByteOrder) []byte {
	b = m.AppendHead(b, len(m.Message), order)
	return append(b, m.Message...)
}

// AppendHead appends what is in front of a fragment of n bytes, header
// included, without looking at m.Message.
func (m *PartialMcast) AppendHead(b []byte, n int, order mar.ByteOrder) []byte {
	start := len(b)
	b = appendExec(b, ExecPartialMcast, order)
	b = appendName(b, m.Group, order)
	b = appendNum(b, m.MsgLen, order)
	b = appendNum(b, uint32(n), order)
	b = appendNum(b, m.PID, order)
	b = appendNum(b, uint32(m.Type), order)
	b = appendSource(b, m.Source, order)
	order.PutUint32(b[start+8:], uint32(len(b)-start+n))
	return b
}

func source(r *mar.Reader) Source {
	var s Source
	s.Node = num(r, "source.nodeid")
	s.Conn = r.U64("source.conn")
	return s
}

func appendSource(b []byte, s Source, order mar.ByteOrder) []byte {
	b = appendNum(b, s.Node, order)
	return order.AppendUint64(b, s.Conn)
}

// payload takes the n bytes that end a message; more than n is tolerated, as
// the layers below may pad.
func payload(r *mar.Reader, field string, n uint32) []byte {
	if r.Err() == nil && uint64(n) > uint64(len(r.Rest())) {
		r.Fail(field, "got %d, message has %d bytes left", n, len(r.Rest()))
		return nil
	}
	return r.Bytes(field, int(n))
}
