package ring

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
)

// mendHalfSent makes up for a fault of the reference, and tells how often it
// had to.
//
// When a configuration change cuts through a message of several packets, the
// reference sends the rest of it in the new configuration. Who was with the
// sender when the message began has its beginning and delivers it there; who has
// met the sender since then has not, and cannot. What shares a packet with the
// message's end goes with it, and so on until a packet ends with a message
// (docs/wire/totempg.md). An all-C ring does it too (the mixture CCC); ours sends
// such a message again from its start.
//
// Which messages these are follows from the packets on the network: all that a C
// sender delivers of its own in a configuration, less what the witness finds that
// the other can put together. Those, and no others, count as delivered by it,
// where the sender has them. The logs are of one process each.
func (w *witness) mendHalfSent(logs [][]evs.Event, byC func(evs.Proc) bool) (mended int) {
	for _, sender := range logs {
		if len(sender) == 0 || !byC(sender[0].Proc) {
			continue
		}
		for _, st := range stages(sender) {
			for i, log := range logs {
				if len(log) == 0 || log[0].Proc.Node == sender[0].Proc.Node {
					continue
				}
				at := slices.IndexFunc(log, func(e evs.Event) bool { return e.Kind == evs.Configure && e.Config.Ring == st.ring })
				if at < 0 {
					continue
				}
				for _, m := range w.lost(st, sender[0].Proc, log[0].Proc.Node, delivered(log[at+1:])) {
					var ok bool
					if logs[i], ok = insert(logs[i], at, st.order, m); ok {
						mended++
					}
				}
			}
		}
	}
	return mended
}

// stage is what a process has delivered in a configuration.
type stage struct {
	ring  totem.RingID
	order []evs.MsgID
}

func stages(log []evs.Event) (out []stage) {
	for i, e := range log {
		if e.Kind == evs.Configure {
			out = append(out, stage{e.Config.Ring, delivered(log[i+1:])})
		}
	}
	return out
}

// delivered lists what is delivered up to the next configuration.
func delivered(log []evs.Event) (list []evs.MsgID) {
	for _, e := range log {
		switch e.Kind {
		case evs.Configure:
			return list
		case evs.Deliver:
			list = append(list, e.Msg)
		}
	}
	return list
}

// lost finds those of the sender's own messages in a configuration that another
// node lacks and could not put together.
func (w *witness) lost(st stage, sender evs.Proc, other totem.NodeID, has []evs.MsgID) (lost []evs.MsgID) {
	have := make(map[evs.MsgID]bool, len(has))
	for _, m := range has {
		have[m] = true
	}
	for _, m := range st.order {
		if m.From == sender && !have[m] {
			lost = append(lost, m)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	can, ok := w.reach(sender.Node, other, st.ring)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(lost, func(m evs.MsgID) bool { return can[m] })
}

// insert lets a process deliver a message, in the configuration at that index of
// its log, where the sender's order has it: behind the one before it, or else
// before the first that comes after it. ok is false if the log has neither, as
// of one who has gone by then, or has nothing before it where the process comes
// into the middle.
func insert(log []evs.Event, stage int, order []evs.MsgID, m evs.MsgID) (_ []evs.Event, ok bool) {
	mine := slices.Index(order, m)
	at, earlier := 0, !log[stage].Config.Initial
	if mine == 0 && earlier {
		at = stage + 1
	}
	for i := stage + 1; i < len(log) && log[i].Kind != evs.Configure; i++ {
		if log[i].Kind != evs.Deliver {
			continue
		}
		switch p := slices.Index(order, log[i].Msg); {
		case p >= 0 && p < mine:
			earlier = true
			if p == mine-1 {
				at = i + 1
			}
		case p > mine && at == 0:
			at = i
		}
	}
	if at == 0 || !earlier {
		return log, false
	}
	return slices.Insert(slices.Clip(log), at, evs.Event{Proc: log[stage].Proc, Kind: evs.Deliver, Msg: m}), true
}
