package link

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// told is a datagram for FuzzReceive: from the peer or a stranger, after so many
// milliseconds, its length, its bytes.
func told(b []byte, stranger bool, wait uint8, data []byte) []byte {
	from := byte(0)
	if stranger {
		from = 1
	}
	b = append(b, from, wait)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// FuzzReceive has a node without encryption take whatever there is, from its
// peer's address and from a stranger's. It must neither fall over nor deliver
// more than a message can be, and still deliver what its peer sends once that has
// said that it starts anew.
func FuzzReceive(f *testing.F) {
	data := func(seq uint16, frags, frag, pack uint8, n int) []byte {
		h := wire.Data{From: 1, Seq: seq, Frags: frags, Frag: frag, Compress: pack}
		return append(h.AppendTo(nil), make([]byte, n)...)
	}
	ping := wire.Ping{From: 1, Seq: 8191, Time: wire.MakeStamp(5)}
	pong := wire.Ping{From: 1, Pong: true, Time: wire.MakeStamp(2e9)}
	probe, reply := wire.PMTUd{From: 1, Size: 1500}, wire.PMTUd{From: 1, Reply: true, Size: 65535}
	seed := told(nil, false, 1, data(7, 1, 0, 0, 100))
	seed = told(seed, false, 1, data(8, 3, 3, 0, 10))
	seed = told(seed, false, 1, data(8, 3, 1, 0, 40))
	seed = told(seed, false, 1, data(8, 3, 2, 0, 40))
	f.Add(seed)
	f.Add(told(told(nil, false, 200, ping.AppendTo(nil)), true, 200, ping.AppendTo(nil)))
	f.Add(told(told(nil, false, 200, pong.AppendTo(nil)), false, 0, pong.AppendTo(nil)))
	f.Add(told(told(nil, false, 3, probe.AppendProbe(nil, 100)), false, 0, reply.AppendTo(nil)))
	for pack := range uint8(9) {
		f.Add(told(nil, true, 255, told(nil, false, 0, data(60000, 1, 0, pack, 30))))
	}
	stranger := netip.MustParseAddrPort("192.0.2.7:5405")
	f.Fuzz(func(t *testing.T, in []byte) {
		c := newCouple(t, "none", "none")
		b := c.cores[1]
		take := func(from netip.AddrPort, data []byte) {
			p := c.pool.Get()
			p.Data, p.From = append(p.Data, data...), from
			b.Receive(c.now, p)
			p.Release()
			c.run(1)
		}
		for len(in) >= 4 {
			from, wait, n := c.addr(0), time.Duration(in[1])*time.Millisecond, int(binary.BigEndian.Uint16(in[2:]))
			if in[0]&1 != 0 {
				from = stranger
			}
			in = in[4:]
			n = min(n, len(in))
			c.now = c.now.Add(wait)
			if c.now >= b.NextDeadline() {
				b.Tick(c.now)
				c.run(1)
			}
			take(from, in[:n])
			in = in[n:]
		}
		c.air = [2][][]byte{}
		// Whatever has come: pings of a new start, pongs, and the way is free.
		for i := 0; !b.Reachable(1); i++ {
			if i == 600 {
				t.Fatal("the link does not come up any more")
			}
			c.now = c.now.Add(100 * time.Millisecond)
			for n, core := range c.cores {
				core.Tick(c.now)
				c.run(n)
			}
			c.deliver()
		}
		take(c.addr(0), (&wire.Ping{From: 1, Seq: 1, Timed: true}).AppendTo(nil)) // so that 0 is a change
		take(c.addr(0), (&wire.Ping{From: 1, Timed: true}).AppendTo(nil))
		before := c.got
		h := wire.Data{From: 1, Seq: 1, Frags: 1}
		take(c.addr(0), append(h.AppendTo(nil), make([]byte, 40)...))
		if c.got != before+1 {
			t.Fatalf("the peer's message is not delivered: %+v", b.Dropped())
		}
		for _, core := range c.cores {
			core.Close()
		}
	})
}
