//go:build !purego

package crypto

import (
	"crypto/aes"
	"slices"

	"golang.org/x/sys/cpu"
)

// newCBC uses the processor's AES instructions where it has them. The standard
// library does too, but block by block: opening then takes twice as long as in
// the reference.
func newCBC(key []byte) (cbc, error) {
	if !cpu.X86.HasAES || !cpu.X86.HasAVX {
		return newStandardCBC(key)
	}
	return newAESNI(key), nil
}

// aesni is AES in CBC mode, with the round keys one after the other.
type aesni struct {
	rounds   int
	enc, dec [maxRoundKeys * aes.BlockSize]byte
}

func newAESNI(key []byte) *aesni {
	a := &aesni{rounds: len(key)/4 + 6}
	n := expandKey(a.enc[:], key)
	// Decryption takes the keys from the back.
	for at := range slices.Chunk(a.enc[:n], aes.BlockSize) {
		n -= aes.BlockSize
		copy(a.dec[n:], at)
	}
	invertKeys(&a.dec[aes.BlockSize], a.rounds-1) // all but the first and the last
	return a
}

func (a *aesni) encrypt(dst, src, iv []byte) {
	_, _ = dst[len(src)-1], iv[aes.BlockSize-1]
	encryptBlocks(&a.enc[0], a.rounds, &iv[0], &dst[0], &src[0], len(src)/aes.BlockSize)
}

func (a *aesni) encryptAll(packets [][]byte) {
	for len(packets) >= lanes {
		group := packets[:lanes]
		packets = packets[lanes:]
		var at [lanes]*byte
		blocks := len(group[0])/aes.BlockSize - 1
		for i, p := range group {
			at[i] = &p[0]
			blocks = min(blocks, len(p)/aes.BlockSize-1)
		}
		encryptLanes(&a.enc[0], a.rounds, &at, blocks)
		for _, p := range group { // what the longer ones have beyond that
			if p = p[blocks*aes.BlockSize:]; len(p) > aes.BlockSize {
				text := p[aes.BlockSize:]
				a.encrypt(text, text, p[:aes.BlockSize])
			}
		}
	}
	for _, p := range packets {
		text := p[aes.BlockSize:]
		a.encrypt(text, text, p[:aes.BlockSize])
	}
}

func (a *aesni) decrypt(dst, src, iv []byte) {
	_, _ = dst[len(src)-1], iv[aes.BlockSize-1]
	decryptBlocks(&a.dec[0], a.rounds, &iv[0], &dst[0], &src[0], len(src)/aes.BlockSize)
}

// encryptBlocks encrypts blocks, one at least, that may lie where the result
// goes. There are rounds+1 keys: 10, 12 or 14 rounds.
//
//go:noescape
func encryptBlocks(keys *byte, rounds int, iv, dst, src *byte, blocks int)

// lanes is how many packets encryptLanes encrypts at a time.
const lanes = 4

// encryptLanes encrypts as many blocks of each packet, one at least, where they
// are: behind the initialisation vector, to which the lane points.
//
//go:noescape
func encryptLanes(keys *byte, rounds int, at *[lanes]*byte, blocks int)

// decryptBlocks decrypts blocks, one at least, to where none of them lies.
//
//go:noescape
func decryptBlocks(keys *byte, rounds int, iv, dst, src *byte, blocks int)

//go:noescape
func invertKeys(keys *byte, n int)
