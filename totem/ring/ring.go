package ring

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
	"github.com/ringmaster-ha/ringmaster/totem/srp"
)

// Ring is one processor of a ring, carried by a thread of its own. All methods
// but Next may be called from any goroutine; none of them holds the ring thread
// up.
type Ring struct {
	cfg    Config
	log    loglevel.Logger
	in     inbox
	out    *events
	wake   *wakeup
	store  *ringStore
	pauses *pauseWatch

	// sleep tells writers to the inbox whether the ring thread must be woken
	// for what they have.
	sleep atomic.Int32
	// lagging: the receiver is behind, and the thread wants to be woken when it
	// no longer is.
	lagging atomic.Bool

	close sync.Once
	done  chan struct{} // closed when the ring thread has ended
}

// The values of Ring.sleep.
const (
	awake        int32 = iota // looks into the inbox before it sleeps
	wakeForCalls              // the next token fetches messages
	wakeForAll
)

// Open loads the ring id and starts the ring thread. The ring forms by itself;
// Next tells how.
func Open(cfg Config) (*Ring, error) {
	if cfg.Log == nil {
		cfg.Log = loglevel.Discard
	}
	if cfg.SRP.Log == nil {
		cfg.SRP.Log = loglevel.Discard
	}
	if cfg.PacketSize == 0 {
		cfg.PacketSize = 2048
	}
	if cfg.BacklogMax == 0 {
		cfg.BacklogMax = 8 << 20
	}
	if cfg.SRP.NodeID == 0 {
		return nil, fmt.Errorf("ring: node id: got 0, want one of 1 to 4294967295")
	}
	seq, err := LoadRing(cfg.StateDir, cfg.SRP.NodeID, cfg.Log)
	if err != nil {
		return nil, err
	}
	r := &Ring{cfg: cfg, log: cfg.Log, out: newEvents(), done: make(chan struct{})}
	if r.wake, err = newWakeup(); err != nil {
		return nil, err
	}
	r.store, err = newRingStore(cfg.StateDir, cfg.SRP.NodeID, seq, cfg.SRP.Log, func(err error) {
		r.call(func(l *loop) { r.out.push(Event{Kind: Fatal, Err: err}) })
	})
	if err != nil {
		r.wake.close()
		return nil, err
	}
	l, err := newLoop(r, seq)
	if err != nil {
		r.wake.close()
		return nil, err
	}
	r.pauses = newPauseWatch(r.log)
	go r.store.run()
	go func() {
		// Never unlocked: the thread, and its priority, end with the goroutine.
		runtime.LockOSThread()
		r.setPriority()
		r.pauses.watch()
		l.run()
		close(r.out.end)
		close(r.done)
	}()
	return r, nil
}

// Next returns the events that have come since the last call, at least one, in
// order. The slice is valid until the next call, and so the receiver counts as
// being behind by it until then. Only one goroutine at a time may call it.
func (r *Ring) Next(ctx context.Context) ([]Event, error) {
	list, err := r.out.next(ctx)
	if r.lagging.Load() && r.out.backlog.Load() <= int64(r.cfg.BacklogMax) && r.lagging.CompareAndSwap(true, false) {
		r.wake.wake()
	}
	return list, err
}

// Send queues a message, group header included, which the ring owns from here
// on. trans chooses the queue of the synchronisation that follows a change.
// Admission has granted the room.
func (r *Ring) Send(trans bool, m *pg.Message) {
	n := r.in.newNote()
	n.msg, n.trans = m, trans
	r.in.put(n)
	if r.sleep.Load() == wakeForAll && r.sleep.CompareAndSwap(wakeForAll, awake) {
		r.wake.wake()
	}
}

// call has fn run on the ring thread.
func (r *Ring) call(fn func(*loop)) {
	n := r.in.newNote()
	n.call = fn
	r.in.put(n)
	if r.sleep.Swap(awake) != awake {
		r.wake.wake()
	}
}

// ask runs fn on the ring thread and waits until it has.
func (r *Ring) ask(fn func(*loop)) error {
	done := make(chan struct{})
	r.call(func(l *loop) {
		fn(l)
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-r.done:
		select {
		case <-done:
			return nil
		default:
			return ErrClosed
		}
	}
}

// TransAck tells that the services have synchronised in the configuration ring;
// it is ignored when a newer one has come.
func (r *Ring) TransAck(ring totem.RingID) {
	r.call(func(l *loop) { l.do(l.m.TransAck(l.now, ring)) })
}

// Leave leaves the ring in order and returns when the message that says so has
// been handed to the kernel. The ring is silent then; Close remains.
func (r *Ring) Leave() error {
	return r.ask(func(l *loop) { l.leave() })
}

// ForceGather forms the ring anew.
func (r *Ring) ForceGather() {
	r.call(func(l *loop) { l.do(l.m.ForceGather(l.now)) })
}

// Reconfigure takes over changed values of the totem section. RingSeq, Pool and
// Source stay what they are.
func (r *Ring) Reconfigure(srpCfg srp.Config) {
	r.call(func(l *loop) {
		srpCfg.RingSeq, srpCfg.Pool, srpCfg.Source = l.srp.RingSeq, l.srp.Pool, l.srp.Source
		l.srp = srpCfg
		l.do(l.m.Reconfigure(l.now, srpCfg))
	})
}

// Do has fn run on the ring thread soon, where the transport's methods may be
// called; what fn has it send leaves right after.
func (r *Ring) Do(fn func(now totem.Instant)) {
	r.call(func(l *loop) {
		fn(l.now)
		l.net.Flush()
	})
}

// Ask is Do that waits until fn has run.
func (r *Ring) Ask(fn func(now totem.Instant)) error {
	return r.ask(func(l *loop) {
		fn(l.now)
		l.net.Flush()
	})
}

// Stats returns the counters as they are now.
func (r *Ring) Stats() (s Stats, err error) {
	err = r.ask(func(l *loop) {
		s = l.stats
		s.SRP = l.m.Stats(l.now)
		s.Failures = l.net.Failures()
		s.Backlog = r.out.backlog.Load()
	})
	return s, err
}

// ResetStats sets the protocol's counters to zero.
func (r *Ring) ResetStats() { r.call(func(l *loop) { l.m.ResetStats() }) }

// Reachable tells whether a node is in the ring.
func (r *Ring) Reachable(id totem.NodeID) (ok bool, err error) {
	err = r.ask(func(l *loop) { ok = l.m.Reachable(id) })
	return ok, err
}

// Close ends the ring thread and all that belongs to it, and returns when that
// is done. It does not leave in order: the other processors find out by
// themselves.
func (r *Ring) Close() error {
	r.close.Do(func() {
		r.call(func(l *loop) { l.end = true })
		<-r.done
		r.store.close()
		r.pauses.close()
		r.wake.close()
	})
	return nil
}
