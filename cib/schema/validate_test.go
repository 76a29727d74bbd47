package schema

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

func TestGrammarCompiles(t *testing.T) {
	for _, v := range Versions() {
		if !v.Validate(parse(t, fmt.Sprintf(minimal, v, ""))) {
			t.Errorf("%v refuses an empty configuration", v)
		}
	}
}

// versionsOf says which versions accept a CIB, as a range, if they follow each other.
func versionsOf(t *testing.T, text string) string {
	var from, to Version = Unknown, Unknown
	for _, v := range Versions() {
		if v.Validate(parse(t, text)) {
			if from == Unknown {
				from = v
			} else if to != v-1 {
				return "with a gap"
			}
			to = v
		}
	}
	if from == Unknown {
		return "none"
	}
	return fmt.Sprint(from, "..", to)
}

func TestVersions(t *testing.T) {
	const all = "pacemaker-1.0..pacemaker-next"
	for _, tt := range []struct{ constraints, accepted, why string }{
		{``, all, "nothing in it"},
		{`<rsc_location id="l" rsc="cib" score="1" node="n"/>`, "none", "a reference to no ID"},
		{`<rsc_location id="l" rsc="l" score="1" node="n"/>`, all, "a reference to an ID, whatever has it"},
		{`<rsc_location id="l" rsc=" l " score="1" node="n"/>`, all, "white space around it"},
		{`<rsc_location rsc="l" node="n" score="1" id="l"/>`, all, "attributes in another order"},
		{`<rsc_location id="l" rsc="l" score="1"/>`, "none", "an attribute is missing"},
		{`<rsc_location id="l" rsc="l" score="1" node="n" x="1"/>`, "none", "an attribute too many"},
		{`<rsc_location id="l" rsc="l" score="-INFINITY" node="n"/>`, all, "a score that is no number"},
		{`<rsc_location id="l" rsc="l" score="infinity" node="n"/>`, "none", "a score in lower case"},
		{`<rsc_location id="l" rsc="l" score="1.5" node="n"/>`, "none", "a fraction"},
		{`<rsc_location id="l" rsc="l" score="1" node="n"/><rsc_location id="l" rsc="l" score="1" node="n"/>`, "none", "an ID twice"},
		{`<rsc_location id="1l" rsc="1l" score="1" node="n"/>`, "none", "an ID that begins with a digit"},
		{`<rsc_location id="l" rsc-pattern="x" score="1" node="n"/>`, "pacemaker-2.6..pacemaker-next", "since 2.6"},
		{`<rsc_colocation id="l" rsc="l" with-rsc="l" score-attribute="n"/>`, "pacemaker-1.0..pacemaker-2.10", "until 2.10"},
		{`<rsc_location id="l" rsc="l"><rule id="r" score="1"><op_expression id="o" name="n"/></rule></rsc_location>`,
			"pacemaker-3.5..pacemaker-next", "constraints were not revised for 3.4, which has op_expression elsewhere"},
		{`<rsc_location id="l" rsc="l"><rule id="r"><expression id="o" attribute="n" operation="defined"/></rule></rsc_location>`,
			"pacemaker-3.9..pacemaker-next", "a rule without a score"},
		{`<rsc_order id="o" first="o" then="o" first-instance="1"/>`, "pacemaker-next..pacemaker-next", "only in next"},
		{`text`, "none", "text"},
		{` <!-- x --> <?y z?> `, all, "comments and blanks"},
		{`<x:rsc_location xmlns:x="urn:x" id="l" rsc="l" score="1" node="n"/>`, "none", "a namespace"},
		{`<rsc_location xmlns="urn:x" id="l" rsc="l" score="1" node="n"/>`, "none", "a default namespace"},
		{`<rsc_location xmlns:x="urn:x" id="l" rsc="l" score="1" node="n"/>`, all, "a namespace that nothing is in"},
	} {
		if got := versionsOf(t, fmt.Sprintf(minimal, "none", tt.constraints)); got != tt.accepted {
			t.Errorf("%s: accepted by %s, want %s", tt.why, got, tt.accepted)
		}
	}
}

func TestDatatypes(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        bool
	}{
		{"integer", "", false}, {"integer", "-", false}, {"integer", "+7", true}, {"integer", " -7\n", true},
		{"integer", "7 7", false}, {"integer", "000000000000000000000000000001", true},
		{"integer", "1000000000000000000000000", false}, {"integer", "999999999999999999999999", true},
		{"nonNegativeInteger", "-0", true}, {"nonNegativeInteger", "-1", false},
		{"positiveInteger", "0", false}, {"positiveInteger", "-1", false}, {"positiveInteger", "+1", true},
		{"boolean", "true", true}, {"boolean", "True", false}, {"boolean", " 1", true}, {"boolean", "yes", false},
		{"ID", "_a.b-1", true}, {"ID", "a:b", false}, {"ID", "-a", false}, {"ID", "", false}, {"ID", "übung", true},
		{"ID", "a\u0301", true}, {"ID", "\u0301", false}, {"ID", "a b", false}, {"ID", "a×", false},
	} {
		if got := namedTypes[tt.name].allows(tt.value); got != tt.want {
			t.Errorf("%s %q: %v, want %v", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		want Version
	}{
		{"pacemaker-1.0", V1_0}, {"pacemaker-2.10", V2_10}, {"Pacemaker-3.0", V3_0}, {"pacemaker-3.9", Latest},
		{"pacemaker-next", Next}, {"none", None}, {"pacemaker-0.6", Unknown}, {"", Unknown}, {"pacemaker-2", Unknown},
	} {
		if got := Named(tt.name); got != tt.want {
			t.Errorf("Named(%q) = %v, want %v", tt.name, got, tt.want)
		}
	}
	if Unknown.String() != "unknown" || None.Validate(nil) || Unknown.Validate(parse(t, "<cib/>")) {
		t.Error("Unknown")
	}
}

func TestGrammarFaults(t *testing.T) {
	for _, text := range []string{"a", "a =", "a = b{", "a = @b:", "a = @b:/x", "a = [1", "a = b\na = c", "a = (b", `a = @b:="x`, "section x 1.", "values v = x", "a = @b:{", "a = $"} {
		if _, err := parseGrammar(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestStatusIsAnything(t *testing.T) {
	const cib = `<cib validate-with="none" admin_epoch="0" epoch="0" num_updates="0">` +
		`<configuration><crm_config/><nodes/><resources/><constraints/></configuration>%s</cib>`
	for _, tt := range []struct {
		status string
		want   bool
	}{
		{`<status a="1">text<b id="x"/><b id="x" xmlns="urn:x" y="&#10;"/></status>`, true},
		{``, true},
		{`<status/><status/>`, false},
		{`<status xmlns="urn:x"/>`, false},
	} {
		if got := Latest.Validate(parse(t, fmt.Sprintf(cib, tt.status))); got != tt.want {
			t.Errorf("%s: %v", tt.status, got)
		}
	}
}

// TestConcurrently: documents are independent of each other, the automaton is shared.
func TestConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 4))
			for range 5 {
				cib := Latest.Sample(rng.IntN, nil)
				if !Latest.Validate(cib) || len(Latest.Explain(cib)) > 0 {
					t.Error("a sample is refused")
				}
			}
		})
	}
	wg.Wait()
}
