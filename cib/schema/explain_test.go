package schema

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestExplainAsTheReference: the texts are what crm_verify -V of Pacemaker 2.1.5 prints.
func TestExplainAsTheReference(t *testing.T) {
	const good = `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration>` +
		`<crm_config/><nodes/><resources><primitive id="A" class="ocf" provider="p" type="t"/></resources><constraints/>` +
		`</configuration><status/></cib>`
	for _, tt := range []struct{ what, old, new, want string }{
		{"nothing", "", "", ""},
		{"an unknown attribute", `type="t"`, `type="t" bad="1"`,
			"element primitive: Relax-NG validity error : Invalid attribute bad for element primitive\n" +
				"element primitive: Relax-NG validity error : Element resources has extra content: primitive\n"},
		{"an unknown element", `<nodes/>`, `<nodez/>`,
			"element configuration: Relax-NG validity error : Expecting an element nodes, got nothing\n" +
				"element nodez: Relax-NG validity error : Invalid sequence in interleave\n" +
				"element nodez: Relax-NG validity error : Element configuration failed to validate content\n"},
		{"a missing attribute", ` type="t"`, ``,
			"element primitive: Relax-NG validity error : Invalid sequence in interleave\n" +
				"element primitive: Relax-NG validity error : Element primitive failed to validate content\n" +
				"element primitive: Relax-NG validity error : Element resources has extra content: primitive\n"},
		{"a bad value", ` epoch="1"`, ` epoch="x"`,
			"element cib: Relax-NG validity error : Type nonNegativeInteger doesn't allow value 'x'\n" +
				"element configuration: Relax-NG validity error : Invalid sequence in interleave\n" +
				"element configuration: Relax-NG validity error : Element cib failed to validate attributes\n"},
		{"a misplaced element", `<constraints/>`, `<primitive class="stonith" id="B" type="x"/><constraints/>`,
			"element configuration: Relax-NG validity error : Expecting an element constraints, got nothing\n" +
				"element primitive: Relax-NG validity error : Invalid sequence in interleave\n" +
				"element primitive: Relax-NG validity error : Element configuration failed to validate content\n"},
		{"a section twice", `<nodes/>`, `<nodes/><nodes/>`,
			"Relax-NG validity error : Extra element nodes in interleave\n" +
				"element nodes: Relax-NG validity error : Element configuration failed to validate content\n"},
		{"a duplicate ID", `<constraints/>`, `<constraints><rsc_location id="A" rsc="A" node="n" score="1"/></constraints>`,
			"element rsc_location: Relax-NG validity error : Expecting an element rule, got nothing\n" +
				"element rsc_location: Relax-NG validity error : Element constraints has extra content: rsc_location\n"},
		{"a dangling reference", `<constraints/>`, `<constraints><rsc_location id="l" rsc="B" node="n" score="1"/></constraints>`,
			"element rsc_location: validity error : IDREF attribute rsc references an unknown ID \"B\"\n"},
	} {
		cib := parse(t, strings.Replace(good, tt.old, tt.new, 1))
		if got := printed(Latest.Explain(cib)); got != tt.want {
			t.Errorf("%s: got\n%swant\n%s", tt.what, got, tt.want)
		}
	}
}

func printed(faults []Fault) string {
	var b strings.Builder
	for _, f := range faults {
		b.WriteString(f.Print("", func(*etree.Element) int { return 0 }) + "\n")
	}
	return b.String()
}

func TestPrint(t *testing.T) {
	at := func(*etree.Element) int { return 7 }
	node := etree.NewElement("node")
	for _, tt := range []struct {
		fault      Fault
		file, want string
	}{
		{Fault{Element: node, Text: "x"}, "a.xml", "a.xml:7: element node: Relax-NG validity error : x"},
		{Fault{Element: node, Text: "x"}, "", "Entity: line 7: element node: Relax-NG validity error : x"},
		{Fault{Text: "x"}, "a.xml", "Relax-NG validity error : x"},
		{Fault{Element: node, Reference: true, Text: "x"}, "a.xml", "a.xml:7: element node: validity error : x"},
		{Fault{Element: node, Reference: true, Text: "x"}, "", "element node: validity error : x"},
	} {
		if got := tt.fault.Print(tt.file, at); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// checkExplained: what is refused has a reason, and only that.
func checkExplained(t *testing.T, v Version, cib *etree.Element) {
	t.Helper()
	if is, faults := v.Validate(cib), v.Explain(cib); is != (len(faults) == 0) {
		t.Fatalf("%v valid for %v, but: %v\n%s", is, v, faults, golden.Document(cib))
	}
}

// TestExplainMutations takes attributes and elements out of samples.
func TestExplainMutations(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 9))
		v := Version(rng.IntN(int(None)))
		cib := v.Sample(rng.IntN, []string{"start", "requires"})
		all := append(cib.FindElements(".//*"), cib)
		e := all[rng.IntN(len(all))]
		switch {
		case rng.IntN(2) == 0 && len(e.Attr) > 0:
			e.RemoveAttr(e.Attr[rng.IntN(len(e.Attr))].FullKey())
		case rng.IntN(2) == 0 && e != cib:
			e.Parent().RemoveChild(e)
		default:
			e.AddChild(all[rng.IntN(len(all))].Copy())
		}
		checkExplained(t, v, cib)
	}
}
