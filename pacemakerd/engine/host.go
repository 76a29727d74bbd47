package engine

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Times and limits of the reference.
const (
	CheckInterval = time.Second      // between looks at one daemon and at the next
	CheckRetries  = 5                // how often one may not answer before it is killed
	MaxRespawn    = 100              // how often one is started again
	Escalation    = 3 * time.Minute  // what a daemon but the controller may take to stop
	StillWaiting  = 30 * time.Second // between lines in the log that say so
	RetryInterval = time.Second      // between attempts to start one that cannot start yet
)

// Signal is what a process is sent.
type Signal uint8

// The signals, by their numbers.
const (
	SIGKILL Signal = 9
	SIGSEGV Signal = 11 // leaves a core to look into
	SIGTERM Signal = 15
)

// Start is what became of the start of a daemon.
type Start uint8

// What Host.Start tells.
const (
	Started      Start = iota
	NoUser             // its user does not exist: it is given up
	Unexecutable       // the program cannot be run: the node stays down
	NotNow             // no process to be had: it is tried again
)

// Question asks whether a daemon lives.
type Question struct {
	ID      uint64
	Daemon  int  // in Daemons
	PID     int  // of the process that is known, 0 for none
	Cluster bool // ask too whether corosync lets programs in
}

// Service is what a connection to a daemon's endpoint has shown.
type Service uint8

// Services.
const (
	Silent   Service = iota // nobody, or nobody that answers
	Serving                 // by a process of the right account
	Intruder                // by one of another
	Unknown                 // it could not be found out
)

// Process is what is known of a process.
type Process uint8

// Processes.
const (
	Gone   Process = iota // there is none, or it runs another program
	Alive                 // and runs the daemon's program
	Hidden                // it may not be looked at
)

// Answer answers a Question.
type Answer struct {
	Question
	Service Service
	Server  int     // the process that serves, if Serving
	Known   Process // Question.PID
	Other   Process // Server
	Joined  bool    // corosync lets programs in, if that was asked
}

// Exit is how a process has ended.
type Exit struct {
	Code   int
	Signal int    // 0 if none ended it
	Name   string // of the signal
	Core   bool
}

// Host is what surrounds an Engine.
type Host interface {
	// Start starts a daemon, with what pid is if Started. It says in the log what keeps it
	// from doing so. Its end comes by Engine.Exited.
	Start(daemon int) (pid int, result Start)
	// Signal sends a process a signal.
	Signal(pid int, s Signal) error
	// Probe finds out what Engine.Answer is to be told.
	Probe(q Question)
	// Panic resets the node at once, if it can.
	Panic(origin string)
	// Respawning tells daemons that start from now on that it is not the node's start.
	Respawning()
	// Done ends the program with a status. With StopCorosync, corosync is to end too.
	Done(code crmexit.Code, o Outcome)
}

// Outcome is how it ended.
type Outcome uint8

// Outcomes.
const (
	AtOnce   Outcome = iota // without having begun, or because something is very wrong
	Orderly                 // all daemons have been stopped
	StayDown                // likewise, and corosync is to stop as well
)

// Config of New.
type Config struct {
	Host Host
	Log  loglevel.Logger
	// FailFast resets the node when a daemon ends unexpectedly (PCMK_fail_fast).
	FailFast bool
	// SBD is there.
	SBD bool
	// SyncStartup has the daemons wait for SBD, and SBD told of the shutdown
	// (SBD_SYNC_RESOURCE_STARTUP).
	SyncStartup bool
}
