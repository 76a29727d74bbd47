package ringbuffer

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
)

// Write appends one chunk made of parts and posts the semaphore. ErrFull means
// later, ErrTooLarge never.
func (r *Ring) Write(parts ...[]byte) (err error) {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n > int(r.max) {
		return ErrTooLarge
	}
	defer shm.Catch(shm.Arm(), &err)
	free, err := r.free()
	if err != nil {
		return err
	}
	if free < uint64(n)+margin {
		return ErrFull
	}
	r.data.Store(r.word(r.pos), 0)
	r.data.Store(r.word(r.pos+1), magicAlloc)
	at := r.word(r.pos + chunkHeaderWords)
	for _, p := range parts {
		for len(p) > 0 {
			room := min(len(p), r.data.Len()-at)
			r.data.CopyIn(at, p[:room])
			p = p[room:]
			if at += room; at == r.data.Len() {
				at = 0
			}
		}
	}
	r.data.Store(r.word(r.pos), uint32(n))
	old := r.pos
	r.pos = r.step(old, uint32(n))
	r.hdr.Store(offWrite, r.pos)
	r.data.Store(r.word(old+1), magicReady)
	r.sem.Post()
	return nil
}

// free is how many bytes lie between the writer and the reader, margins
// included. One word always stays free, so that equal positions mean empty.
func (r *Ring) free() (uint64, error) {
	read := r.hdr.Load(offRead)
	if read >= r.words {
		return 0, corrupt("read position %d, want less than %d", read, r.words)
	}
	var words uint32
	switch {
	case r.pos > read:
		words = read + r.words - r.pos - 1
	case r.pos < read:
		words = read - r.pos - 1
	default:
		words = r.words
	}
	return uint64(words) * 4, nil
}

// TryRead takes one chunk, if there is one, and appends it to b, whose room it uses;
// what is appended to nil is a slice of its own. ErrEmpty means there is none. With an
// error the result is of no use.
func (r *Ring) TryRead(b []byte) (_ []byte, err error) {
	defer shm.Catch(shm.Arm(), &err)
	if !r.sem.TryWait() {
		return nil, ErrEmpty
	}
	return r.take(b)
}

// Take appends one chunk to b, as TryRead, whose unit of the semaphore the caller has got.
func (r *Ring) Take(b []byte) (_ []byte, err error) {
	defer shm.Catch(shm.Arm(), &err)
	return r.take(b)
}

func (r *Ring) take(b []byte) ([]byte, error) {
	magic := r.data.Load(r.word(r.pos + 1))
	if magic != magicReady {
		return nil, corrupt("magic %#x of the chunk at word %d, want %#x", magic, r.pos, uint32(magicReady))
	}
	size := r.data.Load(r.word(r.pos))
	if size > r.max {
		return nil, corrupt("length %d of the chunk at word %d, want at most %d", size, r.pos, r.max)
	}
	n := int(size)
	b = slices.Grow(b, n)
	to := b[len(b) : len(b)+n]
	at := r.word(r.pos + chunkHeaderWords)
	first := min(n, r.data.Len()-at)
	r.data.CopyOut(at, to[:first])
	r.data.CopyOut(0, to[first:])
	// The header dies before the position moves: a fast writer may reuse the
	// place as soon as it has.
	r.data.Store(r.word(r.pos), 0)
	r.data.Store(r.word(r.pos+1), magicDead)
	r.pos = r.step(r.pos, size)
	r.hdr.Store(offRead, r.pos)
	return b[:len(b)+n], nil
}
