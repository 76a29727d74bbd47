package shm

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ZeroCopyDirs are where libcpg's cpg_zcb_alloc makes its files, the second
// when it cannot in the first.
var ZeroCopyDirs = []string{"/dev/shm", "/var/run", "/run"}

// zeroCopyPrefix is what libcpg's file names begin with.
const zeroCopyPrefix = "corosync_zerocopy-"

// ErrZeroCopy is a buffer that a client may not have us map.
var ErrZeroCopy = errors.New("not a zero-copy buffer of this client")

// ZeroCopy is memory that a client of CPG has made and we have mapped
// (exec/cpg.c, memory_map), in which it composes messages. Its methods may be
// called from one goroutine at a time.
type ZeroCopy struct{ m *Mapping }

// OpenZeroCopy maps the first size bytes of the file at path, which a client
// of user uid has named, and removes the name, as the reference does. Where
// the reference takes any path, this wants a regular file of the client's own,
// that long, with libcpg's kind of name in one of dirs (ZeroCopyDirs), reached
// through no symbolic link.
func OpenZeroCopy(path string, size, max int, uid uint32, dirs []string) (*ZeroCopy, error) {
	dir, name := filepath.Split(path)
	dir = strings.TrimSuffix(dir, "/")
	if !slices.Contains(dirs, dir) || !strings.HasPrefix(name, zeroCopyPrefix) {
		return nil, fmt.Errorf("path %q: %w", path, ErrZeroCopy)
	}
	if size <= 0 || size > max {
		return nil, fmt.Errorf("map size %d, want 1 to %d: %w", size, max, ErrZeroCopy)
	}
	// Not to wait should it be a fifo.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	var st, named unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, fmt.Errorf("%s is not a regular file: %w", path, ErrZeroCopy)
	case st.Uid != uid && uid != 0:
		return nil, fmt.Errorf("%s is of user %d, want %d: %w", path, st.Uid, uid, ErrZeroCopy)
	case st.Size < int64(size):
		return nil, fmt.Errorf("%s has %d bytes, want %d: %w", path, st.Size, size, ErrZeroCopy)
	}
	if unix.Lstat(path, &named) == nil && named.Dev == st.Dev && named.Ino == st.Ino {
		_ = unix.Unlink(path)
	}
	m, err := Map(fd, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &ZeroCopy{m}, nil
}

// Len is the length in bytes.
func (z *ZeroCopy) Len() int { return z.m.Len() }

// Read copies from offset off to p, all or nothing useful. The client may be
// changing the memory meanwhile; what is in p afterwards it cannot change.
func (z *ZeroCopy) Read(p []byte, off int) (err error) {
	if off < 0 || off > z.m.Len() || len(p) > z.m.Len()-off {
		return fmt.Errorf("%d bytes at %d of %d: %w", len(p), off, z.m.Len(), ErrZeroCopy)
	}
	defer Catch(Arm(), &err)
	z.m.CopyOut(off, p)
	return nil
}

// Write copies p to offset off.
func (z *ZeroCopy) Write(p []byte, off int) (err error) {
	if off < 0 || off > z.m.Len() || len(p) > z.m.Len()-off {
		return fmt.Errorf("%d bytes at %d of %d: %w", len(p), off, z.m.Len(), ErrZeroCopy)
	}
	defer Catch(Arm(), &err)
	z.m.CopyIn(off, p)
	return nil
}

// Close ends the mapping.
func (z *ZeroCopy) Close() { z.m.Unmap() }
