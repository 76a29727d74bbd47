package lrmd

import "strconv"

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

var codeNames = map[Code]string{
	OK: "ok", UnknownError: "error", InvalidParam: "invalid parameter", Unimplemented: "unimplemented feature",
	InsufficientPriv: "insufficient privileges", NotInstalled: "not installed", NotConfigured: "not configured",
	NotRunning: "not running", RunningPromoted: "promoted", FailedPromoted: "promoted (failed)",
	Degraded: "OCF_DEGRADED", DegradedPromoted: "promoted (degraded)", UnknownCode: "unknown",
}

// String is services_ocf_exitcode_str.
func (c Code) String() string {
	if name, ok := codeNames[c]; ok {
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

// Interval is a time in milliseconds as people read it: "1m30s", "1.500s", "20ms"
// (pcmk__readable_interval). A unit appears only where there is more than one of it:
// a minute is 60s.
func Interval(ms int) string {
	const second, minute, hour, day = 1000, 60_000, 3_600_000, 86_400_000
	if ms <= 0 {
		return "0s"
	}
	var b []byte
	for _, u := range []struct {
		of   int
		name byte
	}{{day, 'd'}, {hour, 'h'}, {minute, 'm'}} {
		if ms > u.of {
			b = append(strconv.AppendInt(b, int64(ms/u.of), 10), u.name)
			ms %= u.of
		}
	}
	switch {
	case ms > second:
		b = strconv.AppendInt(b, int64(ms/second), 10)
		if rest := ms % second; rest > 0 {
			digits := strconv.Itoa(second + rest)
			b = append(append(b, '.'), digits[1:]...)
		}
		b = append(b, 's')
	case ms > 0:
		b = append(strconv.AppendInt(b, int64(ms), 10), "ms"...)
	}
	return string(b)
}
