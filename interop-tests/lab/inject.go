package lab

import (
	"encoding/binary"
	"slices"
)

// OnFrame has fn called with each frame that a sends to b on network 0, as
// OnDatagram does.
func (l *Lab) OnFrame(a, b *Host, fn func(frame []byte)) {
	l.t.Helper()
	s := l.lan()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = append(s.watch, func(frame []byte) {
		if int(frame[5])-1 == b.Index && int(frame[11])-1 == a.Index {
			fn(frame)
		}
	})
}

// Inject gives a host a frame on network 0, as if it had come from wherever the
// frame says; not from within fn of OnFrame, which the network waits for.
func (l *Lab) Inject(h *Host, frame []byte) {
	l.t.Helper()
	s := l.lan()
	s.mu.Lock()
	defer s.mu.Unlock()
	if port := s.ports[h.Index]; port != nil {
		_, _ = port.Write(frame)
	}
}

const (
	etherHead = 14
	ipv4Head  = 20 // without options
)

// Payload is what the UDP datagram in a frame carries; nil where the frame is not
// a whole datagram over IPv4 without options.
func Payload(frame []byte) (payload []byte) {
	d := datagrams{begun: map[[20]byte][]byte{}, fn: func(b []byte) { payload = b }}
	if len(frame) > etherHead && binary.BigEndian.Uint16(frame[12:]) == 0x0800 && frame[etherHead]&15 == ipv4Head/4 {
		d.frame(frame)
	}
	return payload
}

// WithPayload is a frame of which Payload is not nil with another payload.
func WithPayload(frame, payload []byte) []byte {
	f := append(slices.Clone(frame[:etherHead+ipv4Head+udpHead]), payload...)
	ip := f[etherHead:]
	udp := ip[ipv4Head:]
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	binary.BigEndian.PutUint16(ip[10:], 0)
	sum := uint32(0)
	for i := 0; i < ipv4Head; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum))
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	binary.BigEndian.PutUint16(udp[6:], 0) // no checksum
	return f
}
