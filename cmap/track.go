package cmap

import (
	"context"

	"github.com/ringmaster-ha/ringmaster/cmap/wire"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// Tracker is a subscription to changes.
type Tracker struct {
	c            *Conn
	name         string
	mark, handle uint64
}

// Change is one change of a key. New is none when the key was Deleted, Old when
// it was Added. (In the statistics both are the present value.)
type Change struct {
	Tracker  *Tracker
	Event    Event
	Key      string
	New, Old Value
}

// Track watches a key. The changes come from Next.
func (c *Conn) Track(ctx context.Context, key string, events Event) (*Tracker, error) {
	return c.track(ctx, key, events)
}

// TrackPrefix watches all keys that begin with prefix, also those that do not
// exist yet; the empty prefix is all there are. In the statistics a prefix can
// be watched for keys that are added and deleted only, and for both together.
func (c *Conn) TrackPrefix(ctx context.Context, prefix string, events Event) (*Tracker, error) {
	return c.track(ctx, prefix, events|icmap.Prefix)
}

func (c *Conn) track(ctx context.Context, key string, events Event) (*Tracker, error) {
	if err := checkName(key); err != nil {
		return nil, failed("track", key, err)
	}
	t := &Tracker{c: c, name: key}
	c.mu.Lock()
	c.marks++
	t.mark = c.marks
	c.trackers[t.mark] = t // the first change may come before the answer
	c.mu.Unlock()
	res, err := c.ipc.Call(ctx, wire.TrackAdd{Key: key, Events: events, Inst: t.mark}.AppendTo(nil))
	if err == nil {
		t.handle, err = wire.ParseHandleRes(res)
	}
	if err != nil {
		c.forget(t)
		return nil, failed("track", key, err)
	}
	return t, nil
}

func (c *Conn) forget(t *Tracker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.trackers, t.mark)
}

// Stop ends the subscription; Next drops what of it is still on the way.
func (t *Tracker) Stop(ctx context.Context) error {
	t.c.forget(t)
	res, err := t.c.ipc.Call(ctx, wire.AppendHandle(nil, wire.ReqTrackDelete, t.handle))
	if err == nil {
		_, err = wire.ParseHandleRes(res)
	}
	return failed("stop tracking", t.name, err)
}

// Next waits for the next change that any of the connection's trackers is
// about.
func (c *Conn) Next(ctx context.Context) (Change, error) {
	for {
		b, err := c.ipc.Event(ctx)
		if err != nil {
			return Change{}, failed("next change", "", err)
		}
		n, err := wire.ParseNotify(b)
		if err != nil {
			return Change{}, failed("next change", "", err)
		}
		c.mu.Lock()
		t := c.trackers[n.Inst]
		c.mu.Unlock()
		if t != nil {
			return Change{Tracker: t, Event: n.Event, Key: n.Key, New: n.New, Old: n.Old}, nil
		}
	}
}
