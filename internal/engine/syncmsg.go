package engine

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/mar"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// The messages of the group "sync", in docs/wire/sync.md.
const (
	msgBarrier      = 0
	msgServiceBuild = 1
)

const (
	ringIDSize       = 16                                 // a 12-byte packed ring id, padded to 8
	barrierSize      = service.HeaderSize + ringIDSize    // req_exec_barrier_message
	serviceListMax   = 128                                // room in a service build message
	serviceBuildSize = barrierSize + 8 + 4*serviceListMax // req_exec_service_build_message
	serviceListAt    = barrierSize + 8
)

type syncMessage struct {
	id       int32
	ring     totem.RingID
	services []service.ID // of a service build
}

// parseSyncMessage reads a message of the group "sync". Longer messages than
// the reference's are accepted; what follows is ignored.
func parseSyncMessage(b []byte, order mar.ByteOrder) (m syncMessage, err error) {
	r := mar.NewReader(b, order)
	m.id = r.I32("id")
	r.Align(8)
	r.I32("size")
	r.Align(8)
	m.ring.Rep = totem.NodeID(r.U32("ring_id.nodeid"))
	m.ring.Seq = r.U64("ring_id.seq")
	switch m.id {
	case msgBarrier:
	case msgServiceBuild:
		r.Align(8)
		n := r.I32("service_list_entries")
		r.Align(8)
		if n < 0 || n > serviceListMax {
			r.Fail("service_list_entries", "%d, at most %d", n, serviceListMax)
			break
		}
		for range n {
			id := r.I32("service_list")
			if r.Err() == nil && (id < 0 || id >= service.Max) {
				r.Fail("service_list", "service %d, less than %d wanted", id, service.Max)
			}
			m.services = append(m.services, service.ID(id))
		}
	default:
		r.Fail("id", "%d is no message of the group \"sync\"", m.id)
	}
	if r.Err() != nil {
		return m, fmt.Errorf("sync message from the ring: %w", r.Err())
	}
	return m, nil
}

// append writes m as the reference does: fixed size, in our byte order.
func (m syncMessage) append(b []byte) []byte {
	size := barrierSize
	if m.id == msgServiceBuild {
		size = serviceBuildSize
	}
	w := mar.NewWriter(b, service.Order)
	w.I32(m.id).Align(8).I32(int32(size)).Align(8)
	w.U32(uint32(m.ring.Rep)).U64(m.ring.Seq).Align(8)
	if m.id == msgServiceBuild {
		w.I32(int32(len(m.services))).Align(8)
		for _, id := range m.services {
			w.I32(int32(id))
		}
		w.Pad(size - w.Len())
	}
	return w.Buf()
}
