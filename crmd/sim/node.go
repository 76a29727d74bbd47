package sim

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// node is a machine.
type node struct {
	w    *World
	id   uint32
	name string
	log  loglevel.Logger

	up     bool
	boot   int
	booted time.Time
	paused time.Time // until when it does nothing
	disk   string    // the stored CIB

	// Corosync.
	side int // whom it reaches: those on the same one
	part *part
	// minorities counts the rings without quorum that it has been in.
	minorities int
	groups     map[string]*member
	pids       uint32
	out        []outgoing
	arrival    time.Time

	cib        *cibManager
	exec       *executor
	attributes *attributes
	fencer     *fencer
	scheduler  *scheduler
	controller *controller
	forgets    bool   // an instance of extra, which a controller has left behind
	processes  int    // of controllers, ever
	told       func() // tells the controller what quorum has said last
}

// cpu is what a daemon has used of a processor.
func (n *node) cpu() time.Duration { return n.w.now.Sub(n.booted) / 1000 }

// boots starts the node with all daemons, if it is off.
func (n *node) boots() {
	w := n.w
	if n.up {
		return
	}
	n.boot++
	n.up, n.booted, n.paused, n.arrival = true, w.now, time.Time{}, time.Time{}
	n.groups, n.out, n.part, n.told = map[string]*member{}, nil, nil, nil
	n.pids = uint32(n.boot) * 100
	w.trace(n, "boots")
	w.disturbed()
	n.startCIB()
	n.startExecutor()
	n.startAttributes()
	n.startFencer()
	n.startScheduler()
	n.startController()
}

// crash turns the node off at once.
func (n *node) crash(why string) {
	if !n.up {
		return
	}
	n.w.trace(n, "is off: %s", why)
	n.up = false
	n.w.agents.off(n)
	n.w.disturbed()
}

// quorum is what quorum tells.
func (n *node) quorum(ring uint64, members []uint32, quorate bool) {
	n.told = func() { n.controller.quorum(ring, members, quorate) }
	n.told()
}
