//go:build interop

package pacemakertools_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// corpusVariable names the folder with the reference's own regression tests of the
// scheduler.
const corpusVariable = "RINGMASTER_CORPUS"

// TestCorpusRules puts all rules and sets of the reference's scheduler tests to
// libpe_rules and to us, on nodes with attributes as the rules name them.
func TestCorpusRules(t *testing.T) {
	folder := os.Getenv(corpusVariable)
	if folder == "" {
		t.Skipf("%s does not say where the scheduler's tests are", corpusVariable)
	}
	files, err := filepath.Glob(filepath.Join(folder, "xml", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no CIBs in %s: %v", folder, err)
	}
	r := rand.New(rand.NewPCG(*seed, 2))
	var cases []string
	for _, f := range files {
		doc := etree.NewDocument()
		if err := doc.ReadFromFile(f); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if c := corpusCase(t, r, doc); c != "" {
				cases = append(cases, c)
			}
		}
	}
	t.Logf("%d cases from %d files", len(cases), len(files))
	askBoth(t, cases)
}

// corpusCase is the rules and sets of a CIB, "" without any.
func corpusCase(t *testing.T, r *rand.Rand, cib *etree.Document) string {
	t.Helper()
	c := etree.NewElement("case")
	c.CreateAttr("now", pick(r, "2005-01-01 12:00:00Z", "2024-02-29 00:00:00Z", "2019-09-24 00:30:00Z"))
	c.CreateAttr("role", pick(r, "0", "2", "3", "4"))
	c.CreateAttr("overwrite", pick(r, "0", "1"))
	c.CreateAttr("first", "cib-bootstrap-options")
	node, rules, sets := c.CreateElement("node"), c.CreateElement("rules"), c.CreateElement("sets")
	named := map[string]bool{}
	for _, e := range cib.FindElements("//rule") {
		if r.IntN(3) == 0 {
			rules.AddChild(e.Copy())
		}
		for _, x := range e.SelectElements("expression") {
			name := x.SelectAttrValue("attribute", "")
			if name == "" || named[name] || r.IntN(4) == 0 {
				continue
			}
			named[name] = true
			p := node.CreateElement("nvpair")
			p.CreateAttr("name", name)
			p.CreateAttr("value", pick(r, x.SelectAttrValue("value", ""), "1", "0", "other"))
		}
	}
	for _, path := range []string{"//crm_config/*", "//primitive/*", "//op_defaults/*", "//rsc_defaults/*", "//nodes/node/*"} {
		for _, e := range cib.FindElements(path) {
			if r.IntN(2) == 0 && e.SelectElement("nvpair") != nil {
				e = e.Copy()
				e.Tag = "instance_attributes"
				sets.AddChild(e)
			}
		}
	}
	if len(rules.ChildElements())+len(sets.ChildElements()) == 0 {
		return ""
	}
	doc := etree.NewDocumentWithRoot(c)
	doc.Unindent()
	text, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(text, "\n", " ")
}
