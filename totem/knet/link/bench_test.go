package link

import (
	crand "crypto/rand"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/knet/crypto"
	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// couple is two nodes with one link, between which nothing takes time or is lost.
type couple struct {
	b     testing.TB
	now   totem.Instant
	cores [2]*Core
	pool  *totem.Pool
	air   [2][][]byte // what is on its way to each
	spare [][]byte
	got   int // messages delivered
}

const coupleMTU = 1500

func newCouple(b testing.TB, cipher, hash string) *couple {
	p := &couple{b: b, now: 1e9, pool: totem.NewPool(65536+1024, 64)}
	for i := range p.cores {
		keys := &crypto.Keyring{}
		if hash == "none" {
			keys.AllowClear(true)
		} else {
			in, err := crypto.New(crypto.Config{Model: "nss", Cipher: cipher, Hash: hash, Key: make([]byte, 256)}, func(b []byte) { crand.Read(b) })
			if err == nil {
				err = keys.Set(1, in)
			}
			if err == nil {
				err = keys.Use(1)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		p.cores[i] = New(Config{
			NodeID: totem.NodeID(i + 1), Options: Options{PMTUDInterval: time.Hour},
			Keys: keys, Small: totem.NewPool(2048, 256), Big: p.pool,
		})
		err := p.cores[i].AddLink(p.now, Spec{
			Host: totem.NodeID(2 - i), Local: p.addr(i), Remote: p.addr(1 - i),
			Timers: Timers{PingInterval: time.Second, PingTimeout: 2 * time.Second, Precision: 2048, Priority: 1},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for !p.cores[0].Reachable(2) || !p.cores[1].Reachable(1) {
		p.now = p.now.Add(100 * time.Millisecond)
		for i, c := range p.cores {
			c.Tick(p.now)
			p.run(i)
		}
		p.deliver()
		if p.now > 20e9 {
			b.Fatal("the link does not come up")
		}
	}
	return p
}

func (p *couple) addr(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 5405)
}

// run carries out what node i asks for.
func (p *couple) run(i int) {
	for a, ok := p.cores[i].Next(); ok; a, ok = p.cores[i].Next() {
		switch a.Kind {
		case Deliver:
			p.got++
			if n := len(a.Packet.Data); n > wire.MaxUserData {
				p.b.Fatalf("a message of %d bytes is delivered", n)
			}
		case Probe:
			if n := len(a.Packet.Data) + 28; n > coupleMTU {
				p.cores[i].ProbeSent(p.now, a.Ref, ProbeTooBig, coupleMTU)
				break
			}
			p.put(1-i, a.Packet.Data)
			p.cores[i].ProbeSent(p.now, a.Ref, ProbeOut, 0)
		case Send:
			p.put(1-i, a.Packet.Data)
		}
		if a.Packet != nil {
			a.Packet.Release()
		}
	}
}

// put copies a datagram as the network does.
func (p *couple) put(to int, data []byte) {
	var b []byte
	if n := len(p.spare); n > 0 {
		b, p.spare = p.spare[n-1], p.spare[:n-1]
	}
	p.air[to] = append(p.air[to], append(b[:0], data...))
}

// deliver hands over what is on its way, until nothing is.
func (p *couple) deliver() {
	for len(p.air[0])+len(p.air[1]) > 0 {
		p.receive(0)
		p.receive(1)
	}
}

func (p *couple) receive(i int) {
	for _, d := range p.air[i] {
		pkt := p.pool.Get()
		pkt.Data = append(pkt.Data, d...)
		pkt.From = p.addr(1 - i)
		p.cores[i].Receive(p.now, pkt)
		p.run(i)
		pkt.Release()
		p.spare = append(p.spare, d)
	}
	p.air[i] = p.air[i][:0]
}

// mcast sends a message of node 1 to all.
func (p *couple) mcast(msg []byte) {
	p.cores[0].Send(p.now, 0, msg)
	p.run(0)
}

var pathConfigs = [][2]string{{"none", "none"}, {"none", "sha256"}, {"aes256", "sha256"}}

// BenchmarkPath is the way of a message of the ring through two nodes, the
// network's copy included: numbered, cut, sealed, opened, put together, delivered.
func BenchmarkPath(b *testing.B) {
	for _, c := range pathConfigs {
		for _, n := range []int{100, 1300, 8192, 65000} {
			b.Run(fmt.Sprintf("%s/%s/%d", c[0], c[1], n), func(b *testing.B) {
				p := newCouple(b, c[0], c[1])
				msg := make([]byte, n)
				p.got = 0
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					p.mcast(msg)
					p.receive(1)
				}
				if p.got != b.N {
					b.Fatalf("%d of %d messages were delivered", p.got, b.N)
				}
			})
		}
	}
}

// A message costs no allocation, whole or in fragments, sealed or not.
func TestPathAllocations(t *testing.T) {
	for _, c := range pathConfigs {
		for _, n := range []int{100, 8192, 65000} {
			p := newCouple(t, c[0], c[1])
			msg := make([]byte, n)
			send := func() {
				p.mcast(msg)
				p.receive(1)
			}
			for range 100 { // the pools fill
				send()
			}
			if got := testing.AllocsPerRun(100, send); got > 0 {
				t.Errorf("%s/%s: %v allocations for a message of %d bytes", c[0], c[1], got, n)
			}
		}
	}
}
