package crmresource

import (
	"slices"
	"strings"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/attrs"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/xpath"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// until is when a constraint made now shall end, "" for never.
func (t *tool) until() (string, error) {
	if t.lifetime == nil {
		return "", nil
	}
	d, err := iso8601.ParseDuration(*t.lifetime)
	if err != nil {
		t.out.Err("Invalid duration specified: %s\nPlease refer to https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations", *t.lifetime)
		return "", syscall.EINVAL
	}
	later := iso8601.FromTime(t.now()).Add(d).Format(iso8601.Date | iso8601.TimeOfDay | iso8601.WithTimezone)
	t.info("Migration will take effect until: %s", later)
	return later, nil
}

// xmlID makes an id of a text (crm_xml_sanitize_id).
func xmlID(text string) string { return strings.NewReplacer(":", ".", "#", ".").Replace(text) }

// role is the role that constraints are about.
func (t *tool) role() string {
	if t.promoted {
		return "Promoted"
	}
	return "Started"
}

// ids are those of the elements of a constraint with an end.
type ids struct{ location, rule, expression, date string }

// constrain adds a location constraint.
func (t *tool) constrain(resource, node, score, until string, with ids) error {
	fragment := etree.NewElement("constraints")
	location := element("rsc_location", "id", xmlID(with.location), "rsc", resource, "role", t.role())
	fragment.AddChild(location)
	if until == "" {
		location.CreateAttr("node", node)
		location.CreateAttr("score", score)
	} else {
		rule := element("rule", "id", xmlID(with.rule), "score", score, "boolean-op", "and")
		location.AddChild(rule)
		rule.AddChild(element("expression", "id", xmlID(with.expression), "attribute", "#uname", "operation", "eq", "value", node, "type", "string"))
		rule.AddChild(element("date_expression", "id", xmlID(with.date), "operation", "lt", "end", until))
	}
	return t.modify("constraints", fragment)
}

// ban keeps a resource off a node (cli_resource_ban).
func (t *tool) ban(resource, node string) error {
	until, err := t.until()
	if err != nil {
		return err
	}
	id := "cli-ban-" + resource + "-on-" + node
	doing := "running"
	if t.promoted {
		doing = "being promoted"
	}
	t.info("WARNING: Creating rsc_location constraint '%s' with a score of -INFINITY for resource %s on %s.\n"+
		"\tThis will prevent %s from %s on %s until the constraint is removed using the clear option or by editing the CIB with an appropriate tool\n"+
		"\tThis will be the case even if %s is the last node in the cluster", xmlID(id), resource, node, resource, doing, node, node)
	return t.constrain(resource, node, "-INFINITY", until, ids{id, id + "-rule", id + "-expr", id + "-lifetime"})
}

// prefer makes a node a resource's place (cli_resource_prefer).
func (t *tool) prefer(resource, node string) error {
	until, err := t.until()
	if err != nil {
		return err
	}
	return t.constrain(resource, node, "INFINITY", until, ids{
		"cli-prefer-" + resource, "cli-prefer-rule-" + resource, "cli-prefer-expr-" + resource, "cli-prefer-lifetime-end-" + resource,
	})
}

// banCurrent bans the resource from where it is (ban_or_move).
func (t *tool) banCurrent() error {
	r, id := t.rsc, *t.resource
	current, active := r.FindActiveRequires()
	if active == 1 {
		return t.ban(id, current.Name)
	}
	if !r.Is(status.Promotable) {
		t.failed("Resource '%s' not moved: active in %d locations.\nTo prevent '%s' from running on a specific location, specify a node.", id, active, id)
		return syscall.EINVAL
	}
	_, current, promoted := promotedOf(r)
	if promoted == 1 && current != nil {
		return t.ban(id, current.Name)
	}
	t.failed("Resource '%s' not moved: active in %d locations (promoted in %d).\n"+
		"To prevent '%s' from running on a specific location, specify a node."+
		"To prevent '%s' from being promoted at a specific location, specify a node and the --promoted option.", id, active, promoted, id, id)
	return syscall.EINVAL
}

// promotedOf is the last promoted instance of a clone, where it is, and how many there are.
func promotedOf(clone *status.Resource) (instance *status.Resource, on *status.Node, count int) {
	for _, c := range clone.Children {
		if c.CurrentRole() == status.RolePromoted {
			instance, on = c, c.Current()
			count++
		}
	}
	return instance, on, count
}

// move is -M with a node (cli_resource_move).
func (t *tool) move() error {
	r, id, to := t.rsc, *t.resource, t.host
	if t.promoted && !r.Is(status.Promotable) {
		if top := r.Top(); top.Is(status.Promotable) {
			t.info("Using parent '%s' for move instead of '%s'.", r.ID, id)
			r, id = top, top.ID
		} else {
			t.info("Ignoring --promoted option: %s is not promotable", id)
			t.promoted = false
		}
	}
	current, count := r.FindActiveRequires()
	if r.Is(status.Promotable) {
		instance, on, promoted := promotedOf(r)
		if instance != nil {
			r = instance
		}
		if t.promoted || promoted != 0 {
			count, current = promoted, on
		}
	}
	if count > 1 {
		if !r.IsClone() {
			return rcError(crmexit.RCMultiple)
		}
		current = nil
	}
	there := current != nil && current == to
	if there && !t.force {
		return rcError(crmexit.RCAlready)
	}
	// What fails here shows in what comes next.
	_ = t.clearAll(id, false)
	_ = t.clearOn(id, to.Name, true)
	err := t.prefer(id, to.Name)
	if t.force && !there {
		state := "active"
		if t.promoted {
			state = "promoted"
		}
		if current != nil {
			_ = t.ban(id, current.Name)
		} else if count > 1 {
			t.info("Resource '%s' is currently %s in %d locations. One may now move to %s", id, state, count, to)
			t.info("To prevent '%s' from being %s at a specific location, specify a node.", id, state)
		}
	}
	return err
}

// clearOn removes the constraints of a resource and a node that the tool has made, bans too if
// wanted (cli_resource_clear).
func (t *tool) clearOn(resource, node string, bans bool) error {
	path := "//rsc_location[@id='cli-prefer-" + resource + "'][rule[@id='cli-prefer-rule-" + resource + "']/expression[@attribute='#uname' and @value='" + node + "']]"
	if err := t.removeFrom(path, nil, call.XPath); err != nil && !attrs.IsMissing(err) {
		return err
	}
	fragment := etree.NewElement("constraints")
	if bans {
		fragment.AddChild(element("rsc_location", "id", xmlID("cli-ban-"+resource+"-on-"+node)))
	}
	location := element("rsc_location", "id", xmlID("cli-prefer-"+resource))
	if !t.force {
		location.CreateAttr("node", node)
	}
	fragment.AddChild(location)
	if err := t.removeFrom("constraints", fragment, 0); err != nil && !attrs.IsMissing(err) {
		return err
	}
	return nil
}

func (t *tool) clearAll(resource string, bans bool) error {
	for _, n := range t.ws.Nodes {
		if err := t.clearOn(resource, n.Name, bans); err != nil {
			return err
		}
	}
	return nil
}

// clear is -U.
func (t *tool) clear() error {
	before := t.constraintIDs()
	var err error
	switch {
	case t.expired:
		err = t.clearExpired()
	case t.node != nil:
		err = t.clearOn(*t.resource, t.host.Name, true)
	default:
		err = t.clearAll(*t.resource, true)
	}
	if t.isQuiet() {
		return err
	}
	root, err := t.whole()
	if err == nil {
		err = t.unpack(&cibinput.Document{Root: root}, false)
	}
	if err != nil {
		rc := attrs.RC(err)
		t.failed("Could not get modified CIB: %s\n", rc)
		return err
	}
	after := t.constraintIDs()
	for _, id := range before {
		if !slices.Contains(after, id) {
			t.info("Removing constraint: %s", id)
		}
	}
	return nil
}

// locations are the location constraints.
func (t *tool) locations() []*etree.Element {
	if section := t.ws.Input.FindElement("configuration/constraints"); section != nil {
		return section.FindElements(".//rsc_location")
	}
	return nil
}

// constraintIDs are the ids of the location constraints, sorted.
func (t *tool) constraintIDs() (all []string) {
	for _, e := range t.locations() {
		all = append(all, e.SelectAttrValue("id", ""))
	}
	slices.Sort(all)
	return all
}

// clearExpired removes the constraints that the tool has made and whose time is over
// (cli_resource_clear_all_expired).
func (t *tool) clearExpired() error {
	now := iso8601.FromTime(t.now())
	for _, c := range t.locations() {
		path := t.dateOf(c)
		if path == "" {
			continue
		}
		found, err := xpath.Select(t.ws.Input, path)
		if err != nil || len(found) != 1 {
			continue
		}
		if end := found[0].SelectAttr("end"); end == nil {
			continue // it is now
		} else if at, err := iso8601.Parse(end.Value, now); err == nil && now.Compare(at) <= 0 {
			continue
		}
		fragment := etree.NewElement("constraints")
		fragment.AddChild(element("rsc_location", "id", xmlID(c.SelectAttrValue("id", ""))))
		if err := t.removeFrom("constraints", fragment, 0); err != nil {
			return err
		}
	}
	return nil
}

// dateOf is the path to the end of a constraint, if it is one that the tool has made; of
// others, and of those that were not asked for, it leads nowhere (build_clear_xpath_string).
func (t *tool) dateOf(c *etree.Element) string {
	id := c.SelectAttrValue("id", "")
	isBan := strings.HasPrefix(id, "cli-ban-")
	if !isBan && !strings.HasPrefix(id, "cli-prefer-") {
		return ""
	}
	var conditions []string
	if t.resource != nil {
		conditions = append(conditions, "@rsc='"+*t.resource+"'")
	}
	if t.promoted {
		conditions = append(conditions, "@role='"+t.role()+"'")
	}
	about := strings.Join(conditions, " and ")
	path := "//rsc_location"
	if t.node != nil {
		conditions = append([]string{"@node='" + *t.node + "'"}, conditions...)
	}
	if len(conditions) > 0 {
		path += "[" + strings.Join(conditions, " and ") + "]"
	}
	if t.node != nil {
		path += "|//rsc_location"
		if about != "" {
			path += "[" + about + "]"
		}
		path += "/rule[expression[@attribute='#uname' and @value='" + *t.node + "']]"
	}
	if isBan {
		return path + "//date_expression[@id='" + id + "-lifetime']"
	}
	return path + "//date_expression[@id='cli-prefer-lifetime-end-" + c.SelectAttrValue("rsc", "") + "']"
}
