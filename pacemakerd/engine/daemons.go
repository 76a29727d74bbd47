package engine

import "time"

// Daemon is a program that is supervised.
type Daemon struct {
	Name     string
	Endpoint string // the IPC service by which it is known
	// AsCluster says that it runs as the cluster's user, and not as root.
	AsCluster bool
	// NeedsCluster says that it cannot run without corosync.
	NeedsCluster bool
}

// Daemons are all, in the order of their start.
var Daemons = []Daemon{
	{"pacemaker-based", "cib_ro", true, true},
	{"pacemaker-fenced", "stonith-ng", false, true},
	{"pacemaker-execd", "lrmd", false, false},
	{"pacemaker-attrd", "attrd", true, true},
	{"pacemaker-schedulerd", "pengine", true, false},
	{"pacemaker-controld", "crmd", true, true},
}

// controller is the daemon that may take as long as it needs to stop.
const controller = 5

const (
	checkInterval = time.Second
	checkRetries  = 5
	escalation    = 3 * time.Minute
	stillWaiting  = 30 * time.Second
	retryInterval = time.Second
	maxRespawn    = 100
)

// Liveness is what was found out about a daemon.
type Liveness uint8

// The possibilities.
const (
	Alive        Liveness = iota // its service is offered by its process
	PIDOnly                      // its process is there, its service is not
	Gone                         // neither
	Unauthorized                 // somebody else offers its service
)

// Finding is the outcome of a look at a daemon.
type Finding struct {
	Liveness Liveness
	// Owner is the process that offers the service, 0 if none does.
	Owner int
	// OwnerIsDaemon and TrackedIsDaemon tell whether that process, and the one that was asked about, run the daemon's program.
	OwnerIsDaemon, TrackedIsDaemon bool
}
