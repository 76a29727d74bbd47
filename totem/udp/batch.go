package udp

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
)

const (
	// readBatch is how many datagrams one recvmmsg takes.
	readBatch = 32
	// writeBatch is how many one sendmmsg takes. A system call that does not
	// wait runs with the scheduler's P held, and a collector that wants to stop
	// the world waits for it: this bounds for how long.
	writeBatch = 64
	// spillSize is how much of a datagram beyond the pool's packet size is
	// taken, in bytes: the commit token of 384 processors passes 10000 bytes
	// whatever the MTU.
	spillSize = 16 << 10
)

// The calls below are raw: they do not wait (MSG_DONTWAIT), so the scheduler
// need not know of them, and the thread that carries the token keeps its P.

// reader reads batches of datagrams into pooled packets. Everything is
// preallocated; the kernel is handed the same headers every time.
type reader struct {
	pool  *totem.Pool
	big   *totem.Pool
	pkts  [readBatch]*totem.Packet
	hdrs  [readBatch]unix.Mmsghdr
	iovs  [readBatch][2]unix.Iovec
	names [readBatch]sockaddr
	spill []byte
}

func newReader(pool *totem.Pool) *reader {
	r := &reader{
		pool:  pool,
		big:   totem.NewPool(pool.Size()+spillSize, 4),
		spill: make([]byte, readBatch*spillSize),
	}
	for i := range r.hdrs {
		r.iovs[i][1].Base = &r.spill[i*spillSize]
		r.iovs[i][1].SetLen(spillSize)
		h := &r.hdrs[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i].raw))
		h.Iov = &r.iovs[i][0]
		h.SetIovlen(2)
	}
	return r
}

// read takes up to readBatch datagrams that wait at fd. The i-th is then had
// from packet(i), its sender from names[i].
func (r *reader) read(fd int) (n int, err error) {
	for i := range r.hdrs {
		if r.pkts[i] == nil {
			p := r.pool.Get()
			r.pkts[i] = p
			r.iovs[i][0].Base = unsafe.SliceData(p.Data)
			r.iovs[i][0].SetLen(cap(p.Data))
		}
		r.hdrs[i].Hdr.Namelen = unix.SizeofSockaddrInet6
	}
	for {
		got, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&r.hdrs[0])), readBatch, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(got), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, nil
		}
		return 0, asErrno("recvmmsg", errno)
	}
}

// truncated tells whether the i-th datagram of the last read was longer than
// what there was room for.
func (r *reader) truncated(i int) bool { return r.hdrs[i].Hdr.Flags&unix.MSG_TRUNC != 0 }

// packet hands out the i-th datagram of the last read, with one hold.
func (r *reader) packet(i int) *totem.Packet {
	p := r.pkts[i]
	n := int(r.hdrs[i].Len)
	if n <= cap(p.Data) {
		r.pkts[i] = nil
		p.Data = p.Data[:n]
		return p
	}
	small := cap(p.Data)
	big := r.big.Get()
	big.Data = append(append(big.Data, p.Data[:small]...), r.spill[i*spillSize:][:n-small]...)
	return big
}

// close gives the packets that wait for a datagram back.
func (r *reader) close() {
	for i, p := range r.pkts {
		if p != nil {
			p.Release()
			r.pkts[i] = nil
		}
	}
}
