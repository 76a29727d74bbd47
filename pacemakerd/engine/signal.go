package engine

import "strconv"

// Signal is a signal's number, the same on all of Linux that Pacemaker runs on.
type Signal int

// The signals that are sent, and those that programs mostly end by.
const (
	SIGHUP  Signal = 1
	SIGINT  Signal = 2
	SIGQUIT Signal = 3
	SIGILL  Signal = 4
	SIGTRAP Signal = 5
	SIGABRT Signal = 6
	SIGBUS  Signal = 7
	SIGFPE  Signal = 8
	SIGKILL Signal = 9
	SIGSEGV Signal = 11
	SIGPIPE Signal = 13
	SIGTERM Signal = 15
)

var signalTexts = map[Signal]string{
	SIGHUP: "Hangup", SIGINT: "Interrupt", SIGQUIT: "Quit", SIGILL: "Illegal instruction", SIGTRAP: "Trace/breakpoint trap",
	SIGABRT: "Aborted", SIGBUS: "Bus error", SIGFPE: "Floating point exception", SIGKILL: "Killed", SIGSEGV: "Segmentation fault",
	SIGPIPE: "Broken pipe", SIGTERM: "Terminated",
}

// String is what the C library calls a signal.
func (s Signal) String() string {
	if text, ok := signalTexts[s]; ok {
		return text
	}
	return "Unknown signal " + strconv.Itoa(int(s))
}
