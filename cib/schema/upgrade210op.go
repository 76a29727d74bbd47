package schema

import (
	"fmt"

	"github.com/beevik/etree"
)

// operationOption finds the replacement of an option of op that is an attribute, or in
// its meta attributes.
func operationOption(op *etree.Element, name string) *replacement {
	return operationOptions.find(name, attributeOf(op, "name"))
}

// instanceOption finds the replacement of an option in op's instance attributes.
func instanceOption(op *etree.Element, name string) *replacement {
	return operationInstance.find(name, attributeOf(op, "name"))
}

func (o *optionRewriter) operations(dst, e *etree.Element) {
	c := copyTag(dst, e)
	for _, token := range e.Child {
		child, ok := token.(*etree.Element)
		switch {
		case !ok:
			copyToken(c, token)
		case child.Tag == "op":
			o.operation(c, child)
		default:
			o.identity(c, child)
		}
	}
}

// operation moves options that instance attributes had for the operation itself to
// its meta attributes, and takes out requires.
func (o *optionRewriter) operation(dst, op *etree.Element) {
	o.sayOperation(op)
	c := dst.CreateElement(op.FullTag())
	copyAttributes(c, op, "requires")

	instances := childrenNamed(op, "instance_attributes")
	plain := withoutRule(instances)
	metas := withoutRule(childrenNamed(op, "meta_attributes"))
	moving := false
	for _, set := range plain {
		moving = moving || len(movingOptions(op, set)) > 0
	}
	for _, token := range op.Child {
		child, ok := token.(*etree.Element)
		if !ok {
			copyToken(c, token)
			continue
		}
		switch child.Tag {
		case "instance_attributes":
			o.set(c, child, func(nvpair *etree.Element) *replacement {
				return instanceOption(op, attributeOf(nvpair, "name"))
			}, false)
		case "meta_attributes":
			o.operationMeta(c, child, op, moving && len(metas) > 0 && child == metas[0], plain)
		default:
			o.identity(c, child)
		}
	}
	if moving && len(metas) == 0 {
		set := c.CreateElement("meta_attributes")
		set.CreateAttr("id", addedID+attributeOf(op, "id")+"-meta")
		moveOptions(set, op, plain)
	}
	for _, source := range instances {
		if hasRule(source) && len(movingOptions(op, source)) > 0 {
			set := o.setLike(c, source)
			moveOptions(set, op, []*etree.Element{source})
		}
	}
}

// operationMeta copies a set of op's meta attributes, with the options of its instance
// attributes that move there if this is the set for them.
func (o *optionRewriter) operationMeta(dst, e, op *etree.Element, target bool, sources []*etree.Element) {
	c := etree.NewElement(e.FullTag())
	copyAttributes(c, e)
	content := etree.NewElement(e.FullTag())
	left := o.setContent(content, e, func(nvpair *etree.Element) *replacement {
		return operationOption(op, attributeOf(nvpair, "name"))
	}, false)
	if left {
		for _, token := range append([]etree.Token(nil), content.Child...) {
			c.AddChild(token)
		}
	}
	if target {
		moveOptions(c, op, sources)
	}
	if left || target {
		dst.AddChild(c)
	}
}

// sayOperation tells what becomes of op's sets.
func (o *optionRewriter) sayOperation(op *etree.Element) {
	sayInstance := func(set *etree.Element) {
		for _, nvpair := range childrenNamed(set, "nvpair") {
			o.say(operationInstance, operationContext(op, set), instanceOption(op, attributeOf(nvpair, "name")))
		}
	}
	instances := childrenNamed(op, "instance_attributes")
	for _, set := range withoutRule(instances) {
		sayInstance(set)
	}
	for _, set := range childrenNamed(op, "meta_attributes") {
		for _, nvpair := range childrenNamed(set, "nvpair") {
			o.say(operationOptions, operationContext(op, set), operationOption(op, attributeOf(nvpair, "name")))
		}
	}
	for _, set := range instances {
		if hasRule(set) {
			sayInstance(set)
		}
	}
}

func operationContext(op, set *etree.Element) string {
	return fmt.Sprintf("%s (rsc=%s, meta=%s)", attributeOf(op, "id"), attributeOf(resourceOf(op), "id"), attributeOf(set, "id"))
}

// resourceOf is the primitive or template that op belongs to.
func resourceOf(op *etree.Element) *etree.Element { return op.Parent().Parent() }

