package pcmktool

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
)

var levelNames = [...]string{"emerg", "alert", "crit", "error", "warning", "notice", "info", "debug", "trace"}

// maxLine is how long a line of the log is at most; one of that length or longer ends in
// an ellipsis (libqb's QB_LOG_MAX_LEN).
const maxLine = 511

// Log is a tool's log on its standard error: nothing without -V, errors with one,
// warnings too with two, and so on; where PCMK_stderr asks for the log, errors are shown without -V
// already (pcmk__cli_init_logging). It is a loglevel.Sited, for what says something in the name of a
// function of the reference.
type Log struct {
	w     io.Writer
	name  string
	least loglevel.Level
}

// NewLog is the log of the tool called name.
func (c *Common) NewLog(name string, stderr io.Writer) *Log {
	l := &Log{w: stderr, name: name, least: -1}
	switch more := loglevel.Level(c.Verbosity); {
	case env.Lookup(os.LookupEnv).Enabled(name, "stderr"):
		l.least = loglevel.Error + more
	case more > 0: // the first turns it on
		l.least = loglevel.Error + more - 1
	}
	return l
}

// Name is the tool's.
func (l *Log) Name() string { return l.name }

// Enabled tells whether lines of a level are shown.
func (l *Log) Enabled(level loglevel.Level) bool { return level <= l.least }

// Print logs what a function of the reference, called where, would.
func (l *Log) Print(level loglevel.Level, where, text string) {
	if l.Enabled(level) {
		l.Always(level, where, text)
	}
}

// Always is Print, for what the reference shows without -V as well.
func (l *Log) Always(level loglevel.Level, where, text string) {
	// libqb takes this for where what is only for the log of details begins.
	text = strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\a", "|")
	line := fmt.Sprintf("(%s) \t%s: %s", where, levelNames[level], text)
	if len(line) >= maxLine {
		const ellipsis = "..."
		line = line[:maxLine-len(ellipsis)] + ellipsis
	}
	fmt.Fprintln(l.w, line)
}

// LogfAt is Print with a format.
func (l *Log) LogfAt(level loglevel.Level, where, format string, args ...any) {
	if l.Enabled(level) {
		l.Print(level, where, fmt.Sprintf(format, args...))
	}
}

// Logf is LogfAt in no known function.
func (l *Log) Logf(level loglevel.Level, format string, args ...any) {
	l.LogfAt(level, "", format, args...)
}

// Exit logs that the tool ends, and is its status.
func (l *Log) Exit(code crmexit.Code) int {
	l.Print(loglevel.Info, "crm_exit", fmt.Sprintf("Exiting %s | with status %d", l.name, int(code)))
	return int(code)
}
