package crmrule

import (
	"testing"

	"github.com/beevik/etree"
)

// The reference works with what stands before the first mistake.
func TestReadXML(t *testing.T) {
	for text, want := range map[string]string{
		`<a><b x="1"/> text</a>`:              `<a><b x="1"/></a>`,
		`<?xml version="1.0"?><!-- c --><a/>`: `<a/>`,
		`<a`:                                  `<a/>`,
		`<a x="1" y`:                          `<a x="1"/>`,
		`<a x="1" y="2`:                       `<a x="1" y="2"/>`,
		`<a><b></a>`:                          `<a><b/></a>`,
		`<a><b x='1'`:                         `<a><b x="1"/></a>`,
		`<a/><b/>`:                            `<a/>`,
		``:                                    ``,
		`text`:                                ``,
		`<`:                                   ``,
	} {
		got := ""
		if e := readXML(text); e != nil {
			doc := etree.NewDocumentWithRoot(e)
			var err error
			if got, err = doc.WriteToString(); err != nil {
				t.Fatal(err)
			}
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzReadXML(f *testing.F) {
	f.Add(`<cib><configuration><constraints><rule id="r`)
	f.Add(`<a x="1" y='2'/>`)
	f.Fuzz(func(t *testing.T, text string) {
		if e := readXML(text); e != nil && e.Tag == "" {
			t.Error("an element without a name")
		}
	})
}
