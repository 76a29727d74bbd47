package engine

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

const (
	// electionTimeout is how long the votes of all peers are waited for.
	electionTimeout = 120 * time.Second
	// writeTimeout is how long the CIB manager's answer to a write is waited for.
	writeTimeout = 120 * time.Second
	// retryDelay is how long a write that has failed waits, where the attribute has no
	// delay of its own.
	retryDelay = 2 * time.Second
)

// Node is a node of the cluster, or one of Pacemaker Remote.
type Node struct {
	Name   string
	ID     uint32 // 0 if not known, and of remote nodes
	UUID   string // as the CIB has it; empty if not known
	Remote bool
}

// Peers is what is known of nodes.
type Peers interface {
	election.Peers
	// Node is the node with an id (0: any) and a name; one that is not known becomes so
	// (crm_get_peer_full). ok is false for none at all.
	Node(id uint32, name string) (n Node, ok bool)
	// NameOf is the name of the node with an id, as far as it is known or the cluster
	// layer tells; empty if not.
	NameOf(id uint32) string
	// AddRemote makes a remote node known, and forgets a node of the cluster that was
	// taken for it and never seen.
	AddRemote(name string)
	// Forget forgets a node, if it is not active.
	Forget(name string)
}

// Host is what the Engine acts through.
type Host interface {
	// Send sends a message to a node, or all if to is empty.
	Send(to string, m *wire.Message)
	// SendVote sends a message of the election, to m.To or all.
	SendVote(m *election.Message)
	// Modify changes the status section of the CIB. The call's number comes back with
	// Engine.Wrote, which nothing may call before Modify has returned; a call that could not
	// be made has a negative one, the error.
	Modify(u *Update) (call int)
	// CPUTime is what the process has used in user mode.
	CPUTime() time.Duration
}

// Update is a change of the CIB's status section. Several of one attribute never overlap.
type Update struct {
	Status *etree.Element
	User   string // whose permissions count; empty for the daemon's
	// Deletes says that some of the values are to be deleted: then the node's own CIB
	// manager is to carry it out, with cib_mixed_update.
	Deletes bool

	// Name is the attribute's, Values are all that is written of it, in the order in which alerts tell of them.
	Name   string
	Values []NodeValue
}

// NodeValue is the value that an attribute has on a node.
type NodeValue struct {
	Node  string
	ID    uint32 // 0 of remote nodes
	Value string // "" also for none
}

// Config of New.
type Config struct {
	Node  string // this node's name
	ID    uint32 // and id
	Peers Peers
	Host  Host
	Log   loglevel.Logger
}

// Engine is one node's manager of attributes.
type Engine struct {
	node  string
	id    uint32
	peers Peers
	host  Host
	log   loglevel.Logger

	attributes table[*attribute]
	minimum    int // version of the protocol that all have spoken of; 0: none yet
	lastDone   int // the last write that went well
	shutdown   bool

	election *election.Election
	voteBy   time.Time // the election's timer; zero if it does not run
	writer   string    // the node taken for the writer; empty if none

	resend resend
}

// New is an Engine that knows no attribute. Start is its first call.
func New(c Config) *Engine {
	return &Engine{
		node: c.Node, id: c.ID, peers: c.Peers, host: c.Host, log: c.Log,
		attributes: newTable[*attribute](exact),
		election:   election.New("attrd", c.Node, c.Peers, c.Log),
	}
}

// Start tells all peers the version of the protocol, and thereby the writer this node's name
// (attrd_broadcast_protocol).
func (e *Engine) Start() {
	e.logf(loglevel.Debug, "attrd_broadcast_protocol", "Broadcasting attrd protocol version %d for node %s", wire.ProtocolVersion, e.node)
	e.send("", &wire.Message{Tag: "attrd_broadcast_protocol", Origin: new("pacemaker-attrd"), Task: wire.Update, Attribute: wire.Attribute{
		Name: new(wire.ProtocolName), Value: new(protocol), Private: wire.Yes, Host: &e.node, HostID: e.id,
	}})
}

// protocol is wire.ProtocolVersion.
const protocol = "4"

func (e *Engine) logf(level loglevel.Level, function, format string, args ...any) {
	loglevel.LogfAt(e.log, level, function, format, args...)
}

// send sends a message, with how this node stands in the election (attrd_send_message).
func (e *Engine) send(to string, m *wire.Message) {
	m.Version = wire.ProtocolVersion
	m.Writer = e.election.State()
	e.host.Send(to, m)
}

// local tells whether a node is this one.
func (e *Engine) local(name string) bool { return lower(name) == lower(e.node) }

// NextDeadline is when Tick is due; zero if never.
func (e *Engine) NextDeadline() time.Time {
	next := e.voteBy
	for a := range e.attributes.values() {
		for _, t := range [...]time.Time{a.writeAt, a.answerBy} {
			if !t.IsZero() && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}

// Tick does what is due at a time.
func (e *Engine) Tick(now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	if due(e.voteBy) {
		e.voteBy = time.Time{}
		e.elected(now, e.election.TimedOut())
	}
	for a := range e.attributes.values() {
		if due(a.answerBy) {
			e.wrote(now, a, a.update, -etime)
		}
		if due(a.writeAt) {
			a.writeAt = time.Time{}
			e.logf(loglevel.Trace, "attribute_timer_cb", "Dampen interval expired for %s", a.name)
			e.writeOrElect(now, a)
		}
	}
}

// ShuttingDown tells whether this node's attribute "shutdown" asks for it.
func (e *Engine) ShuttingDown() bool { return e.shutdown }

// IsWriter tells whether this node has won the last election.
func (e *Engine) IsWriter() bool { return e.election.State() == election.Won }

// or is a text or what stands for none.
func or(text *string, none string) string {
	if text == nil {
		return none
	}
	return *text
}
