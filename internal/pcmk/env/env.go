// Package env reads the options that Pacemaker's daemons and tools take from the
// environment, which the service's unit fills from /etc/default/pacemaker: each has the
// prefix PCMK_ or, as in Heartbeat's days, HA_ (pcmk__env_option of
// lib/common/options.c). Any daemon or tool imports it.
package env

import "strings"

// Lookup tells the value of a variable, as os.LookupEnv does.
type Lookup func(name string) (value string, ok bool)

// Option is the value of an option, named without its prefix: "logfile".
func (l Lookup) Option(name string) (value string, ok bool) {
	for _, prefix := range []string{"PCMK_", "HA_"} {
		if value, ok = l(prefix + name); ok {
			return value, true
		}
	}
	return "", false
}

// Enabled tells whether an option is on for a daemon: it is true, or a list with the
// daemon's name (pcmk__env_option_enabled).
func (l Lookup) Enabled(daemon, name string) bool {
	value, ok := l.Option(name)
	if !ok {
		return false
	}
	return IsTrue(value) || strings.Contains(value, daemon)
}

// IsTrue tells whether a value is one of those that stand for yes (crm_is_true).
func IsTrue(value string) bool {
	switch strings.ToLower(value) {
	case "true", "on", "yes", "y", "1":
		return true
	}
	return false
}
