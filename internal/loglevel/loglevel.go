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

// Discard is a Logger that drops everything.
var Discard Logger = discard{}

type discard struct{}

func (discard) Enabled(Level) bool         { return false }
func (discard) Logf(Level, string, ...any) {}
