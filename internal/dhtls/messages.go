package dhtls

import (
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// The handshake's messages.
const (
	typeHelloRequest      = 0
	typeClientHello       = 1
	typeServerHello       = 2
	typeServerKeyExchange = 12
	typeServerHelloDone   = 14
	typeClientKeyExchange = 16
	typeFinished          = 20
)

// Extensions.
const (
	extensionGroups        = 10
	extensionMaster        = 23
	extensionVersions      = 43
	extensionRenegotiation = 0xff01
)

// renegotiationSuite says what the extension of that name does (RFC 5746).
const renegotiationSuite = 0x00ff

// message adds a handshake message.
func message(kind byte, body func(b *cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	b.AddUint8(kind)
	b.AddUint24LengthPrefixed(body)
	return b.BytesOrPanic() // too large is none of ours
}

// extension adds one, with what is in it.
func extension(b *cryptobyte.Builder, id uint16, body func(b *cryptobyte.Builder)) {
	b.AddUint16(id)
	b.AddUint16LengthPrefixed(body)
}

// hello is what both sides begin with.
type hello struct {
	random  []byte
	session []byte
	suites  []uint16 // the one chosen, from a server
	// extended: the side has the extended master secret; secure: it will not be led into renegotiation.
	extended, secure bool
	groups           []uint16 // a client's; nil if it says nothing of them
	newer            []uint16 // versions that a client speaks, if it says so
}

// appendClient is a client's.
func (h *hello) client() []byte {
	return message(typeClientHello, func(b *cryptobyte.Builder) {
		b.AddUint16(version12)
		b.AddBytes(h.random)
		b.AddUint8LengthPrefixed(func(*cryptobyte.Builder) {})
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			for _, s := range h.suites {
				b.AddUint16(s)
			}
		})
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddUint8(0) }) // no compression
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			extension(b, extensionGroups, func(b *cryptobyte.Builder) {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					for _, g := range h.groups {
						b.AddUint16(g)
					}
				})
			})
			extension(b, extensionMaster, func(*cryptobyte.Builder) {})
			extension(b, extensionRenegotiation, func(b *cryptobyte.Builder) { b.AddUint8(0) })
		})
	})
}

// server is a server's, who has chosen.
func (h *hello) server() []byte {
	return message(typeServerHello, func(b *cryptobyte.Builder) {
		b.AddUint16(version12)
		b.AddBytes(h.random)
		b.AddUint8LengthPrefixed(func(*cryptobyte.Builder) {})
		b.AddUint16(h.suites[0])
		b.AddUint8(0)
		if !h.extended && !h.secure {
			return
		}
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			if h.extended {
				extension(b, extensionMaster, func(*cryptobyte.Builder) {})
			}
			if h.secure {
				extension(b, extensionRenegotiation, func(b *cryptobyte.Builder) { b.AddUint8(0) })
			}
		})
	})
}

func malformed(what string) error { return wrong(alertDecode, "%s", what) }

// parseClientHello reads a client's.
func parseClientHello(body []byte) (*hello, error) {
	s := cryptobyte.String(body)
	h := &hello{}
	var version uint16
	var session, offered, compression cryptobyte.String
	switch {
	case !s.ReadUint16(&version) || !s.ReadBytes(&h.random, randomSize):
		return nil, malformed("ClientHello: random")
	case !s.ReadUint8LengthPrefixed(&session) || len(session) > 32:
		return nil, malformed("ClientHello: session_id")
	case !s.ReadUint16LengthPrefixed(&offered) || len(offered) == 0 || len(offered)%2 != 0:
		return nil, malformed("ClientHello: cipher_suites")
	case !s.ReadUint8LengthPrefixed(&compression) || len(compression) == 0:
		return nil, malformed("ClientHello: compression_methods")
	case version < version12:
		return nil, wrong(alertVersion, "ClientHello: version %#04x", version)
	case !slices.Contains(compression, 0):
		return nil, wrong(alertIllegal, "ClientHello: compression only")
	}
	h.session = session
	for !offered.Empty() {
		var id uint16
		offered.ReadUint16(&id)
		h.suites = append(h.suites, id)
	}
	h.secure = slices.Contains(h.suites, renegotiationSuite)
	if err := h.extensions(s); err != nil {
		return nil, err
	}
	if h.newer != nil && !slices.Contains(h.newer, version12) {
		return nil, wrong(alertVersion, "ClientHello: versions %#04x", h.newer)
	}
	return h, nil
}

