package packed

import (
	"crypto/sha256"
	"slices"
)

// Text is a document to send. Part of it may be Shared with other messages: what is around
// it is short then.
type Text struct {
	Head   string
	Shared *Shared // nil for nothing
	Tail   string
}

// Plain is a text that shares nothing.
func Plain(text string) Text { return Text{Head: text} }

// Len is how many bytes it has.
func (t Text) Len() int {
	n := len(t.Head) + len(t.Tail)
	if t.Shared != nil {
		n += t.Shared.size
	}
	return n
}

// AppendTo appends the text.
func (t Text) AppendTo(b []byte) []byte {
	b = append(b, t.Head...)
	if t.Shared != nil {
		b = t.Shared.appendTo(b)
	}
	return append(b, t.Tail...)
}

func (t Text) String() string {
	if t.Shared == nil {
		return t.Head + t.Tail
	}
	return string(t.AppendTo(make([]byte, 0, t.Len())))
}

// Pack appends the text and a zero byte, compressed. What is shared is not compressed
// again.
func (t Text) Pack(b []byte) ([]byte, error) {
	if t.Shared == nil {
		s, err := stream(append(append(make([]byte, 0, t.Len()+1), t.Head...), t.Tail+"\x00"...))
		return append(b, s...), err
	}
	blocks, err := t.Shared.packed()
	if err != nil {
		return b, err
	}
	size := 1024 // for what is around
	for _, block := range blocks {
		size += len(block.bits)
	}
	w := newWriter(slices.Grow(b, size))
	if err := w.text(t.Head); err != nil {
		return b, err
	}
	for _, block := range blocks {
		w.block(block)
	}
	if err := w.text(t.Tail + "\x00"); err != nil {
		return b, err
	}
	return w.end(), nil
}

// PackSmall is Pack, and compresses all anew: what is shared is in smaller blocks than need be.
func (t Text) PackSmall(b []byte) ([]byte, error) {
	return Plain(t.String()).Pack(b)
}

// text compresses what is around something shared.
func (w *writer) text(s string) error {
	for len(s) > 0 {
		n := min(len(s), maxPiece)
		b, err := compressBlock([]byte(s[:n]))
		if err != nil {
			return err
		}
		w.block(b)
		s = s[n:]
	}
	return nil
}

// Shared is a text that is compressed once, when it has to be, for any number of messages. It is for
// one goroutine at a time.
//
// A stream of bzip2 is a row of blocks that know nothing of each other, so one may be put
// together of blocks that were made at different times.
type Shared struct {
	render func() []byte
	size   int
	text   []byte // nil once it is compressed: who then wants it has to wait for it
	blocks []block
	from   *Blocks
}

// NewShared is the text that render makes, now and whenever it is asked for. Of what it
// has in common with the last one from the same Blocks, most is not compressed again.
func NewShared(render func() []byte, from *Blocks) *Shared {
	text := render()
	return &Shared{render: render, size: len(text), text: text, from: from}
}

func (s *Shared) appendTo(b []byte) []byte {
	if s.text != nil {
		return append(b, s.text...)
	}
	return append(b, s.render()...)
}

func (s *Shared) packed() ([]block, error) {
	if s.blocks == nil {
		blocks, err := s.from.compress(s.text)
		if err != nil {
			return nil, err
		}
		s.blocks, s.text = blocks, nil
	}
	return s.blocks, nil
}

// Blocks are those of the last texts. The zero value has none.
type Blocks struct {
	last, before map[[sha256.Size]byte]block
}

func (k *Blocks) compress(text []byte) ([]block, error) {
	k.last, k.before = make(map[[sha256.Size]byte]block), k.last
	var blocks []block
	for len(text) > 0 {
		n := pieceOf(text)
		sum := sha256.Sum256(text[:n])
		b, ok := k.before[sum]
		if !ok {
			var err error
			if b, err = compressBlock(text[:n]); err != nil {
				return nil, err
			}
		}
		k.last[sum] = b
		blocks = append(blocks, b)
		text = text[n:]
	}
	return blocks, nil
}

// The pieces of a text have at least minPiece bytes, and about cutMask more.
const (
	minPiece = 64 << 10
	cutMask  = 64<<10 - 1
)

// gear are 64 bits for each byte, drawn from a fixed seed.
var gear = func() (table [256]uint64) {
	x := uint64(0x9E3779B97F4A7C15)
	for i := range table {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		table[i] = x
	}
	return table
}()

// pieceOf is how many bytes the first piece of a text has. What is near its end decides where
// that is, so that after a change further up the pieces soon are those of before.
func pieceOf(text []byte) int {
	if len(text) <= minPiece {
		return len(text)
	}
	end := min(len(text), maxPiece)
	var hash uint64
	for i := minPiece; i < end; i++ {
		hash = hash<<1 + gear[text[i]]
		if hash>>40&cutMask == 0 {
			return i + 1
		}
	}
	return end
}
