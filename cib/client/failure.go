package client

import (
	"context"
	"errors"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/cib/result"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// ErrProtocol is an answer that is none.
var ErrProtocol = errors.New("the CIB manager's answer is not understood")

// ErrClosed is a request to a connection that was closed.
var ErrClosed = errors.New("the connection to the CIB is closed")

// Refused is an answer that something could not be done.
type Refused struct {
	RC    crmexit.RC
	Cause error // what a file was asked for in vain, or nil
}

func (r *Refused) Error() string { return r.RC.String() }
func (r *Refused) Unwrap() error { return r.Cause }

// Lost is a request that could not be sent, or one to which there was no answer in time.
type Lost struct{ Cause error }

func (l *Lost) Error() string { return "the CIB manager was asked in vain: " + l.Cause.Error() }
func (l *Lost) Unwrap() error { return l.Cause }

func refuse(err error) error { return &Refused{result.RC(err), err} }

// RC is the reference's result for what went wrong. Its Legacy is that of the older functions.
func RC(err error) crmexit.RC {
	var refused *Refused
	var lost *Lost
	switch {
	case err == nil:
		return crmexit.RCOK
	case errors.As(err, &refused):
		return refused.RC
	case errors.Is(err, ErrProtocol):
		return crmexit.RC(syscall.EPROTO)
	case errors.As(err, &lost):
		return crmexit.RC(syscall.ECOMM)
	case errors.Is(err, context.DeadlineExceeded):
		return crmexit.RC(syscall.ETIME)
	}
	return crmexit.RC(syscall.ENOTCONN)
}
