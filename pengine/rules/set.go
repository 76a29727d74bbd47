package rules

import (
	"slices"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// Sets are the sets of names and values in an element, read.
type Sets struct {
	sets     []set // as they stand in the XML, last first
	problems []Problem
}

type set struct {
	hasID    bool
	id       string
	score    int
	rules    Rules
	pairs    []pair
	problems []Problem
}

type pair struct {
	name, value string
	incomplete  bool // says nothing
	remove      bool // the value is #default
	problem     *Problem
}

// Sets reads the sets in e whose element is called name, all elements if name is
// "" (make_pairs). e may be nil. What cannot be found by its id-ref is left out.
func (d *Document) Sets(e *etree.Element, name string) *Sets {
	s := &Sets{}
	if e == nil {
		return s
	}
	for _, c := range e.ChildElements() {
		if name != "" && c.Tag != name {
			continue
		}
		resolved, problem := d.Resolve(c)
		if problem != nil {
			s.problems = append(s.problems, *problem)
			continue
		}
		s.sets = append(s.sets, d.set(resolved))
	}
	slices.Reverse(s.sets)
	return s
}

func (d *Document) set(e *etree.Element) set {
	s := set{rules: d.Rules(e)}
	s.id, s.hasID = attr(e, "id")
	if text, ok := attr(e, "score"); ok {
		s.score, s.problems = scoreOf(text)
	}
	list := e
	// An old syntax has the pairs one level deeper.
	if first := e.ChildElements(); len(first) > 0 && lower(first[0].Tag) == "attributes" {
		list = first[0]
	}
	for _, c := range list.ChildElements() {
		if c.Tag == "nvpair" {
			s.pairs = append(s.pairs, d.pair(c))
		}
	}
	return s
}

// pair reads an nvpair; what it lacks, the one that its id-ref means has.
func (d *Document) pair(e *etree.Element) pair {
	resolved, problem := d.Resolve(e)
	get := func(name string) (string, bool) {
		if v, ok := attr(e, name); ok || resolved == nil {
			return v, ok
		}
		return attr(resolved, name)
	}
	p := pair{problem: problem}
	var hasName, hasValue bool
	p.name, hasName = get("name")
	p.value, hasValue = get("value")
	p.incomplete = !hasName || !hasValue
	p.remove = lower(p.value) == "#default"
	return p
}

// Options of Sets.Apply.
type Options struct {
	// First is the id of the set that comes before all others, in any case of
	// letters; "" for none.
	First string
	// Overwrite has later sets, and those of lower score, replace what is there.
	Overwrite bool
}

// Apply adds what the sets say whose rules pass to values (pe_eval_nvpairs). The
// set of the highest score comes first, of equal ones the last in the XML; the
// first to name a value decides, and #default takes one away that is there
// already. next is as in Rule.Eval.
func (s *Sets) Apply(values map[string]string, in *Input, o Options, next *iso8601.Time) {
	for _, p := range s.problems {
		in.report(p)
	}
	for _, b := range s.order(o.First) {
		for _, p := range b.problems {
			in.report(p)
		}
	}
	for _, b := range s.order(o.First) {
		if b.rules.Eval(in, next) {
			b.apply(values, in, o.Overwrite)
		}
	}
}

func (s *set) apply(values map[string]string, in *Input, overwrite bool) {
	for i := range s.pairs {
		p := &s.pairs[i]
		if p.problem != nil {
			in.report(*p.problem)
		}
		if p.incomplete {
			continue
		}
		_, has := values[p.name]
		switch {
		case p.remove:
			delete(values, p.name)
		case !has || overwrite:
			values[p.name] = p.value
		}
	}
}

// Len is the number of sets.
func (s *Sets) Len() int { return len(s.sets) }

// Conditional says whether any of the sets has a rule. If not, what Apply adds
// depends on the options alone.
func (s *Sets) Conditional() bool {
	return slices.ContainsFunc(s.sets, func(b set) bool { return len(b.rules) > 0 })
}

// order is the sets in the order in which they apply. The reference's comparison is
// no order when ids are missing, so that how it is asked decides: this merges
// exactly as GLib's list does.
func (s *Sets) order(first string) []*set {
	list := make([]*set, len(s.sets))
	for i := range s.sets {
		list[i] = &s.sets[i]
	}
	return mergeSort(list, func(a, b *set) bool {
		switch {
		case a.isFirst(first):
			return true
		case b.isFirst(first):
			return false
		}
		return a.score >= b.score
	})
}

// isFirst: where no set comes first, one without an id does.
func (s *set) isFirst(first string) bool {
	if first == "" || !s.hasID {
		return first == "" && !s.hasID
	}
	return lower(s.id) == lower(first)
}

// mergeSort sorts by whether one may stay before another.
func mergeSort[T any](list []T, before func(a, b T) bool) []T {
	if len(list) < 2 {
		return list
	}
	half := (len(list) + 1) / 2
	a, b := mergeSort(list[:half:half], before), mergeSort(list[half:], before)
	merged := make([]T, 0, len(list))
	for len(a) > 0 && len(b) > 0 {
		if before(a[0], b[0]) {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	return append(append(merged, a...), b...)
}
