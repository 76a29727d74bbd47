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

func TestRingStoreWritesTheLatest(t *testing.T) {
	dir := t.TempDir()
	s := newRingStore(dir, 1, loglevel.Discard, func(err error) { t.Error(err) })
	for seq := uint64(1); seq <= 100; seq++ {
		s.store(seq)
	}
	go s.run()
	s.close()
	b, err := os.ReadFile(ringFile(dir, 1))
	if err != nil || binary.NativeEndian.Uint64(b) != 100 {
		t.Errorf("the file holds %x, %v", b, err)
	}
}

func TestRingStoreReportsFailure(t *testing.T) {
	failed := make(chan error, 1)
	s := newRingStore(filepath.Join(t.TempDir(), "missing"), 1, loglevel.Discard, func(err error) { failed <- err })
	go s.run()
	s.store(8)
	if err := <-failed; !errors.Is(err, ErrStoreRing) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	s.close()
}
