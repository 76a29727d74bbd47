package icmap

import (
	"iter"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
)

// The length of a key name, in bytes: ICMAP_KEYNAME_MINLEN and _MAXLEN.
const (
	KeyNameMin = 3
	KeyNameMax = 255
)

// What Get and its relatives fail with.
const (
	ErrNotExist = cserr.NotExist
	ErrType     = cserr.InvalidParam
)

// Map is a map of typed keys.
type Map struct {
	items    map[string]*Value
	keys     []string // sorted
	trackers map[string][]*Tracker
	tracked  [KeyNameMax + 1]int // names in trackers, by length
	readOnly []roMark
}

// New returns an empty map.
func New() *Map {
	return &Map{items: make(map[string]*Value), trackers: make(map[string][]*Tracker)}
}

// ValidName tells whether a key may have the name.
func ValidName(key string) bool {
	if len(key) < KeyNameMin || len(key) > KeyNameMax {
		return false
	}
	for i := range len(key) {
		if !validChar(key[i]) {
			return false
		}
	}
	return true
}

func validChar(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return c == '.' || c == '_' || c == '-' || c == '/' || c == ':'
}

// Len is the number of keys.
func (m *Map) Len() int { return len(m.keys) }

// Get returns a key's value or ErrNotExist.
func (m *Map) Get(key string) (Value, error) {
	if v, ok := m.items[key]; ok {
		return *v, nil
	}
	return Value{}, ErrNotExist
}

// Set stores a value, whatever was there before. It fails with
// cserr.InvalidParam for a value that is none or too long, and with
// cserr.NameTooLong for a name that no key may have.
func (m *Map) Set(key string, v Value) error {
	if v.typ == None || len(v.str) > ValueMax {
		return cserr.InvalidParam
	}
	if item, ok := m.items[key]; ok {
		if *item == v {
			return nil
		}
		old := *item
		*item = v
		m.notify(Modify, key, v, old)
		return nil
	}
	if !ValidName(key) {
		return cserr.NameTooLong
	}
	m.items[key] = &v
	i, _ := slices.BinarySearch(m.keys, key)
	m.keys = slices.Insert(m.keys, i, key)
	m.notify(Add, key, v, Value{})
	return nil
}

// Delete removes a key or fails with ErrNotExist.
func (m *Map) Delete(key string) error {
	item, ok := m.items[key]
	if !ok {
		return ErrNotExist
	}
	delete(m.items, key)
	if i, found := slices.BinarySearch(m.keys, key); found {
		m.keys = slices.Delete(m.keys, i, i+1)
	}
	m.notify(Delete, key, Value{}, *item)
	return nil
}

// AddNumber adds step to an integer, which wraps around at its width. It fails
// with ErrNotExist, or with ErrType for what is no integer.
func (m *Map) AddNumber(key string, step int32) error {
	item, ok := m.items[key]
	if !ok {
		return ErrNotExist
	}
	if !item.typ.integer() {
		return ErrType
	}
	v := *item
	v.num += uint64(int64(step))
	return m.Set(key, v.fit())
}

// FastAdd is AddNumber for counters on a busy path: it allocates nothing, and
// trackers are not told the old value (icmap_fast_adjust_int).
func (m *Map) FastAdd(key string, step int32) error {
	item, ok := m.items[key]
	if !ok {
		return ErrNotExist
	}
	if !item.typ.integer() {
		return ErrType
	}
	item.num += uint64(int64(step))
	*item = item.fit()
	m.notify(Modify, key, *item, Value{})
	return nil
}

// Next returns the first key after the given one that has the prefix, in byte
// order, and whether there is one. An iteration begins after "", and goes on
// with the last key that it has seen, which may be gone by then.
func (m *Map) Next(prefix, after string) (string, bool) {
	i := 0
	if after < prefix {
		i, _ = slices.BinarySearch(m.keys, prefix)
	} else {
		var found bool
		if i, found = slices.BinarySearch(m.keys, after); found {
			i++
		}
	}
	if i < len(m.keys) && strings.HasPrefix(m.keys[i], prefix) {
		return m.keys[i], true
	}
	return "", false
}

// Iterate yields the keys with the prefix in byte order, and their values. The
// map may change meanwhile: keys added behind the present one are seen, those
// deleted are not.
func (m *Map) Iterate(prefix string) iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		key, ok := m.Next(prefix, "")
		for ok && yield(key, *m.items[key]) {
			key, ok = m.Next(prefix, key)
		}
	}
}

// Clone returns a copy of keys and values, without trackers and read-only
// marks.
func (m *Map) Clone() *Map {
	c := New()
	c.keys = slices.Clone(m.keys)
	for key, item := range m.items {
		v := *item
		c.items[key] = &v
	}
	return c
}

type roMark struct {
	key    string
	prefix bool
}

// SetReadOnly makes a key, or all keys with a prefix, read-only to clients, or
// takes exactly that mark back. It fails with cserr.Exist when the mark is
// there already and with cserr.NotExist when there is none to take back.
func (m *Map) SetReadOnly(key string, prefix, on bool) error {
	i := slices.Index(m.readOnly, roMark{key, prefix})
	switch {
	case on && i >= 0:
		return cserr.Exist
	case on:
		m.readOnly = append(m.readOnly, roMark{key, prefix})
	case i < 0:
		return cserr.NotExist
	default:
		m.readOnly = slices.Delete(m.readOnly, i, i+1)
	}
	return nil
}

// IsReadOnly tells whether clients may not change or delete the key.
func (m *Map) IsReadOnly(key string) bool {
	return slices.ContainsFunc(m.readOnly, func(r roMark) bool {
		return r.key == key || r.prefix && strings.HasPrefix(key, r.key)
	})
}
