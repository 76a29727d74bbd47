package ghash

import "math/bits"

// minShift is the smallest table: 8 slots.
const minShift = 3

// primes are the moduli by shift: the first probe goes to hash*11 modulo the
// greatest prime below the size.
var primes = [...]uint32{
	1, 2, 3, 7, 13, 31, 61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749,
	65521, 131071, 262139, 524287, 1048573, 2097143, 4194301, 8388593,
	16777213, 33554393, 67108859, 134217689, 268435399, 536870909, 1073741789, 2147483647,
}

// Hash is what Pacemaker's tables of strings use (crm_str_hash): GLib's of before
// 2.28, kept exactly because the order of walks shows in the outcome.
func Hash(key string) uint32 {
	h := uint32(0)
	for i := range len(key) {
		h = h*31 + uint32(int32(int8(key[i])))
	}
	return h
}

// Order is the order in which a table walks keys that were inserted in the
// order given: the indexes of the keys. Of equal keys the first counts; the
// others are left out.
func Order(keys []string) []int {
	t := newTable()
	seen := make(map[string]bool, len(keys))
	for i, k := range keys {
		if !seen[k] {
			seen[k] = true
			t.insert(Hash(k), i)
		}
	}
	return t.walk()
}

type slot struct {
	used  bool
	hash  uint32
	value int
}

type table struct {
	slots []slot
	shift int
	n     int
}

func newTable() *table {
	return &table{slots: make([]slot, 1<<minShift), shift: minShift}
}

func (t *table) index(hash uint32) uint32 { return hash * 11 % primes[t.shift] }

// insert adds an entry whose key is not yet in the table.
func (t *table) insert(hash uint32, value int) {
	if hash < 2 { // 0 and 1 mark slots that are unused and deleted
		hash = 2
	}
	mask := uint32(len(t.slots) - 1)
	i := t.index(hash)
	for step := uint32(1); t.slots[i].used; step++ {
		i = (i + step) & mask
	}
	t.slots[i] = slot{true, hash, value}
	t.n++
	if len(t.slots) <= t.n+t.n/16 {
		t.grow()
	}
}

// grow makes room for a third more than there is, up to a power of two. The
// entries are taken in the order of their slots, and one that finds its new
// slot taken by one not yet moved throws that out and lets it look next.
func (t *table) grow() {
	old := len(t.slots)
	t.shift = max(bits.Len(uint(float64(t.n)*1.333)), minShift)
	size := 1 << t.shift
	if size > old {
		t.slots = append(t.slots, make([]slot, size-old)...)
	}
	mask := uint32(size - 1)
	placed := make([]bool, size)
	for i := range old {
		if placed[i] || !t.slots[i].used {
			continue
		}
		moving := t.slots[i]
		t.slots[i] = slot{}
		for moving.used {
			j := t.index(moving.hash)
			for step := uint32(1); placed[j]; step++ {
				j = (j + step) & mask
			}
			placed[j] = true
			t.slots[j], moving = moving, t.slots[j]
		}
	}
	t.slots = t.slots[:size]
}

func (t *table) walk() []int {
	order := make([]int, 0, t.n)
	for _, s := range t.slots {
		if s.used {
			order = append(order, s.value)
		}
	}
	return order
}
