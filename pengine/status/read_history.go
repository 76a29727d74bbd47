package status

import (
	"math"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/glist"
)

// readHistory reads what the node_state entries have of resources, once.
func (ws *WorkingSet) readHistory(status *etree.Element) {
	for _, e := range childrenOf(status) {
		if e.Tag == "node_state" {
			h := readNodeHistory(e)
			ws.History = append(ws.History, h)
			ws.histories[h.NodeName] = append(ws.histories[h.NodeName], h)
		}
	}
}

func readNodeHistory(e *etree.Element) *NodeHistory {
	h := &NodeHistory{Element: e, byID: map[string][]*ResourceHistory{}}
	h.NodeID, h.HasNodeID = attribute(e, "id")
	h.NodeName, h.HasNodeName = attribute(e, "uname")
	for _, c := range childrenOf(firstChild(firstChild(e, "lrm"), "lrm_resources")) {
		if c.Tag != "lrm_resource" {
			continue
		}
		r := readResourceHistory(c)
		h.Resources = append(h.Resources, r)
		h.byID[r.ID] = append(h.byID[r.ID], r)
	}
	return h
}

func readResourceHistory(e *etree.Element) *ResourceHistory {
	r := &ResourceHistory{Element: e}
	r.ID, r.HasID = attribute(e, "id")
	r.Class, _ = attribute(e, "class")
	r.Provider, _ = attribute(e, "provider")
	r.Type, _ = attribute(e, "type")
	r.Container, r.HasContainer = attribute(e, "container")
	for _, c := range childrenOf(e) {
		if c.Tag == "lrm_rsc_op" {
			r.Entries = append(r.Entries, readEntry(c, r))
		}
	}
	return r
}

// readEntry reads an lrm_rsc_op in one pass over its attributes.
func readEntry(e *etree.Element, r *ResourceHistory) *HistoryEntry {
	h := &HistoryEntry{Element: e, Resource: r, CallID: -1, Status: ExecUnknown, TargetRC: -1}
	for i := range e.Attr {
		a := &e.Attr[i]
		if a.Space != "" {
			continue
		}
		switch v := a.Value; a.Key {
		case "id":
			h.ID = v
		case "operation_key":
			h.OperationKey, h.HasOperationKey = v, true
		case "operation":
			h.Task, h.HasTask = v, true
		case "interval":
			h.mark(fieldInterval, isPlain(v))
			n, ok := LeadingInt(v)
			h.endless = ok && n > math.MaxUint32
			if ok && n >= 0 && !h.endless {
				h.IntervalMS = uint(n)
			}
		case "call-id":
			h.mark(fieldCall, isPlain(v))
			h.CallID = elementInt(v)
			h.HasCallID = true
		case "rc-code":
			h.mark(fieldRC, isPlain(v))
			h.RCText, h.RC, h.HasRC = v, elementInt(v), true
		case "op-status":
			h.mark(fieldStatus, isPlain(v))
			h.StatusText, h.Status, h.HasStatus = v, elementInt(v), true
		case "last-rc-change":
			h.mark(fieldChange, isPlain(v))
			h.LastChange, h.HasLastChange = LeadingInt(v)
		case "on_node":
			h.OnNode = v
		case "exit-reason":
			h.ExitReason = v
		case "transition-key":
			h.TransitionKey = v
			var uuid string
			var ok bool
			if _, _, h.TargetRC, uuid, ok = transitionKey(v); !ok {
				h.TargetRC = -1
			}
			h.mark(fieldKey, ok && len(uuid) == uuidLength)
		case "transition-magic":
			h.TransitionMagic = v
		case "migrate_source":
			h.MigrateSource, h.HasMigrateSource = v, true
		case "migrate_target":
			h.MigrateTarget, h.HasMigrateTarget = v, true
		case "op-digest":
			h.Digest = v
		case "op-secure-digest":
			h.SecureDigest = v
		case "op-restart-digest":
			h.RestartDigest = v
		case "op-force-restart":
			h.RestartParams, h.HasRestartParams = v, true
		case "op-secure-params":
			h.SecureParams = v
		case "crm_feature_set":
			h.FeatureSet = v
		}
	}
	return h
}

// elementInt is the number in an attribute, -1 if it is none or does not fit.
func elementInt(s string) int {
	n, ok := LeadingInt(s)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return -1
	}
	return int(n)
}

