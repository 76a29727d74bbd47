package lrmd

import "strings"

// Classes of agents.
const (
	ClassOCF       = "ocf"
	ClassLSB       = "lsb"
	ClassService   = "service"
	ClassSystemd   = "systemd"
	ClassStonith   = "stonith"
	ClassHeartbeat = "heartbeat"
	ClassAlert     = "alert"
)

// Is tells whether a class is another: case does not matter.
func Is(class, other string) bool { return strings.EqualFold(class, other) }

// HasStatus tells whether agents of a class know the action "status" and not "monitor"
// (pcmk_ra_cap_status of pcmk_get_ra_caps, and Heartbeat's class).
func HasStatus(class string) bool {
	return Is(class, ClassLSB) || Is(class, ClassService) || Is(class, ClassSystemd) || Is(class, "upstart") || Is(class, ClassHeartbeat)
}

// HasProvider tells whether agents of a class have providers.
func HasProvider(class string) bool { return Is(class, ClassOCF) }

// HasParams tells whether agents of a class take parameters.
func HasParams(class string) bool {
	return Is(class, ClassOCF) || Is(class, ClassStonith) || Is(class, "nagios") || Is(class, ClassHeartbeat)
}

// ActionOf is an action as agents of a class know it.
func ActionOf(class, action string) string {
	if strings.EqualFold(action, "monitor") && HasStatus(class) {
		return "status"
	}
	return action
}

// Exit statuses of LSB scripts' status.
const (
	LSBStatusOK               = 0
	LSBStatusVarPID           = 1 // dead, with a pid file
	LSBStatusVarLock          = 2 // dead, with a lock
	LSBStatusNotRunning       = 3
	LSBStatusUnknown          = 4
	LSBNotConfigured          = 6
	LSBNotRunning             = 7 // of other actions
	LSBStatusNotInstalled     = 150
	LSBStatusInsufficientPriv = 151
)

// CodeOf is an agent's exit status as OCF has it (services_result2ocf). The class is not
// "service".
func CodeOf(class, action string, exit int) Code {
	switch {
	case Is(class, ClassSystemd):
		return Code(exit)
	case Is(class, ClassLSB), Is(class, ClassHeartbeat):
		return lsbCode(action, exit)
	}
	return ocfCode(exit)
}

func ocfCode(exit int) Code {
	c := Code(exit)
	if c == Degraded || c == DegradedPromoted || c >= OK && c <= FailedPromoted {
		return c
	}
	return UnknownError
}

func lsbCode(action string, exit int) Code {
	if action != "status" && action != "monitor" {
		if exit < 0 || exit > LSBNotRunning {
			return UnknownError
		}
		return Code(exit)
	}
	switch exit {
	case LSBStatusOK:
		return OK
	case LSBStatusNotInstalled:
		return NotInstalled
	case LSBStatusInsufficientPriv:
		return InsufficientPriv
	case LSBStatusVarPID, LSBStatusVarLock, LSBStatusNotRunning:
		return NotRunning
	}
	return UnknownError
}
