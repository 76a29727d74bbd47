package show

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// listNames are the elements that XML has for lists.
var listNames = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"Active Resources":  "resources",
		"Allocation Scores": "allocations",
		"Allocation Scores and Utilization Information": "allocations_utilizations",
		"Cluster Summary":                    "summary",
		"Current cluster status":             "cluster_status",
		"Executing Cluster Transition":       "transition",
		"Failed Resource Actions":            "failures",
		"Fencing History":                    "fence_history",
		"Full List of Resources":             "resources",
		"Inactive Resources":                 "resources",
		"Migration Summary":                  "node_history",
		"Negative Location Constraints":      "bans",
		"Node Attributes":                    "node_attributes",
		"Operations":                         "node_history",
		"Performing Requested Modifications": "modifications",
		"Revised Cluster Status":             "revised_cluster_status",
		"Transition Summary":                 "actions",
		"Utilization Information":            "utilizations",
	}
})

func listName(heading string) string {
	if name, ok := listNames()[heading]; ok {
		return name
	}
	return strings.ReplaceAll(strings.ToLower(heading), " ", "-")
}

// Element adds an element to the list or element that is open; there is none, and
// the result is nil, in output that is no XML. Attributes are names and values.
func (p *Printer) Element(name string, attributes ...string) *pcmktool.Element {
	if n := len(p.open); n > 0 && p.open[n-1] != nil {
		return p.open[n-1].Add(name, attributes...)
	}
	return p.out.Element(name, attributes...)
}

// begin adds an element and opens it.
func (p *Printer) begin(name string, attributes ...string) *pcmktool.Element {
	e := p.Element(name, attributes...)
	p.push(e)
	return e
}

// Set adds an attribute to the list that is open, in XML.
func (p *Printer) Set(name, value string) {
	if n := len(p.open); n > 0 && p.open[n-1] != nil {
		p.open[n-1].Set(name, value)
	}
}

func has(r *status.Resource, flag status.ResourceFlags) string { return strconv.FormatBool(r.Is(flag)) }

// resourceXML is a resource with all in it that is shown, if there is any.
func (v viewer) resourceXML(r *status.Resource) bool {
	if v.hides(r, true) {
		return false
	}
	switch r.Variant {
	case status.Group:
		return v.groupXML(r)
	case status.Clone:
		return v.cloneXML(r)
	case status.Bundle:
		return v.bundleXML(r)
	}
	v.primitiveXML(r)
	return true
}

func (v viewer) groupXML(r *status.Resource) bool {
	members := slices.DeleteFunc(slices.Clone(r.Children), func(c *status.Resource) bool { return v.skips(r, c) })
	if len(members) == 0 {
		return false
	}
	v.begin("group", "id", r.ID, "number_resources", strconv.Itoa(len(r.Children)),
		"managed", has(r, status.Managed), "disabled", strconv.FormatBool(r.IsDisabled()))
	for _, c := range members {
		v.resourceXML(c)
	}
	v.pop()
	return true
}

func (v viewer) cloneXML(r *status.Resource) bool {
	whole := v.named(r)
	instances := slices.DeleteFunc(slices.Clone(r.Children), func(c *status.Resource) bool { return v.away(c) || v.hides(c, whole) })
	if len(instances) == 0 {
		return false
	}
	e := v.begin("clone", "id", r.ID, "multi_state", has(r, status.Promotable), "unique", has(r, status.Unique),
		"managed", has(r, status.Managed), "disabled", strconv.FormatBool(r.IsDisabled()), "failed", has(r, status.Failed),
		"failure_ignored", has(r, status.FailureIgnored))
	target, ok := r.Meta["target-role"]
	if !ok {
		target, ok = r.Children[0].Meta["target-role"]
	}
	if ok {
		e.Set("target_role", target)
	}
	for _, c := range instances {
		v.everything().resourceXML(c)
	}
	v.pop()
	return true
}

