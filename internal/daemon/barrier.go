package daemon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// barrierStore is votequorum.BarrierStore: the file ev_tracking, four bytes in
// the machine's byte order, written by a goroutine of its own.
type barrierStore struct {
	path string
	log  loglevel.Logger
	mu   sync.Mutex
	busy bool
	next *uint32 // to be written
}

func newBarrierStore(dir string, log loglevel.Logger) *barrierStore {
	return &barrierStore{path: filepath.Join(dir, "ev_tracking"), log: log}
}

// LoadBarrier reads what was stored, at start.
func (s *barrierStore) LoadBarrier() (uint32, error) {
	b, err := os.ReadFile(s.path)
	switch {
	case err == nil && len(b) >= 4:
		return binary.NativeEndian.Uint32(b), nil
	case err == nil || errors.Is(err, os.ErrNotExist):
		return 0, s.write(0)
	}
	return 0, fmt.Errorf("Unable to read ev_tracking: %w", err) //lint:ignore ST1005 as the reference logs it
}

// StoreBarrier has the value written; the latest wins.
func (s *barrierStore) StoreBarrier(votes uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = &votes
	if !s.busy {
		s.busy = true
		go s.run()
	}
}

func (s *barrierStore) run() {
	for {
		s.mu.Lock()
		v := s.next
		s.next = nil
		if v == nil {
			s.busy = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if err := s.write(*v); err != nil {
			s.log.Logf(loglevel.Error, "Unable to write to %s: %v", s.path, err)
		}
	}
}

// write replaces the file, so that a crash leaves the old value or the new.
func (s *barrierStore) write(v uint32) error {
	f, err := os.CreateTemp(filepath.Dir(s.path), ".ev_tracking-*")
	if err != nil {
		return err
	}
	_, err = f.Write(binary.NativeEndian.AppendUint32(nil, v))
	if err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), s.path); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
