package engine

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// iterationsMax bounds the iterations that one client may have open.
const iterationsMax = 1024

// iteration is a copy of the process list, taken when it began.
type iteration struct {
	handle uint64
	items  []wire.Description
	next   int
}

// handle returns a new number that names something towards clients; never 0.
func (e *Engine) handle() uint64 {
	e.nextHandle++
	return e.nextHandle
}

func (e *Engine) requestIteration(c *client, msg []byte) error {
	q, err := wire.ParseIterationRequest(msg)
	if err != nil {
		return err
	}
	e.debugf("cpg iteration initialize")
	code, handle := cserr.OK, uint64(0)
	switch {
	case q.Type < wire.NameOnly || q.Type > wire.All:
		code = cserr.InvalidParam
	case len(c.iterations) >= iterationsMax:
		code = cserr.NoMemory
	default:
		handle = e.handle()
		c.iterations = append(c.iterations, &iteration{handle: handle, items: e.describe(q)})
	}
	e.respond(c, wire.AppendIterationResponse(e.buf[:0], handle, code))
	return nil
}

// describe lists groups or processes in the reference's order, which tools
// print: the group whose first process comes last in the process list is
// first; within a group its first process, then the others from the last back.
func (e *Engine) describe(q wire.IterationRequest) []wire.Description {
	groups := e.sorted()
	if q.Type == wire.OneGroup {
		groups = nil
		if g := e.lookup(q.Group); g != nil && len(g.procs) > 0 {
			groups = []*group{g}
		}
	}
	var items []wire.Description
	for _, g := range slices.Backward(groups) {
		if q.Type == wire.NameOnly {
			items = append(items, wire.Description{Group: g.name})
			continue
		}
		items = append(items, g.procs[0].describe())
		for i := len(g.procs) - 1; i > 0; i-- {
			items = append(items, g.procs[i].describe())
		}
	}
	return items
}

func (p *proc) describe() wire.Description {
	return wire.Description{Group: p.group.name, Node: uint32(p.node), PID: p.pid}
}

func (c *client) iteration(handle uint64) int {
	return slices.IndexFunc(c.iterations, func(it *iteration) bool { return it.handle == handle })
}

func (e *Engine) requestIterationNext(c *client, msg []byte) error {
	handle, err := wire.ParseHandleRequest(msg, wire.ReqIterationNext)
	if err != nil {
		return err
	}
	e.debugf("cpg iteration next")
	var d wire.Description
	code := cserr.OK
	if i := c.iteration(handle); i < 0 {
		code = cserr.Library
	} else if it := c.iterations[i]; it.next == len(it.items) {
		it.next = 0 // who asks on after the end begins anew
		code = cserr.NoSections
	} else {
		d = it.items[it.next]
		it.next++
	}
	e.respond(c, d.AppendTo(e.buf[:0], code))
	return nil
}

func (e *Engine) requestIterationFinalize(c *client, msg []byte) error {
	handle, err := wire.ParseHandleRequest(msg, wire.ReqIterationFinalize)
	if err != nil {
		return err
	}
	e.debugf("cpg iteration finalize")
	code := cserr.OK
	if i := c.iteration(handle); i < 0 {
		code = cserr.Library
	} else {
		c.iterations = slices.Delete(c.iterations, i, i+1)
	}
	e.answer(c, wire.ResIterationFinalize, code)
	return nil
}
