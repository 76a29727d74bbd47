package schema

import "github.com/beevik/etree"

// upgradeACLs is the step from 1.3 to 2.0 (upgrade-1.3.xsl): users become targets that
// have roles, and read, write and deny become permissions of that kind.
func upgradeACLs(root *etree.Element) (*etree.Element, []Message) {
	a := &aclRewriter{}
	permission := a.permission
	a.rules = map[string]func(dst, e *etree.Element){
		"cib":      a.cib,
		"role_ref": func(dst, e *etree.Element) { a.renamed(dst, e, "role") },
		"acl_user": a.user,
		"read":     permission, "write": permission, "deny": permission,
	}
	return a.document(root), a.messages
}

type aclRewriter struct {
	rewriter
	messages []Message
}

func (a *aclRewriter) say(text string) {
	a.messages = append(a.messages, Message{Kind: Transforming, Level: Warning, Text: text})
}

func (a *aclRewriter) cib(dst, e *etree.Element) {
	c := copyTag(dst, e)
	c.CreateAttr("validate-with", V2_0.String())
	a.content(c, e)
}

func (a *aclRewriter) renamed(dst, e *etree.Element, name string) *etree.Element {
	c := dst.CreateElement(name)
	copyAttributes(c, e)
	a.content(c, e)
	return c
}

// user makes a target. Permissions of the user itself go to a role made for it.
func (a *aclRewriter) user(dst, e *etree.Element) {
	if len(childrenNamed(e, "role_ref")) > 0 {
		a.renamed(dst, e, "acl_target")
		return
	}
	target := dst.CreateElement("acl_target")
	copyAttributes(target, e)
	if len(childrenNamed(e, "deny", "read", "write")) == 0 {
		return
	}
	id := "auto-" + attributeOf(e, "id")
	target.CreateElement("role").CreateAttr("id", id)
	role := dst.CreateElement("acl_role")
	role.CreateAttr("id", id)
	for _, child := range e.ChildElements() {
		a.apply(role, child)
	}
}

// permission has one object: a reference before a tag before an XPath.
func (a *aclRewriter) permission(dst, e *etree.Element) {
	p := dst.CreateElement("acl_permission")
	if id, ok := lookup(e, "id"); ok {
		p.CreateAttr("id", id)
	}
	p.CreateAttr("kind", e.Tag)
	attribute, narrowed := lookup(e, "attribute")
	if ref, ok := lookup(e, "ref"); ok {
		p.CreateAttr("reference", ref)
		if narrowed {
			a.say("ACLs: @attribute cannot accompany @ref for upgrade-1.3.xsl purposes, ignoring")
		}
		return
	}
	if tag, ok := lookup(e, "tag"); ok {
		p.CreateAttr("object-type", tag)
		if narrowed {
			a.say("ACLs: @attribute (with @tag) handling generalized a bit for upgrade-1.3.xsl purposes")
			p.CreateAttr("attribute", attribute)
		}
		return
	}
	xpath, ok := lookup(e, "xpath")
	if narrowed {
		a.say("ACLs: @attribute (with @xpath) handling generalized a bit for upgrade-1.3.xsl purposes")
		p.CreateAttr("xpath", xpath+"[@"+attribute+"]")
	} else if ok {
		p.CreateAttr("xpath", xpath)
	}
}
