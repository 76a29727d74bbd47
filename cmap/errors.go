package cmap

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/csipc"
)

// What the daemon answers, and what becomes of a connection that fails.
var (
	ErrNotExist     error = cserr.NotExist     // no such key
	ErrAccess       error = cserr.Access       // the key is read-only, or the client not admitted
	ErrInvalid      error = cserr.InvalidParam // value too long, or no number
	ErrNameTooLong  error = cserr.NameTooLong  // a name that no key can have, too short ones too
	ErrNotSupported error = cserr.NotSupported // not on this map
	ErrBadHandle    error = cserr.BadHandle    // a tracker or an iteration that has ended
	ErrTryAgain     error = cserr.TryAgain     // the daemon is busy or only starting
	ErrLibrary      error = cserr.Library      // no daemon, or the connection is lost
)

// failed says which operation on which key has failed, and makes one of the
// Err variables out of a transport's error. A context's error stays what it is.
func failed(op, key string, err error) error {
	if err == nil {
		return nil
	}
	err = csipc.Coded(err)
	if key == "" {
		return fmt.Errorf("cmap: %s: %w", op, err)
	}
	return fmt.Errorf("cmap: %s %s: %w", op, key, err)
}
