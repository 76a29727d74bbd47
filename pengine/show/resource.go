package show

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// resourceList prints the resources, those apart that a list of nodes has had
// (resource_list).
func (v viewer) resourceList(spacer bool) bool {
	byNode, inactive := v.Detail.Has(ByNode), v.Detail.Has(Inactive)
	if byNode && !inactive {
		return false
	}
	list := section{p: v.Printer, heading: "Active Resources", spacer: spacer}
	none := "No active resources"
	switch {
	case byNode:
		list.heading, none = "Inactive Resources", "No inactive resources"
	case inactive:
		list.heading, none = "Full List of Resources", "No resources"
	}
	if v.xml {
		v.Detail &^= Brief
	}
	shown := false
	brief := v.Detail.Has(Brief) && !byNode
	if brief {
		list.begin()
		shown = v.brief(v.filter(v.ws.Resources))
	}
	for _, r := range v.ws.Resources {
		active, partly := r.IsActive(true), r.IsActive(false)
		switch {
		case r.Is(status.Orphan) && !active,
			byNode && active,
			!byNode && brief && r.Variant == status.Primitive,
			!byNode && !partly && !inactive,
			!byNode && v.away(r) && !(brief && r.Variant == status.Primitive):
			continue
		}
		list.begin()
		shown = v.resource(r) || shown
	}
	if !shown && !v.xml {
		list.begin()
		v.Item("%s", none)
	}
	list.end()
	return shown
}

// resource prints a resource and tells whether it had anything to print.
func (v viewer) resource(r *status.Resource) bool {
	if v.xml {
		return v.resourceXML(r)
	}
	if v.hides(r, true) {
		return false
	}
	switch r.Variant {
	case status.Group:
		return v.group(r)
	case status.Clone:
		return v.clone(r)
	case status.Bundle:
		return v.bundle(r)
	}
	n := r.Current()
	if n == nil {
		n = r.PendingNode
	}
	return v.primitive(r, r.PrintableID(), n)
}

// primitive prints a primitive under a name (pe__common_output_text,
// pe__common_output_html).
func (v viewer) primitive(r *status.Resource, name string, n *status.Node) bool {
	if status.IsTrue(r.Meta["internal_rsc"]) && !v.Detail.Has(ImplicitResources) {
		return false
	}
	v.line(span{class(r), v.description(r, name, n)})
	return true
}

// class is what a page shows a primitive as.
func class(r *status.Resource) string {
	switch {
	case !r.Is(status.Managed):
		return "rsc-managed"
	case r.Is(status.Failed), len(r.Running) == 0:
		return "rsc-failed"
	case len(r.Running) > 1:
		return "rsc-multiple"
	case r.Is(status.FailureIgnored):
		return "rsc-failure-ignored"
	}
	return "rsc-ok"
}

