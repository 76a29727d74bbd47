package text

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func TestAppendEscaped(t *testing.T) {
	for _, tt := range []struct{ value, faithful, readable string }{
		{"plain", "plain", "plain"},
		{`<>&"'`, "&lt;&gt;&amp;&quot;&apos;", "&lt;&gt;&amp;&quot;&apos;"},
		{"a\tb\nc\rd\x7f", `a    b\nc\rd\177`, `a    b\nc\rd\177`},
		{"<é<>&\"\n", "&lt;é<>&\"\n", "&lt;é&lt;>&amp;&quot;\n"}, // what the reference writes is no XML
		{"", "", ""},
	} {
		if got := string(AppendEscaped(nil, tt.value, Faithful)); got != tt.faithful {
			t.Errorf("%q: %q, want %q", tt.value, got, tt.faithful)
		}
		if got := string(AppendEscaped(nil, tt.value, Readable)); got != tt.readable {
			t.Errorf("%q, readable: %q, want %q", tt.value, got, tt.readable)
		}
	}
}

func TestForms(t *testing.T) {
	const in = `<x:a xmlns:x="u" x:b="1" update-user="me">text<b/><c><!-- < --><![CDATA[<]]></c><?pi?></x:a>`
	doc, err := xmltree.Parse([]byte(in), xmltree.DropBlanks)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"lines": {Lines(doc.Root()), "<a b=\"1\" update-user=\"me\">\n  <b/>\n  <c>\n    <!-- < -->\n    <![CDATA[<]]>\n  </c>\n</a>\n"},
		"line":  {Line(doc.Root()), `<a b="1" update-user="me"><b/><c><!-- < --><![CDATA[<]]></c></a>`},
		"digested": {string(AppendDigested(nil, doc.Root(), true)),
			`<a b="1"><b/><c><!-- < --><![CDATA[<]]></c></a>`},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got\n%s\nwant\n%s", what, pair[0], pair[1])
		}
	}
}
