package server

import (
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb/ringbuffer"
)

// directory is where the files of one connection are.
type directory struct {
	path     string
	dev, ino uint64 // what we made: the client may put something else there
}

// create makes the directory of a connection, as libqb names it, and returns
// it open. The client gets it last, when all is in it; see give.
func createDirectory(base string, pid, client, fd int) (directory, int, error) {
	for range 100 {
		path := fmt.Sprintf("%s/qb-%d-%d-%d-%s", base, pid, client, fd, suffix())
		err := unix.Mkdir(path, 0o700)
		if errors.Is(err, unix.EEXIST) {
			continue
		}
		if err != nil {
			return directory{}, -1, fmt.Errorf("mkdir %s: %w", path, err)
		}
		dirfd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			_ = unix.Rmdir(path)
			return directory{}, -1, fmt.Errorf("open %s: %w", path, err)
		}
		var st unix.Stat_t
		if err := unix.Fstat(dirfd, &st); err != nil {
			_ = unix.Close(dirfd)
			_ = unix.Rmdir(path)
			return directory{}, -1, fmt.Errorf("stat %s: %w", path, err)
		}
		return directory{path, st.Dev, st.Ino}, dirfd, nil
	}
	return directory{}, -1, fmt.Errorf("mkdir in %s: %w", base, unix.EEXIST)
}

// suffix is six characters, as mkdtemp(3) draws.
func suffix() string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b[:])
}

// give lets the client in: libqb's clients remove files and directory when the
// server has died.
func (d directory) give(dirfd int, owner ringbuffer.Owner) {
	_ = unix.Fchmod(dirfd, 0o770)
	_ = owner.Give(dirfd) // not permitted unless root, or for a group of ours
}

// remove deletes what remove finds to delete in the directory, and it. It looks
// at nothing if the client has put another directory in the place of ours.
func (d directory) remove(files func(dirfd int)) {
	dirfd, err := unix.Open(d.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(dirfd)
	var st unix.Stat_t
	if unix.Fstat(dirfd, &st) != nil || st.Dev != d.dev || st.Ino != d.ino {
		return
	}
	files(dirfd)
	_ = unix.Rmdir(d.path)
}
