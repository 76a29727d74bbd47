package udp

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
	// offloadFailures is after how many failures in a row segmentation is left
	// to us for good.
	offloadFailures = 8
	// controlSize is CMSG_SPACE(sizeof(uint16)).
	controlSize = unix.SizeofCmsghdr + 8
	// writerMax bounds how many sends wait for a socket that takes none.
	writerMax = 8192
)

// sendKind says what a datagram is for the log.
type sendKind uint8

const (
	kindMcast sendKind = iota
	kindUcast
)

// writer collects datagrams and sends them in batches, in order. Datagrams of
// one length that follow each other to one address, of which the last may be
// shorter, are one send: the kernel cuts them apart, late and cheaply.
type writer struct {
	offload bool // the kernel can
	failed  int  // in a row

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
	kind  sendKind
}

func newWriter() *writer {
	const visit = 512
	return &writer{
		hdrs:  make([]unix.Mmsghdr, 0, visit),
		sends: make([]send, 0, visit),
		iovs:  make([]unix.Iovec, 0, visit),
		ctls:  make([][controlSize]byte, 0, visit),
		held:  make([]*totem.Packet, 0, visit),
	}
}

// probe finds out whether the kernel segments for the socket.
func (w *writer) probe(fd int) {
	_, err := unix.GetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT)
	w.offload, w.failed = err == nil, 0
}

// hold takes over the caller's hold on p until its datagrams are sent.
func (w *writer) hold(p *totem.Packet) { w.held = append(w.held, p) }

// add puts datagrams behind those that wait; the packets must be held. It
// returns how many there was no room for.
func (w *writer) add(pkts []*totem.Packet, to *sockaddr, kind sendKind) (dropped int) {
	for len(pkts) > 0 {
		if len(w.hdrs) >= writerMax {
			return len(pkts)
		}
		n := w.run(pkts)
		s := send{at: len(w.iovs), n: n, kind: kind}
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
func (w *writer) run(pkts []*totem.Packet) int {
	size := len(pkts[0].Data)
	if !w.offload || size == 0 {
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

func (w *writer) empty() bool { return len(w.hdrs) == 0 }

// flush sends what waits. Where a datagram cannot be sent, failed is told, and
// the next is tried: the protocol recovers it. When the socket takes no more,
// the rest stays and flush returns false.
func (w *writer) flush(fd int, failed func(sendKind, unix.Errno), done func(sendKind, int)) bool {
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
		n := min(len(w.hdrs)-w.done, writeBatch)
		got, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&w.hdrs[w.done])), uintptr(n), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch {
		case errno == 0:
			for range int(got) {
				s := &w.sends[w.done]
				if s.n > 1 {
					w.failed = 0
				}
				done(s.kind, s.n)
				w.done++
			}
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return false
		case w.sends[w.done].n > 1:
			w.sendApart(fd, failed, done)
			w.done++
		default:
			failed(w.sends[w.done].kind, errno)
			w.done++
		}
	}
	w.reset()
	return true
}

// sendApart sends the datagrams of one send that the kernel would not segment:
// a device without checksums, a tunnel, or datagrams longer than the path's MTU,
// which must become IP fragments.
func (w *writer) sendApart(fd int, failed func(sendKind, unix.Errno), done func(sendKind, int)) {
	if w.failed++; w.failed >= offloadFailures {
		w.offload = false
	}
	h, s := &w.hdrs[w.done].Hdr, &w.sends[w.done]
	for i := range s.n {
		w.single = unix.Msghdr{Name: h.Name, Namelen: h.Namelen, Iov: &w.iovs[s.at+i]}
		w.single.SetIovlen(1)
		_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&w.single)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if errno != 0 {
			failed(s.kind, errno)
			continue
		}
		done(s.kind, 1)
	}
	w.single = unix.Msghdr{}
}

// reset forgets what waits.
func (w *writer) reset() {
	for i, p := range w.held {
		p.Release()
		w.held[i] = nil
	}
	clear(w.hdrs)
	clear(w.iovs)
	w.hdrs, w.sends, w.iovs, w.ctls = w.hdrs[:0], w.sends[:0], w.iovs[:0], w.ctls[:0]
	w.held, w.done = w.held[:0], 0
}
