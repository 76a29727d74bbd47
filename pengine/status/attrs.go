package status

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// Attrs is a table of names and values that many actions have nearly alike: a
// base that they share, and each its own changes. Its zero value is empty.
type Attrs struct {
	base    [][2]string // shared, never changed, by name
	changed []attr      // few
}

type attr struct {
	name, value string
	deleted     bool
}

// sortedPairs are the names and values of a map by name, byte by byte.
func sortedPairs(m map[string]string) [][2]string {
	pairs := appendPairs(make([][2]string, 0, len(m)), m)
	sortPairs(pairs)
	return pairs
}

func sortPairs(pairs [][2]string) {
	slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
}

// SharedAttrs is a table that starts with these values, sorted by name. They must not be
// changed any more; they may be the base of many tables.
func SharedAttrs(base [][2]string) Attrs { return Attrs{base: base} }

// Get is the value of a name.
func (t *Attrs) Get(name string) (value string, ok bool) {
	for i := range t.changed {
		if c := &t.changed[i]; c.name == name {
			return c.value, !c.deleted
		}
	}
	for i := range t.base { // there are few
		if b := &t.base[i]; b[0] == name {
			return b[1], true
		}
	}
	return "", false
}

// Value is the value of a name, "" if there is none.
func (t *Attrs) Value(name string) string {
	value, _ := t.Get(name)
	return value
}

// Has tells whether there is a value.
func (t *Attrs) Has(name string) bool {
	_, ok := t.Get(name)
	return ok
}

// Set sets a value, whether there was one or not.
func (t *Attrs) Set(name, value string) { t.change(attr{name: name, value: value}) }

// SetDefault sets a value if there is none (add_hash_param).
func (t *Attrs) SetDefault(name, value string) {
	if !t.Has(name) {
		t.Set(name, value)
	}
}

// Delete removes a value, if there is one.
func (t *Attrs) Delete(name string) {
	if t.Has(name) {
		t.change(attr{name: name, deleted: true})
	}
}

func (t *Attrs) change(c attr) {
	for i := range t.changed {
		if t.changed[i].name == c.name {
			t.changed[i] = c
			return
		}
	}
	t.changed = append(t.changed, c)
}

// Len is the number of values.
func (t *Attrs) Len() int {
	n := 0
	for range t.All() {
		n++
	}
	return n
}

// All walks names and values in no particular order: own changes first.
func (t *Attrs) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, c := range t.changed {
			if !c.deleted && !yield(c.name, c.value) {
				return
			}
		}
		for _, b := range t.base {
			if !slices.ContainsFunc(t.changed, func(c attr) bool { return c.name == b[0] }) && !yield(b[0], b[1]) {
				return
			}
		}
	}
}

// Sorted are the names and values by name, byte by byte.
func (t *Attrs) Sorted() [][2]string {
	pairs := make([][2]string, 0, len(t.base)+len(t.changed))
	for name, value := range t.All() {
		pairs = append(pairs, [2]string{name, value})
	}
	sortPairs(pairs)
	return pairs
}

// Map is a copy as a map.
func (t *Attrs) Map() map[string]string { return maps.Collect(t.All()) }
