package cpg

import (
	"errors"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
)

// Error is an error code of corosync's libraries, cs_error_t. Errors of this
// package that come from the daemon wrap one: compare with errors.Is, get the
// number with errors.As.
type Error = cserr.Code

// Codes that callers may want to tell apart.
const (
	// ErrTryAgain: the daemon takes nothing just now.
	ErrTryAgain = cserr.TryAgain
	// ErrNotMember: the connection is not in a group (CS_ERR_NOT_EXIST).
	ErrNotMember = cserr.NotExist
	// ErrMember: it is in one, or this process is in that group with another
	// connection (CS_ERR_EXIST).
	ErrMember = cserr.Exist
	// ErrInterrupted: the group's membership changed while a large message was
	// being sent. Nobody gets it; send it again (CS_ERR_INTERRUPT).
	ErrInterrupted = cserr.Interrupt
	// ErrNameTooLong: group names have at most NameMax bytes.
	ErrNameTooLong = cserr.NameTooLong
	// ErrTooBig: a zero-copy message that is longer than its buffer or than
	// the daemon takes.
	ErrTooBig = cserr.TooBig
)

// ErrClosed: the connection has ended, by Close or by the daemon.
var ErrClosed = errors.New("cpg: connection closed")

// wrap names what failed, and puts the package's errors in the place of the
// transport's.
func wrap(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, client.ErrDisconnected):
		return fmt.Errorf("cpg: %s: %w", what, ErrClosed)
	case errors.Is(err, client.ErrAgain):
		return fmt.Errorf("cpg: %s: %w", what, ErrTryAgain)
	}
	return fmt.Errorf("cpg: %s: %w", what, err)
}

// again tells whether the daemon asks to come back later.
func again(err error) bool {
	return errors.Is(err, client.ErrAgain) || errors.Is(err, cserr.TryAgain)
}
