package pcmktool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
)

// The version that the tools give: that of the reference whose behaviour they
// have.
const (
	Version  = featureset.Release
	Features = "agent-manpages cibsecrets corosync-ge-2 generated-manpages lha monotonic nagios ncurses remote systemd"
	authors  = "Andrew Beekhof and the Pacemaker project contributors"

	// APIVersion is that of the XML output.
	APIVersion = "2.25"

	// Build is the one of the reference's builds.
	Build = "a3f44794f94"

	// Release is the version that a cluster of such nodes has for its own.
	Release = Version + "-" + Build
)

// WriteVersion is --version of tools without formatted output.
func WriteVersion(w io.Writer) {
	fmt.Fprintf(w, "Pacemaker %s\nWritten by %s\n", Version, authors)
}

// Output is where a tool's results go, in one of the formats. Each format shows
// what it has a form for: Info is for text, Element for XML.
type Output interface {
	// Info writes a line.
	Info(format string, args ...any)
	// Printf writes, as it is, what is no line of its own.
	Printf(format string, args ...any)
	// Err says what went wrong.
	Err(format string, args ...any)
	// Version writes the software's version.
	Version()
	// BeginList begins a list with a title; what is found is counted in the nouns.
	// Elements are added to it until EndList.
	BeginList(singular, plural, title string)
	// Item adds a text to a list, of a kind that may be empty.
	Item(kind, text string)
	// EndList ends what BeginList began.
	EndList()
	// Document writes an XML document of that name, as text.
	Document(name, text string)
	// Command tells of the run of a program, by its result and its two outputs.
	Command(code int, stdout, stderr string)
	// Element adds an element with attributes: name, value, name, value. It is nil
	// in formats that are no XML.
	Element(name string, attributes ...string) *Element
	// IsXML says whether elements are shown.
	IsXML() bool
	// IsText says whether lines are shown.
	IsText() bool
	// Finish ends the output of a tool whose status is code.
	Finish(code crmexit.Code) error
}

// Open opens the output that the options ask for. args are the whole command line.
// The error is what to say, for status 1.
func (c *Common) Open(args []string, stdout, stderr io.Writer) (Output, error) {
	format := "text"
	if c.OutputAs != nil {
		format = *c.OutputAs
	}
	var rc crmexit.RC
	switch format {
	case "text", "xml", "none":
	case "html":
		if !c.html {
			rc = crmexit.RCUnknownFormat
		}
	default:
		rc = crmexit.RCUnknownFormat
	}
	to := io.Writer(stdout)
	var file *os.File
	if rc == crmexit.RCOK && c.OutputTo != nil && *c.OutputTo != "-" {
		var err error
		if file, err = os.Create(*c.OutputTo); err != nil {
			rc = crmexit.RCError
			var no syscall.Errno
			if errors.As(err, &no) {
				rc = crmexit.RC(no)
			}
		}
		to = file
	}
	if rc != crmexit.RCOK {
		if c.OutputAs == nil {
			format = "(null)"
		}
		return nil, &OpenError{Format: format, RC: rc}
	}
	d := destination{w: bufio.NewWriter(to), file: file}
	switch format {
	case "xml":
		if c.LegacyXML {
			return newLegacyXML(d, Program(args), stderr), nil
		}
		return newXML(d, args), nil
	case "html":
		return newHTML(d, args, &c.HTML), nil
	case "none":
		return nothing{d}, nil
	}
	return &text{destination: d, stderr: stderr, fancy: c.Fancy}, nil
}

// OpenError is why there is no output. Most tools then exit with 1, some with what RC
// comes to.
type OpenError struct {
	Format string
	RC     crmexit.RC
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("Error creating output format %s: %s", e.Format, e.RC)
}

// destination is a stream that is ours to close only if it is a file.
type destination struct {
	w    *bufio.Writer
	file *os.File
}

// Flush shows what has been written; of XML and HTML that is nothing before the end.
func (d destination) Flush() error { return d.w.Flush() }

func (d destination) close() error {
	err := d.w.Flush()
	if d.file != nil {
		err = errors.Join(err, d.file.Close())
	}
	return err
}

// text is --output-as=text.
type text struct {
	destination
	stderr io.Writer
	fancy  bool // --text-fancy
	lists  []textList
}

// textList is a list that is open.
type textList struct {
	singular, plural string
	n                int
}

func (t *text) Info(format string, args ...any)   { fmt.Fprintf(t.w, format+"\n", args...) }
func (t *text) Printf(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }
func (t *text) Version()                          { WriteVersion(t.w) }

// Err comes after what was shown before, where both streams are one.
func (t *text) Err(format string, args ...any) {
	t.w.Flush()
	fmt.Fprintf(t.stderr, format+"\n", args...)
}

// indent begins a line of a list.
func (t *text) indent() {
	if t.fancy && len(t.lists) > 0 {
		fmt.Fprint(t.w, strings.Repeat("  ", len(t.lists))+"* ")
	}
}

func (t *text) BeginList(singular, plural, title string) {
	if t.fancy {
		t.indent()
		fmt.Fprintln(t.w, title+":")
	}
	t.lists = append(t.lists, textList{singular: singular, plural: plural})
}

func (t *text) Item(kind, text string) {
	t.indent()
	if t.fancy && kind != "" {
		fmt.Fprint(t.w, kind+": ")
	}
	fmt.Fprintln(t.w, text)
	t.lists[len(t.lists)-1].n++
}

func (t *text) EndList() {
	l := t.lists[len(t.lists)-1]
	t.lists = t.lists[:len(t.lists)-1]
	noun := l.plural
	if l.n == 1 {
		noun = l.singular
	}
	t.indent()
	fmt.Fprintf(t.w, "%d %s found\n", l.n, noun)
}

func (t *text) Document(_, text string) {
	t.indent()
	fmt.Fprint(t.w, text)
}

func (t *text) Command(_ int, stdout, stderr string) {
	for _, s := range []string{stdout, stderr} {
		if s != "" {
			fmt.Fprintln(t.w, s)
		}
	}
}

func (t *text) Element(string, ...string) *Element {
	return nil
}
func (t *text) IsXML() bool               { return false }
func (t *text) IsText() bool              { return true }
func (t *text) Finish(crmexit.Code) error { return t.close() }

// nothing is --output-as=none.
type nothing struct{ destination }

func (nothing) Info(string, ...any)                {}
func (nothing) Printf(string, ...any)              {}
func (nothing) Err(string, ...any)                 {}
func (nothing) Version()                           {}
func (nothing) BeginList(_, _, _ string)           {}
func (nothing) Item(_, _ string)                   {}
func (nothing) EndList()                           {}
func (nothing) Document(_, _ string)               {}
func (nothing) Command(int, string, string)        {}
func (nothing) Element(string, ...string) *Element { return nil }
func (nothing) IsXML() bool                        { return false }
func (nothing) IsText() bool                       { return false }
func (n nothing) Finish(crmexit.Code) error        { return n.close() }
