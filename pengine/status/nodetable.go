package status

import (
	"iter"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
)

// NodeTable is the nodes that a resource may run on, each with its score: the
// reference's GHashTable of pe_node_t by node id. Lookup is by index; entries
// keep their address for as long as they are in the table.
//
// Where the reference walks such a table the outcome seldom depends on the
// order (it sorts, or treats each entry alone). Where it does, All has that
// order: it follows from the order of insertion (or copy), which tables share
// as long as they are filled alike.
type NodeTable struct {
	entries []*Candidate // by Node.slot; nil if absent
	n       int
	order   *tableOrder
}

// tableOrder is a sequence of insertions that many tables have in common, and
// what follows from it. It is immutable but for what it remembers.
type tableOrder struct {
	last   *Node
	before *tableOrder // nil for the first
	len    int

	first  *tableOrder           // one that goes on from here, mostly the only one
	others map[*Node]*tableOrder // and those beside it
	walk   []*Node               // in the hash table's order
	copied *tableOrder
}

// Len is the number of nodes in the table.
func (t *NodeTable) Len() int {
	if t == nil {
		return 0
	}
	return t.n
}

// Get is the node's entry, or nil.
func (t *NodeTable) Get(n *Node) *Candidate {
	if t == nil || n == nil || n.slot >= len(t.entries) {
		return nil
	}
	return t.entries[n.slot]
}

// Insert adds an entry, in place of an earlier one for that node.
func (t *NodeTable) Insert(c *Candidate) {
	if len(t.entries) <= c.slot {
		size := c.slot + 1
		if c.ws != nil {
			size = max(size, c.ws.NodeCount())
		}
		t.entries = append(t.entries, make([]*Candidate, size-len(t.entries))...)
	}
	if t.entries[c.slot] == nil {
		t.n++
		t.order = t.order.with(c.Node)
	}
	t.entries[c.slot] = c
}

// Delete removes the node's entry, if any.
func (t *NodeTable) Delete(n *Node) {
	if t.Get(n) == nil {
		return
	}
	t.entries[n.slot] = nil
	t.n--
	kept := slices.DeleteFunc(t.order.sequence(), func(m *Node) bool { return m.slot == n.slot })
	t.order = orderOf(kept)
}

// Clear removes all entries.
func (t *NodeTable) Clear() { *t = NodeTable{} }

// All walks the entries in the order of the reference's hash table. Entries may
// be changed meanwhile, not added or removed.
func (t *NodeTable) All() iter.Seq[*Candidate] {
	return func(yield func(*Candidate) bool) {
		if t == nil || t.n == 0 {
			return
		}
		for _, n := range t.order.walked() {
			if !yield(t.entries[n.slot]) {
				return
			}
		}
	}
}

// ByIndex walks the entries in the order of the nodes' indexes. It is the
// cheaper walk, for where the order does not matter.
func (t *NodeTable) ByIndex() iter.Seq[*Candidate] {
	return func(yield func(*Candidate) bool) {
		if t == nil {
			return
		}
		for _, c := range t.entries {
			if c != nil && !yield(c) {
				return
			}
		}
	}
}

// Values are the entries as g_hash_table_get_values has them: the walk of All from
// its end.
func (t *NodeTable) Values() []*Candidate {
	values := slices.AppendSeq(make([]*Candidate, 0, t.Len()), t.All())
	slices.Reverse(values)
	return values
}

// Copy is a table of copies of the entries (pcmk__copy_node_table). The counts
// of instances start at 0.
func (t *NodeTable) Copy() *NodeTable {
	if t == nil {
		return nil
	}
	block := make([]Candidate, 0, t.n)
	c := &NodeTable{entries: make([]*Candidate, len(t.entries)), n: t.n, order: t.order.copy()}
	for i, e := range t.entries {
		if e != nil {
			block = append(block, Candidate{Node: e.Node, Score: e.Score, Fixed: e.Fixed, Discovery: e.Discovery})
			c.entries[i] = &block[len(block)-1]
		}
	}
	return c
}

func orderOf(nodes []*Node) *tableOrder {
	var o *tableOrder
	for _, n := range nodes {
		o = o.with(n)
	}
	return o
}

// with is the order after one more insertion. The root of all sequences that
// begin with a node is that node's.
func (o *tableOrder) with(n *Node) *tableOrder {
	if o == nil {
		if n.firstIn == nil {
			n.firstIn = &tableOrder{last: n, len: 1}
		}
		return n.firstIn
	}
	if o.first != nil && o.first.last == n {
		return o.first
	}
	if known := o.others[n]; known != nil {
		return known
	}
	made := &tableOrder{last: n, before: o, len: o.len + 1}
	if o.first == nil {
		o.first = made
		return made
	}
	if o.others == nil {
		o.others = map[*Node]*tableOrder{}
	}
	o.others[n] = made
	return made
}

// sequence is the nodes in the order of insertion.
func (o *tableOrder) sequence() []*Node {
	if o == nil {
		return nil
	}
	nodes := make([]*Node, o.len)
	for p := o; p != nil; p = p.before {
		nodes[p.len-1] = p.last
	}
	return nodes
}

// walked is the nodes in the order of a hash table filled in this order.
func (o *tableOrder) walked() []*Node {
	if o == nil {
		return nil
	}
	if o.walk == nil {
		nodes := o.sequence()
		ids := make([]string, len(nodes))
		for i, n := range nodes {
			ids[i] = n.ID
		}
		o.walk = make([]*Node, 0, len(nodes))
		for _, i := range ghash.Order(ids) {
			o.walk = append(o.walk, nodes[i])
		}
	}
	return o.walk
}

// copy is the order of a table filled by walking one of this order.
func (o *tableOrder) copy() *tableOrder {
	if o == nil {
		return nil
	}
	if o.copied == nil {
		o.copied = orderOf(o.walked())
	}
	return o.copied
}
