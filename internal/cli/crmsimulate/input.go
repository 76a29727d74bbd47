package crmsimulate

import (
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// failure is why the tool ends, with its exit status.
type failure struct {
	code crmexit.Code
	text string // "" if all is said
}

func (f failure) Error() string { return f.text }

func failed(rc crmexit.RC) error { return failure{code: rc.Exit()} }

// readCIB reads the CIB from a file, which may be compressed, or from the standard
// input if that is "-", and brings it to a version that the scheduler knows
// (setup_input).
func readCIB(name string, stdin io.Reader, stderr io.Writer) (*etree.Element, error) {
	data, err := pcmktool.ReadInput(name, stdin)
	if err != nil {
		code := crmexit.NoInput
		var damaged bzip2.StructuralError
		if errors.As(err, &damaged) || errors.Is(err, io.ErrUnexpectedEOF) {
			code = crmexit.DataErr
		}
		return nil, failure{code, fmt.Sprintf("Could not read '%s': %v", name, err)}
	}
	doc, lines, err := xmltree.ParseLines(data, xmltree.DropText)
	if err != nil {
		return nil, failure{crmexit.DataErr, fmt.Sprintf("Could not read '%s': %v", name, err)}
	}
	cib := doc.Root()
	if cib.SelectElement("status") == nil {
		cib.CreateElement("status")
	}
	f := faultPrinter{stderr: stderr, file: name, cib: cib, lines: lines}
	if name == "-" {
		f.file = "unknown.xml"
	}
	upgraded, ok := schema.UpdateConfigurationWith(cib, schema.Options{Explain: true})
	for _, m := range upgraded.Messages {
		switch {
		case m.Kind == schema.Configuration:
			fmt.Fprintln(stderr, m.Text)
		case m.Kind == schema.Refused && !m.Logged:
			copied := f
			copied.file = "" // it is no more the document that was read
			copied.print(m.Faults)
		}
	}
	if !ok {
		return nil, failed(crmexit.RCTransformFailed)
	}
	return upgraded.CIB, f.validate(upgraded.CIB)
}

// validate says what keeps the CIB from being what it claims to be. One that claims
// nothing is tried with all versions, and becomes the first that it is valid for
// (validate_xml).
func (p faultPrinter) validate(cib *etree.Element) error {
	if at := cib.SelectAttr("validate-with"); at != nil {
		if version := schema.Named(at.Value); !version.Validate(cib) {
			p.print(version.Explain(cib))
			return failed(crmexit.RCSchemaValidation)
		}
		return nil
	}
	for _, version := range append(schema.Versions(), schema.None) {
		if version.Validate(cib) {
			cib.CreateAttr("validate-with", version.String())
			return nil
		}
		p.print(version.Explain(cib))
	}
	return nil
}

// faultPrinter says what is wrong with a CIB, and where in the file.
type faultPrinter struct {
	stderr io.Writer
	file   string
	cib    *etree.Element // as read
	lines  xmltree.Lines
}

func (p faultPrinter) print(faults []schema.Fault) {
	for _, f := range faults {
		fmt.Fprintln(p.stderr, f.Print(p.file, p.line))
	}
}

// line is the line of an element of the CIB, or of a copy of it; 0 if there is none.
func (p faultPrinter) line(e *etree.Element) int {
	if at, ok := p.lines[e]; ok {
		return at
	}
	return p.lines[p.original(e)]
}

// original is the element of the CIB in the place of e, or nil.
func (p faultPrinter) original(e *etree.Element) *etree.Element {
	parent := e.Parent()
	if parent == nil || parent.Tag == "" {
		return p.cib
	}
	place := slices.Index(parent.ChildElements(), e)
	if parent = p.original(parent); parent == nil {
		return nil
	}
	if siblings := parent.ChildElements(); place < len(siblings) && siblings[place].Tag == e.Tag {
		return siblings[place]
	}
	return nil
}

// reason is an error without the name of the file.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// writeCIB writes a CIB as libxml2 formats it.
func writeCIB(cib *etree.Element, name string) error {
	doc := etree.NewDocumentWithRoot(cib.Copy())
	doc.Indent(2)
	return doc.WriteToFile(name)
}
