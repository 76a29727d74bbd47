package xmltree

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// class tells what a byte can be.
type class uint8

const (
	nameStart class = 1 << iota
	namePart        // may follow in a name
	plain           // is itself in an attribute's value
	control         // is not XML's
)

var classes = func() (cs [256]class) {
	for c := range cs {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == ':', c >= utf8.RuneSelf:
			cs[c] = nameStart | namePart
		case '0' <= c && c <= '9', c == '-', c == '.':
			cs[c] = namePart
		}
		switch {
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			cs[c] |= control
		case c >= ' ' && c != '<' && c != '&' && c != '"' && c != '\'':
			cs[c] |= plain
		}
	}
	return cs
}()

// name reads a name.
func (p *parser) name() (string, bool) {
	start := p.at
	if p.at >= len(p.s) || classes[p.s[p.at]]&nameStart == 0 {
		return "", p.fail(p.at, "a name is missing")
	}
	wide := false
	for p.at < len(p.s) && classes[p.s[p.at]]&namePart != 0 {
		wide = wide || p.s[p.at] >= utf8.RuneSelf
		p.at++
	}
	name := p.s[start:p.at]
	if wide && !isName(name) {
		return "", p.fail(start, "%q is no name", name)
	}
	return name, true
}

// isName follows XML 1.0, fifth edition, as libxml2's parser does.
func isName(name string) bool {
	for i, r := range name {
		switch {
		case r < utf8.RuneSelf:
		case r == 0xB7, 0x300 <= r && r <= 0x36F, r == 0x203F, r == 0x2040:
			if i == 0 {
				return false
			}
		case r < 0xC0, r == 0xD7, r == 0xF7, r == 0x37E, 0x2000 <= r && r < 0x200C, 0x200D < r && r < 0x2070,
			0x218F < r && r < 0x2C00, 0x2FEF < r && r < 0x3001, 0xD7FF < r && r < 0xF900, 0xFDCF < r && r < 0xFDF0,
			0xFFFD < r && r < 0x10000, r > 0xEFFFF:
			return false
		}
	}
	return true
}

// attribute reads one and puts it in attrs.
func (p *parser) attribute() bool {
	name, ok := p.name()
	if !ok {
		return false
	}
	p.space()
	if p.at >= len(p.s) || p.s[p.at] != '=' {
		return p.fail(p.at, "attribute %s has no value", name)
	}
	p.at++
	p.space()
	if p.at >= len(p.s) || p.s[p.at] != '"' && p.s[p.at] != '\'' {
		return p.fail(p.at, "the value of attribute %s is not in quotes", name)
	}
	value, ok := p.quoted(name)
	if !ok {
		return false
	}
	var a etree.Attr
	a.Space, a.Key = split(name)
	a.Value = value
	if p.attrs == nil {
		p.attrs = make([]etree.Attr, 0, usualAttrs)
	}
	p.attrs = append(p.attrs, a)
	return true
}

