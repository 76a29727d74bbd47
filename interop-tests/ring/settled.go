package ring

import "github.com/ringmaster-ha/ringmaster/totem/evs"

// settled tells whether processes that have stopped sending have come to the end
// of what they have sent: each has delivered all of its own, and all the same
// message last. Silence does not tell it. A ring that has lost its token says
// nothing for the token's timeout and that of the consensus, some seconds, and one
// that lacks packets while the token is sent again for a third of that: after a
// long pause the reference sends all that its clients have queued, in packets of
// 64 kB, more than the hosts' devices hold.
func settled(logs [][]evs.Event) bool {
	var last evs.MsgID
	for i, log := range logs {
		var sent, own uint64
		var at evs.MsgID
		for _, e := range log {
			switch {
			case e.Kind == evs.Send:
				sent = e.Msg.Seq
			case e.Kind == evs.Deliver:
				if at = e.Msg; at.From == e.Proc {
					own = at.Seq
				}
			}
		}
		if i == 0 {
			last = at
		}
		if own != sent || at != last {
			return false
		}
	}
	return true
}
