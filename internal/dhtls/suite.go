package dhtls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"
)

// suite is a cipher suite.
type suite struct {
	id      uint16
	keySize int
	hash    func() hash.Hash
}

// suites are those that we have, the preferred first.
var suites = []suite{
	{0x00a7, 32, sha512.New384}, // TLS_DH_anon_WITH_AES_256_GCM_SHA384
	{0x00a6, 16, sha256.New},    // TLS_DH_anon_WITH_AES_128_GCM_SHA256
}

func findSuite(id uint16) (suite, bool) {
	i := slices.IndexFunc(suites, func(s suite) bool { return s.id == id })
	if i < 0 {
		return suite{}, false
	}
	return suites[i], true
}

// Sizes in bytes.
const (
	randomSize   = 32
	masterSize   = 48
	verifySize   = 12
	saltSize     = 4 // of the nonce: what both sides know
	explicitSize = 8 // and what each record tells
	tagSize      = 16
)

// secrets are what a handshake has come to.
type secrets struct {
	suite
	master         []byte
	client, server direction
}

// direction is what goes one way.
type direction struct {
	aead cipher.AEAD
	salt []byte
}

// master derives the master secret: of the whole handshake so far, if both sides can (RFC 7627), else of the
// random numbers.
func (s suite) derive(premaster, clientRandom, serverRandom, transcript []byte, extended bool) (*secrets, error) {
	out := &secrets{suite: s}
	if extended {
		out.master = prf(s.hash, masterSize, premaster, "extended master secret", s.sum(transcript))
	} else {
		out.master = prf(s.hash, masterSize, premaster, "master secret", clientRandom, serverRandom)
	}
	keys := prf(s.hash, 2*(s.keySize+saltSize), out.master, "key expansion", serverRandom, clientRandom)
	clientKey, keys := keys[:s.keySize], keys[s.keySize:]
	serverKey, keys := keys[:s.keySize], keys[s.keySize:]
	var err error
	if out.client, err = newDirection(clientKey, keys[:saltSize]); err != nil {
		return nil, err
	}
	out.server, err = newDirection(serverKey, keys[saltSize:])
	return out, err
}

func newDirection(key, salt []byte) (direction, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return direction{}, err
	}
	aead, err := cipher.NewGCM(block)
	return direction{aead, salt}, err
}

func (s suite) sum(transcript []byte) []byte {
	h := s.hash()
	h.Write(transcript)
	return h.Sum(nil)
}

// verify is what a side says at the end of the handshake, to prove that it has seen the same.
func (s *secrets) verify(label string, transcript []byte) []byte {
	return prf(s.hash, verifySize, s.master, label, s.sum(transcript))
}
