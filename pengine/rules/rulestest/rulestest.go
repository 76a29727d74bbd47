// Package rulestest puts cases of rules to package rules, for tests: what they are
// made of is in interop-tests/pacemaker-tools/testdata/rules.c, which puts the same
// to the reference. Only tests import it.
package rulestest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// Answer answers a case. clock is the time of the wall clock, in UTC.
func Answer(t testing.TB, text string, clock iso8601.Time) string {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		t.Fatal(err)
	}
	c := doc.Root()
	now, err := iso8601.Parse(c.SelectAttrValue("now", ""), clock)
	if err != nil {
		t.Fatal(err)
	}
	role, err := strconv.Atoi(c.SelectAttrValue("role", "0"))
	if err != nil {
		t.Fatal(err)
	}
	in := rules.Input{Now: now, Clock: clock, Role: rules.Role(role)}
	in.Node = table(c.SelectElement("node"))
	if p, m, g := c.SelectElement("params"), c.SelectElement("meta"), c.SelectAttr("groups"); p != nil || m != nil || g != nil {
		in.Match = &rules.Match{Params: table(p), Meta: table(m)}
		if g != nil {
			of := c.SelectAttrValue("of", "")
			for _, span := range strings.Fields(g.Value) {
				var from, to int
				if _, err := fmt.Sscanf(span, "%d:%d", &from, &to); err != nil {
					t.Fatal(err)
				}
				in.Match.Groups = append(in.Match.Groups, of[from:to])
			}
		}
	}
	if e := c.SelectElement("resource"); e != nil {
		in.Resource = &rules.Resource{Class: e.SelectAttrValue("class", ""), Provider: e.SelectAttrValue("provider", ""), Type: e.SelectAttrValue("type", "")}
	}
	if e := c.SelectElement("operation"); e != nil {
		ms, err := strconv.ParseUint(e.SelectAttrValue("interval", ""), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		in.Operation = &rules.Operation{Name: e.SelectAttrValue("name", ""), IntervalMS: uint32(ms)}
	}
	d := rules.NewDocument(c)
	var next iso8601.Time
	passes := 0
	if d.Rules(c.SelectElement("rules")).Eval(&in, &next) {
		passes = 1
	}
	values := map[string]string{}
	if given := c.SelectElement("given"); given != nil {
		values = pairs(given)
	}
	d.Sets(c.SelectElement("sets"), "instance_attributes").Apply(values, &in, rules.Options{
		First: c.SelectAttrValue("first", ""), Overwrite: c.SelectAttrValue("overwrite", "") == "1",
	}, &next)
	var shown []string
	for k, v := range values {
		shown = append(shown, k+"="+v)
	}
	slices.Sort(shown)
	return fmt.Sprintf("%d|%s|%s", passes, next.Format(iso8601.Date|iso8601.TimeOfDay|iso8601.WithTimezone), strings.Join(shown, " "))
}

func pairs(e *etree.Element) map[string]string {
	m := map[string]string{}
	for _, p := range e.SelectElements("nvpair") {
		m[p.SelectAttrValue("name", "")] = p.SelectAttrValue("value", "")
	}
	return m
}

func table(e *etree.Element) rules.Lookup {
	if e == nil {
		return nil
	}
	return rules.InMap(pairs(e))
}
