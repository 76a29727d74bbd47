package acl

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/xpath"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// User is somebody who asks for something.
type User struct {
	Name string
	// InGroup tells whether the system has the user in a group; nil is in none.
	InGroup func(group string) bool
}

// Required tells whether permissions matter to the user at all (pcmk_acl_required).
func (u User) Required() bool {
	return u.Name != "" && u.Name != "root" && u.Name != "hacluster"
}

// Enabled tells whether a CIB has permissions decide what the user may do at a time
// (cib_acl_enabled).
func Enabled(cib *etree.Element, user User, now iso8601.Time) bool {
	if !user.Required() {
		return false
	}
	sections, _ := xpath.Select(cib, "//cib/configuration/crm_config")
	if len(sections) != 1 {
		return false
	}
	options := map[string]string{}
	rules.NewDocument(cib).Sets(sections[0], "cluster_property_set").Apply(options, &rules.Input{Now: now, Clock: now},
		rules.Options{First: "cib-bootstrap-options", Overwrite: true}, nil)
	for _, yes := range []string{"true", "on", "yes", "y", "1"} {
		if document.EqualFold(options["enable-acl"], yes) {
			return true
		}
	}
	return false
}

// permission is one that a user has.
type permission struct {
	mode document.Flags // Read, Write or Deny
	path string         // XPath
}

// Permissions are those of a user, in the order in which they were found. They are a
// document.Guard.
type Permissions struct{ list []permission }

// Empty implements document.Guard.
func (p *Permissions) Empty() bool { return len(p.list) == 0 }

// Apply implements document.Guard.
func (p *Permissions) Apply(root *etree.Element, grant func(*etree.Element, document.Flags)) {
	for _, one := range p.list {
		found, _ := xpath.Select(root, one.path)
		for _, e := range found {
			grant(e, one.mode)
		}
	}
}

// Of are the permissions that a CIB gives a user (pcmk__unpack_acl).
func Of(cib *etree.Element, user User) *Permissions {
	p := &Permissions{}
	sections, _ := xpath.Select(cib, "//acls")
	if len(sections) != 1 {
		return p
	}
	for _, e := range sections[0].ChildElements() {
		name, ok := document.Get(e, "name")
		if !ok {
			name, ok = document.ID(e)
		}
		if !ok {
			continue
		}
		switch e.Tag {
		case "acl_target", "acl_user":
			ok = name == user.Name
		case "acl_group":
			ok = user.InGroup != nil && user.InGroup(name)
		default:
			ok = false
		}
		if ok {
			p.read(sections[0], e, map[*etree.Element]bool{})
		}
	}
	return p
}

// read adds the permissions of a target, a group or a role; open are the roles being read
// (parse_acl_entry).
func (p *Permissions) read(section, entry *etree.Element, open map[*etree.Element]bool) {
	if open[entry] {
		return
	}
	open[entry] = true
	defer delete(open, entry)
	for _, e := range entry.ChildElements() {
		kind := e.Tag
		if kind == "acl_permission" {
			kind, _ = document.Get(e, "kind")
		}
		switch kind {
		case "role", "role_ref":
			if id, ok := document.ID(e); ok {
				if role, ok := document.MatchBy(section, "acl_role", "id", id, true).(*etree.Element); ok {
					p.read(section, role, open)
				}
			}
		case "read":
			p.add(e, document.Read)
		case "write":
			p.add(e, document.Write)
		case "deny":
			p.add(e, document.Deny)
		}
	}
}

// add adds a permission. One that says nothing of what it is for takes away all so far, as in
// the reference.
func (p *Permissions) add(e *etree.Element, mode document.Flags) {
	either := func(name, old string) (string, bool) {
		if value, ok := document.Get(e, name); ok {
			return value, true
		}
		return document.Get(e, old)
	}
	tag, hasTag := either("object-type", "tag")
	ref, hasRef := either("reference", "ref")
	path, hasPath := document.Get(e, "xpath")
	attribute, hasAttribute := document.Get(e, "attribute")
	if !hasTag {
		tag = "*"
	}
	switch {
	case hasPath:
	case !hasTag && !hasRef:
		p.list = nil
		return
	case hasRef && hasAttribute:
		path = "//" + tag + "[@id='" + ref + "' and @" + attribute + "]"
	case hasRef:
		path = "//" + tag + "[@id='" + ref + "']"
	case hasAttribute:
		path = "//" + tag + "[@" + attribute + "]"
	default:
		path = "//" + tag
	}
	p.list = append(p.list, permission{mode, path})
}
