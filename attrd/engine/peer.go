package engine

import (
	"regexp"
	"strconv"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Deliver takes a message of a peer, or of this node, as the group gives it to all
// (attrd_peer_message). What m points to is the Engine's from now on.
func (e *Engine) Deliver(now time.Time, from string, m *wire.Message) {
	level, result := loglevel.Debug, "complete"
	if err := e.deliver(now, from, m); err != nil {
		level, result = loglevel.Warning, err.Error()
	}
	e.logf(level, "attrd_handle_request", "Processed %s request from peer %s: %s", m.Task, from, result)
}

func (e *Engine) deliver(now time.Time, from string, m *wire.Message) error {
	switch m.Task {
	case wire.Update, wire.UpdateBoth, wire.UpdateDelay:
		for _, u := range m.Operations() {
			e.update(now, from, &u, false)
		}
	case wire.ClearFailure:
		e.clearFailure(now, from, m)
	case wire.PeerRemove:
		if m.Host != nil {
			e.removePeer(*m.Host, true, from)
		}
	case wire.Sync:
		e.syncTo(from)
	case wire.SyncResponse:
		won := e.noteWriter(now, from, m.Writer)
		if e.local(from) {
			e.cameBy()
		} else {
			e.applyTable(now, from, won, m)
		}
	case wire.Flush: // of versions before 2.0
		if e.local(from) {
			e.cameBy()
		}
	default:
		return e.unknown("peer", from, m.Task)
	}
	return nil
}

// update applies one update. own says that of this node's own values only those count that
// it has itself (attrd_peer_update_one).
func (e *Engine) update(now time.Time, from string, u *wire.Attribute, own bool) {
	const function = "attrd_peer_update_one"
	if u.Name == nil {
		e.logf(loglevel.Warning, function, "Could not update attribute: peer did not specify name")
		return
	}
	a, ok := e.lookup(now, u)
	if !ok {
		return
	}
	if u.Host == nil {
		e.logf(loglevel.Debug, function, "Setting %s for all hosts to %s", a.name, or(u.Value, "(null)"))
		all := *u
		all.HostID = 0
		for v := range a.values.values() {
			all.Host = &v.host
			e.set(now, from, a, &all, own)
		}
	} else {
		e.set(now, from, a, u, own)
	}
	if a.name == wire.ProtocolName && u.Value != nil {
		e.noteVersion(*u.Value)
	}
}

// noteVersion keeps the least version of the protocol that was spoken of
// (attrd_update_minimum_protocol_ver).
func (e *Engine) noteVersion(text string) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && (e.minimum == 0 || n < e.minimum) {
		e.minimum = n
		e.logf(loglevel.Trace, "attrd_update_minimum_protocol_ver", "Set minimum attrd protocol version to %d", n)
	}
}

// valueOf is an attribute's value on a node, made if there is none
// (attrd_lookup_or_create_value).
func (e *Engine) valueOf(a *attribute, u *wire.Attribute) *value {
	if u.Remote.True() {
		e.peers.AddRemote(*u.Host)
	}
	v, ok := a.values.get(*u.Host)
	if !ok {
		v = &value{host: *u.Host, remote: u.Remote.True()}
		a.values.put(v.host, v)
	}
	return v
}

// set applies an update to the value on its node (update_attr_on_host).
func (e *Engine) set(now time.Time, from string, a *attribute, u *wire.Attribute, own bool) {
	const function = "update_attr_on_host"
	v := e.valueOf(a, u)
	host := *u.Host
	switch changes := !same(v.current, u.Value); {
	case changes && own && e.local(host):
		e.logf(loglevel.Notice, function, "%s[%s]: local value '%s' takes priority over '%s' from %s",
			a.name, host, or(v.current, "(null)"), or(u.Value, "(null)"), from)
		e.tell("broadcast_local_value", "", []wire.Attribute{a.told(v, false)})
	case changes:
		e.logf(loglevel.Notice, function, "Setting %s[%s]: %s -> %s | from %s with %s write delay",
			a.name, host, or(v.current, "(unset)"), or(u.Value, "(unset)"), from, readable(a.delay))
		v.current = u.Value
		a.changed = true
		if !own || lower(from) == lower(host) {
			e.note(a, v, false)
		}
		if e.local(host) && a.name == wire.ShutdownName {
			e.shutdown = u.Value != nil && *u.Value != "0"
		}
		if a.delay > 0 {
			e.logf(loglevel.Trace, function, "Delayed write out (%dms) for %s", a.delay.Milliseconds(), a.name)
			a.writeAt = now.Add(a.delay)
		} else {
			e.writeOrElect(now, a)
		}
	default:
		if u.Force.True() && a.delay > 0 {
			a.force = true
		}
		e.logf(loglevel.Trace, function, "Unchanged %s[%s] from %s is %s", a.name, host, from, or(u.Value, "(null)"))
	}
	v.seen = true
	if v.id == 0 && !v.remote && u.HostID > 0 {
		v.id = u.HostID
		if n, ok := e.peers.Node(v.id, host); ok {
			e.logf(loglevel.Trace, "record_peer_nodeid", "Learned %s has node id %s", n.Name, n.UUID)
		}
		if e.IsWriter() {
			e.writeAll(now, false, false)
		}
	}
}

// readable is a delay as the log has it.
func readable(d time.Duration) string {
	if d == 0 {
		return "no"
	}
	return iso8601.ReadableInterval(uint(d.Milliseconds()))
}

// clearFailure unsets the attributes about failures of a resource
// (attrd_peer_clear_failure).
func (e *Engine) clearFailure(now time.Time, from string, m *wire.Message) {
	const function = "attrd_peer_clear_failure"
	pattern, err := regexp.CompilePOSIX(failurePattern(&m.Attribute))
	if err != nil {
		e.logf(loglevel.Info, function, "Ignoring invalid request to clear failures for %s", or(m.Resource, "all resources"))
		return
	}
	for a := range e.attributes.values() {
		if pattern.MatchString(a.name) {
			e.logf(loglevel.Trace, function, "Matched %s when clearing %s", a.name, or(m.Resource, "all resources"))
			u := m.Attribute
			u.Task, u.Name, u.Value = wire.Update, &a.name, nil
			e.update(now, from, &u, false)
		}
	}
}

// removePeer forgets a node's values, and with uncache the node (attrd_peer_remove).
func (e *Engine) removePeer(host string, uncache bool, source string) {
	const function = "attrd_peer_remove"
	e.logf(loglevel.Notice, function, "Removing all %s attributes for peer %s", host, source)
	for a := range e.attributes.values() {
		v, ok := a.values.get(host)
		if ok {
			a.values.remove(host)
			e.note(a, v, true)
			e.logf(loglevel.Debug, function, "Removed %s[%s] for peer %s", a.name, host, source)
		}
	}
	if uncache {
		e.peers.Forget(host)
	}
}
