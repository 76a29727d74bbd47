package wire

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/totem"
)

const joinLen = HeaderLen + 4 + 4 + 4 + 8

// Join tells whom a processor has heard of and whom it holds for failed. With
// Header.NodeID 0 it says goodbye: the sender is the last of Failed.
type Join struct {
	Header
	SystemFrom totem.NodeID
	RingSeq    uint64
	Proc       []totem.NodeID
	Failed     []totem.NodeID
}

// Leave tells whether the message says goodbye, and of whom.
func (j *Join) Leave() (who totem.NodeID, ok bool) {
	if j.NodeID != 0 {
		return 0, false
	}
	if n := len(j.Failed); n > 0 {
		who = j.Failed[n-1]
	}
	return who, true
}

// checkCount compares a count from the network with what a ring may have.
func checkCount(field string, n uint32) error {
	if n > totem.ProcessorCountMax {
		return fmt.Errorf("%s: %w: %d, at most %d", field, ErrCount, n, totem.ProcessorCountMax)
	}
	return nil
}

// Parse reads a memb_join. It reuses the lists. Each count is bounded before
// the two are added, so that their sum cannot wrap (CVE-2026-35092).
func (j *Join) Parse(b []byte) (int, error) {
	if err := j.Header.parse(b, TypeJoin, joinLen); err != nil {
		return 0, err
	}
	o, p := j.Order, b[HeaderLen:]
	j.SystemFrom = totem.NodeID(o.u32(p))
	proc, failed := o.u32(p[4:]), o.u32(p[8:])
	j.RingSeq = o.u64(p[12:])
	if err := checkCount("proc_list_entries", proc); err != nil {
		return 0, err
	}
	if err := checkCount("failed_list_entries", failed); err != nil {
		return 0, err
	}
	end := joinLen + 4*int(proc) + 4*int(failed)
	if len(b) < end {
		return 0, short("proc_list and failed_list", end, len(b))
	}
	j.Proc = o.nodes(j.Proc[:0], b[joinLen:], int(proc))
	j.Failed = o.nodes(j.Failed[:0], b[joinLen+4*int(proc):], int(failed))
	return end, nil
}

// AppendTo writes the memb_join.
func (j *Join) AppendTo(b []byte) []byte {
	o := j.Order
	b = j.Header.AppendTo(b)
	b = o.append32(b, uint32(j.SystemFrom))
	b = o.append32(b, uint32(len(j.Proc)))
	b = o.append32(b, uint32(len(j.Failed)))
	b = o.append64(b, j.RingSeq)
	b = o.appendNodes(b, j.Proc)
	return o.appendNodes(b, j.Failed)
}

func (o Order) nodes(list []totem.NodeID, b []byte, n int) []totem.NodeID {
	for i := range n {
		list = append(list, totem.NodeID(o.u32(b[4*i:])))
	}
	return list
}

func (o Order) appendNodes(b []byte, list []totem.NodeID) []byte {
	for _, id := range list {
		b = o.append32(b, uint32(id))
	}
	return b
}
