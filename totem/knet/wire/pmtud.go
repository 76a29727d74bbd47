package wire

import (
	"encoding/binary"
	"slices"
)

// PMTUdLen is the length in bytes of a reply to a path MTU probe, and of a
// probe without its filling.
const PMTUdLen = HeaderLen + 3

// PMTUd is a path MTU probe or the reply to one, which is the probe's first
// PMTUdLen bytes with the host's own number as From and Reply set.
type PMTUd struct {
	From  HostID
	Reply bool
	Link  uint8 // of the one who probes: below MaxLinks
	// Size is how long the probe is on the wire, with the headers of IP and UDP,
	// for its sender to know which of its probes was answered.
	Size uint16
}

// Parse reads a probe or reply and returns how long it is without the filling.
func (p *PMTUd) Parse(b []byte) (int, error) {
	t, from, err := parse(b, TypePMTUd, TypePMTUdReply, PMTUdLen)
	if err != nil {
		return 0, err
	}
	*p = PMTUd{
		From:  from,
		Reply: t == TypePMTUdReply,
		Link:  b[HeaderLen],
		Size:  binary.LittleEndian.Uint16(b[HeaderLen+1:]),
	}
	if p.Link >= MaxLinks {
		return 0, outOfRange(t, "link", p.Link)
	}
	return PMTUdLen, nil
}

// AppendTo writes the reply, or the probe without its filling.
func (p *PMTUd) AppendTo(b []byte) []byte {
	t := TypePMTUd
	if p.Reply {
		t = TypePMTUdReply
	}
	b = appendHeader(b, t, p.From)
	b = append(b, p.Link)
	return binary.LittleEndian.AppendUint16(b, p.Size)
}

// AppendProbe writes a probe and as many zeros after it as make it length bytes
// long; see Security.Probe.
func (p *PMTUd) AppendProbe(b []byte, length int) []byte {
	start := len(b)
	b = p.AppendTo(b)
	if missing := length - (len(b) - start); missing > 0 {
		b = slices.Grow(b, missing)
		filling := b[len(b) : len(b)+missing]
		clear(filling)
		b = b[:len(b)+missing]
	}
	return b
}
