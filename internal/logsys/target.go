package logsys

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
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

// syslogTarget speaks to syslogd as the C library's syslog(3) does with
// LOG_PID: "<29>Nov 22 10:05:39 corosync[58]: text" over /dev/log.
type syslogTarget struct {
	path string
	pid  int
	conn net.Conn
}

// send connects when it must and tries twice, since syslogd may have been
// restarted; what cannot be sent is dropped.
func (t *syslogTarget) send(f Facility, level loglevel.Level, at time.Time, text []byte) {
	msg := syslogMessage(f, level, at, t.pid, text)
	for range 2 {
		if t.conn == nil {
			c, err := net.Dial("unixgram", t.path)
			if err != nil {
				return
			}
			t.conn = c
		}
		// syslogd that hangs must not hold the other targets for ever.
		t.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if _, err := t.conn.Write(msg); err == nil {
			return
		}
		t.close()
	}
}

func (t *syslogTarget) close() {
	if t.conn != nil {
		t.conn.Close()
		t.conn = nil
	}
}

func syslogMessage(f Facility, level loglevel.Level, at time.Time, pid int, text []byte) []byte {
	m := fmt.Appendf(nil, "<%d>%s corosync[%d]: ", int(f)|int(level), at.Format("Jan _2 15:04:05"), pid)
	return append(m, text...)
}

// Syslog sends one line to syslog without a System: what the daemon has to say
// before its configuration has been read. devLog is the socket, "/dev/log"
// when empty; without syslogd the line is lost.
func Syslog(devLog string, level loglevel.Level, text string) {
	if devLog == "" {
		devLog = "/dev/log"
	}
	t := syslogTarget{path: devLog, pid: os.Getpid()}
	t.send(DefaultFacility, level, time.Now(), []byte(text))
	t.close()
}
