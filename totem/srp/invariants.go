//go:build invariants

package srp

import "fmt"

// check panics when one of the invariants of doc.go does not hold.
func (m *Machine) check() {
	for _, w := range []*window{m.regular, m.recovery} {
		if seqLess(w.aru, w.base-1) || seqLess(w.high, w.aru) || seqLess(w.delivered+1, w.base) || seqLess(w.high, w.delivered) {
			panic(fmt.Sprintf("srp: window base %d aru %d high %d delivered %d", w.base, w.aru, w.high, w.delivered))
		}
		for seq := w.base; !seqLess(w.aru, seq); seq++ {
			if !w.has(seq) {
				panic(fmt.Sprintf("srp: hole at %d below aru %d", seq, w.aru))
			}
		}
	}
	if m.state == Operational && m.started && (m.saved || !m.memb.members.has(m.self)) {
		panic("srp: operational without a ring")
	}
}
