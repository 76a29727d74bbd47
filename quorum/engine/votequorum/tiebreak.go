package votequorum

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/totem"
)

// tieBreaker is auto_tie_breaker_node; the numbers are those of
// runtime.votequorum.atb_type.
type tieBreaker uint32

const (
	atbNone tieBreaker = iota
	atbLowest
	atbHighest
	atbList
)

// noteExtremes remembers the lowest and the highest member while there is
// quorum. Ids compare as signed numbers, since the reference keeps them so and
// both halves of a split must see the same node as the lowest.
func (e *Engine) noteExtremes() {
	e.lowest, e.highest = int32(e.us.id), int32(e.us.id)
	e.nodes.members(func(n *node) {
		e.lowest = min(e.lowest, int32(n.id))
		e.highest = max(e.highest, int32(n.id))
	})
	e.log.Logf(loglevel.Debug, "lowest node id: %d us: %d", uint32(e.lowest), e.us.id)
	e.set32("lowest_node_id", uint32(e.lowest))
	e.log.Logf(loglevel.Debug, "highest node id: %d us: %d", uint32(e.highest), e.us.id)
	e.set32("highest_node_id", uint32(e.highest))
}

// present tells whether a node, given as signed id, is a member.
func (e *Engine) present(id int32) (found bool) {
	e.nodes.members(func(n *node) { found = found || int32(n.id) == id })
	return found
}

// tieBreakerApplies: this must be exactly half, or just less of an odd number,
// and those gone must not be enough for quorum by themselves.
func (e *Engine) tieBreakerApplies(total uint32) bool {
	return e.opt.tieBreaker != atbNone &&
		total == e.us.expected/2 &&
		int64(len(e.prevMembers)-len(e.members)) < int64(e.quorum)
}

// tieBroken decides for or against this half (check_auto_tie_breaker).
func (e *Engine) tieBroken() bool {
	switch e.opt.tieBreaker {
	case atbLowest:
		here := e.present(e.lowest)
		e.log.Logf(loglevel.Debug, "ATB_LOWEST decision: %d", bit(here))
		return here
	case atbHighest:
		here := e.present(e.highest)
		e.log.Logf(loglevel.Debug, "ATB_HIGHEST decision: %d", bit(here))
		return here
	}
	return e.listBreaksTie()
}

// listBreaksTie finds the first listed node of this half. A node listed before
// it that was here in the last view may live in the other half, which then
// wins.
func (e *Engine) listBreaksTie() bool {
	for i, id := range e.opt.tieBreakerList {
		if !slices.Contains(e.members, id) {
			continue
		}
		for _, earlier := range e.opt.tieBreakerList[:i] {
			if slices.Contains(e.prevMembers, earlier) {
				e.log.Logf(loglevel.Debug, "ATB_LIST found node %d in previous partition but not here, quorum denied", earlier)
				return false
			}
		}
		e.log.Logf(loglevel.Debug, "ATB_LIST found node %d in current partition, we can be quorate", id)
		return true
	}
	e.log.Logf(loglevel.Debug, "ATB_LIST found no list nodes in current partition, we cannot be quorate")
	return false
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// parseTieBreaker reads quorum.auto_tie_breaker_node: "lowest", "highest" or
// node ids. As C's strtol does, it takes a sign, and stops at the first thing
// that is no number.
func (e *Engine) parseTieBreaker(s string) {
	e.opt.tieBreaker = atbNone
	switch s {
	case "lowest":
		e.opt.tieBreaker = atbLowest
	case "highest":
		e.opt.tieBreaker = atbHighest
	default:
		e.opt.tieBreakerList = nil
		for {
			var id totem.NodeID
			if id, s = leadingID(s); id == 0 || len(e.opt.tieBreakerList) == totem.ProcessorCountMax {
				break
			}
			e.log.Logf(loglevel.Debug, "ATB nodelist[%d] = %d", len(e.opt.tieBreakerList), id)
			e.opt.tieBreakerList = append(e.opt.tieBreakerList, id)
		}
		if e.opt.tieBreakerList != nil {
			e.opt.tieBreaker = atbList
		}
	}
	e.set32("atb_type", uint32(e.opt.tieBreaker))
	e.log.Logf(loglevel.Debug, "ATB type = %d", e.opt.tieBreaker)
	if e.opt.tieBreaker == atbNone {
		e.log.Logf(loglevel.Warning, "auto_tie_breaker_nodes is not valid. It must be 'lowest', 'highest' or a space-separated list of node IDs. auto_tie_breaker is disabled")
	}
}

// leadingID reads the decimal number that s begins with, after white space,
// and returns what follows it; 0 when there is none.
func leadingID(s string) (totem.NodeID, string) {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] >= '\t' && s[i] <= '\r') {
		i++
	}
	negative := false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		negative = s[i] == '-'
		i++
	}
	var id totem.NodeID
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		id = id*10 + totem.NodeID(s[i]-'0')
	}
	if negative {
		id = -id
	}
	return id, s[i:]
}
