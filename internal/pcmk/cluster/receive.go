package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/cpg"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/quorum"
)

// listen hands over what happens in the group, until ctx or the connection ends.
func (c *Cluster) listen(ctx context.Context) {
	c.locked(func() {
		c.joined = true
		for _, ch := range c.early {
			c.o.Handler.Changed(ch)
		}
		c.early = nil
	})
	for {
		ev, err := c.conn.Next(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.logf(loglevel.Error, "pcmk_cpg_dispatch", "Connection to the CPG API failed: %v (%d)", cserr.Of(err), cserr.Of(err))
			c.fail(ctx, err)
			return
		}
		switch ev := ev.(type) {
		case *cpg.Message:
			c.message(ev)
		case *cpg.Membership:
			c.locked(func() { err = c.group.Change(time.Now(), addresses(ev.Members), changes(ev.Left), changes(ev.Joined)) })
			if err != nil {
				c.logf(loglevel.Error, "pcmk_cpg_dispatch", "Evicted from CPG membership")
				c.fail(ctx, err)
				return
			}
		}
	}
}

func (c *Cluster) locked(f func()) {
	c.o.Locker.Lock()
	defer c.o.Locker.Unlock()
	f()
}

// fail tells the Handler, once, that it is over; one that is closing knows.
func (c *Cluster) fail(ctx context.Context, err error) {
	c.locked(func() {
		if ctx.Err() == nil {
			c.lost.Do(func() { c.o.Handler.Lost(fmt.Errorf("cluster: %w", err)) })
		}
	})
}

func addresses(list []cpg.Member) []peers.Address {
	out := make([]peers.Address, len(list))
	for i, m := range list {
		out[i] = peers.Address{Node: uint32(m.Node), PID: m.PID}
	}
	return out
}

// how says how a process joined or left, as the reference logs it (cpgreason2str).
var how = sync.OnceValue(func() map[cpg.Reason]string {
	return map[cpg.Reason]string{
		cpg.ReasonJoin:     "via cpg_join",
		cpg.ReasonLeave:    "via cpg_leave",
		cpg.ReasonNodeDown: "via cluster exit",
		cpg.ReasonNodeUp:   "via cluster join",
		cpg.ReasonProcDown: "for unknown reason",
	}
})

func changes(list []cpg.Change) []peers.Address {
	out := make([]peers.Address, len(list))
	for i, m := range list {
		out[i] = peers.Address{Node: uint32(m.Node), PID: m.PID, How: how()[m.Reason]}
	}
	return out
}

// message hands over a message that is for this node (pcmk_message_common_cs). It is read
// before the lock is taken.
func (c *Cluster) message(ev *cpg.Message) {
	const function = "pcmk_message_common_cs"
	m, err := cpgmsg.Decode(ev.Data)
	if err != nil {
		c.logf(loglevel.Error, function, "Invalid message from node %d process %d: %v", ev.From.Node, ev.From.PID, err)
		return
	}
	if err := m.From(uint32(ev.From.Node)); err != nil {
		c.logf(loglevel.Error, function, "Nodeid mismatch from %d.%d: claimed nodeid=%d", ev.From.Node, ev.From.PID, m.Sender.Node)
		return
	}
	if !m.For(c.node, c.name) {
		return
	}
	c.locked(func() {
		if m.Sender.Name == "" {
			switch p := c.cache.Get(m.Sender.Node, ""); {
			case p == nil:
				c.logf(loglevel.Error, function, "Peer with nodeid=%d is unknown", m.Sender.Node)
			case p.Name == "":
				c.logf(loglevel.Error, function, "No uname for peer with nodeid=%d", m.Sender.Node)
			default:
				c.logf(loglevel.Notice, function, "Fixing uname for peer with nodeid=%d", m.Sender.Node)
				m.Sender.Name = p.Name
			}
		}
		if from := c.cache.Get(m.Sender.Node, m.Sender.Name); from != nil {
			c.o.Handler.Message(m, from)
		}
	})
}

// listenQuorum follows quorum and the ring's members (pcmk__corosync_quorum_connect).
func (c *Cluster) listenQuorum(ctx context.Context, h Quorum) {
	const function = "pcmk__corosync_quorum_connect"
	err := c.followQuorum(ctx, h)
	if ctx.Err() == nil {
		c.logf(loglevel.Error, function, "Connection to the Quorum API failed: %v", err)
		c.fail(ctx, err)
	}
}

var errNoProvider = errors.New("quorum: corosync has no provider configured")

func (c *Cluster) followQuorum(ctx context.Context, h Quorum) error {
	const function = "quorum_notification_cb"
	q, err := quorum.Dial(ctx, quorum.Options{SocketDir: c.o.SocketDir})
	if err != nil {
		return err
	}
	defer q.Close()
	if d := q.Daemon(); !authentic(d.UID, d.GID) {
		return fmt.Errorf("quorum is offered by user %d: %w", d.UID, cserr.Access)
	}
	if !q.HasProvider() {
		return errNoProvider
	}
	had, err := q.Quorate(ctx)
	if err != nil {
		return err
	}
	if had {
		c.logf(loglevel.Notice, "pcmk__corosync_quorum_connect", "Quorum acquired")
	} else {
		c.logf(loglevel.Warning, "pcmk__corosync_quorum_connect", "No quorum")
	}
	if err := q.Track(ctx, quorum.Current|quorum.Changes); err != nil {
		return err
	}
	nodes, err := c.Nodes(ctx)
	if err != nil {
		c.logf(loglevel.Warning, "pcmk__corosync_add_nodes", "Could not connect to Cluster Configuration Database API, error %d", cserr.Of(err))
	}
	c.locked(func() {
		for _, n := range nodes {
			c.cache.Get(n.ID, n.Name)
		}
	})
	forming := true
	for {
		ev, err := q.Next(ctx)
		if err != nil {
			return err
		}
		ch, ok := ev.(quorum.Change)
		if !ok {
			continue
		}
		ring := ch.Ring.Seq
		switch {
		case ch.Quorate == had:
			state := "still lost"
			if had {
				state = "retained"
			}
			c.logf(loglevel.Info, function, "Quorum %s | membership=%d members=%d", state, ring, len(ch.Members))
		case ch.Quorate:
			c.logf(loglevel.Notice, function, "Quorum acquired | membership=%d members=%d", ring, len(ch.Members))
		default:
			c.logf(loglevel.Warning, function, "Quorum lost | membership=%d members=%d", ring, len(ch.Members))
		}
		had = ch.Quorate
		if forming = forming && len(ch.Members) == 0; forming {
			c.logf(loglevel.Info, function, "Corosync membership is still forming, ignoring")
			continue
		}
		c.locked(func() {
			if ctx.Err() != nil {
				return
			}
			ids := make([]uint32, len(ch.Members))
			for i, id := range ch.Members {
				ids[i] = uint32(id)
			}
			c.cache.Ring(ring, ids)
			h.Quorate(ring, had)
		})
	}
}
