package ring

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
)

// BenchmarkThroughput sends from all three processors of a ring in one process
// and counts what the first delivers. One operation is one message.
func BenchmarkThroughput(b *testing.B) {
	for _, size := range []int{64, 1000, 16 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			adm := make([]*pg.Admission, 3)
			n := form(b, 3, func(c *Config) {
				c.Admission = pg.NewAdmission(c.PayloadMTU)
				c.Admission.SetTrans(false)
				adm[c.SRP.NodeID-1] = c.Admission
			})
			text := make([]byte, size)
			stop := make(chan struct{})
			var senders sync.WaitGroup
			for i, n := range n {
				senders.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						if !adm[i].Take(pg.GroupsSize("a") + size) {
							time.Sleep(100 * time.Microsecond)
							continue
						}
						n.send(string(text))
					}
				})
			}
			b.ReportAllocs()
			start := n[0].count.Load()
			b.ResetTimer()
			for n[0].count.Load() < start+int64(b.N) {
				time.Sleep(100 * time.Microsecond)
			}
			b.StopTimer()
			got := float64(n[0].count.Load() - start)
			b.ReportMetric(got/b.Elapsed().Seconds(), "msgs/s")
			b.ReportMetric(got*float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
			close(stop)
			senders.Wait()
			s, err := n[0].Stats()
			if err != nil || s.SRP.OperationalTokenLost > 0 {
				b.Errorf("token lost %d times, %v", s.SRP.OperationalTokenLost, err)
			}
			b.ReportMetric(float64(s.SRP.McastRetx), "retransmitted")
			b.ReportMetric(float64(s.HeldBack), "held-back")
		})
	}
}

// BenchmarkStall measures the longest time between two visits of the token to a
// ring of two that has always something to send, while goroutines compute and
// the collector runs twenty times a second. One operation is a millisecond.
func BenchmarkStall(b *testing.B) {
	cpus := runtime.NumCPU()
	for _, bb := range []struct{ procs, busy int }{
		{cpus, 0}, {cpus, cpus}, {cpus, 100}, {cpus + 4, cpus}, {cpus + 4, 100}, {128, 100},
	} {
		b.Run(fmt.Sprintf("procs=%d/busy=%d", bb.procs, bb.busy), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(bb.procs))
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			n := form(b, 2, func(c *Config) {
				c.Log, c.SRP.Log = nil, nil
				c.RealTime = true
				c.SRP.Token, c.SRP.Consensus = 3*time.Second, 4*time.Second
			})
			var stop atomic.Bool
			var all sync.WaitGroup
			for range bb.busy {
				all.Go(func() {
					var sum [sha256.Size]byte
					for !stop.Load() {
						for range 1000 {
							sum = sha256.Sum256(sum[:])
						}
					}
				})
			}
			all.Go(func() {
				for !stop.Load() {
					time.Sleep(50 * time.Millisecond)
					runtime.GC()
				}
			})
			all.Go(func() { // a message at a time, from delivery to delivery
				for !stop.Load() {
					n[0].send("ping")
					select {
					case <-n[0].got:
					case <-time.After(time.Second):
					}
				}
			})
			_ = n[0].ask(func(l *loop) { l.stats = Stats{} })
			pings := n[0].count.Load()
			b.ResetTimer()
			time.Sleep(time.Duration(b.N) * time.Millisecond)
			b.StopTimer()
			s, err := n[0].Stats()
			if err != nil {
				b.Error(err)
			}
			b.ReportMetric(float64(n[0].count.Load()-pings)/b.Elapsed().Seconds(), "pings/s")
			stop.Store(true)
			all.Wait()
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(millis(s.LongestVisit), "max-ms-between-tokens")
			b.ReportMetric(millis(s.LongestLate), "max-ms-late")
			b.ReportMetric(millis(s.LongestBusy), "max-ms-busy")
			b.ReportMetric(float64(s.SRP.OperationalTokenLost), "tokens-lost")
		})
	}
}

// TestNothingIsAllocatedPerMessage lets two rings exchange messages and counts
// what the whole process allocates meanwhile.
func TestNothingIsAllocatedPerMessage(t *testing.T) {
	n := form(t, 2, func(c *Config) { c.Log = nil; c.SRP.Log = nil })
	text := string(make([]byte, 300)) // too long for the test to keep
	round := func() {
		want := n[1].count.Load() + 100
		for range 100 {
			n[0].send(text)
		}
		for n[1].count.Load() < want {
			runtime.Gosched()
		}
	}
	for range 20 {
		round() // fills the pools
	}
	// The race detector has sync.Pool forget every fourth note.
	if a := testing.AllocsPerRun(50, round); a > 50 {
		t.Errorf("%v allocations for 100 messages, want next to none", a)
	} else {
		t.Logf("%v allocations for 100 messages", a)
	}
}

func TestEventsKeepTheirOrder(t *testing.T) {
	q := newEvents()
	const total = 10 * chunkLen
	go func() {
		for i := range total {
			q.push(Event{Kind: Deliver, From: totem.NodeID(i)})
			if q.own() {
				q.wake()
			}
		}
		close(q.end)
	}()
	next := 0
	for {
		list, err := q.next(context.Background())
		if err == ErrClosed {
			break
		}
		for _, e := range list {
			if int(e.From) != next {
				t.Fatalf("event %d comes when %d is due", e.From, next)
			}
			next++
		}
	}
	if next != total || q.backlog.Load() != 0 {
		t.Errorf("%d events of %d, backlog %d", next, total, q.backlog.Load())
	}
}

// The ring thread takes some events itself, while the receiver sleeps: together
// they see all of them, once and in order.
func TestEagerEventsKeepTheirOrder(t *testing.T) {
	q := newEvents()
	const total = 100 * chunkLen
	var seen []totem.NodeID // whoever owns the queue's end
	take := func(list []Event) {
		for _, e := range list {
			seen = append(seen, e.From)
		}
	}
	go func() {
		for i := range total {
			q.push(Event{Kind: Deliver, From: totem.NodeID(i)})
			switch {
			case !q.own():
			case i%3 == 0:
				q.wake()
			default:
				for list := q.poll(); list != nil; list = q.poll() {
					take(list)
				}
				q.disown()
			}
			if i%7 == 0 {
				runtime.Gosched()
			}
		}
		close(q.end)
	}()
	calls := 0
	for {
		// Now and then the receiver gives up and comes back.
		ctx, cancel := context.WithCancel(context.Background())
		if calls++; calls%5 == 0 {
			cancel()
		}
		list, err := q.next(ctx)
		cancel()
		if err == ErrClosed {
			break
		}
		take(list)
	}
	for i, id := range seen {
		if int(id) != i {
			t.Fatalf("event %d comes when %d is due", id, i)
		}
	}
	if len(seen) != total || q.backlog.Load() != 0 {
		t.Errorf("%d events of %d, backlog %d", len(seen), total, q.backlog.Load())
	}
}

func TestInboxKeepsEachWritersOrder(t *testing.T) {
	var b inbox
	const writers, each = 4, 1000
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				n := b.newNote()
				n.msg = &pg.Message{Data: []byte{byte(w), byte(i >> 8), byte(i)}}
				b.put(n)
			}
		})
	}
	var next [writers]int
	got := 0
	for got < writers*each {
		for n := b.take(); n != nil; {
			d := n.msg.Data
			if i := int(d[1])<<8 | int(d[2]); i != next[d[0]] {
				t.Fatalf("writer %d: message %d comes when %d is due", d[0], i, next[d[0]])
			}
			next[d[0]]++
			got++
			following := n.next
			b.recycle(n)
			n = following
		}
	}
	all.Wait()
}