// description is what is said of a primitive: name, agent, state, where, and what
// is peculiar (pcmk__native_output_string).
func (v viewer) description(r *status.Resource, name string, n *status.Node) string {
	if n == nil {
		n = r.LockNode
	}
	multiple, only := len(r.Running) > 1, v.Detail.Has(ResourceOnly)
	if multiple || only {
		n = nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\t(%s):\t", name, agent(r))
	if r.Is(status.Orphan) {
		b.WriteString(" ORPHANED")
	}
	if r.Is(status.Failed) {
		b.WriteString(" FAILED")
		if role := displayedRole(r); role > status.RoleUnpromoted {
			b.WriteString(" " + role.String())
		}
	} else {
		b.WriteString(" " + v.state(r))
	}
	if n != nil {
		b.WriteString(" " + n.String())
	}
	if displayedRole(r) == status.RoleStopped {
		where := ""
		if n != nil {
			where = n.Name
		}
		if rc, ok := failedProbe(r, where); ok {
			b.WriteString(" (" + status.ExitText(rc) + ") ")
		}
	}
	if flags := v.flags(r, n); len(flags) > 0 {
		b.WriteString(" (" + strings.Join(flags, ", ") + ")")
	}
	if at := r.Element.SelectAttr("description"); at != nil && (multiple || only) {
		b.WriteString(" " + at.Value)
	}
	if multiple && !only {
		b.WriteString(" " + inList(namesOf(r.Running)))
	}
	return b.String()
}

// agent is the agent's name as the reference writes it.
func agent(r *status.Resource) string {
	known := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	name := known(r.Class) + ":"
	if r.Provider != "" && hasProvider(r.Class) {
		name += r.Provider + ":"
	}
	return name + known(r.Type)
}

// hasProvider tells whether agents of the class have providers
// (pcmk_ra_cap_provider).
func hasProvider(class string) bool { return class == "ocf" }

// displayedRole is the role, started instances of promotable clones counting as
// unpromoted.
func displayedRole(r *status.Resource) status.Role {
	if r.Role == status.RoleStarted && r.Top().Is(status.Promotable) {
		return status.RoleUnpromoted
	}
	return r.Role
}

func (v viewer) state(r *status.Resource) string {
	if v.Detail.Has(Pending) {
		switch strings.ToLower(r.PendingTask) {
		case status.ActionNameStart:
			return "Starting"
		case status.ActionNameStop:
			return "Stopping"
		case status.ActionNameMigrateTo, status.ActionNameMigrateFrom:
			return "Migrating"
		case status.ActionNamePromote:
			return "Promoting"
		case status.ActionNameDemote:
			return "Demoting"
		}
	}
	return displayedRole(r).String()
}

// flags are what is peculiar to a primitive.
func (v viewer) flags(r *status.Resource, n *status.Node) (flags []string) {
	if n != nil && !n.Online && n.Unclean {
		flags = append(flags, "UNCLEAN")
	}
	if n != nil && n == r.LockNode {
		flags = append(flags, "LOCKED")
	}
	if v.Detail.Has(Pending) && strings.EqualFold(r.PendingTask, status.ActionNameMonitor) {
		flags = append(flags, "Monitoring")
	}
	if target, ok := r.Meta["target-role"]; ok {
		switch role := r.WorkingSet().ParseRole(target); {
		case role == status.RoleStopped:
			flags = append(flags, "disabled")
		case role == status.RoleUnpromoted && r.Top().Is(status.Promotable):
			flags = append(flags, "target-role:"+target)
		}
	}
	if r.Is(status.Blocked) {
		flags = append(flags, "blocked")
	} else if !r.Is(status.Managed) {
		flags = append(flags, "unmanaged")
	}
	if r.Is(status.FailureIgnored) {
		flags = append(flags, "failure ignored")
	}
	return flags
}

// failedProbe is the result of a probe of the resource that has failed on the node
// ("" for any) in a way that only says that the agent cannot run there
// (pe__failed_probe_for_rsc).
func failedProbe(r *status.Resource, node string) (rc int, ok bool) {
	id := r.ID
	if r.Variant == status.Clone {
		id = r.CloneData.ChildID
	} else if top := r.Top(); top.Variant == status.Clone {
		id = top.CloneData.ChildID
	}
	for _, f := range r.WorkingSet().Failures {
		on := f.Element.SelectAttr("on_node")
		if !f.MasksProbeFailure() || on == nil || node != "" && !strings.EqualFold(on.Value, node) {
			continue
		}
		if name, _, _, ok := status.ParseKey(f.Key()); ok && name == id {
			return f.RC, true
		}
	}
	return 0, false
}

// group prints a group with its members (pe__group_default).
func (v viewer) group(r *status.Resource) bool {
	var attrs []string
	if !r.IsActive(true) && r.IsActive(false) && !v.Detail.Has(Inactive) {
		idle := 0
		for _, c := range r.Children {
			if !c.IsActive(true) {
				idle++
			}
		}
		if idle > 0 {
			attrs = append(attrs, fmt.Sprintf("%d %s inactive", idle, plural(idle, "member")))
		}
	}
	if !r.Is(status.Managed) {
		attrs = append(attrs, "unmanaged")
	}
	if r.IsDisabled() {
		attrs = append(attrs, "disabled")
	}
	list := section{p: v.Printer, heading: "Resource Group: " + r.ID + inBrackets(attrs)}
	if v.Detail.Has(Brief) {
		if members := v.filter(r.Children); len(members) > 0 {
			list.begin()
			v.with(v.Detail | Inactive).brief(members)
		}
		return list.end()
	}
	for _, c := range r.Children {
		if v.skips(r, c) {
			continue
		}
		list.begin()
		v.resource(c)
	}
	return list.end()
}

// skips tells whether a member of a group is not shown (skip_child_rsc): one that is asked
// for by its own name is, active or not.
func (v viewer) skips(group, member *status.Resource) bool {
	hidden := v.hides(member, false)
	all := len(v.Resources) == 1 && v.Resources[0] == "*"
	if !all && !hidden {
		return false
	}
	return hidden && !v.named(group) || !member.IsActive(false) && !v.Detail.Has(Inactive)
}

func inBrackets(attrs []string) string {
	if len(attrs) == 0 {
		return ""
	}
	return " (" + strings.Join(attrs, ", ") + ")"
}

// bundle prints a bundle, a line for each replica, or each part of it that is wanted
// (pe__bundle_text, pe__bundle_html).
func (v viewer) bundle(r *status.Resource) bool {
	d := r.BundleData
	heading := "Container bundle"
	if d.ReplicaCount > 1 {
		heading += " set"
	}
	heading += ": " + r.ID + " [" + d.Image + "]"
	if r.Is(status.Unique) {
		heading += " (unique)"
	}
	if !r.Is(status.Managed) {
		heading += " (unmanaged)"
	}
	list := section{p: v.Printer, heading: heading}
	whole := v.Resources.has(r.ID)
	for _, replica := range d.Replicas {
		if v.away(replica.Container) {
			continue
		}
		parts := v.shownParts(replica, whole)
		switch {
		case v.Detail.Has(ImplicitResources) || !whole && len(parts) > 0:
			list.begin()
			v.with(v.Detail|ImplicitResources).replica(replica, parts, len(d.Replicas) > 1)
		case whole:
			list.begin()
			v.replicaLine(replica)
		}
	}
	return list.end()
}

// shownParts are the parts of a replica that are not hidden.
func (v viewer) shownParts(replica *status.Replica, whole bool) (parts []*status.Resource) {
	for _, part := range partsOf(replica) {
		if part != nil && !v.hides(part, whole) {
			parts = append(parts, part)
		}
	}
	return parts
}

// replica prints parts of a replica, which has a number if it is one of several.
func (v viewer) replica(replica *status.Replica, parts []*status.Resource, several bool) {
	name := fmt.Sprintf("Replica[%d]", replica.Offset)
	listed := true
	switch {
	case v.page != nil && several:
		v.Begin(name)
	case v.page != nil:
		listed = false
	case several:
		v.Item("%s", name)
		fallthrough
	default:
		v.Begin("")
	}
	for _, part := range parts {
		v.resource(part)
	}
	if listed {
		v.End()
	}
}

func (v viewer) replicaLine(replica *status.Replica) {
	shown := replica.Child
	if shown == nil {
		shown = replica.Container
	}
	name := replica.Container.PrintableID()
	if replica.Remote != nil {
		name = replica.Remote.PrintableID()
	}
	if replica.IPAddress != "" {
		name += " (" + replica.IPAddress + ")"
	}
	v.primitive(shown, name, replica.Container.Current())
}

// everywhere tells whether the resource and all below it have the flag; any whether
// one has (is_set_recursive).
func everywhere(r *status.Resource, flag status.ResourceFlags, any bool) bool {
	if r.Is(flag) == any {
		return any
	}
	return slices.ContainsFunc(r.Children, func(c *status.Resource) bool { return everywhere(c, flag, any) == any }) == any
}
