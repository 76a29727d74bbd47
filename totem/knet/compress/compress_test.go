package compress

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// maxUserData is what a message may have.
const maxUserData = 65536

var offered = []Model{Zlib, LZ4, LZ4HC, LZMA, Bzip2, Zstd}

// golden is what a model of libknet made of a text.
type golden struct {
	model  Model
	level  int
	packed []byte
}

func goldens(t testing.TB) (all []golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/packets.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[0] == "#" {
			continue
		}
		m, err1 := modelOf(f[0])
		level, err2 := strconv.Atoi(f[1])
		packed, err3 := hex.DecodeString(f[2])
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if f[len(f)-1] != strconv.Itoa(int(m)) { // the number that was in the header
			t.Errorf("%v is number %d, want %s", m, m, f[len(f)-1])
		}
		all = append(all, golden{m, level, packed})
	}
	return all
}

// goldenText is what the goldens are made of; capture.py has the same.
func goldenText() []byte {
	var b []byte
	for i := range 80 {
		b = fmt.Appendf(b, "node-%d is online, ", i*i%97)
	}
	return b[:1200]
}

func TestGoldens(t *testing.T) {
	u := NewUnpacker(maxUserData)
	seen := map[Model]bool{}
	for _, g := range goldens(t) {
		seen[g.model] = true
		got, err := u.Unpack(nil, g.model, g.packed)
		if err != nil || !bytes.Equal(got, goldenText()) {
			t.Errorf("%v, level %d: %q, %v", g.model, g.level, got, err)
		}
		p := newTestPacker(t, g.model, g.level)
		ours, err := p.Pack(nil, goldenText())
		if err != nil {
			t.Fatal(err)
		}
		// The library for lz4 promises the same bytes. Others must come close.
		if g.model == LZ4 && !bytes.Equal(ours, g.packed) || len(ours)*2 > len(g.packed)*3 {
			t.Errorf("%v, level %d: packed to %d bytes, libknet to %d", g.model, g.level, len(ours), len(g.packed))
		}
	}
	if len(seen) != len(offered) {
		t.Errorf("goldens for %d models, want %d", len(seen), len(offered))
	}
}

