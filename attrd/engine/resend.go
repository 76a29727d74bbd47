package engine

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// resend notes what changes between the making of a table that is told to others, whole
// or in part, and its coming by in the group. Who gets the table has by then seen those
// changes and goes back behind them, so they are told again, until none has come between.
//
// What counts as a change is what nobody contradicts: a client's update, what a node says
// of itself, the removal of a value. So it ends when clients are quiet.
type resend struct {
	tables []told // on their way, the oldest first
}

// told is a table on its way.
type told struct {
	to      string // empty for all
	values  map[place]bool
	changed []place
}

// place is where a value is in the table.
type place struct{ attribute, host string }

// note is called when a value has changed or is gone. A node of the cluster that is there
// sees a table which goes to all, and says itself what is wrong about it.
func (e *Engine) note(a *attribute, v *value, gone bool) {
	p := place{a.name, lower(v.host)}
	warns := !gone && !e.local(v.host) && e.peers.Active(v.host)
	for i := range e.resend.tables {
		t := &e.resend.tables[i]
		if t.values[p] && !(t.to == "" && warns) && !slices.Contains(t.changed, p) {
			t.changed = append(t.changed, p)
		}
	}
}

// tell sends values to a node, or all if to is empty, and watches what overtakes them. What
// goes to all comes back; behind what goes to one node goes a message to this one, with
// the one task that means nothing to any version.
func (e *Engine) tell(tag, to string, values []wire.Attribute) {
	e.send(to, &wire.Message{Tag: tag, Task: wire.SyncResponse, Values: values})
	e.watch(to, values)
}

func (e *Engine) watch(to string, values []wire.Attribute) {
	if to != "" {
		e.send(e.node, &wire.Message{Tag: "attrd_peer_sync", Task: wire.Flush})
	}
	t := told{to: to, values: make(map[place]bool, len(values))}
	for _, v := range values {
		t.values[place{*v.Name, lower(*v.Host)}] = true
	}
	e.resend.tables = append(e.resend.tables, t)
}

// cameBy is the oldest table having come by: whoever is to have it has it.
func (e *Engine) cameBy() {
	if len(e.resend.tables) == 0 {
		return
	}
	t := e.resend.tables[0]
	e.resend.tables = e.resend.tables[1:]
	var values []wire.Attribute
	for _, p := range t.changed {
		a, ok := e.attributes.get(p.attribute)
		if !ok {
			continue
		}
		v, ok := a.values.get(p.host)
		if !ok {
			v = &value{host: p.host}
		}
		values = append(values, a.told(v, false))
	}
	if len(values) == 0 {
		return
	}
	// From a writer this would be taken for all that it has.
	m := &wire.Message{Tag: "attrd_peer_sync", Task: wire.SyncResponse, Values: values, Version: wire.ProtocolVersion, Writer: election.Lost}
	e.host.Send(t.to, m)
	e.watch(t.to, values)
}
