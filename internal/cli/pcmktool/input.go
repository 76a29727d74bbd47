package pcmktool

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// ReadInput reads a file, or the standard input if its name is "-". What ends in .bz2 is
// compressed. The error does not name the file.
func ReadInput(name string, stdin io.Reader) ([]byte, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(name)
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err == nil && strings.HasSuffix(name, ".bz2") {
		data, err = io.ReadAll(bzip2.NewReader(bytes.NewReader(data)))
	}
	return data, err
}

// FileXML reads a document from a file as the reference does, without text
// (filename2xml).
func FileXML(name string, stdin io.Reader) (*etree.Element, error) {
	data, err := ReadInput(name, stdin)
	if err != nil {
		return nil, err
	}
	return root(data, xmltree.DropText)
}

// TextXML reads a document from a text, which stays among elements (string2xml).
func TextXML(text string) (*etree.Element, error) {
	return root([]byte(text), xmltree.DropBlanks)
}

func root(data []byte, text xmltree.Text) (*etree.Element, error) {
	doc, err := xmltree.Parse(data, text)
	if err != nil {
		return nil, err
	}
	return doc.Root(), nil
}