// transitionKey takes apart the key of an action of a transition: numbers of
// action and transition, expected result, the controller's id
// (decode_transition_key).
func transitionKey(key string) (action, transition, target int, uuid string, ok bool) {
	rest := key
	for _, n := range []*int{&action, &transition, &target} {
		var field string
		var found bool
		if field, rest, found = strings.Cut(rest, ":"); !found {
			return -1, -1, -1, "", false
		}
		trimmed := strings.TrimLeft(field, " \t\n\v\f\r")
		number, isNumber := LeadingInt(trimmed)
		if !isNumber || strings.Trim(trimmed, "+-0123456789") != "" {
			return -1, -1, -1, "", false
		}
		*n = int(int32(number))
	}
	if i := strings.IndexAny(rest, " \t\n\v\f\r"); i >= 0 {
		rest = rest[:i]
	}
	return action, transition, target, rest[:min(len(rest), 36)], rest != ""
}

// transitionMagic takes apart a transition-magic: status and result, and then
// the key. It gives the transition's number and the controller's id
// (decode_transition_magic).
func transitionMagic(magic string) (transition int, uuid string, ok bool) {
	items, key := magicItems(magic)
	if items < 3 {
		return -1, "", false
	}
	_, transition, _, uuid, ok = transitionKey(key)
	return transition, uuid, ok
}

// magicItems tells how many of status, result and key a transition-magic has, and
// the key.
func magicItems(magic string) (n int, key string) {
	rest := magic
	for _, end := range []string{":", ";"} {
		number, after, found := strings.Cut(rest, end)
		if _, ok := LeadingInt(number); !ok {
			return n, ""
		}
		n++
		unsigned := strings.TrimLeft(number, " \t\n\v\f\r")
		if unsigned[0] == '-' || unsigned[0] == '+' {
			unsigned = unsigned[1:]
		}
		if !found || digits(unsigned) != len(unsigned) {
			return n, ""
		}
		rest = after
	}
	if key = strings.TrimLeft(rest, " \t\n\v\f\r"); key != "" {
		n++
	}
	return n, key
}

// Key is the key that an entry is known by: its operation_key, or its
// id in old status sections.
func (e *HistoryEntry) Key() string {
	if e.HasOperationKey {
		return e.OperationKey
	}
	return e.ID
}

// IsProbe tells whether the entry is of a probe (pcmk_xe_is_probe).
func (e *HistoryEntry) IsProbe() bool {
	return e.IntervalMS == 0 && !e.endless && e.Task == ActionNameMonitor
}

// MasksProbeFailure tells whether the entry is of a probe whose failure means
// that the resource cannot be active there (pcmk_xe_mask_probe_failure).
func (e *HistoryEntry) MasksProbeFailure() bool {
	return e.IsProbe() && (e.RC == OCFNotInstalled || e.RC == OCFInvalidParam || e.Status == ExecNotInstalled)
}

// SortHistory sorts a resource's entries, the oldest first. Where one is odd it is done
// each time, for what the comparisons say.
func (ws *WorkingSet) SortHistory(r *ResourceHistory) []*HistoryEntry {
	if r.Sorted == nil || slices.ContainsFunc(r.Entries, func(e *HistoryEntry) bool { return e.odd != 0 }) {
		r.Sorted = make([]*HistoryEntry, 0, len(r.Entries))
		for e := range NewestFirst(r.Entries) {
			r.Sorted = append(r.Sorted, e)
		}
		glist.Sort(r.Sorted, func(a, b *HistoryEntry) int { return ws.IsNewer(a, b, true) })
	}
	return r.Sorted
}

