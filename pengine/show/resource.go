package show

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// resourcePrinter prints resources, inactive ones too.
type resourcePrinter struct {
	*Printer
	pending  bool // what is in progress counts as state
	implicit bool // the parts of bundles, too
}

// resource prints a resource and tells whether it had anything to print.
func (p resourcePrinter) resource(r *status.Resource) bool {
	switch r.Variant {
	case status.Group:
		return p.group(r)
	case status.Clone:
		return p.clone(r)
	case status.Bundle:
		return p.bundle(r)
	}
	n := r.Current()
	if n == nil {
		n = r.PendingNode
	}
	return p.primitive(r, r.PrintableID(), n)
}

// nowhere tells whether a resource is active but on no node: so is a group of which
// all that is active is unmanaged and on nodes that are offline. It is not listed
// (pcmk__rsc_filtered_by_node, which finds it on none of the nodes asked for).
func nowhere(r *status.Resource) bool { return len(r.Running) == 0 && r.IsActive(false) }

// primitive prints a primitive under a name (pe__common_output_text).
func (p resourcePrinter) primitive(r *status.Resource, name string, n *status.Node) bool {
	if status.IsTrue(r.Meta["internal_rsc"]) && !p.implicit {
		return false
	}
	p.Item("%s", p.description(r, name, n))
	return true
}

// description is what is said of a primitive: name, agent, state, where, and what
// is peculiar (pcmk__native_output_string).
func (p resourcePrinter) description(r *status.Resource, name string, n *status.Node) string {
	if n == nil {
		n = r.LockNode
	}
	multiple := len(r.Running) > 1
	if multiple {
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
		b.WriteString(" " + p.state(r))
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
	if flags := p.flags(r, n); len(flags) > 0 {
		b.WriteString(" (" + strings.Join(flags, ", ") + ")")
	}
	if multiple {
		if text := r.Element.SelectAttrValue("description", ""); r.Element.SelectAttr("description") != nil {
			b.WriteString(" " + text)
		}
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

func (p resourcePrinter) state(r *status.Resource) string {
	if p.pending {
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
func (p resourcePrinter) flags(r *status.Resource, n *status.Node) (flags []string) {
	if n != nil && !n.Online && n.Unclean {
		flags = append(flags, "UNCLEAN")
	}
	if n != nil && n == r.LockNode {
		flags = append(flags, "LOCKED")
	}
	if p.pending && strings.EqualFold(r.PendingTask, status.ActionNameMonitor) {
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
func (p resourcePrinter) group(r *status.Resource) bool {
	var attrs []string
	if !r.Is(status.Managed) {
		attrs = append(attrs, "unmanaged")
	}
	if r.IsDisabled() {
		attrs = append(attrs, "disabled")
	}
	list := section{p: p.Printer, heading: "Resource Group: " + r.ID + inBrackets(attrs)}
	for _, c := range r.Children {
		list.begin()
		p.resource(c)
	}
	return list.end()
}

func inBrackets(attrs []string) string {
	if len(attrs) == 0 {
		return ""
	}
	return " (" + strings.Join(attrs, ", ") + ")"
}

// bundle prints a bundle, a line for each replica (pe__bundle_text).
func (p resourcePrinter) bundle(r *status.Resource) bool {
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
	list := section{p: p.Printer, heading: heading}
	for _, replica := range d.Replicas {
		list.begin()
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
		p.primitive(shown, name, replica.Container.Current())
	}
	return list.end()
}

// everywhere tells whether the resource and all below it have the flag; any whether
// one has (is_set_recursive).
func everywhere(r *status.Resource, flag status.ResourceFlags, any bool) bool {
	if r.Is(flag) == any {
		return any
	}
	return slices.ContainsFunc(r.Children, func(c *status.Resource) bool { return everywhere(c, flag, any) == any }) == any
}
