package srp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/totem"
)

// nodeSet is a set of processors in the order in which they were added, which is
// the order on the wire. It never holds more than a ring may have.
type nodeSet []totem.NodeID

func (s nodeSet) has(id totem.NodeID) bool { return slices.Contains(s, id) }

// add adds a processor that is not there yet. It refuses one beyond what a ring
// may have: only a forged message can name so many.
func (s *nodeSet) add(id totem.NodeID) {
	if !s.has(id) && len(*s) < totem.ProcessorCountMax {
		*s = append(*s, id)
	}
}

func (s *nodeSet) merge(ids []totem.NodeID) {
	for _, id := range ids {
		s.add(id)
	}
}

func (s *nodeSet) set(ids []totem.NodeID) { *s = append((*s)[:0], ids...) }

// minus is a new set of those not in t.
func (s nodeSet) minus(t nodeSet) nodeSet {
	out := make(nodeSet, 0, len(s))
	for _, id := range s {
		if !t.has(id) {
			out = append(out, id)
		}
	}
	return out
}

// within tells whether t has all of s.
func (s nodeSet) within(t nodeSet) bool {
	if len(s) > len(t) {
		return false
	}
	for _, id := range s {
		if !t.has(id) {
			return false
		}
	}
	return true
}

// equals tells whether both have the same processors, in whatever order.
func (s nodeSet) equals(t nodeSet) bool { return len(s) == len(t) && t.within(s) }

func (s nodeSet) sorted() []totem.NodeID {
	out := slices.Clone(s)
	slices.Sort(out)
	return out
}

// list joins the ids with a separator before each, as log lines have them.
func (s nodeSet) list(before string) string {
	var b strings.Builder
	for _, id := range s {
		fmt.Fprintf(&b, "%s%d", before, id)
	}
	return b.String()
}

// membership is what the membership algorithm knows of the others.
type membership struct {
	proc   nodeSet // heard of
	failed nodeSet // of these, held for failed
	// consensus are those that have sent the very lists that we have.
	consensus nodeSet
	next      nodeSet // of the ring being formed, in token order
	trans     nodeSet // those that come along with us from the old ring
	members   nodeSet // of the ring that is installed
	deliver   nodeSet // whose messages are delivered in the transitional configuration
	leaving   nodeSet // have said goodbye
	// failedToRecv: we have declared ourselves failed, and wait for the others to
	// agree, to form a ring of one.
	failedToRecv bool
}

// candidates are those of whom the next ring would be.
func (b *membership) candidates() nodeSet { return b.proc.minus(b.failed) }

// agreed tells whether all candidates have sent the lists that we have.
func (b *membership) agreed() bool {
	c := b.candidates()
	return c.within(b.consensus) && (len(c) > 0 || b.failedToRecv)
}

// lowest tells whether self would be the representative.
func (b *membership) lowest(self totem.NodeID) bool {
	c := b.candidates()
	return len(c) > 0 && slices.Min(c) == self
}

// resetConsensus forgets what others have agreed to; we agree with ourselves.
func (b *membership) resetConsensus(self totem.NodeID) {
	b.consensus = append(b.consensus[:0], self)
}

// blame adds those that do not agree to the failed ones.
func (b *membership) blame() { b.failed.merge(b.proc.minus(b.consensus)) }
