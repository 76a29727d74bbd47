// Package syslog speaks to syslogd as the C library's syslog(3) does with LOG_PID:
// "<29>Nov 22 10:05:39 corosync[58]: text" over /dev/log. What cannot be sent is
// dropped. Logs import it.
package syslog

import (
	"fmt"
	"net"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// DefaultPath is the socket of syslogd.
const DefaultPath = "/dev/log"

// Sender is a connection to syslogd. It is not safe for concurrent use.
type Sender struct {
	Path  string // of the socket
	Ident string // of the program
	PID   int
	conn  net.Conn
}

// Send sends a line; facility is shifted as in syslog(3). It connects when it must and
// tries twice, since syslogd may have been restarted.
func (s *Sender) Send(facility int, level loglevel.Level, at time.Time, text []byte) {
	msg := s.message(facility, level, at, text)
	for range 2 {
		if s.conn == nil {
			c, err := net.Dial("unixgram", s.Path)
			if err != nil {
				return
			}
			s.conn = c
		}
		// syslogd that hangs must not hold the other targets of a log for ever.
		_ = s.conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if _, err := s.conn.Write(msg); err == nil {
			return
		}
		s.Close()
	}
}

// Close ends the connection; Send makes it anew.
func (s *Sender) Close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

func (s *Sender) message(facility int, level loglevel.Level, at time.Time, text []byte) []byte {
	m := fmt.Appendf(nil, "<%d>%s %s[%d]: ", facility|int(level), at.Format("Jan _2 15:04:05"), s.Ident, s.PID)
	return append(m, text...)
}
