package show

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// listNames are the elements that XML has for lists.
var listNames = map[string]string{
	"Allocation Scores":                             "allocations",
	"Allocation Scores and Utilization Information": "allocations_utilizations",
	"Current cluster status":                        "cluster_status",
	"Executing Cluster Transition":                  "transition",
	"Failed Resource Actions":                       "failures",
	"Full List of Resources":                        "resources",
	"Migration Summary":                             "node_history",
	"Node Attributes":                               "node_attributes",
	"Performing Requested Modifications":            "modifications",
	"Revised Cluster Status":                        "revised_cluster_status",
	"Transition Summary":                            "actions",
	"Utilization Information":                       "utilizations",
}

func listName(heading string) string {
	if name, ok := listNames[heading]; ok {
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
	p.open = append(p.open, e)
	return e
}

// Set adds an attribute to the list that is open, in XML.
func (p *Printer) Set(name, value string) {
	if n := len(p.open); n > 0 && p.open[n-1] != nil {
		p.open[n-1].Set(name, value)
	}
}

// nodesXML is the list of nodes (node_list_xml).
func (p *Printer) nodesXML(ws *status.WorkingSet) {
	p.begin("nodes")
	for _, n := range ws.Nodes {
		e := p.Element("node", "name", n.Name, "id", n.ID)
		for _, a := range []struct {
			name string
			is   bool
		}{
			{"online", n.Online}, {"standby", n.Standby}, {"standby_onfail", n.StandbyOnFail},
			{"maintenance", n.Maintenance}, {"pending", n.Pending}, {"unclean", n.Unclean},
		} {
			e.Set(a.name, strconv.FormatBool(a.is))
		}
		e.Set("health", []string{"red", "yellow", "green"}[min(max(n.HealthColor(), -1), 1)+1])
		if n.Online && !n.IsGuestOrRemote() {
			version, ok := n.Attribute("#feature-set")
			if !ok {
				version = "<3.15.1" // older nodes do not say
			}
			e.Set("feature_set", version)
		}
		e.Set("shutdown", strconv.FormatBool(n.Shutdown))
		e.Set("expected_up", strconv.FormatBool(n.ExpectedUp))
		e.Set("is_dc", strconv.FormatBool(n.IsDC))
		e.Set("resources_running", strconv.Itoa(len(n.Running)))
		e.Set("type", []string{"ping", "member", "remote"}[n.Type])
		if n.IsGuest() {
			e.Set("id_as_resource", n.RemoteResource.Container.ID)
		}
	}
	p.End()
}

func has(r *status.Resource, flag status.ResourceFlags) string { return strconv.FormatBool(r.Is(flag)) }

// resourceXML is a resource with all in it.
func (p resourcePrinter) resourceXML(r *status.Resource) {
	disabled := strconv.FormatBool(r.IsDisabled())
	switch r.Variant {
	case status.Group:
		if len(r.Children) == 0 {
			return
		}
		p.begin("group", "id", r.ID, "number_resources", strconv.Itoa(len(r.Children)),
			"managed", has(r, status.Managed), "disabled", disabled)
	case status.Clone:
		if !slices.ContainsFunc(r.Children, func(c *status.Resource) bool { return !nowhere(c) }) {
			return
		}
		e := p.begin("clone", "id", r.ID, "multi_state", has(r, status.Promotable), "unique", has(r, status.Unique),
			"managed", has(r, status.Managed), "disabled", disabled, "failed", has(r, status.Failed),
			"failure_ignored", has(r, status.FailureIgnored))
		target, ok := r.Meta["target-role"]
		if !ok {
			target, ok = r.Children[0].Meta["target-role"]
		}
		if ok {
			e.Set("target_role", target)
		}
	case status.Bundle:
		p.bundleXML(r)
		return
	default:
		p.primitiveXML(r)
		return
	}
	for _, c := range r.Children {
		if r.Variant == status.Clone && nowhere(c) {
			continue
		}
		p.resourceXML(c)
	}
	p.End()
}

func (p resourcePrinter) bundleXML(r *status.Resource) {
	d := r.BundleData
	if len(d.Replicas) == 0 {
		return
	}
	p.begin("bundle", "id", r.ID, "type", d.Agent.String(), "image", d.Image, "unique", has(r, status.Unique),
		"managed", has(r, status.Managed), "failed", has(r, status.Failed))
	for _, replica := range d.Replicas {
		p.begin("replica", "id", strconv.Itoa(replica.Offset))
		for _, part := range []*status.Resource{replica.IP, replica.Child, replica.Container, replica.Remote} {
			if part != nil {
				p.resourceXML(part)
			}
		}
		p.End()
	}
	p.End()
}

// primitiveXML is a primitive with the nodes that it is active on (pe__resource_xml).
func (p resourcePrinter) primitiveXML(r *status.Resource) {
	name := r.Class + ":" + r.Type
	if r.Provider != "" {
		name = r.Class + ":" + r.Provider + ":" + r.Type
	}
	e := p.begin("resource", "id", r.PrintableID(), "resource_agent", name, "role", p.state(r))
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
	if p.pending && strings.EqualFold(r.PendingTask, status.ActionNameMonitor) {
		e.Set("pending", "Monitoring")
	}
	if r.LockNode != nil {
		e.Set("locked_to", r.LockNode.Name)
	}
	for _, n := range r.Running {
		p.Element("node", "name", n.Name, "id", n.ID, "cached", strconv.FormatBool(n.Online))
	}
	p.End()
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