// resourceHas tells whether a resource has the meta attribute already.
func resourceHas(resource *etree.Element, name string) bool {
	for _, set := range withoutRule(childrenNamed(resource, "meta_attributes")) {
		for _, nvpair := range childrenNamed(set, "nvpair") {
			if attributeOf(nvpair, "name") == name {
				return true
			}
		}
	}
	return false
}

// movingOptions are those of a set of op's instance attributes that move to its meta
// attributes: not if the resource has one of that name, nor if a later set has.
func movingOptions(op, set *etree.Element) []*etree.Element {
	var moving []*etree.Element
	for _, nvpair := range childrenNamed(set, "nvpair") {
		name := attributeOf(nvpair, "name")
		r := instanceOption(op, name)
		if r == nil || r.where != metaAttributes || resourceHas(resourceOf(op), r.with) {
			continue
		}
		if !anyNamed(withoutRule(followingNamed(set, "instance_attributes")), name) {
			moving = append(moving, nvpair)
		}
	}
	return moving
}

func anyNamed(sets []*etree.Element, name string) bool {
	for _, set := range sets {
		for _, nvpair := range childrenNamed(set, "nvpair") {
			if attributeOf(nvpair, "name") == name {
				return true
			}
		}
	}
	return false
}

func moveOptions(dst, op *etree.Element, sources []*etree.Element) {
	for _, source := range sources {
		for _, nvpair := range movingOptions(op, source) {
			copyComments(dst, nvpair)
			copyTag(dst, nvpair)
		}
	}
}

// setLike adds meta attributes that apply when source does.
func (o *optionRewriter) setLike(dst, source *etree.Element) *etree.Element {
	set := dst.CreateElement("meta_attributes")
	copyAttributes(set, source, "id")
	set.CreateAttr("id", addedID+attributeOf(source, "id"))
	for _, token := range source.Child {
		if child, ok := token.(*etree.Element); !ok || child.Tag != "nvpair" {
			o.apply(set, token)
		}
	}
	return set
}

// requires gives a resource the meta attribute that its start and promote operations
// had: as an attribute, or in one of their sets. The last one counts.
func (o *optionRewriter) requires(dst, resource *etree.Element) {
	var last *etree.Element
	var sets []*etree.Element
	has := resourceHas(resource, "requires")
	for _, operations := range childrenNamed(resource, "operations") {
		for _, op := range childrenNamed(operations, "op") {
			if _, ok := lookup(op, "requires"); ok {
				r := operationOption(op, "requires")
				o.say(operationOptions, fmt.Sprintf("%s (rsc=%s)", attributeOf(op, "id"), attributeOf(resource, "id")), r)
				if r.where != "" && !has {
					last = op
				}
			}
			sets = append(sets, childrenNamed(op, "meta_attributes", "instance_attributes")...)
		}
	}
	if last != nil {
		set := dst.CreateElement("meta_attributes")
		set.CreateAttr("id", addedID+attributeOf(resource, "id")+"-meta")
		nvpair := set.CreateElement("nvpair")
		nvpair.CreateAttr("id", addedID+attributeOf(last, "id")+"-meta-requires")
		nvpair.CreateAttr("name", "requires")
		nvpair.CreateAttr("value", attributeOf(last, "requires"))
		return
	}
	if has {
		return
	}
	for i, source := range sets {
		if !namesRequires(source) || overridden(sets, i) {
			continue
		}
		set := o.setLike(dst, source)
		for _, nvpair := range childrenNamed(source, "nvpair") {
			if attributeOf(nvpair, "name") == "requires" {
				copyTag(set, nvpair)
			}
		}
	}
}

// namesRequires tells whether a set of an operation has a requires that counts.
func namesRequires(set *etree.Element) bool {
	r := operationOption(set.Parent(), "requires")
	return r.where != "" && anyNamed([]*etree.Element{set}, "requires")
}

// overridden tells whether another set's requires is taken instead of that of
// sets[i]: a later one of the same kind, and any of meta attributes before instance attributes.
func overridden(sets []*etree.Element, i int) bool {
	for j, other := range sets {
		if j == i || hasRule(other) || !namesRequires(other) {
			continue
		}
		if other.Tag == sets[i].Tag && j > i || other.Tag == "meta_attributes" && sets[i].Tag != "meta_attributes" {
			return true
		}
	}
	return false
}
