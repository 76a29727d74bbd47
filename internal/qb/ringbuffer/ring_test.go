package ringbuffer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pair makes a ring and opens it a second time, as the other process would.
func pair(t testing.TB, max uint32) (creator, opener *Ring, base string) {
	t.Helper()
	dir := t.TempDir()
	dirfd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dirfd)
	creator, err = Create(dirfd, dir, "ring", max, Owner{UID: uint32(os.Getuid()), GID: uint32(os.Getgid())})
	if err != nil {
		t.Fatal(err)
	}
	base = filepath.Join(dir, "ring")
	opener, err = Open(base, max)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { creator.Unmap(); opener.Unmap() })
	return creator, opener, base
}

// TestGolden goes through the steps of golden_ring.c and compares the files
// with those of the C library byte for byte.
func TestGolden(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the captures are of a little-endian machine")
	}
	const path = "/dev/shm/qb-golden"
	dir := t.TempDir()
	dirfd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dirfd)
	w, err := Create(dirfd, path, "qb-request-golden", 8000, Owner{UID: uint32(os.Getuid()), GID: uint32(os.Getgid())})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Unmap()
	r := *w // the same memory, read
	msg, in := make([]byte, 8000), make([]byte, 8000)
	for i := range msg {
		msg[i] = byte(i + 1)
	}
	var got strings.Builder
	show := func(step string) {
		for _, file := range []string{"header", "data"} {
			b, err := os.ReadFile(filepath.Join(dir, "qb-request-golden-"+file))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&got, "%s %s %d size\n", step, file, len(b))
			for i := 0; i < len(b); i += 16 {
				if line := b[i:min(i+16, len(b))]; len(bytes.Trim(line, "\x00")) > 0 {
					fmt.Fprintf(&got, "%s %s %d %x\n", step, file, i, line)
				}
			}
		}
	}
	write := func(b []byte) {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	read := func() {
		if _, err := r.TryRead(in[:0]); err != nil {
			t.Fatal(err)
		}
	}
	show("created")
	write(msg[:5])
	write(msg[:16])
	show("written")
	read()
	show("read")
	read()
	write(make([]byte, 7900))
	read()
	write(msg[:500])
	show("wrapped")
	want, err := os.ReadFile("testdata/ring.txt")
	if err != nil {
		t.Fatal(err)
	}
	g, w2 := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w2)) {
		if g[i] != w2[i] {
			t.Fatalf("line %d:\n got %s\nwant %s", i+1, g[i], w2[i])
		}
	}
	if len(g) != len(w2) {
		t.Fatalf("%d lines, want %d", len(g), len(w2))
	}
}

