package server

import (
	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// rings is the transport over shared memory (lib/ipc_shm.c).
type rings struct {
	request, response, event *ringbuffer.Ring
	bases                    [3]string
}

// openRings makes the rings of a connection in its directory.
func openRings(d directory, dirfd int, service string, max uint32, owner ringbuffer.Owner) (*rings, error) {
	r := &rings{bases: [3]string{"qb-request-" + service, "qb-response-" + service, "qb-event-" + service}}
	for i, to := range []**ringbuffer.Ring{&r.request, &r.response, &r.event} {
		ring, err := ringbuffer.Create(dirfd, d.path, r.bases[i], max, owner)
		if err != nil {
			r.unmap()
			r.remove(dirfd)
			return nil, err
		}
		*to = ring
	}
	return r, nil
}

func (r *rings) describe(resp *wire.ConnectResponse, d directory) {
	resp.Request = d.path + "/" + r.bases[0]
	resp.Response = d.path + "/" + r.bases[1]
	resp.Event = d.path + "/" + r.bases[2]
}

// all yields the rings that there are.
func (r *rings) all(yield func(*ringbuffer.Ring) bool) {
	for _, ring := range []*ringbuffer.Ring{r.request, r.response, r.event} {
		if ring != nil && !yield(ring) {
			return
		}
	}
}

func (r *rings) unmap() {
	for ring := range r.all {
		ring.Unmap()
	}
}

func (r *rings) remove(dirfd int) {
	for _, b := range r.bases {
		ringbuffer.Remove(dirfd, b)
	}
}

func (r *rings) close(d directory) {
	for ring := range r.all {
		// How a libqb client that looks at the ring and not at the socket
		// learns of the end. That the client has truncated the file is no
		// matter now.
		_ = ring.SetReferences(0)
	}
	r.unmap()
	d.remove(r.remove)
}
