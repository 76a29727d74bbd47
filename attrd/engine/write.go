package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Results of writes that pass by themselves (attrd_cib_callback).
const (
	etime      = 62  // no DC, or no answer in time
	enxio      = 6   // the CIB is being replaced by one of a node that has just come
	diffFailed = 206 // the CIB was being synchronised
)

// writeOrElect writes an attribute if this is the writer's node, and sees to it that there
// is one (attrd_write_or_elect_attribute).
func (e *Engine) writeOrElect(now time.Time, a *attribute) {
	if e.IsWriter() {
		e.write(now, a, false)
	} else {
		e.electIfNeeded(now)
	}
}

// writeAll writes what has changed, or all, whatever its delay if it is to be ignored
// (attrd_write_attributes).
func (e *Engine) writeAll(now time.Time, all, ignoreDelay bool) {
	const function = "attrd_write_attributes"
	which := "changed"
	if all {
		which = "all"
	}
	e.logf(loglevel.Debug, function, "Writing out %s attributes", which)
	for a := range e.attributes.values() {
		if !all && a.unknownUUID || a.force {
			a.changed = true
		}
		if all || a.changed {
			e.write(now, a, a.force || ignoreDelay)
		} else {
			e.logf(loglevel.Trace, function, "Skipping unchanged attribute %s", a.name)
		}
	}
}

// mayWrite tells whether now is the time to write an attribute to the CIB: no write of it
// is under way and its timer does not run, or is to be ignored.
func (e *Engine) mayWrite(a *attribute, ignoreDelay bool) bool {
	const function = "attrd_write_attribute"
	switch {
	case a.update != 0 && a.update < e.lastDone:
		e.logf(loglevel.Info, function, "Write out of '%s' continuing: update %d considered lost", a.name, a.update)
		a.update, a.answerBy = 0, time.Time{}
	case a.update != 0:
		e.logf(loglevel.Info, function, "Write out of '%s' delayed: update %d in progress", a.name, a.update)
		return false
	case !a.writeAt.IsZero() && ignoreDelay:
		a.writeAt = time.Time{}
		e.logf(loglevel.Debug, function, "Write out of '%s': timer is running but ignore delay", a.name)
	case !a.writeAt.IsZero():
		e.logf(loglevel.Info, function, "Write out of '%s' delayed: timer is running", a.name)
		return false
	}
	return true
}

