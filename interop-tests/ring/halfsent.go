package ring

import "github.com/ringmaster-ha/ringmaster/totem/evs"

// mendHalfSent makes up for a fault of the reference, and tells how often it
// had to.
//
// When a configuration change cuts through a message of several packets, the
// reference sends the rest of it in the new configuration. Members that come
// along have its beginning and deliver it there; those that come from elsewhere
// have not, and cannot. An all-C ring does it too (the mixture CCC); ours sends
// such a message again from its start.
//
// What shares a payload with the end of such a message goes with it
// (docs/wire/totempg.md), so it may be a few. They count as delivered by a process
// that misses them if that came into the configuration another way than the
// sender, on a C node, and if they are the first of the sender there, the first
// of them sent before. The logs are of one process each.
func mendHalfSent(logs [][]evs.Event, byC func(evs.Proc) bool) (mended int) {
	for _, sender := range logs {
		if len(sender) == 0 || !byC(sender[0].Proc) {
			continue
		}
		for _, list := range firstOwn(sender) {
			for i := range logs {
				for _, m := range list {
					log := logs[i]
					at, ok := misses(log, sender, m)
					if !ok {
						break
					}
					logs[i] = append(log[:at:at], append([]evs.Event{{Proc: log[0].Proc, Kind: evs.Deliver, Msg: m.msg}}, log[at:]...)...)
					mended++
				}
			}
		}
	}
	return mended
}

// lostMax is how many messages of the load can go with one that was half sent.
const lostMax = 16

// own is a process's own message.
type own struct {
	msg   evs.MsgID
	stage int // index of the event, in the sender's log, of the configuration where it is delivered
	at    int // and of the delivery
}

// firstOwn finds a process's first own messages of each configuration, where the
// very first was sent before.
func firstOwn(log []evs.Event) (lists [][]own) {
	stage := -1
	sent := map[evs.MsgID]int{}
	var list []own
	for i, e := range append(log[:len(log):len(log)], evs.Event{Kind: evs.Configure}) {
		switch {
		case e.Kind == evs.Configure:
			if len(list) > 0 {
				lists = append(lists, list)
			}
			stage, list = i, nil
		case e.Kind == evs.Send:
			sent[e.Msg] = stage
		case e.Kind == evs.Deliver && e.Msg.From == e.Proc && len(list) < lostMax && (len(list) > 0 || sent[e.Msg] < stage):
			list = append(list, own{e.Msg, stage, i})
		}
	}
	return lists
}

// misses tells where in a log the message's place is if the process was there
// from the configuration's start, came into it another way than the sender, and
// has not delivered it.
func misses(log, sender []evs.Event, m own) (at int, ok bool) {
	ring := sender[m.stage].Config.Ring
	stage := -1
	for i, e := range log {
		if e.Kind == evs.Configure && e.Config.Ring == ring {
			stage = i
		}
	}
	if stage < 0 || log[stage].Config.Initial || before(log, stage) == before(sender, m.stage) {
		return 0, false
	}
	place := map[evs.MsgID]int{}
	end := stage + 1
	for ; end < len(log) && log[end].Kind != evs.Configure; end++ {
		if log[end].Kind == evs.Deliver {
			place[log[end].Msg] = end
		}
	}
	if _, has := place[m.msg]; has {
		return 0, false
	}
	for _, e := range sender[m.at+1:] {
		if e.Kind == evs.Configure {
			break
		}
		if p, has := place[e.Msg]; e.Kind == evs.Deliver && has {
			return p, true
		}
	}
	return 0, false // nothing after it: it may still have come
}

// before is the ring of the configuration before the one at stage.
func before(log []evs.Event, stage int) (ring string) {
	for _, e := range log[:stage] {
		if e.Kind == evs.Configure {
			ring = e.Config.Ring.String()
		}
	}
	return ring
}
