package evs

import (
	"fmt"
	"slices"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// Checker holds what the processes have done so far.
type Checker struct {
	// Offline: events of different processes come in no particular order (logs
	// read from files), so a message may be delivered before its send is known.
	offline bool

	procs   map[Proc]*process
	order   []*process
	msgs    map[MsgID]*message
	configs map[totem.RingID]*configuration
	regular []*configuration
	unsent  map[*message]*process // offline: delivered, send not seen yet
	count   int
}

// process is what we know of one process.
type process struct {
	id      Proc
	index   int
	reg     *configuration // the last regular configuration; its com() is where we are
	n       int            // messages of reg.seq delivered
	aligned bool           // n is known: false until an Initial process delivers
	initial bool

	passage *passage // set in a transitional configuration
	k       int      // messages of passage.seq delivered
	trans   *Config

	last  []uint64 // by sender's index: number of its message delivered last
	sent  uint64
	own   uint64
	ended bool
}

// configuration is a regular one, with com(c)'s deliveries in regular mode.
type configuration struct {
	ring      totem.RingID
	members   []totem.NodeID
	seq       []*message
	next      map[totem.RingID]*passage
	passages  []*passage
	installed map[totem.NodeID]install
	// comesFrom holds what transitional configurations into this one claim of
	// their members.
	comesFrom map[totem.NodeID]*configuration
}

type install struct {
	life uint32
	from *configuration // nil: none before, or not known
	free bool           // the process came into the middle: nothing follows
}

// passage is the way of some processes from one regular configuration to the
// next, together.
type passage struct {
	members []totem.NodeID // of the transitional configuration, nil when unseen
	n       int            // messages delivered in the regular one by all
	seq     []*message     // messages delivered in the transitional one
	k       int            // how many that were in the end, -1 while not known
}

type message struct {
	id     MsgID
	from   *process
	sent   bool
	sum    uint64
	reg    *configuration // where it is delivered
	pos    int            // in reg.seq, -1 when not known
	sReg   *configuration // where its sender was when it sent it
	sN     int            // and what it had delivered there, -1 when not known
	gotten []uint64       // bitmap of processes by index
}

// New returns a checker for events that come in the order of time.
func New() *Checker {
	return &Checker{
		procs:   map[Proc]*process{},
		msgs:    map[MsgID]*message{},
		configs: map[totem.RingID]*configuration{},
		unsent:  map[*message]*process{},
	}
}

// Events is how many events have been checked.
func (c *Checker) Events() int { return c.count }

// Messages is how many different messages have been sent or delivered.
func (c *Checker) Messages() int { return len(c.msgs) }

// Sent and Delivered tell how many messages a process has sent, and how many
// of its own it has delivered.
func (c *Checker) Sent(p Proc) (sent, own uint64) {
	if s := c.procs[p]; s != nil {
		return s.sent, s.own
	}
	return 0, 0
}

// Add takes one event. The error is a *Violation, or tells that the log itself
// makes no sense; the state after an error is of no use.
func (c *Checker) Add(e Event) error {
	c.count++
	p := c.process(e.Proc)
	if p.ended {
		return fmt.Errorf("evs: %v: event after its crash", e.Proc)
	}
	switch e.Kind {
	case Send:
		return c.send(p, e)
	case Deliver:
		return c.deliver(p, e)
	case Configure:
		if e.Config.Type == totem.Transitional {
			return c.transitional(p, e.Config)
		}
		return c.install(p, e.Config)
	case Crash:
		p.ended = true
		return nil
	}
	return fmt.Errorf("evs: %v: unknown kind of event %d", e.Proc, e.Kind)
}

func (c *Checker) process(id Proc) *process {
	p := c.procs[id]
	if p == nil {
		p = &process{id: id, index: len(c.order)}
		c.procs[id] = p
		c.order = append(c.order, p)
	}
	return p
}

func (c *Checker) message(id MsgID) *message {
	m := c.msgs[id]
	if m == nil {
		m = &message{id: id, from: c.process(id.From), pos: -1, sN: -1}
		c.msgs[id] = m
	}
	return m
}

func (c *Checker) send(p *process, e Event) error {
	m := c.message(e.Msg)
	if m.from != p {
		return fmt.Errorf("evs: %v sends message %v of another", p.id, e.Msg)
	}
	if m.sent && !c.offline {
		return &Violation{BasicDelivery, p.id, fmt.Sprintf("message %v is sent twice", m.id)}
	}
	if e.Msg.Seq != p.sent+1 {
		return fmt.Errorf("evs: %v sends message %d after %d", p.id, e.Msg.Seq, p.sent)
	}
	p.sent = e.Msg.Seq
	if m.sum != 0 && e.Sum != 0 && m.sum != e.Sum {
		return &Violation{BasicDelivery, p.id, fmt.Sprintf("message %v was delivered with other content than it was sent with", m.id)}
	}
	if !m.sent {
		m.sent, m.sReg = true, p.reg
		if e.Sum != 0 {
			m.sum = e.Sum
		}
		if p.reg != nil && p.passage == nil && p.placed() {
			m.sN = p.n
		}
	}
	delete(c.unsent, m)
	return nil
}

func (c *Checker) deliver(p *process, e Event) error {
	m := c.message(e.Msg)
	for _, check := range [...]func(*process, *message, uint64) *Violation{
		c.basicDelivery, c.senderIsMember, c.causalDelivery, c.selfDelivery, c.agreedDelivery,
	} {
		if v := check(p, m, e.Sum); v != nil {
			return v
		}
	}
	return nil
}

// basicDelivery: the message was sent, is delivered once by each process, and
// by all in the same configuration.
func (c *Checker) basicDelivery(p *process, m *message, sum uint64) *Violation {
	fail := func(format string, args ...any) *Violation {
		return &Violation{BasicDelivery, p.id, fmt.Sprintf("message %v ", m.id) + fmt.Sprintf(format, args...)}
	}
	switch {
	case p.reg == nil:
		return fail("is delivered before any configuration")
	case !m.sent && !c.offline:
		return fail("was never sent")
	case sum != 0 && m.sum != 0 && sum != m.sum:
		return fail("is delivered with other content than it was sent with")
	case m.reg != nil && m.reg != p.reg:
		return fail("is delivered in configuration %v, by others in %v", p.reg.ring, m.reg.ring)
	}
	if !m.sent {
		c.unsent[m] = p
	}
	if m.sum == 0 {
		m.sum = sum
	}
	word, bit := p.index/64, uint64(1)<<(p.index%64)
	for len(m.gotten) <= word {
		m.gotten = append(m.gotten, 0)
	}
	if m.gotten[word]&bit != 0 {
		return fail("is delivered twice")
	}
	m.gotten[word] |= bit
	m.reg = p.reg
	return nil
}

// senderIsMember: in a regular configuration its members' messages are
// delivered, in a transitional one only those of who comes along.
func (c *Checker) senderIsMember(p *process, m *message, _ uint64) *Violation {
	if p.passage != nil {
		if !slices.Contains(p.trans.Members, m.id.From.Node) {
			return &Violation{TransitionalConfiguration, p.id, fmt.Sprintf("message %v is of a node outside of the transitional configuration %v of %v", m.id, p.trans.Members, p.reg.ring)}
		}
		return nil
	}
	if !slices.Contains(p.reg.members, m.id.From.Node) {
		return &Violation{BasicDelivery, p.id, fmt.Sprintf("message %v is of a node outside of configuration %v %v", m.id, p.reg.ring, p.reg.members)}
	}
	return nil
}

// causalDelivery: messages of one sender come in the order of sending, and
// after what the sender had delivered when it sent them.
func (c *Checker) causalDelivery(p *process, m *message, _ uint64) *Violation {
	i := m.from.index
	for len(p.last) <= i {
		p.last = append(p.last, 0)
	}
	if p.last[i] >= m.id.Seq {
		return &Violation{CausalDelivery, p.id, fmt.Sprintf("message %v is delivered after number %d of the same sender", m.id, p.last[i])}
	}
	p.last[i] = m.id.Seq
	if m.sReg == p.reg && m.sN > p.n && p.placed() {
		return &Violation{CausalDelivery, p.id, fmt.Sprintf("message %v is delivered after %d others of configuration %v, its sender had delivered %d when it sent it", m.id, p.n, p.reg.ring, m.sN)}
	}
	return nil
}

// selfDelivery: none of a process's own messages is left out.
func (c *Checker) selfDelivery(p *process, m *message, _ uint64) *Violation {
	if m.from != p {
		return nil
	}
	if m.id.Seq != p.own+1 {
		return &Violation{SelfDelivery, p.id, fmt.Sprintf("its own message %v is delivered after number %d", m.id, p.own)}
	}
	p.own = m.id.Seq
	return nil
}

// agreedDelivery: all processes deliver the same sequence in a configuration.
// Who delivers a message first sets its place for all others. Orders of
// transitional configurations are compared with one another in Finish.
func (c *Checker) agreedDelivery(p *process, m *message, _ uint64) *Violation {
	seq, at := &p.reg.seq, &p.n
	name := p.reg.ring.String()
	switch {
	case p.passage != nil:
		seq, at = &p.passage.seq, &p.k
		name = fmt.Sprintf("transitional to %v from %v", p.trans.Ring, p.reg.ring)
	case p.initial && !p.aligned:
		p.aligned = true
		if p.n = m.pos; m.pos < 0 {
			p.n = len(p.reg.seq)
		}
	}
	if *at < len(*seq) {
		if want := (*seq)[*at]; want != m {
			return &Violation{AgreedDelivery, p.id, fmt.Sprintf("delivers %v as number %d in configuration %s, others %v", m.id, *at+1, name, want.id)}
		}
	} else {
		*seq = append(*seq, m)
	}
	if p.passage == nil {
		m.pos = *at
	} else if m.pos >= 0 && m.pos < p.n {
		return &Violation{AgreedDelivery, p.id, fmt.Sprintf("delivers %v in configuration %s, though it has passed its place %d in %v", m.id, name, m.pos+1, p.reg.ring)}
	}
	*at++
	return nil
}