// write writes all values of an attribute (attrd_write_attribute).
func (e *Engine) write(now time.Time, a *attribute, ignoreDelay bool) {
	const function = "attrd_write_attribute"
	if !a.private && !e.mayWrite(a, ignoreDelay) {
		return
	}
	a.changed, a.unknownUUID, a.force = false, false, false
	u := Update{Status: etree.NewElement("status"), User: or(a.user, ""), Name: a.name}
	told := newTable[NodeValue](lower)
	private, changes := 0, 0
	for v := range a.values.values() {
		n, ok := e.peers.Node(v.id, v.host)
		if !ok {
			e.logf(loglevel.Notice, function, "Cannot update %s[%s]=%s because peer not known", a.name, v.host, or(v.current, "(null)"))
			continue
		}
		if n.ID != 0 && v.id == 0 {
			e.logf(loglevel.Trace, function, "Learned ID %d for node %s", n.ID, v.host)
			v.id = n.ID
		}
		if a.private {
			private++
			continue
		}
		if n.UUID == "" {
			a.unknownUUID = true
			e.logf(loglevel.Notice, function, "Cannot update %s[%s]=%s because peer UUID not known (will retry if learned)",
				a.name, v.host, or(v.current, "(null)"))
			continue
		}
		e.logf(loglevel.Debug, function, "Updating %s[%s]=%s (peer known as %s, UUID %s, ID %d/%d)",
			a.name, v.host, or(v.current, "(null)"), n.Name, n.UUID, n.ID, v.id)
		u.Status.AddChild(a.nodeState(n.UUID, v.current))
		changes++
		v.requested = v.current
		u.Deletes = u.Deletes || v.current == nil
		told.put(v.host, NodeValue{v.host, v.id, or(v.current, "")})
	}
	if private > 0 {
		e.logf(loglevel.Info, function, "Processed %d private change%s for %s, id=%s, set=%s",
			private, plural(private), a.name, or(a.uuid, "n/a"), or(a.set, "n/a"))
	}
	if changes == 0 {
		return
	}
	u.Values = slices.Collect(told.values())
	a.update = e.host.Modify(&u)
	e.logf(loglevel.Info, function, "Sent CIB request %d with %d change%s for %s (id %s, set %s)",
		a.update, changes, plural(changes), a.name, or(a.uuid, "n/a"), or(a.set, "n/a"))
	if a.update < 0 {
		e.wrote(now, a, a.update, crmexit.Legacy(a.update))
		return
	}
	a.answerBy = now.Add(writeTimeout)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// xmlID makes an XML id of a text (crm_xml_sanitize_id).
func xmlID(text string) string { return strings.NewReplacer(":", ".", "#", ".").Replace(text) }

// nodeState is the part of the CIB that has an attribute's value on a node
// (build_update_element).
func (a *attribute) nodeState(uuid string, current *string) *etree.Element {
	state := etree.NewElement("node_state")
	state.CreateAttr("id", uuid)
	attributes := state.CreateElement("transient_attributes")
	attributes.CreateAttr("id", uuid)
	set := attributes.CreateElement("instance_attributes")
	id := or(a.set, "status-"+uuid)
	set.CreateAttr("id", xmlID(id))
	pair := set.CreateElement("nvpair")
	pair.CreateAttr("id", xmlID(or(a.uuid, xmlID(id)+"-"+a.name)))
	pair.CreateAttr("name", a.name)
	if current == nil {
		pair.CreateAttr("value", "")
		pair.CreateAttr("__delete__", "value")
	} else {
		pair.CreateAttr("value", *current)
	}
	return state
}

// Wrote is the answer to a write (attrd_cib_callback). One that is not waited for any
// more changes nothing.
func (e *Engine) Wrote(now time.Time, call int, result crmexit.Legacy) {
	for a := range e.attributes.values() {
		if a.update == call && call != 0 {
			e.wrote(now, a, call, result)
			return
		}
	}
}

func (e *Engine) wrote(now time.Time, a *attribute, call int, result crmexit.Legacy) {
	const function = "attrd_cib_callback"
	a.update, a.answerBy = 0, time.Time{}
	level := loglevel.Error
	switch max(result, -result) {
	case 0:
		level = loglevel.Info
		e.lastDone = call
		if a.retry {
			a.retry, a.writeAt = false, time.Time{}
		}
	case diffFailed, etime, enxio:
		level = loglevel.Warning
	}
	e.logf(level, function, "CIB update %d result for %s: %v | rc=%d", call, a.name, result, int(result))
	for v := range a.values.values() {
		e.logf(level, function, "* %s[%s]=%s", a.name, v.host, or(v.requested, "(null)"))
		v.requested = nil
		a.changed = a.changed || result != 0
	}
	if !a.changed || !e.IsWriter() {
		return
	}
	switch {
	case result == 0: // what has changed meanwhile
		e.write(now, a, false)
	case !a.writeAt.IsZero():
	case a.delay > 0:
		e.logf(loglevel.Trace, function, "Delayed re-attempted write for %s by %s", a.name, readable(a.delay))
		a.writeAt = now.Add(a.delay)
	default:
		a.retry = true
		a.writeAt = now.Add(retryDelay)
	}
}

// Sections of the CIB that a replacement has changed.
type Sections struct{ Nodes, Status bool }

// Replaced is the CIB replaced by another (attrd_cib_replaced_cb); event is the
// notification's name.
func (e *Engine) Replaced(now time.Time, event string, s Sections) {
	if e.shutdown || !e.IsWriter() || !s.Nodes && !s.Status {
		return
	}
	e.logf(loglevel.Notice, "attrd_cib_replaced_cb", "Updating all attributes after %s event", event)
	e.writeAll(now, true, false)
}
