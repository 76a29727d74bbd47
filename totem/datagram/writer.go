package datagram

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
)

const (
	// segmentsMax and segmentBytesMax bound what the kernel cuts into datagrams
	// of one size by itself (UDP_SEGMENT): UDP_MAX_SEGMENTS, and what one IP
	// packet may hold.
	segmentsMax     = 64
	segmentBytesMax = 65000
	// OffloadFailures is after how many failures in a row segmentation is left
	// to us for good.
	OffloadFailures = 8
	// controlSize is CMSG_SPACE(sizeof(uint16)).
	controlSize = unix.SizeofCmsghdr + 8
	// writerMax bounds how many sends wait for a socket that takes none.
	writerMax = 8192
)

// Tag is what the caller calls a datagram: it is told with the result.
type Tag uint32

// Writer collects datagrams and sends them in batches, in order. Datagrams of
// one length that follow each other to one address, of which the last may be
// shorter, are one send: the kernel cuts them apart, late and cheaply.
type Writer struct {
	// Offload: the kernel cuts runs apart. Probe finds out; who clears it has each
	// datagram sent by itself.
	Offload bool
	failed  int // in a row

	hdrs  []unix.Mmsghdr
	sends []send
	iovs  []unix.Iovec
	ctls  [][controlSize]byte
	// held are the packets that iovs point into; they are released when all
	// has been sent.
	held []*totem.Packet
	done int // hdrs before it are sent

	single unix.Msghdr // for what could not be sent as one
}

// send is what is not in the kernel's header: one of hdrs, its vectors iovs[at:at+n].
type send struct {
	at, n int
	tag   Tag
}

// NewWriter makes a writer with room for what one token visit sends.
func NewWriter() *Writer {
	const visit = 512
	return &Writer{
		hdrs:  make([]unix.Mmsghdr, 0, visit),
		sends: make([]send, 0, visit),
		iovs:  make([]unix.Iovec, 0, visit),
		ctls:  make([][controlSize]byte, 0, visit),
		held:  make([]*totem.Packet, 0, visit),
	}
}

// Probe finds out whether the kernel segments for the socket.
func (w *Writer) Probe(fd int) {
	_, err := unix.GetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT)
	w.Offload, w.failed = err == nil, 0
}

// Hold takes over the caller's hold on p until its datagrams are sent.
func (w *Writer) Hold(p *totem.Packet) { w.held = append(w.held, p) }

// Add puts datagrams behind those that wait; the packets must be held. It
// returns how many there was no room for.
func (w *Writer) Add(pkts []*totem.Packet, to *Addr, tag Tag) (dropped int) {
	for len(pkts) > 0 {
		if len(w.hdrs) >= writerMax {
			return len(pkts)
		}
		n := w.run(pkts)
		s := send{at: len(w.iovs), n: n, tag: tag}
		for _, p := range pkts[:n] {
			iov := unix.Iovec{Base: unsafe.SliceData(p.Data)}
			iov.SetLen(len(p.Data))
			w.iovs = append(w.iovs, iov)
		}
		w.sends = append(w.sends, s)
		w.hdrs = append(w.hdrs, unix.Mmsghdr{Hdr: unix.Msghdr{
			Name:    (*byte)(unsafe.Pointer(&to.raw)),
			Namelen: to.len,
		}})
		w.ctls = append(w.ctls, [controlSize]byte{})
		if n > 1 {
			putSegmentSize(&w.ctls[len(w.ctls)-1], len(pkts[0].Data))
		}
		pkts = pkts[n:]
	}
	return 0
}

// run is how many of pkts, one at least, can leave as one send.
func (w *Writer) run(pkts []*totem.Packet) int {
	size := len(pkts[0].Data)
	if !w.Offload || size == 0 {
		return 1
	}
	n, bytes := 1, size
	for n < min(len(pkts), segmentsMax) {
		next := len(pkts[n].Data)
		if next == 0 || next > size || bytes+next > segmentBytesMax {
			break
		}
		n, bytes = n+1, bytes+next
		if next < size {
			break // a shorter one ends it
		}
	}
	return n
}

