package link

import (
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// FuzzReceive gives a node what anybody may send it, as if it came from a peer's
// address, and then has the peer's messages still arrive.
func FuzzReceive(f *testing.F) {
	data := wire.Data{From: 2, Seq: 5, Frags: 3, Frag: 2}
	ping := wire.Ping{From: 2, Time: wire.MakeStamp(1), Seq: 9}
	pong := wire.Ping{From: 2, Pong: true, Time: wire.MakeStamp(1e9)}
	probe := wire.PMTUd{From: 2, Size: 1500}
	reply := wire.PMTUd{From: 2, Reply: true, Size: 1500}
	f.Add(append(data.AppendTo(nil), "some of a message"...))
	f.Add(ping.AppendTo(nil))
	f.Add(pong.AppendTo(nil))
	f.Add(probe.AppendTo(nil))
	f.Add(reply.AppendTo(nil))
	packed := wire.Data{From: 2, Seq: 6, Frags: 1, Compress: 1}
	f.Add(append(packed.AppendTo(nil), "not packed at all"...))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 65000 {
			return
		}
		w := newWorld(t, setup{nodes: 2, links: 1})
		w.pass(time.Second)
		a, b := w.nodes[0], w.nodes[1]
		for range 3 {
			a.hear(addrOf(0, 2), in)
		}
		w.pass(12 * time.Second)
		a.got = nil
		// Numbers that were forged may cost a few of the peer's messages.
		for i := range 20 {
			b.say(1, message(i, 300))
		}
		w.pass(time.Second)
		if len(a.got) == 0 {
			t.Fatal("nothing arrives any more")
		}
	})
}