func TestModeAndOwner(t *testing.T) {
	_, _, base := pair(t, 1000)
	for _, f := range []string{"-header", "-data"} {
		st, err := os.Stat(base + f)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode() != 0o600 {
			t.Errorf("%s: mode %v", f, st.Mode())
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	const max = 5000
	w, r, _ := pair(t, max)
	if n, err := r.References(); n != 2 || err != nil {
		t.Errorf("%d references, %v", n, err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var queue [][]byte
	buf := make([]byte, max)
	fulls := 0
	for i := range 20000 {
		if rnd.IntN(2) == 0 {
			b := make([]byte, rnd.IntN(max+1)>>rnd.IntN(10))
			for k := range b {
				b[k] = byte(k + i)
			}
			cut := rnd.IntN(len(b) + 1)
			switch err := w.Write(b[:cut], b[cut:]); {
			case err == nil:
				queue = append(queue, b)
			case errors.Is(err, ErrFull):
				if len(queue) == 0 {
					t.Fatalf("a message of %d bytes does not fit into an empty ring", len(b))
				}
				fulls++
			default:
				t.Fatal(err)
			}
			continue
		}
		got, err := r.TryRead(buf[:0])
		if len(queue) == 0 {
			if !errors.Is(err, ErrEmpty) {
				t.Fatalf("reading an empty ring: %v", err)
			}
			continue
		}
		if err != nil || !bytes.Equal(got, queue[0]) {
			t.Fatalf("step %d: %d bytes, %v; want %d", i, len(got), err, len(queue[0]))
		}
		queue = queue[1:]
		if q, err := r.Queued(); q != len(queue) || err != nil {
			t.Fatalf("%d queued, want %d", q, len(queue))
		}
	}
	if fulls == 0 {
		t.Error("the ring was never full")
	}
	if err := w.Write(make([]byte, max+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// TestReadAppends: a message goes behind what a buffer holds, into its room while there is enough.
func TestReadAppends(t *testing.T) {
	w, r, _ := pair(t, 100)
	for _, room := range []int{0, 50, 60} {
		if err := w.Write(bytes.Repeat([]byte("m"), 50)); err != nil {
			t.Fatal(err)
		}
		b := append(make([]byte, 0, room+3), "has"...)
		got, err := r.TryRead(b)
		if err != nil || string(got) != "has"+strings.Repeat("m", 50) {
			t.Errorf("%q, %v", got, err)
		}
		if shared := &got[0] == &b[0]; shared != (room >= 50) {
			t.Errorf("room for %d: in the same buffer %v", room, shared)
		}
	}
}

func TestFlowControlWord(t *testing.T) {
	w, r, _ := pair(t, 100)
	if err := w.SetFlowControl(2); err != nil {
		t.Fatal(err)
	}
	if v, err := r.FlowControl(); v != 2 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

func TestOpenRejects(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(r *Ring, base string) error
	}{
		{"other size", func(r *Ring, _ string) error { r.hdr.Store(offWords, 17); return nil }},
		{"no path", func(r *Ring, _ string) error { r.hdr.CopyIn(offData, make([]byte, pathMax)); return nil }},
		{"endless path", func(r *Ring, _ string) error {
			r.hdr.CopyIn(offData, bytes.Repeat([]byte{'/'}, pathMax))
			return nil
		}},
		{"no data", func(_ *Ring, base string) error { return os.Remove(base + "-data") }},
		{"short data", func(_ *Ring, base string) error { return os.Truncate(base+"-data", 100) }},
		{"short header", func(_ *Ring, base string) error { return os.Truncate(base+"-header", 100) }},
	} {
		w, _, base := pair(t, 100)
		if err := tt.spoil(w, base); err != nil {
			t.Fatal(err)
		}
		if r, err := Open(base, 100); err == nil {
			r.Unmap()
			t.Errorf("%s: opened", tt.name)
		}
	}
}

func TestCreateTwice(t *testing.T) {
	_, _, base := pair(t, 100)
	dir := filepath.Dir(base)
	dirfd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dirfd)
	if _, err := Create(dirfd, dir, "ring", 100, Owner{}); !errors.Is(err, unix.EEXIST) {
		t.Errorf("over itself: %v", err)
	}
	if err := os.Symlink("/nowhere", filepath.Join(dir, "link-header")); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dirfd, dir, "link", 100, Owner{}); err == nil {
		t.Error("through a link")
	}
	Remove(dirfd, "ring")
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

// FuzzWords scribbles over both files; neither side may fail otherwise than by
// an error.
func FuzzWords(f *testing.F) {
	f.Add(true, uint16(0), uint32(1), uint8(3))
	f.Add(false, uint16(4), uint32(0xffffffff), uint8(1))
	f.Add(false, uint16(8208), uint32(7), uint8(7))
	w, r, _ := pair(f, 100)
	f.Fuzz(func(t *testing.T, data bool, off uint16, v uint32, n uint8) {
		m := w.hdr
		if data {
			m = w.data
		}
		m.Store(int(off)%(m.Len()-4)&^3, v)
		buf := make([]byte, 100)
		for range n % 16 {
			_ = w.Write(buf[:n%100])
			_, _ = r.TryRead(nil)
		}
		// Both sides as new, so that each input stands for itself.
		w.hdr.Store(offWrite, 0)
		w.hdr.Store(offRead, 0)
		w.sem.Init()
		w.pos, r.pos = 0, 0
	})
}

func BenchmarkWriteRead(b *testing.B) {
	w, r, _ := pair(b, 1<<20)
	for _, size := range []int{64, 4096, 100000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			msg, buf := make([]byte, size), make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(msg); err != nil {
					b.Fatal(err)
				}
				if _, err := r.TryRead(buf[:0]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
