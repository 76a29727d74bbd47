package cfgwire

import (
	"net/netip"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/ipcmsg"
	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// MinSize is the least length of each request, header included: up to the last
// field that is read. libcfg sends up to 6 bytes more of padding.
var MinSize = [ReqCount]int{
	ReqRingStatusGet:   reqHeader,
	ReqRingReenable:    reqHeader,
	ReqKillNode:        24 + 2 + mar.NameLen,
	ReqTryShutdown:     20,
	ReqReplyToShutdown: 20,
	ReqGetNodeAddrs:    20,
	ReqLocalGet:        reqHeader,
	ReqReloadConfig:    reqHeader,
	ReqReopenLogFiles:  reqHeader,
	ReqNodeStatusGet:   28,
	ReqTrackStart:      reqHeader,
	ReqTrackStop:       reqHeader,
}

// AppendU32Request encodes a request whose one field is a 32-bit number: the
// flags of ReqTryShutdown, the answer of ReqReplyToShutdown, the node of
// ReqGetNodeAddrs.
func AppendU32Request(b []byte, id int, v uint32) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, int32(id)).U32(v))
}

// ParseU32Request reads what AppendU32Request has written.
func ParseU32Request(b []byte) (uint32, error) {
	r := ipcmsg.ReadRequest(b)
	v := r.U32("value")
	return v, wrap("request", r.Err())
}

// AppendTrackStart encodes ReqTrackStart. No flags are defined.
func AppendTrackStart(b []byte, flags uint8) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqTrackStart).U8(flags))
}

// KillNode asks for a node's end, with a reason for its log; on the client's
// side and on the ring.
type KillNode struct {
	Node   totem.NodeID
	Reason string // at most 255 bytes, without a zero byte
}

// AppendKillNode encodes ReqKillNode. Here a name has its length and its bytes
// back to back (cs_name_t); the length counts the zero at the end.
func AppendKillNode(b []byte, k KillNode) []byte {
	w := ipcmsg.NewRequest(b, ReqKillNode).U32(uint32(k.Node)).Align(8)
	w.U16(uint16(min(len(k.Reason), mar.NameLen-1) + 1))
	fixed(w, k.Reason, mar.NameLen)
	return ipcmsg.Finish(w)
}

// ParseKillNode reads ReqKillNode.
func ParseKillNode(b []byte) (KillNode, error) {
	r := ipcmsg.ReadRequest(b)
	k := KillNode{Node: totem.NodeID(r.U32("nodeid"))}
	r.Align(8)
	n := int(r.U16("reason.length"))
	name := r.Bytes("reason.value", mar.NameLen)
	if r.Err() == nil && n > mar.NameLen {
		r.Fail("reason.length", "%d, at most %d", n, mar.NameLen)
	}
	if r.Err() != nil {
		return KillNode{}, wrap("killnode request", r.Err())
	}
	k.Reason = cstring(r, "reason.value", name[:n])
	return k, wrap("killnode request", r.Err())
}

// NodeStatusVersion is the only version of NodeStatus, CFG_NODE_STATUS_V1.
const NodeStatusVersion = 1

// AppendNodeStatusRequest encodes ReqNodeStatusGet.
func AppendNodeStatusRequest(b []byte, node totem.NodeID, version uint32) []byte {
	return ipcmsg.Finish(ipcmsg.NewRequest(b, ReqNodeStatusGet).U32(uint32(node)).Align(8).U32(version))
}

// ParseNodeStatusRequest reads ReqNodeStatusGet.
func ParseNodeStatusRequest(b []byte) (node totem.NodeID, version uint32, err error) {
	r := ipcmsg.ReadRequest(b)
	node = totem.NodeID(r.U32("nodeid"))
	version = r.Align(8).U32("version")
	return node, version, wrap("nodestatus request", r.Err())
}

// Link is the state of one link to a node.
type Link struct {
	Enabled      bool   // configured, and our side of it is up
	Connected    bool   // data goes through, as seen from here
	DynConnected bool   // brought up by a peer whose address was not known
	MTU          uint32 // bytes
	Src, Dst     string // addresses as text; UDP has the node's own in Src and no Dst
}

