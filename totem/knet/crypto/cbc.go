package crypto

import (
	"crypto/aes"
	"crypto/cipher"
)

// cbc is AES in CBC mode. src is whole blocks, one at least; dst is as long. To
// encrypt both may be the same, to decrypt they must not overlap.
type cbc interface {
	encrypt(dst, src, iv []byte)
	decrypt(dst, src, iv []byte)
	// encryptAll encrypts packets where they are: each is its initialisation
	// vector, which stays, and whole blocks, one at least.
	encryptAll(packets [][]byte)
}

// ivMode is a cipher mode that can be set to begin anew, as those of package
// cipher for AES can, so that a packet need not make one.
type ivMode interface {
	cipher.BlockMode
	SetIV([]byte)
}

// standardCBC is that of the standard library.
type standardCBC struct{ enc, dec ivMode }

func newStandardCBC(key []byte) (cbc, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	var zero [aes.BlockSize]byte
	return &standardCBC{
		enc: cipher.NewCBCEncrypter(block, zero[:]).(ivMode),
		dec: cipher.NewCBCDecrypter(block, zero[:]).(ivMode),
	}, nil
}

func (s *standardCBC) encrypt(dst, src, iv []byte) {
	s.enc.SetIV(iv)
	s.enc.CryptBlocks(dst, src)
}

func (s *standardCBC) decrypt(dst, src, iv []byte) {
	s.dec.SetIV(iv)
	s.dec.CryptBlocks(dst, src)
}

func (s *standardCBC) encryptAll(packets [][]byte) {
	for _, p := range packets {
		s.encrypt(p[aes.BlockSize:], p[aes.BlockSize:], p[:aes.BlockSize])
	}
}
