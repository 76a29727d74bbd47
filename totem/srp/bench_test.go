package srp

import (
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/wire"
)

// endless is a source that always has another packet.
type endless struct{ payload []byte }

func (e *endless) Backlog(bool) int { return 100 }

func (e *endless) Next(_ bool, buf []byte) ([]byte, bool) { return append(buf, e.payload...), true }

// benchRing is two machines under full load with nothing between them.
type benchRing struct {
	now       totem.Instant
	m         [2]*Machine
	token     *totem.Packet
	at        int // who gets token
	delivered int
	acts      [2][]Action
}

func newBenchRing(tb testing.TB, size int) *benchRing {
	r := &benchRing{now: 1}
	for i := range r.m {
		cfg := testConfig(totem.NodeID(i + 1))
		cfg.Pool = totem.NewPool(1500, 8192)
		cfg.Source = &endless{payload: make([]byte, size)}
		cfg.Log = loglevel.Discard
		r.m[i] = New(cfg)
	}
	var inbox [2][]*totem.Packet
	run := func(i int, acts []Action) {
		for _, a := range acts {
			switch a.Kind {
			case Mcast:
				inbox[1-i] = append(inbox[1-i], a.Packet)
			case Unicast:
				if a.To == totem.NodeID(i+1) {
					tb.Fatal("token to itself")
				}
				inbox[1-i] = append(inbox[1-i], a.Packet)
			case Deliver:
				a.Packet.Release()
			}
		}
	}
	run(0, r.m[0].Start(r.now))
	run(1, r.m[1].Start(r.now))
	for range 10000 {
		ready := true
		for i, m := range r.m {
			if len(inbox[i]) > 0 {
				p := inbox[i][0]
				if wire.Type(p.Data[3]) == wire.TypeORFToken && m.State() == Operational && r.m[1-i].State() == Operational && len(m.Members()) == 2 {
					r.token, r.at = p, i
					r.m[0].TransAck(r.now, r.m[0].Ring())
					r.m[1].TransAck(r.now, r.m[1].Ring())
					return r
				}
				inbox[i] = inbox[i][1:]
				run(i, m.Receive(r.now, p))
				ready = false
			}
		}
		if ready {
			r.now = r.now.Add(time.Millisecond)
			for i, m := range r.m {
				if m.NextDeadline() <= r.now {
					run(i, m.Tick(r.now))
				}
			}
		}
	}
	tb.Fatal("no ring")
	return nil
}

// visit gives the token to whose turn it is and what comes of it to the other.
func (r *benchRing) visit() {
	r.now = r.now.Add(50 * time.Microsecond)
	me, other := r.m[r.at], r.m[1-r.at]
	r.acts[0] = append(r.acts[0][:0], me.Receive(r.now, r.token)...)
	r.token.Release()
	r.token = nil
	for _, a := range r.acts[0] {
		switch a.Kind {
		case Mcast:
			for _, b := range other.Receive(r.now, a.Packet) {
				if b.Kind == Deliver {
					r.delivered++
					b.Packet.Release()
				}
			}
			a.Packet.Release()
		case Unicast:
			r.token = a.Packet
		case Deliver:
			r.delivered++
			a.Packet.Release()
		}
	}
	r.at = 1 - r.at
	if me.NextDeadline() <= r.now {
		me.Tick(r.now)
	}
	if other.NextDeadline() <= r.now {
		other.Tick(r.now)
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	r := newBenchRing(t, 1200)
	for range 2000 {
		r.visit()
	}
	before := r.delivered
	if n := testing.AllocsPerRun(2000, r.visit); n != 0 {
		t.Errorf("%v allocations in a token visit", n)
	}
	if r.delivered == before {
		t.Error("nothing delivered")
	}
}

func BenchmarkTokenVisit(b *testing.B) {
	r := newBenchRing(b, 1200)
	b.ReportAllocs()
	for b.Loop() {
		r.visit()
	}
	b.ReportMetric(float64(r.delivered)/2/b.Elapsed().Seconds(), "msgs/s")
}
