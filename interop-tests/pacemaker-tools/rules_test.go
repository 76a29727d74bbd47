//go:build interop

package pacemakertools_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/rules/rulestest"
)

const libraries = "/usr/lib/x86_64-linux-gnu"

// TestRules asks libpe_rules, through testdata/rules.c, and us.
func TestRules(t *testing.T) {
	r := rand.New(rand.NewPCG(*seed, 1))
	var cases []string
	for range 2 * *runs {
		cases = append(cases, drawCase(r))
	}
	clock, answers := askBoth(t, cases)
	if *refresh {
		var b strings.Builder
		fmt.Fprintln(&b, clock.Format(iso8601.Date|iso8601.TimeOfDay))
		for i := range min(400, len(answers)) {
			b.WriteString(cases[i] + "\n" + answers[i] + "\n")
		}
		if err := os.WriteFile("../../pengine/rules/testdata/cases.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// askBoth compares our answers to cases with the reference's, which it returns
// with the time at which they were given.
func askBoth(t *testing.T, cases []string) (clock iso8601.Time, answers []string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "rules")
	build := exec.Command("gcc", "-O1", "-Wall", "-o", program, "testdata/rules.c", "-L"+libraries,
		"-l:libpe_rules.so.26", "-l:libcrmcommon.so.34", "-l:libglib-2.0.so.0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	cmd := exec.Command(program)
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
	cmd.Stdin = strings.NewReader(strings.Join(cases, "\n") + "\n")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	clock = iso8601.FromTime(time.Now().UTC())
	answers = strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(answers) != len(cases) {
		t.Errorf("%d of %d answered", len(answers), len(cases))
	}
	bad := 0
	for i, want := range answers[:min(len(answers), len(cases))] {
		if got := rulestest.Answer(t, cases[i], clock); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", cases[i], got, want)
			if bad++; bad == 20 {
				t.FailNow()
			}
		}
	}
	return clock, answers
}

var values = []string{
	"", "a", "A", "b", "ab", "B-2", "1", "10", "9", "-3", "+7", "1.5", "1.50", "1e3", "0x10", "0x1p3", "inf", "NAN", "-", ".5", "5.", "1e400", "1e-400",
	"12abc", " 8", "99999999999999999999", "1.2.3", "1.10", "1.9.1", "1.10.0", "0", "00", "true", "1..2", "#default", "#DEFAULT", "INFINITY",
}

var versions = []string{"1", "1.0", "1.2", "1.10", "1.2.3", "0", "0.9", "10", "", "1.2.", "2.0.0", "99999999999999999999.1", "4294967297", "-1.2"}

var names = []string{"a", "b", "c", "#uname", "#id", "x-y", "db-1"}

func drawTable(r *rand.Rand, element string) string {
	m := map[string]string{}
	for range r.IntN(6) {
		name := pick(r, names...)
		m[name] = pick(r, values...)
		if name == "b" { // is compared as a version
			m[name] = pick(r, versions...)
		}
	}
	var b strings.Builder
	b.WriteString("<" + element + ">")
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b.WriteString("<nvpair" + attribute("name", k) + attribute("value", m[k]) + "/>")
	}
	return b.String() + "</" + element + ">"
}

// drawAttributeExpression avoids what the reference does not survive: versions
// that are no numbers.
func drawAttributeExpression(r *rand.Rand) string {
	b := `<expression id="e"`
	name := pick(r, names...)
	if r.IntN(8) == 0 {
		name = pick(r, "%1", "x%0", "%1-y", "%%1", "%", "%9", "a%2b", "d%1%")
	}
	if r.IntN(30) != 0 {
		b += attribute("attribute", name)
	}
	op := pick(r, "eq", "ne", "lt", "lte", "gt", "gte", "defined", "not_defined", "EQ", "bogus", "")
	if op != "" {
		b += attribute("operation", op)
	}
	if typ := pick(r, "", "", "string", "integer", "number", "Integer", "bogus"); typ != "" {
		b += attribute("type", typ)
	}
	if r.IntN(10) != 0 {
		b += attribute("value", pick(r, values...))
	}
	if r.IntN(4) == 0 {
		b += attribute("value-source", pick(r, "param", "meta", "literal", "META", "bogus"))
	}
	return b + "/>"
}

func drawExpression(r *rand.Rand, depth int, id *int) string {
	switch r.IntN(12) {
	case 0, 1, 2, 3:
		return drawAttributeExpression(r)
	case 4, 5:
		return drawDateExpression(r)
	case 6:
		return `<expression id="e" attribute="#role"` + attribute("operation", pick(r, "eq", "ne", "defined", "not_defined", "lt", "NE")) +
			attribute("value", pick(r, "Started", "Stopped", "Master", "promoted", "Slave", "Unpromoted", "Unknown", "x", "")) + "/>"
	case 7:
		b := `<rsc_expression id="e"`
		for _, a := range [][]string{{"class", "ocf", "lsb", "OCF"}, {"provider", "heartbeat", "pacemaker"}, {"type", "Dummy", "IPaddr2"}} {
			if r.IntN(2) == 0 {
				b += attribute(a[0], pick(r, a[1:]...))
			}
		}
		return b + "/>"
	case 8:
		b := `<op_expression id="e"`
		if r.IntN(6) != 0 {
			b += attribute("name", pick(r, "monitor", "monitor", "start", "Monitor"))
		}
		if r.IntN(2) == 0 {
			b += attribute("interval", pick(r, "10", "10s", "10000ms", "PT10S", "0", "P1D", "x", "1m", "5d", "", ".5s", "PT1M", "9999999999"))
		}
		return b + "/>"
	case 9:
		return pick(r, "<bogus/>", "", "<!-- nothing -->", `<rule id-ref="r1"/>`, `<rule id-ref="none"/>`, `<rule id-ref="shared"/>`)
	}
	if depth > 2 {
		return drawAttributeExpression(r)
	}
	return drawRuleElement(r, depth+1, id)
}

func drawRuleElement(r *rand.Rand, depth int, id *int) string {
	*id++
	b := fmt.Sprintf(`<rule id="r%d"`, *id+10)
	if op := pick(r, "", "and", "or", "or", "OR", "bogus"); op != "" {
		b += attribute("boolean-op", op)
	}
	b += ">"
	for range pick(r, 0, 1, 1, 1, 2, 2, 3) {
		b += drawExpression(r, depth, id)
	}
	return b + "</rule>"
}

func drawSet(r *rand.Rand, n int, id *int) string {
	if r.IntN(10) == 0 {
		return pick(r, `<instance_attributes id-ref="shared-set"/>`, `<instance_attributes id-ref="none"/>`, `<instance_attributes id-ref="s0"/>`)
	}
	b := "<" + pick(r, "instance_attributes", "instance_attributes", "instance_attributes", "instance_attributes", "meta_attributes")
	tag := b[1:]
	if r.IntN(8) != 0 {
		b += fmt.Sprintf(` id="s%d"`, n)
	}
	if r.IntN(2) == 0 {
		b += attribute("score", pick(r, "1", "5", "10", "-5", "INFINITY", "-INFINITY", "+INFINITY", "x", "5x", "0", "9999999", "red"))
	}
	b += ">"
	if r.IntN(3) == 0 {
		b += drawRuleElement(r, 0, id)
	}
	if r.IntN(20) == 0 {
		b += "<attributes>"
	}
	for range r.IntN(4) {
		switch r.IntN(10) {
		case 0:
			b += pick(r, `<nvpair id-ref="shared-pair"/>`, `<nvpair id-ref="shared-pair" name="renamed"/>`, `<nvpair id-ref="none" name="a" value="b"/>`,
				`<nvpair id="n"/>`, `<nvpair name="a"/>`, `<other name="a" value="b"/>`, "<!-- -->")
		default:
			b += "<nvpair" + attribute("name", pick(r, names...)) + attribute("value", pick(r, values...)) + "/>"
		}
	}
	if strings.Contains(b, "<attributes>") {
		b += "</attributes>"
	}
	return b + "</" + tag + ">"
}

func drawCase(r *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<case now="%d-%02d-%02d %02d:%02d:%02dZ" role="%d" overwrite="%d"`,
		2004+r.IntN(3), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(5), r.IntN(2))
	if r.IntN(3) == 0 {
		b.WriteString(attribute("first", pick(r, "s0", "S1", "none", "s2")))
	}
	if r.IntN(4) == 0 {
		b.WriteString(attribute("of", "db-a-1") + attribute("groups", pick(r, "0:6", "0:6 0:2", "0:6 0:2 3:4 5:5", "0:1 0:0")))
	}
	b.WriteString(">")
	for _, element := range []string{"node", "node", "params", "meta", "given"} {
		if r.IntN(2) == 0 && !strings.Contains(b.String(), "<"+element+">") {
			b.WriteString(drawTable(r, element))
		}
	}
	if r.IntN(3) != 0 {
		b.WriteString("<resource" + attribute("class", pick(r, "ocf", "lsb")))
		if r.IntN(3) != 0 {
			b.WriteString(attribute("provider", pick(r, "heartbeat", "pacemaker")))
		}
		b.WriteString(attribute("type", pick(r, "Dummy", "IPaddr2")) + "/>")
	}
	if r.IntN(3) != 0 {
		b.WriteString("<operation" + attribute("name", pick(r, "monitor", "start")) + attribute("interval", pick(r, "0", "10000", "60000")) + "/>")
	}
	id := 0
	b.WriteString("<rules>")
	for range r.IntN(4) {
		b.WriteString(drawRuleElement(r, 0, &id))
	}
	b.WriteString("</rules><sets>")
	for n := range r.IntN(8) {
		b.WriteString(drawSet(r, n, &id))
	}
	b.WriteString(`</sets><shared><rule id="shared" boolean-op="or"><expression id="e" attribute="a" operation="defined"/></rule>`)
	b.WriteString(`<rule id="r1"><expression id="e"` + attribute("attribute", "b") + ` operation="gte" type="version"` + attribute("value", pick(r, versions...)) + `/></rule>`)
	b.WriteString(`<nvpair id="shared-pair" name="shared" value="yes"/><instance_attributes id="shared-set" score="7"><nvpair name="set" value="shared"/></instance_attributes></shared></case>`)
	return b.String()
}
