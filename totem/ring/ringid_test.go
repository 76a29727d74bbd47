package ring

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

func TestLoadRing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "ringid_4294967295")
	load := func() uint64 {
		t.Helper()
		seq, err := LoadRing(dir, 1<<32-1, loglevel.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return seq
	}
	if got := load(); got != 0 {
		t.Errorf("no file: %d", got)
	}
	if b, err := os.ReadFile(name); err != nil || len(b) != 8 {
		t.Errorf("the file made holds %x, %v", b, err)
	}
	if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if err := writeRing(name, 0x1234567890); err != nil {
		t.Fatal(err)
	}
	if got := load(); got != 0x1234567890 {
		t.Errorf("stored 0x1234567890, loaded %#x", got)
	}
	// A write that a crash cut short stays in the file beside it.
	if err := os.WriteFile(name+".new", []byte{1, 2, 3}, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := load(); got != 0x1234567890 {
		t.Errorf("after a torn write: %#x", got)
	}
	if err := writeRing(name, 0x1234567894); err != nil {
		t.Fatal(err)
	}
	if got := load(); got != 0x1234567894 {
		t.Errorf("stored again after a torn write: %#x", got)
	}
	if err := os.WriteFile(name, []byte{1, 2, 3}, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := load(); got != 0 {
		t.Errorf("short file: %d, want 0 as the reference", got)
	}
}

func TestLoadRingNamesTheFileThatCannotBeMade(t *testing.T) {
	if _, err := LoadRing(filepath.Join(t.TempDir(), "missing"), 1, loglevel.Discard); !errors.Is(err, ErrStoreRing) {
		t.Errorf("got %v, want ErrStoreRing", err)
	}
}

// stored is the number in the file, as a C corosync would read it.
func stored(t *testing.T, dir string) uint64 {
	t.Helper()
	b, err := os.ReadFile(ringFile(dir, 1))
	if err != nil || len(b) != 8 {
		t.Fatalf("%x, %v", b, err)
	}
	return binary.NativeEndian.Uint64(b)
}

func TestRingStoreRunsAheadAndEndsExact(t *testing.T) {
	dir := t.TempDir()
	s, err := newRingStore(dir, 1, 4, loglevel.Discard, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	// The disk is as slow as can be: the writer does not even run. Whatever is
	// used until it does is below what a crash would leave behind.
	for seq := uint64(8); seq < 4+ringAhead; seq += 4 {
		s.store(seq)
		if got := stored(t, dir); got <= seq {
			t.Fatalf("%d is in use, a crash would start from %d", seq, got)
		}
	}
	go s.run()
	s.store(5000)
	s.close()
	if got := stored(t, dir); got != 5000 {
		t.Errorf("after an end in order the file holds %d, want 5000", got)
	}
}

// Peers whose numbers are far ahead are heard of before a ring is formed with
// them; what is stored by then is ahead of that ring.
func TestRingStoreExpects(t *testing.T) {
	dir := t.TempDir()
	s, err := newRingStore(dir, 1, 4, loglevel.Discard, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	s.expect(9000)
	close(s.kick)
	s.run() // the one write that waits
	if got := stored(t, dir); got <= 9000 {
		t.Errorf("a crash in the ring after 9000 would start from %d", got)
	}
}

func TestRingStoreReportsFailure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if _, err := newRingStore(dir, 1, 4, loglevel.Discard, nil); !errors.Is(err, ErrStoreRing) {
		t.Errorf("a directory that is not there: %v", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	s, err := newRingStore(dir, 1, 4, loglevel.Discard, func(err error) { failed <- err })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	go s.run()
	s.store(4 + ringAhead)
	if err := <-failed; !errors.Is(err, ErrStoreRing) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	s.close()
}
