package te

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// changedV1 reads a change as nodes before 1.1.12 tell it: what was removed and what was added, each with all
// that it is in (te_update_diff_v1).
func (t *Transitioner) changedV1(patchset *etree.Element) {
	const function = "te_update_diff_v1"
	removed, added := patchset.SelectElements("diff-removed"), patchset.SelectElements("diff-added")
	found := func(in []*etree.Element, tag string) (all []*etree.Element) {
		for _, e := range in {
			all = named(e, tag, all)
		}
		return all
	}
	for _, abort := range []struct {
		in          []*etree.Element
		tag, reason string
	}{
		{removed, "configuration", "Non-status change"}, {added, "configuration", "Non-status change"},
		{added, "tickets", "Ticket attribute: update"}, {removed, "tickets", "Ticket attribute: removal"},
		{removed, "transient_attributes", "Transient attribute: removal"},
	} {
		if e := found(abort.in, abort.tag); len(e) > 0 {
			t.restart(abort.reason, e[0], function)
			return
		}
	}
	resources := found(added, "lrm_resource")
	if t.graph.Pending() == 0 && len(resources) > 1 {
		t.logf(loglevel.Debug, function, "Ignoring resource operation updates due to history refresh of %d resources", len(resources))
		t.restart("History refresh", nil, function)
		return
	}
	if len(resources) == 1 {
		t.unlocked(resources[0])
	}
	is := map[string]bool{}
	for _, e := range found(added, "lrm_rsc_op") {
		is[e.SelectAttrValue("id", "")] = true
		t.event(e, nodeOf(e))
	}
	for _, e := range found(removed, "lrm_rsc_op") {
		id, node := e.SelectAttrValue("id", ""), nodeOf(e)
		if is[id] {
			continue
		}
		if a := t.graph.Cancels(id, node); a != nil {
			t.logf(loglevel.Debug, function, "Deleted lrm_rsc_op %s on %s was for graph event %d", id, node, a.ID)
			continue
		}
		t.restart("Resource op removal", e, function)
		return
	}
}
