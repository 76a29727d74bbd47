package status

import (
	"slices"

	"github.com/beevik/etree"
)

// readTemplates finds the resource templates. Of several with an id the first
// counts.
func (ws *WorkingSet) readTemplates(resources *etree.Element) {
	ws.templates = map[string]*etree.Element{}
	for _, e := range childrenOf(resources) {
		if id, ok := attribute(e, "id"); ok && e.Tag == "template" && ws.templates[id] == nil {
			ws.templates[id] = e
		}
	}
}

// expandTemplate is a resource's configuration with that of the template it
// refers to put before it (unpack_template), or as it is if it refers to none.
// The template has the element's attributes, but the id.
func (ws *WorkingSet) expandTemplate(e *etree.Element) (*etree.Element, error) {
	ref, ok := attribute(e, "template")
	if !ok {
		return e, nil
	}
	if known := ws.expanded[e]; known != nil {
		return known, nil
	}
	id, ok := attribute(e, "id")
	if !ok {
		ws.At("unpack_template").Errorf("'%s' object must have a id", e.Tag)
		return nil, errInvalid
	}
	if ref == id {
		ws.At("unpack_template").Errorf("The resource object '%s' should not reference itself", id)
		return nil, errInvalid
	}
	template := ws.templates[ref]
	if template == nil {
		ws.At("unpack_template").Errorf("No template named '%s'", ref)
		return nil, errInvalid
	}
	expanded := template.Copy()
	expanded.Tag = e.Tag
	expanded.CreateAttr("id", id)
	if clone, ok := attribute(e, "clone"); ok {
		expanded.CreateAttr("clone", clone)
	}
	templateOperations := firstChild(expanded, "operations")
	var own *etree.Element
	for _, c := range childrenOf(e) {
		c = c.Copy()
		expanded.AddChild(c)
		if c.Tag == "operations" {
			own = c
		}
	}
	if templateOperations != nil && own != nil {
		mergeOperations(own, templateOperations)
		expanded.RemoveChild(templateOperations)
	}
	ws.expanded[e] = expanded
	return expanded, nil
}

// mergeOperations adds to a resource's operations those of its template that it
// has none of the same name and role of.
func mergeOperations(own, template *etree.Element) {
	var keys []string
	for _, op := range childrenOf(own) {
		keys = append(keys, templateOperationKey(op))
	}
	for _, op := range childrenOf(template) {
		if !slices.Contains(keys, templateOperationKey(op)) {
			own.AddChild(op.Copy())
		}
	}
}

// templateOperationKey is an operation's name and role, where all roles that are
// not promoted count as one.
func templateOperationKey(op *etree.Element) string {
	name, ok := attribute(op, "name")
	if !ok {
		name = "(null)"
	}
	role, ok := attribute(op, "role")
	if !ok || equalAny(role, "Started", "Unpromoted", "Slave") {
		role = "Unknown"
	}
	return name + "-" + role
}

// readOperations are the operations in an element or the one that its id-ref
// means, read once.
func (ws *WorkingSet) readOperations(e *etree.Element) []*Operation {
	if e == nil {
		return nil
	}
	resolved, problem := ws.document.Resolve(e)
	if problem != nil {
		ws.report(*problem)
	}
	if resolved == nil {
		return nil
	}
	if known, ok := ws.operations[resolved]; ok {
		return known
	}
	var operations []*Operation
	for _, op := range childrenOf(resolved) {
		if op.Tag == "op" {
			operations = append(operations, ws.readOperation(op))
		}
	}
	ws.operations[resolved] = operations
	return operations
}

func (ws *WorkingSet) readOperation(e *etree.Element) *Operation {
	o := &Operation{Element: e}
	o.ID, _ = attribute(e, "id")
	o.Name, _ = attribute(e, "name")
	o.Role, _ = attribute(e, "role")
	o.OnFail, o.HasOnFail = attribute(e, "on-fail")
	o.Timeout, o.HasTimeout = attribute(e, "timeout")
	if interval, ok := attribute(e, "interval"); ok {
		o.IntervalMS = ws.Interval(interval)
	}
	if enabled, ok := attribute(e, "enabled"); ok {
		value, known := ParseBool(enabled)
		o.Disabled = known && !value
	}
	o.suffix = Key("", o.Name, o.IntervalMS)
	return o
}

// Raw is the resource's configuration before its template was put in, or Element if it has
// none.
func (r *Resource) Raw() *etree.Element {
	for raw, expanded := range r.ws.expanded {
		if expanded == r.Element {
			return raw
		}
	}
	return r.Element
}
