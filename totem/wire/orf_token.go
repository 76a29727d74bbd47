package wire

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// RetransmitEntriesMax is the most requests that a token carries
// (RETRANSMIT_ENTRIES_MAX). corosync 3.1.7 trusts the sender to keep it, which
// was the stack overflow fixed in 2025.
const RetransmitEntriesMax = 30

const (
	orfTokenLen = HeaderLen + 4*4 + ringIDLen + 4*4
	rtrItemLen  = ringIDLen + 4
)

// RtrItem asks for one message again.
type RtrItem struct {
	Ring totem.RingID
	Seq  uint32
}

// ORFToken is the token: ordering, reliability, flow control.
type ORFToken struct {
	Header
	Seq      uint32 // the last sequence number given to a message
	TokenSeq uint32 // grows by one at every visit; an old one is a copy
	Aru      uint32 // all have received up to here
	AruAddr  uint32 // who lowered Aru, 0 when it has caught up with Seq
	Ring     totem.RingID
	Backlog  uint32 // packets waiting on all processors
	FCC      uint32 // packets sent during the last rotation
	// RetransFlg tells in recovery that someone has still old messages to send.
	RetransFlg int32
	Rtr        []RtrItem
}

// Parse reads a token. It reuses t.Rtr.
func (t *ORFToken) Parse(b []byte) (int, error) {
	if err := t.Header.parse(b, TypeORFToken, orfTokenLen); err != nil {
		return 0, err
	}
	o, p := t.Order, b[HeaderLen:]
	t.Seq = o.u32(p)
	t.TokenSeq = o.u32(p[4:])
	t.Aru = o.u32(p[8:])
	t.AruAddr = o.u32(p[12:])
	t.Ring = o.ringID(p[16:])
	t.Backlog = o.u32(p[28:])
	t.FCC = o.u32(p[32:])
	t.RetransFlg = int32(o.u32(p[36:]))
	n := o.u32(p[40:])
	if n > RetransmitEntriesMax {
		return 0, fmt.Errorf("rtr_list_entries: %w: %d, at most %d", ErrCount, n, RetransmitEntriesMax)
	}
	end := orfTokenLen + int(n)*rtrItemLen
	if len(b) < end {
		return 0, short("rtr_list", end, len(b))
	}
	t.Rtr = t.Rtr[:0]
	for p = b[orfTokenLen:end]; len(p) > 0; p = p[rtrItemLen:] {
		t.Rtr = append(t.Rtr, RtrItem{o.ringID(p), o.u32(p[ringIDLen:])})
	}
	return end, nil
}

// AppendTo writes the token.
func (t *ORFToken) AppendTo(b []byte) []byte {
	o := t.Order
	b = t.Header.AppendTo(b)
	b = o.append32(b, t.Seq)
	b = o.append32(b, t.TokenSeq)
	b = o.append32(b, t.Aru)
	b = o.append32(b, t.AruAddr)
	b = o.appendRingID(b, t.Ring)
	b = o.append32(b, t.Backlog)
	b = o.append32(b, t.FCC)
	b = o.append32(b, uint32(t.RetransFlg))
	b = o.append32(b, uint32(len(t.Rtr)))
	for _, r := range t.Rtr {
		b = o.appendRingID(b, r.Ring)
		b = o.append32(b, r.Seq)
	}
	return b
}
