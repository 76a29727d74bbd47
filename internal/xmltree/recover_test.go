package xmltree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// said is what libxml2 prints of a document's problems.
func said(data []byte) string {
	_, _, problems := Recover(data, DropText)
	var b strings.Builder
	for _, p := range problems {
		for _, m := range p.Print("in.xml") {
			b.WriteString(m)
		}
	}
	return b.String()
}

// TestRecover compares what is said of broken documents with what libxml2 2.9.14 says:
// testdata/recover/*.txt are made by interop-tests/pacemaker-tools with -refresh.
func TestRecover(t *testing.T) {
	files, err := filepath.Glob("testdata/recover/*.xml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, "xml") + "txt")
		if err != nil {
			t.Fatal(err)
		}
		if got := said(data); got != string(want) {
			t.Errorf("%s: got\n%swant\n%s", file, got, want)
		}
	}
}

// What libxml2 keeps of a document that is broken.
func TestRecovered(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"text", ""},
		{"<a", "<a>\n</>\n"},
		{"<a><b", "<a>\n<b>\n</>\n</>\n"},
		{"<a b='1' c/>", "<a b=\"1\">\n</>\n"},
		{"<a><b x='1' x='2'></c><d/></a>", "<a>\n<b x=\"1\" x=\"2\">\n</>\n<d>\n</>\n</>\n"},
		{"<a b='x&y;z&amp;'/>", "<a b=\"xz&\">\n</>\n"},
		{"<a b='1<c/>", "<a b=\"1\">\n</>\n"},
		{"<a/><b/>", "<a>\n</>\n"},
		{"<a>&#x41;</a>", "<a>\ntext \"A\"\n</>\n"},
		{"<!DOCTYPE a [<!ENTITY e 'v'>]><a b='&e;' c='x&e;'/>", "<a b=\"v\" c=\"x\">\n</>\n"},
		{"<?xml version='1.0' encoding='latin1'?><a b='\xe9'/>", "<a b=\"é\">\n</>\n"},
	} {
		doc, _, _ := Recover([]byte(tt.in), KeepText)
		if got := outline(&doc.Element); got != tt.want {
			t.Errorf("%s: got\n%swant\n%s", tt.in, got, tt.want)
		}
	}
}

// Documents that must not take long, or much: deep ones, and entities in entities.
func TestRecoverBombs(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("<!DOCTYPE cib [<!ENTITY e0 'ha'>")
	for i := range 60 {
		c := string(rune('0'+i/10)) + string(rune('0'+i%10))
		laughs.WriteString("<!ENTITY x" + c + " '&e0;&e0;&e0;&e0;'>")
	}
	laughs.WriteString("<!ENTITY l '&l;&l;'>]><cib a='&l;'>&l;</cib>")
	for _, in := range []string{strings.Repeat("<a>", 100000), laughs.String(), strings.Repeat("<a b='", 10000), strings.Repeat("&", 10000)} {
		_, _, problems := Recover([]byte(in), DropText)
		if len(problems) == 0 {
			t.Errorf("nothing is said of %.40s", in)
		}
	}
}

// FuzzRecover: what is well-formed is read by both readers alike, and of the rest
// something is said.
func FuzzRecover(f *testing.F) {
	files, err := filepath.Glob("testdata/recover/*.xml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, in string) {
		doc, err := Parse([]byte(in), KeepText)
		r := newRecoverer([]byte(in), KeepText)
		r.document()
		if err != nil || strings.Contains(in, "<!D") {
			return
		}
		for _, p := range r.problems {
			if p.Fatal {
				t.Fatalf("well-formed, but %q", p.Text)
			}
		}
		if strings.Contains(in, "<!") || strings.Contains(in, "<?") || strings.Contains(in, "xmlns") || !utf8.ValidString(in) {
			return // the readers keep different things of these
		}
		if got, want := outline(&r.doc.Element), outline(&doc.Element); got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
	})
}
