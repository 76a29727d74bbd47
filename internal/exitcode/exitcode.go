// Package exitcode holds the statuses with which corosync exits: enum
// e_corosync_done of the reference's exec/util.h. Unit files, init scripts and
// administrators know them by number.
package exitcode

import (
	"strconv"
	"sync"
)

// Code is an exit status of the daemon.
type Code int

// The statuses of corosync 3.1.7.
const (
	Exit              Code = 0  // an orderly end
	Usage             Code = 1  // options that cannot be read
	Fork              Code = 4  // could not go to the background
	LogConfigRead     Code = 7  // the logging section is wrong
	MainConfigRead    Code = 8  // corosync.conf is wrong or not there
	LogSetup          Code = 9  // the log cannot be set up
	ICMap             Code = 12 // the configuration map cannot be set up
	InitServices      Code = 13 // the services cannot be loaded
	FatalErr          Code = 15 // an error that nothing can be done about
	DirNotPresent     Code = 16 // no state directory
	AcquireLock       Code = 17 // the pid file cannot be made or locked
	AlreadyRunning    Code = 18 // another corosync holds the pid file
	StdToNullRedir    Code = 19 // standard streams cannot be redirected
	ServiceEngineInit Code = 20 // a service refused to start
	StoreRingID       Code = 21 // the ring id cannot be stored
	Stats             Code = 22 // the statistics map cannot be set up
	Pload             Code = 99 // pload has ended its test, and the daemon
	// Killed is -1 in the reference, 255 to whoever waits: told to die by
	// another node.
	Killed Code = -1
)

var texts = sync.OnceValue(func() map[Code]string {
	return map[Code]string{
		Exit: "exit", Usage: "usage", Fork: "cannot fork",
		LogConfigRead: "logging configuration", MainConfigRead: "main configuration",
		LogSetup: "log setup", ICMap: "configuration map", InitServices: "loading of services",
		FatalErr: "fatal error", DirNotPresent: "state directory", AcquireLock: "pid file",
		AlreadyRunning: "already running", StdToNullRedir: "redirection to /dev/null",
		ServiceEngineInit: "service engine", StoreRingID: "storing the ring id",
		Stats: "statistics map", Pload: "pload", Killed: "killed by another node",
	}
})

func (c Code) String() string {
	if s, ok := texts()[c]; ok {
		return s
	}
	return "status " + strconv.Itoa(int(c))
}

// Status is what wait(2) sees.
func (c Code) Status() int { return int(uint8(c)) }

// Line is the last line of the log, a notice for Exit and an error otherwise
// (_corosync_exit_error). where is the file and line that gave up.
func (c Code) Line(where string) string {
	if c == Exit {
		return "Corosync Cluster Engine exiting normally"
	}
	return "Corosync Cluster Engine exiting with status " + strconv.Itoa(int(c)) + " at " + where + "."
}
