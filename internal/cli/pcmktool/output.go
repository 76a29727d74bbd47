package pcmktool

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// The version that the tools give: that of the reference whose behaviour they
// have.
const (
	Version  = "2.1.5"
	build    = "a3f44794f94"
	features = "agent-manpages cibsecrets corosync-ge-2 generated-manpages lha monotonic nagios ncurses remote systemd"
	authors  = "Andrew Beekhof and the Pacemaker project contributors"

	// APIVersion is that of the XML output.
	APIVersion = "2.25"
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
		return nil, openError(fmt.Sprintf("Error creating output format %s: %s", format, rc))
	}
	d := destination{w: bufio.NewWriter(to), file: file}
	switch format {
	case "xml":
		return newXML(d, args), nil
	case "none":
		return nothing{d}, nil
	}
	return &text{d, stderr}, nil
}

// openError is why there is no output.
type openError string

func (e openError) Error() string { return string(e) }

// destination is a stream that is ours to close only if it is a file.
type destination struct {
	w    *bufio.Writer
	file *os.File
}

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
}

func (t *text) Info(format string, args ...any)   { fmt.Fprintf(t.w, format+"\n", args...) }
func (t *text) Printf(format string, args ...any) { fmt.Fprintf(t.w, format, args...) }
func (t *text) Version()                          { WriteVersion(t.w) }

// Err comes after what was shown before, where both streams are one.
func (t *text) Err(format string, args ...any) {
	t.w.Flush()
	fmt.Fprintf(t.stderr, format+"\n", args...)
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
func (nothing) Element(string, ...string) *Element { return nil }
func (nothing) IsXML() bool                        { return false }
func (nothing) IsText() bool                       { return false }
func (n nothing) Finish(crmexit.Code) error        { return n.close() }
