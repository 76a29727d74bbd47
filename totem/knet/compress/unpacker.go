package compress

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// ErrTooLong refuses to unpack more than the bound.
var ErrTooLong = errors.New("decompressed data is too long")

// ErrModel is user data packed with a model that there is not, or that we have
// no library for.
var ErrModel = errors.New("unknown compress model")

// ErrCorrupt is data that its model cannot have made.
var ErrCorrupt = errors.New("compressed data is corrupt")

// zstdWindow bounds the windows that zstd keeps, in bytes. A frame of user data
// never needs more than its own length.
const zstdWindow = 1 << 17

// An Unpacker undoes what the Packers of other nodes did, whichever model each
// of them used. It is for one goroutine. What a model needs is made when its
// first packet comes and used again afterwards.
type Unpacker struct {
	max  int
	src  bytes.Reader
	zlib zlibReader
	zstd *zstd.Decoder
}

type zlibReader interface {
	io.Reader
	zlib.Resetter
}

// NewUnpacker makes an Unpacker that unpacks no packet to more than max bytes.
func NewUnpacker(max int) *Unpacker { return &Unpacker{max: max} }

// Unpack appends src, unpacked, to dst. The error wraps ErrTooLong, ErrModel or
// ErrCorrupt.
func (u *Unpacker) Unpack(dst []byte, m Model, src []byte) ([]byte, error) {
	if m == None || m >= modelCount {
		return dst, fmt.Errorf("%w: %d", ErrModel, uint8(m))
	}
	if err := m.supported(); err != nil {
		return dst, fmt.Errorf("%w: %w", ErrModel, err)
	}
	n := len(dst)
	out, err := u.unpack(dst, m, src)
	if err != nil {
		if !errors.Is(err, ErrTooLong) {
			err = fmt.Errorf("%v: %w: %w", m, ErrCorrupt, err)
		}
		return dst[:n], err
	}
	return out, nil
}

func (u *Unpacker) unpack(dst []byte, m Model, src []byte) ([]byte, error) {
	switch m {
	case LZ4, LZ4HC:
		return u.lz4Block(dst, src)
	case Zstd:
		return u.zstdFrame(dst, src)
	}
	u.src.Reset(src)
	var r io.Reader
	var err error
	switch m {
	case Zlib:
		err = u.resetZlib()
		r = u.zlib
	case LZMA:
		return u.xz(dst, src)
	default:
		r = bzip2.NewReader(&u.src)
	}
	if err != nil {
		return dst, err
	}
	return u.drain(dst, r)
}

func (u *Unpacker) resetZlib() error {
	if u.zlib != nil {
		return u.zlib.Reset(&u.src, nil)
	}
	r, err := zlib.NewReader(&u.src)
	if err == nil {
		u.zlib = r.(zlibReader)
	}
	return err
}

// drain appends all that r has, up to the bound.
func (u *Unpacker) drain(dst []byte, r io.Reader) ([]byte, error) {
	start := len(dst)
	for {
		dst = slices.Grow(dst, 512)
		room := dst[len(dst):min(cap(dst), start+u.max+1)]
		n, err := r.Read(room)
		dst = dst[:len(dst)+n]
		switch {
		case len(dst)-start > u.max:
			return dst, ErrTooLong
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}

// lz4Block has no size in it: the block is unpacked into as much as there may be.
func (u *Unpacker) lz4Block(dst, src []byte) ([]byte, error) {
	start := len(dst)
	dst = slices.Grow(dst, u.max)
	n, err := lz4.UncompressBlock(src, dst[start:start+u.max])
	if err != nil {
		return dst, err
	}
	return dst[:start+n], nil
}

func (u *Unpacker) zstdFrame(dst, src []byte) ([]byte, error) {
	if u.zstd == nil {
		var err error
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return dst, err
		}
	}
	// The library takes the capacity for the bound, and what is in front of what it
	// appends for a part of it.
	start := len(dst)
	dst = slices.Grow(dst, u.max)
	out, err := u.zstd.DecodeAll(src, dst[start:start:start+u.max])
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return dst, fmt.Errorf("zstd: %w", ErrTooLong)
	}
	return dst[:start+len(out)], err
}
