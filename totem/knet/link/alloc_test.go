package link

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// pair is two nodes that talk, with nothing in between.
func pair(t testing.TB, s setup) (a, b *node) {
	w := newWorld(t, s)
	w.pass(2e9)
	return w.nodes[0], w.nodes[1]
}

// carry has b hear all that a sends, and drops what it says to that.
func carry(a, b *node, in *totem.Packet) (delivered int) {
	for act, ok := a.Next(); ok; act, ok = a.Next() {
		if act.Kind == Send {
			in.Data = append(in.Data[:0], act.Packet.Data...)
			in.From = a.refs[act.Ref].Local
			b.Receive(a.w.now, in)
			for got, ok := b.Next(); ok; got, ok = b.Next() {
				if got.Kind == Deliver {
					delivered++
				}
				if got.Packet != nil {
					got.Packet.Release()
				}
			}
		}
		if act.Packet != nil {
			act.Packet.Release()
		}
	}
	return delivered
}

func TestNothingIsAllocatedPerPacket(t *testing.T) {
	for _, s := range []setup{
		{nodes: 2, links: 2},
		{nodes: 2, links: 2, mode: Active, cipher: "aes256", hash: "sha256"},
	} {
		a, b := pair(t, s)
		small, big := []byte(message(1, 200)), []byte(message(2, 9000))
		in := a.big.Get()
		round := func() {
			a.Send(a.w.now, 2, small)
			a.Send(a.w.now, 0, big)
			if n := carry(a, b, in); n != 2 {
				t.Fatalf("%d messages delivered, want 2", n)
			}
		}
		round()
		if n := testing.AllocsPerRun(200, round); n > 0 {
			t.Errorf("%v: %v allocations for two messages", s.mode, n)
		}
	}
}

// BenchmarkMessage is what a message costs both sides without the kernel.
func BenchmarkMessage(b *testing.B) {
	for _, bb := range []struct {
		name string
		s    setup
		size int
	}{
		{"clear/200", setup{nodes: 2, links: 1}, 200},
		{"clear/60000", setup{nodes: 2, links: 1}, 60000},
		{"aes256-sha256/200", setup{nodes: 2, links: 1, cipher: "aes256", hash: "sha256"}, 200},
		{"aes256-sha256/60000", setup{nodes: 2, links: 1, cipher: "aes256", hash: "sha256"}, 60000},
	} {
		b.Run(bb.name, func(b *testing.B) {
			x, y := pair(b, bb.s)
			msg := []byte(message(1, bb.size))
			in := x.big.Get()
			b.SetBytes(int64(bb.size))
			b.ReportAllocs()
			for b.Loop() {
				x.Send(x.w.now, 2, msg)
				carry(x, y, in)
			}
		})
	}
}
