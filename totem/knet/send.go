package knet

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/totem"
	"github.com/ringmaster-ha/ringmaster/totem/datagram"
	"github.com/ringmaster-ha/ringmaster/totem/knet/link"
)

// Mcast queues p for all other processors that can be reached; it takes over the
// caller's hold. Flush sends.
func (t *Transport) Mcast(p *totem.Packet) {
	t.core.Send(t.now, 0, p.Data)
	p.Release()
	t.run()
}

// Unicast queues p for one processor, behind what Mcast has queued.
func (t *Transport) Unicast(to totem.NodeID, p *totem.Packet) {
	if to != 0 {
		t.core.Send(t.now, to, p.Data)
		t.run()
	}
	p.Release()
}

// tag is what the writer calls a datagram: link and kind.
func tag(ref int, k link.Kind) datagram.Tag { return datagram.Tag(ref<<2 | int(k)) }

// queue puts a datagram behind those for its link: what goes to one address goes
// to the kernel in runs.
func (t *Transport) queue(a *link.Action) {
	p := t.peers[a.Ref]
	if p == nil {
		a.Packet.Release()
		return
	}
	if a.What != link.KindData {
		t.add(p, a.Ref)
		p.sock.out.Hold(a.Packet)
		one := [1]*totem.Packet{a.Packet}
		p.sock.out.Add(one[:], &p.to, tag(a.Ref, a.What))
		return
	}
	if len(p.pending) == 0 {
		t.dirty = append(t.dirty, p)
		p.ref = a.Ref
	}
	p.pending = append(p.pending, a.Packet)
}

// add hands a link's pending datagrams to its socket's writer.
func (t *Transport) add(p *peer, ref int) {
	if len(p.pending) == 0 {
		return
	}
	for _, pkt := range p.pending {
		p.sock.out.Hold(pkt)
	}
	p.sock.out.Add(p.pending, &p.to, tag(ref, link.KindData))
	clear(p.pending)
	p.pending = p.pending[:0]
}

// Flush sends what is queued. What a socket does not take now is sent when it
// does: Poll and Tick see to that.
func (t *Transport) Flush() {
	for i, p := range t.dirty {
		t.add(p, p.ref)
		t.dirty[i] = nil
	}
	t.dirty = t.dirty[:0]
	for _, s := range t.socks {
		if !s.out.Empty() {
			t.flush(s)
		}
	}
}

func (t *Transport) flush(s *socket) {
	t.sock, t.again = s, 0
	s.stuck = !s.out.Flush(s.fd, t.failed, t.done)
}

func (t *Transport) sendDone(datagram.Tag, int) { t.again = 0 }

// sendFailed takes the kernel's refusal of a datagram. An error that came for
// another one, by ICMP, is read, and the datagram tried again.
func (t *Transport) sendFailed(g datagram.Tag, no unix.Errno) (again bool) {
	mtu, _ := t.readErrors(t.sock)
	switch no {
	case unix.EMSGSIZE:
		t.core.TooBig(t.now, mtu)
	case unix.EINVAL, unix.EPERM, unix.ENETUNREACH, unix.ENETDOWN, unix.EHOSTUNREACH, unix.ENOBUFS:
	default:
		if t.again++; t.again <= triesMax {
			return true
		}
	}
	t.again = 0
	t.core.Failed(int(g>>2), link.Kind(g&3))
	return false
}

// probe sends a datagram by itself, so that the kernel refuses it if it is too
// long.
func (t *Transport) probe(a *link.Action) {
	p := t.peers[a.Ref]
	if p == nil {
		a.Packet.Release()
		return
	}
	result, mtu := link.ProbeFailed, 0
	for range triesMax {
		no := sendto(p.sock.fd, a.Packet.Data, &p.to)
		if no != 0 {
			mtu, _ = t.readErrors(p.sock)
		}
		switch no {
		case 0:
			result = link.ProbeOut
		case unix.EMSGSIZE, unix.EPERM:
			result = link.ProbeTooBig
		case unix.EAGAIN, unix.ENOBUFS:
			result = link.ProbeLater
		case unix.EINVAL, unix.ENETUNREACH, unix.ENETDOWN, unix.EHOSTUNREACH:
			result = link.ProbeFailed
		default: // of another datagram
			continue
		}
		break
	}
	a.Packet.Release()
	t.core.ProbeSent(t.now, a.Ref, result, mtu)
}

func sendto(fd int, b []byte, to *datagram.Addr) unix.Errno {
	name, n := to.Sockaddr()
	_, _, no := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(name)), uintptr(n))
	return no
}
