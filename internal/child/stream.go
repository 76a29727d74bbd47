package child

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// stream is one of a process's, and what came of it. A thousand processes may run at once and most
// say nothing: so nothing is held for a stream, and no buffer, while it is waited for. Many have ended
// before their pipes could be full: nobody waits for those of a process that has not run for long.
type stream struct {
	fd   int      // to read from, before r has it; -1 before open
	r    *os.File // nil while nobody waits
	w    int      // -1 before open, and once it was given up
	kept io.Writer
	over atomic.Bool // no more than what is there is read
	done chan struct{}
}

// buffers are what streams are read with.
var buffers = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// lastReads are how many reads there are for what a process has left: more than any pipe holds.
const lastReads = 128

func (s *stream) open() error {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	_ = unix.SetNonblock(fds[0], true) // it is one of ours
	s.fd, s.w = fds[0], fds[1]
	return nil
}

func (s *stream) close() {
	switch {
	case s.r != nil:
		_ = s.r.Close()
	case s.fd >= 0:
		_ = unix.Close(s.fd)
	}
	s.giveUp()
}

// giveUp closes the writing end.
func (s *stream) giveUp() {
	if s.w >= 0 {
		_ = unix.Close(s.w)
		s.w = -1
	}
}

// read begins to wait for what is written.
func (s *stream) read() {
	s.r = os.NewFile(uintptr(s.fd), "pipe")
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if raw, err := s.r.SyscallConn(); err == nil {
			_ = raw.Read(func(fd uintptr) bool { return s.drain(fd, -1) }) // ends with the deadline, or with the writers
		}
	}()
}

// drain takes what there is, with so many reads at most, and reports whether nothing more comes.
// With less than 0 it is over that ends it.
func (s *stream) drain(fd uintptr, reads int) bool {
	buf := buffers.Get().(*[16 << 10]byte)
	defer buffers.Put(buf)
	for ; reads != 0; reads-- {
		if reads < 0 && s.over.Load() {
			return true
		}
		n, err := unix.Read(int(fd), buf[:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return false
		case n <= 0:
			return true
		default:
			_, _ = s.kept.Write(buf[:n]) // never fails
		}
	}
	return true
}

// rest reads what is left when the process is gone, but does not wait for others that
// hold the stream.
func (s *stream) rest() {
	if s.r == nil {
		s.drain(uintptr(s.fd), lastReads)
		return
	}
	s.over.Store(true)
	_ = s.r.SetReadDeadline(time.Unix(1, 0))
	<-s.done
	_ = s.r.SetReadDeadline(time.Time{})
	if raw, err := s.r.SyscallConn(); err == nil {
		// What a child that was left behind goes on writing is not waited for.
		_ = raw.Control(func(fd uintptr) { s.drain(fd, lastReads) })
	}
}
