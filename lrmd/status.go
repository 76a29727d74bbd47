package lrmd

import "sync"

// Code is an exit status of an agent as OCF has it (enum ocf_exitcode).
type Code int

// The exit statuses.
const (
	OK               Code = 0
	UnknownError     Code = 1
	InvalidParam     Code = 2
	Unimplemented    Code = 3
	InsufficientPriv Code = 4
	NotInstalled     Code = 5
	NotConfigured    Code = 6
	NotRunning       Code = 7
	RunningPromoted  Code = 8
	FailedPromoted   Code = 9
	Degraded         Code = 190
	DegradedPromoted Code = 191
	UnknownCode      Code = 193 // nothing is known yet
)

var codeNames = sync.OnceValue(func() map[Code]string {
	return map[Code]string{
		OK: "ok", UnknownError: "error", InvalidParam: "invalid parameter", Unimplemented: "unimplemented feature",
		InsufficientPriv: "insufficient privileges", NotInstalled: "not installed", NotConfigured: "not configured",
		NotRunning: "not running", RunningPromoted: "promoted", FailedPromoted: "promoted (failed)",
		Degraded: "OCF_DEGRADED", DegradedPromoted: "promoted (degraded)", UnknownCode: "unknown",
	}
})

// String is services_ocf_exitcode_str.
func (c Code) String() string {
	if name, ok := codeNames()[c]; ok {
		return name
	}
	return "unknown"
}

// Status is how an execution went (enum pcmk_exec_status).
type Status int

// The statuses.
const (
	StatusUnknown Status = iota - 2
	Pending
	Done // there is an exit status of the agent's
	Cancelled
	TimedOut
	NotSupported
	Failed
	FailedHard  // do not try again on this node
	FailedFatal // nor on any other
	AgentNotInstalled
	NotConnected
	Invalid
	NoFenceDevice
	NoSecrets
)

var statusNames = [...]string{
	"pending", "complete", "Cancelled", "Timed Out", "NOT SUPPORTED", "Error", "Hard error", "Fatal error",
	"Not installed", "Internal communication failure", "Cannot execute now", "No fence device", "CIB secrets unavailable",
}

// String is pcmk_exec_status_str.
func (s Status) String() string {
	if i := int(s - Pending); i >= 0 && i < len(statusNames) {
		return statusNames[i]
	}
	return "UNKNOWN!"
}
