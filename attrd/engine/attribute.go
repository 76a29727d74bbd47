package engine

import (
	"math"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// attribute is one attribute with its values on all nodes.
type attribute struct {
	name            string
	set, uuid, user *string // nil: not said
	private         bool    // never in the CIB
	values          table[*value]

	delay time.Duration // between a change and its writing
	// retry says that the attribute has a timer for a write that has failed, for want of
	// a delay of its own.
	retry   bool
	writeAt time.Time // its timer; zero if it does not run

	changed     bool // since it was written last
	force       bool // write it at the next occasion, changed or not
	unknownUUID bool // a value could not be written: how the CIB calls its node is not known

	update   int       // the write under way; 0 if none
	answerBy time.Time // until when its answer is waited for; zero if no write is under way
}

// value is an attribute's value on one node.
type value struct {
	host      string
	id        uint32 // of the node; 0 if not known
	remote    bool
	current   *string // nil: not set
	requested *string // as it is being written
	seen      bool    // in the writer's table as it was told last
}

// same compares values as the reference does, without regard to case.
func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return lower(*a) == lower(*b)
}

// lookup is the attribute that an update is about, which it may create, with the delay that
// it may say (attrd_populate_attribute). ok is false where the value is not to be changed.
func (e *Engine) lookup(now time.Time, u *wire.Attribute) (a *attribute, ok bool) {
	const function = "attrd_populate_attribute"
	name := *u.Name
	// What a table of the writer's tells has no task.
	both := u.Task == wire.UpdateBoth || u.Task == ""
	a, known := e.attributes.get(name)
	if !known {
		if !both && u.Task != wire.Update {
			e.logf(loglevel.Warning, function, "Could not update %s: attribute not found", name)
			return nil, false
		}
		a = e.create(u)
	}
	if both || u.Task == wire.UpdateDelay {
		return a, e.updateDelay(now, a, u) && both
	}
	return a, true
}

// create makes an attribute without values (attrd_create_attribute).
func (e *Engine) create(u *wire.Attribute) *attribute {
	a := &attribute{
		name: *u.Name, set: u.Set, uuid: u.UUID, user: u.User, private: u.Private.True(),
		values: newTable[*value](lower),
	}
	if u.Dampening != nil {
		switch delay := milliseconds(*u.Dampening); {
		case delay > 0:
			a.delay = delay
		case delay < 0:
			e.logf(loglevel.Warning, "attrd_create_attribute", "Ignoring invalid delay %s for attribute %s", *u.Dampening, a.name)
		}
	}
	e.attributes.put(a.name, a)
	return a
}

// milliseconds is a delay, negative if it is none.
func milliseconds(text string) time.Duration {
	ms, ok := iso8601.ParseMilliseconds(text)
	if !ok {
		ms = -1
	}
	return time.Duration(min(ms, math.MaxInt32)) * time.Millisecond
}

// updateDelay changes the delay of an attribute, and then writes it at once, lest one change
// of the delay after the other keep it from being written (attrd_update_dampening). It tells
// whether there was a good one.
func (e *Engine) updateDelay(now time.Time, a *attribute, u *wire.Attribute) bool {
	const function = "attrd_update_dampening"
	if u.Dampening == nil {
		e.logf(loglevel.Warning, function, "Could not update %s: peer did not specify value for delay", a.name)
		return false
	}
	delay := milliseconds(*u.Dampening)
	if delay < 0 {
		e.logf(loglevel.Warning, function, "Could not update %s: invalid delay value %dms (%s)", a.name, delay.Milliseconds(), *u.Dampening)
		return false
	}
	if a.delay == delay {
		return true
	}
	a.delay, a.retry, a.writeAt = delay, false, time.Time{}
	if delay > 0 {
		e.logf(loglevel.Info, function, "Update attribute %s delay to %dms (%s)", a.name, delay.Milliseconds(), *u.Dampening)
	} else {
		e.logf(loglevel.Info, function, "Update attribute %s to remove delay", a.name)
	}
	e.writeOrElect(now, a)
	return true
}

// told is a value as tables have it that daemons give each other (attrd_add_value_xml).
func (a *attribute) told(v *value, force bool) wire.Attribute {
	u := wire.Attribute{
		Name: &a.name, Set: a.set, UUID: a.uuid, User: a.user, Host: &v.host, HostID: v.id, Value: v.current,
		Dampening: new(seconds(a.delay)), Private: wire.FlagOf(a.private), Force: wire.FlagOf(force),
	}
	if v.remote {
		u.Remote = wire.Yes
	}
	return u
}
