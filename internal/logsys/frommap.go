package logsys

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Notice is a line that reading the configuration gives rise to, for MAIN.
type Notice struct {
	Level loglevel.Level
	Text  string
}

// FromMap reads the configuration out of the logging. keys, at start and
// whenever one of them has changed (exec/logconfig.c). The error's text is what
// follows "parse error in config: " in the reference.
//
// One oddity is kept on purpose, for a node must log alike after a swap: a
// logger_subsys section without syslog_facility sets the facility of all back
// to daemon. Sections are read in order of their keys.
func FromMap(m *icmap.Map) (Config, []Notice, error) {
	r := mapReader{m: m, c: Default()}
	r.c.FileLine = r.onOff("logging.fileline", false)
	r.c.FunctionName = r.onOff("logging.function_name", false)
	r.timestamp()
	r.c.Blackbox = r.onOff("logging.blackbox", true)

	r.flag("logging.to_stderr", &r.c.Stderr)
	r.flag("logging.to_syslog", &r.c.Syslog)
	r.facility("logging.")
	if l, ok := r.syslogPriority("logging."); ok {
		r.c.SyslogPriority = l
	}
	r.c.Logfile, _ = r.str("logging.logfile")
	r.logfileFlags("logging.", &r.c.File)
	if l, ok := r.priority("logging.logfile_priority", "unknown logfile priority specified"); ok {
		r.c.LogfilePriority = l
	}
	r.c.Debug = r.debug("logging.debug")

	const prefix = "logging.logger_subsys."
	for key := range m.Iterate(prefix) {
		name, item, ok := strings.Cut(key[len(prefix):], ".")
		if ok && item == "subsys" {
			r.subsys(prefix+name+".", name)
		}
	}
	if r.err != nil {
		return Config{}, r.notes, r.err
	}
	return r.c, r.notes, nil
}

// mapReader keeps the first error.
type mapReader struct {
	m     *icmap.Map
	c     Config
	notes []Notice
	err   error
}

func (r *mapReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *mapReader) str(key string) (string, bool) {
	s, err := r.m.GetString(key)
	return s, err == nil
}

// last is the key's last part, as the texts of errors name it.
func last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

func (r *mapReader) onOff(key string, def bool) bool {
	switch v, ok := r.str(key); {
	case !ok:
		return def
	case v == "on":
		return true
	case v == "off":
		return false
	}
	r.fail("unknown value for %s", last(key))
	return def
}

// flag is a destination: yes, on, no or off.
func (r *mapReader) flag(key string, to *bool) bool {
	switch v, ok := r.str(key); {
	case !ok:
		return false
	case v == "yes" || v == "on":
		*to = true
	case v == "no" || v == "off":
		*to = false
	default:
		r.fail("unknown value for %s", last(key))
	}
	return true
}

func (r *mapReader) warn(format string, args ...any) {
	r.notes = append(r.notes, Notice{loglevel.Warning, fmt.Sprintf(format, args...)})
}

// logfileFlags reads to_file, which to_logfile has replaced, and to_logfile.
// A main section without to_logfile has it off whatever to_file says.
func (r *mapReader) logfileFlags(path string, to *bool) bool {
	old := r.flag(path+"to_file", to)
	if old {
		r.warn("Warning: the to_file config parameter has been obsoleted." +
			" See corosync.conf man page to_logfile directive.")
	}
	now := r.flag(path+"to_logfile", to)
	if !now && path == "logging." {
		*to = false
	}
	return old || now
}

func (r *mapReader) timestamp() {
	switch v, ok := r.str("logging.timestamp"); {
	case !ok || v == "hires":
		r.c.Timestamp = TimestampHires
	case v == "on":
		r.c.Timestamp = TimestampOn
	case v == "off":
		r.c.Timestamp = TimestampOff
	default:
		r.fail("unknown value for timestamp")
	}
}

func (r *mapReader) facility(path string) {
	r.c.Facility = DefaultFacility
	if v, ok := r.str(path + "syslog_facility"); ok {
		f, known := ParseFacility(v)
		if !known {
			r.fail("unknown syslog facility specified")
		}
		r.c.Facility = f
	}
}

func (r *mapReader) priority(key, complaint string) (loglevel.Level, bool) {
	v, ok := r.str(key)
	if !ok {
		return 0, false
	}
	l, known := ParsePriority(v)
	if !known {
		r.fail("%s", complaint)
	}
	return l, true
}

// syslogPriority reads syslog_level, which syslog_priority has replaced, and
// that. In the main section only the new name counts: when it is missing the
// default is set after the old one has been read.
func (r *mapReader) syslogPriority(path string) (loglevel.Level, bool) {
	old, okOld := r.priority(path+"syslog_level", "unknown syslog level specified")
	if okOld {
		r.warn("Warning: the syslog_level config parameter has been obsoleted." +
			" See corosync.conf man page syslog_priority directive.")
	}
	if l, ok := r.priority(path+"syslog_priority", "unknown syslog priority specified"); ok {
		return l, true
	}
	return old, okOld && path != "logging."
}

func (r *mapReader) debug(key string) Debug {
	switch v, ok := r.str(key); {
	case !ok || v == "off":
		return DebugOff
	case v == "on":
		return DebugOn
	case v == "trace":
		return DebugTrace
	}
	r.fail("unknown value for debug")
	return DebugOff
}

func (r *mapReader) subsys(path, name string) {
	var s Subsys
	var ignored bool
	r.flag(path+"to_stderr", &ignored)
	r.flag(path+"to_syslog", &ignored)
	r.facility(path)
	if l, ok := r.syslogPriority(path); ok {
		s.SyslogPriority = &l
	}
	if f, ok := r.str(path + "logfile"); ok {
		s.Logfile = &f
	}
	var file bool
	if r.logfileFlags(path, &file) {
		s.File = &file
	}
	if l, ok := r.priority(path+"logfile_priority", "unknown logfile priority specified"); ok {
		s.LogfilePriority = &l
	}
	s.Debug = r.debug(path + "debug")
	if r.c.Subsys == nil {
		r.c.Subsys = map[string]Subsys{}
	}
	r.c.Subsys[name] = s
}

// ErrConfig wraps FromMap's and Configure's errors in the reference's words,
// line end included, for standard error and syslog.
func ErrConfig(err error) error {
	if err == nil {
		return nil
	}
	return errors.New("parse error in config: " + err.Error() + ".\n")
}
