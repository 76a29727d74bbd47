package status

import (
	"slices"
	"strconv"
	"strings"
)

// unpackHistories reads the histories of all nodes that it can be believed of so
// far, or of all that are left. It tells whether there were any
// (unpack_node_history).
func (ws *WorkingSet) unpackHistories(left bool) (some bool) {
	for _, h := range ws.History {
		if !h.HasNodeID || !h.HasNodeName {
			continue
		}
		n := ws.FindNodeAny(h.NodeID, h.NodeName)
		if n == nil || n.Unpacked || !left && !ws.believable(n) {
			continue
		}
		if n.IsGuestOrRemote() {
			ws.remoteOnline(n)
			ws.unpackRemoteAttributes(n, h.Element)
		}
		h.Node = n
		n.Unpacked = true
		ws.unpackNodeHistory(n, h)
		some = true
	}
	return some
}

// believable tells whether a node's history can be read before that of all
// others has been: a remote or guest node's if its connection is up, an offline
// node's if it matters for fencing or locks. Online nodes come first, so that
// active instances of clones get the first numbers.
func (ws *WorkingSet) believable(n *Node) bool {
	r := n.RemoteResource
	switch {
	case n.IsGuest():
		return r.Role == RoleStarted && r.Container.Role == RoleStarted
	case n.IsRemote():
		return r != nil && (ws.Flags.Has(ShutdownLock) || r.Role == RoleStarted)
	}
	return n.Online || ws.Flags.Any(FencingEnabled|ShutdownLock)
}

// unpackNodeHistory reads what a node knows of resources (unpack_node_lrm).
func (ws *WorkingSet) unpackNodeHistory(n *Node, h *NodeHistory) {
	fillers := false
	for _, rh := range h.Resources {
		if r := ws.unpackResourceHistory(n, rh); r != nil && r.Is(OrphanContainerFiller) {
			fillers = true
		}
	}
	if !fillers {
		return
	}
	for _, rh := range h.Resources {
		if !rh.HasContainer || !rh.HasID {
			continue
		}
		container, r := ws.FindResource(rh.Container), ws.FindResource(rh.ID)
		if container != nil && r != nil && r.Is(OrphanContainerFiller) && r.Container == nil {
			r.Container = container
			container.Fillers = append(container.Fillers, r)
		}
	}
}

// unpackResourceHistory reads what a node knows of one resource, which it gives
// back, or nil if there is nothing (unpack_lrm_resource).
func (ws *WorkingSet) unpackResourceHistory(n *Node, rh *ResourceHistory) *Resource {
	if !rh.HasID {
		ws.At("unpack_lrm_resource").Warningf("Ignoring malformed lrm_resource entry without id")
		return nil
	}
	if len(rh.Entries) == 0 && !ws.Flags.Has(ShutdownLock) {
		return nil
	}
	r := ws.resourceOfHistory(n, rh.ID)
	if r == nil {
		if len(rh.Entries) == 0 {
			return nil
		}
		if r = ws.createOrphan(rh, n); r == nil {
			return nil
		}
	}
	if ws.Flags.Has(ShutdownLock) {
		ws.unpackShutdownLock(rh, r, n)
	}
	saved := r.Role
	r.Role = RoleUnknown
	u := operationUnpacker{ws: ws, r: r, n: n, onFail: OnFailIgnore}
	sorted := ws.SortHistory(rh)
	for _, e := range sorted {
		u.unpack(e)
	}
	ws.activeRecurring(r, n, sorted)
	ws.processState(r, n, u.onFail)
	if role, ok := r.targetRole(); ok {
		if r.NextRole == RoleUnknown || role < r.NextRole {
			r.SetNextRole(role, "target-role")
		} else if role > r.NextRole {
			ws.At("unpack_lrm_resource").Infof("%s: Not overwriting calculated next role %s with requested next role %s", r.ID, r.NextRole, role)
		}
	}
	r.Role = max(r.Role, saved)
	return r
}

