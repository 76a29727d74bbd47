package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// DownList is req_exec_cpg_downlist: which nodes of its former membership the
// sender has lost. Receivers only log it; each finds out for itself. On the wire
// its list always has room for totem.ProcessorCountMax nodes.
type DownList struct {
	OldMembers uint32 // size of the former membership
	Left       []totem.NodeID
}

// ParseDownList reads an ExecDownList.
func ParseDownList(msg []byte, order mar.ByteOrder) (DownList, error) {
	r := execReader(msg, ExecDownList, order)
	var d DownList
	d.OldMembers = num(&r, "old_members")
	n := num(&r, "left_nodes")
	if r.Err() == nil && n > totem.ProcessorCountMax {
		r.Fail("left_nodes", "got %d, at most %d", n, totem.ProcessorCountMax)
	}
	if r.Err() != nil {
		return DownList{}, r.Err()
	}
	all := r.Bytes("nodeids", 4*totem.ProcessorCountMax)
	if r.Err() != nil {
		return DownList{}, r.Err()
	}
	if n > 0 {
		d.Left = make([]totem.NodeID, n)
	}
	for i := range d.Left {
		d.Left[i] = totem.NodeID(order.Uint32(all[4*i:]))
	}
	return d, nil
}

// AppendTo appends the message. Preconditions: at most
// totem.ProcessorCountMax nodes have left.
func (d *DownList) AppendTo(b []byte, order mar.ByteOrder) []byte {
	start := len(b)
	b = appendExec(b, ExecDownList, order)
	b = appendNum(b, d.OldMembers, order)
	b = appendNum(b, uint32(len(d.Left)), order)
	for _, id := range d.Left {
		b = order.AppendUint32(b, uint32(id))
	}
	for range totem.ProcessorCountMax - len(d.Left) {
		b = append(b, 0, 0, 0, 0)
	}
	return setSize(b, start, order)
}
