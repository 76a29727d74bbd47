package status

import (
	"slices"
	"strconv"
	"testing"
)

func testNodes(n int) []*Node {
	nodes := make([]*Node, n)
	for i := range nodes {
		nodes[i] = &Node{Index: i, slot: i, ID: strconv.Itoa(i + 1), Name: "node" + strconv.Itoa(i+1), HasName: true}
	}
	return nodes
}

func idsOf(t *NodeTable) (ids []string) {
	for c := range t.All() {
		ids = append(ids, c.ID)
	}
	return ids
}

// The walk is that of the reference's hash table: the order of one of 16 is in
// internal/ghash's goldens.
func TestNodeTableWalk(t *testing.T) {
	var table NodeTable
	for _, n := range testNodes(16) {
		table.Insert(NewCandidate(n))
	}
	if got, want := idsOf(&table), []string{"10", "3", "13", "16", "6", "9", "1", "11", "4", "14", "7", "2", "12", "15", "5", "8"}; !slices.Equal(got, want) {
		t.Errorf("walks %v, want %v", got, want)
	}
}

func TestNodeTable(t *testing.T) {
	nodes := testNodes(5)
	var table NodeTable
	for _, n := range nodes[:4] {
		c := NewCandidate(n)
		c.Score = n.Index
		table.Insert(c)
	}
	second := table.Get(nodes[1])
	table.Insert(NewCandidate(nodes[4]))
	if table.Get(nodes[1]) != second {
		t.Error("an entry has moved")
	}
	second.Instances = 3
	c := table.Copy()
	if c.Len() != 5 || c.Get(nodes[3]).Score != 3 || c.Get(nodes[1]).Instances != 0 || c.Get(nodes[1]) == second {
		t.Errorf("the copy has %d entries, %+v", c.Len(), c.Get(nodes[1]))
	}
	c.Delete(nodes[3])
	c.Delete(nodes[3])
	if c.Get(nodes[3]) != nil || c.Len() != 4 || len(c.Values()) != 4 || table.Len() != 5 {
		t.Errorf("after deletion %v of %v", idsOf(c), idsOf(&table))
	}
	n := 0
	for range table.ByIndex() {
		n++
	}
	if n != 5 {
		t.Errorf("%d entries by index", n)
	}
	table.Clear()
	if table.Len() != 0 || table.Get(nodes[0]) != nil || idsOf(&table) != nil {
		t.Error("not empty after Clear")
	}
	var none *NodeTable
	if none.Len() != 0 || none.Get(nodes[0]) != nil || none.Copy() != nil {
		t.Error("a nil table is not empty")
	}
}

func TestNodeSet(t *testing.T) {
	var set NodeSet
	nodes := testNodes(130)
	for _, i := range []int{0, 64, 129, 64} {
		set.Add(nodes[i])
	}
	if set.Len() != 3 || !set.Has(nodes[129]) || set.Has(nodes[1]) || !set.Has(nodes[64]) {
		t.Errorf("%+v", set)
	}
}
