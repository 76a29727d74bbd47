package schema

import (
	"strings"

	"github.com/beevik/etree"
)

// Validate tells whether the CIB is what the version's grammar has, as
// validate_with does in the reference. For [None] everything is, for [Unknown]
// nothing. The document is not changed.
func (v Version) Validate(cib *etree.Element) bool {
	if cib == nil {
		return false
	}
	return v.validate(cib, newIdentifiers())
}

func (v Version) validate(cib *etree.Element, ids *identifiers) bool {
	switch {
	case v == None:
		return true
	case v < 0 || int(v) >= count:
		return false
	}
	g := &grammars[v]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ready(v)
	r := reader{patterns: g.patterns, ids: ids}
	edge := g.patterns.childEdge(g.start, cib.Tag)
	if len(edge.alternatives) == 0 || !r.matches(edge.alternatives[0], cib, false) {
		return false
	}
	return ids.resolve()
}

// reader compares a document with a grammar.
type reader struct {
	*patterns
	ids *identifiers
}

// matches tells whether e is a. foreign says that a default namespace is declared
// around it: the CIB has none.
func (r *reader) matches(a *element, e *etree.Element, foreign bool) bool {
	for i := range e.Attr {
		if at := &e.Attr[i]; at.Space == "" && at.Key == "xmlns" {
			foreign = at.Value != ""
		}
	}
	if foreign || e.Space != "" {
		return false
	}
	if a.content == r.any {
		return true
	}
	p := a.content
	for i := range e.Attr {
		at := &e.Attr[i]
		if at.Space == "xmlns" || at.Space == "" && at.Key == "xmlns" {
			continue // declares a namespace, is no attribute
		}
		if at.Space != "" {
			return false
		}
		if p = r.attribute(p, at); p == r.notAllowed {
			return false
		}
	}
	p = r.close(p)
	for _, child := range e.Child {
		if p = r.child(p, child, foreign); p == r.notAllowed {
			return false
		}
	}
	return p.nullable
}

func (r *reader) attribute(p *pattern, at *etree.Attr) *pattern {
	edge := r.attributeEdge(p, at.Key)
	matching := 0
	for i, t := range edge.types {
		if t.typ.allows(at.Value) && r.ids.note(t.typ.kind, at) {
			matching |= 1 << i
		}
	}
	if matching == 0 {
		return r.notAllowed
	}
	if edge.next[matching] == nil {
		var types []*attribute
		for i, t := range edge.types {
			if matching>>i&1 == 1 {
				types = append(types, t)
			}
		}
		edge.next[matching] = r.afterAttribute(p, types)
	}
	return edge.next[matching]
}

func (r *reader) child(p *pattern, token etree.Token, foreign bool) *pattern {
	e, ok := token.(*etree.Element)
	if !ok {
		if data, ok := token.(*etree.CharData); ok && strings.Trim(data.Data, blanks) != "" {
			return r.notAllowed
		}
		return p
	}
	edge := r.childEdge(p, e.Tag)
	matching := 0
	for i, a := range edge.alternatives {
		if r.matches(a, e, foreign) {
			matching |= 1 << i
		}
	}
	if matching == 0 {
		return r.notAllowed
	}
	if edge.next[matching] == nil {
		var elements []*element
		for i, a := range edge.alternatives {
			if matching>>i&1 == 1 {
				elements = append(elements, a)
			}
		}
		edge.next[matching] = r.afterElement(p, elements)
	}
	return edge.next[matching]
}

// identifiers are the IDs and references of one document. They outlive a
// validation as they do in libxml2, where the document keeps them: what one version
// took for a reference must resolve at the next as well.
type identifiers struct {
	owners     map[string]*etree.Attr
	references map[*etree.Attr]struct{}

	// journal is what has been noted since begin.
	journal []*etree.Attr
	keeping bool
}

func newIdentifiers() *identifiers {
	return &identifiers{owners: map[string]*etree.Attr{}, references: map[*etree.Attr]struct{}{}}
}

// begin starts an attempt, end takes back what it has noted if it has come to nothing.
func (ids *identifiers) begin() { ids.journal, ids.keeping = ids.journal[:0], true }

func (ids *identifiers) end(ok bool) {
	ids.keeping = false
	if ok {
		return
	}
	for _, at := range ids.journal {
		delete(ids.references, at)
		if id := trimBlanks(at.Value); ids.owners[id] == at {
			delete(ids.owners, id)
		}
	}
}

// note remembers a value of type ID or IDREF; false means that another attribute
// has this ID.
func (ids *identifiers) note(kind typeKind, at *etree.Attr) bool {
	switch kind {
	case typeID:
		id := trimBlanks(at.Value)
		owner, taken := ids.owners[id]
		if !taken {
			ids.owners[id] = at
			ids.keep(at)
		}
		return !taken || owner == at
	case typeIDREF:
		if _, known := ids.references[at]; !known {
			ids.references[at] = struct{}{}
			ids.keep(at)
		}
	}
	return true
}

func (ids *identifiers) keep(at *etree.Attr) {
	if ids.keeping {
		ids.journal = append(ids.journal, at)
	}
}

// resolve tells whether every reference is to an ID.
func (ids *identifiers) resolve() bool {
	for ref := range ids.references {
		if _, ok := ids.owners[trimBlanks(ref.Value)]; !ok {
			return false
		}
	}
	return true
}
