package schema

import (
	"strings"

	"github.com/beevik/etree"
)

// replacement is what 3.0 has instead of an option of 2.10.
type replacement struct {
	what   string // the option's name
	with   string // its new one; "" if there is none
	where  string // the kind of set that it moves to, "" if it stays
	inCase string // only for these values, or operations, with | between
	// as is the new value, "" if it is kept.
	as string
	// unprefixed is what goes from the front of the value; only for values that have it.
	unprefixed string
	hint       string // what else to say
	severe     bool   // a warning
}

func (r *replacement) conditional() bool { return r.inCase != "" || r.unprefixed != "" }

// holds tells whether the replacement's condition is met. Values are compared as the
// reference does, as a part of the list.
func (r *replacement) holds(value string) bool {
	if r.inCase != "" {
		return strings.Contains("|"+r.inCase+"|", "|"+value+"|")
	}
	return strings.HasPrefix(value, r.unprefixed) && !strings.Contains(value, ",")
}

// gone tells whether the option leaves its set.
func (r *replacement) gone() bool { return r.with == "" || r.where != "" }

// replacements are those of one kind of place.
type replacements struct {
	title string // in messages
	list  []replacement
}

// find returns the replacement of an option with a value, or nil: the one whose condition is
// met, or else the one without.
func (rs *replacements) find(what, value string) *replacement {
	var otherwise *replacement
	for i := range rs.list {
		switch r := &rs.list[i]; {
		case r.what != what:
		case !r.conditional():
			otherwise = r
		case r.holds(value):
			return r
		}
	}
	return otherwise
}

// message says what is replaced in the given context.
func (rs *replacements) message(context string, r *replacement) []Message {
	level, label := Debug, "DEBUG: "
	switch {
	case r.severe:
		level, label = Warning, "WARNING: "
	case r.hint != "":
		level, label = Info, "INFO: "
	}
	head := label + rs.title + ": "
	text := head + context + ": " + r.describe()
	said := []Message{{Kind: Transforming, Level: level, Text: text}}
	if r.hint != "" {
		said = append(said, Message{Kind: Transforming, Level: level, Text: head + "... " + r.hint})
	}
	return said
}

func (r *replacement) describe() string {
	var text string
	switch {
	case r.with == "":
		text = "dropping " + r.what
	case r.where != "":
		text = "moving " + r.what + " under " + r.where + " as " + r.with + " unless already defined there"
	case r.with == r.what:
		text = "keeping " + r.what + " as " + r.with
	default:
		text = "renaming " + r.what + " as " + r.with
	}
	if r.as != "" {
		text += ", redefined as " + r.as
		if r.inCase != "" {
			text += ","
		}
	}
	switch {
	case r.inCase != "":
		text += " for matching " + r.inCase
	case r.unprefixed != "":
		text += " for matching " + r.unprefixed + " prefix that will, meanwhile, get dropped"
	}
	return text
}

// rename adds to dst the option with its new name and value.
func (r *replacement) rename(dst, nvpair *etree.Element) {
	c := dst.CreateElement(nvpair.FullTag())
	for i := range nvpair.Attr {
		key, value := nvpair.Attr[i].FullKey(), nvpair.Attr[i].Value
		switch {
		case key == "name":
			value = r.with
		case key == "value" && r.as != "":
			value = r.as
		case key == "value" && r.unprefixed != "":
			value = strings.TrimPrefix(value, r.unprefixed)
		}
		c.CreateAttr(key, value)
	}
}

const (
	hintThreshold   = "migration-threshold in rsc_defaults can be configured instead"
	hintAlerts      = "standalone alerts can be configured instead"
	hintIsolation   = "i.e. resource at hand disabled; isolation wrappers obsoleted with bundle resources"
	hintMigration   = "migration-threshold can be configured instead"
	hintStart       = "only start/promote operation taken into account"
	hintNeverEffect = "was actually never in effect"

	operationDefaults = "op_defaults"
	resourceDefaults  = "rsc_defaults"
	metaAttributes    = "meta_attributes"
	resourceMeta      = "per-resource-meta_attributes"
)

