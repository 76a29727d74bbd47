package wire

import "github.com/ringmaster-ha/ringmaster/totem"

func (o Order) ringID(b []byte) totem.RingID {
	return totem.RingID{Rep: totem.NodeID(o.u32(b)), Seq: o.u64(b[4:])}
}

func (o Order) appendRingID(b []byte, r totem.RingID) []byte {
	b = o.append32(b, uint32(r.Rep))
	return o.append64(b, r.Seq)
}

// ringIDLen is the length of memb_ring_id in bytes: rep and seq without padding.
const ringIDLen = 12
