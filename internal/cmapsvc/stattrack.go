package cmapsvc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cserr"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// statTracker watches the stats map. Keys that come and go are told at once,
// changed values of a single key when Trigger looks.
type statTracker struct {
	s      *Stats
	name   string
	events icmap.Event
	prefix bool
	old    icmap.Value
	fn     notifyFunc
}

// Stop implements tracker.
func (t *statTracker) Stop() {
	t.s.trackers = slices.DeleteFunc(slices.Clone(t.s.trackers), func(o *statTracker) bool { return o == t })
	t.fn = nil
}

// Track implements keyMap. A prefix can only be watched for keys that come and
// go, and for both.
func (s *Stats) Track(key string, ev icmap.Event, prefix bool, fn notifyFunc) (tracker, error) {
	const both = icmap.Add | icmap.Delete
	if prefix && ev&both != both {
		return nil, cserr.NotSupported
	}
	t := &statTracker{s: s, name: key, events: ev, prefix: prefix, fn: fn}
	t.old, _ = s.Get(key) // none is as good a value to begin with
	s.trackers = append(slices.Clone(s.trackers), t)
	return t, nil
}

// notify tells of a key that has come or is going; as in the reference, both
// values are the present one.
func (s *Stats) notify(ev icmap.Event, key string, st stat) {
	if len(s.trackers) == 0 || strings.HasPrefix(key, schedMissPrefix) {
		return
	}
	for _, t := range s.trackers {
		if t.fn != nil && t.events&ev != 0 && (key == t.name || t.prefix && strings.HasPrefix(key, t.name)) {
			v := st.make()
			t.fn(ev, key, v, v)
		}
	}
}

// TriggerIntervalMs is how often the daemon should call Trigger, in milliseconds.
const TriggerIntervalMs = 1500

// Trigger tells trackers of single keys whose value has changed since they were
// last told. As in the reference they are told whatever events they asked for,
// and get the present value for the old one too.
func (s *Stats) Trigger() {
	for _, t := range s.trackers {
		if t.fn == nil || t.prefix || t.name == "" {
			continue
		}
		if v, err := s.Get(t.name); err == nil && v != t.old {
			t.old = v
			t.fn(icmap.Modify, t.name, v, v)
		}
	}
}

// schedMiss is a time at which the daemon was not scheduled for too long.
type schedMiss struct {
	when  uint64  // milliseconds since 1970
	delay float32 // milliseconds
}

const (
	schedMissMax    = 10
	schedMissPrefix = "stats.schedmiss"
)

// AddSchedMiss notes a pause of the daemon: when it ended, in milliseconds
// since 1970, and how long it was, in milliseconds. The last ten are kept,
// stats.schedmiss.0 being the latest.
func (s *Stats) AddSchedMiss(when uint64, delay float32) {
	s.missed = slices.Insert(s.missed, 0, schedMiss{when, delay})
	if len(s.missed) > schedMissMax {
		s.missed = s.missed[:schedMissMax]
		return
	}
	i := len(s.missed) - 1
	s.add(schedMissKey(i, "timestamp"), stat{icmap.TypeUint64, func() icmap.Value { return icmap.Uint64(s.missed[i].when) }})
	s.add(schedMissKey(i, "delay"), stat{icmap.TypeFloat, func() icmap.Value { return icmap.Float(s.missed[i].delay) }})
}

func (s *Stats) clearSchedMiss() {
	for i := range s.missed {
		s.remove(schedMissKey(i, "timestamp"))
		s.remove(schedMissKey(i, "delay"))
	}
	s.missed = nil
}

func schedMissKey(i int, name string) string {
	return fmt.Sprintf("%s.%d.%s", schedMissPrefix, i, name)
}
