package simulate

import "github.com/beevik/etree"

// modified is to be called when a node's state has changed. The reference changes a
// copy, and then updates the CIB's with it, element by element: each goes into the
// first that has its name and id (update_xml_child). Where two have the same, the
// first so gets what the second has. In a status that a cluster made there are none.
func (c *CIB) modified(state *etree.Element) {
	doubled, known := c.doubled[state]
	if !known {
		doubled = hasDoubles(state)
		c.doubled[state] = doubled
	}
	if doubled {
		update(state, state.Copy())
	}
}

// hasDoubles tells whether an element has two children, or one of its descendants
// has, of the same name and id.
func hasDoubles(e *etree.Element) bool {
	children := e.ChildElements()
	if len(children) == 0 {
		return false
	}
	seen := make(map[[2]string]bool, len(children))
	for _, c := range children {
		key := [2]string{c.Tag, id(c)}
		if seen[key] || hasDoubles(c) {
			return true
		}
		seen[key] = true
	}
	return false
}

// update updates an element with another (add_xml_object).
func update(target, from *etree.Element) {
	for _, a := range from.Attr {
		target.CreateAttr(a.FullKey(), a.Value)
	}
	for _, c := range from.ChildElements() {
		if first := same(target, c); first != nil {
			update(first, c)
		} else {
			target.AddChild(c.Copy())
		}
	}
}

// same is the first child with the name and, if it has one, the id of an element.
func same(parent, e *etree.Element) *etree.Element {
	for _, c := range parent.ChildElements() {
		if c.Tag == e.Tag && (e.SelectAttr("id") == nil || id(c) == id(e)) {
			return c
		}
	}
	return nil
}
