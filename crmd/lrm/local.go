package lrm

import (
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// Controller is the rest of the node's controller.
type Controller interface {
	State() fsa.State
	// Self is this node's name, SelfID its id in the CIB.
	Self() string
	SelfID() string
	// DCVersion is the feature set of the DC, "" without one.
	DCVersion() string
	// ShuttingDown tells whether this node is about to leave.
	ShuttingDown() bool
	// ShutdownLock tells whether resources stay on nodes that leave: the option
	// shutdown-lock.
	ShutdownLock() bool
	// Input is queued for the state machine (register_fsa_input); origin is a function of
	// the reference.
	Input(c fsa.Cause, i fsa.Input, origin string)
	// Route sends a message of this node's to whom it is for (relay_message).
	Route(now time.Time, e *etree.Element)
	// LocalState is this node's node_state; with status it says that the node is a member
	// and online. Nil if not even the id is known (create_node_state_update).
	LocalState(origin string, status bool) *etree.Element
	// Trigger has the state machine go on if it has stalled (trigger_fsa).
	Trigger()
}

// Host is what a Local acts through. Its errors have a method RC() crmexit.RC, the
// reference's number, or are those of package cib/ops.
type Host interface {
	// CIB asks for something and gives the number of the call, below 1 if it could not;
	// then, which may be nil, hears the answer to one that could.
	CIB(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int
	// Attribute tells the manager of node attributes something.
	Attribute(m *attrdwire.Message)
	// Exec asks the executor, which answers at once: with the number of the call, 0, or
	// below 0 the number of an error. An OpRscInfo has more, which info is: the reply.
	// err is that there is no answer.
	Exec(r *wire.Request) (answer int, info *etree.Element, err error)
	// Metadata is what an agent says of itself. What is known from before will do
	// as long as the agent has not changed.
	Metadata(class, provider, agent string, then func(now time.Time, xml string, err error))
	// AlertResource tells those who want to know of a result.
	AlertResource(r *alert.ResourceResult)
}

// Config of New.
type Config struct {
	Controller Controller
	Host       Host
	Log        loglevel.Logger
	// Requests numbers the messages of the controller.
	Requests *crmmsg.Maker
}

// maxConnectFails is how often a controller tries to reach its executor.
const maxConnectFails = 30

// Local is the resources of this node.
type Local struct {
	Config

	connected bool
	fails     int // to connect, in a row

	memory   memory
	agents   map[string]agent // as the executor has them registered, by resource
	metadata map[string]*metadata

	sentStop bool // it was tried before to end everything

	update int // the number of the last call that writes to the CIB, until it is answered
}

// New is a Local that is not connected.
func New(c Config) *Local {
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	l := &Local{Config: c, metadata: map[string]*metadata{}}
	l.forget()
	return l
}

func (l *Local) logf(level loglevel.Level, function, format string, args ...any) {
	if l.Log.Enabled(level) {
		loglevel.LogfAt(l.Log, level, function, format, args...)
	}
}

// forget resets all but what agents say of themselves (lrm_state_reset_tables).
func (l *Local) forget() {
	l.memory = newMemory()
	l.agents = map[string]agent{}
}

// Connected tells how it went to connect to the executor under the name crmd. retry asks
// for another try after a while, as the state machine's wait timer has it; without it,
// after a failure, the machine has an error (try_local_executor_connect).
func (l *Local) Connected(now time.Time, err error) (retry bool) {
	const function = "try_local_executor_connect"
	if err == nil {
		l.connected, l.fails = true, 0
		l.logf(loglevel.Info, function, "Connection to the local executor established")
		return false
	}
	l.fails++
	if l.fails < maxConnectFails {
		l.logf(loglevel.Warning, function, "Failed to connect to the local executor %d time%s (%d max): %s", l.fails, plural(l.fails), maxConnectFails, number(err))
		return true
	}
	l.logf(loglevel.Error, function, "Failed to connect to the executor the max allowed %d time%s: %s", l.fails, plural(l.fails), number(err))
	l.Controller.Input(fsa.CFSAInternal, fsa.IError, function)
	return false
}

// Lost tells that the connection to the executor has ended (lrm_connection_destroy).
func (l *Local) Lost(now time.Time) {
	const function = "lrm_connection_destroy"
	if !l.connected {
		l.logf(loglevel.Info, function, "Disconnected from executor")
		return
	}
	l.connected = false
	l.logf(loglevel.Crit, function, "Connection to executor failed")
	l.Controller.Input(fsa.CFSAInternal, fsa.IError, function)
}

// IsConnected tells whether there is an executor.
func (l *Local) IsConnected() bool { return l.connected }

// Updating tells whether an update of the CIB is not answered yet, which a controller
// waits for before it ends its connection to that.
func (l *Local) Updating() bool { return l.update != 0 }

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
