package logsys

import (
	"log/syslog"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Debug is logging.debug: how much finer than the priorities a subsystem logs.
type Debug int

// The values of logging.debug: off, on, trace.
const (
	DebugOff Debug = iota
	DebugOn
	DebugTrace
)

// Timestamp is logging.timestamp.
type Timestamp int

// The values of logging.timestamp. Hires, with milliseconds, is the default of
// a configuration that does not say.
const (
	TimestampHires Timestamp = iota
	TimestampOn
	TimestampOff
)

// Facility is a syslog facility, shifted as in syslog(3).
type Facility int

// DefaultFacility is what logging.syslog_facility is when it is not given.
const DefaultFacility = Facility(syslog.LOG_DAEMON)

// Config is the logging section, read. Its zero value logs nowhere; Default is
// what an empty section means.
type Config struct {
	Stderr, Syslog, File bool   // to_stderr, to_syslog, to_logfile
	Logfile              string // logfile, an absolute path
	Facility             Facility
	SyslogPriority       loglevel.Level
	LogfilePriority      loglevel.Level // standard error uses it too
	Debug                Debug
	Timestamp            Timestamp
	FileLine             bool
	FunctionName         bool
	Blackbox             bool
	// Subsys overrides by name of the subsystem, case as written.
	Subsys map[string]Subsys
}

// Subsys is a logger_subsys section. A nil field follows the main section;
// Debug alone does not: a subsystem's section that is silent about debug turns
// it off, as the reference does.
//
// to_stderr and to_syslog of a subsystem are accepted by the reference and
// change nothing, therefore they are not here.
type Subsys struct {
	File            *bool
	Logfile         *string
	SyslogPriority  *loglevel.Level
	LogfilePriority *loglevel.Level
	Debug           Debug
}

// Default is the meaning of an empty logging section.
func Default() Config {
	return Config{
		Stderr: true, Syslog: true,
		Facility:        DefaultFacility,
		SyslogPriority:  loglevel.Info,
		LogfilePriority: loglevel.Info,
		Blackbox:        true,
	}
}

// levels is what one subsystem passes on: the coarsest level per target, or
// none.
type levels struct {
	syslog, stderr, file, blackbox loglevel.Level
	target                         *fileTarget
	form                           *layouts
	max                            loglevel.Level // of all targets that are on
}

const none = loglevel.Level(-1)

// fileOf names the file that a subsystem writes to, or nothing. A file that
// several subsystems share is on when the main section has it on; otherwise the
// subsystem's own section decides (logsys_config_apply).
func (c *Config) fileOf(name string) string {
	file, on := c.Logfile, c.File
	if s, ok := c.Subsys[name]; ok {
		if s.Logfile != nil && *s.Logfile != c.Logfile {
			file = *s.Logfile
			if s.File != nil {
				on = *s.File
			}
		}
	}
	if !on {
		return ""
	}
	return file
}

// levelsOf computes what a subsystem passes on; the file's target is left to
// the caller.
func (c *Config) levelsOf(name string) levels {
	sys, file, debug := c.SyslogPriority, c.LogfilePriority, c.Debug
	if s, ok := c.Subsys[name]; ok {
		if s.SyslogPriority != nil {
			sys = *s.SyslogPriority
		}
		if s.LogfilePriority != nil {
			file = *s.LogfilePriority
		}
		debug = s.Debug
	}
	switch debug {
	case DebugOn:
		sys, file = loglevel.Debug, loglevel.Debug
	case DebugTrace:
		sys, file = loglevel.Trace, loglevel.Trace
	}
	l := levels{syslog: none, stderr: none, file: none, blackbox: none}
	if c.Syslog {
		l.syslog = sys
	}
	if c.Stderr {
		l.stderr = file
	}
	if c.fileOf(name) != "" {
		l.file = file
	}
	if c.Blackbox {
		// The reference's recorder takes trace lines too. Ours takes them
		// only where tracing is asked for: they are made on the token's
		// path, and an unread line is not worth its arguments there.
		l.blackbox = loglevel.Debug
		if debug == DebugTrace {
			l.blackbox = loglevel.Trace
		}
	}
	l.max = max(l.syslog, l.stderr, l.file, l.blackbox)
	return l
}

var levelNames = [...]string{
	loglevel.Emerg: "emerg", loglevel.Alert: "alert", loglevel.Crit: "crit",
	loglevel.Error: "error", loglevel.Warning: "warning", loglevel.Notice: "notice",
	loglevel.Info: "info", loglevel.Debug: "debug", loglevel.Trace: "trace",
}

// LevelName is the word in a line ("notice").
func LevelName(l loglevel.Level) string {
	if l < 0 || l > loglevel.Trace {
		l = loglevel.Trace
	}
	return levelNames[l]
}

// ParsePriority reads a value of syslog_priority or logfile_priority, in any
// case; "trace" is not among them (logsys_priority_id_get).
func ParsePriority(s string) (loglevel.Level, bool) {
	s = strings.ToLower(s)
	if s == "err" {
		return loglevel.Error, true
	}
	for l, name := range levelNames[:loglevel.Trace] {
		if s == name {
			return loglevel.Level(l), true
		}
	}
	return 0, false
}

var facilities = sync.OnceValue(func() map[string]syslog.Priority {
	return map[string]syslog.Priority{
		"auth": syslog.LOG_AUTH, "authpriv": syslog.LOG_AUTHPRIV, "cron": syslog.LOG_CRON,
		"daemon": syslog.LOG_DAEMON, "ftp": syslog.LOG_FTP, "kern": syslog.LOG_KERN,
		"lpr": syslog.LOG_LPR, "mail": syslog.LOG_MAIL, "news": syslog.LOG_NEWS,
		"syslog": syslog.LOG_SYSLOG, "user": syslog.LOG_USER, "uucp": syslog.LOG_UUCP,
		"local0": syslog.LOG_LOCAL0, "local1": syslog.LOG_LOCAL1, "local2": syslog.LOG_LOCAL2,
		"local3": syslog.LOG_LOCAL3, "local4": syslog.LOG_LOCAL4, "local5": syslog.LOG_LOCAL5,
		"local6": syslog.LOG_LOCAL6, "local7": syslog.LOG_LOCAL7,
	}
})

// ParseFacility reads a value of syslog_facility (qb_log_facility2int).
func ParseFacility(s string) (Facility, bool) {
	f, ok := facilities()[s]
	return Facility(f), ok
}
