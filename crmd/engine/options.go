package engine

import (
	"strconv"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// options are the cluster's that the controller itself follows; those of the transitioner go on
// to it.
type options struct {
	election     time.Duration // election-timeout
	escalation   time.Duration // shutdown-escalation
	recheck      time.Duration // cluster-recheck-interval; 0 for never
	shutdownLock bool
	clusterName  string
	// suicide is no-quorum-policy=suicide on a node with SBD.
	suicide bool
}

func defaultOptions() options {
	return options{election: firstElection, escalation: 20 * time.Minute}
}

// values has the value of each option of the controller, the default where none is set or what is
// set is no value.
type values map[string]string

// defaults are the options with their defaults and what is a value (controller_options).
var defaults = []struct {
	name, old, value string
	valid            func(string) bool
}{
	{"dc-deadtime", "", "20s", isInterval},
	{"cluster-recheck-interval", "", "15min", isInterval},
	{"load-threshold", "", "80%", isPercentage},
	{"node-action-limit", "", "0", isNumber},
	{"fence-reaction", "", "stop", nil},
	{"election-timeout", "", "2min", isInterval},
	{"shutdown-escalation", "", "20min", isInterval},
	{"join-integration-timeout", "crmd-integration-timeout", "3min", isInterval},
	{"join-finalization-timeout", "crmd-finalization-timeout", "30min", isInterval},
	{"transition-delay", "crmd-transition-delay", "0s", isInterval},
	{"stonith-watchdog-timeout", "", "0", nil},
	{"stonith-max-attempts", "", "10", isPositive},
	{"no-quorum-policy", "", "stop", isPolicy},
	{"shutdown-lock", "", "false", isBoolean},
}

func isInterval(s string) bool {
	_, err := iso8601.ParseInterval(s)
	return err == nil
}

func isNumber(s string) bool {
	if fold(s, "INFINITY") || fold(s, "-INFINITY") || fold(s, "+INFINITY") {
		return true
	}
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

func isPositive(s string) bool {
	if fold(s, "INFINITY") {
		return true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0
}

func isPercentage(s string) bool {
	_, rest := leadingNumber(s)
	return rest == "%"
}

func isBoolean(s string) bool {
	if isTrue(s) {
		return true
	}
	for _, no := range [...]string{"false", "off", "no", "n", "0"} {
		if fold(s, no) {
			return true
		}
	}
	return false
}

func isPolicy(s string) bool {
	for _, p := range [...]string{"stop", "freeze", "ignore", "demote", "suicide"} {
		if fold(s, p) {
			return true
		}
	}
	return false
}

// readOptions asks for the options and alerts (crm_read_options).
func (c *Controller) readOptions() {
	c.ask(call.Request{Op: ops.Query, Section: "//crm_config | //alerts", Options: call.XPath | call.ScopeLocal}, c.configured)
}

// configured takes options and alerts (config_query_callback).
func (c *Controller) configured(answer *etree.Element, err error) {
	const function = "config_query_callback"
	if err != nil {
		rc := rcOf(err)
		c.logf(loglevel.Error, function, "Local CIB query resulted in an error: %v", rc)
		c.fail(fsa.IError, nil, function)
		if rc == errAccess || rc == crmexit.RCSchemaValidation {
			c.logf(loglevel.Error, function, "The cluster is mis-configured - shutting down and staying down")
			c.set(stayDown)
		}
		return
	}
	config := answer
	if config != nil && config.Tag != "crm_config" {
		config = config.SelectElement("crm_config")
	}
	if config == nil {
		c.logf(loglevel.Error, function, "Local CIB query for crm_config section failed")
		c.fail(fsa.IError, nil, function)
		return
	}
	now := iso8601.FromTime(c.now)
	set := map[string]string{}
	rules.NewDocument(config).Sets(config, "cluster_property_set").Apply(set, &rules.Input{Now: now, Clock: now}, rules.Options{First: firstSet}, nil)
	if timeout, ok := set["stonith-watchdog-timeout"]; ok {
		c.host.CheckWatchdog(timeout)
	}
	c.follow(c.validate(set))
	c.options.clusterName = set["cluster-name"]

	c.alerts = nil
	if section := answer.SelectElement("alerts"); section != nil {
		c.alerts = alert.Read(section, now, c.log)
	}
	c.set(configRead)
	c.trigger()
}

// validate completes options by their defaults (pcmk__validate_cluster_options).
func (c *Controller) validate(set map[string]string) values {
	const function = "cluster_option_value"
	out := values{}
	for _, d := range defaults {
		value, ok := set[d.name]
		if !ok && d.old != "" {
			if value, ok = set[d.old]; ok {
				c.logf(loglevel.Warning, function, "Support for legacy name '%s' for cluster option '%s' is deprecated and will be removed in a future release", d.old, d.name)
			}
		}
		switch {
		case !ok:
			value = d.value
		case d.valid != nil && !d.valid(value):
			c.logf(loglevel.Warning, function, "Using default value for %s because '%s' is not valid", d.name, value)
			value = d.value
		}
		out[d.name] = value
	}
	return out
}

// duration is the value of an option that is a time.
func (o values) duration(name string) time.Duration {
	ms, err := iso8601.ParseInterval(o[name])
	if err != nil {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// share is the value of an option that is a percentage.
func (o values) share(name string) float64 {
	n, _ := leadingNumber(o[name])
	return float64(n) / 100
}

// attempts is the value of an option that is a number or INFINITY.
func (o values) attempts(name string) int {
	if fold(o[name], "INFINITY") {
		return infinity
	}
	n, err := strconv.Atoi(o[name])
	if err != nil {
		return 0
	}
	return n
}

// follow puts options into effect.
func (c *Controller) follow(o values) {
	const function = "config_query_callback"
	c.timers[dcTimer].period = o.duration("dc-deadtime")
	c.timers[escalationTimer].period = o.duration("shutdown-escalation")
	c.timers[integrationTimer].period = o.duration("join-integration-timeout")
	c.timers[finalizationTimer].period = o.duration("join-finalization-timeout")
	c.options.escalation = o.duration("shutdown-escalation")
	c.options.election = o.duration("election-timeout")
	c.options.recheck = o.duration("cluster-recheck-interval")
	c.options.shutdownLock = isTrue(o["shutdown-lock"])
	if fold(o["no-quorum-policy"], "suicide") && c.host.Watchdog() { // it stays so
		c.options.suicide = true
	}
	c.logf(loglevel.Debug, function, "Shutdown escalation occurs if DC has not responded to request in %dms", c.options.escalation.Milliseconds())
	c.logf(loglevel.Debug, function, "Re-run scheduler after %dms of inactivity", c.options.recheck.Milliseconds())
	c.te.SetOptions(te.Options{
		TransitionDelay: o.duration("transition-delay"), NodeActionLimit: o["node-action-limit"], LoadThreshold: o.share("load-threshold"),
		FencingAttempts: o.attempts("stonith-max-attempts"), FenceReaction: o["fence-reaction"],
	})
}
