package xmltree

import (
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// opened is what has become of a start tag.
type opened int

const (
	tagOpen   opened = iota
	tagEmpty         // <a/>
	tagBroken        // what follows belongs to the element around it
)

func (r *recoverer) element() {
	if r.elementStart() != tagOpen {
		return
	}
	r.content(1)
	switch {
	case r.halted:
	case r.peek(0) == 0:
		last := r.open[len(r.open)-1]
		r.fatal(77, "Premature end of data in tag %s line %d", last, last.line)
	default:
		r.elementEnd()
	}
}

// content reads until the end tag of the element at a depth.
func (r *recoverer) content(depth int) {
	for r.peek(0) != 0 && !r.halted {
		before := r.at
		switch {
		case r.has("<?"):
			r.instruction()
		case r.has("<![CDATA["):
			r.cdata()
		case r.has("<!--"):
			r.comment()
		case r.has("</"):
			if len(r.open) <= depth {
				return
			}
			r.elementEnd()
		case r.peek(0) == '<':
			r.elementStart()
		case r.peek(0) == '&':
			r.reference()
		default:
			r.charData()
		}
		if r.at == before && !r.halted {
			r.fatal(1, "internal error: detected an error in element content\n")
			r.halt()
		}
	}
}

func (r *recoverer) elementStart() opened {
	if len(r.open) > maxDepth {
		r.fatal(1, "Excessive depth in document: %d use XML_PARSE_HUGE option", maxDepth)
		r.halt()
		return tagBroken
	}
	tag := openTag{line: r.line}
	if !r.startTag(&tag) {
		return tagBroken
	}
	switch {
	case r.has("/>"):
		r.at += 2
		r.leave(tag)
		return tagEmpty
	case r.peek(0) == '>':
		r.at++
		r.open = append(r.open, tag)
		return tagOpen
	}
	r.fatal(73, "Couldn't find end of Start Tag %s line %d", tag, tag.line)
	r.leave(tag)
	return tagBroken
}

// leave goes back to the element around the one that is open in the document.
func (r *recoverer) leave(tag openTag) {
	if r.node != nil {
		r.node = r.node.Parent()
		if r.node == &r.doc.Element {
			r.node = nil
		}
	}
	r.namespaces = r.namespaces[:len(r.namespaces)-tag.namespaces]
}

// attribute is one of a tag that is being read.
type attribute struct{ prefix, local, value string }

func (r *recoverer) startTag(tag *openTag) bool {
	r.at++
	tag.prefix, tag.local = r.qName()
	if tag.local == "" {
		r.fatal(68, "StartTag: invalid element name")
		return false
	}
	r.blanks()
	var attributes []attribute
	for !r.halted && r.peek(0) != '>' && !r.has("/>") && isChar(rune(r.peek(0))) {
		if a, ok := r.attribute(); ok && r.declares(tag, a) {
			attributes = append(attributes, a)
		}
		if r.halted || r.peek(0) == '>' || r.has("/>") {
			break
		}
		if !r.blanks() {
			r.fatal(65, "attributes construct error")
			break
		}
	}
	r.checkNames(tag, attributes)
	if !r.halted {
		r.enter(*tag, attributes)
	}
	return !r.halted
}

// declares looks at an attribute that may declare a namespace, and tells whether it is
// to be kept.
func (r *recoverer) declares(tag *openTag, a attribute) bool {
	const misuse = 200
	prefix := a.local
	switch {
	case a.prefix == "" && a.local == "xmlns":
		prefix = ""
		if a.value != "" && !isURI(a.value) {
			r.namespaceError(99, "xmlns: '%s' is not a valid URI", a.value)
		} else if a.value != "" && !hasScheme(a.value) {
			r.warn(FromNamespace, 100, "xmlns: URI %s is not absolute", a.value)
		}
		switch a.value {
		case xmlNamespace:
			r.namespaceError(misuse, "xml namespace URI cannot be the default namespace")
			return false
		case xmlnsNamespace:
			r.namespaceError(misuse, "reuse of the xmlns namespace name is forbidden")
			return false
		}
	case a.prefix != "xmlns":
		return true
	case a.local == "xml":
		if a.value != xmlNamespace {
			r.namespaceError(misuse, "xml namespace prefix mapped to wrong URI")
		}
		return false
	case a.value == xmlNamespace:
		r.namespaceError(misuse, "xml namespace URI mapped to wrong prefix")
		return false
	case a.local == "xmlns":
		r.namespaceError(misuse, "redefinition of the xmlns prefix is forbidden")
		return false
	case a.value == xmlnsNamespace:
		r.namespaceError(misuse, "reuse of the xmlns namespace name is forbidden")
		return false
	case a.value == "":
		r.namespaceError(misuse, "xmlns:%s: Empty XML namespace is not allowed", a.local)
		return false
	case !isURI(a.value):
		r.namespaceError(99, "xmlns:%s: '%s' is not a valid URI", a.local, a.value)
	}
	for _, n := range r.namespaces[len(r.namespaces)-tag.namespaces:] {
		if n.prefix == prefix {
			r.redefined(a)
			return false
		}
	}
	r.namespaces = append(r.namespaces, namespace{prefix, a.value})
	tag.namespaces++
	return true
}

const (
	xmlNamespace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsNamespace = "http://www.w3.org/2000/xmlns/"
)

// isURI tells whether all characters are a URI's, which does not look at its parts.
func isURI(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>[\\]^`{|}", c) >= 0:
			return false
		case c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func hasScheme(uri string) bool {
	scheme, _, ok := strings.Cut(uri, ":")
	return ok && scheme != "" && !strings.ContainsAny(scheme, "/?#")
}

func (r *recoverer) redefined(a attribute) {
	name := a.local
	if a.prefix != "" {
		name = a.prefix + ":" + name
	}
	r.fatal(42, "Attribute %s redefined", name)
}

// uri is the namespace of a prefix.
func (r *recoverer) uri(prefix string) (string, bool) {
	if prefix == "xml" {
		return xmlNamespace, true
	}
	for i := len(r.namespaces) - 1; i >= 0; i-- {
		if r.namespaces[i].prefix == prefix {
			return r.namespaces[i].uri, r.namespaces[i].uri != "" || prefix != ""
		}
	}
	return "", false
}

// checkNames finds prefixes that are not declared, and attributes that come twice.
func (r *recoverer) checkNames(tag *openTag, attributes []attribute) {
	for i, a := range attributes {
		if isDeclaration(a) {
			continue
		}
		uri, known := "", true
		if a.prefix != "" {
			if uri, known = r.uri(a.prefix); !known {
				r.namespaceError(201, "Namespace prefix %s for %s on %s is not defined", a.prefix, a.local, tag)
			}
		}
		for _, b := range attributes[:i] {
			if a.local != b.local || isDeclaration(b) {
				continue
			}
			if a.prefix == b.prefix {
				r.redefined(a)
				break
			}
			if other, ok := r.uri(b.prefix); uri != "" && b.prefix != "" && ok && other == uri {
				r.namespaceError(203, "Namespaced Attribute %s in '%s' redefined", a.local, uri)
				break
			}
		}
	}
	if tag.prefix != "" {
		if _, ok := r.uri(tag.prefix); !ok {
			r.namespaceError(201, "Namespace prefix %s on %s is not defined", tag.prefix, tag)
		}
	}
}

func isDeclaration(a attribute) bool {
	return a.prefix == "xmlns" || a.prefix == "" && a.local == "xmlns"
}

// enter puts an element into the document.
func (r *recoverer) enter(tag openTag, attributes []attribute) {
	e := &etree.Element{}
	e.Space, e.Tag = r.parts(tag.prefix, tag.local)
	for _, a := range attributes {
		space, key := a.prefix, a.local
		if !isDeclaration(a) {
			space, key = r.parts(space, key)
		}
		e.Attr = append(e.Attr, etree.Attr{Space: space, Key: key, Value: a.value})
	}
	r.lines[e] = min(r.line, 65535)
	r.add(e)
	r.node = e
}

// parts are a name's. A prefix that is not declared is no more than a part of the name.
func (r *recoverer) parts(prefix, local string) (space, name string) {
	if _, ok := r.uri(prefix); prefix != "" && !ok {
		return "", prefix + ":" + local
	}
	return prefix, local
}

func (r *recoverer) add(token etree.Token) {
	if r.node == nil {
		r.doc.AddChild(token)
	} else {
		r.node.AddChild(token)
	}
}

func (r *recoverer) elementEnd() {
	tag := r.open[len(r.open)-1]
	r.at += len("</")
	name := tag.local
	if tag.prefix != "" {
		name = tag.prefix + ":" + name
	}
	found, ok := "", false
	if end := r.peek(len(name)); r.has(name) && (end == '>' || isSpace(end)) {
		r.at += len(name)
		ok = true
	} else if tag.prefix == "" {
		found = r.name()
		ok = found == tag.local
	} else {
		var prefix string
		prefix, found = r.qName()
		ok = prefix == tag.prefix && found == tag.local
	}
	r.blanks()
	if r.peek(0) != '>' {
		r.fatal(73, "expected '>'")
	} else {
		r.at++
	}
	if !ok {
		if found == "" {
			found = "unparsable"
		}
		r.fatal(76, "Opening and ending tag mismatch: %s line %d and %s", tag, tag.line, found)
	}
	r.open = r.open[:len(r.open)-1]
	r.leave(tag)
}

func (r *recoverer) attribute() (attribute, bool) {
	var a attribute
	a.prefix, a.local = r.qName()
	if a.local == "" {
		r.fatal(68, "error parsing attribute name")
		return a, false
	}
	r.blanks()
	if r.peek(0) != '=' {
		r.fatal(41, "Specification mandates value for attribute %s", a.local)
		return a, false
	}
	r.at++
	r.blanks()
	var ok bool
	a.value, ok = r.value()
	if ok && a.prefix == "xml" && a.local == "space" && a.value != "default" && a.value != "preserve" {
		r.warn(FromParser, 102, "Invalid value \"%s\" for xml:space : \"default\" or \"preserve\" expected", a.value)
	}
	return a, ok
}

// value reads an attribute's. One that does not end is what there is of it.
func (r *recoverer) value() (string, bool) {
	limit := r.peek(0)
	if limit != '"' && limit != '\'' {
		r.fatal(39, "AttValue: \" or ' expected")
		return "", false
	}
	r.at++
	var b strings.Builder
	cut := false // the reference takes only what stands before an entity
	write := func(c rune) {
		if !cut {
			writeRune(&b, c, r.utf8)
		}
	}
	c, size := r.char()
	for r.peek(0) != limit && size > 0 && isChar(c) && c != '<' && !r.halted {
		switch {
		case c == '&' && r.peek(1) == '#':
			if v := r.charReference(); v != 0 {
				write(v)
			}
		case c == '&':
			e := r.entityReference(true)
			switch {
			case e == nil:
			case e.predefined:
				write(rune(e.text[0]))
			default:
				r.expand(e)
				if b.Len() == 0 && !cut {
					b.WriteString(e.text)
				}
				cut = true
			}
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			write(' ')
			r.pass(size)
		default:
			write(c)
			r.pass(size)
		}
		c, size = r.char()
	}
	switch {
	case r.halted:
		return "", false
	case r.peek(0) == '<':
		r.fatal(38, "Unescaped '<' not allowed in attributes values")
	case r.peek(0) == limit:
		r.at++
	case c != 0 && !isChar(c):
		r.fatal(9, "invalid character in attribute value")
	default:
		r.fatal(40, "AttValue: ' expected")
	}
	return b.String(), true
}

// writeRune writes a character, or the byte that was taken for one.
func writeRune(b *strings.Builder, c rune, asUTF8 bool) {
	if asUTF8 || c >= 0x100 || c < utf8.RuneSelf {
		b.WriteRune(c)
	} else {
		b.WriteByte(byte(c))
	}
}

// reference reads one in text.
func (r *recoverer) reference() {
	if r.peek(1) == '#' {
		if c := r.charReference(); c != 0 {
			r.addText(string(c))
		}
		return
	}
	e := r.entityReference(false)
	switch {
	case e == nil || r.broken:
	case e.predefined:
		r.addText(e.text)
	default:
		r.include(e)
	}
}

// charReference reads the number of a character; 0 if there is no such.
func (r *recoverer) charReference() rune {
	base, wrong, code := 10, "CharRef: invalid decimal value", 7
	r.at += len("&#")
	if r.peek(0) == 'x' {
		r.at++
		base, wrong, code = 16, "CharRef: invalid hexadecimal value", 6
	}
	value, count := 0, 0
	for r.peek(0) != ';' {
		if count++; count > 21 {
			count = 0
		}
		digit := 16
		switch c := r.peek(0); {
		case '0' <= c && c <= '9':
			digit = int(c - '0')
		case 'a' <= c && c <= 'f' && count < 20:
			digit = int(c-'a') + 10
		case 'A' <= c && c <= 'F' && count < 20:
			digit = int(c-'A') + 10
		}
		if digit >= base {
			r.fatal(code, "%s", wrong)
			value = 0
			break
		}
		value = min(value*base+digit, 0x110000)
		r.at++
		count++
	}
	if r.peek(0) == ';' {
		r.at++
	}
	switch {
	case value >= 0x110000:
		r.fatal(9, "xmlParseCharRef: character reference out of bounds")
	case isChar(rune(value)):
		return rune(value)
	default:
		r.fatal(9, "xmlParseCharRef: invalid xmlChar value %d", value)
	}
	return 0
}
