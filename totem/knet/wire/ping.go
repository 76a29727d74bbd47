package wire

import "encoding/binary"

// PingLen is the length of a ping and of a pong in bytes.
const PingLen = HeaderLen + 20

// Stamp is the sender's clock in a ping. The pong brings it back; to anybody
// but the sender of the ping it is sixteen bytes without meaning. In the
// reference they are a struct timespec of its monotonic clock.
type Stamp [16]byte

// MakeStamp packs a reading of a clock in nanoseconds.
func MakeStamp(ns int64) (s Stamp) {
	binary.LittleEndian.PutUint64(s[:], uint64(ns/1e9))
	binary.LittleEndian.PutUint64(s[8:], uint64(ns%1e9))
	return s
}

// Nanoseconds is what MakeStamp packed, and false if it cannot have been packed
// by MakeStamp from a clock that began at 0: a peer may send back anything.
func (s Stamp) Nanoseconds() (ns int64, ok bool) {
	sec, frac := binary.LittleEndian.Uint64(s[:]), binary.NativeEndian.Uint64(s[8:])
	if sec >= 1<<33 || frac >= 1e9 {
		return 0, false
	}
	return int64(sec*1e9 + frac), true
}

// Ping asks a host for a pong over the same link, which is the ping with the
// host's own number as From and Pong set; all else stays as it came.
type Ping struct {
	From HostID
	Pong bool  // this is the answer
	Link uint8 // of the one who pings: below MaxLinks
	Time Stamp
	// Seq is the number of the message that the pinging host sent last, 0 when it
	// has sent none since it started.
	Seq uint16
	// Timed tells a ping that was due from one that was sent to all hosts because
	// Seq has advanced by an eighth of its range.
	Timed bool
}

// Parse reads a ping or pong and returns how long it is.
func (p *Ping) Parse(b []byte) (int, error) {
	t, from, err := parse(b, TypePing, TypePong, PingLen)
	if err != nil {
		return 0, err
	}
	f := b[HeaderLen:PingLen]
	*p = Ping{
		From:  from,
		Pong:  t == TypePong,
		Link:  f[0],
		Time:  Stamp(f[1:17]),
		Seq:   binary.BigEndian.Uint16(f[17:]),
		Timed: f[19] != 0,
	}
	if p.Link >= MaxLinks {
		return 0, outOfRange(t, "link", p.Link)
	}
	return PingLen, nil
}

// AppendTo writes the ping or pong.
func (p *Ping) AppendTo(b []byte) []byte {
	t := TypePing
	if p.Pong {
		t = TypePong
	}
	b = appendHeader(b, t, p.From)
	b = append(b, p.Link)
	b = append(b, p.Time[:]...)
	b = binary.BigEndian.AppendUint16(b, p.Seq)
	return append(b, flag(p.Timed))
}
