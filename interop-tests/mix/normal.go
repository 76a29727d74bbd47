package mix

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

var (
	// own is what each node writes into its own copy, and what no digest counts. A node that is sent a
	// CIB whose configuration it did not have notes who sent it; those who had it keep who made
	// the last change to it.
	own = regexp.MustCompile(` (?:cib-last-written|crm-debug-origin|update-origin|update-client|update-user)="[^"]*"`)
	// counted are values that count what happened, or when.
	counted = regexp.MustCompile(`\b(epoch|num_updates|last-rc-change|last-granted|expires|queue-time|exec-time|transition-key|transition-magic|dc-uuid)="[^"]*"`)
	uuid    = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	date    = regexp.MustCompile(`\b(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?: \d{4})?|\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: ?(?:Z|[+-]\d\d:?\d\d))?`)
	epoch   = regexp.MustCompile(`\b1[789]\d{8}\b`) // seconds since 1970
)

// normal is a text without what differs each time: times, random ids, counters.
func normal(s string) string {
	s = own.ReplaceAllString(s, "")
	s = counted.ReplaceAllString(s, `$1="*"`)
	s = uuid.ReplaceAllString(s, "UUID")
	s = date.ReplaceAllString(s, "DATE")
	return epoch.ReplaceAllString(s, "SECONDS")
}

// ordered is a CIB whose status has its nodes, what is in each, histories and attributes by name and id: the
// controller and the manager of attributes add them in any order, and probes of several resources end in any.
// What is no XML stays.
func ordered(cib string) string {
	doc := etree.NewDocument()
	if doc.ReadFromString(cib) != nil || doc.Root() == nil {
		return cib
	}
	sort := func(e *etree.Element) {
		children := e.ChildElements()
		slices.SortStableFunc(children, func(a, b *etree.Element) int {
			return cmp.Or(strings.Compare(a.Tag, b.Tag), strings.Compare(a.SelectAttrValue("id", ""), b.SelectAttrValue("id", "")))
		})
		for _, c := range children {
			e.RemoveChild(c)
		}
		for _, c := range children {
			e.AddChild(c)
		}
	}
	for _, status := range doc.Root().SelectElements("status") {
		for _, state := range status.SelectElements("node_state") {
			sort(state)
			for _, path := range []string{"./lrm/lrm_resources", "./lrm/lrm_resources/lrm_resource", "./transient_attributes/instance_attributes"} {
				for _, list := range state.FindElements(path) {
					sort(list)
				}
			}
		}
		sort(status)
	}
	doc.Indent(2)
	text, err := doc.WriteToString()
	if err != nil {
		return cib
	}
	return text
}

// Difference is the first place where two records differ, with the lines around it.
func Difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	const before, after = 4, 6
	for i := range max(len(w), len(g)) {
		if i < len(w) && i < len(g) && w[i] == g[i] {
			continue
		}
		around := func(lines []string) string {
			return strings.Join(lines[max(0, min(i-before, len(lines))):min(i+after, len(lines))], "\n\t")
		}
		return fmt.Sprintf("line %d: want\n\t%s\ngot\n\t%s", i+1, around(w), around(g))
	}
	return ""
}
