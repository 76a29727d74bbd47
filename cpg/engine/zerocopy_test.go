package engine_test

import (
	"errors"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cpg/engine"
	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

var order = service.Order

func joinLong(c *conn, n int) cserr.Code {
	q := wire.JoinRequest{PID: c.pid}
	msg := q.AppendTo(nil)
	order.PutUint32(msg[service.HeaderSize:], uint32(n))
	return c.request(msg)
}

// files stands for the shared memory of the machine.
type files map[string]*file

type file struct {
	b      []byte
	closed bool
}

func (f files) Map(_ service.Conn, path string, size int) (engine.Buffer, error) {
	if f[path] == nil || len(f[path].b) < size {
		return nil, errors.New("no such file")
	}
	return f[path], nil
}

func (f *file) Read(p []byte, off int) error {
	if off+len(p) > len(f.b) {
		return errors.New("beyond the end")
	}
	copy(p, f.b[off:])
	return nil
}
func (f *file) Write(p []byte, off int) error { copy(f.b[off:], p); return nil }
func (f *file) Close()                        { f.closed = true }

// put writes a message as cpg_zcb_mcast_joined does.
func (f *file) put(text string) {
	q := wire.McastRequest{Message: []byte(text)}
	copy(f.b[wire.ZCHeaderSize:], q.AppendTo(nil))
}

func TestZeroCopy(t *testing.T) {
	shm := files{"/dev/shm/buf": {b: make([]byte, 100+wire.ZCOverhead)}}
	buf := shm["/dev/shm/buf"]
	w := newWorld(t, 1)
	n := w.nodes[1]
	n.e = engine.New(n, engine.Options{Buffers: shm})
	n.ring = nil
	w.form(1)
	w.settle()
	a := n.connect(11)
	a.join("g")
	w.settle()
	a.log()

	alloc := func(path string, size uint64) cserr.Code {
		q := wire.ZCAllocRequest{Path: path, Size: size}
		return a.request(q.AppendTo(nil))
	}
	execute := func(h uint64) cserr.Code { return a.request(wire.AppendZCExecuteRequest(nil, h)) }
	code(t, "no such file", alloc("/etc/shadow", 100), cserr.Access)
	code(t, "too short", alloc("/dev/shm/buf", wire.ZCOverhead-1), cserr.InvalidParam)
	code(t, "too long", alloc("/dev/shm/buf", 1<<40), cserr.InvalidParam)
	code(t, "alloc", alloc("/dev/shm/buf", uint64(len(buf.b))), cserr.OK)
	head, err := wire.ParseZCHeader(buf.b)
	if err != nil || head.Address == 0 {
		t.Fatalf("head %+v, %v", head, err)
	}

	buf.put("no copies")
	code(t, "execute", execute(head.Address), cserr.OK)
	buf.put("") // the message is on its way already
	code(t, "execute an empty message", execute(head.Address), cserr.OK)
	w.settle()
	expect(t, a, "g: 1:11 says no copies", "g: 1:11 says ")

	code(t, "not a buffer", execute(head.Address+1), cserr.BadHandle)
	order.PutUint32(buf.b[wire.ZCHeaderSize+32:], 101)
	code(t, "more than the buffer has", execute(head.Address), cserr.InvalidParam)
	order.PutUint32(buf.b[wire.ZCHeaderSize:], 7)
	code(t, "not a multicast", execute(head.Address), cserr.InvalidParam)
	whole := buf.b
	buf.b = buf.b[:8]
	code(t, "the file has shrunk", execute(head.Address), cserr.Access)
	buf.b = whole
	buf.put("x")
	n.full = true
	code(t, "full queue", execute(head.Address), cserr.TryAgain)
	n.full = false

	free := wire.ZCFreeRequest{Address: head.Address}
	code(t, "free", a.request(free.AppendTo(nil)), cserr.OK)
	if !buf.closed {
		t.Error("not closed")
	}
	code(t, "free twice", a.request(free.AppendTo(nil)), cserr.BadHandle)
	buf.closed = false
	alloc("/dev/shm/buf", uint64(len(buf.b)))
	a.kill()
	if !buf.closed {
		t.Error("a dead client's buffer is not closed")
	}
}

func TestZeroCopyRefused(t *testing.T) {
	w := ring3(t)
	a := w.nodes[1].connect(11)
	q := wire.ZCAllocRequest{Path: "/dev/shm/buf", Size: 100}
	code(t, "alloc", a.request(q.AppendTo(nil)), cserr.NotSupported)
}
