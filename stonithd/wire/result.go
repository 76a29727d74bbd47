package wire

import (
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Exec is what became of the execution of an operation (enum pcmk_exec_status).
type Exec int

// The outcomes.
const (
	ExecUnknown       Exec = -2
	ExecPending       Exec = -1
	ExecDone          Exec = 0 // the agent has ended: its exit status counts
	ExecCancelled     Exec = 1
	ExecTimeout       Exec = 2
	ExecNotSupported  Exec = 3
	ExecError         Exec = 4
	ExecErrorHard     Exec = 5
	ExecErrorFatal    Exec = 6
	ExecNotInstalled  Exec = 7
	ExecNotConnected  Exec = 8
	ExecInvalid       Exec = 9
	ExecNoFenceDevice Exec = 10
	ExecNoSecrets     Exec = 11
)

var execTexts = sync.OnceValue(func() map[Exec]string {
	return map[Exec]string{
		ExecPending:       "pending",
		ExecDone:          "complete",
		ExecCancelled:     "Cancelled",
		ExecTimeout:       "Timed Out",
		ExecNotSupported:  "NOT SUPPORTED",
		ExecError:         "Error",
		ExecErrorHard:     "Hard error",
		ExecErrorFatal:    "Fatal error",
		ExecNotInstalled:  "Not installed",
		ExecNotConnected:  "Internal communication failure",
		ExecInvalid:       "Cannot execute now",
		ExecNoFenceDevice: "No fence device",
		ExecNoSecrets:     "CIB secrets unavailable",
	}
})

// String is pcmk_exec_status_str.
func (e Exec) String() string {
	if s, ok := execTexts()[e]; ok {
		return s
	}
	return "UNKNOWN!"
}

// Result is the result of an operation (pcmk__action_result_t).
type Result struct {
	Exit   crmexit.Code // of the agent, or in its stead
	Exec   Exec
	Reason string // for humans; may be empty
	Output string // what the agent wrote on its standard output
	Blank  bool   // there is output, with nothing in it: what an agent says that has written nothing is no output
	Errors string // and on its standard error; stays on the node
}

// OK tells a success: the agent has ended, and well (pcmk__result_ok).
func (r *Result) OK() bool { return r.Exec == ExecDone && r.Exit == crmexit.OK }

// RC is the result as one number (stonith__result2rc).
func (r *Result) RC() crmexit.RC {
	if r.OK() {
		return crmexit.RCOK
	}
	switch r.Exec {
	case ExecPending:
		return crmexit.RC(syscall.EINPROGRESS)
	case ExecCancelled:
		return crmexit.RC(syscall.ECANCELED)
	case ExecTimeout:
		return crmexit.RC(syscall.ETIME)
	case ExecNotInstalled:
		return crmexit.RC(syscall.ENOENT)
	case ExecNotSupported:
		return crmexit.RC(syscall.EOPNOTSUPP)
	case ExecNotConnected:
		return crmexit.RC(syscall.ENOTCONN)
	case ExecNoFenceDevice:
		return crmexit.RC(syscall.ENODEV)
	case ExecNoSecrets:
		return crmexit.RC(syscall.EACCES)
	case ExecInvalid:
		switch r.Exit {
		case crmexit.InvalidParam:
			return crmexit.RC(syscall.EINVAL)
		case crmexit.InsufficientPriv:
			return crmexit.RC(syscall.EACCES)
		case crmexit.Protocol:
			return crmexit.RC(syscall.EPROTO)
		case crmexit.Expired: // an operation that an earlier fencer left behind
			return crmexit.RC(syscall.EHOSTUNREACH)
		}
	}
	said := strings.ToLower(r.Errors)
	switch {
	case r.Errors == "":
		return crmexit.RC(syscall.ENODATA)
	case containsAny(said, "timed out", "timeout"):
		return crmexit.RC(syscall.ETIME)
	case containsAny(said, "unrecognised action", "unrecognized action", "unsupported action"):
		return crmexit.RC(syscall.EOPNOTSUPP)
	}
	return crmexit.RCError
}

func containsAny(s string, some ...string) bool {
	for _, p := range some {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// Set adds the result to an element (stonith__xe_set_result).
func (r *Result) Set(e *etree.Element) {
	e.CreateAttr(attrStatus, strconv.Itoa(int(r.Exec)))
	e.CreateAttr(attrExit, strconv.Itoa(int(r.Exit)))
	setSome(e, attrReason, r.Reason)
	if r.Output != "" || r.Blank {
		e.CreateAttr(attrOutput, r.Output)
	}
	e.CreateAttr(attrLegacy, strconv.Itoa(int(r.RC().Legacy())))
}

// ResultOf is the result that an element has (stonith__xe_get_result). One from before
// 2.1.3 has but a number; where there is neither, that is an error, as are numbers that
// are none.
func ResultOf(e *etree.Element) Result {
	r := Result{Reason: e.SelectAttrValue(attrReason, "")}
	if a := e.SelectAttr(attrOutput); a != nil {
		r.Output, r.Blank = a.Value, a.Value == ""
	}
	exit, err1 := number(e, attrExit)
	exec, err2 := number(e, attrStatus)
	if err1 == nil && err2 == nil {
		r.Exit, r.Exec = crmexit.Code(exit), Exec(exec)
		return r
	}
	r.Exit = crmexit.Error
	legacy, err := number(e, attrLegacy)
	if err != nil {
		r.Exec = ExecError
		r.Reason = "Fencer reply contained neither a full result nor a legacy return code (bug?)"
		return r
	}
	rc := crmexit.Legacy(legacy)
	if rc == 0 || rc == -crmexit.Legacy(syscall.EINPROGRESS) {
		r.Exit = crmexit.OK
	}
	r.Exec, r.Reason = execOf(rc), rc.String()
	return r
}

// execOf is the execution that a number of the older functions stands for
// (stonith__legacy2status). The reference takes every positive one for a success; here
// they are errors, as no fencer sends any.
func execOf(rc crmexit.Legacy) Exec {
	if rc == 0 {
		return ExecDone
	}
	switch syscall.Errno(-rc) {
	case syscall.EACCES:
		return ExecNoSecrets
	case syscall.ECANCELED:
		return ExecCancelled
	case syscall.EHOSTUNREACH, syscall.EPROTO:
		return ExecInvalid
	case syscall.EINPROGRESS:
		return ExecPending
	case syscall.ENODEV:
		return ExecNoFenceDevice
	case syscall.ENOENT:
		return ExecNotInstalled
	case syscall.ENOTCONN:
		return ExecNotConnected
	case syscall.EOPNOTSUPP, syscall.EPROTONOSUPPORT:
		return ExecNotSupported
	case syscall.ETIME, syscall.ETIMEDOUT:
		return ExecTimeout
	}
	return ExecError
}
