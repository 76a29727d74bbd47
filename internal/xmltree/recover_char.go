package xmltree

import "unicode/utf8"

// isChar tells whether XML has a character.
func isChar(c rune) bool {
	return c >= 0x20 && c <= 0xD7FF || c == '\t' || c == '\n' || c == '\r' || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000 && c <= 0x10FFFF
}

// char is the character to be read next, and how many bytes it has; 0 at the end. A
// carriage return before a line feed is passed (xmlCurrentChar).
func (r *recoverer) char() (rune, int) {
	if r.halted {
		return 0, 0
	}
	c := r.peek(0)
	switch {
	case c >= 0x20 && c < utf8.RuneSelf:
		return rune(c), 1
	case c >= utf8.RuneSelf && r.utf8:
		return r.wide(c)
	case c == 0 && r.at < len(r.s) && r.utf8:
		r.fatal(9, "Char 0x0 out of allowed range")
	case c == '\r':
		if r.peek(1) == '\n' {
			r.at++
		}
		return '\n', 1
	}
	return rune(c), 1
}

// wide is a character of several bytes. Those that are no UTF-8 are taken for Latin-1
// from there on.
func (r *recoverer) wide(c byte) (rune, int) {
	size := 2
	switch {
	case c&0xf0 == 0xf0:
		size = 4
	case c&0xe0 == 0xe0:
		size = 3
	}
	proper := c&0x40 != 0 && c != 0xC0 && (size < 4 || c&0xf8 == 0xf0)
	value := rune(c) & (0x7f >> size)
	for i := 1; i < size && proper; i++ {
		next := r.peek(i)
		proper = next&0xc0 == 0x80
		value = value<<6 | rune(next&0x3f)
	}
	if proper && value >= []rune{0x80, 0x800, 0x10000}[size-2] {
		if !isChar(value) {
			r.fatal(9, "Char 0x%X out of allowed range", value)
		}
		return value, size
	}
	if len(r.s)-r.at < 4 {
		return 0, 0
	}
	r.notUTF8()
	return rune(c), 1
}

func (r *recoverer) notUTF8() {
	r.fatal(9, "Input is not proper UTF-8, indicate encoding !\nBytes: 0x%02X 0x%02X 0x%02X 0x%02X", r.peek(0), r.peek(1), r.peek(2), r.peek(3))
	r.utf8 = false
}

// pass goes on by the bytes of the character that char has told of.
func (r *recoverer) pass(size int) {
	if r.peek(0) == '\n' {
		r.line++
	}
	r.at += size
}

// nameRune tells whether a name without a colon may have a character.
func (r *recoverer) nameRune(c rune, first bool) bool {
	if c < utf8.RuneSelf {
		if c < 0 || c == ':' {
			return false
		}
		if first {
			return classes[byte(c)]&nameStart != 0
		}
		return classes[byte(c)]&namePart != 0
	}
	if !isChar(c) {
		return false
	}
	text := string(c)
	if !first {
		text = "a" + text
	}
	return isName(text)
}

// ncName reads a name without a colon; "" if there is none.
func (r *recoverer) ncName() string {
	name := r.run(func(c rune, first bool) bool { return r.nameRune(c, first) })
	if name != "" && r.peek(0) == 0 {
		r.char() // libxml2 looks twice at what may be the end
	}
	return name
}

// name reads a name that may have colons.
func (r *recoverer) name() string {
	return r.run(func(c rune, first bool) bool { return c == ':' || r.nameRune(c, first) })
}

// token reads what can stand inside a name.
func (r *recoverer) token() string {
	return r.run(func(c rune, _ bool) bool { return c == ':' || r.nameRune(c, false) })
}

// run reads characters as long as they are wanted.
func (r *recoverer) run(wanted func(c rune, first bool) bool) string {
	begin, end := r.at, r.at
	c, size := r.char() // which passes a carriage return
	for first := true; size > 0 && wanted(c, first); first = false {
		r.pass(size)
		end = r.at
		c, size = r.char()
	}
	return string(r.s[begin:end])
}

// qName reads a name with its prefix.
func (r *recoverer) qName() (prefix, local string) {
	const code = 202
	first := r.ncName()
	if first == "" {
		if r.peek(0) == ':' {
			if local = r.name(); local != "" {
				r.namespaceError(code, "Failed to parse QName '%s'", local)
			}
		}
		return "", local
	}
	if r.peek(0) != ':' {
		return "", first
	}
	r.at++
	local = r.ncName()
	if local == "" {
		r.namespaceError(code, "Failed to parse QName '%s:'", first)
		return "", first + ":" + r.token()
	}
	if r.peek(0) == ':' {
		r.namespaceError(code, "Failed to parse QName '%s:%s:'", first, local)
		r.at++
		return first, local + ":" + r.name()
	}
	return first, local
}
