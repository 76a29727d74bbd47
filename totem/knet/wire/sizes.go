package wire

// What stands in front of a packet on the wire, in bytes. An MTU, and the Size
// of a probe, include the headers of IP and UDP.
const (
	IPv4Overhead = 20
	IPv6Overhead = 40
	UDPOverhead  = 8
	SCTPOverhead = 28
)

const (
	// MaxMTU is the size of the largest probe, whatever the address family.
	MaxMTU = 65535
	// MinMTU is what every IPv4 host must take. The reference cuts messages to
	// fit it when it knows nothing better.
	MinMTU = 576
)

// reserved is what the reference keeps free for the header of a packet when it
// computes an MTU: the largest header there is, though data has a smaller one.
const reserved = PingLen

// Security is what encryption and authentication add to packets, in bytes. The
// zero value is none of either.
type Security struct {
	Block int // plaintext is padded to a multiple of this, by 1 byte at least; 0 without a cipher
	Salt  int // in front of the ciphertext
	Hash  int // at the end
}

// Sealed is how long n bytes are once encrypted and signed (calc_data_outlen).
func (s Security) Sealed(n int) int {
	if s.Block > 0 {
		n += s.Block - n%s.Block
	}
	return n + s.Salt + s.Hash
}

// MaxData is how much user data a packet of n bytes can hold, n not counting
// the headers of IP and UDP (calc_max_data_outlen): what libknet calls the
// application's, or data, MTU. It is not positive when there is room for none.
func (s Security) MaxData(n int) int {
	n -= s.Salt + s.Hash
	if s.Block > 0 {
		// Of whole blocks the last byte at least is padding.
		n -= n%s.Block + 1
	}
	return n - reserved
}

// MinData is the smallest data MTU that the reference takes for possible, and
// what it uses before any link's MTU is known (calc_min_mtu). It supposes the
// worst of both address families and transports.
func (s Security) MinData() int {
	return s.MaxData(MinMTU - IPv6Overhead - SCTPOverhead)
}

// Overhead is what a packet has on the wire beside user data, without padding,
// for headers of IP and UDP of the length given: the proto_overhead of a link's
// statistics.
func (s Security) Overhead(headers int) int {
	return headers + reserved + s.Salt + s.Hash
}

// Probe is the path MTU probe that comes closest to a size on the wire without
// exceeding it, given the length of the headers of IP and UDP: its size on the
// wire, for PMTUd.Size, and how long it is before encryption. ok is false when
// there is no room for a probe.
func (s Security) Probe(size, headers int) (onWire, plain int, ok bool) {
	plain = s.MaxData(size-headers) + reserved
	if plain < PMTUdLen {
		return 0, 0, false
	}
	return s.Sealed(plain) + headers, plain, true
}
