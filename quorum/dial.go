package quorum

import (
	"context"
	"fmt"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/csipc"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/quorum/wire"
)

// Error is a cs_error_t that the daemon has answered; it prints its name.
type Error = cserr.Code

// The errors that the operations of this package name.
const (
	ErrTryAgain     = cserr.TryAgain     // repeat it a little later
	ErrInvalidParam = cserr.InvalidParam // the daemon does not agree to that value
	ErrAccess       = cserr.Access       // not allowed, or no devices in this configuration
	ErrNotExist     = cserr.NotExist     // no such node, device or tracking
	ErrExist        = cserr.Exist        // tracking already, or another device is registered
	ErrNameNotFound = cserr.NameNotFound // no node to give votes to
	ErrNoResources  = cserr.NoResources  // the ring's send queue is full
	ErrMessage      = cserr.MessageError // a poll that is about another ring than the present one
	ErrLibrary      = cserr.Library      // the daemon does not run, or made no sense
)

// ErrDisconnected: the daemon has ended the connection, or Close has.
var ErrDisconnected = client.ErrDisconnected

// Options of Dial; the zero value is right for the daemon of this node.
type Options struct {
	// SocketDir, if any, is where the daemon's sockets are instead of the
	// abstract name space.
	SocketDir string
}

// Dial connects to the quorum service of this node's daemon.
func Dial(ctx context.Context, opts Options) (*Client, error) {
	c, err := dial(ctx, "quorum", opts)
	if err != nil {
		return nil, err
	}
	q, err := newClient(ctx, c)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	q.peer = Daemon(c.Server())
	return q, nil
}

// DialVotes connects to votequorum on this node's daemon. It fails where
// another provider, or none, is configured.
func DialVotes(ctx context.Context, opts Options) (*Votes, error) {
	c, err := dial(ctx, "votequorum", opts)
	if err != nil {
		return nil, err
	}
	return &Votes{session{conn: c}}, nil
}

func dial(ctx context.Context, service string, opts Options) (*client.Conn, error) {
	c, err := csipc.Dial(ctx, service, opts.SocketDir)
	if err != nil {
		return nil, fmt.Errorf("quorum: %w", err)
	}
	return c, nil
}

// conn is what is needed of a libqb connection.
type conn interface {
	Call(ctx context.Context, parts ...[]byte) ([]byte, error)
	Event(ctx context.Context) ([]byte, error)
	Close() error
}

// session is what both clients share.
type session struct{ conn conn }

// Close ends the connection; a Next that waits returns ErrDisconnected.
func (s session) Close() error { return s.conn.Close() }

// call sends a request and returns the response, whose header says that all
// went well.
func (s session) call(ctx context.Context, op string, req []byte) ([]byte, error) {
	res, err := s.conn.Call(ctx, req)
	err = csipc.Coded(err)
	if err == nil {
		var h wire.ResponseHeader
		if h, err = wire.ParseResponseHeader(res); err == nil {
			err = h.Error.Err()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("quorum: %s: %w", op, err)
	}
	return res, nil
}

// status is call for a response without a body.
func (s session) status(ctx context.Context, op string, req []byte) error {
	_, err := s.call(ctx, op, req)
	return err
}

// TrackFlags say what a client wants to be told.
type TrackFlags uint32

// The flags; they can be combined.
const (
	// Current: the present state, once, at once.
	Current TrackFlags = wire.TrackCurrent
	// Changes: the present state and all changes.
	Changes TrackFlags = wire.TrackChanges
	// ChangesOnly: all changes.
	ChangesOnly TrackFlags = wire.TrackChangesOnly
)
