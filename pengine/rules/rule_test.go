package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

func element(t testing.TB, text string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func moment(t testing.TB, text string) iso8601.Time {
	t.Helper()
	m, err := iso8601.Parse(text, iso8601.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRule(t *testing.T) {
	node := InMap(map[string]string{"#uname": "n1", "site": "North", "load": "10", "version": "1.10.2", "db-master": "1"})
	for _, c := range []struct {
		xml  string
		want bool
		in   Input
	}{
		{`<rule id="empty"/>`, true, Input{}},
		{`<rule id="empty-or" boolean-op="OR"/>`, false, Input{}},
		{`<rule id="r"><expression id="e" attribute="site" operation="eq" value="north"/></rule>`, true, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="site" operation="eq" value="north"/></rule>`, false, Input{}},
		{`<rule id="r"><expression id="e" attribute="load" operation="lt" value="9"/></rule>`, false, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="load" operation="lt" value="9" type="string"/></rule>`, true, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="load" operation="gte" value="9.5"/></rule>`, true, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="version" operation="gt" value="1.9" type="version"/></rule>`, true, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="none" operation="ne" value="x"/></rule>`, true, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="none" operation="eq"/></rule>`, true, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="none" operation="not_defined"/></rule>`, true, Input{Node: node}},
		{`<rule id="r"><expression id="e" attribute="load" operation="eq" value="want" value-source="param"/></rule>`, true,
			Input{Node: node, Match: &Match{Params: InMap(map[string]string{"want": "10"})}}},
		{`<rule id="r"><expression id="e" attribute="%1-master" operation="defined"/></rule>`, true,
			Input{Node: node, Match: &Match{Groups: []string{"db:0", "db"}}}},
		{`<rule id="r"><expression id="e" attribute="#role" operation="eq" value="Master"/></rule>`, true, Input{Role: RolePromoted}},
		{`<rule id="r"><expression id="e" attribute="#role" operation="ne" value="Promoted"/></rule>`, false, Input{Role: RoleStarted}},
		{`<rule id="r"><rsc_expression id="e" class="ocf" provider="heartbeat"/></rule>`, true,
			Input{Resource: &Resource{"ocf", "heartbeat", "Dummy"}}},
		{`<rule id="r"><rsc_expression id="e" class="ocf"/></rule>`, false, Input{Resource: &Resource{"ocf", "heartbeat", "Dummy"}}},
		{`<rule id="r"><op_expression id="e" name="monitor" interval="10s"/></rule>`, true, Input{Operation: &Operation{"monitor", 10000}}},
		{`<rule id="r"><op_expression id="e" name="monitor" interval="PT10S"/></rule>`, true, Input{Operation: &Operation{"monitor", 10000}}},
		{`<rule id="r" boolean-op="or"><rule id="s"><date_expression id="d" operation="gt" start="2030-01-01"/></rule><rule id="t" id-ref="r"/></rule>`,
			false, Input{Now: moment(t, "2020-01-01")}},
	} {
		e := element(t, c.xml)
		if got := NewDocument(e).Rule(e).Eval(&c.in, nil); got != c.want {
			t.Errorf("%s: got %v", c.xml, got)
		}
	}
}

// A rule is read once, however often it is referred to.
func TestSharedRules(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<rules>`)
	const n = 200
	for i := range n {
		fmt.Fprintf(&b, `<rule id="r%d" boolean-op="or"><rule id-ref="r%d"/><rule id-ref="r%d"/></rule>`, i, i+1, i+1)
	}
	fmt.Fprintf(&b, `<rule id="r%d"/></rules>`, n)
	e := element(t, b.String())
	if !NewDocument(e).Rule(e.ChildElements()[0]).Eval(&Input{}, nil) {
		t.Error("does not pass")
	}
}

func TestProblems(t *testing.T) {
	for xml, want := range map[string]string{
		`<rule id="r"/>`: "1 pe_eval_expr: Invalid Rule r: rules must contain at least one expression",
		`<rule id="r"><expression id="e" operation="eq"/></rule>`:                                                                "1 pe__eval_attr_expr: Expression e invalid: attribute not specified",
		`<rule id="r"><expression attribute="a"/></rule>`:                                                                        "1 pe__eval_attr_expr: Expression without ID invalid: operation not specified",
		`<rule id="r"><date_expression operation="gt" start="x"/></rule>`:                                                        "1 parse_date: 'x' is not a valid ISO 8601 date/time specification",
		`<rule id="r"><date_expression operation="date_spec"><date_spec hours="9-x" years="-"/></date_expression></rule>`:        "0 scan_ll: Could not parse integer from 'x' (using -1 instead): No digits found",
		`<rule id="r"><date_expression operation="date_spec"><date_spec moon="-99999999999999999999"/></date_expression></rule>`: "0 scan_ll: Integer parsed from '99999999999999999999' was clipped to 9223372036854775807",
		`<rule id="r"><op_expression interval="x"/></rule>`:                                                                      "0 crm_parse_interval_spec: Using 0 instead of 'x'",
		`<rule id="r"><expression attribute="#role" operation="eq" value="x"/></rule>`:                                           "1 text2role: Unknown role: x",
		`<rule id="r" boolean-op="or"><rule id-ref="none"/></rule>`:                                                              "1 expand_idref: No match for //rule[@id='none'] found in /rule: Invalid configuration",
	} {
		e := element(t, xml)
		var got []string
		in := Input{
			Node: InMap(nil), Role: RoleStarted, Operation: &Operation{},
			Report: func(p Problem) { got = append(got, fmt.Sprintf("%d %s: %s", p.Severity, p.Where, p.Text)) },
		}
		NewDocument(e).Rule(e).Eval(&in, nil)
		if len(got) == 0 || got[0] != want {
			t.Errorf("%s: got %q, want %q", xml, got, want)
		}
	}
}
