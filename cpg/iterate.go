package cpg

import (
	"context"
	"errors"
	"io"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// Process is one process in one group, or, in an iteration over names, a
// group.
type Process struct {
	Group string
	Member
}

// Iteration goes over a copy of what this node knew when it began. It belongs
// to its Conn and ends with it.
type Iteration struct {
	c      *Conn
	handle uint64
}

// IterateNames goes over all groups' names.
func (c *Conn) IterateNames(ctx context.Context) (*Iteration, error) {
	return c.iterate(ctx, wire.IterationRequest{Type: wire.NameOnly})
}

// IterateGroup goes over the processes of one group.
func (c *Conn) IterateGroup(ctx context.Context, group string) (*Iteration, error) {
	if len(group) > NameMax {
		return nil, wrap("iterate", ErrNameTooLong)
	}
	return c.iterate(ctx, wire.IterationRequest{Type: wire.OneGroup, Group: []byte(group)})
}

// IterateAll goes over all processes, group by group.
func (c *Conn) IterateAll(ctx context.Context) (*Iteration, error) {
	return c.iterate(ctx, wire.IterationRequest{Type: wire.All})
}

func (c *Conn) iterate(ctx context.Context, q wire.IterationRequest) (*Iteration, error) {
	b, err := c.call(ctx, again, q.AppendTo(nil))
	if err != nil {
		return nil, wrap("iterate", err)
	}
	h, _, err := wire.ParseIterationResponse(b)
	if err != nil {
		return nil, wrap("iterate", err)
	}
	return &Iteration{c, h}, nil
}

// Next returns the next item, after the last one io.EOF.
func (it *Iteration) Next(ctx context.Context) (Process, error) {
	b, err := it.c.call(ctx, again, wire.AppendHandleRequest(nil, wire.ReqIterationNext, it.handle))
	if errors.Is(err, cserr.NoSections) {
		return Process{}, io.EOF
	}
	if err != nil {
		return Process{}, wrap("iterate", err)
	}
	d, _, err := wire.ParseIterationNextResponse(b)
	if err != nil {
		return Process{}, wrap("iterate", err)
	}
	return Process{d.Group, Member{totem.NodeID(d.Node), d.PID}}, nil
}

// Close frees the daemon's copy.
func (it *Iteration) Close(ctx context.Context) error {
	_, err := it.c.call(ctx, again, wire.AppendHandleRequest(nil, wire.ReqIterationFinalize, it.handle))
	return wrap("end iteration", err)
}

// Groups returns all groups' names.
func (c *Conn) Groups(ctx context.Context) ([]string, error) {
	it, err := c.IterateNames(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for {
		p, err := it.Next(ctx)
		if err == io.EOF {
			return names, it.Close(ctx)
		}
		if err != nil {
			return nil, errors.Join(err, it.Close(ctx))
		}
		names = append(names, p.Group)
	}
}
