package pcmktool

import (
	"fmt"
	"io"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Level is how much a log message matters: a number of syslog.
type Level int

// The levels that tools show.
const (
	Error   Level = 3
	Warning Level = 4
	Notice  Level = 5
	Info    Level = 6
)

var levelNames = map[Level]string{Error: "error", Warning: "warning", Notice: "notice", Info: "info"}

// Log is a tool's log on its standard error: nothing without -V, errors with one,
// warnings too with two, and so on (pcmk__cli_init_logging).
type Log struct {
	w     io.Writer
	name  string
	least Level
}

// NewLog is the log of the tool called name.
func (c *Common) NewLog(name string, stderr io.Writer) *Log {
	const base = 2
	l := &Log{w: stderr, name: name}
	if c.Verbosity > 0 {
		l.least = Level(base + c.Verbosity)
	}
	return l
}

// Print logs what a function of the reference, called where, would.
func (l *Log) Print(level Level, where, text string) {
	if level <= l.least {
		l.Always(level, where, text)
	}
}

// Always is Print, for what the reference shows without -V as well.
func (l *Log) Always(level Level, where, text string) {
	fmt.Fprintf(l.w, "(%s) \t%s: %s\n", where, levelNames[level], text)
}

// Exit logs that the tool ends, and is its status.
func (l *Log) Exit(code crmexit.Code) int {
	l.Print(Info, "crm_exit", fmt.Sprintf("Exiting %s | with status %d", l.name, int(code)))
	return int(code)
}