var clusterProperties = &replacements{"Cluster properties", []replacement{
	{what: "cluster-infrastructure", inCase: "heartbeat|openais|classic openais|classic openais (with plugin)|cman",
		hint: "corosync (2+) infrastructure can be used instead, though the value is not of significance"},
	{what: "cluster_recheck_interval", with: "cluster-recheck-interval"},
	{what: "dc_deadtime", with: "dc-deadtime"},
	{what: "default-action-timeout", with: "timeout", where: operationDefaults},
	{what: "default_action_timeout", with: "timeout", where: operationDefaults},
	{what: "default-migration-threshold", hint: hintThreshold},
	{what: "default_migration_threshold", hint: hintThreshold},
	{what: "default-resource-stickiness", with: "resource-stickiness", where: resourceDefaults},
	{what: "default_resource_stickiness", with: "resource-stickiness", where: resourceDefaults},
	{what: "default-resource-failure-stickiness", with: "migration-threshold", where: resourceDefaults,
		inCase: "-INFINITY", as: "1"},
	{what: "default-resource-failure-stickiness", hint: hintThreshold},
	{what: "default_resource_failure_stickiness", with: "migration-threshold", where: resourceDefaults,
		inCase: "-INFINITY", as: "1"},
	{what: "default_resource_failure_stickiness", hint: hintThreshold},
	{what: "election_timeout", with: "election-timeout"},
	{what: "expected-quorum-votes", hint: "corosync (2+) infrastructure tracks quorum on its own"},
	{what: "is-managed-default", with: "is-managed", where: resourceDefaults},
	{what: "is_managed_default", with: "is-managed", where: resourceDefaults},
	{what: "no_quorum_policy", with: "no-quorum-policy"},
	{what: "notification-agent", hint: hintAlerts},
	{what: "notification-recipient", hint: hintAlerts},
	{what: "remove_after_stop", with: "remove-after-stop"},
	{what: "shutdown_escalation", with: "shutdown-escalation"},
	{what: "startup_fencing", with: "startup-fencing"},
	{what: "stonith_action", with: "stonith-action"},
	{what: "stonith_enabled", with: "stonith-enabled"},
	{what: "stop_orphan_actions", with: "stop-orphan-actions"},
	{what: "stop_orphan_resources", with: "stop-orphan-resources"},
	{what: "symmetric_cluster", with: "symmetric-cluster"},
	{what: "transition_idle_timeout", with: "cluster-delay"},
}}

var clusterNode = &replacements{"Cluster node", []replacement{
	{what: "type", with: "type", inCase: "normal", as: "member"},
}}

var resourceInstance = &replacements{"Resource instance_attributes", []replacement{
	{what: "pcmk_arg_map"},
	{what: "pcmk_arg_map", with: "pcmk_host_argument", unprefixed: "port:"},
	{what: "pcmk_list_cmd", with: "pcmk_list_action"},
	{what: "pcmk_monitor_cmd", with: "pcmk_monitor_action"},
	{what: "pcmk_off_cmd", with: "pcmk_off_action"},
	{what: "pcmk_on_cmd", with: "pcmk_on_action"},
	{what: "pcmk_reboot_cmd", with: "pcmk_reboot_action"},
	{what: "pcmk_status_cmd", with: "pcmk_status_action"},
}}

var resourceOptions = &replacements{"Resource meta_attributes", []replacement{
	{what: "isolation", with: "target-role", as: "Stopped", hint: hintIsolation, severe: true},
	{what: "isolation-host", with: "target-role", as: "Stopped", hint: hintIsolation, severe: true},
	{what: "isolation-instance", with: "target-role", as: "Stopped", hint: hintIsolation, severe: true},
	{what: "isolation-wrapper", with: "target-role", as: "Stopped", hint: hintIsolation, severe: true},
	{what: "resource-failure-stickiness", with: "migration-threshold", inCase: "-INFINITY", as: "1"},
	{what: "resource-failure-stickiness", hint: hintMigration},
	{what: "resource_failure_stickiness", with: "migration-threshold", inCase: "-INFINITY", as: "1"},
	{what: "resource_failure_stickiness", hint: hintMigration},
}}

// operationOptions are for attributes and meta attributes of operations; the condition is on the
// operation's name.
var operationOptions = &replacements{"Resources-operation", []replacement{
	{what: "requires", hint: hintStart},
	{what: "requires", with: "requires", inCase: "start|promote", where: metaAttributes},
}}

// operationInstance are for instance attributes of operations.
var operationInstance = &replacements{"Resources-operation instance_attributes", []replacement{
	{what: "requires", hint: hintStart},
	{what: "requires", with: "requires", inCase: "start|promote", where: resourceMeta},
	{what: "interval-origin", with: "interval-origin", where: metaAttributes},
	{what: "start-delay", with: "start-delay", where: metaAttributes},
	{what: "enabled", with: "enabled", where: metaAttributes},
	{what: "on-fail", with: "on-fail", where: metaAttributes},
	{what: "record-pending", with: "record-pending", where: metaAttributes},
	{what: "role", with: "role", where: metaAttributes},
	{what: "timeout", with: "timeout", where: metaAttributes},
}}

var colocations = &replacements{"Constraints-colocation", []replacement{
	{what: "score-attribute", hint: hintNeverEffect},
	{what: "score-attribute-mangle", hint: hintNeverEffect},
}}
