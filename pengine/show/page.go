package show

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
)

// isTree tells whether output is made of elements, and not of lines.
func (p *Printer) isTree() bool { return p.xml || p.page != nil }

// push opens an element, pop ends the one opened last.
func (p *Printer) push(e *pcmktool.Element) { p.open = append(p.open, e) }
func (p *Printer) pop()                     { p.open = p.open[:len(p.open)-1] }

// node adds an element with text to a page.
func (p *Printer) node(name, text string, attributes ...string) *pcmktool.Element {
	if n := len(p.open); n > 0 {
		e := p.open[n-1].Add(name, attributes...)
		e.SetText(text)
		return e
	}
	return p.page.Node(name, text, attributes...)
}

// beginPage begins a list of a page: within another it is one of its items.
func (p *Printer) beginPage(heading string) {
	title := "h2"
	if len(p.open) > 0 {
		p.push(p.node("li", ""))
		title = "h3"
	}
	if heading != "" {
		p.node(title, heading)
	}
	p.push(p.node("ul", ""))
}

// span is a piece of a line, which looks like its class on a page.
type span struct{ class, text string }

func plain(text string) span   { return span{text: text} }
func bold(text string) span    { return span{"bold", text} }
func warning(text string) span { return span{"warning", text} }

// line prints an item of several pieces.
func (p *Printer) line(parts ...span) {
	if p.page != nil {
		e := p.node("li", "")
		for _, s := range parts {
			s.addTo(e)
		}
		return
	}
	p.Item("%s", join(parts))
}

// titled prints such an item with a title, which only fancy lists have.
func (p *Printer) titled(title string, parts ...span) {
	if p.page != nil {
		p.line(append([]span{bold(title + ": ")}, parts...)...)
		return
	}
	p.NamedItem(title, join(parts))
}

func join(parts []span) string {
	var b strings.Builder
	for _, s := range parts {
		b.WriteString(s.text)
	}
	return b.String()
}

func (s span) addTo(e *pcmktool.Element) {
	c := e.Add("span")
	c.SetText(s.text)
	if s.class != "" {
		c.Set("class", s.class)
	}
}
