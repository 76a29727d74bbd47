package transition

// Abort has nothing started any more that is less urgent than the priority, and says what comes
// after. It tells whether that changes anything (update_abort_priority). A complete graph is left alone.
func (g *Graph) Abort(priority int, next Next, reason string) bool {
	if g.Complete {
		return false
	}
	changed := false
	if g.AbortPriority < priority {
		g.AbortPriority, g.AbortReason, changed = priority, reason, true
	}
	if g.Next < next {
		g.Next, changed = next, true
	}
	return changed
}

// Settle gives what comes after a complete graph, and why, and forgets it (notify_crmd).
func (g *Graph) Settle() (next Next, reason string) {
	next, reason = g.Next, g.AbortReason
	g.Next, g.AbortReason = Done, ""
	return next, reason
}
