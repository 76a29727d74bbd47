package notify

import (
	"errors"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
)

// DefaultPIDFile is where corosync's is.
const DefaultPIDFile = "/run/corosync.pid"

// LockError says why a pid file could not be had, in the reference's words,
// with the status to exit with.
type LockError struct {
	Code exitcode.Code // AcquireLock or AlreadyRunning
	Text string
	Err  error // nil for AlreadyRunning
}

func (e *LockError) Error() string { return e.Text }
func (e *LockError) Unwrap() error { return e.Err }

// PIDFile is a locked pid file. The lock is the process's (fcntl(2)), so that
// two of the same process do not exclude each other.
type PIDFile struct {
	path string
	f    *os.File
}

// Lock makes a pid file, locks it and writes this process's id into it
// (corosync_flock). The error is a *LockError.
func Lock(path string) (*PIDFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o640)
	if err != nil {
		return nil, &LockError{exitcode.AcquireLock, "Corosync Executive couldn't create lock file.", err}
	}
	p := &PIDFile{path, f}
	for {
		err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart})
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		f.Close()
		return nil, &LockError{exitcode.AlreadyRunning, "Another Corosync instance is already running.", nil}
	case err != nil:
		f.Close()
		return nil, &LockError{exitcode.AcquireLock, "Corosync Executive couldn't acquire lock. Error was " + reason(err), err}
	}
	if err := f.Truncate(0); err != nil {
		p.Remove()
		return nil, &LockError{exitcode.AcquireLock, "Corosync Executive couldn't truncate lock file. Error was " + reason(err), err}
	}
	if _, err := f.WriteString(strconv.Itoa(os.Getpid()) + "\n"); err != nil {
		p.Remove()
		return nil, &LockError{exitcode.AcquireLock, "Corosync Executive couldn't write pid to lock file. Error was " + reason(err), err}
	}
	return p, nil
}

// Remove gives the lock up and removes the file.
func (p *PIDFile) Remove() {
	p.f.Close()
	os.Remove(p.path)
}

// reason is strerror's text.
func reason(err error) string {
	var no unix.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	s := []byte(no.Error())
	if len(s) > 0 && s[0] >= 'a' && s[0] <= 'z' {
		s[0] -= 'a' - 'A'
	}
	return string(s)
}
