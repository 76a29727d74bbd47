package show

import (
	"slices"
	"strconv"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/stonithd/history"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// Fencing is what the fencer knows of the past.
type Fencing struct {
	Code    crmexit.Code // why it is not known, if that is not OK
	Entries []wire.Entry // as history.Sort orders them
}

// failedFencing prints the fencing that has failed, or that nothing is known.
func (v viewer) failedFencing(spacer bool) bool {
	f := v.Fencing
	if f.Code != crmexit.OK {
		return v.unknownFencing(spacer)
	}
	list := section{p: v.Printer, heading: "Failed Fencing Actions", spacer: spacer}
	v.events(&list, 0, func(e *wire.Entry) bool { return e.State == wire.StateFailed })
	return list.end()
}

// unknownFencing says why there is no history; that counts as nothing shown.
func (v viewer) unknownFencing(spacer bool) bool {
	if spacer {
		v.Spacer()
	}
	v.Begin("Failed Fencing Actions")
	v.Item("Failed to get fencing history: %s", v.Fencing.Code)
	v.End()
	return false
}

// otherFencing prints the fencing that has succeeded and what is under way, or the latter alone.
func (v viewer) otherFencing(spacer bool) bool {
	f := v.Fencing
	list := section{p: v.Printer, spacer: spacer}
	switch {
	case f.Code != crmexit.OK:
		// A page says so again.
		if v.page != nil || !v.Sections.Has(SectionFenceFailed) {
			v.unknownFencing(spacer)
		}
		return false
	case v.Sections.Has(SectionFenceWorked):
		list.heading = "Fencing History"
		first := slices.IndexFunc(f.Entries, func(e wire.Entry) bool { return e.State != wire.StateFailed })
		v.events(&list, first, func(e *wire.Entry) bool { return e.State != wire.StateFailed })
	case v.Sections.Has(SectionFencePending):
		list.heading = "Pending Fencing Actions"
		first := slices.IndexFunc(f.Entries, func(e wire.Entry) bool { return !e.State.Ended() })
		v.events(&list, first, func(e *wire.Entry) bool { return !e.State.Ended() })
	}
	return list.end()
}

// events prints operations from one on, against nodes that are shown.
func (v viewer) events(list *section, first int, wanted func(*wire.Entry) bool) {
	if first < 0 {
		return
	}
	entries := v.Fencing.Entries[first:]
	detail := history.Detail{Full: v.Sections.Has(SectionFencing), Technical: v.Detail.Has(FailedDetail)}
	for i := range entries {
		e := &entries[i]
		if !v.Nodes.hasFold(e.Target) || !wanted(e) {
			continue
		}
		list.begin()
		text := history.Describe(e, detail, history.LaterSuccess(entries, i), v.ws.Options.Now.Location())
		if v.page != nil {
			v.node("li", text).Set("class", history.Kind(e.State))
			continue
		}
		v.Item("%s", text)
	}
}

// fencingXML is the history (full_history_xml).
func (v viewer) fencingXML(bool) bool {
	f := v.Fencing
	if f.Code != crmexit.OK {
		v.Element("fence_history", "status", strconv.Itoa(int(f.Code)))
		return true
	}
	list := section{p: v.Printer, heading: "Fencing History"}
	for i := range f.Entries {
		if e := &f.Entries[i]; v.Nodes.hasFold(e.Target) {
			list.begin()
			var attributes []string
			for _, a := range history.Attributes(e, v.ws.Options.Now.Location()) {
				attributes = append(attributes, a[0], a[1])
			}
			v.Element("fence_event", attributes...)
		}
	}
	return list.end()
}
