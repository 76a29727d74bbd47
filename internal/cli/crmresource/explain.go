package crmresource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// checks are reasons for a resource to stay as it is (resource_checks_t).
type checks struct {
	top                                         *status.Resource
	stopped, unpromotable, unmanaged, unhealthy bool
	lockedTo                                    string
}

// check finds them; on is the node in question, or nil (cli_resource_check).
func (t *tool) check(r *status.Resource, on *status.Node) checks {
	c := checks{top: r.Top()}
	if target, ok := r.Meta["target-role"]; ok {
		switch t.ws.ParseRole(target) {
		case status.RoleStopped:
			c.stopped = true
		case status.RoleUnpromoted:
			c.unpromotable = c.top.Is(status.Promotable)
		}
	}
	if managed, ok := r.Meta["is-managed"]; ok {
		c.unmanaged = !status.IsTrue(managed)
	}
	if r.LockNode != nil {
		c.lockedTo = r.LockNode.Name
	}
	switch {
	case on != nil:
		c.unhealthy = t.isUnhealthy(on)
	case r.Allowed.Len() > 0:
		c.unhealthy = true
		for n := range r.Allowed.All() {
			c.unhealthy = c.unhealthy && t.isUnhealthy(n.Node)
		}
	}
	return c
}

func (t *tool) isUnhealthy(n *status.Node) bool {
	switch t.ws.Health.Strategy {
	case status.HealthMigrateOnRed:
		return n.HealthColor() < 0
	case status.HealthOnlyGreen:
		return n.HealthColor() <= 0
	}
	return false
}

// show shows them, in XML in an element of its own.
func (c checks) show(t *tool, in *pcmktool.Element) {
	id := c.top.ID
	if t.out.IsXML() {
		e := addTo(t, in, "check", "id", id)
		for _, a := range []struct {
			is          bool
			name, value string
		}{
			{c.stopped, "remain_stopped", "true"}, {c.unpromotable, "promotable", "false"}, {c.unmanaged, "unmanaged", "true"},
			{c.lockedTo != "", "locked-to", c.lockedTo}, {c.unhealthy, "unhealthy", "true"},
		} {
			if a.is {
				e.Set(a.name, a.value)
			}
		}
		return
	}
	if !c.stopped && !c.unpromotable && !c.unmanaged && c.lockedTo == "" && !c.unhealthy {
		return
	}
	t.begin("Resource Checks")
	for _, a := range []struct {
		is   bool
		text string
	}{
		{c.stopped, "Configuration specifies '" + id + "' should remain stopped"},
		{c.unpromotable, "Configuration specifies '" + id + "' should not be promoted"},
		{c.unmanaged, "Configuration prevents cluster from stopping or starting unmanaged '" + id + "'"},
		{c.lockedTo != "", "'" + id + "' is locked to node " + c.lockedTo + " due to shutdown"},
		{c.unhealthy, "'" + id + "' cannot run on unhealthy nodes due to node-health-strategy='" + t.ws.Option("node-health-strategy") + "'"},
	} {
		if a.is {
			t.item("check", "%s", a.text)
		}
	}
	t.endList()
}

// addTo adds an element to another, or to the output if there is none.
func addTo(t *tool, in *pcmktool.Element, name string, attributes ...string) *pcmktool.Element {
	if in == nil {
		return t.out.Element(name, attributes...)
	}
	return in.Add(name, attributes...)
}

// runsOn tells whether a resource is active on a node, by name or id, or anywhere
// (resource_is_running_on).
func runsOn(r *status.Resource, node string) bool {
	if r == nil {
		return false
	}
	where := places(r)
	if node == "" {
		return len(where) > 0
	}
	return slices.ContainsFunc(where, func(n *status.Node) bool { return strings.EqualFold(node, n.Name) || strings.EqualFold(node, n.ID) })
}