// resourceOfHistory is the resource that a node knows by that id, or nil
// (unpack_find_resource). Of an anonymous clone it is the instance that is, or
// shall be, on the node.
func (ws *WorkingSet) resourceOfHistory(n *Node, id string) *Resource {
	r := ws.FindResource(id)
	var top *Resource
	switch {
	case r == nil:
		if zero := ws.FindResource(BaseName(id) + ":0"); zero != nil && !zero.Is(Unique) {
			r, top = zero, zero.Top()
		}
	case r.Variant > Primitive:
		return nil // the id was that of a primitive
	default:
		top = r.Top()
	}
	if top.IsAnonymousClone() {
		if top.IsBundled() {
			r = top.Parent.ReplicaOn(n)
		} else {
			r = ws.instanceOfHistory(n, top, BaseName(id))
		}
	}
	if r != nil && !strings.EqualFold(id, r.ID) && (r.HistoryID == "" || !strings.EqualFold(id, r.HistoryID)) {
		r.setHistoryID(id)
		ws.debugf("Internally renamed %s on %s to %s", id, n, r.ID)
	}
	return r
}

// instanceOfHistory is the instance of an anonymous clone, or the member in it,
// that a node's entry is of (find_anonymous_clone): the one that is active there;
// else the first that is active nowhere; else a new one, an orphan. It is that,
// too, for a node that is down, if nobody waits for its fencing and there are
// not enough instances for all nodes.
func (ws *WorkingSet) instanceOfHistory(n *Node, clone *Resource, id string) *Resource {
	var found, inactive *Resource
	noInactive := false
	for _, c := range clone.Children {
		if found != nil {
			break
		}
		switch place := c.firstPlace(); {
		case place == n:
			found = c.Find(id, nil, FindClone)
			if found != nil && len(found.Running) > 0 {
				ws.At("find_anonymous_clone").Noticef("Active (now-)anonymous clone %s has multiple (orphan) instance histories on %s", clone.ID, n)
				noInactive = true
				found = nil
			}
		case place != nil:
		case !noInactive && inactive == nil && !c.Is(Blocked):
			inactive = c.Find(id, nil, FindClone)
			if inactive != nil && inactive.PendingNode != nil && inactive.PendingNode != n {
				inactive = nil
			}
		}
	}
	if found == nil && !noInactive {
		found = inactive
	}
	if found != nil && !found.Is(NeedsFencing) && (!n.Online || n.Unclean) && !n.IsGuest() && !clone.IsUniversalClone() {
		found = nil
	}
	if found == nil {
		instance, err := ws.createInstance(clone)
		if err != nil {
			return nil
		}
		instance.position = len(clone.Children) - 1
		ws.register(instance)
		found = instance.Find(id, nil, FindClone)
		ws.debugf("Created orphan %s for %s: %s on %s", instance.ID, clone.ID, id, n)
	}
	return found
}

// firstPlace is the first of the places where the resource, or what is in it, is
// active or in the making.
func (r *Resource) firstPlace() *Node {
	for _, c := range r.Children {
		if n := c.firstPlace(); n != nil {
			return n
		}
	}
	if len(r.Children) > 0 {
		return nil
	}
	if len(r.Running) > 0 {
		return r.Running[0]
	}
	return r.PendingNode
}

// createOrphan makes a resource that only the history knows
// (process_orphan_resource). It is nil if even that cannot be.
func (ws *WorkingSet) createOrphan(rh *ResourceHistory, n *Node) *Resource {
	ws.debugf("Detected orphan resource %s on %s", rh.ID, n)
	e := rh.Element.Copy()
	e.Tag = "primitive"
	for len(e.Child) > 0 {
		e.RemoveChildAt(len(e.Child) - 1)
	}
	r, err := ws.unpackResource(e, nil, "")
	if err != nil {
		return nil
	}
	if isRemoteConnection(e) {
		remote := ws.FindNode(rh.ID)
		if remote == nil {
			remote = ws.createNode(rh.ID, rh.ID, true, "remote", "")
		}
		ws.linkRemoteNode(r)
		remote.Shutdown = true
	}
	if rh.HasContainer {
		r.Set(OrphanContainerFiller)
	}
	r.Set(Orphan)
	ws.addResource(r)
	if !ws.Flags.Has(StopOrphans) {
		r.Clear(Managed)
	} else {
		r.Location(nil, -Infinity, "__orphan_do_not_run__")
	}
	return r
}

