package crmsimulate

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
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
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, failure{crmexit.NoInput, fmt.Sprintf("Could not read '%s': %v", name, reason(err))}
	}
	if strings.HasSuffix(name, ".bz2") {
		if data, err = io.ReadAll(bzip2.NewReader(bytes.NewReader(data))); err != nil {
			return nil, failure{crmexit.DataErr, fmt.Sprintf("Could not read '%s': %v", name, err)}
		}
	}
	doc, err := xmltree.Parse(data, xmltree.DropText)
	if err != nil {
		return nil, failure{crmexit.DataErr, fmt.Sprintf("Could not read '%s': %v", name, err)}
	}
	cib := doc.Root()
	if cib.SelectElement("status") == nil {
		cib.CreateElement("status")
	}
	upgraded, ok := schema.UpdateConfiguration(cib)
	for _, m := range upgraded.Messages {
		if m.Kind == schema.Configuration {
			fmt.Fprintln(stderr, m.Text)
		}
	}
	if !ok {
		return nil, failed(crmexit.RCTransformFailed)
	}
	version := schema.Named(upgraded.CIB.SelectAttrValue("validate-with", "none"))
	if !version.Validate(upgraded.CIB) {
		return nil, failed(crmexit.RCSchemaValidation)
	}
	return upgraded.CIB, nil
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