// why is -Y.
func (t *tool) why() {
	r, n := t.rsc, t.host
	isXML := t.out.IsXML()
	var reason *pcmktool.Element
	if isXML {
		reason = t.out.Element("reason")
	} else {
		t.begin("Resource Reasons")
		defer t.endList()
	}
	switch {
	case r == nil && n == nil:
		var list *pcmktool.Element
		if isXML {
			list = reason.Add("resources")
		}
		for _, r := range t.ws.Resources {
			running := len(places(r)) > 0
			var e *pcmktool.Element
			if isXML {
				e = list.Add("resource", "id", r.ID, "running", strconv.FormatBool(running))
			} else {
				t.item("reason", "Resource %s is %srunning", r.ID, not(running))
			}
			t.check(r, nil).show(t, e)
		}
	case r != nil && n != nil:
		running := runsOn(r, n.Name)
		if isXML && running {
			reason.Set("running_on", n.Name)
		} else if !isXML {
			t.item("reason", "Resource %s is %srunning on host %s", r.ID, not(running), n.Name)
		}
		t.check(r, n).show(t, reason)
	case n != nil:
		t.whyOn(n, reason)
	default:
		running := len(places(r)) > 0
		if isXML {
			reason.Set("running", strconv.FormatBool(running))
		} else {
			t.item("reason", "Resource %s is %srunning", r.ID, not(running))
		}
		t.check(r, nil).show(t, reason)
	}
}

func not(yes bool) string {
	if yes {
		return ""
	}
	return "not "
}

// whyOn is -Y of a node: what is active there. Nothing has been assigned, so nothing is that is
// not active.
func (t *tool) whyOn(n *status.Node, reason *pcmktool.Element) {
	var list *pcmktool.Element
	if t.out.IsXML() {
		list = reason.Add("resources")
	}
	for _, r := range n.Running {
		var e *pcmktool.Element
		if list != nil {
			e = list.Add("resource", "id", r.ID, "running", "true", "host", n.Name)
		} else {
			t.item("reason", "Resource %s is running on host %s", r.ID, n.Name)
		}
		t.check(r, n).show(t, e)
	}
}

// showConstraints is -a and -A (locations-and-colocations).
func (t *tool) showConstraints() {
	t.readConstraints()
	r := t.rsc
	if !t.force {
		r = r.Top()
	}
	var in *pcmktool.Element
	if t.out.IsXML() {
		in = t.out.Element("constraints")
	}
	t.showLocations(r, in)
	for _, dependents := range []bool{true, false} {
		t.unmark()
		t.showColocations(r, dependents, in)
	}
}

// showLocations shows the location constraints of a resource (locations-list).
func (t *tool) showLocations(r *status.Resource, in *pcmktool.Element) {
	begun := false
	for _, l := range r.Locations {
		for _, n := range l.Nodes {
			score := status.FormatScore(n.Score)
			if in != nil {
				in.Add("rsc_location", "node", n.Name, "rsc", r.ID, "id", l.ID, "score", score)
				continue
			}
			if !begun {
				t.begin("Locations")
				begun = true
			}
			t.item("", "Node %s (score=%s, id=%s, rsc=%s)", n.Node, score, l.ID, r.ID)
		}
	}
	if begun {
		t.endList()
	}
}

// showColocations shows which resources depend on one's place, or whose it depends on.
func (t *tool) showColocations(r *status.Resource, dependents bool, in *pcmktool.Element) {
	if r.Is(status.Assigning) {
		return
	}
	r.Set(status.Assigning)
	all, title := r.ThisWith, "Resources "+r.ID+" is colocated with"
	if dependents {
		all, title = r.WithThis, "Resources colocated with "+r.ID
	}
	begun := false
	for _, c := range all {
		other := c.Primary
		if dependents {
			other = c.Dependent
		}
		loop := other.Is(status.Assigning)
		if in != nil {
			colocationXML(in, c)
			if loop {
				continue
			}
			t.showLocations(other, in)
			if t.recursive {
				t.showColocations(other, dependents, in)
			}
			continue
		}
		if !begun {
			t.begin(title)
			begun = true
		}
		if loop {
			t.item("", "%s (id=%s - loop)", other.ID, c.ID)
			continue
		}
		t.item("", "%s", heading(other, c, dependents))
		t.begin("")
		t.showLocations(other, nil)
		if t.recursive {
			t.showColocations(other, dependents, nil)
		}
		t.endList()
	}
	if begun {
		t.endList()
	}
}

func heading(other *status.Resource, c *status.Colocation, dependents bool) string {
	role := ""
	if c.PrimaryRole > status.RoleStarted {
		how := "with"
		if dependents {
			how = "needs"
		}
		role = how + " role=" + c.PrimaryRole.String() + ", "
	}
	return fmt.Sprintf("%s (score=%s, %sid=%s)", other.ID, status.FormatScore(c.Score), role, c.ID)
}

