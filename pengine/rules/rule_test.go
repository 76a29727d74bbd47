package rules

import (
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
