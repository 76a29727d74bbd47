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
	kind kind
	to   int // node
	from int
	life uint32 // the life of the node that it is for; 0 for any
	pkt  *totem.Packet
	crc  uint32 // of pkt when it was sent
	fn   func()
}

// agenda is a heap of events, the earliest first. What moves about in it is
// small and holds no pointer: most of a run's time would else go there.
type agenda struct {
	heap   []entry
	events []event // of the heap's entries, in no order
	free   []uint32
	seq    uint64
}

// entry is one event of the heap.
type entry struct {
	at    totem.Instant
	seq   uint64 // order among those of one instant
	index uint32 // of agenda.events
}

func (e *entry) before(o *entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (a *agenda) empty() bool { return len(a.heap) == 0 }

// first is when the earliest event is due. Precondition: there is one.
func (a *agenda) first() totem.Instant { return a.heap[0].at }

func (a *agenda) push(e event) {
	a.seq++
	add := entry{at: e.at, seq: a.seq}
	if n := len(a.free); n > 0 {
		add.index, a.free = a.free[n-1], a.free[:n-1]
		a.events[add.index] = e
	} else {
		add.index = uint32(len(a.events))
		a.events = append(a.events, e)
	}
	a.heap = append(a.heap, add)
	i := len(a.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !add.before(&a.heap[up]) {
			break
		}
		a.heap[i] = a.heap[up]
		i = up
	}
	a.heap[i] = add
}

func (a *agenda) pop() event {
	top := a.heap[0].index
	n := len(a.heap) - 1
	last := a.heap[n]
	a.heap = a.heap[:n]
	i := 0
	for {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && a.heap[down+1].before(&a.heap[down]) {
			down++
		}
		if !a.heap[down].before(&last) {
			break
		}
		a.heap[i] = a.heap[down]
		i = down
	}
	if n > 0 {
		a.heap[i] = last
	}
	e := a.events[top]
	a.events[top] = event{}
	a.free = append(a.free, top)
	return e
}
