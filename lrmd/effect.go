package lrmd

import "github.com/ringmaster-ha/ringmaster/lrmd/wire"

// Effect is something for the shell to do: Launch, Kill, Fence or Notify.
type Effect interface{ effect() }

// Token names one run of one operation.
type Token uint64

// Operation is what an agent is to do. Times are in milliseconds.
type Operation struct {
	RscID, Class, Provider, Type string
	Action                       string // "status" instead of "monitor" for classes that have no monitor
	Interval, Timeout            int
	Params                       []wire.Param
	// LeaveGroup has only the agent itself killed when its time is over, and not
	// what it has started: on-fail is block, and somebody may want to look.
	LeaveGroup bool
}

// Key is how the reference's log calls an operation: "ip_monitor_10000".
func (o *Operation) Key() string { return opKey(o.RscID, o.Action, o.Interval) }

// Launch starts an agent; Complete is called with the token when it is done.
type Launch struct {
	Token Token
	Op    Operation
}

// Kill ends the agent of a Launch. Complete is called as ever; its result is dropped.
type Kill struct{ Token Token }

// FenceAction is what the fencer is asked for.
type FenceAction int

// The actions.
const (
	FenceStart   FenceAction = iota // register the device, then monitor it
	FenceStop                       // remove it
	FenceMonitor                    // monitor it
)

// Fence asks the fencer; Fenced is called with the token when it has answered.
type Fence struct {
	Token               Token
	Action              FenceAction
	RscID               string
	Provider, Type      string
	TimeoutMilliseconds int
	Params              []wire.Param
}

// Notify tells clients of an operation that is done: one of them, or all if ClientID is
// empty.
type Notify struct {
	ClientID   string
	Completion wire.Completion
}

func (Launch) effect() {}
func (Kill) effect()   {}
func (Fence) effect()  {}
func (Notify) effect() {}

// Result is what came of a Launch.
type Result struct {
	Class  string // of the agent: what "service" turned out to be
	Code   int    // the agent's exit status, as its class has it
	Status Status
	Reason string
	Stdout string
	Stderr string
	PID    int // 0 if there was no process
	// Unprepared is an operation that could not be: there is no such agent or
	// class. Its Code is an OCF one, and a recurring one does not come back.
	Unprepared bool
}

// FenceResult is the fencer's answer.
type FenceResult struct {
	Code   int // 0 for success
	Status Status
	Reason string
}
