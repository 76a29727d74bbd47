package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// ErrStoreRing marks errors of the ring id file: the reference then exits with
// COROSYNC_DONE_STORE_RINGID.
var ErrStoreRing = errors.New("ring: ring id not stored")

// ringFile is the file that keeps the ring's sequence number over restarts:
// eight bytes in the machine's order, ringid_<nodeid> in the state directory.
func ringFile(dir string, id totem.NodeID) string {
	return filepath.Join(dir, fmt.Sprintf("ringid_%d", uint32(id)))
}

// LoadRing reads the sequence number that was stored last. A file that is
// missing or short is made anew with zero (corosync_ring_id_create_or_load).
func LoadRing(dir string, id totem.NodeID, log loglevel.Logger) (seq uint64, err error) {
	name := ringFile(dir, id)
	b, err := os.ReadFile(name)
	if err == nil && len(b) >= 8 {
		return binary.NativeEndian.Uint64(b), nil
	}
	if err := writeRing(name, 0); err != nil {
		log.Logf(loglevel.Error, "Couldn't create ringid file '%s': %v", name, err)
		return 0, fmt.Errorf("%w: %w", ErrStoreRing, err)
	}
	return 0, nil
}

// writeRing replaces the file so that whoever reads it at any time, after a
// crash of the host too, finds the old number or the new one.
func writeRing(name string, seq uint64) error {
	temp := name + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], seq)
	_, err = f.Write(b[:])
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}

// ringStore writes sequence numbers on a goroutine of its own, for a disk may
// take its time. Of several that wait only the last is written.
type ringStore struct {
	name   string
	log    loglevel.Logger
	failed func(error)

	seq  atomic.Uint64
	kick chan struct{}
	done chan struct{}
}

func newRingStore(dir string, id totem.NodeID, log loglevel.Logger, failed func(error)) *ringStore {
	return &ringStore{
		name:   ringFile(dir, id),
		log:    log,
		failed: failed,
		kick:   make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
}

// store has seq written soon. It does not wait; the ring thread calls it.
func (s *ringStore) store(seq uint64) {
	s.seq.Store(seq)
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// run writes until close.
func (s *ringStore) run() {
	defer close(s.done)
	for range s.kick {
		seq := s.seq.Load()
		if err := writeRing(s.name, seq); err != nil {
			s.log.Logf(loglevel.Error, "Couldn't store new ring id %x to stable storage: %v", seq, err)
			s.failed(fmt.Errorf("%w: %w", ErrStoreRing, err))
			continue
		}
		s.log.Logf(loglevel.Debug, "Storing new sequence id for ring %x", seq)
	}
}

// close writes what waits and ends run; store must not be called any more.
func (s *ringStore) close() {
	close(s.kick)
	<-s.done
}
