package schema

import "slices"

// definition trees are the grammar as libxml2 has it after reading the reference's
// schemas: it validates by walking them, and which errors it reports, and in which
// order, depends on their shape. They are only made to explain why a document is
// refused.
type defKind uint8

const (
	defElement defKind = iota
	defAttribute
	defEmpty
	defAny // any content: status
	defSequence
	defChoice
	defInterleave
	defOptional
	defZeroOrMore
	defOneOrMore
)

type def struct {
	kind    defKind
	name    string
	content []*def
	typ     *datatype

	// Of elements: what is about attributes only, in the order in which it is looked
	// at; and the automaton's element, to know quickly whether one is valid.
	attributes []*def
	fast       *element

	// Of choices: which alternative an element's name leads to, if that decides. Of
	// interleaves: which part it belongs to.
	triage map[string]*def
	// open is a choice in which no name decides.
	open bool
}

// definer makes them for one version.
type definer struct {
	*compiler
	made map[elementKey]*def
}

// sequence is what an expression adds to a sequence.
func (d *definer) sequence(e *expr, s scope) []*def {
	if !e.at(s.version) {
		return nil
	}
	switch e.kind {
	case exprEmpty:
		return []*def{{kind: defEmpty}}
	case exprNever:
		return nil
	case exprAny:
		return []*def{{kind: defAny}}
	case exprElement:
		return []*def{d.elementDef(e, s)}
	case exprAttribute:
		return []*def{{kind: defAttribute, name: e.name, typ: d.attribute(e, s).typ}}
	case exprRef:
		body, inner, ok := d.resolve(e, s)
		if !ok {
			return nil
		}
		content := d.sequence(body, inner)
		if len(content) == 0 {
			return nil
		}
		return []*def{{kind: defSequence, content: content}}
	case exprGroup:
		var all []*def
		for _, part := range e.args {
			all = append(all, d.sequence(part, s)...)
		}
		return all
	case exprChoice:
		return d.parts(e, s, defChoice)
	case exprInterleave:
		return d.parts(e, s, defInterleave)
	}
	kind := map[exprKind]defKind{exprOptional: defOptional, exprZeroOrMore: defZeroOrMore, exprOneOrMore: defOneOrMore}[e.kind]
	content := d.sequence(e.args[0], s)
	if len(content) == 0 {
		return nil
	}
	return []*def{{kind: kind, content: content}}
}

// parts is for choices and interleaves; one part alone is no choice.
func (d *definer) parts(e *expr, s scope, kind defKind) []*def {
	var parts [][]*def
	for _, part := range e.args {
		if content := d.sequence(part, s); len(content) > 0 {
			parts = append(parts, content)
		}
	}
	open := slices.ContainsFunc(e.args, func(part *expr) bool { return never(part) && part.at(s.version) })
	switch {
	case len(parts) == 0:
		return nil
	case len(parts) == 1 && !open:
		return parts[0]
	}
	p := &def{kind: kind, open: open}
	for _, content := range parts {
		if len(content) == 1 {
			p.content = append(p.content, content[0])
		} else {
			p.content = append(p.content, &def{kind: defSequence, content: content})
		}
	}
	return []*def{p}
}

// never tells whether an alternative is none; libxml2 drops it, but keeps the choice.
func never(e *expr) bool {
	return e.kind == exprNever || e.kind == exprGroup && len(e.args) == 1 && never(e.args[0])
}

func (d *definer) elementDef(e *expr, s scope) *def {
	k := elementKey{e, s.version, s.argument}
	if made := d.made[k]; made != nil {
		return made
	}
	el := &def{kind: defElement, name: e.name, fast: d.element(e, s)}
	d.made[k] = el
	for _, part := range d.sequence(e.args[0], s) {
		if part.kind == defAttribute {
			el.attributes = slices.Insert(el.attributes, 0, part)
		} else {
			el.content = append(el.content, part)
		}
	}
	rest := el.content
	el.content = nil
	for _, part := range rest {
		if part.attributesOnly() {
			el.attributes = slices.Insert(el.attributes, 0, part)
		} else {
			el.content = append(el.content, part)
		}
	}
	for _, part := range el.content {
		part.prepare()
	}
	for _, part := range el.attributes {
		part.prepare()
	}
	return el
}

// attributesOnly tells whether neither elements nor nothing is asked for.
func (p *def) attributesOnly() bool {
	if p.kind == defElement || p.kind == defEmpty || p.kind == defAny {
		return false
	}
	for _, part := range p.content {
		if !part.attributesOnly() {
			return false
		}
	}
	return true
}

// elements are those that p has at its top.
func (p *def) elements() []*def {
	if p.kind == defElement {
		return []*def{p}
	}
	var all []*def
	for _, part := range p.content {
		all = append(all, part.elements()...)
	}
	return all
}

// mayBeNothing is libxml2's idea of what nothing matches, which takes no account of options.
func (p *def) mayBeNothing() (yes, known bool) {
	switch p.kind {
	case defEmpty, defAny:
		return true, true
	case defElement, defAttribute:
		return false, true
	case defOneOrMore:
		return p.content[0].mayBeNothing()
	case defChoice:
		for _, part := range p.content {
			if yes, known := part.mayBeNothing(); yes || !known {
				return yes, known
			}
		}
		return false, true
	case defSequence, defInterleave:
		for _, part := range p.content {
			if yes, known := part.mayBeNothing(); !yes || !known {
				return yes, known
			}
		}
		return true, true
	}
	return false, false
}

// prepare fills in where names lead.
func (p *def) prepare() {
	if p.kind == defElement || p.triage != nil {
		return
	}
	for _, part := range p.content {
		part.prepare()
	}
	switch p.kind {
	case defChoice:
		p.triage = p.branches()
	case defInterleave:
		p.triage = map[string]*def{}
		for _, part := range p.content {
			for _, el := range part.elements() {
				p.triage[el.name] = part
			}
		}
	}
}

// branches is nil where a name does not decide alone.
func (p *def) branches() map[string]*def {
	if yes, known := p.mayBeNothing(); yes || !known || p.open {
		return nil
	}
	names := map[string]*def{}
	for _, part := range p.content {
		elements := part.elements()
		if len(elements) == 0 {
			return nil
		}
		for _, el := range elements {
			if names[el.name] != nil {
				return nil
			}
			names[el.name] = part
		}
	}
	return names
}
