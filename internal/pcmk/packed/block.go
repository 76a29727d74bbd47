package packed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"sync"

	"github.com/dsnet/compress/bzip2"
)

// The magic numbers before a block and before the end of a stream.
const (
	blockMagic = 0x314159265359
	endMagic   = 0x177245385090
)

// maxPiece is how many bytes fit a block for certain: before anything else, bzip2 writes four
// equal bytes as five.
const maxPiece = 300_000

// block is one of a stream's. Its first bit is the highest of its first byte, and it
// ends at any bit: the next one follows without a gap.
type block struct {
	bits  []byte
	count int // of bits
	crc   uint32
}

var errBlock = errors.New("no stream of one block")

// compressors are used again: each has megabytes of tables.
var compressors = sync.Pool{New: func() any {
	w, err := bzip2.NewWriter(nil, &bzip2.WriterConfig{Level: level})
	if err != nil {
		panic(err) // the level is constant
	}
	return w
}}

// stream compresses data into a whole stream.
func stream(data []byte) ([]byte, error) {
	w := compressors.Get().(*bzip2.Writer)
	defer compressors.Put(w)
	var out bytes.Buffer
	if err := w.Reset(&out); err != nil {
		return nil, fmt.Errorf("bzip2: %w", err)
	}
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("bzip2: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("bzip2: %w", err)
	}
	return out.Bytes(), nil
}

// compressBlock is a piece of 1 to maxPiece bytes as a block.
func compressBlock(piece []byte) (block, error) {
	s, err := stream(piece)
	if err != nil {
		return block{}, err
	}
	const header, trailer = 4, 48 + 32
	if len(s) < header+(48+32+trailer)/8 || bitsAt(s, 8*header, 48) != blockMagic {
		return block{}, errBlock
	}
	crc := uint32(bitsAt(s, 8*header+48, 32))
	// The end is filled up with zeros to a whole byte. The checksum of all blocks is that of
	// the one that there is.
	for padding := range 8 {
		end := 8*len(s) - padding - trailer
		if bitsAt(s, end, 48) == endMagic && uint32(bitsAt(s, end+48, 32)) == crc {
			return block{bits: bytes.Clone(s[header : (end+7)/8]), count: end - 8*header, crc: crc}, nil
		}
	}
	return block{}, errBlock
}

// bitsAt are n bits, at most 56, from a bit on.
func bitsAt(b []byte, at, n int) uint64 {
	var word [16]byte
	copy(word[:], b[at/8:])
	hi, lo := binary.BigEndian.Uint64(word[:]), binary.BigEndian.Uint64(word[8:])
	if shift := at % 8; shift > 0 {
		hi = hi<<shift | lo>>(64-shift)
	}
	return hi >> (64 - n)
}

// writer makes a stream of blocks.
type writer struct {
	b    []byte
	held uint64 // the bits that do not fill a byte yet
	n    int    // how many
	crc  uint32
}

func newWriter(b []byte) *writer {
	return &writer{b: append(b, 'B', 'Z', 'h', '0'+level)}
}

// write appends n bits, at most 56.
func (w *writer) write(v uint64, n int) {
	w.held = w.held<<n | v
	w.n += n
	for w.n >= 8 {
		w.n -= 8
		w.b = append(w.b, byte(w.held>>w.n))
	}
	w.held &= 1<<w.n - 1
}

func (w *writer) block(b block) {
	w.crc = bits.RotateLeft32(w.crc, 1) ^ b.crc
	left, rest := b.bits[:b.count/8], b.count%8
	for ; len(left) >= 8; left = left[8:] {
		word := binary.BigEndian.Uint64(left)
		w.b = binary.BigEndian.AppendUint64(w.b, w.held<<(64-w.n)|word>>w.n)
		w.held = word & (1<<w.n - 1)
	}
	for _, c := range left {
		w.write(uint64(c), 8)
	}
	if rest > 0 {
		w.write(uint64(b.bits[b.count/8]>>(8-rest)), rest)
	}
}

// end ends the stream, which it returns.
func (w *writer) end() []byte {
	w.write(endMagic, 48)
	w.write(uint64(w.crc), 32)
	if w.n > 0 {
		w.write(0, 8-w.n)
	}
	return w.b
}
