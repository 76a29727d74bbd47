package cpg

import (
	"context"
	"errors"
	"math"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
)

// agreed is CPG_TYPE_AGREED, the only order that corosync gives.
const agreed = 2

// The flow-control words of the daemon that hold back a client: multicasts,
// which get no answer, heed one more than requests, which can be answered
// that the daemon is busy.
const (
	flowRequests   = 1
	flowMulticasts = 2
)

// Mcast multicasts one message, the parts in order, to the group that the
// connection has joined, this process included. It waits while the daemon
// takes nothing. A message above MaxAtomic goes in fragments; if the group
// changes meanwhile, nobody gets it and Mcast returns ErrInterrupted.
//
// The daemon does not answer: a message of a connection in no group vanishes,
// unless it is a large one.
func (c *Conn) Mcast(ctx context.Context, parts ...[]byte) error {
	select {
	case c.sending <- struct{}{}:
		defer func() { <-c.sending }()
	case <-ctx.Done():
		return wrap("mcast", ctx.Err())
	}
	n := length(parts)
	if n > MaxAtomic {
		return wrap("mcast", c.sendFragments(ctx, parts, n))
	}
	for {
		err := c.sendWhole(parts, n)
		if !errors.Is(err, client.ErrAgain) {
			return wrap("mcast", err)
		}
		if err := sleep(ctx); err != nil {
			return wrap("mcast", err)
		}
	}
}

// TryMcast is Mcast for a message of at most MaxAtomic bytes that does not
// wait: it returns ErrTryAgain when the daemon takes nothing just now, which is
// its flow control, or while another goroutine's Mcast waits.
func (c *Conn) TryMcast(parts ...[]byte) error {
	select {
	case c.sending <- struct{}{}:
		defer func() { <-c.sending }()
	default:
		return wrap("mcast", ErrTryAgain)
	}
	n := length(parts)
	if n > MaxAtomic {
		return wrap("mcast", ErrTooBig)
	}
	return wrap("mcast", c.sendWhole(parts, n))
}

func length(parts [][]byte) int {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	return n
}

func (c *Conn) sendWhole(parts [][]byte, n int) error {
	q := wire.McastRequest{Guarantee: agreed}
	var head [wire.McastRequestHead]byte
	c.ipc.SetFlowMax(flowMulticasts)
	defer c.ipc.SetFlowMax(flowRequests)
	return c.ipc.Send(append([][]byte{q.AppendHead(head[:0], n)}, parts...)...)
}

// sendFragments sends a large message, each fragment as long as may be.
func (c *Conn) sendFragments(ctx context.Context, parts [][]byte, n int) error {
	if n > math.MaxUint32 {
		return ErrTooBig
	}
	c.ipc.SetFlowMax(flowMulticasts)
	defer c.ipc.SetFlowMax(flowRequests)
	q := wire.PartialMcastRequest{Guarantee: agreed, MsgLen: uint32(n), Type: wire.First}
	var head [wire.PartialRequestHead]byte
	for sent := 0; sent < n; {
		var fragment [][]byte
		fragment, parts = take(parts, MaxAtomic)
		k := length(fragment)
		switch {
		case sent == 0:
			q.Type = wire.First
		case sent+k == n:
			q.Type = wire.Last
		default:
			q.Type = wire.Continued
		}
		msg := append([][]byte{q.AppendHead(head[:0], k)}, fragment...)
		if _, err := c.call(ctx, again, msg...); err != nil {
			return err
		}
		sent += k
	}
	return nil
}

// take divides parts after at most n bytes.
func take(parts [][]byte, n int) (head, rest [][]byte) {
	for i, p := range parts {
		if len(p) > n {
			head = append(head, p[:n])
			rest = append([][]byte{p[n:]}, parts[i+1:]...)
			return head, rest
		}
		if len(p) > 0 {
			head = append(head, p)
			n -= len(p)
		}
		if n == 0 {
			return head, parts[i+1:]
		}
	}
	return head, nil
}
