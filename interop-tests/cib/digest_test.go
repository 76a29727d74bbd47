//go:build interop

package cib

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// texts are documents with what digests may stumble over.
var texts = []string{
	`<a/>`, `<a b=""/>`, `<a></a>`, `<a> </a>`, "<a>\n <b/>\n</a>", `<a>text<b/></a>`, `<a>text</a>`,
	`<a><![CDATA[]]></a>`, `<a><![CDATA[x]]><![CDATA[y]]></a>`, `<a> <![CDATA[<&]]> <b/></a>`,
	`<a><!----><!-- é < & --></a>`, `<!-- before --><a/><!-- after -->`, `<a><?pi x?></a>`, `<a><b/><?pi x?></a>`,
	`<x:a xmlns:x="u" x:b="1" xmlns="d"><x:b y="2"/></x:a>`,
	`<a b="&lt;&gt;&amp;&quot;&apos;"/>`, `<a b="&#10;&#9;&#13;&#127;&#x80;"/>`, "<a b=\"x\n\ty\"/>", `<a b="é&lt;"/>`, `<a b="&lt;é&#10;"/>`, `<ä ö="ü"/>`,
	`<a crm_feature_set="3.0.4" update-user="x" b="1"/>`, `<a crm_feature_set="3.0.5" update-user="x" b="1"/>`, `<a crm_feature_set="" update-user="x"/>`,
	`<a crm_feature_set="3.16.1" cib-last-written="x" update-origin="x" update-client="x" update-user="x" crm-debug-origin="x" b="1"><c update-user="x"/></a>`,
	`<?xml version="1.0"?><a/>`,
}

// TestDigests compares both digests of all documents, and of what a seed makes of them.
func TestDigests(t *testing.T) {
	var all []string
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		root := etree.NewElement("cib")
		if rng.IntN(2) == 0 {
			root.CreateAttr("crm_feature_set", pick(rng, []string{"3.16.1", "3.0.5", "3.0.4"}))
		}
		drawTree(rng, root, 3)
		all = append(all, write(root))
	}
	goldens := append(texts[:len(texts):len(texts)], all[:min(len(all), 30)]...)
	all = append(append(all, texts...), documents(t)...)
	compared := 0
	for _, xml := range all {
		for _, option := range []string{"--md5-sum", "--md5-sum-versioned"} {
			for _, keep := range []xmltree.Text{xmltree.DropBlanks, xmltree.DropText} {
				args := []string{"cibadmin", option, "-p"}
				if keep == xmltree.DropText {
					file := filepath.Join(t.TempDir(), "in.xml")
					if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
						t.Fatal(err)
					}
					args = []string{"cibadmin", option, "-x", file}
				}
				want := run(t, nil, xml, args...)
				doc, err := xmltree.Parse([]byte(xml), keep)
				if err != nil {
					t.Fatalf("%v: %s", err, xml)
				}
				got := digest.OnDisk(doc.Root())
				if option == "--md5-sum-versioned" {
					got = digest.OfCIB(doc.Root())
				}
				compared++
				if got != strings.TrimSpace(want.Stdout) {
					t.Errorf("%s: got %s, want %s", xml, got, want.Stdout)
				}
			}
		}
	}
	t.Logf("%d digests of %d documents are equal", compared, len(all))
	if *refresh {
		var runs []golden.Command
		for _, xml := range goldens {
			for _, option := range []string{"--md5-sum", "--md5-sum-versioned"} {
				runs = append(runs, run(t, nil, xml, "cibadmin", option, "-p"))
			}
		}
		golden.WriteCommands(t, "../../cib/digest/testdata/golden.jsonl", runs)
	}
}
