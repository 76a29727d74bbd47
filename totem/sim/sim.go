package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/evs"
)

// Result tells of a run.
type Result struct {
	Seed      uint64
	Hash      uint64 // of all events; the same for the same seed and options
	Steps     int
	Virtual   time.Duration
	Settled   time.Duration // how long it took from calm to one ring and all delivered
	Delivered int
	Configs   int
	Err       error // what was violated, nil if nothing was
	how       string
}

// Replay is the command that runs the seed again, with a trace.
func (r *Result) Replay() string {
	return strings.Join(strings.Fields(fmt.Sprintf("go run ./totem/sim/cmd/sim -seed %d %s -trace", r.Seed, r.how)), " ")
}

// world is one simulation.
type world struct {
	opts    Options
	rnd     *rand.Rand
	now     totem.Instant
	agenda  agenda
	net     *network
	nodes   []*node
	pool    *totem.Pool
	checker *evs.Checker
	multi   bool // cancel_token_hold_on_retransmit
	calm    bool
	err     error

	hash      uint64
	steps     int
	delivered int
	configs   int
}

// Run runs a seed. With nil options, those are drawn from the seed too.
func Run(seed uint64, opts *Options) (res Result) {
	o := Swarm(seed)
	if opts != nil {
		o = *opts
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 20_000_000
	}
	w := &world{
		opts:    o,
		rnd:     rand.New(rand.NewPCG(seed, 0x7e57ab1e)),
		now:     1,
		pool:    totem.NewPool(o.packetSize(), 1<<12),
		checker: evs.New(),
		hash:    seed,
	}
	res.Seed, res.how = seed, o.Replay
	defer func() {
		if p := recover(); p != nil {
			res.Err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		res.Hash, res.Steps, res.Virtual = w.hash, w.steps, time.Duration(w.now)
		res.Delivered, res.Configs = w.delivered, w.configs
	}()
	w.begin()
	calm := totem.Instant(o.Chaos)
	w.until(calm)
	if w.err == nil {
		w.pacify()
		w.settle(totem.Instant(o.Settle))
		res.Settled = w.now.Sub(calm)
	}
	if w.err == nil {
		w.err = w.checker.Finish()
	}
	res.Err = w.err
	return res
}

func (w *world) begin() {
	w.multi = w.rnd.IntN(2) == 0
	w.net = newNetwork(w)
	for i := range w.opts.Nodes {
		n := &node{w: w, index: i, id: idOf(i), offset: totem.Instant(w.rnd.Int64N(int64(time.Hour)))}
		n.ppm = int64((2*w.rnd.Float64() - 1) * w.opts.Drift * 1e6)
		w.nodes = append(w.nodes, n)
		w.after(w.now.Add(w.exponential(w.opts.timing().token)), nil, n.start)
	}
	w.after(w.now.Add(w.opts.timing().consensus+w.exponential(w.opts.FaultEvery)), nil, w.misfortune)
}

// newApp makes the layers above a node's ring.
func (w *world) newApp(n *node) App {
	if w.opts.NewApp != nil {
		return w.opts.NewApp(n)
	}
	return newBarrier(n)
}

// after calls fn at an instant, if the node is then still in its present life;
// a nil node always is.
func (w *world) after(at totem.Instant, n *node, fn func()) {
	e := event{at: max(at, w.now), kind: call, to: -1, fn: fn}
	if n != nil {
		e.to, e.life = n.index, n.life
	}
	w.agenda.push(e)
}

// until runs all events up to an instant.
func (w *world) until(t totem.Instant) {
	for w.err == nil && !w.agenda.empty() && w.agenda.first() <= t {
		w.step()
	}
	w.now = max(w.now, t)
}

func (w *world) step() {
	e := w.agenda.pop()
	w.now = e.at
	w.mix(uint64(e.at), uint64(e.kind)<<32|uint64(uint32(e.to)), uint64(e.crc))
	if w.steps++; w.steps > w.opts.MaxSteps {
		w.fail(fmt.Errorf("no end after %d steps", w.steps))
		return
	}
	var n *node
	if e.to >= 0 {
		n = w.nodes[e.to]
		if !n.up || e.life != 0 && e.life != n.life {
			if e.pkt != nil {
				e.pkt.Release()
			}
			return
		}
	}
	switch e.kind {
	case arrive:
		n.onArrive(e)
	case wake:
		n.onWake(e.at)
	case service:
		n.onService()
	case call:
		e.fn()
	}
}

// settle runs until all is well, at most for limit; liveness.
func (w *world) settle(limit totem.Instant) {
	end := w.now + limit
	for w.err == nil {
		w.until(w.now.Add(10 * time.Millisecond))
		if w.err != nil {
			return
		}
		err := w.unsettled()
		if err == nil {
			return
		}
		if w.now >= end {
			w.err = fmt.Errorf("liveness: %v after the faults have stopped: %w", time.Duration(limit), err)
		}
	}
}

// unsettled tells what is still to happen.
func (w *world) unsettled() error {
	procs := make([]evs.Proc, 0, len(w.nodes))
	for _, n := range w.nodes {
		if !n.up {
			return fmt.Errorf("node %d is down", n.id)
		}
		procs = append(procs, n.load.proc(0))
	}
	for _, n := range w.nodes {
		if members := n.m.Members(); len(members) != len(w.nodes) {
			return fmt.Errorf("node %d is %v in %v with %v", n.id, n.m.State(), n.m.Ring(), members)
		}
		if len(n.queue) > 0 || n.packer.Backlog(false) > 0 || n.trans {
			return fmt.Errorf("node %d has %d deliveries and %d packets to go, synchronising: %v", n.id, len(n.queue), n.packer.Backlog(false), n.trans)
		}
	}
	for _, n := range w.nodes {
		if s, ok := n.app.(Settler); ok {
			if err := s.Settled(); err != nil {
				return fmt.Errorf("node %d: %w", n.id, err)
			}
		}
	}
	return w.checker.Quiescent(procs)
}

// check gives an event to the checker.
func (w *world) check(e evs.Event) {
	if w.err != nil {
		return
	}
	w.mix(uint64(e.Kind), uint64(e.Proc.Node)<<32|uint64(e.Proc.Life), e.Msg.Seq)
	if err := w.checker.Add(e); err != nil {
		w.fail(err)
	}
}

func (w *world) fail(err error) {
	if w.err == nil {
		w.err = err
		w.tracef(nil, "FAILED: %v", err)
	}
}

// mix folds numbers into the trace hash.
func (w *world) mix(xs ...uint64) {
	for _, x := range xs {
		w.hash = (w.hash ^ x) * 0x9e3779b97f4a7c15
		w.hash ^= w.hash >> 29
	}
}

// exponential draws a time with the given mean, at most twenty times that.
func (w *world) exponential(mean time.Duration) time.Duration {
	if mean <= 0 {
		return 0
	}
	return time.Duration(min(-math.Log(1-w.rnd.Float64()), 20) * float64(mean))
}

func (w *world) tracef(n *node, format string, args ...any) {
	if w.opts.Trace == nil {
		return
	}
	who := "world"
	if n != nil {
		who = fmt.Sprintf("%d/%d", n.id, n.life)
	}
	w.opts.Trace(fmt.Sprintf("%12.6f %-5s %s", time.Duration(w.now).Seconds(), who, fmt.Sprintf(format, args...)))
}
