package sim

import (
	"fmt"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// nodeLog is what the daemons of a node log.
type nodeLog struct {
	w    *World
	node string
}

// Log has somebody hear what the daemons log, but for what only their authors want to know.
func (w *World) Log(hear func(now time.Time, node string, level loglevel.Level, function, text string)) {
	w.hear = hear
}

func (l nodeLog) Enabled(level loglevel.Level) bool {
	return l.w.hear != nil && level <= loglevel.Debug
}

func (l nodeLog) Logf(level loglevel.Level, format string, args ...any) {
	l.LogfAt(level, "", format, args...)
}

func (l nodeLog) LogfAt(level loglevel.Level, function, format string, args ...any) {
	if l.Enabled(level) {
		l.w.hear(l.w.now, l.node, level, function, fmt.Sprintf(format, args...))
	}
}
