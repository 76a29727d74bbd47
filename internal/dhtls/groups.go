package dhtls

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"sync"
)

// group is one of RFC 7919's.
type group struct {
	id    uint16
	bits  uint
	added int64 // what makes its prime one: X in the RFC's formula
}

// groups are those that we have, the preferred first.
var groups = []group{
	{0x0100, 2048, 560316}, {0x0101, 3072, 2625351}, {0x0102, 4096, 5736041}, {0x0103, 6144, 15705020}, {0x0104, 8192, 10965728},
}

// isFFDHE tells whether a number of a group is of a finite field, known or not.
func isFFDHE(id uint16) bool { return id >= 0x0100 && id <= 0x01ff }

// primes are made when they are needed.
var primes = struct {
	sync.Mutex
	of map[uint16]*big.Int
}{of: map[uint16]*big.Int{}}

// prime is the group's: 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1.
func (g group) prime() *big.Int {
	primes.Lock()
	defer primes.Unlock()
	if p := primes.of[g.id]; p != nil {
		return p
	}
	one := big.NewInt(1)
	power := func(n uint) *big.Int { return new(big.Int).Lsh(one, n) }
	p := new(big.Int).Add(e(g.bits-130), big.NewInt(g.added))
	p.Lsh(p, 64)
	p.Add(p, power(g.bits)).Sub(p, power(g.bits-64)).Sub(p, one)
	primes.of[g.id] = p
	return p
}

// e is floor(2^n e), by the sum of 1/k!.
func e(n uint) *big.Int {
	const guard = 64
	term := new(big.Int).Lsh(big.NewInt(1), n+guard)
	sum := new(big.Int).Set(term)
	for k := int64(1); term.Sign() > 0; k++ {
		term.Quo(term, big.NewInt(k))
		sum.Add(sum, term)
	}
	return sum.Rsh(sum, guard)
}

// params are a prime and a generator.
type params struct{ p, g *big.Int }

func (g group) params() params { return params{g.prime(), big.NewInt(2)} }

// The sizes of primes that we take from a server, in bits. Large ones cost time.
const (
	minPrime = 1024
	maxPrime = 8192
)

var errParams = errors.New("Diffie-Hellman parameters")

// check refuses parameters that cannot be meant well. That p is a prime is believed.
func (d params) check() error {
	bits := d.p.BitLen()
	switch {
	case bits < minPrime || bits > maxPrime:
		return fmt.Errorf("%w: p has %d bits, want %d to %d", errParams, bits, minPrime, maxPrime)
	case d.p.Bit(0) == 0:
		return fmt.Errorf("%w: p is even", errParams)
	}
	return d.checkPublic("g", d.g)
}

// checkPublic refuses values that lead to a secret that everybody knows.
func (d params) checkPublic(name string, y *big.Int) error {
	most := new(big.Int).Sub(d.p, big.NewInt(2))
	if y.Cmp(big.NewInt(2)) < 0 || y.Cmp(most) > 0 {
		return fmt.Errorf("%w: %s is not within 2 to p-2", errParams, name)
	}
	return nil
}

// exponentBits is enough for the largest group of RFC 7919, if the group is one of them.
const exponentBits = 512

// key is one side's secret and public value.
func (d params) key(random io.Reader) (secret, public *big.Int, err error) {
	bits := uint(d.p.BitLen() - 2)
	for _, g := range groups {
		if g.bits == bits+2 && g.prime().Cmp(d.p) == 0 {
			bits = exponentBits
		}
	}
	limit := new(big.Int).Lsh(big.NewInt(1), bits)
	if secret, err = rand.Int(random, limit); err != nil {
		return nil, nil, err
	}
	secret.SetBit(secret, int(bits)-1, 1) // never a small one
	return secret, new(big.Int).Exp(d.g, secret, d.p), nil
}

// shared is what both sides know, without zero bytes in front (RFC 5246, 8.1.2).
func (d params) shared(secret, public *big.Int) []byte {
	return new(big.Int).Exp(public, secret, d.p).Bytes()
}
