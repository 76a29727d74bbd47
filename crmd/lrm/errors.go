package lrm

import (
	"errors"

	"github.com/ringmaster-ha/ringmaster/cib/result"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Errors of the operating system, by the names of which the reference tells its own.
const (
	errNoSuch       crmexit.RC = 6
	errAccess       crmexit.RC = 13
	errNoDevice     crmexit.RC = 19
	errInvalid      crmexit.RC = 22
	errUnsupported  crmexit.RC = 95
	errNotConnected crmexit.RC = 107
	errInProgress   crmexit.RC = 115
)

// number is the reference's result for an error of a Host's.
func number(err error) crmexit.RC {
	var own interface{ RC() crmexit.RC }
	if errors.As(err, &own) {
		return own.RC()
	}
	return result.RC(err)
}
