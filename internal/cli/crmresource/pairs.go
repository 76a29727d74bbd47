package crmresource

import (
	"strings"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/attrs"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// equalFold compares as the reference does.
func equalFold(a, b string) bool { return document.EqualFold(a, b) }

// change is a pair to be changed, of a resource that was asked for by a name.
type change struct {
	rsc       *status.Resource
	asked     string
	set, id   *string
	kind      string // of set
	name      string
	recursive bool
}

func (t *tool) change(r *status.Resource) change {
	return change{r, *t.resource, t.set, t.id, t.setType, *t.name, t.recursive}
}

// findPair finds the id, or another attribute, of a pair in the configuration of a resource. Of
// kind and set, both may be empty (find_resource_attr).
func (t *tool) findPair(attribute, resource, kind string, set, id *string, name string) (string, error) {
	var b strings.Builder
	b.WriteString(`//cib/configuration/resources//*[@id="` + resource + `"]`)
	if kind != "" {
		b.WriteString("/" + kind)
		if set != nil {
			b.WriteString(`[@id="` + *set + `"]`)
		}
	}
	b.WriteString("//nvpair[")
	if id != nil {
		b.WriteString(`@id="` + *id + `" and `)
	}
	b.WriteString(`@name="` + name + `"]`)
	found, err := t.cib.Do(t.ctx, call.Request{Op: ops.Query, Section: b.String(), Options: call.XPath | call.ScopeLocal})
	if err != nil {
		return "", err
	}
	if several := attrs.Children(found); len(several) > 0 {
		t.info("Multiple attributes match name=%s", name)
		for _, e := range several {
			t.info("  Value: %s \t(id=%s)", e.SelectAttrValue("value", "(null)"), e.SelectAttrValue("id", "(null)"))
		}
		t.p.Spacer()
		return "", syscall.ENOTUNIQ
	}
	if found == nil {
		return "", nil
	}
	return found.SelectAttrValue(attribute, ""), nil
}

// owners are the resources whose pair a change means, the one asked for last
// (find_matching_attr_resources): that of a clone or of its instance, whichever has it.
func (t *tool) owners(c change, what string) []*status.Resource {
	r := c.rsc
	switch {
	case t.force:
		return []*status.Resource{r}
	case r.Parent.IsClone():
		if _, err := t.findPair("id", c.asked, c.kind, c.set, c.id, c.name); err != nil {
			r = r.Parent
			t.info("Performing %s of '%s' on '%s', the parent of '%s'", what, c.name, r.ID, c.asked)
		}
		return []*status.Resource{r}
	case r.Parent == nil && len(r.Children) > 0 && r.IsClone():
		child := r.Children[0]
		if child.Variant == status.Primitive {
			id := status.BaseName(child.ID)
			if _, err := t.findPair("id", id, c.kind, c.set, c.id, c.name); err == nil {
				r = child
				t.info("A value for '%s' already exists in child '%s', performing %s on that instead of '%s'", c.name, id, what, c.asked)
			}
		}
		return []*status.Resource{r}
	}
	return t.ownersBelow(nil, r, c, true)
}

func (t *tool) ownersBelow(found []*status.Resource, r *status.Resource, c change, top bool) []*status.Resource {
	for _, child := range r.Children {
		found = t.ownersBelow(found, child, c, false)
		if r.IsClone() {
			break
		}
	}
	if _, err := t.findPair("id", status.BaseName(r.ID), c.kind, c.set, c.id, c.name); err == nil || top {
		found = append(found, r)
	}
	return found
}

// lookAround has a name that is in several places told.
func (t *tool) lookAround(c change) {
	if c.id == nil && !t.force {
		_, _ = t.findPair("id", c.rsc.Top().ID, "", nil, nil, c.name) // what it finds is said
	}
}

// update sets a pair (cli_resource_update_attribute).
func (t *tool) update(c change, value string) error {
	t.lookAround(c)
	owners := []*status.Resource{c.rsc}
	if c.kind == instanceAttributes {
		if !t.force {
			top := c.rsc.Top().ID
			id, err := t.findPair("id", top, metaAttributes, c.set, c.id, c.name)
			if err == nil {
				if !t.isQuiet() {
					t.out.Err("WARNING: There is already a meta attribute for '%s' called '%s' (id=%s)", top, c.name, id)
					t.out.Err("         Delete '%s' first or use the force option to override", id)
				}
				return syscall.ENOTUNIQ
			}
		}
	} else {
		owners = t.owners(c, "update")
	}
	if c.set != nil || c.id != nil {
		owners = owners[len(owners)-1:]
	}
	var err error
	for _, r := range owners {
		if err = t.updateOne(r, c, value); isOther(err) {
			return err
		}
		if c.recursive && c.kind == metaAttributes {
			t.updateDependents(r, c, value)
		}
	}
	return unwrapOther(err)
}

// otherError is an error that ends a change of several pairs.
type otherError struct{ error }

func isOther(err error) bool { _, ok := err.(otherError); return ok }

func (o otherError) Unwrap() error { return o.error }

func unwrapOther(err error) error {
	if o, ok := err.(otherError); ok {
		return o.error
	}
	return err
}

func (t *tool) updateOne(r *status.Resource, c change, value string) error {
	resource := status.BaseName(r.ID)
	found, err := t.findPair("id", resource, c.kind, c.set, c.id, c.name)
	shown, set, id := "(null)", c.set, c.id
	var whole *etree.Element
	switch {
	case err == nil:
		shown, id = found, &found
		whole = pair(id, c.name, &value)
	case !attrs.IsMissing(err):
		return otherError{err}
	default:
		if set == nil {
			made := resource + "-" + c.kind
			set = &made
		}
		if id == nil {
			made := *set + "-" + c.name
			shown, id = made, &made
		}
		whole = element(r.Element.Tag, "id", resource)
		inner := whole.CreateElement(c.kind)
		inner.CreateAttr("id", *set)
		inner.AddChild(pair(id, c.name, &value))
	}
	if err := t.modify("resources", whole); err != nil {
		return err
	}
	in := ""
	if set != nil {
		in = " set=" + *set
	}
	t.info("Set '%s' option: id=%s%s name=%s value=%s", resource, shown, in, c.name, value)
	return nil
}

// pair makes the element of a value (crm_create_nvpair_xml).
func pair(id *string, name string, value *string) *etree.Element {
	e := etree.NewElement("nvpair")
	if id != nil {
		e.CreateAttr("id", *id)
	}
	e.CreateAttr("name", name)
	if value != nil {
		e.CreateAttr("value", *value)
	}
	return e
}

// updateDependents sets a pair of all that must be with a resource.
func (t *tool) updateDependents(r *status.Resource, c change, value string) {
	t.readConstraints()
	r.Set(status.Assigning)
	for _, colocation := range r.WithThis {
		d := colocation.Dependent
		if colocation.Score > 0 && !d.Is(status.Assigning) {
			// What goes wrong with one does not keep others from it.
			_ = t.update(change{rsc: d, asked: d.ID, kind: c.kind, name: c.name, recursive: true}, value)
		}
	}
}

// readConstraints reads the constraints, once.
func (t *tool) readConstraints() {
	if !t.unpacked {
		sched.ReadConstraints(t.ws)
		t.unpacked = true
		t.unmark()
	}
}

// unmark forgets which resources were come by.
func (t *tool) unmark() {
	for _, r := range t.ws.Resources {
		r.ClearTree(status.Assigning)
	}
}

// deletePair deletes a pair (cli_resource_delete_attribute).
func (t *tool) deletePair(c change) error {
	t.lookAround(c)
	owners := []*status.Resource{c.rsc}
	if c.kind == metaAttributes {
		owners = t.owners(c, "delete")
	}
	var err error
	for _, r := range owners {
		resource := status.BaseName(r.ID)
		var found string
		found, err = t.findPair("id", resource, c.kind, c.set, c.id, c.name)
		if attrs.IsMissing(err) {
			err = nil
			continue
		}
		if err != nil {
			return err
		}
		id := c.id
		if id == nil {
			id = &found
		}
		if err = t.removeFrom("resources", pair(id, c.name, nil), 0); err == nil {
			in := ""
			if c.set != nil {
				in = " set=" + *c.set
			}
			t.info("Deleted '%s' option: id=%s%s name=%s", resource, found, in, c.name)
		}
	}
	return err
}
