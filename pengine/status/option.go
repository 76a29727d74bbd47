package status

import (
	"errors"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// option is a cluster option of the scheduler: its default, and what its values
// have to be.
type option struct {
	name, value string
	valid       func(string) bool // nil for intervals
}

func validBool(s string) bool { _, ok := ParseBool(s); return ok }

func validNumber(s string) bool {
	if equalAny(s, "INFINITY", "+INFINITY", "-INFINITY") {
		return true
	}
	_, ok := LeadingInt(s)
	return ok
}

func oneOf(words ...string) func(string) bool {
	return func(s string) bool { return equalAny(s, words...) }
}

// options are the scheduler's, in the order in which they are checked (pe_opts).
var options = []option{
	{"no-quorum-policy", "stop", oneOf("stop", "freeze", "ignore", "demote", "suicide")},
	{"symmetric-cluster", "true", validBool},
	{"maintenance-mode", "false", validBool},
	{"start-failure-is-fatal", "true", validBool},
	{"enable-startup-probes", "true", validBool},
	{"shutdown-lock", "false", validBool},
	{"shutdown-lock-limit", "0", nil},
	{"stonith-enabled", "true", validBool},
	{"stonith-action", "reboot", oneOf("reboot", "off", "poweroff")},
	{"stonith-timeout", "60s", nil},
	{"have-watchdog", "false", validBool},
	{"concurrent-fencing", "false", validBool},
	{"startup-fencing", "true", validBool},
	{"priority-fencing-delay", "0", nil},
	{"cluster-delay", "60s", nil},
	{"batch-limit", "0", validNumber},
	{"migration-limit", "-1", validNumber},
	{"stop-all-resources", "false", validBool},
	{"stop-orphan-resources", "true", validBool},
	{"stop-orphan-actions", "true", validBool},
	{"remove-after-stop", "false", validBool},
	{"pe-error-series-max", "-1", validNumber},
	{"pe-warn-series-max", "5000", validNumber},
	{"pe-input-series-max", "4000", validNumber},
	{"node-health-strategy", "none", oneOf("none", "migrate-on-red", "only-green", "progressive", "custom")},
	{"node-health-base", "0", validNumber},
	{"node-health-green", "0", validNumber},
	{"node-health-yellow", "0", validNumber},
	{"node-health-red", "-INFINITY", validNumber},
	{"placement-strategy", "default", oneOf("default", "utilization", "minimal", "balanced")},
}

var optionByName = sync.OnceValue(func() map[string]*option {
	m := map[string]*option{}
	for i := range options {
		m[options[i].name] = &options[i]
	}
	return m
})

// Option is the value of a cluster option as it counts: as configured, if that
// is valid, or the default; "" for one that the scheduler does not know
// (pe_pref).
func (ws *WorkingSet) Option(name string) string {
	if value, ok := ws.Config[name]; ok {
		return value
	}
	if o := optionByName()[name]; o != nil {
		return o.value
	}
	return ""
}

// accepts tells whether an option can have a value.
func (ws *WorkingSet) accepts(o option, value string) bool {
	if o.valid != nil {
		return o.valid(value)
	}
	_, err := iso8601.ParseInterval(value)
	if err != nil {
		ws.reportInterval(value, err)
	}
	return err == nil
}

// verifyOptions replaces invalid values by the defaults, and fills in those.
func (ws *WorkingSet) verifyOptions() {
	for _, o := range options {
		value, ok := ws.Config[o.name]
		if ok && !ws.accepts(o, value) {
			ws.At("cluster_option_value").ConfigErrorf("Using default value for cluster option '%s' because '%s' is invalid", o.name, value)
			ok = false
		}
		if !ok {
			ws.Config[o.name] = o.value
		}
	}
}

// optionFlag sets or clears a flag as an option says.
func (ws *WorkingSet) optionFlag(name string, flag ClusterFlags) {
	if IsTrue(ws.Option(name)) {
		ws.Flags |= flag
	} else {
		ws.Flags &^= flag
	}
}

// Interval is a time in milliseconds as crm_parse_interval_spec reads it; 0, with
// a warning, if it is none.
func (ws *WorkingSet) Interval(s string) uint {
	ms, err := iso8601.ParseInterval(s)
	if err != nil {
		ws.reportInterval(s, err)
	}
	return uint(ms)
}

// reportInterval says what is wrong with an interval.
func (ws *WorkingSet) reportInterval(s string, err error) {
	if strings.HasPrefix(s, "P") {
		var e *iso8601.Error
		if _, why := iso8601.ParseDuration(s); errors.As(why, &e) {
			ws.At(e.Where).Logf(loglevel.Error, "%s", e.Text)
		}
	}
	ws.At("crm_parse_interval_spec").Logf(loglevel.Warning, "%v", err)
}

// quorumPolicy reads no-quorum-policy.
func (ws *WorkingSet) quorumPolicy() QuorumPolicy {
	switch strings.ToLower(ws.Option("no-quorum-policy")) {
	case "ignore":
		return NoQuorumIgnore
	case "freeze":
		return NoQuorumFreeze
	case "demote":
		return NoQuorumDemote
	case "suicide":
		if !ws.Flags.Has(FencingEnabled) {
			ws.At("unpack_config").ConfigErrorf("Resetting no-quorum-policy to 'stop' because fencing is disabled")
			return NoQuorumStop
		}
		panicked, _ := attribute(ws.Input, "no-quorum-panic")
		if scanInt(panicked, 0) != 0 || ws.Flags.Has(HaveQuorum) {
			return NoQuorumSuicide
		}
		ws.At("unpack_config").Noticef("Resetting no-quorum-policy to 'stop': cluster has never had quorum")
	}
	return NoQuorumStop
}
