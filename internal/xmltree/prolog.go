package xmltree

import (
	"regexp"
	"strings"
	"sync"

	"github.com/beevik/etree"
)

var declared = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s+version\s*=\s*(?:"1\.[0-9]+"|'1\.[0-9]+')` +
		`(?:\s+encoding\s*=\s*(?:"([A-Za-z][-A-Za-z0-9._]*)"|'([A-Za-z][-A-Za-z0-9._]*)'))?` +
		`(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*$`)
})

// declaration reads <?xml ...?>.
func (p *parser) declaration() bool {
	text, ok := p.until("the XML declaration", "?>", len("<?xml"))
	if !ok {
		return false
	}
	found := declared().FindStringSubmatch(text)
	if found == nil {
		return p.fail(0, "a malformed XML declaration")
	}
	switch encoding := found[1] + found[2]; strings.ToUpper(encoding) {
	case "", "UTF-8", "UTF8", "US-ASCII", "ASCII":
	default:
		return p.fail(0, "encoding %s is not supported, only UTF-8 is", encoding)
	}
	p.pending = append(p.pending, etree.NewProcInst("xml", strings.TrimSpace(text)))
	return true
}

// doctype passes a document type declaration that declares nothing.
func (p *parser) doctype() {
	start := p.at
	text, ok := p.until("the document type declaration", ">", len("<!DOCTYPE"))
	if ok && (strings.ContainsAny(text, "[<") || strings.TrimSpace(text) == "" || !isSpace(text[0])) {
		p.fail(start, "a document type declaration that declares something")
	}
}