// quoted reads a value; white space in it becomes blanks.
func (p *parser) quoted(name string) (string, bool) {
	quote := p.s[p.at]
	p.at++
	start := p.at
	for p.at < len(p.s) && classes[p.s[p.at]]&plain != 0 {
		p.at++
	}
	if p.at < len(p.s) && p.s[p.at] == quote {
		p.at++
		return p.s[start : p.at-1], true
	}
	length := strings.IndexByte(p.s[p.at:], quote)
	if length < 0 {
		return "", p.fail(start, "the value of attribute %s does not end", name)
	}
	end := p.at + length
	var b strings.Builder
	b.WriteString(p.s[start:p.at])
	for p.at < end {
		switch c := p.s[p.at]; {
		case c == '&':
			if !p.reference(&b, end) {
				return "", false
			}
			continue
		case c == '<':
			return "", p.fail(p.at, "a < in the value of attribute %s", name)
		case classes[c]&control != 0:
			return "", p.fail(p.at, "character 0x%02x is not XML's", c)
		case c == '\r' && p.s[p.at+1] == '\n': // one line end
		case isSpace(c):
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
		p.at++
	}
	p.at++
	return b.String(), true
}

// reference reads an entity or a character's number, before end.
func (p *parser) reference(b *strings.Builder, end int) bool {
	start := p.at
	length := strings.IndexByte(p.s[start:end], ';')
	if length < 0 {
		return p.fail(start, "an & that begins no entity")
	}
	name := p.s[start+1 : start+length]
	p.at = start + length + 1
	switch name {
	case "lt":
		b.WriteByte('<')
	case "gt":
		b.WriteByte('>')
	case "amp":
		b.WriteByte('&')
	case "quot":
		b.WriteByte('"')
	case "apos":
		b.WriteByte('\'')
	default:
		r, ok := character(name)
		if !ok {
			return p.fail(start, "&%s; is not known", name)
		}
		b.WriteRune(r)
	}
	return true
}

// character reads #10 or #xA.
func character(name string) (rune, bool) {
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	r := rune(n)
	if err != nil || r < ' ' && r != '\t' && r != '\n' && r != '\r' || !utf8.ValidRune(r) || r == 0xFFFE || r == 0xFFFF {
		return 0, false
	}
	return r, true
}

// charData reads text up to the next tag.
func (p *parser) charData() {
	start := p.at
	length := strings.IndexByte(p.s[start:], '<')
	if length < 0 {
		length = len(p.s) - start
	}
	end := start + length
	for p.at < end && isSpace(p.s[p.at]) {
		p.at++
	}
	if p.at == end && p.blank(end) {
		return
	}
	p.at = start
	text, ok := p.plainText(end)
	if ok && p.text != DropText {
		p.addText(text)
	}
}

func (p *parser) addText(text string) {
	if len(p.texts) == 0 {
		p.texts = make([]etree.CharData, slab(len(p.s)))
	}
	t := &p.texts[0]
	p.texts = p.texts[1:]
	t.Data = text
	p.pending = append(p.pending, t)
}

// blank tells whether white space up to end is left out. As in libxml2, it stays where there
// is other text, and where there is nothing else.
func (p *parser) blank(end int) bool {
	switch p.text {
	case DropText:
		return true
	case DropBlanks:
		siblings := p.pending[p.open[len(p.open)-1].first:]
		if len(siblings) == 0 {
			return !strings.HasPrefix(p.s[end:], "</")
		}
		return !isText(siblings[0]) && !isText(siblings[len(siblings)-1])
	}
	return false
}

func isText(token etree.Token) bool {
	_, ok := token.(*etree.CharData)
	return ok
}

// plainText reads text with its entities up to end.
func (p *parser) plainText(end int) (string, bool) {
	raw := p.s[p.at:end]
	easy := true
	for i := range len(raw) {
		switch c := raw[i]; {
		case classes[c]&control != 0:
			return "", p.fail(p.at+i, "character 0x%02x is not XML's", c)
		case c == '&' || c == '\r':
			easy = false
		case c == '>' && strings.HasSuffix(raw[:i], "]]"):
			return "", p.fail(p.at+i, "]]> in text")
		}
	}
	if easy {
		p.at = end
		return raw, true
	}
	var b strings.Builder
	for p.at < end {
		switch c := p.s[p.at]; c {
		case '&':
			if !p.reference(&b, end) {
				return "", false
			}
			continue
		case '\r':
			if !strings.HasPrefix(p.s[p.at+1:], "\n") {
				b.WriteByte('\n')
			}
		default:
			b.WriteByte(c)
		}
		p.at++
	}
	return b.String(), true
}

// until reads to what ends something, and passes it.
func (p *parser) until(what, ending string, skip int) (string, bool) {
	start := p.at
	length := strings.Index(p.s[start+skip:], ending)
	if length < 0 {
		return "", p.fail(start, "%s does not end", what)
	}
	text := p.s[start+skip : start+skip+length]
	for i := range len(text) {
		if classes[text[i]]&control != 0 {
			return "", p.fail(start+skip+i, "character 0x%02x is not XML's", text[i])
		}
	}
	p.at = start + skip + length + len(ending)
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return text, true
}

// cdata reads a CDATA section, which stays one; those next to each other become one, as
// in libxml2.
func (p *parser) cdata() {
	text, ok := p.until("a CDATA section", "]]>", len("<![CDATA["))
	if !ok {
		return
	}
	if n := len(p.pending); n > p.open[len(p.open)-1].first {
		if last, ok := p.pending[n-1].(*etree.CharData); ok && last.IsCData() {
			p.pending[n-1] = etree.NewCData(last.Data + text)
			return
		}
	}
	p.pending = append(p.pending, etree.NewCData(text))
}

func (p *parser) comment() {
	start := p.at
	text, ok := p.until("a comment", "-->", len("<!--"))
	switch {
	case !ok:
	case strings.Contains(text, "--") || strings.HasSuffix(text, "-"):
		p.fail(start, "-- in a comment")
	default:
		p.pending = append(p.pending, etree.NewComment(text))
	}
}

func (p *parser) instruction() {
	start := p.at
	text, ok := p.until("a processing instruction", "?>", len("<?"))
	if !ok {
		return
	}
	end := p.at
	p.at = start + len("<?")
	target, ok := p.name()
	switch {
	case !ok:
	case strings.EqualFold(target, "xml"):
		p.fail(start, "an XML declaration that is not at the start")
	case len(target) < len(text) && !isSpace(text[len(target)]):
		p.fail(start, "%q is no name", text)
	default:
		p.pending = append(p.pending, etree.NewProcInst(target, strings.TrimLeft(text[len(target):], " \n\t\r")))
	}
	p.at = end
}