// textOf is n bytes that compress about as well as XML does.
func textOf(n int) []byte {
	words := []string{"<resource id=\"", "node-", "class=\"ocf\" ", "</resource>", "value=\"INFINITY\"", "\n  "}
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for len(b) < n {
		b = append(b, words[r.IntN(len(words))]...)
		b = append(b, byte('0'+r.IntN(10)))
	}
	return b[:n]
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func newTestPacker(t testing.TB, m Model, level int) *Packer {
	t.Helper()
	if m == Bzip2 && level == 0 {
		level = 9
	}
	p, err := NewPacker(Config{Model: m.String(), Level: level})
	if err != nil {
		t.Fatalf("%v, level %d: %v", m, level, err)
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	u := NewUnpacker(maxUserData)
	for _, m := range offered {
		for _, level := range []int{0, 9} {
			p := newTestPacker(t, m, level)
			for _, in := range [][]byte{{'x'}, textOf(101), textOf(5000), textOf(maxUserData), make([]byte, maxUserData), noise(3000)} {
				packed, err := p.Pack([]byte("before"), in)
				if err != nil || !bytes.HasPrefix(packed, []byte("before")) {
					t.Fatalf("%v, level %d: pack %d bytes: %v", m, level, len(in), err)
				}
				packed = packed[len("before"):]
				out, err := u.Unpack([]byte("head"), m, packed)
				if err != nil || !bytes.Equal(out, append([]byte("head"), in...)) {
					t.Errorf("%v, level %d: %d bytes became %d and then %d: %v", m, level, len(in), len(packed), len(out), err)
				}
			}
		}
	}
}

func TestNewPacker(t *testing.T) {
	for _, tt := range []struct {
		c         Config
		threshold int
		level     int
		err       string
	}{
		{Config{Model: "none"}, 0, 0, ""},
		{Config{Model: "zlib", Level: 6, Threshold: 1000}, 1000, 6, ""},
		{Config{Model: "zlib"}, 100, -1, ""}, // level 0 stores, so that the default takes over
		{Config{Model: "zlib", Level: 10}, 0, 0, "zlib: level is out of range: 10"},
		{Config{Model: "zlib", Level: -2}, 0, 0, "zlib: level is out of range: -2"},
		{Config{Model: "lz4"}, 100, 0, ""},
		{Config{Model: "lz4", Level: 70000}, 100, 70000, ""},
		{Config{Model: "lz4hc", Level: 99}, 100, 99, ""},
		{Config{Model: "lz4hc", Level: -99}, 100, -99, ""},
		{Config{Model: "lzma"}, 100, 0, ""},
		{Config{Model: "lzma", Level: 10}, 0, 0, "lzma: level is out of range: 10"},
		{Config{Model: "bzip2"}, 0, 0, "bzip2: level is out of range: 0"},
		{Config{Model: "bzip2", Level: 9}, 100, 9, ""},
		{Config{Model: "zstd"}, 100, 0, ""},
		{Config{Model: "zstd", Level: 22, Threshold: 65536}, 65536, 22, ""},
		{Config{Model: "zstd", Level: -5}, 100, -5, ""},
		{Config{Model: "zstd", Threshold: 65537}, 0, 0, "compress threshold cannot be higher than KNET_MAX_PACKET_SIZE (65536)"},
		{Config{Model: "lzo2"}, 0, 0, "compress model lzo2 is not supported by Ringmaster"},
		{Config{Model: "snappy"}, 0, 0, "compress model snappy not supported"},
	} {
		p, err := NewPacker(tt.c)
		switch {
		case tt.err != "":
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("%+v: %v, want %s", tt.c, err, tt.err)
			}
		case err != nil:
			t.Errorf("%+v: %v", tt.c, err)
		case tt.c.Model == "none":
			if p != nil || p.Wants(1000) {
				t.Errorf("none: %+v", p)
			}
		case p.threshold != tt.threshold || p.Level() != tt.level || p.Model().String() != tt.c.Model:
			t.Errorf("%+v: %v with threshold %d and level %d", tt.c, p.Model(), p.threshold, p.Level())
		case p.Wants(tt.threshold) || !p.Wants(tt.threshold+1):
			t.Errorf("%+v: wants at the threshold %v, beyond it %v", tt.c, p.Wants(tt.threshold), p.Wants(tt.threshold+1))
		}
	}
}

// A packet cannot make us unpack, or allocate, more than was asked for.
func TestBound(t *testing.T) {
	for _, m := range offered {
		p := newTestPacker(t, m, 0)
		for _, tt := range []struct {
			length int
			ok     bool
		}{{maxUserData, true}, {maxUserData + 1, false}, {1_000_000, false}} {
			bomb, err := p.Pack(nil, make([]byte, tt.length))
			if err != nil {
				t.Fatal(err)
			}
			u := NewUnpacker(maxUserData)
			out, err := u.Unpack(nil, m, bomb)
			if (err == nil) != tt.ok {
				t.Errorf("%v: %d zeros: %v", m, tt.length, err)
			}
			if err != nil && !errors.Is(err, ErrTooLong) && !errors.Is(err, ErrCorrupt) {
				t.Errorf("%v: %d zeros: %v", m, tt.length, err)
			}
			if cap(out) > 4*maxUserData {
				t.Errorf("%v: %d bytes allocated", m, cap(out))
			}
		}
	}
}

func TestRefused(t *testing.T) {
	u := NewUnpacker(maxUserData)
	for _, m := range []Model{None, LZO2, modelCount, 255} {
		if out, err := u.Unpack([]byte("x"), m, []byte("data")); !errors.Is(err, ErrModel) || string(out) != "x" {
			t.Errorf("%v: %q, %v", m, out, err)
		}
	}
	for _, m := range offered {
		p := newTestPacker(t, m, 0)
		good, err := p.Pack(nil, textOf(2000))
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if m == Bzip2 || m == LZMA { // they take their time
			step = 17
		}
		for n := 0; n < len(good); n += step {
			out, err := u.Unpack(nil, m, good[:n])
			// Blocks of lz4 have no end of their own; what was cut off is missing.
			if err == nil && (m != LZ4 && m != LZ4HC || len(out) >= 2000) && n > 0 {
				t.Errorf("%v: %d bytes of %d made %d", m, n, len(good), len(out))
			}
		}
		if _, err := u.Unpack(nil, m, noise(200)); err == nil && m != LZ4 && m != LZ4HC {
			t.Errorf("%v: noise was unpacked", m)
		}
		if out, err := u.Unpack(nil, m, good); err != nil || !bytes.Equal(out, textOf(2000)) {
			t.Errorf("%v: a good packet after bad ones: %v", m, err)
		}
	}
}

func TestXZRefused(t *testing.T) {
	good, err := newTestPacker(t, LZMA, 6).Pack(nil, textOf(500))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		at   int
		want string
	}{
		{0, "magic"}, {6, "header: damaged"}, {9, "header: damaged"}, {14, "block header: damaged"},
		{len(good) - 1, "footer: damaged"}, {len(good) - 12, "footer: damaged"},
	} {
		b := bytes.Clone(good)
		b[tt.at] ^= 1
		if _, err := NewUnpacker(maxUserData).Unpack(nil, LZMA, b); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("byte %d changed: %v, want %s", tt.at, err, tt.want)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	for _, m := range offered {
		p := newTestPacker(f, m, 0)
		for _, in := range [][]byte{textOf(300), make([]byte, 2000), noise(20)} {
			b, err := p.Pack(nil, in)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(m), b)
		}
	}
	for _, g := range goldens(f) {
		f.Add(uint8(g.model), g.packed)
	}
	u := NewUnpacker(4096)
	f.Fuzz(func(t *testing.T, m uint8, b []byte) {
		out, err := u.Unpack([]byte("head"), Model(m), b)
		if !bytes.HasPrefix(out, []byte("head")) || len(out) > 4+4096 || err != nil && len(out) != 4 {
			t.Fatalf("%d bytes, %v", len(out), err)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	in := textOf(8192)
	for _, m := range offered {
		b.Run(m.String(), func(b *testing.B) {
			p := newTestPacker(b, m, 0)
			var buf []byte
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = p.Pack(buf[:0], in)
			}
			b.ReportMetric(float64(len(in))/float64(len(buf)), "ratio")
		})
	}
}

func BenchmarkUnpack(b *testing.B) {
	in := textOf(8192)
	for _, m := range offered {
		b.Run(m.String(), func(b *testing.B) {
			packed, _ := newTestPacker(b, m, 0).Pack(nil, in)
			u := NewUnpacker(maxUserData)
			var buf []byte
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = u.Unpack(buf[:0], m, packed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
