package patch

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
)

// newest is the feature set up to which patchsets of version 1 are made.
const newestV1 = "3.0.8"

// Options say how to make a patchset.
type Options struct {
	// Format is its version; 0 is what the feature set of the source asks for.
	Format int
	// Count raises the target's version first: its epoch if the configuration has changed, else
	// its num_updates.
	Count bool
}

// Create is the patchset from source to target, which has its changes marked, or nil if there
// are none (xml_create_patchset). config tells whether they touch the configuration. The
// patchset has no digest yet: see [AddDigest].
func Create(source *etree.Element, target *document.Document, opts Options) (patchset *etree.Element, config bool) {
	target.Unguard()
	if !target.Dirty() {
		return nil, false
	}
	config = touchesConfiguration(target)
	if opts.Count {
		count(target, config)
	}
	format := opts.Format
	if format == 0 {
		format = 1
		if set, _ := document.Get(source, "crm_feature_set"); featureset.Compare(newestV1, set) < 0 {
			format = 2
		}
	}
	if format == 1 {
		return createV1(source, target, config), config
	}
	return createV2(source, target), config
}

// count raises the version (xml_create_patchset with manage_version).
func count(target *document.Document, config bool) {
	raise := func(field string) {
		n, _ := Int(target.Root, field)
		target.Set(target.Root, field, strconv.Itoa(n+1))
	}
	if config {
		target.Set(target.Root, "num_updates", "0")
		raise("epoch")
	} else {
		raise("num_updates")
	}
}

// touchesConfiguration tells whether anything in the configuration has changed.
func touchesConfiguration(target *document.Document) bool {
	if c := Child(target.Root, "configuration"); c != nil && target.Of(c).Has(document.Dirty) {
		return true
	}
	for _, deletion := range target.Deletions() {
		if strings.Contains(deletion.Path, "/cib/configuration") {
			return true
		}
	}
	return false
}

// AddDigest gives a patchset the digest of its outcome, which must have no tracked changes
// any more (patchset_process_digest). Those of version 1 always get it.
func AddDigest(patchset, source, target *etree.Element, always bool) {
	if Format(patchset) > 1 && !always {
		return
	}
	set, _ := document.Get(source, "crm_feature_set")
	patchset.CreateAttr("digest", digest.Versioned(target, set))
}

func createV2(source *etree.Element, target *document.Document) *etree.Element {
	patchset := etree.NewElement("diff")
	patchset.CreateAttr("format", "2")
	version := patchset.CreateElement("version")
	addVersion(version.CreateElement("source"), source)
	addVersion(version.CreateElement("target"), target.Root)
	for _, deletion := range target.Deletions() {
		c := addChange(patchset, "delete", deletion.Path)
		if deletion.Position >= 0 {
			c.CreateAttr("position", strconv.Itoa(deletion.Position))
		}
	}
	c := changes{target, patchset}
	c.add(target.Root, 0)
	return patchset
}

func addVersion(e, cib *etree.Element) {
	for _, field := range versionFields {
		value, ok := document.Get(cib, field)
		if !ok {
			value = "1"
		}
		e.CreateAttr(field, value)
	}
}

func addChange(patchset *etree.Element, operation, path string) *etree.Element {
	c := patchset.CreateElement("change")
	c.CreateAttr("operation", operation)
	c.CreateAttr("path", path)
	return c
}

// changes adds the changes of a document to a patchset.
type changes struct {
	*document.Document
	patchset *etree.Element
}

// add adds those of an element or a comment, which is at a position.
func (c *changes) add(token etree.Token, position int) {
	flags := c.Of(token)
	if flags.Has(document.Created) {
		parent := token.Parent()
		if parent.Tag != "" {
			change := addChange(c.patchset, "create", document.Path(parent))
			change.CreateAttr("position", strconv.Itoa(position))
			change.AddChild(document.Copy(token))
		}
		return
	}
	if e, ok := token.(*etree.Element); ok {
		c.modify(e)
		at := 0
		for _, child := range e.Child {
			if !document.IsNode(child) {
				continue
			}
			if c.Marked(child) {
				c.add(child, at)
			}
			at++
		}
	}
	if flags.Has(document.Moved) {
		addChange(c.patchset, "move", document.Path(token)).CreateAttr("position", strconv.Itoa(position))
	}
}

// modify adds the changes of an element's attributes.
func (c *changes) modify(e *etree.Element) {
	var list *etree.Element
	for i := range e.Attr {
		a := &e.Attr[i]
		flags := c.OfAttribute(e, a.Key)
		if !text.IsAttribute(a) || flags&(document.Deleted|document.Dirty) == 0 {
			continue
		}
		if list == nil {
			list = addChange(c.patchset, "modify", document.Path(e)).CreateElement("change-list")
		}
		change := list.CreateElement("change-attr")
		change.CreateAttr("name", a.Key)
		if flags.Has(document.Deleted) {
			change.CreateAttr("operation", "unset")
		} else {
			change.CreateAttr("operation", "set")
			change.CreateAttr("value", a.Value)
		}
	}
	if list == nil {
		return
	}
	result := list.Parent().CreateElement("change-result").CreateElement(e.Tag)
	for i := range e.Attr {
		if a := &e.Attr[i]; text.IsAttribute(a) && !c.OfAttribute(e, a.Key).Has(document.Deleted) {
			result.CreateAttr(a.Key, a.Value)
		}
	}
}
