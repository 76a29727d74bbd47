package client

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// waitSlice bounds a wait on the response's semaphore: a wake-up that comes
// just before the wait begins is lost, so that it must end by itself.
const waitSlice = 100 * time.Millisecond

// rings is the transport over shared memory.
type rings struct {
	setup              *setupSocket
	request, resp, evt *ringbuffer.Ring
	paths              []string
	isCut              atomic.Bool
	cutCh              chan struct{}
	events             chan struct{} // holds a token when an event may have come
}

func openRings(s *setupSocket, r wire.ConnectResponse) (transport, error) {
	t := &rings{setup: s, paths: []string{r.Request, r.Response, r.Event},
		cutCh: make(chan struct{}), events: make(chan struct{}, 1)}
	for i, to := range []**ringbuffer.Ring{&t.request, &t.resp, &t.evt} {
		ring, err := ringbuffer.Open(t.paths[i], r.MaxMsgSize)
		if err != nil {
			t.unmap()
			return nil, err
		}
		*to = ring
	}
	return t, nil
}

func (t *rings) flow() (uint32, error) {
	// The server leaves before it says so on the socket.
	if n, err := t.request.References(); err != nil || n != 2 {
		return 0, ErrDisconnected
	}
	return t.request.FlowControl()
}

func (t *rings) send(parts [][]byte) error {
	if err := t.request.Write(parts...); err != nil {
		return err
	}
	return t.setup.notifyServer()
}

func (t *rings) response(ctx context.Context) ([]byte, error) {
	stop := context.AfterFunc(ctx, t.wakeResponse)
	defer stop()
	for {
		err := t.wait(ctx)
		if err == nil {
			return t.resp.Take(nil)
		}
		if !errors.Is(err, shm.ErrTimeout) {
			return nil, err
		}
		if t.isCut.Load() || ctx.Err() != nil {
			return nil, errCut
		}
	}
}

func (t *rings) wait(ctx context.Context) (err error) {
	defer shm.Catch(shm.Arm(), &err)
	return t.resp.Semaphore().Wait(waitSlice, func() bool { return t.isCut.Load() || ctx.Err() != nil })
}

// wakeResponse has a waiting response look around.
func (t *rings) wakeResponse() {
	var err error // a fault: the waiter will see it too
	defer shm.Catch(shm.Arm(), &err)
	t.resp.Semaphore().Wake(1 << 30)
}

func (t *rings) event(ctx context.Context) ([]byte, error) {
	for {
		b, err := t.evt.TryRead(nil)
		if !errors.Is(err, ringbuffer.ErrEmpty) {
			return b, err
		}
		if t.isCut.Load() {
			return nil, errCut
		}
		select {
		case <-t.events:
		case <-t.cutCh:
			// Look once more: the last event may have come just before.
		case <-ctx.Done():
			return nil, errCut
		}
	}
}

// notified: the server writes an event before it sends the byte, so the byte
// is but a reason to look into the ring.
func (t *rings) notified() {
	select {
	case t.events <- struct{}{}:
	default:
	}
}

func (t *rings) cut() {
	t.isCut.Store(true)
	close(t.cutCh)
	t.wakeResponse()
}

func (t *rings) unmap() {
	for _, r := range []*ringbuffer.Ring{t.request, t.resp, t.evt} {
		if r != nil {
			r.Unmap()
		}
	}
}

func (t *rings) close(serverDead bool) {
	for _, r := range []*ringbuffer.Ring{t.request, t.resp, t.evt} {
		_ = r.SetReferences(0)
	}
	t.unmap()
	if !serverDead {
		return
	}
	for _, p := range t.paths {
		_ = os.Remove(p + "-data")
		_ = os.Remove(p + "-header")
	}
	_ = unix.Rmdir(filepath.Dir(t.paths[0]))
}
