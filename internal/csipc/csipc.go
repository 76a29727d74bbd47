// Package csipc is what the Go clients of corosync's services stand on: a libqb
// connection to the daemon, opened as the C libraries open theirs, whose failures
// carry the code (cs_error_t) that those libraries return for them. cpg, cmap,
// cfg and quorum import it.
package csipc

import (
	"context"
	"errors"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
)

// MaxMessage is the longest message either way that the C libraries ask for, in
// bytes: IPC_REQUEST_SIZE.
const MaxMessage = 1 << 20

// Dial connects to a service of this machine's daemon. socketDir, if any, is
// where its sockets are files; without one that is so only where the machine
// asks for it.
func Dial(ctx context.Context, service, socketDir string) (*client.Conn, error) {
	c, err := client.Dial(ctx, service, client.Options{MaxMsgSize: MaxMessage, SocketDir: socketDir})
	return c, Coded(err)
}

// Coded gives an error of the connection the code that the C libraries return for
// it. One that has a code, and a context's, stays what it is.
func Coded(err error) error {
	var code cserr.Code
	switch {
	case err == nil, errors.As(err, &code), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, client.ErrAgain):
		code = cserr.TryAgain
	case errors.Is(err, client.ErrTooLarge):
		code = cserr.TooBig
	default:
		code = cserr.Of(err)
	}
	return fmt.Errorf("%w (%w)", code, err)
}