func (v viewer) bundleXML(r *status.Resource) bool {
	d := r.BundleData
	begun := false
	whole := v.Resources.has(r.ID)
	for _, replica := range d.Replicas {
		parts := v.shownParts(replica, whole)
		if v.away(replica.Container) || !whole && len(parts) == 0 {
			continue
		}
		if !begun {
			begun = true
			v.begin("bundle", "id", r.ID, "type", d.Agent.String(), "image", d.Image, "unique", has(r, status.Unique),
				"managed", has(r, status.Managed), "failed", has(r, status.Failed))
		}
		v.begin("replica", "id", strconv.Itoa(replica.Offset))
		for _, part := range parts {
			v.resourceXML(part)
		}
		v.pop()
	}
	if begun {
		v.pop()
	}
	return begun
}

// primitiveXML is a primitive with the nodes that it is active on (pe__resource_xml).
func (v viewer) primitiveXML(r *status.Resource) {
	name := r.Class + ":" + r.Type
	if r.Provider != "" {
		name = r.Class + ":" + r.Provider + ":" + r.Type
	}
	e := v.begin("resource", "id", r.PrintableID(), "resource_agent", name, "role", v.state(r))
	if target, ok := r.Meta["target-role"]; ok {
		e.Set("target_role", target)
	}
	e.Set("active", strconv.FormatBool(r.IsActive(true)))
	e.Set("orphaned", has(r, status.Orphan))
	e.Set("blocked", has(r, status.Blocked))
	e.Set("managed", has(r, status.Managed))
	e.Set("failed", has(r, status.Failed))
	e.Set("failure_ignored", has(r, status.FailureIgnored))
	e.Set("nodes_running_on", strconv.Itoa(len(r.Running)))
	if v.Detail.Has(Pending) && strings.EqualFold(r.PendingTask, status.ActionNameMonitor) {
		e.Set("pending", "Monitoring")
	}
	if r.LockNode != nil {
		e.Set("locked_to", r.LockNode.Name)
	}
	for _, n := range r.Running {
		v.Element("node", "name", n.Name, "id", n.ID, "cached", strconv.FormatBool(n.Online))
	}
	v.pop()
}

// recordXML is a score or an amount (node_weight_xml and its likes).
func (p *Printer) recordXML(r status.Record) {
	switch r.Kind {
	case status.RecordScore:
		p.Element("node_weight", "function", r.Function, "node", r.Node, "score", status.FormatScore(r.Score), "id", r.Resource)
		return
	case status.RecordPromotion:
		e := p.Element("promotion_score", "id", r.Resource, "score", status.FormatScore(r.Score))
		if r.Node != "" {
			e.Set("node", r.Node)
		}
		return
	}
	var e *pcmktool.Element
	if r.Kind == status.RecordCapacity {
		e = p.Element("capacity", "node", r.Node, "comment", r.Function)
	} else {
		e = p.Element("utilization", "resource", r.Resource, "node", r.Node, "function", r.Function)
	}
	for _, v := range r.Values {
		e.Add(v[0]).SetText(v[1])
	}
}

// itemXML is an item of a transition's summary (rsc_action_item_xml).
func (p *Printer) itemXML(change string, r *status.Resource, from, to *status.Node, reason string, blocked bool) {
	needRole := r.Role > status.RoleStarted || r.NextRole > status.RoleUnpromoted
	sameHost := from != nil && from == to
	sameRole := r.Role == r.NextRole
	role, nextRole := r.Role.String(), r.NextRole.String()
	e := p.Element("rsc_action", "action", strings.ToLower(change), "resource", r.ID)
	set := func(pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			e.Set(pairs[i], pairs[i+1])
		}
	}
	switch {
	case needRole && from == nil:
		set("role", role, "next-role", nextRole, "dest", to.Name)
	case from == nil:
		set("node", to.Name)
	case needRole && to == nil:
		set("role", role, "node", from.Name)
	case to == nil:
		set("node", from.Name)
	case needRole && sameRole && sameHost:
		set("role", role, "source", from.Name)
	case sameRole && sameHost:
		set("source", from.Name)
	case needRole && sameRole:
		set("source", from.Name, "dest", to.Name, "role", role)
	case sameRole:
		set("source", from.Name, "dest", to.Name)
	case sameHost:
		set("role", role, "next-role", nextRole, "source", from.Name)
	default:
		set("role", role, "source", from.Name, "next-role", nextRole, "dest", to.Name)
	}
	if reason != "" {
		e.Set("reason", reason)
	}
	if blocked {
		e.Set("blocked", "true")
	}
}
