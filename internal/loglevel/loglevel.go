// Package loglevel names the severities that corosync logs with, for code that
// says something without knowing where it goes.
package loglevel

// Level is a syslog priority, as in syslog(3); a smaller number is graver.
// Trace is below Debug, as in libqb.
type Level int

// The levels of syslog(3), and libqb's trace.
const (
	Emerg Level = iota
	Alert
	Crit
	Error
	Warning
	Notice
	Info
	Debug
	Trace
)

// Logger takes a line of one subsystem. It never blocks: a line is formatted
// and handed over, or dropped and counted.
type Logger interface {
	// Enabled tells whether a line of this level goes anywhere, so that its
	// arguments need not be made.
	Enabled(Level) bool
	Logf(level Level, format string, args ...any)
}

// Sited is a Logger that also takes the name of the function that says something,
// for those whose output has it.
type Sited interface {
	Logger
	LogfAt(level Level, function, format string, args ...any)
}

// LogfAt logs a line of a function's; one that is no Sited does without the name.
func LogfAt(l Logger, level Level, function, format string, args ...any) {
	if s, ok := l.(Sited); ok {
		s.LogfAt(level, function, format, args...)
		return
	}
	l.Logf(level, format, args...)
}

// Discard is a Logger that drops everything.
var Discard Logger = discard{}

type discard struct{}

func (discard) Enabled(Level) bool         { return false }
func (discard) Logf(Level, string, ...any) {}
