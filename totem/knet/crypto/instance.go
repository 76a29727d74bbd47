package crypto

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"slices"

	"github.com/ringmaster-ha/ringmaster/totem/knet/wire"
)

// saltLen is the length of a salt in bytes, which is that of AES's blocks.
const saltLen = aes.BlockSize

// maxHashLen is the length in bytes of the longest HMAC.
const maxHashLen = sha512.Size

// cipherKeyLen is how many bytes of the private key a cipher uses.
var cipherKeyLen = map[string]int{"none": 0, "aes128": 16, "aes192": 24, "aes256": 32}

var hashes = map[string]func() hash.Hash{
	"none":   nil,
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha384": sha512.New384,
	"sha512": sha512.New,
}

// Why a packet was not opened.
var (
	// ErrShort is a packet that ends before its HMAC or within a block.
	ErrShort = errors.New("received incorrect packet size")
	// ErrDigest is a packet of somebody with another key or configuration, or one
	// that was changed on its way.
	ErrDigest = errors.New("digest does not match")
	// ErrGarbled is a packet whose HMAC is right and whose plaintext is nonsense:
	// its sender has the same key and hash and another cipher.
	ErrGarbled = errors.New("packet does not decrypt")
	// ErrClear is any packet when there is no Instance to open it with and clear
	// traffic is not allowed.
	ErrClear = errors.New("clear traffic is not allowed")
)

// Instance seals and opens packets in one configuration.
type Instance struct {
	salt func([]byte)
	mac  hash.Hash // nil without a hash
	sums [maxHashLen]byte

	cbc cbc // nil without a cipher

	sizes wire.Security
}

// New makes an Instance. salt must fill its argument with random bytes that
// nobody can foretell, as the Read of crypto/rand does; it is called once for
// each packet sealed if there is a cipher. The errors have the reference's words.
func New(c Config, salt func([]byte)) (*Instance, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	i := &Instance{salt: salt}
	if h := hashes[c.Hash]; h != nil {
		i.mac = hmac.New(h, c.Key)
		i.sizes.Hash = i.mac.Size()
	}
	if n := cipherKeyLen[c.Cipher]; n > 0 {
		var err error
		if i.cbc, err = newCBC(c.Key[:n]); err != nil {
			return nil, err
		}
		i.sizes.Salt, i.sizes.Block = saltLen, aes.BlockSize
	}
	return i, nil
}

// Sizes is what sealing adds to a packet.
func (i *Instance) Sizes() wire.Security { return i.sizes }

// Seal appends the sealed packet to dst, which must not overlap the plaintext.
// The plaintext is head followed by body, so that a header can be put before
// user data without moving it; either may be empty.
func (i *Instance) Seal(dst, head, body []byte) []byte {
	start := len(dst)
	dst = i.Fill(dst, head, body)
	packet := dst[start:]
	if i.cbc != nil {
		i.cbc.encrypt(packet[saltLen:], packet[saltLen:], packet[:saltLen])
	}
	return i.sign(dst, packet)
}

// Fill appends to dst what Seal begins with: the salt and the padded plaintext.
// SealFilled does the rest.
func (i *Instance) Fill(dst, head, body []byte) []byte {
	n := len(head) + len(body)
	dst = slices.Grow(dst, i.sizes.Sealed(n))
	if i.cbc == nil {
		return append(append(dst, head...), body...)
	}
	start := len(dst)
	dst = dst[:start+saltLen]
	i.salt(dst[start:])
	dst = append(append(dst, head...), body...)
	pad := aes.BlockSize - n%aes.BlockSize
	for range pad {
		dst = append(dst, byte(pad))
	}
	return dst
}

// SealFilled seals packets, each of which Fill has made by itself. That takes less
// time than to seal one after the other: AES in CBC mode has the processor wait,
// which it can do for four packets at a time.
func (i *Instance) SealFilled(packets [][]byte) {
	if i.cbc != nil {
		i.cbc.encryptAll(packets)
	}
	for n, p := range packets {
		packets[n] = i.sign(p, p)
	}
}

// sign appends the HMAC of a packet to dst.
func (i *Instance) sign(dst, packet []byte) []byte {
	if i.mac == nil {
		return dst
	}
	i.mac.Reset()
	i.mac.Write(packet)
	return i.mac.Sum(dst)
}

// Open checks a sealed packet and returns its plaintext, which lies in buf, or
// in packet if nothing is encrypted. buf must not overlap packet; it is made
// anew if its capacity is below the packet's length. The error wraps ErrShort,
// ErrDigest or ErrGarbled.
func (i *Instance) Open(buf, packet []byte) ([]byte, error) {
	text := packet
	if i.mac != nil {
		n := len(packet) - i.sizes.Hash
		if n <= 0 {
			return nil, fmt.Errorf("%w: %d for hash size: %d", ErrShort, len(packet), i.sizes.Hash)
		}
		text = packet[:n]
		i.mac.Reset()
		i.mac.Write(text)
		if !hmac.Equal(i.mac.Sum(i.sums[:0]), packet[n:]) {
			return nil, ErrDigest
		}
	}
	if i.cbc == nil {
		return text, nil
	}
	n := len(text) - saltLen
	if n < aes.BlockSize || n%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w: %d of ciphertext", ErrShort, n)
	}
	buf = slices.Grow(buf[:0], n)[:n]
	i.cbc.decrypt(buf, text[saltLen:], text[:saltLen])
	return unpad(buf)
}

// unpad removes PKCS #7 padding. It need not hide how long it takes: the HMAC
// has been checked, so that the padding is not an attacker's choice.
func unpad(text []byte) ([]byte, error) {
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize || pad > len(text) {
		return nil, ErrGarbled
	}
	n := len(text) - pad
	for _, b := range text[n:] {
		if int(b) != pad {
			return nil, ErrGarbled
		}
	}
	return text[:n], nil
}
