package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// addedID starts the ids of what the step to 3.0 makes.
const addedID = "_2TO3_"

// upgradeOptions is the step from 2.10 to 3.0 (upgrade-2.10.xsl): options of old names
// get their new ones, move to where they belong now, or go.
func upgradeOptions(root *etree.Element) (*etree.Element, []Message) {
	o := &optionRewriter{}
	o.rules = map[string]func(dst, e *etree.Element){
		"cib":                  o.cib,
		"configuration":        o.configuration,
		"cluster_property_set": o.clusterProperties,
		"rsc_colocation":       o.colocation,
		"node":                 o.node,
		"primitive":            o.resource,
		"template":             o.resource,
	}
	return o.document(root), o.messages
}

type optionRewriter struct {
	rewriter
	messages []Message
}

func (o *optionRewriter) say(rs *replacements, context string, r *replacement) {
	if r != nil {
		o.messages = append(o.messages, rs.message(context, r)...)
	}
}

func (o *optionRewriter) cib(dst, e *etree.Element) {
	c := copyTag(dst, e)
	c.CreateAttr("validate-with", V3_0.String())
	o.content(c, e)
}

// configuration adds op_defaults and rsc_defaults if cluster properties move there.
// To those that exist, they are added in the first set that depends on no rule; if
// there is none, they are lost. Properties that depend on a rule are lost.
func (o *optionRewriter) configuration(dst, e *etree.Element) {
	c := copyTag(dst, e)
	for _, token := range e.Child {
		child, ok := token.(*etree.Element)
		if ok && child.Space == "" && (child.Tag == operationDefaults || child.Tag == resourceDefaults) {
			o.defaults(c, child, e)
		} else if ok {
			o.identity(c, child)
		} else {
			copyToken(c, token)
		}
	}
	for _, variant := range []string{operationDefaults, resourceDefaults} {
		if len(childrenNamed(e, variant)) > 0 {
			continue
		}
		set := etree.NewElement("meta_attributes")
		set.CreateAttr("id", addedID+"-"+strings.ReplaceAll(variant, "_", "-"))
		moveProperties(set, e, variant)
		if len(set.ChildElements()) > 0 {
			c.CreateElement(variant).AddChild(set)
		}
	}
}

// defaults copies op_defaults or rsc_defaults with the properties that move there.
func (o *optionRewriter) defaults(dst, e, configuration *etree.Element) {
	c := copyTag(dst, e)
	moved := false
	for _, token := range e.Child {
		child, ok := token.(*etree.Element)
		if !ok {
			copyToken(c, token)
			continue
		}
		o.identity(c, child)
		if !moved && child.Tag == "meta_attributes" && !hasRule(child) {
			moved = true
			children := c.ChildElements()
			moveProperties(children[len(children)-1], configuration, e.Tag)
		}
	}
}

// moveProperties adds to dst the cluster properties that move to op_defaults or
// rsc_defaults, as variant says, unless a set there has them already.
func moveProperties(dst, configuration *etree.Element, variant string) {
	there := map[string]bool{}
	for _, defaults := range childrenNamed(configuration, variant) {
		for _, set := range withoutRule(childrenNamed(defaults, "meta_attributes")) {
			for _, nvpair := range childrenNamed(set, "nvpair") {
				there[attributeOf(nvpair, "name")] = true
			}
		}
	}
	for _, section := range childrenNamed(configuration, "crm_config") {
		for _, set := range withoutRule(childrenNamed(section, "cluster_property_set")) {
			for _, nvpair := range childrenNamed(set, "nvpair") {
				r := clusterProperties.find(attributeOf(nvpair, "name"), attributeOf(nvpair, "value"))
				if r != nil && r.with != "" && r.where == variant && !there[r.with] {
					copyComments(dst, nvpair)
					r.rename(dst, nvpair)
				}
			}
		}
	}
}

// copyComments copies the comments right before e, back to the element before it.
func copyComments(dst, e *etree.Element) {
	siblings := e.Parent().Child
	first := e.Index()
	for first > 0 {
		if _, ok := siblings[first-1].(*etree.Element); ok {
			break
		}
		first--
	}
	for _, token := range siblings[first:e.Index()] {
		if comment, ok := token.(*etree.Comment); ok {
			dst.CreateComment(comment.Data)
		}
	}
}

// clusterProperties keeps a set if an option stays in it. Comments stay
// only before an option that does.
func (o *optionRewriter) clusterProperties(dst, e *etree.Element) {
	find := func(nvpair *etree.Element) *replacement {
		return clusterProperties.find(attributeOf(nvpair, "name"), attributeOf(nvpair, "value"))
	}
	for _, nvpair := range childrenNamed(e, "nvpair") {
		o.say(clusterProperties, attributeOf(nvpair, "id"), find(nvpair))
	}
	o.set(dst, e, find, false)
}

// set copies a set of options without those that leave it, and nothing if none is left.
func (o *optionRewriter) set(dst, e *etree.Element, find func(nvpair *etree.Element) *replacement, comments bool) {
	c := etree.NewElement(e.FullTag())
	copyAttributes(c, e)
	if o.setContent(c, e, find, comments) {
		dst.AddChild(c)
	}
}

