// Package result has the numbers of errors of packages cib/ops and cib/patch, by which
// messages and exit statuses tell them.
package result

import (
	"errors"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

var numbers = []struct {
	err error
	rc  crmexit.RC
}{
	{patch.ErrResync, crmexit.RCDiffResync},
	{patch.ErrOldData, crmexit.RCOldData},
	{patch.ErrFailed, crmexit.RCDiffFailed},
	{patch.ErrFormat, crmexit.RC(syscall.EINVAL)},
	{patch.ErrNoResult, crmexit.RC(syscall.ENOMSG)},
	{patch.ErrNotUnique, crmexit.RC(syscall.ENOTUNIQ)},
	{ops.ErrNoSuch, crmexit.RC(syscall.ENXIO)},
	{ops.ErrInvalid, crmexit.RC(syscall.EINVAL)},
	{ops.ErrExists, crmexit.RC(syscall.EEXIST)},
	{ops.ErrDenied, crmexit.RC(syscall.EACCES)},
	{ops.ErrUnsupported, crmexit.RC(syscall.EPROTONOSUPPORT)},
	{ops.ErrSchema, crmexit.RCSchemaValidation},
	{ops.ErrTransform, crmexit.RCTransformFailed},
	{ops.ErrOldData, crmexit.RCOldData},
}

// RC is an error's number: RCOK for nil, RCError for one of neither package.
func RC(err error) crmexit.RC {
	if err == nil {
		return crmexit.RCOK
	}
	for _, n := range numbers {
		if errors.Is(err, n.err) {
			return n.rc
		}
	}
	return crmexit.RCError
}
