package lab

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// frames4 and frames6 are a UDP datagram as a host puts it onto the network, in
// frames with at most room bytes behind the head of IP.
func frames4(id uint16, payload []byte, room int) (frames [][]byte) {
	for place, part := range parts(payload, room) {
		ip := make([]byte, 20, 20+len(part))
		ip[0], ip[9] = 0x45, protoUDP
		binary.BigEndian.PutUint16(ip[2:], uint16(20+len(part)))
		binary.BigEndian.PutUint16(ip[4:], id)
		flags := uint16(place * room / 8)
		if place*room+len(part) < udpHead+len(payload) {
			flags |= moreFragments
		}
		binary.BigEndian.PutUint16(ip[6:], flags)
		copy(ip[12:], []byte{10, 77, 0, 3})
		frames = append(frames, frame(0x0800, append(ip, part...)))
	}
	return frames
}

func frames6(id uint16, payload []byte, room int) (frames [][]byte) {
	for place, part := range parts(payload, room) {
		ip := make([]byte, 48, 48+len(part))
		ip[6] = protoFragment
		binary.BigEndian.PutUint16(ip[4:], uint16(8+len(part)))
		ip[40] = protoUDP
		flags := uint16(place * room)
		if place*room+len(part) < udpHead+len(payload) {
			flags |= 1
		}
		binary.BigEndian.PutUint16(ip[42:], flags)
		binary.BigEndian.PutUint16(ip[46:], id)
		frames = append(frames, frame(0x86dd, append(ip, part...)))
	}
	return frames
}

func parts(payload []byte, room int) [][]byte {
	return slices.Collect(slices.Chunk(append(make([]byte, udpHead), payload...), room))
}

func frame(kind uint16, ip []byte) []byte {
	return append(binary.BigEndian.AppendUint16(make([]byte, 12), kind), ip...)
}

func TestDatagramsInSeveralFrames(t *testing.T) {
	long := bytes.Repeat([]byte("recovered"), 170)
	for _, tt := range []struct {
		name   string
		frames [][]byte
		want   []string
	}{
		{"IPv4, one frame", frames4(1, long, 1600), []string{string(long)}},
		{"IPv4, two", frames4(1, long, 1480), []string{string(long)}},
		{"IPv4, four", frames4(1, long, 480), []string{string(long)}},
		{"IPv6, two", frames6(1, long, 1448), []string{string(long)}},
		{"two at once", interleave(frames4(1, long, 1480), frames4(2, long[1:], 1480)), []string{string(long), string(long[1:])}},
		{"the end is missing", frames4(1, long, 1480)[:1], nil},
		{"the beginning is missing", frames4(1, long, 1480)[1:], nil},
		{"the middle is missing", slices.Delete(frames4(1, long, 480), 1, 2), nil},
		{"cut short", [][]byte{frames4(1, long, 1600)[0][:40]}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			d := &datagrams{begun: map[[20]byte][]byte{}, fn: func(b []byte) { got = append(got, string(b)) }}
			for _, f := range tt.frames {
				d.frame(f)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%d datagrams, want %d, or others", len(got), len(tt.want))
			}
		})
	}
}

func interleave(a, b [][]byte) (out [][]byte) {
	for i := range a {
		out = append(out, a[i], b[i])
	}
	return out
}