// putSegmentSize makes the control message that asks for segmentation.
func putSegmentSize(b *[controlSize]byte, size int) {
	h := (*unix.Cmsghdr)(unsafe.Pointer(b))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	*(*uint16)(unsafe.Pointer(&b[unix.CmsgLen(0)])) = uint16(size)
}

// Empty tells whether nothing waits.
func (w *Writer) Empty() bool { return len(w.hdrs) == 0 }

// Flush sends what waits. Where a datagram cannot be sent, failed is told and
// answers whether to try it once more, as after an error that was not about it;
// else the next is tried: the protocol recovers it. When the socket takes no
// more, the rest stays and Flush returns false.
func (w *Writer) Flush(fd int, failed func(Tag, unix.Errno) (again bool), done func(Tag, int)) bool {
	for i := w.done; i < len(w.hdrs); i++ { // what they point to may have moved while it grew
		h, s := &w.hdrs[i].Hdr, &w.sends[i]
		h.Iov = &w.iovs[s.at]
		h.SetIovlen(s.n)
		if s.n > 1 {
			h.Control = &w.ctls[i][0]
			h.SetControllen(controlSize)
		}
	}
	for w.done < len(w.hdrs) {
		got, errno := w.send(fd)
		switch {
		case errno == 0:
			for range got {
				s := &w.sends[w.done]
				if s.n > 1 {
					w.failed = 0
				}
				done(s.tag, s.n)
				w.done++
			}
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return false
		case w.sends[w.done].n > 1:
			w.sendApart(fd, failed, done)
			w.done++
		case failed(w.sends[w.done].tag, errno):
		default:
			w.done++
		}
	}
	w.Reset()
	return true
}

// send has the kernel take some of what waits and returns how many it took. The cheaper
// sendto is for one datagram alone, which is what a token on an idle ring is.
func (w *Writer) send(fd int) (sent int, errno unix.Errno) {
	const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
	n := min(len(w.hdrs)-w.done, writeBatch)
	if s := &w.sends[w.done]; n == 1 && s.n == 1 {
		h, v := &w.hdrs[w.done].Hdr, &w.iovs[s.at]
		_, _, errno = unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(v.Base)), uintptr(v.Len), flags,
			uintptr(unsafe.Pointer(h.Name)), uintptr(h.Namelen))
		return 1, errno
	}
	got, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd),
		uintptr(unsafe.Pointer(&w.hdrs[w.done])), uintptr(n), flags, 0, 0)
	return int(got), errno
}

// sendApart sends the datagrams of one send that the kernel would not segment:
// a device without checksums, a tunnel, or datagrams longer than the path's MTU,
// which must become IP fragments.
func (w *Writer) sendApart(fd int, failed func(Tag, unix.Errno) bool, done func(Tag, int)) {
	if w.failed++; w.failed >= OffloadFailures {
		w.Offload = false
	}
	h, s := &w.hdrs[w.done].Hdr, &w.sends[w.done]
	for i := 0; i < s.n; i++ {
		w.single = unix.Msghdr{Name: h.Name, Namelen: h.Namelen, Iov: &w.iovs[s.at+i]}
		w.single.SetIovlen(1)
		_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&w.single)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errno != 0 {
			if failed(s.tag, errno) {
				i--
			}
			continue
		}
		done(s.tag, 1)
	}
	w.single = unix.Msghdr{}
}

// Reset forgets what waits.
func (w *Writer) Reset() {
	for i, p := range w.held {
		p.Release()
		w.held[i] = nil
	}
	clear(w.hdrs)
	clear(w.iovs)
	w.hdrs, w.sends, w.iovs, w.ctls = w.hdrs[:0], w.sends[:0], w.iovs[:0], w.ctls[:0]
	w.held, w.done = w.held[:0], 0
}
