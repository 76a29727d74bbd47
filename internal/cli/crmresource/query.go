package crmresource

import (
	"fmt"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
	"syscall"

	"github.com/beevik/etree"
)

// begin begins a list that XML names and counts.
func (t *tool) begin(title string) {
	if t.out.IsXML() {
		t.out.BeginList("", "", title)
	} else {
		t.p.Begin(title)
	}
}

// item adds an item of a kind, which may be empty, to such a list.
func (t *tool) item(kind, format string, args ...any) {
	switch text := fmt.Sprintf(format, args...); {
	case t.out.IsXML():
		t.out.Item(kind, text)
	case kind != "":
		t.p.NamedItem(kind, text)
	default:
		t.p.Item("%s", text)
	}
}

func (t *tool) endList() {
	if t.out.IsXML() {
		t.out.EndList()
	} else {
		t.p.End()
	}
}

// listInstances is -l.
func (t *tool) listInstances() error {
	if len(t.ws.Resources) == 0 {
		t.out.Err("NO resources configured\n")
		return syscall.ENXIO
	}
	t.begin("Resource Names")
	var list func([]*status.Resource)
	list = func(all []*status.Resource) {
		for _, r := range all {
			if len(r.Children) > 0 {
				list(r.Children)
			} else {
				t.item("resource", "%s", r.ID)
			}
		}
	}
	list(t.ws.Resources)
	t.endList()
	return nil
}

// listOperations is -o and -O (find_operations).
func (t *tool) listOperations(active bool) error {
	of, on := "", ""
	if t.resource != nil {
		of = *t.resource
	}
	if t.node != nil {
		on = *t.node
	}
	if !t.p.Operations(t.ws, of, on, active) {
		return rcError(crmexit.RCNoOutput)
	}
	return nil
}

// place is where an instance is active.
type place struct {
	node     string
	promoted bool
}

// search are the places of the resource asked for, the last found first (cli_resource_search).
func (t *tool) search(r *status.Resource, asked string) (found []place) {
	top := r.Top()
	switch {
	case r.IsClone():
		return instances(r)
	case top.IsClone() && !r.Is(status.Unique) && r.HistoryID != "" && equalFold(asked, r.HistoryID) && !equalFold(asked, r.ID):
		return instances(top)
	}
	for _, n := range r.Running {
		found = append([]place{{n.Name, r.CurrentRole() == status.RolePromoted}}, found...)
	}
	return found
}

func instances(clone *status.Resource) (found []place) {
	for _, c := range clone.Children {
		for _, n := range c.Running {
			promoted := clone.Is(status.Promotable) && c.CurrentRole() == status.RolePromoted
			found = append([]place{{n.Name, promoted}}, found...)
		}
	}
	return found
}

// locate is -W.
func (t *tool) locate() error {
	found := t.search(t.rsc, *t.resource)
	if t.out.IsXML() {
		list := t.out.Element("nodes", "resource", *t.resource)
		for _, at := range found {
			n := list.Add("node")
			n.SetText(at.node)
			if at.promoted {
				n.Set("state", "promoted")
			}
		}
		return nil
	}
	if len(found) == 0 {
		if !t.isQuiet() {
			t.out.Err("resource %s is NOT running", *t.resource)
		}
		return rcError(crmexit.RCNoOutput)
	}
	t.begin("Nodes")
	for _, at := range found {
		if t.quiet {
			t.item("node", "%s", at.node)
			continue
		}
		role := ""
		if at.promoted {
			role = " Promoted"
		}
		t.item("node", "resource %s is running on: %s%s", *t.resource, at.node, role)
	}
	t.endList()
	return nil
}

// getProperty is -G.
func (t *tool) getProperty() {
	a := t.rsc.Element.SelectAttr(*t.name)
	switch {
	case a == nil:
	case t.out.IsText():
		t.out.Printf("%s\n", a.Value)
	default:
		t.begin("Properties")
		t.item(*t.name, "%s", a.Value)
		t.endList()
	}
}

// getParameter is -g.
func (t *tool) getParameter() {
	r := t.rsc
	on, count, _ := r.FindActive()
	if count > 1 {
		t.out.Err("%s is active on more than one node, returning the default value for %s", r.ID, *t.name)
		on = nil
	}
	var values map[string]string
	switch t.setType {
	case instanceAttributes:
		values = r.Params(on)
	case metaAttributes:
		values = r.MetaOn(on)
	default:
		values = r.Utilization
	}
	value, ok := values[*t.name]
	switch {
	case !ok:
		t.out.Err("Attribute '%s' not found for '%s'", *t.name, r.ID)
	case t.out.IsText():
		t.out.Printf("%s\n", value)
	default:
		t.begin("Attributes")
		t.item(*t.name, "%s", value)
		t.endList()
	}
}