func colocationXML(in *pcmktool.Element, c *status.Colocation) {
	e := in.Add("rsc_colocation", "id", c.ID, "rsc", c.Dependent.ID, "with-rsc", c.Primary.ID, "score", status.FormatScore(c.Score))
	if c.NodeAttribute != "" {
		e.Set("node-attribute", c.NodeAttribute)
	}
	if c.DependentRole != status.RoleUnknown {
		e.Set("rsc-role", c.DependentRole.String())
	}
	if c.PrimaryRole != status.RoleUnknown {
		e.Set("with-rsc-role", c.PrimaryRole.String())
	}
}

// bestEntry is the entry of a history whose parameters digests are to be compared with
// (best_op).
func (t *tool) bestEntry(h *status.ResourceHistory) (best *status.HistoryEntry) {
	if h == nil {
		return nil
	}
	effective, failure := false, false
	for _, e := range h.Entries {
		// The reference asks for an attribute "interval", so that all seem to be of none.
		works := slices.ContainsFunc([]string{"monitor", "start", "promote", "migrate_from"}, func(task string) bool { return equalFold(e.Task, task) })
		failed := strings.HasSuffix(e.ID, "_last_failure_0")
		if best != nil && (effective && !works || !failure && failed || best.RestartDigest != "" && e.RestartDigest == "" || t.ws.IsNewer(best, e, true) > 0) {
			continue
		}
		best, effective, failure = e, works, failed
	}
	return best
}

// showDigests is --digests (pcmk__resource_digests).
func (t *tool) showDigests() error {
	r, n := t.rsc, t.host
	if r.Variant != status.Primitive {
		return syscall.EOPNOTSUPP
	}
	entry := t.bestEntry(t.ws.FindHistory(r.ID, n.Name))
	task, interval := "start", uint(0)
	if entry != nil && entry.HasTask {
		task, interval = entry.Task, entry.IntervalMS
	}
	d := r.CalculateDigests(task, interval, n, entry, t.overrides, true)
	kinds := []struct {
		kind, text, digest string
		params             [][2]string
	}{
		{"all", "all parameters", d.All, d.AllParams}, {"nonprivate", "non-private parameters", d.Secure, d.SecureParams},
		{"nonreloadable", "non-reloadable parameters", d.Restart, d.RestartParams},
	}
	if t.out.IsXML() {
		list := t.out.Element("digests", "resource", r.ID, "node", n.Name, "task", task, "interval", strconv.FormatUint(uint64(d.IntervalMS), 10)+"ms")
		for _, k := range kinds {
			if k.digest == "" {
				continue
			}
			params := list.Add("digest", "type", k.kind, "hash", k.digest).Add("parameters")
			for _, p := range inOrder(k.params, t.overrides, r.Params(n)) {
				params.Set(p[0], p[1])
			}
		}
		return nil
	}
	action := task + " action"
	switch {
	case d.IntervalMS != 0:
		action = strconv.FormatUint(uint64(d.IntervalMS), 10) + "ms-interval " + action
	case task == "monitor":
		action = "probe action"
	}
	t.begin("Digests for " + r.ID + " " + action + " on " + n.Name)
	for _, k := range kinds {
		if k.digest != "" {
			t.item("", "%s (%s)", k.digest, k.text)
		}
	}
	t.endList()
	return nil
}

// inOrder are parameters in the order of the tables that they come from, which the reference
// leaves them in, but for the timeout of a recurring operation: that is put back last.
func inOrder(params [][2]string, tables ...map[string]string) [][2]string {
	place := map[string]int{}
	for _, table := range tables {
		for _, v := range status.HashOrder(table) {
			if _, ok := place[v[0]]; !ok {
				place[v[0]] = len(place)
			}
		}
	}
	at := func(p [2]string) int {
		i, ok := place[p[0]]
		switch {
		case p[0] == status.MetaName("timeout"):
			return len(place) + 1
		case ok:
			return i
		}
		return len(place)
	}
	params = slices.Clone(params)
	slices.SortStableFunc(params, func(a, b [2]string) int { return at(a) - at(b) })
	return params
}
