package election

import (
	"fmt"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// State is where this node stands.
type State int

// The states.
const (
	// Start asks for a vote of this node: call Election.Vote.
	Start State = iota
	InProgress
	Lost
	Won
	// Invalid is a message that could not be counted, and why was logged.
	Invalid
)

var stateNames = [...]string{"start", "in progress", "lost", "won", "invalid"}

func (s State) String() string { return stateNames[s] }

const (
	// stormSeconds is for how long wins are counted to notice an election storm, and
	// for how long a reading of the CPU time is good.
	stormSeconds = 2
	// dampenSeconds is for how long a loss keeps a node from elections.
	dampenSeconds = 2
)

// The operations of an election's messages.
const (
	OpVote   = "vote"
	OpNoVote = "no-vote"
)

// Message is a vote or a no-vote.
type Message struct {
	Op      string        // OpVote or OpNoVote
	From    string        // name of the node that sent it
	To      string        // name of the node that is to take it; empty for all
	Version string        // feature set of the sender
	Owner   string        // uuid of the node whose election it is
	Round   int           // the owner's count of its votes, from 1
	Age     time.Duration // of an OpVote: CPU time that the owner has used
}

// Peers is what an election asks of the membership.
type Peers interface {
	// UUID is a node's uuid; empty if it is not known.
	UUID(name string) string
	// Active tells whether a node is a member and its daemon runs.
	Active(name string) bool
	// ActiveNames are all active nodes' names.
	ActiveNames() []string
	// Known is how many nodes are known, active or not.
	Known() int
}

// Actions is what a call wants done, in this order.
type Actions struct {
	// StopTimer and StartTimer are the timer's orders; at its end TimedOut is due.
	StopTimer, StartTimer bool
	// Send is a message for Send.To, or all; nil for none.
	Send *Message
	// Won says that this node has just won.
	Won bool
}

// Election is one node's part in the elections of one daemon.
type Election struct {
	name  string
	self  string
	peers Peers
	log   loglevel.Logger

	state State
	round int
	voted map[string]string // how each node has voted, by name

	wins     int   // within the present storm interval
	expires  int64 // when that ends, in seconds of the clock
	lastLoss int64 // when this node lost last, in seconds; 0: not of late

	age        time.Duration // CPU time as read last
	ageExpires int64         // until when that is good, in seconds
}

// New is an election of the daemon's name ("DC", "attrd") on the node called self.
func New(name, self string, peers Peers, log loglevel.Logger) *Election {
	return &Election{name: "election-" + name, self: self, peers: peers, log: log}
}

// State is where this node stands.
func (e *Election) State() State { return e.state }

// readAge is the CPU time that this node goes into a comparison with. A reading is
// kept until nobody has asked for it for two seconds, so that one election has one. It is no finer than votes
// are: of two nodes each would be the better one else.
func (e *Election) readAge(now int64, cpu func() time.Duration) time.Duration {
	if e.ageExpires < now {
		e.age = cpu().Truncate(time.Microsecond)
	}
	e.ageExpires = now + stormSeconds
	return e.age
}

// Vote begins a round in which this node offers itself. cpu reads the CPU time in user
// mode that the process has used. Nothing happens while this node is not active.
func (e *Election) Vote(now time.Time, cpu func() time.Duration) Actions {
	if !e.peers.Active(e.self) {
		loglevel.LogfAt(e.log, loglevel.Trace, "election_vote", "Cannot vote in %s yet: local node not connected to cluster", e.name)
		return Actions{}
	}
	e.Reset()
	e.state = InProgress
	e.round++
	loglevel.LogfAt(e.log, loglevel.Debug, "election_vote", "Started %s round %d", e.name, e.round)
	return Actions{StopTimer: true, StartTimer: true, Send: &Message{
		Op: OpVote, From: e.self, Version: featureset.Current,
		Owner: e.peers.UUID(e.self), Round: e.round, Age: e.readAge(now.Unix(), cpu),
	}}
}

// Reset forgets all votes. The timer is to be stopped.
func (e *Election) Reset() Actions {
	clear(e.voted)
	return Actions{StopTimer: true}
}

// Remove forgets the vote of a node that is no longer active.
func (e *Election) Remove(node string) { delete(e.voted, node) }

// ClearDampening lets this node take part although it has just lost.
func (e *Election) ClearDampening() { e.lastLoss = 0 }

// TimedOut is the end of the timer: who has lost to nobody until then has won.
func (e *Election) TimedOut() Actions {
	loglevel.LogfAt(e.log, loglevel.Info, "election_timer_cb", "%s timed out, declaring local node as winner", e.name)
	return e.complete()
}

func (e *Election) complete() Actions {
	e.state = Won
	a := e.Reset()
	a.Won = true
	return a
}

// Check completes the election if all active peers have voted for this node. It is due
// whenever Count has returned InProgress.
func (e *Election) Check() Actions {
	if len(e.voted) == 0 {
		loglevel.LogfAt(e.log, loglevel.Trace, "election_check", "%s check requested, but no votes received yet", e.name)
		return Actions{}
	}
	members := e.peers.ActiveNames()
	if missing := len(members) - len(e.voted); missing > 0 {
		loglevel.LogfAt(e.log, loglevel.Debug, "election_check", "%s still waiting on %d of %d votes", e.name, missing, len(members))
		return Actions{}
	}
	if len(e.voted) > len(members) {
		loglevel.LogfAt(e.log, loglevel.Warning, "election_check", "Received too many votes in %s", e.name)
		for _, name := range members {
			loglevel.LogfAt(e.log, loglevel.Warning, "election_check", "* expected vote: %s", name)
		}
		for name := range e.voted {
			loglevel.LogfAt(e.log, loglevel.Warning, "election_check", "* actual vote: %s", name)
		}
	}
	loglevel.LogfAt(e.log, loglevel.Info, "election_check", "%s won by local node", e.name)
	return e.complete()
}

// verdict is what Count makes of a message.
type verdict struct {
	reason string
	level  loglevel.Level
	done   bool // counted, or not to be counted
	lose   bool
}

// Count takes a vote or a no-vote, and says where this node then stands. canWin says
// whether this node may win at all. After Start, Vote is due; after InProgress, Check.
func (e *Election) Count(m *Message, canWin bool, now time.Time, cpu func() time.Duration) (State, Actions) {
	if !e.wellFormed(m) {
		return Invalid, Actions{}
	}
	seconds := now.Unix()
	v, state := e.judge(m, canWin, seconds, cpu)
	if v == nil {
		return state, Actions{}
	}
	e.watchStorm(v, seconds)
	if v.done {
		loglevel.LogfAt(e.log, v.level+1, "election_count_vote", "Processed %s round %d %s (current round %d) from %s (%s)",
			e.name, m.Round, m.Op, e.round, m.From, v.reason)
		return e.state, Actions{}
	}
	if !v.lose {
		if e.lastLoss == 0 || seconds-e.lastLoss > dampenSeconds {
			loglevel.LogfAt(e.log, v.level, "election_count_vote", "%s round %d (owner node ID %s) pass: %s from %s (%s)",
				e.name, m.Round, m.Owner, m.Op, m.From, v.reason)
			e.lastLoss = 0
			e.state = Start
			return e.state, Actions{StopTimer: true}
		}
		loglevel.LogfAt(e.log, loglevel.Info, "election_count_vote", "Ignoring %s round %d (owner node ID %s) pass vs %s because we lost less than %ds ago at %s",
			e.name, m.Round, m.Owner, m.From, dampenSeconds, time.Unix(e.lastLoss, 0).Format(time.TimeOnly))
	}
	e.lastLoss = seconds
	loglevel.LogfAt(e.log, v.level, "election_count_vote", "%s round %d (owner node ID %s) lost: %s from %s (%s)",
		e.name, m.Round, m.Owner, m.Op, m.From, v.reason)
	a := e.Reset()
	a.Send = &Message{Op: OpNoVote, From: e.self, To: m.From, Version: featureset.Current, Owner: m.Owner, Round: m.Round}
	e.state = Lost
	return e.state, a
}

func (e *Election) wellFormed(m *Message) bool {
	switch {
	case m.Op == "" || m.From == "" || m.Version == "" || m.Owner == "" || m.Round < 0:
		op, from := m.Op, m.From
		if op == "" {
			op = "election"
		}
		if from == "" {
			from = "unspecified node"
		}
		loglevel.LogfAt(e.log, loglevel.Warning, "parse_election_message", "Invalid %s message from %s in %s ", op, from, e.name)
		return false
	case m.Op == OpVote && m.Age < 0:
		loglevel.LogfAt(e.log, loglevel.Warning, "parse_election_message", "Cannot count %s %s from %s because it is missing uptime", e.name, m.Op, m.From)
		return false
	case m.Op != OpVote && m.Op != OpNoVote:
		loglevel.LogfAt(e.log, loglevel.Info, "parse_election_message", "Cannot process %s message from %s because %s is not a known election op", e.name, m.From, m.Op)
		return false
	}
	return true
}

// judge compares this node with a message's sender, or records the sender's vote. A
// message that is not to be counted has no verdict, but what Count returns of it.
func (e *Election) judge(m *Message, canWin bool, now int64, cpu func() time.Duration) (*verdict, State) {
	owner := e.peers.UUID(e.self) == m.Owner
	switch {
	case !canWin:
		return &verdict{reason: "Not eligible", level: loglevel.Info, lose: true}, e.state
	case !e.peers.Active(e.self):
		return &verdict{reason: "We are not part of the cluster", level: loglevel.Error, lose: true}, e.state
	case owner && m.Round != e.round:
		return &verdict{reason: "Superseded", level: loglevel.Trace, done: true}, e.state
	case !e.peers.Active(m.From):
		return &verdict{reason: "Peer is not part of our cluster", level: loglevel.Warning, done: true}, e.state
	case m.Op == OpNoVote || m.From == e.self:
		// Our own vote comes back to us, and counts as one for us.
		if !owner {
			loglevel.LogfAt(e.log, loglevel.Warning, "election_count_vote", "Cannot count %s round %d %s from %s because we are not election owner (%s)",
				e.name, m.Round, m.Op, m.From, m.Owner)
			return nil, Invalid
		}
		if e.state != InProgress {
			loglevel.LogfAt(e.log, loglevel.Debug, "election_count_vote", "Not counting %s round %d %s from %s because no election in progress",
				e.name, m.Round, m.Op, m.From)
			return nil, e.state
		}
		if e.voted == nil {
			e.voted = map[string]string{}
		}
		e.voted[m.From] = m.Op
		return &verdict{reason: "Recorded", level: loglevel.Info, done: true}, e.state
	}
	return e.compare(m, now, cpu), e.state
}

// compare tells whether this node loses to a vote.
func (e *Election) compare(m *Message, now int64, cpu func() time.Duration) *verdict {
	v := &verdict{level: loglevel.Info}
	age := e.readAge(now, cpu)
	switch version := featureset.Compare(m.Version, featureset.Current); {
	case version != 0:
		v.reason, v.lose = "Version", version < 0
	case age != m.Age:
		v.reason, v.lose = "Uptime", age < m.Age
	default:
		v.reason, v.lose = "Host name", strings.ToLower(e.self) > strings.ToLower(m.From)
	}
	return v
}

// watchStorm says when this node wins against votes more often than every node voting
// down every other would explain.
func (e *Election) watchStorm(v *verdict, now int64) {
	if e.expires < now {
		e.wins = 0
		e.expires = now + stormSeconds
		return
	}
	if v.done || v.lose {
		return
	}
	e.wins++
	if peers := 1 + e.peers.Known(); e.wins > peers*peers {
		loglevel.LogfAt(e.log, loglevel.Warning, "election_count_vote", "%s election storm detected: %d wins in %d seconds", e.name, e.wins, stormSeconds)
		e.wins = 0
		e.expires = now + stormSeconds
	}
}

// String is for logs and tests.
func (m *Message) String() string {
	return fmt.Sprintf("%s from %s to %q of %s round %d, age %v, version %s", m.Op, m.From, m.To, m.Owner, m.Round, m.Age, m.Version)
}
