package sim

import (
	"errors"
	"slices"
	"time"

	"github.com/ringmaster-ha/ringmaster/crmd/engine"
)

// errNotConnected is the end of a connection to a daemon that is no more.
var errNotConnected = errors.New("not connected")

// Times of single daemons that die: until others see that their connection is gone, and until pacemakerd has
// started the daemon again. Whichever is first, nothing is said to the new one on the old connection.
const (
	noticeLeast, noticeMost   = 20 * time.Microsecond, 5 * time.Millisecond
	respawnLeast, respawnMost = time.Millisecond, 50 * time.Millisecond
)

// dies has one of a node's daemons be killed. pacemakerd starts it again at once, as it does with all that
// ends by a signal.
func (n *node) dies() {
	if !n.up || n.paused.After(n.w.now) {
		return
	}
	n.kill(mortal[n.w.rand.IntN(len(mortal))])
}

// mortal are the daemons that can die alone.
var mortal = []string{"controller", "executor", "scheduler"}

// kill kills a daemon, if it is there.
func (n *node) kill(daemon string) {
	x, s := n.exec, n.scheduler
	switch {
	case daemon == "controller" && !n.controller.gone:
		n.w.trace(n, "the controller is killed")
		n.controllerEnds()
	case daemon == "executor" && !x.gone:
		n.w.trace(n, "the executor is killed")
		x.gone = true
		n.lost(engine.Executor, func(c *controller) bool { return c.exec == x })
		n.respawns(daemon, n.startExecutor)
	case daemon == "scheduler" && !s.gone:
		n.w.trace(n, "the scheduler is killed")
		s.gone = true
		n.lost(engine.Scheduler, func(c *controller) bool { return c.scheduler == s })
		n.respawns(daemon, n.startScheduler)
	}
}

// lost tells the controller that a connection has ended, if it still has that one then.
func (n *node) lost(s engine.Subsystem, has func(*controller) bool) {
	w, c := n.w, n.controller
	w.after(w.between(noticeLeast, noticeMost), n, func() {
		if has(c) {
			c.Disconnect(s)
			c.act(func(now time.Time) { c.core.Lost(now, s) })
		}
	})
}

// respawns has pacemakerd start a daemon again.
func (n *node) respawns(name string, start func()) {
	n.w.after(n.w.between(respawnLeast, respawnMost), n, func() {
		n.w.trace(n, "the %s is started again", name)
		start()
	})
}

// controllerEnds is the end of the controller's process: the other daemons lose a client, and its group a member.
func (n *node) controllerEnds() {
	c, w := n.controller, n.w
	c.gone = true
	if slices.Contains(w.agents.active[extra], n) {
		n.forgets = true
	}
	n.fencer.notified = nil
	if n.groups[groupController] != nil {
		n.leave(groupController)
	}
	w.after(w.between(noticeLeast, noticeMost), n, func() {
		if cl := n.cib.clients[n.name+"-"+c.client]; cl != nil {
			delete(n.cib.clients, cl.id)
			n.cib.do(n.cib.m.Disconnect(w.now, cl.id))
		}
		if c.exec != nil && !c.exec.gone {
			c.exec.event = nil
			c.exec.do(c.exec.core.ClientGone(w.now, controllerClient))
		}
		n.respawns("controller", n.startController)
	})
}
