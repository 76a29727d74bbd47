package xmltree

import (
	"bytes"
	"strings"

	"github.com/beevik/etree"
)

// charData reads text up to a tag, a reference or what is no character.
func (r *recoverer) charData() {
	var b strings.Builder
	defer func() { r.addText(b.String()) }()
	// ASCII goes by runs: of what is wrong in one, libxml2 shows where the run began.
	in := r.at
	for {
		c := r.byteAt(in)
		switch {
		case c == ']' && bytes.HasPrefix(r.s[in:], []byte("]]>")):
			r.fatal(62, "Sequence ']]>' not allowed in content")
			b.Write(r.s[r.at : in+1])
			r.at = in + 1
			return
		case c == '\n':
			r.line++
			in++
			continue
		case c >= ' ' && c < 0x80 && c != '<' && c != '&' || c == '\t':
			in++
			continue
		}
		b.Write(r.s[r.at:in])
		r.at = in
		if c == '\r' && r.byteAt(in+1) == '\n' {
			r.at++
			in++
			continue
		}
		if c == '<' || c == '&' {
			return
		}
		break
	}
	c, size := r.char()
	for size > 0 && c != '<' && c != '&' && isChar(c) {
		if r.has("]]>") {
			r.fatal(62, "Sequence ']]>' not allowed in content")
		}
		writeRune(&b, c, r.utf8)
		r.pass(size)
		c, size = r.char()
	}
	if c != 0 && !isChar(c) {
		r.fatal(9, "PCDATA invalid Char value %d", c)
		r.pass(size)
	}
}

// addText puts text into the document, if it is wanted.
func (r *recoverer) addText(text string) {
	if text == "" || r.text == DropText || r.node == nil {
		return
	}
	if r.text == DropBlanks && strings.Trim(text, " \n\t\r") == "" && r.peek(0) == '<' {
		children := r.node.Child
		if len(children) == 0 && r.peek(1) != '/' || len(children) > 0 && !isText(children[0]) && !isText(children[len(children)-1]) {
			return
		}
	}
	if last := len(r.node.Child) - 1; last >= 0 {
		if t, ok := r.node.Child[last].(*etree.CharData); ok && !t.IsCData() {
			t.Data += text
			return
		}
	}
	r.node.AddChild(etree.NewText(text))
}

func (r *recoverer) cdata() {
	r.at += len("<![CDATA[")
	begin := r.at
	var b strings.Builder
	for i := 0; ; i++ {
		c, size := r.char()
		if size == 0 || !isChar(c) {
			if i < 2 {
				r.fatal(63, "Unregistered error message")
			} else {
				text := strings.ToValidUTF8(b.String(), "")
				// The last two characters are still looked at.
				text = text[:max(len(text)-2, 0)]
				r.fatal(63, "CData section not finished\n%s", text[:min(len(text), 50)])
			}
			return
		}
		if c == '>' && r.at-begin >= 2 && bytes.HasSuffix(r.s[begin:r.at], []byte("]]")) {
			r.at++
			break
		}
		writeRune(&b, c, r.utf8)
		r.pass(size)
	}
	text := strings.TrimSuffix(b.String(), "]]")
	if text != "" && r.node != nil {
		r.node.AddChild(etree.NewText(text))
	}
}

func (r *recoverer) comment() {
	r.at += len("<!--")
	begin := r.at
	in := r.at
	for {
		c := r.byteAt(in)
		switch {
		case c == '\n':
			r.line++
			in++
			continue
		case c >= ' ' && c < 0x80 && c != '-' || c == '\t':
			in++
			continue
		}
		r.at = in
		if c == '\r' && r.byteAt(in+1) == '\n' {
			in++
			r.at = in
			continue
		}
		if c != '-' {
			break
		}
		if bytes.HasPrefix(r.s[in:], []byte("-->")) {
			r.at += len("-->")
			r.add(etree.NewComment(lineEnds(r.s[begin:in])))
			return
		}
		if r.byteAt(in+1) == '-' {
			if in > begin {
				r.fatal(80, "Double hyphen within comment: <!--%s", firstBytes(lineEnds(r.s[begin:in]), 50))
			} else {
				r.fatal(80, "Double hyphen within comment")
			}
			in++
		}
		in++
	}
	r.wideComment(begin)
}

// firstBytes is what C prints of a string with a precision.
func firstBytes(s string, n int) string { return s[:min(n, len(s))] }

func lineEnds(b []byte) string {
	return strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\r", "\n")
}

// wideComment goes on with a comment where it is no ASCII.
func (r *recoverer) wideComment(begin int) {
	var last [2]rune
	for i := 0; ; i++ {
		c, size := r.char()
		switch {
		case c == 0 && i < 3:
			r.fatal(45, "Comment not terminated")
			return
		case c == 0:
			text := lineEnds(r.s[begin:r.at])
			r.fatal(45, "Comment not terminated \n<!--%s", firstBytes(text[:max(len(text)-2, 0)], 50))
			return
		case !isChar(c):
			r.fatal(9, "xmlParseComment: invalid xmlChar value %d", c)
			return
		case i >= 2 && last == [2]rune{'-', '-'} && c == '>':
			text := lineEnds(r.s[begin : r.at-2])
			r.at++
			r.add(etree.NewComment(text))
			return
		case i >= 2 && last == [2]rune{'-', '-'}:
			r.fatal(80, "Comment must not contain '--' (double-hyphen)")
		}
		last = [2]rune{last[1], c}
		r.pass(size)
	}
}

func (r *recoverer) instruction() {
	r.at += len("<?")
	target := r.name()
	switch lower := strings.ToLower(target); {
	case target == "":
		r.fatal(46, "xmlParsePI : no target name")
		return
	case target == "xml":
		r.fatal(64, "XML declaration allowed only at the start of the document")
	case lower == "xml":
		r.fatal(64, "Invalid PI name")
	case strings.HasPrefix(lower, "xml") && target != "xml-stylesheet" && target != "xml-model":
		r.warn(FromParser, 64, "xmlParsePITarget: invalid name prefix 'xml'")
		fallthrough
	case strings.Contains(target, ":"):
		if strings.Contains(target, ":") {
			r.namespaceError(205, "colons are forbidden from PI names '%s'", target)
		}
	}
	if r.has("?>") {
		r.at += 2
		r.add(etree.NewProcInst(target, ""))
		return
	}
	if !r.blanks() {
		r.fatal(65, "ParsePI: PI %s space expected", target)
	}
	begin := r.at
	c, size := r.char()
	for size > 0 && isChar(c) && !r.has("?>") {
		r.pass(size)
		c, size = r.char()
	}
	if c != '?' {
		r.fatal(47, "ParsePI: PI %s never end ...", target)
		return
	}
	r.add(etree.NewProcInst(target, lineEnds(r.s[begin:r.at])))
	r.at += 2
}