// NodeStatus is what the daemon knows of a node and its links
// (corosync_cfg_node_status_v1).
type NodeStatus struct {
	Node      totem.NodeID
	Reachable bool
	Remote    bool
	External  bool
	// Versions of knet's wire format: the span that the node speaks and the
	// one in use. Zero for the other transports.
	OnwireMin, OnwireMax, OnwireVer uint8
	Links                           [MaxLinks]Link
}

func flag(v bool) uint8 {
	if v {
		return 1
	}
	return 0
}

// AppendNodeStatus encodes the response to ReqNodeStatusGet that has one.
func AppendNodeStatus(b []byte, s *NodeStatus) []byte {
	w := ipcmsg.NewResponse(b, ResNodeStatusGet, cserr.OK).U32(NodeStatusVersion).U32(uint32(s.Node))
	for _, v := range []uint8{flag(s.Reachable), flag(s.Remote), flag(s.External), s.OnwireMin, s.OnwireMax, s.OnwireVer} {
		w.U8(v)
	}
	w.Align(4)
	for _, l := range s.Links {
		w.U8(flag(l.Enabled)).U8(flag(l.Connected)).U8(flag(l.DynConnected)).Align(4).U32(l.MTU)
		fixed(w, l.Src, maxHostLen)
		fixed(w, l.Dst, maxHostLen)
	}
	return ipcmsg.Finish(w)
}

// AppendNodeStatusError encodes the response that has none.
func AppendNodeStatusError(b []byte, code cserr.Code) []byte {
	return ipcmsg.Finish(ipcmsg.NewResponse(b, ResNodeStatusGet, code).U32(0))
}

// ParseNodeStatus reads a response without error to ReqNodeStatusGet.
func ParseNodeStatus(b []byte) (*NodeStatus, error) {
	r := ipcmsg.Body(b)
	if v := r.U32("version"); r.Err() == nil && v != NodeStatusVersion {
		r.Fail("version", "%d, want %d", v, NodeStatusVersion)
	}
	s := &NodeStatus{Node: totem.NodeID(r.U32("nodeid"))}
	s.Reachable = r.U8("reachable") != 0
	s.Remote = r.U8("remote") != 0
	s.External = r.U8("external") != 0
	s.OnwireMin, s.OnwireMax, s.OnwireVer = r.U8("onwire_min"), r.U8("onwire_max"), r.U8("onwire_ver")
	r.Align(4)
	for i := range s.Links {
		l := &s.Links[i]
		l.Enabled, l.Connected, l.DynConnected = r.U8("enabled") != 0, r.U8("connected") != 0, r.U8("dynconnected") != 0
		l.MTU = r.Align(4).U32("mtu")
		l.Src = text(r, "src_ipaddr", maxHostLen)
		l.Dst = text(r, "dst_ipaddr", maxHostLen)
	}
	if r.Err() != nil {
		return nil, wrap("nodestatus", r.Err())
	}
	return s, nil
}

// Interface is one of the node's own links: "0 192.0.2.1" and its state.
type Interface struct{ Name, Status string }

// AppendRingStatus encodes the response to ReqRingStatusGet. A name or status
// that does not fit, or too many of them, is CS_ERR_NAME_TOO_LONG with what
// fits; the names keep 3 bytes for the number in front as the reference does.
func AppendRingStatus(b []byte, list []Interface) []byte {
	code := cserr.OK
	var names, stats [MaxInterfaces]string
	n := min(len(list), MaxInterfaces)
	if n < len(list) {
		code = cserr.NameTooLong
	}
	for i, f := range list[:n] {
		if len(f.Name) >= interfaceNameLen-1 || len(f.Status) >= interfaceStatLen {
			code = cserr.NameTooLong
			break
		}
		names[i], stats[i] = f.Name, f.Status
	}
	w := ipcmsg.NewResponse(b, ResRingStatusGet, code).U32(uint32(n)).Align(8)
	for _, s := range names {
		fixed(w, s, interfaceNameLen)
	}
	for _, s := range stats {
		fixed(w, s, interfaceStatLen)
	}
	return ipcmsg.Finish(w)
}

