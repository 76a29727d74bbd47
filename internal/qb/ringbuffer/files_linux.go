package ringbuffer

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/qb/shm"
)

// Owner is to whom the files of a ring are given: to a user and a group of no
// rights, or, if Shared, to a group whose members may read and write. They stay with
// the server's user then.
type Owner struct {
	UID, GID uint32
	Shared   bool
}

// Give hands an open file or directory to the owner; its mode stays.
func (o Owner) Give(fd int) error {
	uid := int(o.UID)
	if o.Shared {
		uid = -1
	}
	return unix.Fchown(fd, uid, int(o.GID))
}

func (o Owner) mode() uint32 {
	if o.Shared {
		return 0o660
	}
	return 0o600
}

// Create makes a ring for messages of up to max bytes in the directory dir,
// open as dirfd, under the name base. Its files are given to the
// owner; that this is not permitted to us (we are not root) is no error. Not
// a name is followed or reused, so nothing the client can do in the directory
// matters.
func Create(dirfd int, dir, base string, max uint32, owner Owner) (*Ring, error) {
	paths := [2]string{filepath.Join(dir, base+"-header"), filepath.Join(dir, base+"-data")}
	if len(paths[0]) >= pathMax {
		return nil, fmt.Errorf("ring %s: %w", base, unix.ENAMETOOLONG)
	}
	size := fileSize(max)
	hdr, err := CreateFile(dirfd, base+"-header", headerSize+4, owner)
	if err != nil {
		return nil, err
	}
	data, err := CreateFile(dirfd, base+"-data", size, owner)
	if err != nil {
		hdr.Unmap()
		_ = unix.Unlinkat(dirfd, base+"-header", 0)
		return nil, err
	}
	r := &Ring{hdr: hdr, data: data, sem: hdr.Semaphore(offSem), words: uint32(size / 4), max: max}
	if err := r.initialise(paths); err != nil {
		r.Unmap()
		Remove(dirfd, base)
		return nil, err
	}
	return r, nil
}

func (r *Ring) initialise(paths [2]string) (err error) {
	defer shm.Catch(shm.Arm(), &err)
	r.hdr.Store(offWords, r.words)
	r.hdr.CopyIn(offHdr, []byte(paths[0]))
	r.hdr.CopyIn(offData, []byte(paths[1]))
	r.sem.Init()
	// libqb leaves a 5 in the word behind the last, which is the first.
	r.data.Store(0, 5)
	r.hdr.Store(offRefs, 1)
	return nil
}

// CreateFile makes a file of size bytes for the client under a name that is not
// there yet, and maps it.
func CreateFile(dirfd int, name string, size int64, owner Owner) (*shm.Mapping, error) {
	fd, err := unix.Openat(dirfd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	defer unix.Close(fd)
	m, err := prepare(fd, size, owner)
	if err != nil {
		_ = unix.Unlinkat(dirfd, name, 0)
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return m, nil
}

// prepare allocates the whole file, so that a full file system is an error now
// and not a fault later.
func prepare(fd int, size int64, owner Owner) (*shm.Mapping, error) {
	err := unix.Fallocate(fd, 0, 0, size)
	for errors.Is(err, unix.EINTR) { // a signal of the runtime's own preemption
		err = unix.Fallocate(fd, 0, 0, size)
	}
	if err != nil {
		return nil, err
	}
	if err := owner.Give(fd); err != nil && !errors.Is(err, unix.EPERM) {
		return nil, err
	}
	if err := unix.Fchmod(fd, owner.mode()); err != nil {
		return nil, err
	}
	return shm.Map(fd, int(size))
}

// Remove deletes the files of the ring called base.
func Remove(dirfd int, base string) {
	_ = unix.Unlinkat(dirfd, base+"-data", 0)
	_ = unix.Unlinkat(dirfd, base+"-header", 0)
}

// Open opens, as a client, the ring whose header is at base+"-header" and whose
// messages have up to max bytes.
func Open(base string, max uint32) (*Ring, error) {
	hdr, err := openFile(base+"-header", headerSize+4)
	if err != nil {
		return nil, err
	}
	r := &Ring{hdr: hdr, max: max, sem: hdr.Semaphore(offSem)}
	if err := r.openData(); err != nil {
		if r.data != nil {
			r.data.Unmap()
		}
		hdr.Unmap()
		return nil, err
	}
	return r, nil
}

func (r *Ring) openData() (err error) {
	defer shm.Catch(shm.Arm(), &err)
	size := fileSize(r.max)
	r.words = r.hdr.Load(offWords)
	if int64(r.words)*4 != size {
		return corrupt("%d words, want %d for messages of %d bytes", r.words, size/4, r.max)
	}
	path := make([]byte, pathMax)
	r.hdr.CopyOut(offData, path)
	end := bytes.IndexByte(path, 0)
	if end <= 0 || path[0] != '/' {
		return corrupt("path of the data")
	}
	if r.data, err = openFile(string(path[:end]), size); err != nil {
		return err
	}
	r.hdr.Add(offRefs, 1)
	return nil
}

// openFile maps size bytes of a file that has them. libqb would enlarge a
// shorter one; the header of a libqb that was asked for no user data is one
// word shorter, which the page it ends in covers.
func openFile(path string, size int64) (*shm.Mapping, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", path, err)
	}
	if st.Size < size-4 {
		return nil, fmt.Errorf("open %s: %w", path, corrupt("%d bytes, want %d", st.Size, size))
	}
	return shm.Map(fd, int(size))
}
