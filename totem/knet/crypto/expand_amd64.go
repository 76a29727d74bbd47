//go:build !purego

package crypto

import "math/bits"

// maxRoundKeys is how many round keys AES has at most, for keys of 32 bytes.
const maxRoundKeys = 15

// expandKey writes the round keys of a key of 16, 24 or 32 bytes (FIPS 197, 5.2)
// and returns how many bytes they have. It runs once for an Instance, so that
// the table that it looks things up in tells nobody anything.
func expandKey(keys, key []byte) int {
	n := len(key)
	total := (n/4 + 7) * 16
	copy(keys, key)
	rcon := byte(1)
	for i := n; i < total; i += 4 {
		w := [4]byte(keys[i-4 : i])
		switch {
		case i%n == 0:
			w = [4]byte{sbox[w[1]] ^ rcon, sbox[w[2]], sbox[w[3]], sbox[w[0]]}
			rcon = double(rcon)
		case n > 24 && i%n == 16:
			w = [4]byte{sbox[w[0]], sbox[w[1]], sbox[w[2]], sbox[w[3]]}
		}
		for j := range w {
			keys[i+j] = keys[i-n+j] ^ w[j]
		}
	}
	return total
}

// double multiplies by 2 in AES's field.
func double(b byte) byte { return b<<1 ^ 0x1b*(b>>7) }

// sbox is AES's substitution, from its definition (FIPS 197, 5.1.1): the inverse
// in the field, and an affine map of its bits.
var sbox = func() (s [256]byte) {
	s[0] = 0x63
	// p runs through the powers of 3, q through those of its inverse.
	for p, q := byte(1), byte(1); ; {
		p ^= double(p)
		q ^= q << 1
		q ^= q << 2
		q ^= q << 4
		q ^= 0x09 * (q >> 7)
		s[p] = q ^ bits.RotateLeft8(q, 1) ^ bits.RotateLeft8(q, 2) ^ bits.RotateLeft8(q, 3) ^ bits.RotateLeft8(q, 4) ^ 0x63
		if p == 1 {
			return s
		}
	}
}()
