// Package xmlproc is corosync-xmlproc(8): it turns a configuration in XML,
// corosync.xml(5), into corosync.conf. What comes out, and the exit statuses, are
// those of the reference's tools/corosync-xmlproc.sh, which has xsltproc do it
// with conf/xml2conf.xsl; this one needs neither.
//
// Two things differ. Entities that a document declares for itself are not known,
// nor encodings besides UTF-8, ASCII and ISO 8859-1. And a line's end within a
// value becomes a space however it is written, since corosync.conf has no way to
// say it.
package xmlproc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Exit statuses; those above 1 are xsltproc's.
const (
	statusUsage    = 1
	statusDocument = 6
	statusOutput   = 11
)

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) < 2 || args[1] == "" {
		fmt.Fprintf(stdout, "%s input_config [output]\n\twhere input_config is valid XML configuration file\n", args[0])
		return statusUsage
	}
	input := args[1]
	conf, err := convertFile(input, stdin, time.Now())
	if err != nil {
		fmt.Fprintf(stderr, "%v\nunable to parse %s\n", err, input)
		return statusDocument
	}
	if len(args) > 2 && args[2] != "" && args[2] != "-" {
		err = os.WriteFile(args[2], []byte(conf), 0o666)
	} else {
		_, err = io.WriteString(stdout, conf)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return statusOutput
	}
	return 0
}

func convertFile(name string, stdin io.Reader, at time.Time) (string, error) {
	if name == "-" {
		return convert(stdin, name, at)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return convert(f, name, at)
}

// convert returns the corosync.conf for a document; an error names the file and
// line. Of a document with another root nothing comes out.
func convert(r io.Reader, name string, at time.Time) (string, error) {
	w := writer{}
	d := xml.NewDecoder(r)
	d.CharsetReader = charset
	fail := func(err error) (string, error) {
		line, _ := d.InputPos()
		return "", fmt.Errorf("%s:%d: %w", name, line, err)
	}
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			switch t := t.(type) {
			case xml.StartElement:
				if len(w.open) == 0 && t.Name.Space == "" && t.Name.Local == "corosync" && !hasDefaultSpace(t) {
					w.on = true
					fmt.Fprintf(&w.out, "# Corosync configuration file generated from %s at %s", name, at.Format(time.RFC3339))
				}
				err = w.start(t)
			case xml.EndElement:
				err = w.end(t)
			case xml.CharData:
				if len(w.open) == 0 && strings.TrimSpace(string(t)) != "" {
					err = errors.New("text outside of the root element")
				}
			}
		}
		if err != nil {
			return fail(err)
		}
	}
	switch {
	case len(w.open) > 0:
		return fail(fmt.Errorf("element %s has no end", w.open[len(w.open)-1]))
	case !w.root:
		return fail(errors.New("no root element"))
	case w.on:
		w.out.WriteByte('\n')
	}
	return w.out.String(), nil
}

// hasDefaultSpace tells whether an element without a prefix has a namespace
// all the same: then it is another one than ours.
func hasDefaultSpace(t xml.StartElement) bool {
	for _, a := range t.Attr {
		if a.Name.Space == "" && a.Name.Local == "xmlns" && a.Value != "" {
			return true
		}
	}
	return false
}

// writer writes sections and their options.
type writer struct {
	out  strings.Builder
	open []string // the elements that we are in
	root bool     // it has been seen
	on   bool     // and is ours
}

func fullName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func (w *writer) start(t xml.StartElement) error {
	name := fullName(t.Name)
	if len(w.open) == 0 && w.root {
		return fmt.Errorf("a second root element, %s", name)
	}
	if w.on && len(w.open) > 0 {
		w.out.WriteByte('\n')
		w.line(len(w.open)-1, name+" {")
	}
	for _, a := range t.Attr {
		if w.on && a.Name.Space != "xmlns" && fullName(a.Name) != "xmlns" {
			w.line(len(w.open), fullName(a.Name)+": "+space.Replace(a.Value))
		}
	}
	w.root = true
	w.open = append(w.open, name)
	return nil
}

func (w *writer) end(t xml.EndElement) error {
	n := len(w.open) - 1
	if n < 0 || w.open[n] != fullName(t.Name) {
		return fmt.Errorf("end of element %s, which is not the one that is open", fullName(t.Name))
	}
	w.open = w.open[:n]
	if w.on && n > 0 {
		w.line(n-1, "}")
	}
	return nil
}

// line begins a new one.
func (w *writer) line(depth int, text string) {
	w.out.WriteByte('\n')
	w.out.WriteString(strings.Repeat("    ", depth))
	w.out.WriteString(text)
}

var space = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")

// charset reads the encodings that are not a decoder's own.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1":
		b, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return strings.NewReader(string(runes)), nil
	}
	return nil, fmt.Errorf("encoding %s is not known", label)
}
