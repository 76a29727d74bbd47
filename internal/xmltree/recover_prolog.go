package xmltree

import (
	"strings"
	"unicode/utf8"
)

// declaration reads <?xml version="1.0"?>.
func (r *recoverer) declaration() {
	r.at += len("<?xml")
	r.blanks()
	version, ok := r.version()
	switch {
	case !ok:
		r.fatal(96, "Malformed declaration expecting version")
	case version == "1.0":
	case strings.HasPrefix(version, "1."):
		r.warn(FromParser, 97, "Unsupported version '%s'", version)
	default:
		r.fatal(108, "Unsupported version '%s'", version)
	}
	if !isSpace(r.peek(0)) {
		if r.has("?>") {
			r.at += 2
			return
		}
		r.fatal(65, "Blank needed here")
	}
	encoding := r.encoding()
	if r.last == errUnsupportedEncoding || r.halted {
		return
	}
	if encoding && !isSpace(r.peek(0)) {
		if r.has("?>") {
			r.at += 2
			return
		}
		r.fatal(65, "Blank needed here")
	}
	r.blanks()
	r.standalone()
	r.blanks()
	if r.has("?>") {
		r.at += 2
		return
	}
	r.fatal(57, "parsing XML declaration: '?>' expected")
	for r.peek(0) != 0 && r.peek(0) != '>' {
		r.at++
	}
	if r.peek(0) != 0 {
		r.at++
	}
}

// quotedBy reads the quotes around what read reads, after a name and an equals sign.
func (r *recoverer) quotedBy(name string, read func()) bool {
	if !r.has(name) {
		return false
	}
	r.at += len(name)
	r.blanks()
	if r.peek(0) != '=' {
		r.fatal(75, "expected '='")
		return false
	}
	r.at++
	r.blanks()
	quote := r.peek(0)
	if quote != '"' && quote != '\'' {
		r.fatal(33, "String not started expecting ' or \"")
		return false
	}
	r.at++
	read()
	if r.peek(0) != quote {
		r.fatal(34, "String not closed expecting \" or '")
		return false
	}
	r.at++
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (r *recoverer) version() (version string, ok bool) {
	r.quotedBy("version", func() {
		begin := r.at
		if !isDigit(r.peek(0)) {
			return
		}
		r.at++
		if r.peek(0) != '.' {
			return
		}
		r.at++
		for isDigit(r.peek(0)) {
			r.at++
		}
		version, ok = string(r.s[begin:r.at]), true
	})
	return version, ok
}

// encoding reads which one the document has, and tells whether it says so.
func (r *recoverer) encoding() bool {
	r.blanks()
	name := ""
	closed := r.quotedBy("encoding", func() {
		begin := r.at
		if c := r.peek(0) | 0x20; c < 'a' || c > 'z' {
			r.fatal(79, "Invalid XML encoding name")
			return
		}
		for c := r.peek(0); isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '.' || c == '_' || c == '-'; c = r.peek(0) {
			r.at++
		}
		name = string(r.s[begin:r.at])
	})
	if !closed || name == "" {
		return false
	}
	switch strings.ToUpper(name) {
	case "UTF-8", "UTF8":
	case "UTF-16", "UTF16":
		r.fatal(81, "Document labelled UTF-16 but has UTF-8 content")
	case "ISO-8859-1", "ISO-LATIN-1", "ISO LATIN 1", "LATIN1", "US-ASCII", "ASCII":
		r.decodeLatin1()
		return true
	default:
		r.fatal(errUnsupportedEncoding, "Unsupported encoding %s", name)
		return false
	}
	return false
}

// decodeLatin1 makes UTF-8 of what is left.
func (r *recoverer) decodeLatin1() {
	b := make([]byte, 0, len(r.s))
	b = append(b, r.s[:r.at]...)
	for _, c := range r.s[r.at:] {
		b = utf8.AppendRune(b, rune(c))
	}
	r.s = b
	r.base = r.at
}

func (r *recoverer) standalone() {
	r.quotedBy("standalone", func() {
		switch {
		case r.has("no"):
			r.at += 2
		case r.has("yes"):
			r.at += 3
		default:
			r.fatal(78, "standalone accepts only 'yes' or 'no'")
		}
	})
}

func (r *recoverer) doctype() {
	r.at += len("<!DOCTYPE")
	r.blanks()
	if r.name() == "" {
		r.fatal(68, "xmlParseDocTypeDecl : no DOCTYPE name !")
	}
	r.blanks()
	_, r.external = r.externalID()
	r.blanks()
	if r.peek(0) == '[' {
		r.subset()
		return
	}
	if r.peek(0) != '>' {
		r.fatal(61, "DOCTYPE improperly terminated")
	}
	r.skipOne()
}

// skipOne passes a character, whatever it is.
func (r *recoverer) skipOne() {
	if _, size := r.char(); size > 0 && r.at < len(r.s) {
		r.pass(size)
	}
}

// externalID reads where something is to be found.
func (r *recoverer) externalID() (uri string, ok bool) {
	public := r.has("PUBLIC")
	if !public && !r.has("SYSTEM") {
		return "", false
	}
	keyword := string(r.s[r.at : r.at+6])
	r.at += 6
	if !r.blanks() {
		r.fatal(65, "Space required after '%s'", keyword)
	}
	if public {
		if _, ok := r.literal(); !ok {
			r.fatal(71, "PUBLIC, the Public Identifier is missing")
		}
		if !r.blanks() {
			r.fatal(65, "Space required after the Public Identifier")
		}
	}
	uri, found := r.literal()
	if !found {
		r.fatal(70, "SYSTEM or PUBLIC, the URI is missing")
	}
	return uri, public || found
}

func (r *recoverer) literal() (string, bool) {
	quote := r.peek(0)
	if quote != '"' && quote != '\'' {
		r.fatal(43, "SystemLiteral \" or ' expected")
		return "", false
	}
	r.at++
	begin := r.at
	c, size := r.char()
	for size > 0 && isChar(c) && c != rune(quote) {
		r.pass(size)
		c, size = r.char()
	}
	text := string(r.s[begin:r.at])
	if size == 0 || !isChar(c) {
		r.fatal(44, "Unfinished System or Public ID \" or ' expected")
	} else {
		r.at++
	}
	return text, true
}

// subset reads the declarations in a document type declaration: of entities; the others
// are passed over.
func (r *recoverer) subset() {
	r.at++
	for r.peek(0) != ']' && !r.halted {
		before := r.at
		r.blanks()
		switch {
		case r.has("<!ENTITY"):
			r.entityDeclaration()
		case r.has("<!--"):
			r.comment()
		case r.has("<?"):
			r.instruction()
		case r.has("<!ELEMENT"), r.has("<!ATTLIST"), r.has("<!NOTATION"):
			for r.peek(0) != 0 && r.peek(0) != '>' {
				r.pass(1)
			}
			if r.peek(0) == '>' {
				r.at++
			}
		}
		if r.at == before {
			r.fatal(1, "internal error: xmlParseInternalSubset: error detected in Markup declaration\n")
			break
		}
	}
	if r.peek(0) == ']' {
		r.at++
		r.blanks()
	}
	if r.peek(0) != '>' {
		r.fatal(61, "DOCTYPE improperly terminated")
		return
	}
	r.at++
}
