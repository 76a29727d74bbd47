package xpath

import (
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

const document = `<!-- top --><cib epoch="1"><configuration><nodes><node id="1" uname="a"/><node id="2" uname="b"/><!-- c --><node id="3" uname="c"/></nodes>` +
	`<resources><group id="g"><primitive id="p1"><nvpair id="v1" name="x" value="1"/></primitive></group><primitive id="p2"><nvpair id="v2" name="x" value="2"/></primitive></resources></configuration><status/></cib>`

func read(t testing.TB, xml string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(xml), xmltree.DropText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func TestSelect(t *testing.T) {
	root := read(t, document)
	for expression, want := range map[string]string{
		"/":                                    "cib",
		"/cib":                                 "cib",
		"cib":                                  "",
		"//node":                               "node1 node2 node3",
		"//node|//nodes":                       "nodes node1 node2 node3",
		"//nodes|//node[@id='3']|//node":       "nodes node1 node2 node3",
		"//node[1]/@*":                         "node1 node1",
		"//comment()":                          "nodes",
		"//node[last()]":                       "node3",
		"//node[position()<3]":                 "node1 node2",
		"//primitive":                          "primitivep1 primitivep2",
		"//primitive[1]":                       "primitivep1 primitivep2",
		"(//primitive)[1]":                     "primitivep1",
		"//nvpair[@name='x']/..":               "primitivep1 primitivep2",
		"//nvpair/ancestor::*":                 "cib configuration resources groupg primitivep1 primitivep2",
		"//node[contains(@uname,'b')]":         "node2",
		"//node[not(@id='2')]":                 "node1 node3",
		"//*[@id='p1' or @id='p2']":            "primitivep1 primitivep2",
		"//node[@id='2']/following-sibling::*": "node3",
		"//node[@id='2']/preceding-sibling::*": "node1",
		"count(//node)":                        "",
		"//node[":                              "",
		"":                                     "",
		"//node[@id=//node[@uname='c']/@id]":   "node3",
		"/cib/configuration//nvpair[@value>1]": "nvpairv2",
		"//resources/*[self::group]//nvpair":   "nvpairv1",
		"//node[string-length(@uname)=1][2]":   "node2",
		"//node[starts-with(@uname,'c')]/@id":  "node3",
	} {
		found, _ := Select(root, expression)
		var names []string
		for _, e := range found {
			names = append(names, e.Tag+e.SelectAttrValue("id", ""))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
	for _, expression := range []string{strings.Repeat("(", 500), strings.Repeat("x", 1<<17), "number(1)/a", "//node["} {
		if found, err := Select(root, expression); err == nil && found != nil {
			t.Errorf("%.20s finds %d", expression, len(found))
		}
	}
}

func FuzzSelect(f *testing.F) {
	for _, e := range []string{"//node[@id='1']", "/cib/configuration/nodes/node[last()-1]", "//*[contains(@name,'x')]|//a", "count(//a)>2", "//a[b/@c=1]/following::*"} {
		f.Add(e)
	}
	root := read(f, document)
	f.Fuzz(func(t *testing.T, expression string) {
		found, _ := Select(root, expression)
		for _, e := range found {
			if e == nil {
				t.Fatal("nothing among the results")
			}
		}
	})
}
