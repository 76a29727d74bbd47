//go:build interop

package pacemakertools_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// pieces are what text mutations put in: what means something in XML, and what is
// wrong there.
var pieces = []string{
	"<", ">", "/", "&", ";", "\"", "'", "=", " ", "\n", "\t", "\r", "\r\n", ":", "-", "--", "]]>", "<![CDATA[", "<!--", "-->",
	"<?", "?>", "<?xml version='1.0'?>", "<?xmlx y?>", "</", "/>", "<a>", "</a>", "<a/>", "&amp;", "&lt;", "&x;", "&#10;", "&#x41;",
	"&#0;", "&#xFFFFFF;", "&#1", "&#xg;", "\x00", "\x01", "\x7f", "\xff", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\xa0\x80",
	"\xef\xbf\xbf", "xmlns='x'", " xmlns:a='b'", "a:b", "x:y='1'", " id='1'", "<!DOCTYPE cib>", "<!DOCTYPE cib [<!ENTITY e 'v'>]>",
	"<!DOCTYPE", "<!ENTITY", "]", "[", "%", "text", "é", "a='1' a='2'", "<cib>", "</cib>", "xml:space='x'",
}

// mutateText changes a text in one to three places.
func mutateText(r *rand.Rand, text []byte) []byte {
	text = bytes.Clone(text)
	for range 1 + r.IntN(3) {
		if len(text) == 0 {
			return []byte(pieces[r.IntN(len(pieces))])
		}
		at := r.IntN(len(text))
		if r.IntN(3) > 0 { // near a tag
			if i := bytes.IndexAny(text[at:], "<>\"="); i >= 0 {
				at += i
			}
		}
		end := min(at+1+r.IntN(1+r.IntN(30)), len(text))
		piece := []byte(pieces[r.IntN(len(pieces))])
		switch r.IntN(8) {
		case 0: // leave out
			text = append(text[:at], text[end:]...)
		case 1: // twice
			text = append(text[:end], append(bytes.Clone(text[at:end]), text[end:]...)...)
		case 2: // cut off
			if r.IntN(4) == 0 {
				text = text[:at]
			}
		case 3: // instead of a byte
			text = append(text[:at], append(piece, text[at+1:]...)...)
		case 4: // one byte
			text[at] = byte(r.IntN(256))
		default:
			text = append(text[:at], append(piece, text[at:]...)...)
		}
	}
	return text
}

// TestXMLMessages compares what libxml2 (xmllint) says of broken documents with what we
// do.
func TestXMLMessages(t *testing.T) {
	files := drawn(t)
	for i := range *runs * 5 {
		r := rand.New(rand.NewPCG(*seed, uint64(i)))
		text := mutateText(r, files[r.IntN(len(files))].small(r))
		said := lint(t, text)
		_, _, problems := xmltree.Recover(text, xmltree.DropText)
		var b strings.Builder
		for _, p := range problems {
			for _, m := range p.Print("in.xml") {
				b.WriteString(m)
			}
		}
		if b.String() != said {
			t.Errorf("seed %d, run %d:\ngot\n%swant\n%s", *seed, i, b.String(), said)
			keepInput(fmt.Sprintf("xml-%d-%d.xml", *seed, i), text)
		}
	}
}

// lint is what libxml2 says of a document called in.xml.
func lint(t *testing.T, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "in.xml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command("xmllint", "--recover", "--nonet", "--noout", "in.xml")
	cmd.Dir, cmd.Stderr = filepath.Dir(file), &said
	_ = cmd.Run() // it has a status for every mistake
	return said.String()
}

// keepInput puts what differs aside, if that is asked for.
func keepInput(name string, text []byte) {
	if *keep != "" {
		_ = os.WriteFile(filepath.Join(*keep, name), text, 0o600)
	}
}

// TestXMLGoldens compares the documents of internal/xmltree's own test.
func TestXMLGoldens(t *testing.T) {
	files, err := filepath.Glob("../../internal/xmltree/testdata/recover/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		said, golden := lint(t, text), strings.TrimSuffix(file, "xml")+"txt"
		if *refresh {
			err = os.WriteFile(golden, []byte(said), 0o644)
		} else {
			var want []byte
			if want, err = os.ReadFile(golden); string(want) != said {
				t.Errorf("%s: libxml2 says\n%s", golden, said)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// input is a CIB, as text.
type input struct {
	name string
	text []byte
}

// small is the text, or the beginning of a long one.
func (in input) small(r *rand.Rand) []byte {
	return in.text[:min(len(in.text), 500+r.IntN(6000))]
}

// inputs are the CIBs of this tree and, if there is one, of the reference's corpus.
func inputs(t *testing.T) []input {
	t.Helper()
	patterns := []string{"../../pengine/*/testdata/*.xml", "../../internal/cli/crm*/testdata/*.xml", "../../internal/cli/crm*/testdata/cibs/*.xml"}
	if folder := os.Getenv(corpusVariable); folder != "" {
		patterns = append(patterns, filepath.Join(folder, "xml", "*.xml"))
	}
	var all []input
	for _, p := range patterns {
		files, err := filepath.Glob(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text, []byte("<cib")) {
				all = append(all, input{f, text})
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("no CIBs")
	}
	return all
}

// drawn are the inputs that are drawn from: those that testdata/drawn.txt lists, so that a
// CIB that is added elsewhere does not make others of all draws; with the corpus all.
func drawn(t *testing.T) []input {
	t.Helper()
	all := inputs(t)
	if os.Getenv(corpusVariable) != "" {
		return all
	}
	list, err := os.ReadFile("testdata/drawn.txt")
	if err != nil {
		t.Fatal(err)
	}
	var some []input
	for name := range strings.FieldsSeq(string(list)) {
		at := slices.IndexFunc(all, func(in input) bool { return in.name == "../../"+name })
		if at < 0 {
			t.Fatalf("testdata/drawn.txt: there is no %s", name)
		}
		some = append(some, all[at])
	}
	return some
}
