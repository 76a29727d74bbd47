package show

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
)

// Printer prints lists of items on a tool's output.
type Printer struct {
	out   pcmktool.Output
	fancy bool
	quiet bool
	depth int

	xml  bool
	list bool                // lists of XML are elements "list", and counted
	page pcmktool.Page       // nil for what is no page of HTML
	open []*pcmktool.Element // in XML and HTML: the lists and elements that are not ended
}

// NewPrinter prints on out: fancy with headings and indentation, quiet only what a
// tool must show.
func NewPrinter(out pcmktool.Output, fancy, quiet bool) *Printer {
	p := &Printer{out: out, fancy: fancy, quiet: quiet, xml: out.IsXML()}
	p.page, _ = out.(pcmktool.Page)
	return p
}

// KeepLists has XML name and count lists rather than have an element for each kind of them.
func (p *Printer) KeepLists() { p.list = p.xml }

// Quiet tells whether only the essential is wanted.
func (p *Printer) Quiet() bool { return p.quiet }

// Begin begins a list under a heading; "" is for none.
func (p *Printer) Begin(heading string) {
	switch {
	case p.list:
		p.begin("list", "name", strings.ToLower(heading))
		return
	case p.xml:
		p.begin(listName(heading))
		return
	case p.page != nil:
		p.beginPage(heading)
		return
	}
	if p.fancy && heading != "" {
		p.out.Printf("%s%s:\n", p.indentation(), heading)
	}
	p.depth++
}

// End ends the list begun last.
func (p *Printer) End() {
	if p.isTree() {
		if p.list {
			e := p.open[len(p.open)-1]
			e.Set("count", strconv.Itoa(e.Len()))
		}
		p.pop()
		if p.page != nil && len(p.open) > 0 {
			p.pop() // the item that the list is
		}
		return
	}
	p.depth--
}

// Item prints an item of a list.
func (p *Printer) Item(format string, args ...any) {
	if p.page != nil {
		p.node("li", fmt.Sprintf(format, args...))
		return
	}
	indentation := ""
	if p.fancy {
		indentation = p.indentation()
	}
	p.out.Printf("%s%s\n", indentation, fmt.Sprintf(format, args...))
}

// NamedItem prints an item whose name only fancy lists have.
func (p *Printer) NamedItem(name, text string) {
	if p.fancy {
		text = name + ": " + text
	}
	p.Item("%s", text)
}

func (p *Printer) indentation() string {
	if p.depth == 0 {
		return ""
	}
	return strings.Repeat("  ", p.depth) + "* "
}

// Info prints a line that is in no list, unless quiet.
func (p *Printer) Info(format string, args ...any) {
	if !p.quiet {
		p.out.Info(format, args...)
	}
}

// Err says what went wrong.
func (p *Printer) Err(format string, args ...any) { p.out.Err(format, args...) }

// Spacer prints an empty line.
func (p *Printer) Spacer() {
	if p.page != nil {
		p.node("br", "")
		return
	}
	p.out.Printf("\n")
}

// section is a list that begins with its first item.
type section struct {
	p       *Printer
	heading string
	spacer  bool // an empty line comes before
	begun   bool
}

func (s *section) begin() {
	if s.begun {
		return
	}
	if s.spacer {
		s.p.Spacer()
	}
	s.p.Begin(s.heading)
	s.begun = true
}

// end ends the list if it has begun, and tells whether it had.
func (s *section) end() bool {
	if s.begun {
		s.p.End()
	}
	return s.begun
}
