package corosyncconf

import (
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Timestamp is logging.timestamp.
type Timestamp int

// The values of logging.timestamp. HiRes, with milliseconds, is the default.
const (
	TimestampOff Timestamp = iota
	TimestampOn
	TimestampHiRes
)

// Debug is logging.debug.
type Debug int

// The values of logging.debug.
const (
	DebugOff Debug = iota
	DebugOn
	DebugTrace
)

// Logging is the logging section.
type Logging struct {
	FileLine     bool
	FunctionName bool
	Timestamp    Timestamp
	Blackbox     bool // the flight recorder; on by default

	Main LogTarget
	// Subsys are the logger_subsys sections, sorted by name. What one does not
	// say it takes from Main, but for Debug, which is off.
	Subsys []LogSubsys
}

// LogSubsys is one subsystem that logs otherwise.
type LogSubsys struct {
	Name string
	LogTarget
}

// LogTarget tells where lines go, and which. Debug lets finer lines through
// than the priorities do.
type LogTarget struct {
	ToStderr, ToSyslog, ToFile bool

	File           string // empty: none; ToFile is then without effect
	SyslogFacility int    // as in syslog(3), shifted: LOG_DAEMON is 24
	SyslogPriority loglevel.Level
	FilePriority   loglevel.Level
	Debug          Debug
}

var facilities = map[string]int{
	"auth": 4 << 3, "authpriv": 10 << 3, "cron": 9 << 3, "daemon": 3 << 3, "ftp": 11 << 3, "kern": 0, "lpr": 6 << 3,
	"mail": 2 << 3, "news": 7 << 3, "syslog": 5 << 3, "user": 1 << 3, "uucp": 8 << 3,
	"local0": 16 << 3, "local1": 17 << 3, "local2": 18 << 3, "local3": 19 << 3,
	"local4": 20 << 3, "local5": 21 << 3, "local6": 22 << 3, "local7": 23 << 3,
}

var priorities = map[string]loglevel.Level{
	"alert": loglevel.Alert, "crit": loglevel.Crit, "debug": loglevel.Debug, "emerg": loglevel.Emerg,
	"err": loglevel.Error, "error": loglevel.Error, "info": loglevel.Info, "notice": loglevel.Notice, "warning": loglevel.Warning,
}

// The bounds of the reference's table of subsystems.
const (
	subsysNameMax = 63
	subsysMax     = 32
)

// ReadLogging reads the logging section: exec/logconfig.c. Obsolete ways are
// logged as such. The error is an *InputError.
func ReadLogging(env *Env, f *File) (*Logging, error) {
	r := &logReader{reader: reader{env: env, f: f, m: f.Map}}
	l := &Logging{Timestamp: TimestampHiRes, Blackbox: true}
	l.FileLine = r.onOff("logging.fileline", false)
	l.FunctionName = r.onOff("logging.function_name", false)
	if s, err := f.Map.GetString("logging.timestamp"); err == nil {
		switch s {
		case "on":
			l.Timestamp = TimestampOn
		case "hires":
		case "off":
			l.Timestamp = TimestampOff
		default:
			r.bad("unknown value for timestamp", "logging.timestamp")
		}
	}
	l.Blackbox = r.onOff("logging.blackbox", true)

	l.Main = LogTarget{
		ToStderr: true, ToSyslog: true, SyslogFacility: facilities["daemon"],
		SyslogPriority: loglevel.Info, FilePriority: loglevel.Info,
	}
	r.target("logging", &l.Main)
	for key := range f.Map.Iterate("logging.logger_subsys.") {
		sub, item, ok := strings.Cut(strings.TrimPrefix(key, "logging.logger_subsys."), ".")
		if !ok || sub == "" || item != "subsys" {
			continue
		}
		if len(sub) > subsysNameMax || len(l.Subsys) == subsysMax {
			r.bad("unable to create new logging subsystem", key)
		}
		s := LogSubsys{Name: sub, LogTarget: l.Main}
		s.SyslogFacility = facilities["daemon"]
		s.Debug = DebugOff
		r.target("logging.logger_subsys."+sub, &s.LogTarget)
		l.Subsys = append(l.Subsys, s)
	}
	if r.err != nil {
		return nil, r.err
	}
	return l, nil
}

// logReader keeps the first error.
type logReader struct {
	reader
	err *InputError
}

func (r *logReader) bad(text, key string) {
	if r.err == nil {
		r.err = r.fail(text+".", key)
	}
}

func (r *logReader) onOff(key string, def bool) bool {
	s, err := r.m.GetString(key)
	switch {
	case err != nil:
	case s == "on":
		return true
	case s == "off":
		return false
	default:
		r.bad("unknown value for "+strings.TrimPrefix(key, "logging."), key)
	}
	return def
}

func (r *logReader) target(path string, t *LogTarget) {
	r.destination(path, "to_stderr", &t.ToStderr)
	r.destination(path, "to_syslog", &t.ToSyslog)
	if s, err := r.m.GetString(path + ".syslog_facility"); err == nil {
		f, ok := facilities[s]
		if !ok {
			r.bad("unknown syslog facility specified", path+".syslog_facility")
		}
		t.SyslogFacility = f
	}
	if r.str0(path + ".syslog_level") {
		r.obsolete("syslog_level", "syslog_priority")
		r.priority(path+".syslog_level", "unknown syslog level specified", &t.SyslogPriority)
	}
	r.priority(path+".syslog_priority", "unknown syslog priority specified", &t.SyslogPriority)
	if s, err := r.m.GetString(path + ".logfile"); err == nil {
		t.File = s
	}
	if r.str0(path + ".to_file") {
		r.obsolete("to_file", "to_logfile")
		r.destination(path, "to_file", &t.ToFile)
	}
	if path == "logging" && !r.str0(path+".to_logfile") {
		t.ToFile = false // the default wins over the obsolete to_file
	}
	r.destination(path, "to_logfile", &t.ToFile)
	r.priority(path+".logfile_priority", "unknown logfile priority specified", &t.FilePriority)
	if s, err := r.m.GetString(path + ".debug"); err == nil {
		switch s {
		case "trace":
			t.Debug = DebugTrace
		case "on":
			t.Debug = DebugOn
		case "off":
			t.Debug = DebugOff
		default:
			r.bad("unknown value for debug", path+".debug")
		}
	}
}

func (r *logReader) obsolete(key, replacement string) {
	r.env.logf(loglevel.Warning, "Warning: the %s config parameter has been obsoleted. See corosync.conf man page %s directive.", key, replacement)
}

func (r *logReader) destination(path, item string, to *bool) {
	key := path + "." + item
	s, err := r.m.GetString(key)
	switch {
	case err != nil:
	case s == "yes" || s == "on":
		*to = true
	case s == "no" || s == "off":
		*to = false
	default:
		r.bad(fmt.Sprintf("unknown value for %s", item), key)
	}
}

func (r *logReader) priority(key, text string, to *loglevel.Level) {
	s, err := r.m.GetString(key)
	if err != nil {
		return
	}
	p, ok := priorities[strings.ToLower(s)]
	if !ok {
		r.bad(text, key)
		return
	}
	*to = p
}
