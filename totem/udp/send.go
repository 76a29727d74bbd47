package udp

import (
	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Where a packet says what kind of message it is, and the kind of ordered
// multicasts (message_header.type, MESSAGE_TYPE_MCAST).
const (
	typeOffset = 3
	typeMcast  = 1
)

// Mcast queues p for all other processors; it takes over the caller's hold.
// Flush sends.
func (t *Transport) Mcast(p *totem.Packet) {
	if t.socks.send < 0 {
		t.stats.Discarded++
		p.Release()
		return
	}
	t.out.hold(p)
	if t.cfg.Mode == Unicast {
		t.mcastUnicast(p)
	} else if !t.out.add(p, &t.group, kindMcast) {
		t.stats.Discarded++
	}
}

// mcastUnicast queues p for each member. Ordered multicasts go to the active
// ones only, but when nothing has gone to all for two merge timeouts, one goes
// to the inactive ones too: that is how rings that have parted find each other
// (totemudpu_mcast_noflush_send and its merge detection timer).
func (t *Transport) mcastUnicast(p *totem.Packet) {
	all := t.mergeDue || len(p.Data) <= typeOffset || p.Data[typeOffset] != typeMcast
	for _, m := range t.members {
		if (m.active || all) && !t.isSelf(m) && !t.out.add(p, &m.to, kindMcast) {
			t.stats.Discarded++
		}
	}
	if all {
		t.sentToAllSince, t.mergeDue = true, false
	}
}

// Unicast queues p for one processor, in order behind what Mcast has queued; it
// takes over the caller's hold. To a processor that is no member nothing is
// sent.
func (t *Transport) Unicast(to totem.NodeID, p *totem.Packet) {
	if to == t.cfg.NodeID {
		t.self = append(t.self, p)
		return
	}
	if t.socks.send >= 0 {
		for _, m := range t.members {
			if m.NodeID == to {
				t.out.hold(p)
				if !t.out.add(p, &m.to, kindUcast) {
					t.stats.Discarded++
				}
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
	if t.out.empty() {
		return
	}
	t.stuck = !t.out.flush(t.socks.send, t.failed, t.done)
}

func (t *Transport) sendFailed(kind sendKind, no unix.Errno) {
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
}

func (t *Transport) sendDone(kind sendKind) {
	t.stats.Sent++
	if kind == kindMcast {
		t.stats.Failures = 0
	}
}
