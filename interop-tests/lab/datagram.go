package lab

import (
	"encoding/binary"
	"sync"
)

// OnDatagram has fn called with each UDP datagram that a host sends onto a
// network from now on, before any fault of a link. Calls do not overlap; fn must
// be quick, since the network waits for it, and keep no part of the bytes.
func (l *Lab) OnDatagram(fn func(b []byte)) {
	l.t.Helper()
	var mu sync.Mutex
	for _, s := range append([]*lanSwitch{l.lan()}, l.more...) {
		d := &datagrams{begun: map[[20]byte][]byte{}, fn: func(b []byte) {
			mu.Lock()
			defer mu.Unlock()
			fn(b)
		}}
		s.mu.Lock()
		s.watch = append(s.watch, d.frame)
		s.mu.Unlock()
	}
}

// datagrams finds the UDP datagrams in Ethernet frames. The largest of totem's
// fits a frame with IPv4 and takes two with IPv6.
type datagrams struct {
	fn    func([]byte)
	begun map[[20]byte][]byte // by source and identification
}

func (d *datagrams) frame(b []byte) {
	switch binary.BigEndian.Uint16(b[12:]) {
	case 0x0800:
		d.ipv4(b[14:])
	case 0x86dd:
		d.ipv6(b[14:])
	}
}

const (
	protoUDP      = 17
	protoFragment = 44
	udpHead       = 8
)

func (d *datagrams) ipv4(b []byte) {
	if len(b) < 20 || b[9] != protoUDP || binary.BigEndian.Uint16(b[6:])&0x3fff != 0 {
		return
	}
	head, end := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if end > len(b) || head+udpHead > end {
		return
	}
	d.fn(b[head+udpHead : end])
}

func (d *datagrams) ipv6(b []byte) {
	const head = 40
	if len(b) < head || len(b)-head < int(binary.BigEndian.Uint16(b[4:])) {
		return
	}
	next, body := b[6], b[head:head+int(binary.BigEndian.Uint16(b[4:]))]
	if next == protoFragment && len(body) >= 8 {
		next, body = body[0], d.join([16]byte(b[8:24]), body)
	}
	if next == protoUDP && len(body) >= udpHead {
		d.fn(body[udpHead:])
	}
}

// join returns the whole that the fragment is the last part of, nil while there
// is more to come. Its parts come in order: nothing has touched the frames yet.
func (d *datagrams) join(source [16]byte, b []byte) []byte {
	key := [20]byte(append(source[:], b[4:8]...))
	place := binary.BigEndian.Uint16(b[2:])
	whole := d.begun[key]
	if int(place&^7) != len(whole) {
		delete(d.begun, key)
		return nil
	}
	whole = append(whole, b[8:]...)
	if place&1 != 0 {
		d.begun[key] = whole
		return nil
	}
	delete(d.begun, key)
	return whole
}
