package pcmktool

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// HTML is what the options say of --output-as=html.
type HTML struct {
	CGI        bool
	Stylesheet *string
	Title      *string
}

// AllowHTML gives the tool whose context is ctx the format html as well.
func (c *Common) AllowHTML(ctx *goption.Context) {
	c.html = true
	g := &ctx.Groups[0]
	last := len(g.Options) - 1
	g.Options = append(g.Options[:last:last],
		goption.Option{Long: "html-cgi", Help: "Add CGI headers (requires --output-as=html)", Do: goption.Flag(&c.HTML.CGI)},
		goption.Option{Long: "html-stylesheet", Arg: goption.Required, Value: "URI", Help: "Link to an external stylesheet (requires --output-as=html)", Do: goption.Given(&c.HTML.Stylesheet)},
		goption.Option{Long: "html-title", Arg: goption.Required, Value: "TITLE", Help: "Specify a page title (requires --output-as=html)", Do: goption.Given(&c.HTML.Title)},
		g.Options[last],
	)
}

// style is the look that pages have by themselves.
const style = `.bold { font-weight: bold }
.online { color: green }
.offline { color: red }
.maint { color: blue }
.standby { color: blue }
.health_red { color: red }
.health_yellow { color: GoldenRod }
.rsc-failed { color: red }
.rsc-failure-ignored { color: DarkGreen }
.rsc-managed { color: blue }
.rsc-multiple { color: orange }
.rsc-ok { color: green }
.warning { color: red; font-weight: bold }`

// Page is an Output that is a page of HTML.
type Page interface {
	Output
	// Node adds an element with text to the body.
	Node(name, text string, attributes ...string) *Element
	// Header adds an element to the head.
	Header(name string, attributes ...string)
}

// html is --output-as=html: one page, written at the end.
type html struct {
	destination
	options *HTML
	request string
	body    *Element
	open    []*Element // lists, and what stands around them
	headers []*Element
	errors  []string
}

func newHTML(d destination, args []string, o *HTML) *html {
	return &html{destination: d, options: o, request: Quote(args), body: &Element{name: "body"}}
}

func (h *html) Info(string, ...any)                {}
func (h *html) Printf(string, ...any)              {}
func (h *html) Element(string, ...string) *Element { return nil }
func (h *html) IsText() bool                       { return false }
func (h *html) IsXML() bool                        { return false }

func (h *html) Err(format string, args ...any) {
	h.errors = append(h.errors, fmt.Sprintf(format, args...))
}

// add adds an element with text.
func (h *html) add(name, text string) *Element {
	parent := h.body
	if n := len(h.open); n > 0 {
		parent = h.open[n-1]
	}
	e := parent.Add(name)
	e.SetText(text)
	return e
}

func (h *html) Node(name, text string, attributes ...string) *Element {
	e := h.add(name, text)
	e.attributes = attributes
	return e
}

func (h *html) Header(name string, attributes ...string) {
	h.headers = append(h.headers, &Element{name: name, attributes: attributes})
}

// Division adds a piece of text of its own.
func (h *html) Division(text string) { h.add("div", text) }

func (h *html) Version() {
	h.add("h2", "Version Information")
	for _, s := range []string{"Program: Pacemaker", "Version: " + Version, "Author: " + authors, "Build: " + Build, "Features: " + Features} {
		h.Division(s)
	}
}

func (h *html) BeginList(_, _, title string) {
	heading := "h2"
	if len(h.open) > 0 {
		h.open = append(h.open, h.add("li", ""))
		heading = "h3"
	}
	if title != "" {
		h.add(heading, title)
	}
	h.open = append(h.open, h.add("ul", ""))
}

func (h *html) Item(kind, text string) {
	e := h.add("li", text)
	if kind != "" {
		e.Set("class", kind)
	}
}

func (h *html) EndList() {
	h.open = h.open[:len(h.open)-1]
	if n := len(h.open); n > 0 { // the item around it
		h.open = h.open[:n-1]
	}
}

func (h *html) Document(_, text string) { h.add("pre", text).Set("lang", "xml") }

func (h *html) Command(code int, stdout, stderr string) {
	h.add("h2", "Command Output")
	h.Division(fmt.Sprintf("Return code: %d", code))
	for _, s := range []struct{ title, text string }{{"Stdout", stdout}, {"Stderr", stderr}} {
		if s.text != "" {
			h.Division(s.title)
			h.add("div", s.text).Set("class", "output")
		}
	}
}

func (h *html) Finish(crmexit.Code) error {
	if h.options.CGI {
		h.w.WriteString("Content-Type: text/html\n\n")
	}
	head := &Element{name: "head"}
	title := h.request
	if h.options.Title != nil {
		title = *h.options.Title
	}
	head.Add("title").SetText(title)
	head.Add("meta", "charset", "utf-8")
	head.children = append(head.children, h.headers...)
	head.Add("style").SetText(style)
	if s := h.options.Stylesheet; s != nil {
		head.Add("link", "rel", "stylesheet", "href", uri(*s))
	}
	if len(h.errors) > 0 {
		h.BeginList("", "", "")
		for _, e := range h.errors {
			h.Item("", e)
		}
		h.EndList()
	}
	root := &Element{name: "html", attributes: []string{"lang", "en"}, children: []*Element{head, h.body}}
	h.w.WriteString("<!DOCTYPE html>\n")
	root.writeHTML(h.w)
	h.w.WriteByte('\n')
	return h.close()
}

// writeHTML writes e as libxml2 writes HTML: several children stand on lines of their own,
// one does not; nor does what is no block.
func (e *Element) writeHTML(w *bufio.Writer) {
	w.WriteString("<" + e.name)
	for i := 0; i+1 < len(e.attributes); i += 2 {
		w.WriteString(" " + e.attributes[i] + `="`)
		escape(w, e.attributes[i+1], true)
		w.WriteByte('"')
	}
	w.WriteByte('>')
	switch {
	case e.name == "meta" || e.name == "link" || e.name == "br":
		return
	case e.name == "li" && e.text == "" && len(e.children) == 0:
		return // its end may be left out
	}
	// A text is the first child.
	lines := e.isBlock() && e.name[0] != 'p' && (len(e.children) > 1 || len(e.children) == 1 && e.text != "")
	if lines && e.text == "" {
		w.WriteByte('\n')
	}
	if e.name == "style" {
		w.WriteString(e.text)
	} else {
		escape(w, e.text, false)
	}
	for i, c := range e.children {
		c.writeHTML(w)
		if c.isBlock() && i < len(e.children)-1 && e.name[0] != 'p' {
			w.WriteByte('\n')
		}
	}
	if lines {
		w.WriteByte('\n')
	}
	w.WriteString("</" + e.name + ">")
}

func (e *Element) isBlock() bool { return e.name != "span" && e.name != "br" }

// uri escapes what may not stand in a URI.
func uri(s string) string {
	const plain = "-_.!~*'()\"#$%&+,/:;<=>?@[\\]^`{|}"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(plain, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
