package datagram

import (
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
)

const (
	// ReadBatch is how many datagrams, or runs of them, one recvmmsg takes.
	ReadBatch = 16
	// writeBatch is how many sends one sendmmsg takes. A system call that does
	// not wait runs with the scheduler's P held, and a collector that wants to
	// stop the world waits for it: this bounds for how long.
	writeBatch = 64
	// spillSize is the room behind a packet's: the longest run that the kernel
	// hands over as one.
	spillSize = 64 << 10
)

// Reader reads batches of datagrams into pooled packets. Everything is
// preallocated; the kernel is handed the same headers every time.
//
// Where the kernel supports it (UDP_GRO), datagrams of one length and sender
// that came in a row arrive as one run, which is cut apart here: the first stays
// where the kernel wrote it, the others are copied.
type Reader struct {
	pool  *totem.Pool
	big   *totem.Pool
	pkts  [ReadBatch]*totem.Packet
	hdrs  [ReadBatch]unix.Mmsghdr
	iovs  [ReadBatch][2]unix.Iovec
	ctls  [ReadBatch][controlSize]byte
	names [ReadBatch]Addr
	spill []byte
}

// NewReader makes a reader into the packets of pool. Datagrams may be up to room
// bytes long; those that the pool's packets do not hold are copied.
func NewReader(pool *totem.Pool, room int) *Reader {
	r := &Reader{
		pool:  pool,
		big:   totem.NewPool(max(room, pool.Size()), 4),
		spill: make([]byte, ReadBatch*spillSize),
	}
	for i := range r.hdrs {
		r.iovs[i][1].Base = &r.spill[i*spillSize]
		r.iovs[i][1].SetLen(spillSize)
		h := &r.hdrs[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&r.names[i].raw))
		h.Iov = &r.iovs[i][0]
		h.SetIovlen(2)
		h.Control = &r.ctls[i][0]
	}
	return r
}

// AcceptRuns asks the kernel to hand over runs; it may not be able to.
func AcceptRuns(fd int) { _ = unix.SetsockoptInt(fd, unix.SOL_UDP, unix.UDP_GRO, 1) }

// Read takes up to ReadBatch datagrams or runs that wait at fd. The i-th is then
// had from Split, its sender from From.
func (r *Reader) Read(fd int) (n int, err error) {
	for i := range r.hdrs {
		if r.pkts[i] == nil {
			p := r.pool.Get()
			r.pkts[i] = p
			r.iovs[i][0].Base = unsafe.SliceData(p.Data)
			r.iovs[i][0].SetLen(cap(p.Data))
		}
		h := &r.hdrs[i].Hdr
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(controlSize)
	}
	for {
		got, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&r.hdrs[0])), ReadBatch, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(got), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return 0, nil
		}
		return 0, os.NewSyscallError("recvmmsg", errno)
	}
}

// From is who sent the i-th run of the last read.
func (r *Reader) From(i int) (netip.Addr, uint16) { return r.names[i].Get() }

// segment is the length of the datagrams of the i-th run, or of the i-th
// datagram where that is none.
func (r *Reader) segment(i int) int {
	n := int(r.hdrs[i].Len)
	if uint64(r.hdrs[i].Hdr.Controllen) >= uint64(unix.CmsgLen(4)) {
		c := (*unix.Cmsghdr)(unsafe.Pointer(&r.ctls[i]))
		if c.Level == unix.SOL_UDP && c.Type == unix.UDP_GRO {
			if s := int(*(*int32)(unsafe.Pointer(&r.ctls[i][unix.CmsgLen(0)]))); s > 0 && s < n {
				return s
			}
		}
	}
	return n
}

// Datagrams is how many datagrams the i-th run of the last read has.
func (r *Reader) Datagrams(i int) int {
	n, size := int(r.hdrs[i].Len), r.segment(i)
	if size == 0 {
		return 1
	}
	return (n + size - 1) / size
}

// TooBig tells whether the i-th datagram of the last read is longer than any
// that there is room for.
func (r *Reader) TooBig(i int) bool {
	return r.hdrs[i].Hdr.Flags&unix.MSG_TRUNC != 0 || r.segment(i) > r.big.Size()
}

// Split calls fn with each datagram of the i-th run of the last read.
func (r *Reader) Split(i int, fn func(*totem.Packet)) {
	n, size := int(r.hdrs[i].Len), r.segment(i)
	first := r.pkts[i]
	if size <= cap(first.Data) {
		r.pkts[i] = nil
		first.Data = first.Data[:size]
		fn(first)
		for off := size; off < n; off += size {
			p := r.pool.Get()
			p.Data = r.append(p.Data, first, i, off, min(size, n-off))
			fn(p)
			p.Release()
		}
		first.Release() // not earlier: it holds more than the first datagram
		return
	}
	for off := 0; off < n; off += size {
		p := r.big.Get()
		p.Data = r.append(p.Data, first, i, off, min(size, n-off))
		fn(p)
		p.Release()
	}
}

// append appends n bytes from off on of what the i-th read left in first's
// buffer and in the spill behind it.
func (r *Reader) append(b []byte, first *totem.Packet, i, off, n int) []byte {
	room := cap(first.Data)
	if off < room {
		k := min(n, room-off)
		b = append(b, first.Data[:room][off:off+k]...)
		off, n = off+k, n-k
	}
	if n > 0 {
		b = append(b, r.spill[i*spillSize+off-room:][:n]...)
	}
	return b
}

// Close gives the packets that wait for a datagram back.
func (r *Reader) Close() {
	for i, p := range r.pkts {
		if p != nil {
			p.Release()
			r.pkts[i] = nil
		}
	}
}
