package cmap

import (
	"context"
	"errors"
	"iter"

	"github.com/ringmaster-ha/ringmaster/cmap/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// Entry is a key met in an iteration. Len is the value's length in bytes; 0 for
// a string of the statistics, which is made only when it is read.
type Entry struct {
	Key  string
	Type Type
	Len  int
}

// Keys yields the keys that begin with prefix, in byte order; all keys for the
// empty prefix. The map may change meanwhile. After an error, which is yielded
// too, the iteration ends.
func (c *Conn) Keys(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		h, err := c.iterInit(ctx, prefix)
		if err != nil {
			yield(Entry{}, failed("iterate", prefix, err))
			return
		}
		// The daemon keeps a handle that is not given back.
		defer func() { _ = c.status(context.WithoutCancel(ctx), wire.AppendHandle(nil, wire.ReqIterFinalize, h)) }()
		for {
			n, err := c.iterNext(ctx, h)
			if errors.Is(err, cserr.NoSections) {
				return
			}
			if err != nil {
				yield(Entry{}, failed("iterate", prefix, err))
				return
			}
			if !yield(Entry{Key: n.Key, Type: n.Type, Len: int(n.Len)}, nil) {
				return
			}
		}
	}
}

func (c *Conn) iterInit(ctx context.Context, prefix string) (uint64, error) {
	if err := checkName(prefix); err != nil {
		return 0, err
	}
	res, err := c.ipc.Call(ctx, wire.AppendKey(nil, wire.ReqIterInit, prefix))
	if err != nil {
		return 0, err
	}
	return wire.ParseHandleRes(res)
}

func (c *Conn) iterNext(ctx context.Context, h uint64) (wire.NextRes, error) {
	res, err := c.ipc.Call(ctx, wire.AppendHandle(nil, wire.ReqIterNext, h))
	if err != nil {
		return wire.NextRes{}, err
	}
	return wire.ParseNextRes(res)
}

// Pair is a key and its value.
type Pair struct {
	Key   string
	Value Value
}

// All yields the keys that begin with prefix and their values, as Keys does. A
// key that goes away before its value is read is left out.
func (c *Conn) All(ctx context.Context, prefix string) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		for e, err := range c.Keys(ctx, prefix) {
			p := Pair{Key: e.Key}
			if err == nil {
				p.Value, err = c.Get(ctx, e.Key)
			}
			if errors.Is(err, ErrNotExist) {
				continue
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}
