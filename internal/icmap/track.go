package icmap

import "slices"

// Event is a set of kinds of changes.
type Event int32

// The kinds, with the numbers that cmap's IPC uses. Prefix occurs in requests
// only: Track has a parameter for it.
const (
	Delete Event = 1
	Modify Event = 2
	Add    Event = 4
	Prefix Event = 8

	AllEvents = Delete | Modify | Add
)

// Tracker is a subscription to changes.
type Tracker struct {
	m      *Map
	name   string
	events Event
	prefix bool
	fn     func(ev Event, key string, new, old Value)
}

// Track calls fn for every change of the given kinds to a key, or to all keys
// that begin with it. With an empty name and prefix it sees every key. The
// value that there is not (new on Delete, old on Add and on FastAdd) is the
// zero Value. The order of calls is in the package's description.
func (m *Map) Track(keyOrPrefix string, events Event, prefix bool, fn func(ev Event, key string, new, old Value)) *Tracker {
	t := &Tracker{m: m, name: keyOrPrefix, events: events & AllEvents, prefix: prefix, fn: fn}
	if len(t.name) > KeyNameMax {
		return t // no key is that long
	}
	list := slices.Clone(m.trackers[t.name]) // a notification may be under way
	if list == nil {
		m.tracked[len(t.name)]++
	}
	if prefix && t.name != "" {
		list = append(list, t)
	} else {
		list = slices.Insert(list, 0, t)
	}
	m.trackers[t.name] = list
	return t
}

// Stop ends the subscription; fn is not called any more, not even for a change
// that is being told about right now. Stopping twice is harmless.
func (t *Tracker) Stop() {
	if t.m == nil {
		return
	}
	m := t.m
	t.m = nil
	list := slices.DeleteFunc(slices.Clone(m.trackers[t.name]), func(o *Tracker) bool { return o == t })
	if _, ok := m.trackers[t.name]; !ok {
		return
	}
	if len(list) == 0 {
		delete(m.trackers, t.name)
		m.tracked[len(t.name)]--
	} else {
		m.trackers[t.name] = list
	}
}

func (m *Map) notify(ev Event, key string, new, old Value) {
	if len(m.trackers) == 0 {
		return
	}
	for n := len(key); n >= 0; n-- {
		if m.tracked[n] == 0 {
			continue
		}
		for _, t := range m.trackers[key[:n]] {
			if t.m != nil && t.events&ev != 0 && (t.prefix || n == len(key)) {
				t.fn(ev, key, new, old)
			}
		}
	}
}
