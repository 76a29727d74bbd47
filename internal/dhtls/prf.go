package dhtls

import (
	"crypto/hmac"
	"hash"
)

// prf is the pseudo-random function: size bytes of a secret, for a purpose (RFC 5246, 5).
func prf(newHash func() hash.Hash, size int, secret []byte, label string, seed ...[]byte) []byte {
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(newHash, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	whole := []byte(label)
	for _, s := range seed {
		whole = append(whole, s...)
	}
	var out []byte
	for a := mac(whole); len(out) < size; a = mac(a) {
		out = append(out, mac(a, whole)...)
	}
	return out[:size]
}
