package received

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// TestXML has what libxml2 makes of texts that are no XML.
func TestXML(t *testing.T) {
	for _, tt := range []struct{ message, want string }{
		{`<a v="1"/>`, `<a v="1"/>`},
		{`<a>`, `<a/>`},
		{`<a/><b/>`, `<a/>`},
		{`<nvpair id="n" name="x" value="ü<1"/>`, `<nvpair id="n" name="x" value="ü"/>`},
		{`<c><nvpair id="n" value="ü"more" name="x"/><d/></c>`, `<c><nvpair id="n" value="ü"/><d/></c>`},
		{"", ""},
		{"no XML", ""},
		{"\x00\xff<", ""},
	} {
		got := ""
		e, err := XML(loglevel.Discard, tt.message)
		if err == nil {
			got = text.Line(e)
		} else if e != nil {
			t.Errorf("%q: %v, and an element", tt.message, err)
		}
		if got != tt.want {
			t.Errorf("%q: %s, want %s (%v)", tt.message, got, tt.want, err)
		}
	}
}

// lines is a log.
type lines []string

func (l *lines) Enabled(loglevel.Level) bool { return true }
func (l *lines) Logf(level loglevel.Level, format string, args ...any) {
	*l = append(*l, fmt.Sprintf(format, args...))
}

// TestLog has what the reference's manager logs of its client's cibadmin -C --xml-text '<tag id="ü&quot;&lt;"/>'.
func TestLog(t *testing.T) {
	var got lines
	if _, err := XML(&got, `<a><tag id="ü"<"/></a>`); err != nil {
		t.Error(err)
	}
	want := []string{
		`XML Error: Entity: line 1: parser error : attributes construct error`,
		`XML Error: <a><tag id="ü"<"/></a>`,
	}
	if len(got) < 2 || !slices.Equal(got[:2], want) {
		t.Errorf("%q", got)
	}
	got = nil
	if _, err := XML(&got, "<a/>"+strings.Repeat("x", 80)); err != nil {
		t.Error(err)
	}
	want = []string{
		"Parsing failed (domain=1, level=3, code=5): Extra content at the end of the document",
		"Parse error[+000]: <a/>" + strings.Repeat("x", 76), "Parse error[+080]: xxxx",
	}
	if len(got) != 6 || !slices.Equal(got[3:], want) {
		t.Errorf("%q", got)
	}
}

// FuzzXML: either an element or an error, which can be written.
func FuzzXML(f *testing.F) {
	f.Add(`<c><nvpair id="n" value="ü"more" name="x"/><d/></c>`)
	f.Add(`<a v="ü<1">`)
	f.Fuzz(func(t *testing.T, message string) {
		e, err := XML(loglevel.Discard, message)
		if (e == nil) != (err != nil) {
			t.Fatalf("%v, %v", e, err)
		}
		if e != nil {
			text.Line(e)
		}
	})
}
