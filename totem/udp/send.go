package udp

import (
	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
)

// Where a packet says what kind of message it is, and the kind of ordered
// multicasts (message_header.type, MESSAGE_TYPE_MCAST).
const (
	typeOffset = 3
	typeMcast  = 1
)

// What the writer calls the datagrams.
const (
	kindMcast datagram.Tag = iota
	kindUcast
)

// Mcast queues p for all other processors; it takes over the caller's hold.
// Flush sends.
//
// In Unicast, ordered multicasts go to the active members only, but when nothing
// has gone to all for two merge timeouts, one goes to the inactive ones too: that
// is how rings that have parted find each other (totemudpu_mcast_noflush_send
// and its merge detection timer).
func (t *Transport) Mcast(p *totem.Packet) {
	if t.socks.send < 0 || len(p.Data) == 0 {
		t.stats.Discarded++
		p.Release()
		return
	}
	all := t.mergeDue || len(p.Data) <= typeOffset || p.Data[typeOffset] != typeMcast
	if all {
		t.sentToAllSince, t.mergeDue = true, false
	}
	if all != t.mcastsToAll {
		t.addMcasts()
		t.mcastsToAll = all
	}
	t.out.Hold(p)
	t.mcasts = append(t.mcasts, p)
}

// addMcasts queues the multicasts collected so far, all to one processor before
// the next, so that the kernel gets them in runs.
func (t *Transport) addMcasts() {
	if len(t.mcasts) == 0 {
		return
	}
	if t.cfg.Mode != Unicast {
		t.stats.Discarded += uint64(t.out.Add(t.mcasts, &t.group, kindMcast))
	} else {
		for _, m := range t.members {
			if (m.active || t.mcastsToAll) && !t.isSelf(m) {
				t.stats.Discarded += uint64(t.out.Add(t.mcasts, &m.to, kindMcast))
			}
		}
	}
	clear(t.mcasts)
	t.mcasts = t.mcasts[:0]
}

// Unicast queues p for one processor, in order behind what Mcast has queued; it
// takes over the caller's hold. To a processor that is no member nothing is
// sent; to this one the machine never sends.
func (t *Transport) Unicast(to totem.NodeID, p *totem.Packet) {
	if t.socks.send >= 0 && len(p.Data) > 0 {
		for _, m := range t.members {
			if m.NodeID == to {
				t.addMcasts()
				t.out.Hold(p)
				t.one[0] = p
				t.stats.Discarded += uint64(t.out.Add(t.one[:], &m.to, kindUcast))
				t.one[0] = nil
				return
			}
		}
	}
	t.stats.Discarded++
	p.Release()
}

// Flush sends what is queued. What the socket does not take now is sent when it
// does: Poll and Tick see to that.
func (t *Transport) Flush() {
	t.addMcasts()
	if !t.out.Empty() {
		t.stuck = !t.out.Flush(t.socks.send, t.failed, t.done)
	}
}

func (t *Transport) sendFailed(kind datagram.Tag, no unix.Errno) (again bool) {
	t.stats.Failed++
	what := "sendmsg(ucast) failed (non-critical)"
	if kind == kindMcast {
		what = "sendmsg(mcast) failed (non-critical)"
		if t.cfg.Mode != Unicast {
			t.stats.Failures++
		}
	}
	if t.cfg.Log.Enabled(loglevel.Debug) {
		t.cfg.Log.Logf(loglevel.Debug, "%s", perror(what, no))
	}
	return false
}

func (t *Transport) sendDone(kind datagram.Tag, datagrams int) {
	t.stats.Sent += uint64(datagrams)
	if kind == kindMcast {
		t.stats.Failures = 0
	}
}