// setContent is set for what is in it; it tells whether an option is left. The reference
// copies comments before an option twice in some sets: comments tells in which.
func (o *optionRewriter) setContent(dst, e *etree.Element, find func(nvpair *etree.Element) *replacement, comments bool) bool {
	left := false
	for _, token := range e.Child {
		child, ok := token.(*etree.Element)
		switch {
		case !ok:
			if _, isComment := token.(*etree.Comment); !isComment || comments {
				copyToken(dst, token)
			}
		case child.Tag != "nvpair" || child.Space != "":
			o.identity(dst, child)
		default:
			r := find(child)
			if r != nil && r.gone() {
				continue
			}
			left = true
			copyComments(dst, child)
			if r != nil {
				r.rename(dst, child)
			} else {
				o.identity(dst, child)
			}
		}
	}
	return left || hasRemark(e, comments)
}

// hasRemark tells whether a set of which no option is left stays for a comment or an
// instruction in it. The reference asks for text with blanks in it, and libxml2's answer
// depends on the first thing that is left, unless that is an element.
func hasRemark(e *etree.Element, comments bool) bool {
	if slices.ContainsFunc(e.ChildElements(), func(c *etree.Element) bool { return c.Tag != "nvpair" || c.Space != "" }) {
		return false
	}
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Comment:
			if comments {
				return t.Data != ""
			}
		case *etree.ProcInst:
			return t.Inst != ""
		}
	}
	return false
}

// colocation drops scores that come from node attributes.
func (o *optionRewriter) colocation(dst, e *etree.Element) {
	c := dst.CreateElement(e.FullTag())
	for i := range e.Attr {
		r := colocations.find(e.Attr[i].FullKey(), "")
		o.say(colocations, attributeOf(e, "id"), r)
		if r == nil {
			c.CreateAttr(e.Attr[i].FullKey(), e.Attr[i].Value)
		}
	}
	o.content(c, e)
}

// node makes members of normal nodes.
func (o *optionRewriter) node(dst, e *etree.Element) {
	c := dst.CreateElement(e.FullTag())
	for i := range e.Attr {
		key, value := e.Attr[i].FullKey(), e.Attr[i].Value
		r := clusterNode.find(key, value)
		if r != nil {
			o.say(clusterNode, fmt.Sprintf("%s (id=%s)", attributeOf(e, "uname"), attributeOf(e, "id")), r)
			key, value = r.with, r.as
		}
		c.CreateAttr(key, value)
	}
	o.content(c, e)
}

// resource is for primitives and templates.
func (o *optionRewriter) resource(dst, e *etree.Element) {
	c := copyTag(dst, e)
	for _, token := range e.Child {
		child, ok := token.(*etree.Element)
		if !ok {
			copyToken(c, token)
			continue
		}
		switch child.Tag {
		case "operations":
			o.operations(c, child)
		case "instance_attributes":
			o.instanceAttributes(c, child)
		case "meta_attributes":
			o.metaAttributes(c, child)
		default:
			o.identity(c, child)
		}
	}
	o.requires(c, e)
}

func (o *optionRewriter) instanceAttributes(dst, e *etree.Element) {
	find := func(nvpair *etree.Element) *replacement {
		return resourceInstance.find(attributeOf(nvpair, "name"), attributeOf(nvpair, "value"))
	}
	for _, nvpair := range childrenNamed(e, "nvpair") {
		o.say(resourceInstance, attributeOf(nvpair, "id"), find(nvpair))
	}
	o.set(dst, e, find, true)
}

// resourceOption finds the replacement of a resource's meta attribute.
func resourceOption(nvpair *etree.Element) *replacement {
	return resourceOptions.find(attributeOf(nvpair, "name"), attributeOf(nvpair, "value"))
}

// metaAttributes renames a resource's options, if that does not make one twice.
func (o *optionRewriter) metaAttributes(dst, e *etree.Element) {
	left := false
	for _, nvpair := range childrenNamed(e, "nvpair") {
		r := resourceOption(nvpair)
		context := fmt.Sprintf("%s (meta=%s)", attributeOf(e.Parent(), "id"), attributeOf(e, "id"))
		o.say(resourceOptions, context, r)
		left = left || r == nil || !r.gone()
	}
	if !left && !hasRemark(e, true) {
		return
	}
	c := copyTag(dst, e)
	o.setContent(c, e, func(nvpair *etree.Element) *replacement {
		r := resourceOption(nvpair)
		if r != nil && !r.gone() && !onlyOption(nvpair, r.with) {
			return &replacement{} // goes
		}
		return r
	}, true)
}

// onlyOption tells whether a renamed option is kept. Several may get the same name;
// the reference means to keep the first of this and the following sets, but goes by
// whether it is the very first option there of all that stay.
func onlyOption(nvpair *etree.Element, with string) bool {
	set := nvpair.Parent()
	var b strings.Builder
	for _, s := range withoutRule(append([]*etree.Element{set}, followingNamed(set, "meta_attributes")...)) {
		for _, option := range childrenNamed(s, "nvpair") {
			switch r := resourceOption(option); {
			case r == nil:
				b.WriteString(" ")
			case !r.gone():
				fmt.Fprintf(&b, "%p@%s ", option, r.with)
			}
		}
	}
	all := b.String()
	before, _, _ := strings.Cut(all, "@"+with)
	return !strings.Contains(all, with+" ") || before == fmt.Sprintf("%p", nvpair)
}