// unpackShutdownLock remembers that the resource shall wait for the node that
// was shut down with it (unpack_shutdown_lock).
func (ws *WorkingSet) unpackShutdownLock(rh *ResourceHistory, r *Resource, n *Node) {
	text, _ := attribute(rh.Element, "shutdown-lock")
	since, ok := LeadingInt(text)
	if !ok || since == 0 {
		return
	}
	if ws.ShutdownLockLimit > 0 && ws.EffectiveTime() > since+int64(ws.ShutdownLockLimit) {
		ws.At("unpack_shutdown_lock").Infof("Shutdown lock for %s on %s expired", r.ID, n)
		r.ClearHistory(n)
		return
	}
	r.LockNode = n
	r.LockTime = since
}

// activeRecurring makes optional actions of the recurring operations that are
// active (process_recurring).
func (ws *WorkingSet) activeRecurring(r *Resource, n *Node, sorted []*HistoryEntry) {
	start, stop := activeOperations(sorted)
	if !n.Online {
		return
	}
	for i, e := range sorted {
		switch {
		case start < stop && i <= stop, i < start:
			continue
		}
		ws.said(e, fieldInterval)
		if e.IntervalMS != 0 && e.StatusText != strconv.Itoa(ExecPending) {
			ws.Action(r, r.KeyOf(e.Task, e.IntervalMS), e.Task, n, true, true)
		}
	}
}

// processState decides what follows from the state that a resource was found in
// on a node, and from its failures there (process_rsc_state).
func (ws *WorkingSet) processState(r *Resource, n *Node, onFail OnFail) {
	if r.Role != RoleUnknown {
		for p := r; p != nil; p = p.Parent {
			p.Known.Add(n)
			if p.Is(Unique) {
				break
			}
		}
	}
	if r.Role > RoleStopped && !n.Online && !n.Maintenance && r.Is(Managed) {
		ws.fenceForActive(r, n)
	}
	failed := onFail != OnFailIgnore
	if n.Unclean {
		// The node will be fenced, and the resource can start afresh.
		onFail = OnFailIgnore
	}
	ws.respond(r, n, onFail)
	if r.Is(Failed) && r.IsRemoteNode {
		// A failed connection has the remote node fenced even if there will be
		// another attempt to connect.
		if remote := ws.FindNode(r.ID); remote != nil && remote.Unclean {
			remote.Unseen = false
		}
	}
	switch {
	case r.Role != RoleStopped && r.Role != RoleUnknown:
		ws.processActive(r, n, onFail, failed)
	case strings.Contains(r.HistoryID, ":"):
		r.setHistoryID("")
	default:
		for _, stop := range r.ActionsNamed(ActionNameStop, n, false) {
			stop.Set(Optional)
		}
	}
	if r.Role == RoleStopped && r.MigrationSource == n && r.MigrationTarget != nil && len(r.Running) > 0 {
		r.Role = RoleStarted
	}
}

// fenceForActive fences a node that is down with the resource active on it.
func (ws *WorkingSet) fenceForActive(r *Resource, n *Node) {
	reason := r.ID + " is thought to be active there"
	switch {
	case n.IsGuest():
		r.Set(Failed | Stop)
	case !ws.Flags.Has(FencingEnabled):
		return
	case n.IsRemote() && n.RemoteResource != nil && !n.RemoteResource.Is(Failed):
		n.Unseen = true
		reason = r.ID + " is active there (fencing will be revoked if remote connection can be re-established elsewhere)"
	}
	ws.FenceNode(n, reason, false)
}

// respond does what on-fail asks for.
func (ws *WorkingSet) respond(r *Resource, n *Node, onFail OnFail) {
	active := r.Role != RoleStopped && r.Role != RoleUnknown
	switch onFail {
	case OnFailDemote:
		r.Set(Failed)
		r.DemoteAction(n, false)
	case OnFailFence:
		ws.FenceNode(n, r.ID+" failed there", false)
	case OnFailStandby:
		n.Standby = true
		n.StandbyOnFail = true
	case OnFailBlock:
		r.Clear(Managed)
		r.Set(Blocked)
	case OnFailMigrate:
		r.Location(n, -Infinity, "__action_migration_auto__")
	case OnFailStop:
		r.SetNextRole(RoleStopped, "on-fail=stop")
	case OnFailRecover:
		if active {
			r.Set(Failed | Stop)
			r.StopAction(n, false)
		}
	case OnFailRestartContainer:
		r.Set(Failed | Stop)
		switch {
		case r.Container != nil && r.IsBundled():
			// The container may be elsewhere than its connection, and it is not
			// yet known where.
			ws.stopNeeded = append(ws.stopNeeded, r.Container)
		case r.Container != nil:
			r.Container.StopAction(n, false)
		case active:
			r.StopAction(n, false)
		}
	case OnFailResetRemote:
		ws.resetRemote(r, n)
	}
}

