package watchdog

import (
	"math"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/env"
)

// SBDTimeout is how long after its last sign of life SBD's watchdog resets the node; below 0 if
// nobody has said (pcmk__get_sbd_timeout).
func SBDTimeout(env env.Lookup) time.Duration {
	value, _ := env("SBD_WATCHDOG_TIMEOUT")
	return milliseconds(value)
}

// Auto is how long it takes until that has certainly happened; 0 if nobody can tell
// (pcmk__auto_watchdog_timeout).
func Auto(env env.Lookup) time.Duration { return 2 * max(0, SBDTimeout(env)) }

// milliseconds is a time, below 0 if it is none.
func milliseconds(text string) time.Duration {
	const most = math.MaxInt64 / 2 / int64(time.Millisecond)
	ms, ok := iso8601.ParseMilliseconds(text)
	if !ok {
		return -time.Millisecond
	}
	return time.Duration(min(ms, most)) * time.Millisecond
}

// Valid tells whether a node may go on with a stonith-watchdog-timeout, where others rely on its
// watchdog: SBD has to run here, and to be faster. The log has why not, and the daemon has to end for good
// then (pcmk__valid_sbd_timeout). sbd is SBD's process, 0 if there is none.
func Valid(value string, env env.Lookup, sbd int, log loglevel.Logger) bool {
	const function = "pcmk__valid_sbd_timeout"
	say := func(level loglevel.Level, format string, args ...any) {
		loglevel.LogfAt(log, level, function, format, args...)
	}
	timeout := milliseconds(value)
	if timeout < 0 {
		timeout = Auto(env)
		say(loglevel.Debug, "Using calculated value %d for stonith-watchdog-timeout (%s)", timeout.Milliseconds(), value)
	}
	own := SBDTimeout(env).Milliseconds()
	switch {
	case timeout == 0:
		say(loglevel.Debug, "Watchdog may be enabled but stonith-watchdog-timeout is disabled (%s)", value)
	case sbd == 0:
		say(loglevel.Emerg, "Shutting down: stonith-watchdog-timeout configured (%s) but SBD not active", value)
		return false
	case timeout.Milliseconds() < own:
		say(loglevel.Emerg, "Shutting down: stonith-watchdog-timeout (%s) too short (must be >%dms)", value, own)
		return false
	default:
		say(loglevel.Info, "Watchdog configured with stonith-watchdog-timeout %s and SBD timeout %dms", value, own)
	}
	return true
}
