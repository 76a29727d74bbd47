package wire

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/totem"
)

const (
	commitTokenLen = HeaderLen + 4 + ringIDLen + 4 + 4 + 4
	membEntryLen   = ringIDLen + 3*4
)

// MembEntry is what a processor writes into the commit token about the ring
// that it comes from.
type MembEntry struct {
	Ring          totem.RingID
	Aru           uint32
	HighDelivered uint32
	ReceivedFlg   uint32 // 0: messages of the old ring are missing here
}

// CommitToken goes twice around the processors of a new ring: once to collect
// their entries, once to hand them to all.
type CommitToken struct {
	Header
	TokenSeq   uint32
	Ring       totem.RingID
	RetransFlg uint32
	MembIndex  int32 // how many entries are filled in
	Addrs      []totem.NodeID
	Memb       []MembEntry // as many as Addrs
}

// Parse reads a memb_commit_token. It reuses the lists. An index beyond the
// list is an error here because the reference writes where it points.
func (c *CommitToken) Parse(b []byte) (int, error) {
	if err := c.Header.parse(b, TypeCommitToken, commitTokenLen); err != nil {
		return 0, err
	}
	o, p := c.Order, b[HeaderLen:]
	c.TokenSeq = o.u32(p)
	c.Ring = o.ringID(p[4:])
	c.RetransFlg = o.u32(p[16:])
	c.MembIndex = int32(o.u32(p[20:]))
	n := o.u32(p[24:])
	if err := checkCount("addr_entries", n); err != nil {
		return 0, err
	}
	if c.MembIndex < 0 || c.MembIndex > int32(n) {
		return 0, fmt.Errorf("memb_index: %w: %d of %d", ErrValue, c.MembIndex, n)
	}
	end := commitTokenLen + int(n)*(4+membEntryLen)
	if len(b) < end {
		return 0, short("addr and memb_list", end, len(b))
	}
	c.Addrs = o.nodes(c.Addrs[:0], b[commitTokenLen:], int(n))
	c.Memb = c.Memb[:0]
	for p = b[commitTokenLen+4*int(n) : end]; len(p) > 0; p = p[membEntryLen:] {
		c.Memb = append(c.Memb, MembEntry{o.ringID(p), o.u32(p[12:]), o.u32(p[16:]), o.u32(p[20:])})
	}
	return end, nil
}

// AppendTo writes the memb_commit_token; len(c.Memb) must be len(c.Addrs).
func (c *CommitToken) AppendTo(b []byte) []byte {
	o := c.Order
	b = c.Header.AppendTo(b)
	b = o.append32(b, c.TokenSeq)
	b = o.appendRingID(b, c.Ring)
	b = o.append32(b, c.RetransFlg)
	b = o.append32(b, uint32(c.MembIndex))
	b = o.append32(b, uint32(len(c.Addrs)))
	b = o.appendNodes(b, c.Addrs)
	for _, e := range c.Memb {
		b = o.appendRingID(b, e.Ring)
		b = o.append32(b, e.Aru)
		b = o.append32(b, e.HighDelivered)
		b = o.append32(b, e.ReceivedFlg)
	}
	return b
}
