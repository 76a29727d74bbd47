package pcmklog

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
	"github.com/ringmaster-ha/ringmaster/internal/syslog"
)

// Surroundings are where a Log is; the zero value is this machine and process.
type Surroundings struct {
	Stderr io.Writer        // os.Stderr
	DevLog string           // the socket of syslogd, "/dev/log"
	Now    func() time.Time // time.Now
	PID    int              // os.Getpid()
	Host   string           // os.Hostname()
	// Own gives a new file to whom it belongs to, if not nil.
	Own func(*os.File) error
}

func (s *Surroundings) setDefaults() {
	if s.Stderr == nil {
		s.Stderr = os.Stderr
	}
	if s.DevLog == "" {
		s.DevLog = syslog.DefaultPath
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.PID == 0 {
		s.PID = os.Getpid()
	}
	if s.Host == "" {
		if s.Host, _ = os.Hostname(); s.Host == "" {
			s.Host = "localhost"
		}
	}
}

// Log is the log of one daemon.
type Log struct {
	c Config
	s Surroundings

	mu     sync.Mutex
	file   *os.File // nil for none
	syslog syslog.Sender
	buf    []byte
}

// syslogRoom is how much of a line syslog gets, in bytes.
const syslogRoom = 256

// Open opens the log. What goes wrong with the file is said in syslog, and the daemon
// does without (pcmk__add_logfile).
func Open(c Config, s Surroundings) *Log {
	s.setDefaults()
	l := &Log{c: c, s: s, syslog: syslog.Sender{Path: s.DevLog, Ident: c.Program, PID: s.PID}}
	if c.File == "" {
		return l
	}
	const function = "pcmk__add_logfile"
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err == nil && s.Own != nil {
		if err = s.Own(f); err != nil {
			_ = f.Close()
		}
	}
	if err != nil {
		l.LogfAt(loglevel.Warning, function, "Logging to '%s' is disabled: %v | uid=%d gid=%d", c.File, err, os.Geteuid(), os.Getegid())
		return l
	}
	l.LogfAt(loglevel.Notice, function, "Additional logging available in %s", c.File)
	l.file = f
	return l
}

// Close closes the file; later lines go nowhere.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.syslog.Close()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
	l.c.Syslog, l.c.Stderr = false, false
}

// Detail has the file take lines of less importance too, down to a level. Nobody may log
// meanwhile.
func (l *Log) Detail(level loglevel.Level) { l.c.Level = max(l.c.Level, level) }

// Enabled tells whether lines of a level go anywhere.
func (l *Log) Enabled(level loglevel.Level) bool {
	return level <= l.c.Level || l.c.Functions != ""
}

// Logf logs a line of no known function.
func (l *Log) Logf(level loglevel.Level, format string, args ...any) {
	l.LogfAt(level, "", format, args...)
}

// LogfAt logs a line of a function.
func (l *Log) LogfAt(level loglevel.Level, function, format string, args ...any) {
	detailed := level <= l.c.Level || function != "" && strings.Contains(l.c.Functions, function)
	toSyslog := l.c.Syslog && level <= min(l.c.Priority, l.c.Level)
	if !detailed && !toSyslog {
		return
	}
	text := fmt.Sprintf(format, args...)
	now := l.s.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if toSyslog && l.c.Syslog {
		l.syslog.Send(int(l.c.Facility), level, now, briefly(level, text))
	}
	if !detailed {
		return
	}
	l.buf = fmt.Appendf(l.buf[:0], "(%s) \t%s: %s\n", function, logsys.LevelName(level), text)
	if l.c.Stderr {
		_, _ = l.s.Stderr.Write(l.buf) // nowhere to say that it failed
	}
	if l.file != nil {
		prefix := fmt.Appendf(nil, "%s %s %-20s[%d] ", now.Format("Jan 02 15:04:05.000"), l.s.Host, l.c.Program, l.s.PID)
		_, _ = l.file.Write(append(prefix, l.buf...))
	}
}

// briefly is a line as syslog gets it: without details, and cut.
func briefly(level loglevel.Level, text string) []byte {
	text, _, _ = strings.Cut(text, " | ")
	b := fmt.Appendf(nil, " %s: %s", logsys.LevelName(level), text)
	if len(b) > syslogRoom {
		const more = "..."
		b = append(b[:syslogRoom-len(more)], more...)
	}
	return b
}
