package te

import (
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// CIBChanged draws from a change of the CIB what it means for the transition (te_update_diff): results
// of operations, and all that makes a transition outdated. operation is what the CIB was asked for. The
// patchset is not changed.
func (t *Transitioner) CIBChanged(now time.Time, operation string, patchset *etree.Element) {
	const function = "te_update_diff"
	t.now = now
	if t.graph == nil {
		return
	}
	state := t.Controller.State()
	if t.graph.Complete && state != fsa.SIdle && state != fsa.STransitionEngine && state != fsa.SPolicyEngine {
		return
	}
	from, to := patch.Versions(patchset, patch.Version{}, patch.Version{})
	t.logf(loglevel.Debug, function, "Processing (%s) diff: %v -> %v (%v)", operation, from, to, state)
	switch format := patch.Format(patchset); format {
	case 1:
		t.changedV1(patchset)
	case 2:
		t.changedV2(patchset)
	default:
		t.logf(loglevel.Warning, function, "Ignoring malformed CIB update (unknown patch format %d)", format)
	}
}

// restart ends the transition for another to be made.
func (t *Transitioner) restart(reason string, cause *etree.Element, origin string) {
	t.Abort(t.now, transition.Infinity, transition.Restart, reason, cause, origin)
}

// result is what a change leaves behind, nil if nothing.
func result(change *etree.Element) *etree.Element {
	if change.SelectAttrValue("operation", "") == "modify" {
		if change = change.SelectElement("change-result"); change == nil {
			return nil
		}
	}
	if children := change.ChildElements(); len(children) > 0 {
		return children[0]
	}
	return nil
}

// ofComment tells whether a change leaves a comment behind.
func ofComment(change *etree.Element) bool {
	for _, c := range change.Child {
		switch c.(type) {
		case *etree.Comment:
			return true
		case *etree.Element:
			return false
		}
	}
	return false
}

// changedV2 reads changes one by one (te_update_diff_v2). What is not about the history of resources
// comes alone, so that nothing is lost if the rest is not looked at.
func (t *Transitioner) changedV2(patchset *etree.Element) {
	const function = "te_update_diff_v2"
	for _, change := range patchset.ChildElements() {
		op, path := change.SelectAttrValue("operation", ""), change.SelectAttrValue("path", "")
		if op == "" || path == "" { // the version's
			continue
		}
		var match *etree.Element
		switch op {
		case "move": // the order of resources matters
			if !strings.Contains(path, "/cib/configuration/resources") {
				continue
			}
		case "create", "modify":
			if match = result(change); match == nil && ofComment(change) {
				continue
			}
		case "delete":
		default:
			t.logf(loglevel.Warning, function, "Ignoring malformed CIB update (%s operation on %s is unrecognized)", op, path)
			continue
		}
		name := ""
		if match != nil {
			name = match.Tag
		}
		switch {
		case strings.Contains(path, "/cib/configuration"):
			t.restart("Configuration change", change, function)
			return
		case strings.Contains(path, "/tickets") || name == "tickets":
			t.restart("Ticket attribute change", change, function)
			return
		case strings.Contains(path, "/transient_attributes[") || name == "transient_attributes":
			t.unlessDown(change, op, path, "Transient attribute change")
			return
		case op == "delete":
			t.deleted(change, path)
		case match == nil:
			t.logf(loglevel.Warning, function, "Ignoring malformed CIB update (%s at %s has no result)", op, path)
		default:
			t.created(change, match, op, path)
		}
	}
}

// created takes what is new in the status section.
func (t *Transitioner) created(change, match *etree.Element, op, path string) {
	switch match.Tag {
	case "cib":
		if s := match.SelectElement("status"); s != nil {
			t.states(s)
		}
		if match.SelectElement("configuration") != nil {
			t.restart("Non-status-only change", change, "process_cib_diff")
		}
	case "status":
		t.states(match)
	case "node_state":
		t.histories(match.SelectAttrValue("id", ""), match.SelectElement("lrm"))
	case "lrm":
		t.histories(match.SelectAttrValue("id", ""), match)
	case "lrm_resources":
		t.histories(idIn(path, "/lrm[@id="), match)
	case "lrm_resource":
		t.history(match, idIn(path, "/lrm[@id="))
	case "lrm_rsc_op":
		t.event(match, idIn(path, "/lrm[@id="))
	default:
		t.logf(loglevel.Warning, "te_update_diff_v2", "Ignoring malformed CIB update (%s at %s has unrecognized result %s)", op, path, match.Tag)
	}
}

func (t *Transitioner) states(status *etree.Element) {
	for _, s := range status.ChildElements() {
		t.histories(s.SelectAttrValue("id", ""), s.SelectElement("lrm"))
	}
}

// histories are those of a node, in its "lrm" or "lrm_resources" (process_resource_updates). Results
// of a transition come one resource at a time; several are a node's whole history, for which it
// is enough to make another transition unless something is under way whose result may be among them.
func (t *Transitioner) histories(node string, e *etree.Element) {
	if e != nil && e.Tag == "lrm" {
		e = e.SelectElement("lrm_resources")
	}
	if e == nil || e.Tag != "lrm_resources" {
		return
	}
	resources := e.ChildElements()
	if t.graph.Pending() == 0 && len(resources) > 1 {
		t.restart("History refresh", nil, "process_resource_updates")
		return
	}
	for _, r := range resources {
		t.history(r, node)
	}
}

// history is a resource's (process_lrm_resource_diff).
func (t *Transitioner) history(resource *etree.Element, node string) {
	for _, e := range resource.ChildElements() {
		t.event(e, node)
	}
	t.unlocked(resource)
}

// unlocked ends the transition if a resource is not bound any more to the node that has left.
func (t *Transitioner) unlocked(resource *etree.Element) {
	if lock := resource.SelectAttr("shutdown-lock"); lock != nil && number(resource, "shutdown-lock") == 0 {
		t.restart("Shutdown lock cleared", resource, "process_lrm_resource_diff")
	}
}

// deleted takes what has gone from the status section (process_delete_diff).
func (t *Transitioner) deleted(change *etree.Element, path string) {
	switch {
	case strings.Contains(path, "/lrm_rsc_op["):
		t.operationDeleted(change, path)
	case strings.Contains(path, "/lrm["):
		t.unlessDown(change, "delete", path, "Resource state removal")
	case strings.Contains(path, "/node_state["):
		t.unlessDown(change, "delete", path, "Node state removal")
	}
}

// operationDeleted is that an operation is not known any more: because it was to be cancelled, or because
// a history was cleaned (process_op_deletion).
func (t *Transitioner) operationDeleted(change *etree.Element, path string) {
	const function = "process_op_deletion"
	parts := strings.Split(path, "'")
	if len(parts) < 3 {
		t.logf(loglevel.Warning, function, "Ignoring malformed CIB update (resource deletion of %s)", path)
		return
	}
	if a := t.graph.ConfirmCancel(parts[len(parts)-2], idIn(path, "node_state[@id=")); a != nil {
		t.cancelled(a)
		return
	}
	t.restart("Resource operation removal", change, function)
}

// unlessDown ends the transition, unless what was deleted is of a node that is about to go down
// (abort_unless_down).
func (t *Transitioner) unlessDown(change *etree.Element, op, path, reason string) {
	const function = "abort_unless_down"
	if op == "delete" {
		id := idIn(path, "node_state[@id=")
		if id == "" {
			t.logf(loglevel.Error, function, "Could not extract node ID from %s", path)
		} else if t.DownedBy(id) != nil {
			return
		}
	}
	t.restart(reason, change, function)
}

// idIn is the id between quotes after a part of a path, "" if there is none.
func idIn(path, before string) string {
	_, rest, ok := strings.Cut(path, before+"'")
	if !ok {
		return ""
	}
	id, _, ok := strings.Cut(rest, "'")
	if !ok {
		return ""
	}
	return id
}
