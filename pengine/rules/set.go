package rules

import (
	"slices"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
)

// Sets are the sets of names and values in an element, read.
type Sets struct {
	sets     []set // as they stand in the XML, last first
	byScore  []*set
	problems []Problem // reported by each Apply
}

type set struct {
	hasID bool
	id    string
	score int
	rules Rules
	pairs []pair
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
		b, problems := d.set(resolved)
		s.sets = append(s.sets, b)
		s.problems = append(s.problems, problems...)
	}
	slices.Reverse(s.sets)
	s.byScore = s.order("")
	return s
}

func (d *Document) set(e *etree.Element) (s set, problems []Problem) {
	s.rules = d.Rules(e)
	s.id, s.hasID = attr(e, "id")
	if text, ok := attr(e, "score"); ok {
		s.score, problems = scoreOf(text)
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
	return s, problems
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
	order := s.byScore
	if o.First != "" {
		order = s.order(o.First)
	}
	for _, b := range order {
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
// no order when ids are missing, so that how it is asked decides.
func (s *Sets) order(first string) []*set {
	list := make([]*set, len(s.sets))
	for i := range s.sets {
		list[i] = &s.sets[i]
	}
	glist.Sort(list, func(a, b *set) int {
		switch {
		case a.isFirst(first):
			return -1
		case b.isFirst(first):
			return 1
		}
		return b.score - a.score
	})
	return list
}

// isFirst: where no set comes first, one without an id does.
func (s *set) isFirst(first string) bool {
	if first == "" || !s.hasID {
		return first == "" && !s.hasID
	}
	return lower(s.id) == lower(first)
}
