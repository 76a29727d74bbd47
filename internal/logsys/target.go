package logsys

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/syslog"
)

// fileTarget is one open log file; the writer's alone once it is in use.
type fileTarget struct {
	name string
	f    *os.File
}

func openLog(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
}

func openFile(name string) (*fileTarget, error) {
	f, err := openLog(name)
	if err != nil {
		return nil, err
	}
	return &fileTarget{name, f}, nil
}

// write ignores errors, as the reference does: a full disk must not stop the
// daemon.
func (t *fileTarget) write(b []byte) {
	if t.f != nil {
		t.f.Write(b)
	}
}

// reopen keeps the old file when the new one cannot be opened.
func (t *fileTarget) reopen() error {
	f, err := openLog(t.name)
	if err != nil {
		return err
	}
	t.close()
	t.f = f
	return nil
}

func (t *fileTarget) close() {
	if t.f != nil {
		t.f.Close()
		t.f = nil
	}
}

// errnoText is LOGSYS_PERROR's "text (number)".
func errnoText(err error) string {
	var no syscall.Errno
	if errors.As(err, &no) {
		return fmt.Sprintf("%s (%d)", strerror(no), int(no))
	}
	return err.Error()
}

// strerror has the capital that the C library's texts begin with.
func strerror(no syscall.Errno) string {
	s := []byte(no.Error())
	if len(s) > 0 && s[0] >= 'a' && s[0] <= 'z' {
		s[0] -= 'a' - 'A'
	}
	return string(s)
}

// ident is what the daemon goes by in syslog.
const ident = "corosync"

// Syslog sends one line to syslog without a System: what the daemon has to say
// before its configuration has been read. devLog is the socket, "/dev/log"
// when empty; without syslogd the line is lost.
func Syslog(devLog string, level loglevel.Level, text string) {
	if devLog == "" {
		devLog = syslog.DefaultPath
	}
	t := syslog.Sender{Path: devLog, Ident: ident, PID: os.Getpid()}
	t.Send(int(DefaultFacility), level, time.Now(), []byte(text))
	t.Close()
}
