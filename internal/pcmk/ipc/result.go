package ipc

import (
	"context"
	"errors"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// RC is the reference's result for why a client could not connect or got no answer.
func RC(err error) crmexit.RC {
	var no syscall.Errno
	switch {
	case err == nil:
		return crmexit.RCOK
	case errors.Is(err, context.DeadlineExceeded):
		return crmexit.RC(syscall.ETIMEDOUT)
	case errors.Is(err, ErrUnauthorized):
		return crmexit.RC(syscall.ECONNABORTED)
	case errors.As(err, &no):
		return crmexit.RC(no)
	}
	return crmexit.RC(syscall.ENOTCONN)
}
