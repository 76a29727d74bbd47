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
// takes two frames: with IPv6, and with IPv4 where a message of an old ring is sent
// again inside one of the new.
type datagrams struct {
	fn    func([]byte)
	begun map[[20]byte][]byte // by source and identification
}

// The bits of a fragment's place, in IPv4.
const (
	moreFragments = 0x2000
	fragmentPlace = 0x1fff
)

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
	if len(b) < 20 || b[9] != protoUDP {
		return
	}
	head, end := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if end > len(b) || head > end {
		return
	}
	body := b[head:end]
	if place := binary.BigEndian.Uint16(b[6:]) & (moreFragments | fragmentPlace); place != 0 {
		var key [20]byte
		copy(key[:], b[12:16])
		copy(key[4:], b[4:6])
		body = d.join(key, int(place&fragmentPlace)*8, place&moreFragments != 0, body)
	}
	if len(body) >= udpHead {
		d.fn(body[udpHead:])
	}
}

func (d *datagrams) ipv6(b []byte) {
	const head = 40
	if len(b) < head || len(b)-head < int(binary.BigEndian.Uint16(b[4:])) {
		return
	}
	next, body := b[6], b[head:head+int(binary.BigEndian.Uint16(b[4:]))]
	if next == protoFragment && len(body) >= 8 {
		key := [20]byte(append(b[8:24:24], body[4:8]...))
		place := binary.BigEndian.Uint16(body[2:])
		next, body = body[0], d.join(key, int(place&^7), place&1 != 0, body[8:])
	}
	if next == protoUDP && len(body) >= udpHead {
		d.fn(body[udpHead:])
	}
}

// join returns the whole that a fragment is the last part of, nil while there
// is more to come. Its parts come in order: nothing has touched the frames yet.
func (d *datagrams) join(key [20]byte, place int, more bool, part []byte) []byte {
	whole := d.begun[key]
	if place != len(whole) {
		delete(d.begun, key)
		return nil
	}
	whole = append(whole, part...)
	if more {
		d.begun[key] = whole
		return nil
	}
	delete(d.begun, key)
	return whole
}
