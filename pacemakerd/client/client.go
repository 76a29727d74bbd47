package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// ErrProtocol is an answer that is none.
var ErrProtocol = errors.New("pacemakerd's answer is not understood")

// Timeout is how long the daemon may take to answer.
const Timeout = 5 * time.Second

// Health is an answer to a ping.
type Health struct {
	From     string // the daemon's name for itself
	State    state.State
	OK       bool  // it could tell
	LastGood int64 // when all daemons were seen to be well, in seconds since 1970; 0 if never
}

// Options of Ping; the zero value will do.
type Options struct {
	IPC ipc.DialOptions
	// Service is another than the daemon's own, if not empty.
	Service string
}

// Unreachable is that there is no connection.
type Unreachable struct{ Cause error }

func (u *Unreachable) Error() string { return u.Cause.Error() }
func (u *Unreachable) Unwrap() error { return u.Cause }

// Refused is that pacemakerd does not do what was asked for.
type Refused struct{ Code crmexit.Code }

func (r *Refused) Error() string { return r.Code.String() }

// Shutdown asks pacemakerd to stop all daemons and end. That it has begun is the answer.
func Shutdown(ctx context.Context, program string, o Options) error {
	e, err := ask(ctx, crmmsg.TaskQuit, program, o)
	if err != nil {
		return err
	}
	about := crmmsg.ContentsOf(e)
	if about == nil {
		return fmt.Errorf("%w: no %s", ErrProtocol, crmmsg.Contents)
	}
	if code, err := strconv.Atoi(about.SelectAttrValue("op-status", "")); err == nil && code != 0 {
		return &Refused{crmexit.Code(code)}
	}
	return nil
}

// Ping asks, in the name of a program, how pacemakerd is. An error may be an Unreachable.
func Ping(ctx context.Context, program string, o Options) (*Health, error) {
	e, err := ask(ctx, crmmsg.TaskPing, program, o)
	if err != nil {
		return nil, err
	}
	return parse(e)
}

// ask makes a request and waits for the answer.
func ask(ctx context.Context, task, program string, o Options) (*etree.Element, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if o.Service == "" {
		o.Service = crmmsg.Pacemakerd
	}
	conn, err := ipc.Dial(ctx, o.Service, o.IPC)
	if err != nil {
		return nil, &Unreachable{err}
	}
	defer conn.Close()
	var maker crmmsg.Maker
	r, err := conn.Call(ctx, maker.Request(&crmmsg.Request{
		Function: "do_pacemakerd_api_call", Task: task, SystemTo: crmmsg.Pacemakerd,
		From: program, UUID: strconv.Itoa(os.Getpid()),
	}, time.Now()))
	// What comes first may be an acknowledgement.
	for err == nil && r.Err == nil && r.XML != nil && r.XML.Tag == "ack" {
		r, err = conn.Event(ctx)
	}
	switch {
	case err != nil:
		return nil, err
	case r.Err != nil:
		return nil, fmt.Errorf("%w: %w", ErrProtocol, r.Err)
	case r.XML == nil:
		return nil, fmt.Errorf("%w: no XML", ErrProtocol)
	}
	return r.XML, nil
}

// parse reads an answer to a ping.
func parse(e *etree.Element) (*Health, error) {
	for _, a := range []struct{ name, want string }{
		{crmmsg.Subtype, crmmsg.SubtypeResponse}, {crmmsg.Task, crmmsg.TaskPing},
	} {
		if got := e.SelectAttrValue(a.name, ""); got != a.want {
			return nil, fmt.Errorf("%w: %s %q, want %q", ErrProtocol, a.name, got, a.want)
		}
	}
	if e.SelectAttrValue(crmmsg.Reference, "") == "" {
		return nil, fmt.Errorf("%w: no %s", ErrProtocol, crmmsg.Reference)
	}
	h := &Health{State: state.Invalid}
	about := crmmsg.ContentsOf(e)
	if about == nil {
		return h, nil
	}
	h.From = about.SelectAttrValue("crm_subsystem", "")
	h.State = state.Parse(about.SelectAttrValue("pacemakerd_state", ""))
	h.OK = strings.EqualFold(about.SelectAttrValue("result", ""), "ok")
	if at, err := strconv.ParseInt(about.SelectAttrValue("crm-timestamp", ""), 10, 64); err == nil && at > 0 {
		h.LastGood = at
	}
	return h, nil
}

// RC is the reference's result for what went wrong.
func RC(err error) crmexit.RC {
	if errors.Is(err, ErrProtocol) {
		return crmexit.RC(syscall.EPROTO)
	}
	return ipc.RC(err)
}
