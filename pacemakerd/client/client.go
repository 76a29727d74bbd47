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
)

// ErrProtocol is an answer that is none.
var ErrProtocol = errors.New("pacemakerd's answer is not understood")

// Timeout is how long the daemon may take to answer.
const Timeout = 5 * time.Second

// State is what pacemakerd is about (enum pcmk_pacemakerd_state).
type State int

// The states.
const (
	Invalid State = iota - 1
	Initializing
	StartingDaemons
	WaitingForPing // for SBD's leave to start the daemons
	Running
	ShuttingDown
	ShutdownComplete // and SBD is to know of it
)

var states = [...]struct{ name, friendly string }{
	{"init", "Initializing pacemaker"},
	{"starting_daemons", "Pacemaker daemons are starting"},
	{"wait_for_ping", "Waiting for startup trigger from SBD"},
	{"running", "Pacemaker is running"},
	{"shutting_down", "Pacemaker daemons are shutting down"},
	{"shutdown_complete", "Pacemaker daemons are shut down (reporting to SBD)"},
}

// String is the state's name in messages.
func (s State) String() string {
	if s < 0 || int(s) >= len(states) {
		return "invalid"
	}
	return states[s].name
}

// Friendly is the state in words.
func (s State) Friendly() string {
	if s < 0 || int(s) >= len(states) {
		return "Invalid pacemakerd state"
	}
	return states[s].friendly
}

func parseState(name string) State {
	for i := range states {
		if states[i].name == name {
			return State(i)
		}
	}
	return Invalid
}

// Health is an answer to a ping.
type Health struct {
	From     string // the daemon's name for itself
	State    State
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

// Ping asks, in the name of a program, how pacemakerd is. An error may be an Unreachable.
func Ping(ctx context.Context, program string, o Options) (*Health, error) {
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
		Function: "do_pacemakerd_api_call", Task: crmmsg.TaskPing, SystemTo: crmmsg.Pacemakerd,
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
	return parse(r.XML)
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
	h := &Health{State: Invalid}
	about := crmmsg.ContentsOf(e)
	if about == nil {
		return h, nil
	}
	h.From = about.SelectAttrValue("crm_subsystem", "")
	h.State = parseState(about.SelectAttrValue("pacemakerd_state", ""))
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
