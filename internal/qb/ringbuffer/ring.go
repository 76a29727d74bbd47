package ringbuffer

import (
	"errors"
	"fmt"
	"os"

	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
)

// struct qb_ringbuffer_shared_s on a 64-bit machine.
const (
	offWrite = 0    // position of the next chunk to be written, in words
	offRead  = 4    // position of the next chunk to be read, in words
	offWords = 8    // length of the data, in words
	offHdr   = 12   // path of the header file
	offData  = 4108 // path of the data file
	offRefs  = 8204 // who has it open: 1 after creation, 2 while connected
	offSem   = 8208
	offUser  = 8240 // of the request ring: the flow-control word

	pathMax = 4096
	// headerSize is sizeof(struct qb_ringbuffer_shared_s); the creator's file
	// has a word more, for user data.
	headerSize = 8248
)

// Magic words of a chunk.
const (
	magicReady = 0xA1A1A1A1
	magicDead  = 0xD0D0D0D0 // has been read
	magicAlloc = 0xA110CED0 // is being written
)

const (
	chunkHeaderWords = 2
	// margin is what must be free beside the chunk's own bytes: its header and
	// a word of padding.
	margin = 4 * (chunkHeaderWords + 1)
)

var (
	// ErrFull: the chunk does not fit now.
	ErrFull = errors.New("ring is full")
	// ErrEmpty: there is no chunk.
	ErrEmpty = errors.New("ring is empty")
	// ErrTooLarge: the chunk can never fit.
	ErrTooLarge = errors.New("message is larger than the ring takes")
	// ErrCorrupt: what the other side wrote makes no sense.
	ErrCorrupt = errors.New("ring is corrupt")
)

// Ring is one direction of a connection, open for writing or for reading.
type Ring struct {
	hdr, data *shm.Mapping
	sem       shm.Semaphore
	words     uint32
	max       uint32 // greatest length of a chunk
	pos       uint32 // our own position: of the writer, or of the reader
}

// fileSize is the length of the data file of a ring whose greatest message is
// max bytes.
func fileSize(max uint32) int64 {
	page := int64(os.Getpagesize())
	return (int64(max) + margin + 1 + page - 1) / page * page
}

// Max is the greatest length of a message, in bytes.
func (r *Ring) Max() int { return int(r.max) }

// FlowControl is the word by which the server of a request ring asks the
// client to wait.
func (r *Ring) FlowControl() (v uint32, err error) {
	defer shm.Catch(shm.Arm(), &err)
	return r.hdr.Load(offUser), nil
}

// SetFlowControl publishes that word.
func (r *Ring) SetFlowControl(v uint32) (err error) {
	defer shm.Catch(shm.Arm(), &err)
	r.hdr.Store(offUser, v)
	return nil
}

// References is how many processes say they have it open.
func (r *Ring) References() (n int32, err error) {
	defer shm.Catch(shm.Arm(), &err)
	return int32(r.hdr.Load(offRefs)), nil
}

// SetReferences publishes that number. libqb's clients take the connection for
// dead unless the request ring's is 2.
func (r *Ring) SetReferences(n int32) (err error) {
	defer shm.Catch(shm.Arm(), &err)
	r.hdr.Store(offRefs, uint32(n))
	return nil
}

// Semaphore counts the chunks that are ready; see shm.Semaphore.
func (r *Ring) Semaphore() shm.Semaphore { return r.sem }

// Queued is how many chunks wait to be read, as far as the other side is
// honest.
func (r *Ring) Queued() (n int, err error) {
	defer shm.Catch(shm.Arm(), &err)
	return int(r.sem.Value()), nil
}

// Unmap ends the use of the memory. It removes no file.
func (r *Ring) Unmap() {
	r.hdr.Unmap()
	r.data.Unmap()
}

// word is the byte offset of word i, which may be past the end by less than
// the whole ring.
func (r *Ring) word(i uint32) int {
	if i >= r.words {
		i -= r.words
	}
	return int(i) * 4
}

// step is the position behind a chunk of n bytes at pos.
func (r *Ring) step(pos, n uint32) uint32 {
	pos += chunkHeaderWords + (n+3)/4
	if pos >= r.words {
		pos -= r.words
	}
	return pos
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