// listForCTS is -c, in which the reference's test suite reads its flags' numbers.
func (t *tool) listForCTS() {
	var show func(r *status.Resource)
	show = func(r *status.Resource) {
		text := func(name, instead string) string { return r.Element.SelectAttrValue(name, instead) }
		parent, host, known := "NA", "NA", r.ID
		if r.Parent != nil {
			parent = r.Parent.ID
		}
		if n := r.Current(); n != nil {
			host = n.Name
		}
		if r.HistoryID != "" {
			known = r.HistoryID
		}
		quorum := 1
		if equalFold(r.Class, "stonith") {
			quorum = 0
		}
		flags := numbers(r)
		t.info("Resource: %s %s %s %s %s %s %s %s %d %d %#.16x", r.Element.Tag, r.ID, known, parent,
			text("provider", "NA"), text("class", "(null)"), text("type", "(null)"), host, quorum, flags, flags)
		for _, c := range r.Children {
			show(c)
		}
	}
	for _, r := range t.ws.Resources {
		show(r)
	}
	section := t.ws.Input.FindElement("configuration/constraints")
	if section == nil {
		return
	}
	for _, e := range section.ChildElements() {
		if e.SelectAttr("id") == nil || e.Tag != "rsc_colocation" || !t.inEffect(e) {
			continue
		}
		text := func(name string) string { return e.SelectAttrValue(name, "NA") }
		t.info("Constraint %s %s %s %s %s %s %s", e.Tag, text("id"), text("rsc"), text("with-rsc"), text("score"), text("rsc-role"), text("with-rsc-role"))
	}
}

// inEffect tells whether the lifetime of a constraint is not over.
func (t *tool) inEffect(constraint *etree.Element) bool {
	lifetime := constraint.SelectElement("lifetime")
	if lifetime == nil {
		return true
	}
	var next iso8601.Time
	return t.ws.Document().Rules(lifetime).Eval(t.ws.RuleInput(), &next)
}

// flagNumbers are the reference's numbers of the flags of a resource (pe_rsc_*).
var flagNumbers = []struct {
	flag   status.ResourceFlags
	number uint64
}{
	{status.Orphan, 0x1}, {status.Managed, 0x2}, {status.Blocked, 0x4}, {status.OrphanContainerFiller, 0x8},
	{status.Notify, 0x10}, {status.Unique, 0x20}, {status.FenceDevice, 0x40}, {status.Promotable, 0x80},
	{status.Provisional, 0x100}, {status.Assigning, 0x200}, {status.Merging, 0x400}, {status.Restarting, 0x800},
	{status.Stop, 0x1000}, {status.Reload, 0x2000}, {status.AllowRemoteRemotes, 0x4000}, {status.Critical, 0x8000},
	{status.Failed, 0x10000}, {status.Runnable, 0x40000}, {status.StartPending, 0x80000},
	{status.StopUnexpected, 0x400000}, {status.AllowMigrate, 0x800000}, {status.FailureIgnored, 0x1000000},
	{status.Maintenance, 0x4000000}, {status.IsContainer, 0x8000000},
	{status.NeedsQuorum, 0x10000000}, {status.NeedsFencing, 0x20000000}, {status.NeedsUnfencing, 0x40000000},
}

func numbers(r *status.Resource) (sum uint64) {
	for _, f := range flagNumbers {
		if r.Is(f.flag) {
			sum |= f.number
		}
	}
	// Two more say what is to be done.
	const starting, stopping = 0x100000, 0x200000
	for _, a := range r.Actions {
		switch {
		case a.Is(status.Optional):
		case a.Task == status.ActionNameStop:
			sum |= stopping
		case a.Task == status.ActionNameStart:
			sum |= starting
		}
	}
	return sum
}

// remove deletes from the CIB; a section may be an XPath.
func (t *tool) removeFrom(section string, data *etree.Element, more call.Options) error {
	_, err := t.cib.Do(t.ctx, call.Request{Op: ops.Delete, Section: section, Data: data, Options: t.call | more})
	return err
}

// modify changes the CIB.
func (t *tool) modify(section string, data *etree.Element) error {
	_, err := t.cib.Do(t.ctx, call.Request{Op: ops.Modify, Section: section, Data: data, Options: t.call})
	return err
}

// delete is -D.
func (t *tool) delete() error {
	if t.resourceType == nil {
		t.failed("You need to specify a resource type with -t")
		return syscall.ENXIO
	}
	return t.removeFrom("resources", element(*t.resourceType, "id", *t.resource), 0)
}

// replaceProperty is -S.
func (t *tool) replaceProperty() error {
	switch {
	case t.resourceType == nil || *t.resourceType == "":
		t.failed("Must specify -t with resource type")
		return syscall.ENXIO
	case t.value == nil || *t.value == "":
		t.failed("Must supply -v with new value")
		return syscall.ENXIO
	}
	return t.modify("resources", element(*t.resourceType, "id", *t.resource, *t.name, *t.value))
}

// element makes an element with attributes.
func element(tag string, attributes ...string) *etree.Element {
	e := etree.NewElement(tag)
	for i := 0; i+1 < len(attributes); i += 2 {
		e.CreateAttr(attributes[i], attributes[i+1])
	}
	return e
}
