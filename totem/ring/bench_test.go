package ring

import (
	"context"
	"fmt"
	"runtime"
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
			if s, err := n[0].Stats(); err != nil || s.SRP.OperationalTokenLost > 0 {
				b.Errorf("token lost %d times, %v", s.SRP.OperationalTokenLost, err)
			}
		})
	}
}

// BenchmarkStall measures the longest time between two visits of the token to a
// ring of two, while a hundred goroutines compute and the collector runs all the
// time. One operation is a millisecond.
func BenchmarkStall(b *testing.B) {
	for _, procs := range []int{runtime.NumCPU(), runtime.NumCPU() + 4, 128} {
		for _, busy := range []int{0, 1, 4, 100} {
			b.Run(fmt.Sprintf("procs=%d/busy=%d", procs, busy), func(b *testing.B) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				n := form(b, 2, func(c *Config) {
					c.RealTime = true
					c.SRP.Token, c.SRP.Consensus = 3*time.Second, 4*time.Second
				})
				var stop atomic.Bool
				var all sync.WaitGroup
				for range busy {
					all.Go(func() {
						keep := make([][]byte, 64)
						for i := 0; !stop.Load(); i++ {
							keep[i%64] = make([]byte, 1024) // so that there is something to collect
						}
					})
				}
				all.Go(func() { // a message at a time, from delivery to delivery
					for !stop.Load() {
						n[0].send("ping")
						select {
						case <-n[0].got:
						case <-time.After(time.Second):
						}
					}
				})
				b.ResetTimer()
				time.Sleep(time.Duration(b.N) * time.Millisecond)
				b.StopTimer()
				s, err := n[0].Stats()
				if err != nil {
					b.Error(err)
				}
				stop.Store(true)
				all.Wait()
				b.ReportMetric(millis(s.LongestVisit), "max-ms-between-tokens")
				b.ReportMetric(millis(s.LongestLate), "max-ms-late")
				b.ReportMetric(millis(s.LongestBusy), "max-ms-busy")
				b.ReportMetric(float64(s.SRP.OperationalTokenLost), "tokens-lost")
				b.ReportMetric(float64(n[0].count.Load())/b.Elapsed().Seconds(), "pings/s")
			})
		}
	}
}

// TestNothingIsAllocatedPerMessage lets two rings exchange messages and counts
// what the whole process allocates meanwhile.
func TestNothingIsAllocatedPerMessage(t *testing.T) {
	n := form(t, 2, func(c *Config) { c.Log = nil; c.SRP.Log = nil })
	var count atomic.Int64
	n[1].slow = func() { count.Add(1) }
	text := string(make([]byte, 300)) // too long for the test to keep
	round := func() {
		want := count.Load() + 100
		for range 100 {
			n[0].send(text)
		}
		for count.Load() < want {
			runtime.Gosched()
		}
	}
	for range 20 {
		round() // fills the pools
	}
	if a := testing.AllocsPerRun(50, round); a > 10 {
		t.Errorf("%v allocations for 100 messages, want next to none", a)
	}
}

func TestEventsKeepTheirOrder(t *testing.T) {
	q := newEvents()
	const total = 10 * chunkLen
	go func() {
		for i := range total {
			q.push(Event{Kind: Deliver, From: totem.NodeID(i)})
			q.notify()
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
