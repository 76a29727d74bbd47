package engine

import (
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// seconds is a delay as tables have it, in whole seconds.
func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// syncTo gives the whole table to a node, or all if to is empty (attrd_peer_sync).
func (e *Engine) syncTo(to string) {
	const function = "attrd_peer_sync"
	name := to
	if to == "" {
		name = "everyone"
	}
	var values []wire.Attribute
	for a := range e.attributes.values() {
		for v := range a.values.values() {
			e.logf(loglevel.Debug, function, "Syncing %s[%s] = %s to %s", a.name, v.host, or(v.current, "(null)"), name)
			values = append(values, a.told(v, false))
		}
	}
	e.logf(loglevel.Debug, function, "Syncing values to %s", name)
	e.tell(function, to, values)
}

// applyTable takes a peer's values. won says that it is the writer, and that these are all
// (attrd_peer_sync_response).
func (e *Engine) applyTable(now time.Time, from string, won bool, m *wire.Message) {
	e.logf(loglevel.Info, "attrd_peer_sync_response", "Processing %s from %s", wire.SyncResponse, from)
	if won {
		for a := range e.attributes.values() {
			for v := range a.values.values() {
				v.seen = false
			}
		}
	}
	for i := range m.Values {
		e.update(now, from, &m.Values[i], true)
	}
	if won {
		e.tellUnseen(from)
	}
}

// tellUnseen tells all of this node's own values that the writer's table did not have
// (broadcast_unseen_local_values), and one of the nodes tells those of remote nodes, which have
// nobody else to tell them.
func (e *Engine) tellUnseen(writer string) {
	const function = "broadcast_unseen_local_values"
	speaks := e.speaksForRemotes(writer)
	var values []wire.Attribute
	for a := range e.attributes.values() {
		for v := range a.values.values() {
			if !v.seen && (e.local(v.host) || speaks && v.remote && v.current != nil) {
				values = append(values, a.told(v, a.delay > 0))
			}
		}
	}
	if len(values) > 0 {
		e.logf(loglevel.Debug, function, "Broadcasting local-only values")
		e.tell(function, "", values)
	}
}

// speaksForRemotes tells whether this node is the first by name but for the writer: were there
// several to tell what they know, then what has changed meanwhile would change back and forth.
func (e *Engine) speaksForRemotes(writer string) bool {
	for _, name := range e.peers.ActiveNames() {
		if lower(name) != lower(writer) && lower(name) < lower(e.node) {
			return false
		}
	}
	return true
}
