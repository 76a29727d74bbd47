package engine

import (
	"iter"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
)

// table is one of GLib's hash tables with texts as keys, walked in its order.
type table[V any] struct {
	fold  func(string) string // what makes keys equal that are
	at    map[string]V
	keys  []string // folded, as they were put in
	order []string // the keys as they are walked; nil if not known
}

func newTable[V any](fold func(string) string) table[V] {
	return table[V]{fold: fold, at: map[string]V{}}
}

// exact keeps keys apart that differ.
func exact(key string) string { return key }

// lower is how names of nodes are equal that differ in the case of letters of ASCII only.
func lower(key string) string {
	b := []byte(key)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func (t *table[V]) get(key string) (V, bool) {
	v, ok := t.at[t.fold(key)]
	return v, ok
}

// put adds what is not there yet.
func (t *table[V]) put(key string, v V) {
	key = t.fold(key)
	t.at[key] = v
	t.keys = append(t.keys, key)
	t.order = nil
}

// remove takes out what is there.
func (t *table[V]) remove(key string) {
	key = t.fold(key)
	i := slices.Index(t.keys, key)
	delete(t.at, key)
	t.keys = slices.Delete(t.keys, i, i+1)
	t.order = nil
}

// values walks the table. It may be changed meanwhile; the walk does not notice.
func (t *table[V]) values() iter.Seq[V] {
	if t.order == nil {
		t.order = make([]string, 0, len(t.keys))
		for _, i := range ghash.Order(t.keys) {
			t.order = append(t.order, t.keys[i])
		}
	}
	order := t.order
	return func(yield func(V) bool) {
		for _, key := range order {
			if v, ok := t.at[key]; ok && !yield(v) {
				return
			}
		}
	}
}
