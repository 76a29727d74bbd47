package sim

import (
	"math/rand/v2"
	"time"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Options is the world that a seed lives in. Chances are per datagram or, for
// faults, weights among each other; 0 turns a fault off.
type Options struct {
	Nodes   int
	Chaos   time.Duration // how long faults happen
	Settle  time.Duration // how long the ring has to come together afterwards
	Default bool          // timeouts as corosync.conf(5) has them, else short ones

	// The network.
	Delay     time.Duration // least time on the way
	Jitter    time.Duration // mean of what comes on top of it
	Ordered   bool          // datagrams of one sender do not overtake each other
	Multicast bool          // one send reaches all; else one datagram for each
	Loss      float64
	Double    float64
	Late      float64 // chance of a delay of up to LateMax
	LateMax   time.Duration
	Inbox     int // datagrams that a node's socket buffer holds while it is paused

	// Knet has packets of 64 kB in frames of 1500 bytes: one frame lost is the
	// packet lost. A node's device holds Device frames and takes FrameTime to send
	// one; what finds no room there is lost, also when all else is quiet.
	Knet      bool
	Device    int
	FrameTime time.Duration

	// The nodes.
	ServiceLag time.Duration // mean time until the service side sees a delivery
	Drift      float64       // clocks run faster or slower by up to this
	StoreLag   time.Duration // mean time until a ring id is on stable storage

	// Faults: mean time between two, and how often each is the one.
	FaultEvery time.Duration
	Crash      int
	Leave      int
	Pause      int
	Partition  int
	OneWay     int // a link is cut in one direction
	Clog       int // a link holds datagrams back for a while
	Storm      int // loss is high for a while

	// The workload.
	SendEvery time.Duration // mean time between messages of a node
	Burst     int           // messages at once, at most
	Large     float64       // chance of a message of many packets
	SyncLoad  int           // most messages that a node sends in a synchronisation before its barrier

	// NewApp makes a node's layers above the ring, anew for each of its lives;
	// nil for the default.
	NewApp func(Env) App

	// Replay is what the sim command must be told beside the seed to run this.
	Replay string
	// Trace, if not nil, gets a line for every event.
	Trace func(line string)
	// MaxSteps ends a run that goes on for ever; 0 for a generous default.
	MaxSteps int
}

// Swarm draws a world from a seed. Each fault is there in some seeds and not in
// others, so that none hides what another would have found.
func Swarm(seed uint64) Options {
	r := rand.New(rand.NewPCG(seed, 0x5ca1ab1e))
	some := func(p float64, n int) int {
		if r.Float64() < p {
			return 1 + r.IntN(n)
		}
		return 0
	}
	chance := func(p, most float64) float64 {
		if r.Float64() < p {
			return r.Float64() * most
		}
		return 0
	}
	span := func(least, most time.Duration) time.Duration {
		return least + time.Duration(r.Int64N(int64(most-least)+1))
	}
	ms := time.Millisecond
	o := Options{
		Nodes:      []int{1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 8}[r.IntN(12)],
		Chaos:      span(4*time.Second, 14*time.Second),
		Settle:     120 * time.Second,
		Default:    r.IntN(4) == 0,
		Delay:      span(20*time.Microsecond, ms),
		Jitter:     span(0, 2*ms),
		Ordered:    r.IntN(2) == 0,
		Multicast:  r.IntN(2) == 0,
		Loss:       chance(0.6, 0.08),
		Double:     chance(0.4, 0.05),
		Late:       chance(0.4, 0.02),
		LateMax:    span(5*ms, 800*ms),
		Inbox:      20 + r.IntN(400),
		ServiceLag: span(0, 3*ms),
		Drift:      chance(0.5, 0.02),
		StoreLag:   time.Duration(chance(0.3, float64(20*ms))),
		FaultEvery: span(100*ms, 1500*ms),
		Crash:      some(0.6, 4),
		Leave:      some(0.3, 2),
		Pause:      some(0.5, 3),
		Partition:  some(0.6, 4),
		OneWay:     some(0.3, 3),
		Clog:       some(0.4, 3),
		Storm:      some(0.3, 2),
		SendEvery:  span(2*ms, 60*ms),
		Burst:      1 + r.IntN(12),
		Large:      chance(0.5, 0.1),
		SyncLoad:   some(0.5, 6),
	}
	if !o.Default {
		o.Chaos /= 2
	}
	// Drawn last, so that the worlds of older seeds stay what they were.
	if o.Knet = r.IntN(4) == 0; o.Knet {
		o.Device = max(500+r.IntN(1500), o.leastDevice())
		o.FrameTime = min(span(time.Microsecond, 12*time.Microsecond), o.slowestFrame())
		o.Loss /= 8
		o.Multicast = false
	}
	return o
}

// visitFrames is how many frames a node sends at one visit of the token at most.
func (o *Options) visitFrames() int {
	const messages = 17
	return messages * max(o.Nodes-1, 1) * frames(knetPacket)
}

// slowestFrame is how long a frame may take for a turn of the token in which every node
// sends all that it may to take half the token timeout. Where it takes longer than
// that, a ring with much to make up for is lost again and again, as the reference's is.
func (o *Options) slowestFrame() time.Duration {
	return o.timing().token / 2 / time.Duration(o.Nodes*o.visitFrames())
}

// leastDevice is how many frames a device must hold. One that does not hold what is sent
// at a visit loses the token behind it: it is sent again after a retransmit timeout, and
// four of these are the token timeout.
func (o *Options) leastDevice() int {
	if o.Nodes <= 3 {
		return 0
	}
	return o.visitFrames() + frames(knetPacket)
}

// timing is what corosync.conf's totem section sets, in proportion to token.
type timing struct {
	token, retransmit, hold, join, consensus, merge time.Duration
}

func (o *Options) timing() timing {
	if o.Default {
		token := 1000 * time.Millisecond
		if o.Nodes > 2 {
			token += time.Duration(o.Nodes-2) * 650 * time.Millisecond
		}
		// token / (retransmits + 0.2), and 0.8 of that less a clock tick
		rt := token * 10 / 42
		return timing{token, rt, rt*8/10 - 10*time.Millisecond, 50 * time.Millisecond, token * 12 / 10, 200 * time.Millisecond}
	}
	return timing{
		token: 100 * time.Millisecond, retransmit: 24 * time.Millisecond, hold: 18 * time.Millisecond,
		join: 10 * time.Millisecond, consensus: 120 * time.Millisecond, merge: 40 * time.Millisecond,
	}
}

// mtu is the room for a payload in an mcast, as with the default netmtu, or as
// knet has it.
func (o *Options) mtu() int {
	if o.Knet {
		return 65446
	}
	return 1410
}

const (
	usualPacket = 2048
	knetPacket  = 1 << 16
	// frameData is what a frame carries of a packet of knet.
	frameData = 1446
)

// packetSize is what the pool's packets hold: an mcast in an mcast, or the
// longest token.
func (o *Options) packetSize() int {
	if o.Knet {
		return knetPacket
	}
	return usualPacket
}

// frames is how many a packet of n bytes takes.
func frames(n int) int { return (n + frameData - 1) / frameData }

// idOf numbers nodes from 1.
func idOf(i int) totem.NodeID { return totem.NodeID(i + 1) }
