package cfgwire

import (
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Source tells where a request came from: mar_message_source_t. Conn means
// something only to the node that wrote it.
type Source struct {
	Node totem.NodeID
	Conn uint64
}

// The bodies of ring messages go behind the executive header that the host
// puts in front; ExecShutdown has none, ExecRingReenable has a Source.

// AppendExecKillNode encodes the body of ExecKillNode.
func AppendExecKillNode(b []byte, order mar.ByteOrder, k KillNode) []byte {
	w := mar.NewWriter(b, order).U32(uint32(k.Node)).Align(8)
	w.U16(uint16(min(len(k.Reason), mar.NameLen-1) + 1)).Align(8)
	fixed(w, k.Reason, mar.NameLen)
	return w.Buf()
}

// ParseExecKillNode reads the whole message, header included.
func ParseExecKillNode(b []byte, order mar.ByteOrder) (KillNode, error) {
	r := ringMessage(b, order)
	k := KillNode{Node: totem.NodeID(r.U32("nodeid"))}
	k.Reason = cstring(r, "reason", []byte(r.Name("reason")))
	return k, wrap("killnode", r.Err())
}

// AppendSource encodes the body of ExecReloadConfig.
func AppendSource(b []byte, order mar.ByteOrder, s Source) []byte {
	return mar.NewWriter(b, order).U32(uint32(s.Node)).Align(8).U64(s.Conn).Buf()
}

// ParseSource reads the whole message, header included.
func ParseSource(b []byte, order mar.ByteOrder) (Source, error) {
	r := ringMessage(b, order)
	s := Source{Node: totem.NodeID(r.U32("source.nodeid"))}
	s.Conn = r.Align(8).U64("source.conn")
	return s, wrap("reload", r.Err())
}

// AppendPhase encodes the body of ExecCryptoReconfig.
func AppendPhase(b []byte, order mar.ByteOrder, phase uint32) []byte {
	return mar.NewWriter(b, order).U32(phase).Align(8).Buf()
}

// ParsePhase reads the whole message, header included.
func ParsePhase(b []byte, order mar.ByteOrder) (uint32, error) {
	r := ringMessage(b, order)
	v := r.U32("phase")
	return v, wrap("crypto reconfiguration", r.Err())
}