// ParseRingStatus reads the response to ReqRingStatusGet.
func ParseRingStatus(b []byte) ([]Interface, error) {
	r := ipcmsg.Body(b)
	n := r.U32("interface_count")
	if r.Err() == nil && n > MaxInterfaces {
		r.Fail("interface_count", "%d, at most %d", n, MaxInterfaces)
	}
	r.Align(8)
	var list [MaxInterfaces]Interface
	for i := range list {
		list[i].Name = text(r, "interface_name", interfaceNameLen)
	}
	for i := range list {
		list[i].Status = text(r, "interface_status", interfaceStatLen)
	}
	if r.Err() != nil {
		return nil, wrap("ringstatus", r.Err())
	}
	return list[:n:n], nil
}

// Address families as Linux numbers them.
const (
	afInet  = 2
	afInet6 = 10
)

// AppendNodeAddrs encodes the response to ReqGetNodeAddrs; none is
// CS_ERR_NOT_EXIST. The family is the first address's, for all of them.
//
// The reference leaves out an address that begins with two zero bytes, ::1
// among them, as unset; so do we.
func AppendNodeAddrs(b []byte, addrs []netip.Addr) []byte {
	if len(addrs) == 0 {
		return ipcmsg.Finish(ipcmsg.NewResponse(b, ResGetNodeAddrs, cserr.NotExist).U32(0).U32(0))
	}
	family := uint32(afInet6)
	if addrs[0].Is4() {
		family = afInet
	}
	var live [][]byte
	for _, a := range addrs {
		if s := a.AsSlice(); len(s) > 1 && (s[0] != 0 || s[1] != 0) {
			live = append(live, s)
		}
	}
	w := ipcmsg.NewResponse(b, ResGetNodeAddrs, cserr.OK).U32(family).U32(uint32(len(live)))
	for _, s := range live {
		w.Bytes(s).Pad(AddrLen - len(s))
	}
	return ipcmsg.Finish(w.Pad(AddrLen * (len(addrs) - len(live))))
}

// ParseNodeAddrs reads a response without error to ReqGetNodeAddrs.
func ParseNodeAddrs(b []byte) ([]netip.Addr, error) {
	r := ipcmsg.Body(b)
	family, n := r.U32("family"), r.U32("num_addrs")
	if r.Err() == nil && family != afInet && family != afInet6 && n > 0 {
		r.Fail("family", "%d", family)
	}
	var list []netip.Addr
	for range n {
		a := r.Bytes("addrs", AddrLen)
		if r.Err() != nil {
			return nil, wrap("node addresses", r.Err())
		}
		if family == afInet {
			list = append(list, netip.AddrFrom4([4]byte(a)))
		} else {
			list = append(list, netip.AddrFrom16([16]byte(a)))
		}
	}
	return list, wrap("node addresses", r.Err())
}

// AppendLocal encodes the response to ReqLocalGet.
func AppendLocal(b []byte, node totem.NodeID) []byte {
	return ipcmsg.Finish(ipcmsg.NewResponse(b, ResLocalGet, cserr.OK).U32(uint32(node)))
}

// ParseLocal reads the response to ReqLocalGet.
func ParseLocal(b []byte) (totem.NodeID, error) {
	r := ipcmsg.Body(b)
	v := r.U32("local_nodeid")
	return totem.NodeID(v), wrap("local node", r.Err())
}

// AppendTestShutdown encodes the event that asks a tracker.
func AppendTestShutdown(b []byte, flags ShutdownFlag, code cserr.Code) []byte {
	return ipcmsg.Finish(ipcmsg.NewResponse(b, ResTestShutdown, code).U32(uint32(flags)))
}

// ParseTestShutdown reads the event.
func ParseTestShutdown(b []byte) (ShutdownFlag, error) {
	r := ipcmsg.Body(b)
	v := r.U32("flags")
	return ShutdownFlag(v), wrap("shutdown event", r.Err())
}
