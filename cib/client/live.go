package client

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
)

// live is a connection to a daemon.
type live struct {
	Options
	link  link
	token string // what the daemon calls the client

	mu    sync.Mutex
	calls int
	kept  []Event // that came while an answer was waited for
}

// link is the way to a daemon: native or distant.
type link interface {
	// call sends a request and returns the answer, which is nil where answered says that there will be
	// none, and none comes.
	call(ctx context.Context, request *etree.Element, answered bool) (*etree.Element, error)
	// send sends a request whose answer, if any, is an event.
	send(ctx context.Context, request *etree.Element) error
	// subscribe sends a request for notifications.
	subscribe(ctx context.Context, request *etree.Element) error
	// event waits for one.
	event(ctx context.Context) (*etree.Element, error)
	Done() <-chan struct{}
	Close() error
}

func (l *live) Live() bool            { return true }
func (l *live) Done() <-chan struct{} { return l.link.Done() }
func (l *live) Close() error          { return l.link.Close() }

// number is that of the next call.
func (l *live) number() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	return l.calls
}

func (l *live) Do(ctx context.Context, r call.Request) (*etree.Element, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.Timeout)
		defer cancel()
	}
	r.Options |= call.SyncCall
	number := l.number()
	reply, err := l.link.call(ctx, Encode(&r, l.user(&r), l.token, number), r.Options&call.DiscardReply == 0)
	if err != nil || reply == nil {
		return nil, err
	}
	e, err := Decode(reply)
	switch {
	case err != nil:
		return nil, err
	case e.Call != number:
		return nil, fmt.Errorf("%w: %s %d, want %d", ErrProtocol, callKey, e.Call, number)
	case r.Options&call.DiscardReply != 0:
		e.Answer = nil
	}
	if e.Err == nil && e.Answer == nil && r.Op == ops.Query && r.Options&call.DiscardReply == 0 {
		return nil, fmt.Errorf("%w: no %s", ErrProtocol, dataKey)
	}
	return e.Answer, e.Err
}

func (l *live) Send(ctx context.Context, r call.Request) (int, error) {
	r.Options &^= call.SyncCall
	number := l.number()
	if err := l.link.send(ctx, Encode(&r, l.user(&r), l.token, number)); err != nil {
		return 0, err
	}
	return number, nil
}

func (l *live) Subscribe(ctx context.Context, kind Notification, on bool) error {
	return l.link.subscribe(ctx, Subscription(kind, on))
}

func (l *live) Event(ctx context.Context) (Event, error) {
	l.mu.Lock()
	if len(l.kept) > 0 {
		e := l.kept[0]
		l.kept = l.kept[1:]
		l.mu.Unlock()
		return e, nil
	}
	l.mu.Unlock()
	return l.next(ctx)
}

func (l *live) next(ctx context.Context) (Event, error) {
	m, err := l.link.event(ctx)
	if err != nil {
		return Event{}, err
	}
	return Decode(m)
}

func (l *live) Await(ctx context.Context, call int) (Event, error) {
	l.mu.Lock()
	for i, e := range l.kept {
		if e.Kind == "" && e.Call == call {
			l.kept = append(l.kept[:i:i], l.kept[i+1:]...)
			l.mu.Unlock()
			return e, nil
		}
	}
	l.mu.Unlock()
	for {
		e, err := l.next(ctx)
		if err != nil && !errors.Is(err, ErrProtocol) {
			return Event{}, err
		}
		if err != nil {
			continue // it is no answer, not to this call either
		}
		if e.Kind == "" && e.Call == call {
			return e, nil
		}
		l.mu.Lock()
		l.kept = append(l.kept, e)
		l.mu.Unlock()
	}
}
