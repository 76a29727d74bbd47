package wire

import (
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// Service is the name of the daemon's IPC service, of its process group and of the type of
// its messages.
const Service = "attrd"

// ProtocolVersion is that of Pacemaker 2.1.5.
const ProtocolVersion = 4

// Attributes that the daemon keeps for itself.
const (
	// ProtocolName is the private attribute by which each daemon tells the version of its
	// protocol.
	ProtocolName = "#attrd-protocol"
	// ShutdownName is the attribute by which a node asks to be shut down.
	ShutdownName = "shutdown"
)

// Task is what is to be done.
type Task string

// The tasks. Flush is of versions before 2.0 and does nothing.
const (
	Update       Task = "update"
	UpdateBoth   Task = "update-both"
	UpdateDelay  Task = "update-delay"
	Query        Task = "query"
	Refresh      Task = "refresh"
	PeerRemove   Task = "peer-remove"
	ClearFailure Task = "clear-failure"
	Flush        Task = "flush"
	Sync         Task = "sync"
	SyncResponse Task = "sync-response"
)

// Answered tells whether a client that sends a task waits for an answer: the values for a
// query, for others an acknowledgement (reply_expected).
func (t Task) Answered() bool {
	switch t {
	case Update, UpdateBoth, UpdateDelay, Query, Refresh, ClearFailure:
		return true
	}
	return false
}

// Flag is a number that means yes or no, where absence is no too.
type Flag uint8

// The flags.
const (
	Absent Flag = iota
	No
	Yes
)

// FlagOf is Yes or No.
func FlagOf(b bool) Flag {
	if b {
		return Yes
	}
	return No
}

// True is Yes.
func (f Flag) True() bool { return f == Yes }

// Attribute is what a message says of attributes and of a node's value of them. Nil texts
// and absent flags are not in it.
type Attribute struct {
	Task      Task    // of one operation among several
	Name      *string // of the attribute
	Pattern   *string // instead: a POSIX extended regular expression for names
	Value     *string // nil deletes
	Dampening *string // a time: seconds, or with a unit
	Host      *string // name of the node; nil is the daemon's own, or to peers all
	HostID    uint32  // its id; 0 if not known
	Set       *string // id of the set in the CIB
	UUID      *string // id of the nvpair in the CIB
	User      *string // for whom, to the CIB's permissions
	Remote    Flag    // the node is a Pacemaker Remote node
	Private   Flag    // a new attribute is never written to the CIB
	Force     Flag    // write it though it has not changed

	// Of ClearFailure: which failures. Nil means all; an operation's interval of nil is 0.
	Resource, Operation, Interval *string
}

// Message is a request, the answer to a query, or a message of a peer.
type Message struct {
	// Tag is the element's name: in the reference the function that made it. It means
	// nothing and may be empty.
	Tag    string
	Origin *string // name of the program that asks
	// Task is empty in an answer.
	Task Task
	// Answer is an answer to a query: Name is nil if there is no such attribute, and
	// Values have Host and Value.
	Answer bool
	// Version of the protocol that a peer or an answer speaks; 0 if it is not told.
	Version int
	// Writer is how a peer stands in the election of the writer.
	Writer election.State
	Attribute
	// Values are the nodes of an answer, all that a SyncResponse tells, or the operations of
	// an update that has several: what these leave out, the message itself says.
	Values []Attribute
}

// Operations are the single updates that a message asks for: itself, or those that are in
// it with what they take over from it (copy_attrs).
func (m *Message) Operations() []Attribute {
	from := m.Attribute
	from.Task = m.Task
	if len(m.Values) == 0 {
		return []Attribute{from}
	}
	whole := make([]Attribute, len(m.Values))
	for i, v := range m.Values {
		if v.Task == "" {
			v.Task = from.Task
		}
		if v.HostID == 0 {
			v.HostID = from.HostID
		}
		texts := from.texts()
		for j, t := range v.texts() {
			if *t.at == nil {
				*t.at = *texts[j].at
			}
		}
		flags := from.flags()
		for j, f := range v.flags() {
			if *f.at == Absent {
				*f.at = *flags[j].at
			}
		}
		whole[i] = v
	}
	return whole
}
