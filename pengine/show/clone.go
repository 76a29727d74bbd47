package show

import (
	"maps"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// clone prints a clone: instances that are peculiar one by one, the others by their
// nodes (pe__clone_default).
func (v viewer) clone(r *status.Resource) bool {
	list := section{p: v.Printer, heading: cloneHeading(r)}
	var promoted, started []*status.Node
	stopped := map[string]string{} // states, by node or instance
	whole := v.named(r)
	for _, c := range r.Children {
		if v.away(c) || v.hides(c, whole) {
			continue
		}
		place := v.placeInstance(r, c)
		if place == alone || v.Detail.Has(CloneDetail) {
			list.begin()
			v.everything().resource(c)
		}
		switch place {
		case among:
			if n := c.Place(status.WhereRunning); c.CurrentRole() > status.RoleUnpromoted {
				promoted = append(promoted, n)
			} else {
				started = append(started, n)
			}
		case inactive:
			stopped[c.ID] = "Stopped"
		}
	}
	if v.Detail.Has(CloneDetail) {
		list.end()
		return true
	}
	elsewhere := func(n *status.Node) bool { return !v.Nodes.hasNode(n) }
	promoted, started = slices.DeleteFunc(promoted, elsewhere), slices.DeleteFunc(started, elsewhere)
	if len(promoted) > 0 {
		list.begin()
		v.Item("Promoted: %s", inList(namesOf(byName(promoted))))
	}
	if len(started) > 0 {
		list.begin()
		v.Item("%s: %s", startedHeading(r), inList(namesOf(byName(started))))
	}
	if v.Detail.Has(Inactive) {
		v.stoppedInstances(r, &list, stopped, len(promoted)+len(started))
	}
	return list.end()
}

// stoppedInstances prints where a clone is not active, or which instances are not if
// it has as many as it may.
func (v viewer) stoppedInstances(r *status.Resource, list *section, stopped map[string]string, active int) {
	if !r.Is(status.Unique) && r.CloneData.Max > active {
		stopped = v.stoppedNodes(r)
	}
	states := slices.Collect(maps.Values(stopped))
	slices.Sort(states)
	for _, state := range slices.Compact(states) {
		list.begin()
		var where []string
		for name, s := range stopped {
			if s == state {
				where = append(where, name)
			}
		}
		v.Item("%s: %s", state, inList(sortedNames(where)))
	}
	if len(stopped) == 0 && active == 0 {
		list.begin()
	}
}

// placement is how an instance is shown.
type placement int

const (
	hidden placement = iota
	alone
	among
	inactive
)

func (v viewer) placeInstance(clone, c *status.Resource) placement {
	active := c.IsActive(false)
	switch {
	case clone.Is(status.Unique) && (active || !clone.Is(status.Orphan)):
		return alone
	case clone.Is(status.Unique):
		return hidden
	case v.Detail.Has(Pending) && c.PendingTask != "" && c.PendingTask != "probe":
		return alone
	case !active && c.Is(status.Orphan):
		return hidden
	case !active:
		return inactive
	case everywhere(c, status.Orphan, true) || !everywhere(c, status.Managed, false) || everywhere(c, status.Failed, true):
		return alone
	case !c.IsActive(true):
		return alone
	}
	n := c.Place(status.WhereRunning)
	if n == nil || !n.Online && n.Unclean {
		return alone
	}
	return among
}

func cloneHeading(r *status.Resource) string {
	var attrs []string
	for _, a := range []struct {
		name string
		is   bool
	}{
		{"promotable", r.Is(status.Promotable)}, {"unique", r.Is(status.Unique)},
		{"unmanaged", !r.Is(status.Managed)}, {"disabled", r.IsDisabled()},
	} {
		if a.is {
			attrs = append(attrs, a.name)
		}
	}
	return "Clone Set: " + r.ID + " [" + r.CloneData.ChildElement.SelectAttrValue("id", "") + "]" + inBrackets(attrs)
}

// targetRole is the role configured for a clone, or else for its first instance
// (configured_role).
func targetRole(r *status.Resource) status.Role {
	target, ok := r.Meta["target-role"]
	if !ok && len(r.Children) > 0 {
		target = r.Children[0].Meta["target-role"]
	}
	return status.ParseRole(target)
}

func startedHeading(r *status.Resource) string {
	switch {
	case !r.Is(status.Promotable):
		return "Started"
	case targetRole(r) == status.RoleUnpromoted:
		return "Unpromoted (target-role)"
	}
	return "Unpromoted"
}

// stoppedNodes are the nodes where a clone is not active, with the state there.
func (v viewer) stoppedNodes(r *status.Resource) map[string]string {
	var nodes []*status.Node
	if r.Allowed.Len() > 0 {
		for c := range r.Allowed.ByIndex() {
			nodes = append(nodes, c.Node)
		}
	} else {
		for _, n := range r.WorkingSet().Nodes {
			if r.Known.Has(n) {
				nodes = append(nodes, n)
			}
		}
	}
	state := "Stopped"
	if targetRole(r) == status.RoleStopped {
		state = "Stopped (disabled)"
	}
	stopped := map[string]string{}
	for _, n := range nodes {
		if slices.ContainsFunc(r.Running, func(m *status.Node) bool { return strings.EqualFold(m.Name, n.Name) }) || !v.Nodes.hasNode(n) {
			continue
		}
		stopped[n.Name] = state
		if rc, ok := failedProbe(r, n.Name); ok {
			stopped[n.Name] = "Stopped (" + status.ExitText(rc) + ")"
		}
	}
	return stopped
}
