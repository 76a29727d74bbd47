package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
	"github.com/ringmaster-ha/ringmaster/pengine/rules/rulestest"
)

// cases are what the reference was asked and its answers; testdata/README says how.
func cases(t testing.TB) (clock iso8601.Time, lines []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if clock, err = iso8601.Parse(lines[0], iso8601.Time{}); err != nil {
		t.Fatal(err)
	}
	return clock, lines[1:]
}

func TestGolden(t *testing.T) {
	clock, lines := cases(t)
	if len(lines) < 200 {
		t.Fatalf("only %d lines", len(lines))
	}
	for i := 0; i+1 < len(lines); i += 2 {
		if got := rulestest.Answer(t, lines[i], clock); got != lines[i+1] {
			t.Errorf("%s\ngot  %s\nwant %s", lines[i], got, lines[i+1])
		}
	}
}

// Whatever XML there is, it is read and evaluated without an end of the program.
func FuzzRules(f *testing.F) {
	clock, lines := cases(f)
	for i := 0; i < min(len(lines), 100); i += 2 {
		f.Add(lines[i])
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := etree.NewDocument()
		if err := doc.ReadFromString(text); err != nil || doc.Root() == nil {
			return
		}
		if strings.Count(text, "id-ref") > 8 {
			return // rules that contain each other several times grow, here as in the reference
		}
		node := map[string]string{"a": "1.5", "b": "x", "#uname": "n"}
		in := rules.Input{
			Now: clock, Node: rules.InMap(node), Role: rules.RolePromoted,
			Match:     &rules.Match{Groups: []string{"db-1", "db"}, Params: rules.InMap(node), Meta: rules.InMap(node)},
			Resource:  &rules.Resource{Class: "ocf", Provider: "heartbeat", Type: "Dummy"},
			Operation: &rules.Operation{Name: "monitor", IntervalMS: 10000},
			Report: func(p rules.Problem) {
				if p.Text == "" || p.Where == "" {
					t.Errorf("a problem without words: %+v", p)
				}
			},
		}
		d := rules.NewDocument(doc.Root())
		var next iso8601.Time
		for _, e := range append(doc.FindElements("//*"), doc.Root()) {
			r := d.Rules(e)
			first := r.Eval(&in, &next)
			if r.Eval(&in, nil) != first {
				t.Errorf("<%s>: not the same the second time", e.Tag)
			}
			values := map[string]string{}
			d.Sets(e, "").Apply(values, &in, rules.Options{Overwrite: true}, &next)
		}
	})
}

func BenchmarkRule(b *testing.B) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(`<rule id="r" boolean-op="and"><expression id="e" attribute="site" operation="eq" value="north"/>` +
		`<expression id="f" attribute="load" operation="lt" value="80"/></rule>`); err != nil {
		b.Fatal(err)
	}
	r := rules.NewDocument(doc.Root()).Rule(doc.Root())
	in := rules.Input{Node: rules.InMap(map[string]string{"site": "North", "load": "12"})}
	b.ReportAllocs()
	for b.Loop() {
		if !r.Eval(&in, nil) {
			b.Fatal("does not pass")
		}
	}
}
