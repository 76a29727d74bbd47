package engine

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem"
)

const (
	// buffersMax bounds the zero-copy buffers of one client.
	buffersMax = 64
	// bufferSizeMax bounds the length of one, in bytes: more than any message
	// needs, but a daemon that locks its memory has all of it in memory.
	bufferSizeMax = 8*totem.MessageSizeMax + wire.ZCOverhead
)

// Buffers opens files in shared memory that clients made for zero-copy sends.
type Buffers interface {
	// Map opens the file at path, of at least size bytes, and unlinks it. The
	// path is whatever the client says: an implementation must accept only
	// regular files that belong to the client's user and lie where libcpg puts
	// them, and must not follow links.
	Map(c service.Conn, path string, size int) (Buffer, error)
}

// Buffer is one mapped file. The client can write to it and shrink it at any
// time: Read takes what is there then, and fails where nothing is any more.
// internal/qb/shm.ZeroCopy is one.
type Buffer interface {
	Read(p []byte, off int) error  // all of p, or an error
	Write(p []byte, off int) error // likewise
	Close()
}

// mapped is a client's buffer. Its handle stands in for the address at which
// the reference maps it: the client passes back what it was given.
type mapped struct {
	handle uint64
	size   int
	buf    Buffer
}

func (c *client) buffer(handle uint64) int {
	return slices.IndexFunc(c.buffers, func(m mapped) bool { return m.handle == handle })
}

func (e *Engine) requestZCAlloc(c *client, msg []byte) error {
	q, err := wire.ParseZCAllocRequest(msg)
	if err != nil {
		return err
	}
	e.debugf("path: %s", q.Path)
	e.answer(c, 0, e.allocZC(c, q))
	return nil
}

func (e *Engine) allocZC(c *client, q wire.ZCAllocRequest) cserr.Code {
	switch {
	case e.opt.Buffers == nil:
		return cserr.NotSupported
	case q.Size < wire.ZCOverhead || q.Size > bufferSizeMax:
		return cserr.InvalidParam
	case len(c.buffers) >= buffersMax:
		return cserr.NoResources
	}
	b, err := e.opt.Buffers.Map(c.conn, q.Path, int(q.Size))
	if err != nil {
		e.debugf("map %s: %v", q.Path, err)
		return cserr.Access
	}
	h := e.handle()
	if err := b.Write(service.Order.AppendUint64(nil, h), wire.ZCAddressOffset); err != nil {
		b.Close()
		return cserr.Access
	}
	c.buffers = append(c.buffers, mapped{handle: h, size: int(q.Size), buf: b})
	return cserr.OK
}

func (e *Engine) requestZCFree(c *client, msg []byte) error {
	q, err := wire.ParseZCFreeRequest(msg)
	if err != nil {
		return err
	}
	e.debugf(" free'ing")
	code := cserr.BadHandle
	if i := c.buffer(q.Address); i >= 0 {
		code = cserr.OK
		c.buffers[i].buf.Close()
		c.buffers = slices.Delete(c.buffers, i, i+1)
	}
	e.answer(c, 0, code)
	return nil
}

func (e *Engine) requestZCExecute(c *client, msg []byte) error {
	h, err := wire.ParseZCExecuteRequest(msg)
	if err != nil {
		return err
	}
	code := c.mayMcast(0) // McastRequestLen bounds the length
	if code == cserr.OK {
		code = e.executeZC(c, h)
	}
	e.answer(c, wire.ResMcast, code)
	return nil
}

func (e *Engine) executeZC(c *client, handle uint64) cserr.Code {
	i := c.buffer(handle)
	if i < 0 {
		return cserr.BadHandle
	}
	m := c.buffers[i]
	var head [wire.McastRequestHead]byte
	if err := m.buf.Read(head[:], wire.ZCHeaderSize); err != nil {
		return cserr.Access
	}
	n, err := wire.McastRequestLen(head[:])
	if err != nil || n > m.size-wire.ZCOverhead {
		e.stats.BadRequests++
		return cserr.InvalidParam
	}
	if cap(e.zc) < n {
		e.zc = make([]byte, n)
	}
	e.zc = e.zc[:n]
	if err := m.buf.Read(e.zc, wire.ZCOverhead); err != nil {
		return cserr.Access
	}
	if !e.mcastFrom(c, e.zc) {
		return cserr.TryAgain
	}
	return cserr.OK
}
