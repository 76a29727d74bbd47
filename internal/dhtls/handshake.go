package dhtls

import (
	"io"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// newRandom is a hello's.
func (c *Conn) newRandom() ([]byte, error) {
	b := make([]byte, randomSize)
	_, err := io.ReadFull(c.random, b)
	return b, err
}

// connect is the handshake of a client.
func (c *Conn) connect() error {
	random, err := c.newRandom()
	if err != nil {
		return err
	}
	ours := &hello{random: random}
	for _, s := range suites {
		ours.suites = append(ours.suites, s.id)
	}
	for _, g := range groups {
		ours.groups = append(ours.groups, g.id)
	}
	c.records.version = version10
	if err := c.say(ours.client()); err != nil {
		return err
	}
	c.records.version = 0
	body, err := c.hear(typeServerHello)
	if err != nil {
		return err
	}
	theirs, err := parseServerHello(body)
	if err != nil {
		return err
	}
	chosen, ok := findSuite(theirs.suites[0])
	if !ok {
		return wrong(alertIllegal, "ServerHello: cipher suite %#04x", theirs.suites[0])
	}
	if body, err = c.hear(typeServerKeyExchange); err != nil {
		return err
	}
	d, theirPublic, err := parseServerKeyExchange(body)
	if err != nil {
		return err
	}
	if body, err = c.hear(typeServerHelloDone); err != nil {
		return err
	}
	if len(body) != 0 || len(c.pending) != 0 {
		return malformed("ServerHelloDone")
	}
	secret, public, err := d.key(c.random)
	if err != nil {
		return err
	}
	if err := c.say(clientKeyExchange(public)); err != nil {
		return err
	}
	s, err := chosen.derive(d.shared(secret, theirPublic), ours.random, theirs.random, c.transcript, theirs.extended)
	if err != nil {
		return err
	}
	if err := c.finish(s); err != nil {
		return err
	}
	return c.finished(s)
}

// serve is the handshake of a server.
func (c *Conn) serve() error {
	body, err := c.hear(typeClientHello)
	if err != nil {
		return err
	}
	theirs, err := parseClientHello(body)
	if err != nil {
		return err
	}
	chosen, d, err := choose(theirs)
	if err != nil {
		return err
	}
	random, err := c.newRandom()
	if err != nil {
		return err
	}
	secret, public, err := d.key(c.random)
	if err != nil {
		return err
	}
	ours := &hello{random: random, suites: []uint16{chosen.id}, extended: theirs.extended, secure: theirs.secure}
	if err := c.say(ours.server(), serverKeyExchange(d, public), message(typeServerHelloDone, func(*cryptobyte.Builder) {})); err != nil {
		return err
	}
	if body, err = c.hear(typeClientKeyExchange); err != nil {
		return err
	}
	var theirPublic *big.Int
	if theirPublic, err = parseClientKeyExchange(body, d); err != nil {
		return err
	}
	s, err := chosen.derive(d.shared(secret, theirPublic), theirs.random, ours.random, c.transcript, ours.extended)
	if err != nil {
		return err
	}
	if err := c.finished(s); err != nil {
		return err
	}
	return c.finish(s)
}

// choose is what a server makes of what a client offers: of both sides' suites and groups the first of the
// client's. Who names no finite field takes any (RFC 7919, 4).
func choose(h *hello) (suite, params, error) {
	i := slices.IndexFunc(h.suites, func(id uint16) bool { _, ok := findSuite(id); return ok })
	if i < 0 {
		return suite{}, params{}, wrong(alertHandshake, "no cipher suite in common with %#04x", h.suites)
	}
	chosen, _ := findSuite(h.suites[i])
	fields := slices.DeleteFunc(slices.Clone(h.groups), func(id uint16) bool { return !isFFDHE(id) })
	if len(fields) == 0 {
		return chosen, groups[0].params(), nil
	}
	for _, id := range fields {
		for _, g := range groups {
			if g.id == id {
				return chosen, g.params(), nil
			}
		}
	}
	return suite{}, params{}, wrong(alertInsufficient, "no group in common with %#04x", h.groups)
}
