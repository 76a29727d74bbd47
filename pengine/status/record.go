package status

import (
	"maps"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
)

// RecordKind is what a Record tells.
type RecordKind int

// The kinds of records.
const (
	RecordScore       RecordKind = iota // the score that a resource has for a node (node-weight)
	RecordPromotion                     // how readily an instance is promoted (promotion-score)
	RecordCapacity                      // what a node has left (node-capacity)
	RecordUtilization                   // what a resource uses of its node (resource-util)
)

// Record is something that package sched has decided by, for the tools to show:
// with ShowScores scores, with ShowUtilization the others.
type Record struct {
	Kind     RecordKind
	Function string // the reference's function that shows it; of RecordCapacity when that was
	Resource string
	Node     string // "" of RecordPromotion for none
	Score    int
	Values   [][2]string // names and numbers, of RecordCapacity and RecordUtilization
}

// String is the line that crm_simulate prints.
func (r Record) String() string {
	switch r.Kind {
	case RecordScore:
		return r.Function + ": " + r.Resource + " allocation score on " + r.Node + ": " + FormatScore(r.Score)
	case RecordPromotion:
		node := r.Node
		if node == "" {
			node = "none"
		}
		return r.Resource + " promotion score on " + node + ": " + FormatScore(r.Score)
	}
	var b strings.Builder
	if r.Kind == RecordCapacity {
		b.WriteString(r.Function + ": " + r.Node + " capacity:")
	} else {
		b.WriteString(r.Function + ": " + r.Resource + " utilization on " + r.Node + ":")
	}
	for _, v := range r.Values {
		b.WriteString(" " + v[0] + "=" + v[1])
	}
	return b.String()
}

// HashOrder are the names and values of a table in the order in which a hash table
// walks them; of names that collide, in the order of the alphabet.
func HashOrder(values map[string]string) [][2]string {
	names := slices.Sorted(maps.Keys(values))
	pairs := make([][2]string, 0, len(names))
	for _, i := range ghash.Order(names) {
		pairs = append(pairs, [2]string{names[i], values[names[i]]})
	}
	return pairs
}
