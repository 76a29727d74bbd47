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
	slab    []message // for the next ones
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
	at      *message       // the last delivered in reg, nil when none
	initial bool           // it came into the middle of reg
	// aware: it is told of transitional configurations. For one that is not,
	// list is what it has delivered since reg, holes of a transitional
	// configuration that it does not know of included.
	aware bool
	list  []*message

	passage *passage // set in a transitional configuration
	k       int      // messages of passage.seq delivered
	trans   *Config

	last  []uint64 // by sender's index: number of its message delivered last
	sent  uint64
	own   uint64
	ended bool
}

// configuration is a regular one. What is delivered in it is a chain, from first
// on by message.next, of which each process delivers a piece without holes.
type configuration struct {
	ring      totem.RingID
	members   []totem.NodeID
	first     *message
	all       []*message   // of com(c)
	lists     [][]*message // of processes that are not aware, and ended here
	next      map[totem.RingID]*passage
	passages  []*passage
	ways      map[string]*passage // of processes that are not aware
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
	from    *message       // the last that all of them delivered in the regular one
	known   bool           // from, or list, is set
	seq     []*message     // messages delivered in the transitional one
	list    []*message     // the longest list of one that is not aware
	whole   bool           // list is of one that was there from the start
	k       int            // how many that were in the end, -1 while not known
}

type message struct {
	id     MsgID
	from   *process
	sent   bool
	sum    uint64
	reg    *configuration // where it is delivered
	prev   *message       // before and after it in reg
	next   *message
	sReg   *configuration // where its sender was when it sent it
	sAt    *message       // and the last that it had delivered there
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
		if p.reg != nil && len(p.list) > 0 {
			p.reg.lists = append(p.reg.lists, p.list)
			p.list = nil
		}
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

// slabLen is how many messages are allocated at once.
const slabLen = 128

func (c *Checker) message(id MsgID) *message {
	m := c.msgs[id]
	if m == nil {
		if len(c.slab) == 0 {
			c.slab = make([]message, slabLen)
		}
		m, c.slab = &c.slab[0], c.slab[1:]
		m.id, m.from = id, c.process(id.From)
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
		if p.passage == nil {
			m.sAt = p.at
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
	if m.has(p) {
		return fail("is delivered twice")
	}
	word, bit := p.index/64, uint64(1)<<(p.index%64)
	for len(m.gotten) <= word {
		m.gotten = append(m.gotten, 0)
	}
	m.gotten[word] |= bit
	if m.reg == nil {
		m.reg = p.reg
		p.reg.all = append(p.reg.all, m)
	}
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
	if m.sReg == p.reg && m.sAt != nil && !p.initial && !m.sAt.has(p) {
		return &Violation{CausalDelivery, p.id, fmt.Sprintf("message %v is delivered without %v, which its sender had delivered in configuration %v when it sent it", m.id, m.sAt.id, p.reg.ring)}
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

// agreedDelivery: all processes deliver the same sequence in a configuration,
// each a piece without holes, from the start unless it came later. Who delivers
// a message first sets its place for all others. Orders of transitional
// configurations are compared with one another in Finish.
func (c *Checker) agreedDelivery(p *process, m *message, _ uint64) *Violation {
	if p.passage != nil {
		return c.agreedTransitional(p, m)
	}
	before := p.at
	p.at = m
	if !p.aware {
		p.list = append(p.list, m) // compared when it leaves
		return nil
	}
	switch {
	case before != nil:
		if before.next == nil && m.prev == nil && m != p.reg.first {
			before.next, m.prev = m, before
		}
		if before.next != m || m.prev != before {
			return p.disagrees(m, before, before.next)
		}
	case !p.initial:
		if p.reg.first == nil && m.prev == nil {
			p.reg.first = m
		}
		if p.reg.first != m {
			return p.disagrees(m, nil, p.reg.first)
		}
	}
	return nil
}

func (p *process) disagrees(m, before, want *message) *Violation {
	where := "first"
	if before != nil {
		where = "after " + before.id.String()
	}
	v := &Violation{AgreedDelivery, p.id, fmt.Sprintf("delivers %v %s in configuration %v", m.id, where, p.reg.ring)}
	switch {
	case want != nil:
		v.Detail += fmt.Sprintf(", others %v", want.id)
	case m.prev != nil:
		v.Detail += fmt.Sprintf(", others after %v", m.prev.id)
	default:
		v.Detail += ", others first"
	}
	return v
}

func (c *Checker) agreedTransitional(p *process, m *message) *Violation {
	w := p.passage
	if p.k < len(w.seq) {
		if want := w.seq[p.k]; want != m {
			return &Violation{AgreedDelivery, p.id, fmt.Sprintf("delivers %v as number %d in the transitional configuration from %v to %v, others %v", m.id, p.k+1, p.reg.ring, p.trans.Ring, want.id)}
		}
	} else {
		w.seq = append(w.seq, m)
	}
	p.k++
	return nil
}

// has tells whether a process has delivered the message.
func (m *message) has(p *process) bool {
	word := p.index / 64
	return word < len(m.gotten) && m.gotten[word]&(1<<(p.index%64)) != 0
}