// parseServerHello reads a server's.
func parseServerHello(body []byte) (*hello, error) {
	s := cryptobyte.String(body)
	h := &hello{}
	var version, chosen uint16
	var session cryptobyte.String
	var compression uint8
	switch {
	case !s.ReadUint16(&version) || !s.ReadBytes(&h.random, randomSize):
		return nil, malformed("ServerHello: random")
	case !s.ReadUint8LengthPrefixed(&session) || len(session) > 32:
		return nil, malformed("ServerHello: session_id")
	case !s.ReadUint16(&chosen) || !s.ReadUint8(&compression):
		return nil, malformed("ServerHello: cipher_suite")
	case version != version12:
		return nil, wrong(alertVersion, "ServerHello: version %#04x", version)
	case compression != 0:
		return nil, wrong(alertIllegal, "ServerHello: compression_method %d", compression)
	}
	h.session, h.suites = session, []uint16{chosen}
	return h, h.extensions(s)
}

// extensions reads what stands at the end of a hello.
func (h *hello) extensions(s cryptobyte.String) error {
	if s.Empty() {
		return nil
	}
	var all cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&all) || !s.Empty() {
		return malformed("extensions")
	}
	seen := map[uint16]bool{}
	for !all.Empty() {
		var id uint16
		var body cryptobyte.String
		if !all.ReadUint16(&id) || !all.ReadUint16LengthPrefixed(&body) || seen[id] {
			return malformed("extensions")
		}
		seen[id] = true
		switch id {
		case extensionMaster:
			if h.extended = true; !body.Empty() {
				return malformed("extended_master_secret")
			}
		case extensionRenegotiation:
			var verified cryptobyte.String
			if !body.ReadUint8LengthPrefixed(&verified) || !body.Empty() {
				return malformed("renegotiation_info")
			}
			if h.secure = true; len(verified) != 0 {
				return wrong(alertHandshake, "renegotiation_info of %d bytes in a first handshake", len(verified))
			}
		case extensionGroups:
			var err error
			if h.groups, err = numbers(&body, body.ReadUint16LengthPrefixed, "supported_groups"); err != nil {
				return err
			}
		case extensionVersions:
			var err error
			if h.newer, err = numbers(&body, body.ReadUint8LengthPrefixed, "supported_versions"); err != nil {
				return err
			}
		}
	}
	return nil
}

// numbers is a list of at least one number, all that there is in s.
func numbers(s *cryptobyte.String, read func(*cryptobyte.String) bool, name string) ([]uint16, error) {
	var list cryptobyte.String
	if !read(&list) || !s.Empty() || len(list) == 0 || len(list)%2 != 0 {
		return nil, malformed(name)
	}
	var all []uint16
	for !list.Empty() {
		var n uint16
		list.ReadUint16(&n)
		all = append(all, n)
	}
	return all, nil
}

// addNumber adds a number with its length.
func addNumber(b *cryptobyte.Builder, n *big.Int) {
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(n.Bytes()) })
}

// readNumber reads one.
func readNumber(s *cryptobyte.String, n *big.Int) bool {
	var b cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&b) || len(b) == 0 || len(b) > maxPrime/8 {
		return false
	}
	n.SetBytes(b)
	return true
}

// serverKeyExchange has the parameters and the server's public value.
func serverKeyExchange(d params, public *big.Int) []byte {
	return message(typeServerKeyExchange, func(b *cryptobyte.Builder) {
		for _, n := range []*big.Int{d.p, d.g, public} {
			addNumber(b, n)
		}
	})
}

func parseServerKeyExchange(body []byte) (d params, public *big.Int, err error) {
	s := cryptobyte.String(body)
	d, public = params{new(big.Int), new(big.Int)}, new(big.Int)
	for i, n := range []*big.Int{d.p, d.g, public} {
		if !readNumber(&s, n) {
			return d, nil, malformed("ServerKeyExchange: " + []string{"p", "g", "Ys"}[i])
		}
	}
	if !s.Empty() {
		return d, nil, malformed("ServerKeyExchange: more than parameters")
	}
	if err := d.check(); err != nil {
		return d, nil, &fault{alertInsufficient, "ServerKeyExchange", err}
	}
	if err := d.checkPublic("Ys", public); err != nil {
		return d, nil, &fault{alertIllegal, "ServerKeyExchange", err}
	}
	return d, public, nil
}

// clientKeyExchange has the client's public value.
func clientKeyExchange(public *big.Int) []byte {
	return message(typeClientKeyExchange, func(b *cryptobyte.Builder) { addNumber(b, public) })
}

func parseClientKeyExchange(body []byte, d params) (*big.Int, error) {
	s := cryptobyte.String(body)
	public := new(big.Int)
	if !readNumber(&s, public) || !s.Empty() {
		return nil, malformed("ClientKeyExchange: Yc")
	}
	if err := d.checkPublic("Yc", public); err != nil {
		return nil, &fault{alertIllegal, "ClientKeyExchange", err}
	}
	return public, nil
}
