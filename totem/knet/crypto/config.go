package crypto

import (
	"errors"
	"fmt"
)

// The lengths in bytes that a private key may have (KNET_MIN_KEY_LEN,
// KNET_MAX_KEY_LEN).
const (
	MinKeyLen = 128
	MaxKeyLen = 4096
)

// Config is how packets are sealed, in the words of corosync.conf.
type Config struct {
	Model  string // nss or openssl: which library the reference uses; the packets are the same
	Cipher string // none, aes128, aes192 or aes256
	Hash   string // none, md5, sha1, sha256, sha384 or sha512
	Key    []byte // MinKeyLen to MaxKeyLen bytes; not kept
}

// Enabled tells whether the configuration does anything to a packet.
func (c *Config) Enabled() bool {
	return c.Model != "none" && (c.Cipher != "none" || c.Hash != "none")
}

// ErrHashNeeded refuses a cipher without a hash.
var ErrHashNeeded = errors.New("crypto communication requires hash specified")

// check has the words of the reference where it has any.
func (c *Config) check() error {
	switch {
	case c.Model != "nss" && c.Model != "openssl":
		return fmt.Errorf("model %s not supported", c.Model)
	case len(c.Key) < MinKeyLen:
		return fmt.Errorf("private key len too short (min %d): %d", MinKeyLen, len(c.Key))
	case len(c.Key) > MaxKeyLen:
		return fmt.Errorf("private key len too long (max %d): %d", MaxKeyLen, len(c.Key))
	}
	if _, ok := cipherKeyLen[c.Cipher]; !ok {
		return fmt.Errorf("unknown crypto cipher type requested: %s", c.Cipher)
	}
	if _, ok := hashes[c.Hash]; !ok {
		return fmt.Errorf("unknown crypto hash type requested: %s", c.Hash)
	}
	if c.Cipher != "none" && c.Hash == "none" {
		return ErrHashNeeded
	}
	return nil
}
