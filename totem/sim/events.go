package sim

import "github.com/ringmaster-ha/ringmaster/totem"

// kind tells events apart.
type kind uint8

const (
	arrive  kind = iota + 1 // a datagram comes to a node
	wake                    // a node's timer
	service                 // a node's service side has its turn
	call                    // anything else
)

// event is something that happens at an instant.
type event struct {
	at   totem.Instant
	seq  uint64 // order among those of one instant
	kind kind
	to   int // node
	from int
	life uint32 // the life of the node that it is for; 0 for any
	pkt  *totem.Packet
	crc  uint32 // of pkt when it was sent
	fn   func()
}

// agenda is a heap of events, the earliest first.
type agenda struct {
	heap []event
	seq  uint64
}

func (a *agenda) less(i, j int) bool {
	x, y := &a.heap[i], &a.heap[j]
	return x.at < y.at || x.at == y.at && x.seq < y.seq
}

func (a *agenda) push(e event) {
	a.seq++
	e.seq = a.seq
	a.heap = append(a.heap, e)
	for i := len(a.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !a.less(i, up) {
			break
		}
		a.heap[i], a.heap[up] = a.heap[up], a.heap[i]
		i = up
	}
}

func (a *agenda) pop() event {
	top := a.heap[0]
	n := len(a.heap) - 1
	a.heap[0] = a.heap[n]
	a.heap[n] = event{}
	a.heap = a.heap[:n]
	for i := 0; ; {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && a.less(down+1, down) {
			down++
		}
		if !a.less(down, i) {
			break
		}
		a.heap[i], a.heap[down] = a.heap[down], a.heap[i]
		i = down
	}
	return top
}
