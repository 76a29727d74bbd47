package cibinput

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Reader reads for a tool.
type Reader struct {
	Log    *pcmktool.Log
	Stdin  io.Reader
	Stderr io.Writer
}

// Document is XML that has been read.
type Document struct {
	Root *etree.Element

	file  string         // the name that libxml2 has for it, "" for a text
	read  *etree.Element // the root as read
	lines xmltree.Lines
}

// stdinName is what libxml2 calls the standard input.
const stdinName = "unknown.xml"

// File reads a file, which may be compressed, or the standard input if that is "-". It
// is nil if there is not even the beginning of a document (filename2xml).
func (r *Reader) File(name string) *Document {
	shown := name
	if name == "-" {
		shown = stdinName
	}
	var data []byte
	var err error
	glitch := ""
	switch {
	case name == "-":
		data, err = io.ReadAll(r.Stdin)
	case strings.HasSuffix(name, ".bz2"):
		var ok bool
		if data, ok = r.decompress(name); !ok {
			return nil
		}
		data, _, _ = bytes.Cut(data, []byte{0})
		shown = ""
	default:
		if data, err = os.ReadFile(name); errors.Is(err, syscall.EISDIR) {
			// libxml2 opens a folder, and reads nothing.
			glitch, err = "Is a directory", nil
		}
	}
	if err != nil {
		what := fmt.Sprintf("failed to load external entity \"%s\"", name)
		r.Log.Print(loglevel.Error, "log_xmllib_err", "XML Error: I/O warning : "+what)
		r.Log.Print(loglevel.Error, "filename2xml", "Parsing failed (domain=8, level=1, code=1549): "+what)
		r.Log.Print(loglevel.Error, "filename2xml", "Couldn't parse "+name)
		return nil
	}
	d, last := r.parse(data, xmltree.DropText, shown, glitch)
	if last != nil {
		r.Log.Print(loglevel.Error, "filename2xml", failure(last))
		r.Log.Print(loglevel.Error, "filename2xml", fmt.Sprintf("Couldn't%s parse %s", fully(d), name))
		if d != nil {
			r.partial("filename2xml", d.Root)
		}
	}
	return d
}

// Text reads a text (string2xml); nil if there is not even the beginning of a document.
func (r *Reader) Text(text string) *Document {
	const documentEmpty, documentEnd = 4, 5
	text, _, _ = strings.Cut(text, "\x00")
	d, last := r.parse([]byte(text), xmltree.DropBlanks, "", "")
	if last == nil {
		return d
	}
	const where = "string2xml"
	r.Log.Print(loglevel.Warning, where, failure(last))
	switch last.Code {
	case documentEmpty:
	case documentEnd:
		const piece = 80
		for at := 0; at < len(text); at += piece {
			r.Log.Print(loglevel.Warning, where, fmt.Sprintf("Parse error[+%.3d]: %s", at, text[at:min(at+piece, len(text))]))
		}
	default:
		r.Log.Print(loglevel.Error, where, fmt.Sprintf("Couldn't%s parse %d chars: %s", fully(d), len(text), text))
		if d != nil {
			r.partial(where, d.Root)
		}
	}
	return d
}

// Input reads the standard input as a text (stdin2xml).
func (r *Reader) Input() *Document {
	data, err := io.ReadAll(r.Stdin)
	if err != nil || len(data) == 0 {
		r.Log.Print(loglevel.Warning, "stdin2xml", "No XML supplied on stdin")
		return nil
	}
	return r.Text(string(data))
}

// parse reads XML and logs what is wrong with it. It returns the last of that, too.
func (r *Reader) parse(data []byte, text xmltree.Text, name, glitch string) (*Document, *xmltree.Problem) {
	doc, lines, problems := xmltree.Recover(data, text)
	for _, p := range problems {
		for _, message := range p.Print(name) {
			r.Log.Print(loglevel.Error, "log_xmllib_err", "XML Error: "+glitch+strings.TrimRight(message, "\n"))
			glitch = ""
		}
	}
	var last *xmltree.Problem
	if len(problems) > 0 {
		last = &problems[len(problems)-1]
	}
	root := doc.Root()
	if root == nil {
		return nil, last
	}
	return &Document{Root: root, file: name, read: root, lines: lines}, last
}

func failure(p *xmltree.Problem) string {
	return fmt.Sprintf("Parsing failed (domain=%d, level=%d, code=%d): %s", p.Domain, p.Level(), p.Code, p.Text)
}

func fully(d *Document) string {
	if d == nil {
		return ""
	}
	return " fully"
}

// decompress reads a file that bzip2 has made.
func (r *Reader) decompress(name string) ([]byte, bool) {
	f, err := os.Open(name)
	if err != nil {
		var no syscall.Errno
		errors.As(err, &no)
		text := fmt.Sprintf("Could not open %s for reading: %s (%d)", name, strError(no), int(no))
		fmt.Fprintln(r.Stderr, text)
		r.Log.Print(loglevel.Error, "decompress_file", text)
		return nil, false
	}
	defer f.Close()
	// libbz2's numbers and the reference's words for them.
	data, err := io.ReadAll(bzip2.NewReader(f))
	why, number := "data integrity error is detected during decompression", -4
	switch {
	case err == nil, len(data) > 0 && strings.Contains(err.Error(), "continuation"): // only the first of several counts
		return data, true
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		why, number = "compressed file finishes before the logical end of stream is detected", -7
	case strings.Contains(err.Error(), "magic"):
		why, number = "the compressed stream does not start with the correct magic bytes", -5
	}
	r.Log.Print(loglevel.Error, "decompress_file", fmt.Sprintf("Could not read compressed %s: %s | bzerror=%d", name, why, number))
	return nil, false
}

// strError is the C library's text for an error, which begins with a capital.
func strError(no syscall.Errno) string {
	text := no.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// Write writes a CIB to a file, as libxml2 formats it.
func Write(cib *etree.Element, name string) error {
	doc := etree.NewDocumentWithRoot(xmltree.Copy(cib))
	doc.Indent(2)
	return doc.WriteToFile(name)
}
