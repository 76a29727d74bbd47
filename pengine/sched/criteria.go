package sched

import (
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// applyNodeHealth makes a location constraint of each node's health for each
// resource (pcmk__apply_node_health).
func applyNodeHealth(ws *status.WorkingSet) {
	if ws.Health.Strategy == status.HealthNone {
		return
	}
	name := ws.Option("node-health-strategy")
	ws.At("pcmk__apply_node_health").Infof("Applying node health strategy '%s'", name)
	base := 0
	if ws.Health.Strategy == status.HealthProgressive {
		base = ws.Health.Base
	}
	for _, n := range ws.Nodes {
		health := n.HealthScore(base)
		if health == 0 {
			continue
		}
		ws.At("pcmk__apply_node_health").Infof("Overall system health of %s is %d", n, health)
		for _, r := range ws.Resources {
			if health >= 0 || !status.IsTrue(r.Meta["allow-unhealthy-nodes"]) {
				newLocation(ws, name, r, health, "", false, n)
			}
		}
	}
}

// applyNodeCriteria gives the nodes of each resource their scores: shutdown
// locks, location constraints, stickiness, failures, exclusive discovery
// (apply_node_criteria).
func applyNodeCriteria(ws *status.WorkingSet) {
	if ws.Flags.Has(status.ShutdownLock) {
		for _, r := range ws.Resources {
			applyShutdownLock(r)
		}
	}
	for _, l := range ws.Locations {
		applyLocation(l.Resource, l, l.Nodes)
	}
	for _, r := range ws.Resources {
		applyStickiness(r)
	}
	for _, n := range ws.Nodes {
		anyFailures := hasFailures(n)
		for _, r := range ws.Resources {
			if anyFailures {
				checkFailures(r, n)
			}
			applyExclusiveDiscovery(r, n)
		}
	}
}

// hasFailures tells whether anything has failed on the node at all, which spares
// looking for each resource's failures there.
func hasFailures(n *status.Node) bool {
	for name := range n.Attributes {
		if strings.HasPrefix(name, "fail-count-") {
			return true
		}
	}
	return false
}

// applyStickiness favors the one node where a managed resource is, if it may
// still be there (apply_stickiness).
func applyStickiness(r *status.Resource) {
	for _, child := range r.Children {
		applyStickiness(child)
	}
	if len(r.Children) > 0 || !r.Is(status.Managed) || r.Stickiness < 1 || len(r.Running) != 1 {
		return
	}
	n := r.Running[0]
	if !r.WorkingSet().Flags.Has(status.SymmetricCluster) && r.Allowed.Get(n) == nil {
		return
	}
	r.Location(n, r.Stickiness, "stickiness")
}

// checkFailures bans a resource from a node where it failed too often, unless its
// failures are about to be cleared (check_failure_threshold).
func checkFailures(r *status.Resource, n *status.Node) {
	for _, child := range r.Children {
		checkFailures(child, n)
	}
	if len(r.Children) > 0 || len(r.Actions) > 0 && len(r.ActionsNamed(status.ActionNameClearFailures, n, true)) > 0 {
		return
	}
	if failed, reached := thresholdReached(r, n); reached {
		failed.Location(n, -status.Infinity, "__fail_limit__")
	}
}

// thresholdReached tells whether the resource has failed on the node so often
// that it has to leave, and what has: the clone of an anonymous instance
// (pcmk__threshold_reached).
func thresholdReached(r *status.Resource, n *status.Node) (failed *status.Resource, reached bool) {
	if r.MigrationThreshold == 0 || r.Is(status.FailureIgnored) {
		return nil, false
	}
	count, _ := r.FailCount(n, status.FailCountEffective|status.FailCountFillers, nil)
	if count <= 0 {
		return nil, false
	}
	failed = r
	if !r.Is(status.Unique) {
		failed = r.Top()
	}
	ws := r.WorkingSet()
	left := r.MigrationThreshold - count
	if left <= 0 {
		ws.At("pcmk__threshold_reached").Warningf("%s cannot run on %s due to reaching migration threshold (clean up resource to allow again)"+
			"| failures=%d migration-threshold=%d", failed.ID, n, count, r.MigrationThreshold)
		return failed, true
	}
	plural := "s"
	if left == 1 {
		plural = ""
	}
	ws.At("pcmk__threshold_reached").Infof("%s can fail %d more time%s on %s before reaching migration threshold (%d)", failed.ID, left, plural, n, r.MigrationThreshold)
	return nil, false
}

// applyExclusiveDiscovery bans a resource that is to be looked for on certain
// nodes only from all others (apply_exclusive_discovery).
func applyExclusiveDiscovery(r *status.Resource, n *status.Node) {
	if !r.ExclusiveOnly && !r.Top().ExclusiveOnly {
		return
	}
	for _, child := range r.Children {
		applyExclusiveDiscovery(child, n)
	}
	if c := r.Allowed.Get(n); c != nil && c.Discovery != status.DiscoverExclusive {
		traceBan(r, c, status.TagExclusive)
		c.Score = -status.Infinity
	}
}

// applyShutdownLock keeps what is active on a node that shuts down for that node
// (the shutdown_lock methods). Clones and bundles are not locked, nor are fence
// devices and connections.
func applyShutdownLock(r *status.Resource) {
	switch r.Variant {
	case status.Group:
		for _, member := range r.Children {
			applyShutdownLock(member)
		}
		return
	case status.Clone, status.Bundle:
		return
	}
	if r.Class == "" || r.Class == "stonith" || r.IsRemoteConnection() {
		return
	}
	ws := r.WorkingSet()
	switch {
	case r.LockNode != nil:
		if len(r.Running) > 0 { // somebody started it elsewhere nevertheless
			ws.At("pcmk__primitive_shutdown_lock").Infof("Cancelling shutdown lock because %s is already active", r.ID)
			r.ClearHistory(r.LockNode)
			r.LockNode, r.LockTime = nil, 0
		}
	case len(r.Running) == 1:
		if n := r.Running[0]; n.Shutdown && !n.Unclean {
			r.LockNode, r.LockTime = n, shutdownTime(ws, n)
		}
	}
	if r.LockNode == nil {
		return
	}
	if ws.ShutdownLockLimit > 0 {
		expires := r.LockTime + int64(ws.ShutdownLockLimit)
		ws.At("pcmk__primitive_shutdown_lock").Infof("Locking %s to %s due to shutdown (expires @%d)", r.ID, r.LockNode, expires)
		ws.UpdateRecheck(expires + 1)
	} else {
		ws.At("pcmk__primitive_shutdown_lock").Infof("Locking %s to %s due to shutdown", r.ID, r.LockNode)
	}
	for _, n := range ws.Nodes {
		if n.Name != r.LockNode.Name {
			r.Location(n, -status.Infinity, "shutdown-lock")
		}
	}
}

// shutdownTime is when the node was told to shut down, in seconds since the epoch
// (shutdown_time).
func shutdownTime(ws *status.WorkingSet, n *status.Node) int64 {
	text, _ := n.Attribute("shutdown")
	if at, ok := status.LeadingInt(text); ok && at != 0 {
		return at
	}
	return ws.EffectiveTime()
}

// newestConstraintsFirst turns the lists of constraints into the order of the
// reference, which prepends.
func newestConstraintsFirst(ws *status.WorkingSet) { slices.Reverse(ws.Locations) }