// resetRemote recovers from a failed connection to a remote node.
func (ws *WorkingSet) resetRemote(r *Resource, n *Node) {
	r.Set(Failed | Stop)
	if ws.Flags.Has(FencingEnabled) && r.IsRemoteNode {
		if remote := ws.FindNode(r.ID); remote.IsRemote() && !remote.RemoteWasFenced {
			ws.FenceNode(remote, "remote connection is unrecoverable", false)
		}
	}
	if r.Role > RoleStopped {
		r.StopAction(n, false)
	}
	if r.ReconnectMS > 0 {
		// Not before the failure has been cleared after that time.
		r.SetNextRole(RoleStopped, "remote reset")
	}
}

// processActive notes where the resource is active.
func (ws *WorkingSet) processActive(r *Resource, n *Node, onFail OnFail, failed bool) {
	if r.Is(Orphan) {
		if r.Is(Managed) {
			ws.At("process_rsc_state").ConfigWarnf("Detected active orphan %s running on %s", r.ID, n)
		} else {
			ws.At("process_rsc_state").ConfigWarnf("Resource '%s' must be stopped manually on %s because cluster is configured not to stop active orphans", r.ID, n)
		}
	}
	r.AddRunning(n, failed)
	switch onFail {
	case OnFailIgnore:
	case OnFailDemote, OnFailBlock:
		r.Set(Failed)
	default:
		r.Set(Failed | Stop)
	}
}

// AddRunning notes that the resource is active on the node, and so is what it is
// part of (native_add_running). What is active in too many places is blocked, or
// kept from starting anywhere, if it is configured so.
func (r *Resource) AddRunning(n *Node, failed bool) {
	ws := r.ws
	if slices.Contains(r.Running, n) {
		return
	}
	r.Running = append(r.Running, n)
	if r.Variant == Primitive {
		n.Running = append(n.Running, r)
		r.addPriority(n, failed)
		if n.Maintenance {
			r.Clear(Managed)
		}
	}
	if !r.Is(Managed) {
		ws.At("native_add_running").Infof("resource %s isn't managed", r.ID)
		r.Location(n, Infinity, "not_managed_default")
		for p := r.Parent; p != nil && n.Online; p = p.Parent {
			p.Running = append(p.Running, n)
		}
		return
	}
	if _, count := r.FindActiveRequires(); r.Variant == Primitive && count > 1 {
		r.recoverMultiple()
		ws.debugf("%s is active on multiple nodes including %s: %s", r.ID, n, r.Recovery)
	}
	if r.Parent != nil {
		r.Parent.AddRunning(n, false)
	}
}

// recoverMultiple does at once what multiple-active asks for.
func (r *Resource) recoverMultiple() {
	switch r.Recovery {
	case RecoveryStopOnly:
		r.banEverywhere()
	case RecoveryBlock:
		r.Clear(Managed)
		r.Set(Blocked)
		if p := r.Parent; p != nil && (p.Variant == Group || p.Variant == Bundle) && p.Recovery == RecoveryBlock {
			for _, c := range p.Children {
				c.Clear(Managed)
				c.Set(Blocked)
			}
		}
	}
}

// banEverywhere keeps the resource, but not what is below it, from all nodes.
func (r *Resource) banEverywhere() {
	r.Allowed.Clear()
	if t := r.ws.Options.Trace; t != nil {
		t.Forget(r)
	}
	for _, n := range r.ws.Nodes {
		c := NewCandidate(n)
		if t := r.ws.Options.Trace; t != nil {
			t.Add(r, n, c.Score, -Infinity, Cause{Tag: TagEverywhere})
		}
		c.Score = -Infinity
		r.Allowed.Insert(c)
	}
}

// addPriority adds the resource's priority to the node's, and to the host's of a
// guest: a promoted instance counts one more.
func (r *Resource) addPriority(n *Node, failed bool) {
	if r.Priority == 0 || failed {
		return
	}
	priority := r.Priority
	if r.Role == RolePromoted {
		priority++
	}
	n.Priority += priority
	if n.RemoteResource != nil && n.RemoteResource.Container != nil {
		for _, host := range n.RemoteResource.Container.Running {
			host.Priority += priority
		}
	}
}
