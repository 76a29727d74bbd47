package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// NameSize is the room for the name of a quorum device, its terminating zero
// byte included: VOTEQUORUM_QDEVICE_MAX_NAME_LEN.
const NameSize = 255

// DeviceNodeID stands for the quorum device where a node id is asked for:
// VOTEQUORUM_QDEVICE_NODEID.
const DeviceNodeID totem.NodeID = 0

// native is the byte order of IPC.
var native mar.ByteOrder = binary.NativeEndian

// deviceName reads the zero-terminated name in its fixed room.
func deviceName(r *mar.Reader, field string) string {
	b := r.Bytes(field, NameSize)
	if b == nil {
		return ""
	}
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		r.Fail(field, "not terminated within %d bytes", NameSize)
		return ""
	}
	return string(b[:n])
}

// appendDeviceName cuts what does not fit; callers have checked with
// [CheckDeviceName].
func appendDeviceName(w *mar.Writer, s string) {
	s = s[:min(len(s), NameSize-1)]
	w.Bytes([]byte(s)).Pad(NameSize - len(s))
}

// CheckDeviceName tells whether a quorum device may be called so: libvotequorum
// refuses the empty name and one of 255 bytes or more.
func CheckDeviceName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("quorum device name: empty")
	case len(name) >= NameSize:
		return fmt.Errorf("quorum device name: %d bytes, at most %d", len(name), NameSize-1)
	case bytes.IndexByte([]byte(name), 0) >= 0:
		return fmt.Errorf("quorum device name: zero byte in %q", name)
	}
	return nil
}

// nodeIDs reads n node ids where the reader stands, n being checked against
// what is left.
func nodeIDs(r *mar.Reader, field string, n uint32) []totem.NodeID {
	if left := len(r.Rest()) / 4; uint64(n) > uint64(left) {
		r.Fail(field, "%d entries, room for %d", n, left)
		return nil
	}
	if n == 0 {
		return nil
	}
	ids := make([]totem.NodeID, n)
	for i := range ids {
		ids[i] = totem.NodeID(r.U32(field))
	}
	return ids
}

func appendNodeIDs(w *mar.Writer, ids []totem.NodeID) {
	for _, id := range ids {
		w.U32(uint32(id))
	}
}

func ringID(r *mar.Reader, field string) totem.RingID {
	r.Align(8)
	rep := r.U32(field + ".nodeid")
	r.Align(8)
	return totem.RingID{Rep: totem.NodeID(rep), Seq: r.U64(field + ".seq")}
}

func appendRingID(w *mar.Writer, id totem.RingID) {
	w.Align(8).U32(uint32(id.Rep)).Align(8).U64(id.Seq)
}
