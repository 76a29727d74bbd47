package xmltree

import (
	"strings"
	"sync"
)

// entity is something that a reference stands for.
type entity struct {
	name       string
	text       string
	predefined bool // one of XML's own
	outside    bool // in another file, which is never read
	unparsed   bool
	checked    bool

	visiting, ends bool // while it is found out whether it leads to itself
}

var predefined = sync.OnceValue(func() map[string]*entity {
	return map[string]*entity{
		"lt": {text: "<", predefined: true}, "gt": {text: ">", predefined: true}, "amp": {text: "&", predefined: true},
		"quot": {text: `"`, predefined: true}, "apos": {text: "'", predefined: true},
	}
})

// maxEntityDepth is how deep entities may be nested.
const maxEntityDepth = 40

func (r *recoverer) entityDeclaration() {
	r.at += len("<!ENTITY")
	if !r.blanks() {
		r.fatal(65, "Space required after '<!ENTITY'")
	}
	parameter := r.peek(0) == '%'
	if parameter {
		r.at++
		if !r.blanks() {
			r.fatal(65, "Space required after '%%'")
		}
	}
	name := r.name()
	if name == "" {
		r.fatal(68, "xmlParseEntityDecl: no name")
		return
	}
	if strings.Contains(name, ":") {
		r.namespaceError(205, "colons are forbidden from entities names '%s'", name)
	}
	if !r.blanks() {
		r.fatal(65, "Space required after the entity name")
	}
	e := &entity{name: name}
	if quote := r.peek(0); quote == '"' || quote == '\'' {
		text, ok := r.entityValue(quote)
		e.text = text
		if !ok && parameter {
			e = nil
		}
	} else {
		_, found := r.externalID()
		if !found {
			r.fatal(84, "Entity value required")
		}
		if r.peek(0) != '>' && !r.blanks() {
			r.fatal(65, "Space required before 'NDATA'")
		}
		e.outside = true
		if r.has("NDATA") {
			r.at += len("NDATA")
			if !r.blanks() {
				r.fatal(65, "Space required after 'NDATA'")
			}
			r.name()
			e.unparsed = true
		}
	}
	r.blanks()
	if r.peek(0) != '>' {
		r.fatal(37, "xmlParseEntityDecl: entity %s not terminated", name)
		r.halt()
		return
	}
	r.at++
	if _, taken := r.entities[name]; !taken && !parameter && e != nil {
		r.entities[name] = e
	}
}

// entityValue reads what an entity is to be, with the numbers of characters resolved.
func (r *recoverer) entityValue(quote byte) (string, bool) {
	r.at++
	begin := r.at
	c, size := r.char()
	for size > 0 && isChar(c) && c != rune(quote) {
		r.pass(size)
		c, size = r.char()
	}
	raw := string(r.s[begin:r.at])
	if c != rune(quote) {
		r.fatal(37, "EntityValue: \" or ' expected")
		return "", false
	}
	r.at++
	for i := 0; i < len(raw); i++ {
		if raw[i] != '%' && (raw[i] != '&' || strings.HasPrefix(raw[i:], "&#")) {
			continue
		}
		end := i + 1
		for end < len(raw) && classes[raw[end]]&namePart != 0 {
			end++
		}
		if end == i+1 || classes[raw[i+1]]&nameStart == 0 || end >= len(raw) || raw[end] != ';' {
			r.fatal(87, "EntityValue: '%c' forbidden except for entities references", raw[i])
			return "", false
		}
		if raw[i] == '%' {
			r.fatal(88, "PEReferences forbidden in internal subset")
			return "", false
		}
		i = end
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if !strings.HasPrefix(raw[i:], "&#") {
			b.WriteByte(raw[i])
			continue
		}
		length := strings.IndexByte(raw[i:], ';')
		if length < 0 {
			r.fatal(7, "CharRef: invalid decimal value")
			return "", false
		}
		c, ok := character(raw[i+1 : i+length])
		if !ok {
			r.fatal(9, "xmlParseStringCharRef: invalid xmlChar value %d", 0)
			return "", false
		}
		b.WriteRune(c)
		i += length
	}
	return b.String(), true
}

// entityReference reads the name of an entity; nil if it has none.
func (r *recoverer) entityReference(inAttribute bool) *entity {
	r.at++
	name := r.name()
	if name == "" {
		r.fatal(68, "xmlParseEntityRef: no name")
		return nil
	}
	if r.peek(0) != ';' {
		r.fatal(23, "EntityRef: expecting ';'")
		return nil
	}
	r.at++
	if e := predefined()[name]; e != nil {
		return e
	}
	e := r.entities[name]
	switch {
	case e == nil && r.external:
		r.say(Problem{Domain: FromParser, Code: 27}, "Entity '%s' not defined", name)
	case e == nil:
		r.fatal(26, "Entity '%s' not defined", name)
	case e.unparsed:
		r.fatal(28, "Entity reference to unparsed entity %s", name)
	case inAttribute && e.outside:
		r.fatal(29, "Attribute references external entity '%s'", name)
	case inAttribute && strings.Contains(e.text, "<"):
		r.fatal(38, "'<' in entity '%s' is not allowed in attributes values", name)
	}
	return e
}

// expand looks whether an entity ends, and how much it becomes.
func (r *recoverer) expand(e *entity) {
	if e.checked || e.outside {
		return
	}
	e.checked = true
	if r.loops(e, 0) {
		r.fatal(errEntityLoop, "Detected an entity reference loop")
		e.text = ""
	}
}

// loops tells whether an entity leads to itself.
func (r *recoverer) loops(e *entity, depth int) bool {
	if e.visiting || depth > maxEntityDepth {
		return true
	}
	if e.ends {
		return false
	}
	e.visiting = true
	defer func() { e.visiting = false }()
	rest := e.text
	for {
		_, after, ok := strings.Cut(rest, "&")
		name, after, closed := strings.Cut(after, ";")
		if !ok || !closed {
			e.ends = true
			return false
		}
		if inner := r.entities[name]; inner != nil && r.loops(inner, depth+1) {
			return true
		}
		rest = after
	}
}

// include reads an entity in text. What it has does not become part of the document.
func (r *recoverer) include(e *entity) {
	if e.outside || e.checked {
		return
	}
	e.checked = true
	if r.loops(e, 0) {
		r.fatal(errEntityLoop, "Detected an entity reference loop")
		r.halt()
	}
}
