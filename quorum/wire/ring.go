package wire

import (
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// The messages of votequorum on the ring, by number
// (MESSAGE_REQ_EXEC_VOTEQUORUM_*).
const (
	ExecNodeinfo = iota
	ExecReconfigure
	ExecQdeviceReg
	ExecQdeviceReconfigure
	ExecCount
)

// NodeFlags is what a node says of itself: NODE_FLAGS_*.
type NodeFlags uint32

// The flags of a node.
const (
	// FlagQuorate: the node has quorum.
	FlagQuorate NodeFlags = 1 << iota
	// FlagLeaving: the node shuts down in order.
	FlagLeaving
	// FlagWFAStatus: the node still waits for all others.
	FlagWFAStatus
	// FlagFirst: the node has not seen any other since it started.
	FlagFirst
	// FlagQdeviceRegistered: a quorum device has registered with the node.
	FlagQdeviceRegistered
	// FlagQdeviceAlive: the device has polled within its timeout.
	FlagQdeviceAlive
	// FlagQdeviceCastVote: the device gives its votes to the node.
	FlagQdeviceCastVote
	// FlagQdeviceMasterWins: the partition that has the device's votes wins.
	FlagQdeviceMasterWins
)

var flagNames = []string{"quorate", "leaving", "wfa-status", "first", "qdevice", "qdevice-alive", "qdevice-cast-vote", "qdevice-master-wins"}

// String lists the flags that are set, for tests and traces.
func (f NodeFlags) String() string {
	var s []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			s = append(s, name)
		}
	}
	if rest := f >> len(flagNames); rest != 0 {
		s = append(s, fmt.Sprintf("0x%x", uint32(rest)<<len(flagNames)))
	}
	return "{" + strings.Join(s, " ") + "}"
}

// Nodeinfo says what a node is worth (req_exec_quorum_nodeinfo). With NodeID
// 0 it speaks of the sender's quorum device.
type Nodeinfo struct {
	NodeID        totem.NodeID
	Votes         uint32
	ExpectedVotes uint32
	Flags         NodeFlags
}

// ParseNodeinfo reads the body of a Nodeinfo.
func ParseNodeinfo(b []byte, order mar.ByteOrder) (Nodeinfo, error) {
	r := mar.NewReader(b, order)
	m := Nodeinfo{
		NodeID:        totem.NodeID(r.U32("nodeid")),
		Votes:         r.U32("votes"),
		ExpectedVotes: r.U32("expected_votes"),
		Flags:         NodeFlags(r.U32("flags")),
	}
	return m, wrap("votequorum nodeinfo", r)
}

// AppendTo appends the body of the message.
func (m Nodeinfo) AppendTo(b []byte, order mar.ByteOrder) []byte {
	return mar.NewWriter(b, order).U32(uint32(m.NodeID)).U32(m.Votes).U32(m.ExpectedVotes).U32(uint32(m.Flags)).Buf()
}

// ReconfigureParam is what a Reconfigure changes:
// VOTEQUORUM_RECONFIG_PARAM_*.
type ReconfigureParam uint8

// The parameters of a Reconfigure.
const (
	ParamExpectedVotes ReconfigureParam = 1
	ParamNodeVotes     ReconfigureParam = 2
	ParamCancelWFA     ReconfigureParam = 3
)

// Reconfigure changes a value on all nodes (req_exec_quorum_reconfigure).
type Reconfigure struct {
	NodeID totem.NodeID // whose votes; otherwise the sender
	Value  uint32
	Param  ReconfigureParam
}

// reconfigureTail is what lies behind the last field: three bytes of the
// structure's own padding and four of its alignment.
const reconfigureTail = 7

// ParseReconfigure reads the body of a Reconfigure. An unknown parameter is no
// error: as the reference does, a node passes over what it does not know.
func ParseReconfigure(b []byte, order mar.ByteOrder) (Reconfigure, error) {
	r := mar.NewReader(b, order)
	m := Reconfigure{
		NodeID: totem.NodeID(r.U32("nodeid")),
		Value:  r.U32("value"),
		Param:  ReconfigureParam(r.U8("param")),
	}
	r.Bytes("padding", reconfigureTail)
	return m, wrap("votequorum reconfigure", r)
}

// AppendTo appends the body of the message.
func (m Reconfigure) AppendTo(b []byte, order mar.ByteOrder) []byte {
	return mar.NewWriter(b, order).U32(uint32(m.NodeID)).U32(m.Value).U8(uint8(m.Param)).Pad(reconfigureTail).Buf()
}

// QdeviceOperation is VOTEQUORUM_QDEVICE_OPERATION_*.
type QdeviceOperation uint32

// What a QdeviceReg asks for.
const (
	QdeviceUnregister QdeviceOperation = 0
	QdeviceRegister   QdeviceOperation = 1
)

// QdeviceReg announces that a node's quorum device comes or goes
// (req_exec_quorum_qdevice_reg).
type QdeviceReg struct {
	Operation QdeviceOperation
	Name      string
}

// ParseQdeviceReg reads the body of a QdeviceReg.
func ParseQdeviceReg(b []byte, order mar.ByteOrder) (QdeviceReg, error) {
	r := mar.NewReader(b, order)
	m := QdeviceReg{
		Operation: QdeviceOperation(r.U32("operation")),
		Name:      deviceName(r, "qdevice_name"),
	}
	r.Align(8)
	return m, wrap("votequorum qdevice_reg", r)
}

// AppendTo appends the body of the message.
func (m QdeviceReg) AppendTo(b []byte, order mar.ByteOrder) []byte {
	w := mar.NewWriter(b, order).U32(uint32(m.Operation))
	appendDeviceName(w, m.Name)
	return w.Align(8).Buf()
}

// QdeviceReconfigure renames the quorum device
// (req_exec_quorum_qdevice_reconfigure).
type QdeviceReconfigure struct{ OldName, NewName string }

// ParseQdeviceReconfigure reads the body of a QdeviceReconfigure.
func ParseQdeviceReconfigure(b []byte, order mar.ByteOrder) (QdeviceReconfigure, error) {
	r := mar.NewReader(b, order)
	m := QdeviceReconfigure{OldName: deviceName(r, "oldname"), NewName: deviceName(r, "newname")}
	r.Align(8)
	return m, wrap("votequorum qdevice_reconfigure", r)
}

// AppendTo appends the body of the message.
func (m QdeviceReconfigure) AppendTo(b []byte, order mar.ByteOrder) []byte {
	w := mar.NewWriter(b, order)
	appendDeviceName(w, m.OldName)
	appendDeviceName(w, m.NewName)
	return w.Align(8).Buf()
}
