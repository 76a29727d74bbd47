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

// ringAhead is how far the stored number runs ahead of the one in use. The ring
// thread does not wait for the disk, so a crash may come before a number that
// has been used is stored; it must not be used again, for peers would take two
// rings for one. 256 configurations can come and go while one write lasts. An
// end in order stores the number itself.
const ringAhead = 1024

// ringStore writes sequence numbers on a goroutine of its own, for a disk may
// take its time. Of several that wait only the last is written.
type ringStore struct {
	name   string
	log    loglevel.Logger
	failed func(error)

	used  uint64 // the latest; the ring thread's, and close's after it
	ahead uint64 // the latest that run has been told to write; likewise

	seq  atomic.Uint64 // to be written
	kick chan struct{}
	done chan struct{}
}

// newRingStore makes the store of a node that may use numbers from seq on, and
// returns when the first of them can be.
func newRingStore(dir string, id totem.NodeID, seq uint64, log loglevel.Logger, failed func(error)) (*ringStore, error) {
	s := &ringStore{
		name:   ringFile(dir, id),
		log:    log,
		failed: failed,
		used:   seq,
		ahead:  seq + ringAhead,
		kick:   make(chan struct{}, 1),
		done:   make(chan struct{}),
	}
	if err := writeRing(s.name, s.ahead); err != nil {
		log.Logf(loglevel.Error, "Couldn't store new ring id %x to stable storage: %v", seq, err)
		return nil, fmt.Errorf("%w: %w", ErrStoreRing, err)
	}
	return s, nil
}

// store notes that seq is in use, and expects it.
func (s *ringStore) store(seq uint64) {
	s.used = seq
	s.log.Logf(loglevel.Debug, "Storing new sequence id for ring %x", seq)
	s.expect(seq)
}

// expect has a higher number written soon when the stored one is not far enough
// ahead of seq, which is or may come to be in use: a node that has been alone
// can meet others whose numbers are far ahead of its own. It does not wait; the
// ring thread calls it.
func (s *ringStore) expect(seq uint64) {
	if seq+ringAhead/2 < s.ahead {
		return
	}
	s.ahead = seq + ringAhead
	s.seq.Store(s.ahead)
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
		}
	}
}

// close ends run and writes the number in use; store must not be called any
// more.
func (s *ringStore) close() {
	close(s.kick)
	<-s.done
	if err := writeRing(s.name, s.used); err != nil {
		s.log.Logf(loglevel.Error, "Couldn't store new ring id %x to stable storage: %v", s.used, err)
	}
}
