package cpg

import (
	"context"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/cpg/wire"
	"github.com/ringmaster-ha/ringmaster/internal/csipc"
)

// bufferPattern is how libcpg names its files, in the first of bufferDirs that
// takes one. Daemons may look at the name.
const bufferPattern = "corosync_zerocopy-"

var bufferDirs = []string{"/dev/shm", "/var/run"}

// Buffer is memory shared with the daemon, in which messages are composed and
// sent without passing through the connection (cpg_zcb_alloc).
type Buffer struct {
	c    *Conn
	mem  []byte
	addr uint64

	mu    sync.Mutex
	freed bool
}

// NewBuffer makes a buffer for messages of at most size bytes. A daemon that
// offers none refuses it.
func (c *Conn) NewBuffer(ctx context.Context, size int) (*Buffer, error) {
	if size < 0 || size > csipc.MaxMessage {
		return nil, wrap("new buffer", ErrTooBig)
	}
	mem, path, err := mapFile(size + wire.ZCOverhead)
	if err != nil {
		return nil, wrap("new buffer", err)
	}
	q := wire.ZCAllocRequest{Size: uint64(len(mem)), Path: path}
	err = c.callUncoded(ctx, q.AppendTo(nil), func() bool { return bufferAddress(mem) != 0 })
	if err == nil && bufferAddress(mem) == 0 {
		err = fmt.Errorf("the daemon has not mapped %s", path)
	}
	if err != nil {
		_ = os.Remove(path)
		_ = unix.Munmap(mem)
		return nil, wrap("new buffer", err)
	}
	head := wire.ZCHeader{MapSize: int32(len(mem)), Address: bufferAddress(mem)}
	head.AppendTo(mem[:0])
	return &Buffer{c: c, mem: mem, addr: head.Address}, nil
}

// bufferAddress is what the daemon has written, 0 if it has not.
func bufferAddress(mem []byte) uint64 {
	h, err := wire.ParseZCHeader(mem)
	if err != nil {
		return 0
	}
	return h.Address
}

// uncodedTries bounds how often callUncoded asks.
const uncodedTries = 500

// callUncoded is call for requests to whose responses the C daemon gives no
// code: anything may be in its place, ErrTryAgain among it. It asks again only
// while done says that nothing has happened; a C daemon would not survive
// being asked twice to map one file.
func (c *Conn) callUncoded(ctx context.Context, msg []byte, done func() bool) error {
	for range uncodedTries {
		b, err := c.ipc.Call(ctx, msg)
		if err == nil {
			h, perr := wire.ParseResponseHeader(b)
			if perr != nil {
				return perr
			}
			if h.Error != ErrTryAgain || done() {
				return nil
			}
			err = h.Error
		}
		if !again(err) {
			return err
		}
		if err := sleep(ctx); err != nil {
			return err
		}
	}
	return ErrTryAgain
}

// mapFile makes a file of the given length in shared memory and maps it.
func mapFile(size int) (mem []byte, path string, err error) {
	var f *os.File
	for _, dir := range bufferDirs {
		if f, err = os.CreateTemp(dir, bufferPattern); err == nil {
			break
		}
	}
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	// Allocated, not only long: a full file system must not be a fault later.
	if err = unix.Fallocate(int(f.Fd()), 0, 0, int64(size)); err == nil {
		mem, err = unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return nil, "", err
	}
	return mem, f.Name(), nil
}

// Bytes is the room for the message. It must not be used after Free.
func (b *Buffer) Bytes() []byte { return b.mem[wire.ZCOverhead:] }

// Mcast multicasts the first n bytes of the buffer, as Conn.Mcast does. When it
// returns, the buffer may be used anew.
func (b *Buffer) Mcast(ctx context.Context, n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.freed {
		return wrap("mcast", os.ErrClosed)
	}
	if n < 0 || n > len(b.Bytes()) {
		return wrap("mcast", ErrTooBig)
	}
	q := wire.McastRequest{Guarantee: agreed}
	q.AppendHead(b.mem[wire.ZCHeaderSize:wire.ZCHeaderSize], n)
	_, err := b.c.call(ctx, again, wire.AppendZCExecuteRequest(nil, b.addr))
	return wrap("mcast", err)
}

// Free gives the buffer up, here and in the daemon.
func (b *Buffer) Free(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.freed {
		return nil
	}
	b.freed = true
	q := wire.ZCFreeRequest{Size: uint64(len(b.mem)), Address: b.addr}
	err := b.c.callUncoded(ctx, q.AppendTo(nil), func() bool { return false })
	if uerr := unix.Munmap(b.mem); err == nil {
		err = uerr
	}
	b.mem = nil
	return wrap("free buffer", err)
}