// IsNewer is positive if a is newer than b, negative if b is, 0 if that cannot be
// told (pe__is_newer_op). Call ids count on one node only; sameNode says whether
// the entries are of one, for those that do not say themselves.
func (ws *WorkingSet) IsNewer(a, b *HistoryEntry, sameNode bool) int {
	if a.OnNode != "" && b.OnNode != "" {
		sameNode = strings.EqualFold(a.OnNode, b.OnNode)
	}
	if sameNode && a.ID == b.ID {
		ws.At("pe__is_newer_op").Errorf("Duplicate lrm_rsc_op entries named %s", a.ID)
		return 0
	}
	ws.said(a, fieldCall)
	ws.said(b, fieldCall)
	switch {
	case a.CallID == -1 && b.CallID == -1:
		return 0
	case sameNode && a.CallID >= 0 && a.CallID < b.CallID:
		return -1
	case sameNode && b.CallID >= 0 && a.CallID > b.CallID:
		return 1
	case a.CallID >= 0 && b.CallID >= 0 && (!sameNode || a.CallID == b.CallID):
		ws.said(a, fieldChange)
		ws.said(b, fieldChange)
		lastA, lastB := a.lastChange(), b.lastChange()
		switch {
		case lastA >= 0 && lastA < lastB:
			return -1
		case lastB >= 0 && lastA > lastB:
			return 1
		}
		return 0
	}
	return ws.newerTransition(a, b)
}

func (e *HistoryEntry) lastChange() int64 {
	if !e.HasLastChange {
		return -1
	}
	return e.LastChange
}

// newerTransition compares entries of which one is pending by the transitions
// that they belong to. A shutdown's has no number, and comes last.
func (ws *WorkingSet) newerTransition(a, b *HistoryEntry) int {
	if !a.has("transition-magic") || !b.has("transition-magic") {
		return 0
	}
	ws.oddMagic(a.TransitionMagic)
	idA, uuidA, ok := transitionMagic(a.TransitionMagic)
	if !ok {
		return 0
	}
	ws.oddMagic(b.TransitionMagic)
	idB, uuidB, ok := transitionMagic(b.TransitionMagic)
	switch {
	case !ok:
		return 0
	case !strings.EqualFold(uuidA, uuidB) || idA == idB:
		if b.CallID == -1 {
			return -1
		} else if a.CallID == -1 {
			return 1
		}
	case idA >= 0 && idA < idB || idB == -1:
		return -1
	case idB >= 0 && idA > idB || idA == -1:
		return 1
	}
	return 0
}

// activeOperations are the positions in a sorted history of the last stop and
// of the start since which the resource is active, -1 if there is none
// (calculate_active_ops).
func activeOperations(sorted []*HistoryEntry) (start, stop int) {
	start, stop = -1, -1
	monitored, promoted := -1, -1
	for i, e := range sorted {
		switch {
		case strings.EqualFold(e.Task, ActionNameStop) && e.StatusText == "0":
			stop = i
		case equalAny(e.Task, ActionNameStart, ActionNameMigrateFrom):
			start = i
		case monitored <= stop && strings.EqualFold(e.Task, ActionNameMonitor):
			if e.RCText == "0" || e.RCText == "8" {
				monitored = i
			}
		case equalAny(e.Task, ActionNamePromote, ActionNameDemote):
			promoted = i
		}
	}
	if start == -1 {
		if start = promoted; start == -1 {
			start = monitored
		}
	}
	return start, stop
}

// findEntry is the resource's entry of that name on the node, if there is just
// one; of a migration with another node, if that is not empty; nil otherwise, or
// if it should have ended with targetRC, unless that is negative, and did not
// (find_lrm_op).
func (ws *WorkingSet) findEntry(resource, task, node, other string, targetRC int) *HistoryEntry {
	var found *HistoryEntry
	for _, h := range ws.histories[node] {
		for _, r := range h.byID[resource] {
			for _, e := range r.Entries {
				switch {
				case e.Task != task:
				case other != "" && task == ActionNameMigrateTo && e.MigrateTarget != other:
				case other != "" && task == ActionNameMigrateFrom && e.MigrateSource != other:
				case found != nil:
					return nil
				default:
					found = e
				}
			}
		}
	}
	if found != nil && targetRC >= 0 {
		ws.said(found, fieldRC, fieldStatus)
	}
	if found != nil && targetRC >= 0 && (!found.HasRC || found.RC != targetRC || found.Status != ExecDone) {
		return nil
	}
	return found
}

// FindHistory is what the node knows of the resource, if there is just one
// entry, or nil (find_lrm_resource).
func (ws *WorkingSet) FindHistory(resource, node string) *ResourceHistory {
	var found *ResourceHistory
	for _, h := range ws.histories[node] {
		for _, r := range h.byID[resource] {
			if found != nil {
				return nil
			}
			found = r
		}
	}
	return found
}
