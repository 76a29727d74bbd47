package compress

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dsnet/compress/bzip2"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// DefaultThreshold is the length in bytes up to which user data is left alone
// when nothing else is configured (KNET_COMPRESS_THRESHOLD).
const DefaultThreshold = 100

// MaxThreshold is the highest threshold that is accepted (KNET_MAX_PACKET_SIZE).
const MaxThreshold = 65536

// Config is how to compress, in the words of corosync.conf.
type Config struct {
	Model     string // one of the reference's names; none for not at all
	Threshold int    // bytes: longer user data is compressed; 0 is DefaultThreshold
	// Level means something else in each model. Zlib -1 to 9, lzma 0 to 9 and bzip2
	// 1 to 9 want to spend more time for fewer bytes, as do lz4hc and zstd, which
	// bring any number into their range; lz4 spends less time the higher it is.
	// 0, what corosync passes when nothing is configured, is a level of its own in
	// lzma, stands for a default in the others, and is an error in bzip2.
	Level int
}

// packer compresses src as one of the models does and appends it to dst.
type packer interface {
	pack(dst, src []byte) ([]byte, error)
}

// A Packer compresses what is sent. It is for one goroutine.
type Packer struct {
	model     Model
	threshold int
	level     int
	packer    packer
}

// NewPacker returns nil and no error for model none. A level that the model does
// not have is ErrLevel. Level 0 of zlib, which stores, becomes its default. (The
// reference finds out about both by compressing a test buffer.)
func NewPacker(c Config) (*Packer, error) {
	m, err := modelOf(c.Model)
	if err != nil || m == None {
		return nil, err
	}
	if err := m.supported(); err != nil {
		return nil, err
	}
	p := &Packer{model: m, threshold: c.Threshold, level: c.Level}
	if p.threshold > MaxThreshold {
		return nil, fmt.Errorf("compress threshold cannot be higher than KNET_MAX_PACKET_SIZE (%d)", MaxThreshold)
	}
	if p.threshold <= 0 {
		p.threshold = DefaultThreshold
	}
	if m == Zlib && p.level == zlib.NoCompression {
		p.level = zlib.DefaultCompression
	}
	if p.packer, err = newPacker(m, p.level); err != nil {
		return nil, fmt.Errorf("%v: %w: %d", m, err, p.level)
	}
	return p, nil
}

// Model is for the header of a packet that was packed.
func (p *Packer) Model() Model { return p.model }

// Level is the level in use, which is the configuration's but for zlib's 0.
func (p *Packer) Level() int { return p.level }

// Wants tells whether user data of a length in bytes is to be packed at all.
func (p *Packer) Wants(length int) bool { return p != nil && length > p.threshold }

// Pack appends src, compressed, to dst. The caller compares the lengths and sends
// src as it is, under model None, if it has not become shorter, or with an error.
func (p *Packer) Pack(dst, src []byte) ([]byte, error) { return p.packer.pack(dst, src) }

// ErrLevel refuses a level that the model does not have.
var ErrLevel = errors.New("level is out of range")

func newPacker(m Model, level int) (packer, error) {
	switch m {
	case Zlib:
		if level < zlib.DefaultCompression || level > zlib.BestCompression {
			return nil, ErrLevel
		}
		w, err := zlib.NewWriterLevel(nil, level)
		return &zlibPacker{w}, err
	case LZ4:
		return &lz4Packer{lz4.CompressorCCompat{Acceleration: level}}, nil
	case LZ4HC:
		return &lz4hcPacker{lz4.CompressorHC{Level: depth(level)}}, nil
	case LZMA:
		if level < 0 || level > 9 {
			return nil, ErrLevel
		}
		// The library's other way to find matches, for higher levels, writes streams
		// that nobody can read.
		return &lzmaPacker{xz.WriterConfig{DictCap: lzmaDictCap, NoCheckSum: true}}, nil
	case Bzip2:
		if level < bzip2.BestSpeed || level > bzip2.BestCompression {
			return nil, ErrLevel
		}
		return &bzip2Packer{bzip2.WriterConfig{Level: level}}, nil
	}
	if level == 0 {
		level = 3
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithWindowSize(zstdWindow),
		zstd.WithLowerEncoderMem(true))
	return &zstdPacker{w}, err
}

// depth is how far lz4hc searches at a level of the C library: by default at 9,
// 12 at most.
func depth(level int) lz4.CompressionLevel {
	if level < 1 {
		level = 9
	}
	return lz4.CompressionLevel(1 << (6 + min(level, 12)))
}

// appender is a byte slice to write to.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

type zlibPacker struct{ w *zlib.Writer }

func (p *zlibPacker) pack(dst, src []byte) ([]byte, error) {
	out := appender{dst}
	p.w.Reset(&out)
	if _, err := p.w.Write(src); err != nil {
		return dst, err
	}
	err := p.w.Close()
	return out.b, err
}

type lz4Packer struct{ c lz4.CompressorCCompat }

func (p *lz4Packer) pack(dst, src []byte) ([]byte, error) {
	return block(dst, src, p.c.CompressBlock)
}

type lz4hcPacker struct{ c lz4.CompressorHC }

func (p *lz4hcPacker) pack(dst, src []byte) ([]byte, error) {
	return block(dst, src, p.c.CompressBlock)
}

type lzmaPacker struct{ config xz.WriterConfig }

func (p *lzmaPacker) pack(dst, src []byte) ([]byte, error) {
	out := appender{dst}
	w, err := p.config.NewWriter(&out)
	if err != nil {
		return dst, err
	}
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	err = w.Close()
	return out.b, err
}

type bzip2Packer struct{ config bzip2.WriterConfig }

func (p *bzip2Packer) pack(dst, src []byte) ([]byte, error) {
	out := appender{dst}
	w, err := bzip2.NewWriter(&out, &p.config)
	if err != nil {
		return dst, err
	}
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	err = w.Close()
	return out.b, err
}

type zstdPacker struct{ w *zstd.Encoder }

func (p *zstdPacker) pack(dst, src []byte) ([]byte, error) { return p.w.EncodeAll(src, dst), nil }

// block appends what a compressor of lz4 blocks makes of src.
func block(dst, src []byte, compress func(src, dst []byte) (int, error)) ([]byte, error) {
	start, bound := len(dst), lz4.CompressBlockBound(len(src))
	dst = slices.Grow(dst, bound)
	n, err := compress(src, dst[start:start+bound])
	return dst[:start+n], err
}
