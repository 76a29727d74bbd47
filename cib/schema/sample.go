package schema

import (
	"slices"
	"strconv"

	"github.com/beevik/etree"
)

// Sample makes a CIB that is valid for the version, which must have a grammar: of all
// that the grammar allows, pick decides, returning a number from 0 to n-1. words are
// what attributes of any text are given, beside a few of Sample's own. It is for tests, also of
// other packages: a seeded pick makes odd but valid configurations without end.
func (v Version) Sample(pick func(n int) int, words []string) *etree.Element {
	g := &grammars[v]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ready(v)
	for {
		s := &sampler{pick: pick, words: append([]string{"", "a", "0", "10s", "an ü\n<&\""}, words...)}
		var holder etree.Element
		s.add(&holder, g.start, 0)
		if len(s.ids) == 0 && len(s.references) > 0 {
			continue // nothing to refer to
		}
		for _, r := range s.references {
			r.element.CreateAttr(r.attribute, s.ids[pick(len(s.ids))])
		}
		cib := holder.ChildElements()[0]
		cib.CreateAttr("validate-with", v.String())
		return cib
	}
}

// sampler draws from a grammar.
type sampler struct {
	pick       func(n int) int
	words      []string
	ids        []string
	references []reference
}

// reference is an attribute that has to become an ID, once all are known.
type reference struct {
	element   *etree.Element
	attribute string
}

// deep is where repetition ends, for patterns that contain themselves.
const deep = 12

// add adds to e what p allows.
func (s *sampler) add(e *etree.Element, p *pattern, depth int) {
	switch p.op {
	case opElement:
		s.add(e.CreateElement(p.element.name), p.element.content, depth+1)
	case opAttribute:
		s.attribute(e, p.attribute)
	case opChoice:
		alternatives := s.alternatives(p, nil)
		if depth > deep && p.nullable {
			return
		}
		s.add(e, alternatives[s.pick(len(alternatives))], depth)
	case opGroup:
		s.add(e, p.a, depth)
		s.add(e, p.b, depth)
	case opInterleave:
		s.interleave(e, p, depth)
	case opOneOrMore:
		s.add(e, p.a, depth)
		for depth <= deep && s.pick(3) == 0 {
			s.add(e, p.a, depth)
		}
	}
}

func (s *sampler) alternatives(p *pattern, found []*pattern) []*pattern {
	if p.op == opChoice {
		return s.alternatives(p.b, s.alternatives(p.a, found))
	}
	return append(found, p)
}

// interleave puts the elements of both parts among each other.
func (s *sampler) interleave(e *etree.Element, p *pattern, depth int) {
	before := len(e.Child)
	s.add(e, p.a, depth)
	middle := len(e.Child)
	s.add(e, p.b, depth)
	a := slices.Clone(e.Child[before:middle])
	b := slices.Clone(e.Child[middle:])
	for len(a) > 0 && len(b) > 0 {
		if s.pick(2) == 0 {
			e.AddChild(a[0])
			a = a[1:]
		} else {
			e.AddChild(b[0])
			b = b[1:]
		}
	}
	for _, token := range append(a, b...) {
		e.AddChild(token)
	}
}

func (s *sampler) attribute(e *etree.Element, a *attribute) {
	e.CreateAttr(a.name, s.value(e, a.name, a.typ))
}

func (s *sampler) value(e *etree.Element, name string, t *datatype) string {
	switch t.kind {
	case typeID:
		id := "i" + strconv.Itoa(len(s.ids))
		s.ids = append(s.ids, id)
		return id
	case typeIDREF:
		s.references = append(s.references, reference{e, name})
		return ""
	case typeBoolean:
		return []string{"true", "false", "1", "0"}[s.pick(4)]
	case typeInteger, typeNonNegative, typePositive:
		return strconv.Itoa(1 + s.pick(20))
	case typeTokens, typeExact:
		return t.tokens[s.pick(len(t.tokens))]
	case typeMatch:
		return "1-2"
	case typeChoice:
		return s.value(e, name, t.anyOf[s.pick(len(t.anyOf))])
	}
	for range 100 {
		if word := s.words[s.pick(len(s.words))]; t.allows(word) {
			return word
		}
	}
	return "word"
}
