package daemon

import (
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
)

// controls are the keys of the map that make the daemon do something when they
// are written.
type controls struct {
	dumpFlightData func() // runtime.blackbox.dump_flight_data has changed, to whatever
	dumpState      func() // runtime.blackbox.dump_state has changed, to whatever
	forceGather    func() // runtime.force_gather is something else than "no"
}

// The keys, of cmap_keys(7).
const (
	keyDumpFlightData = "runtime.blackbox.dump_flight_data"
	keyDumpState      = "runtime.blackbox.dump_state"
	keyForceGather    = "runtime.force_gather"
)

// track makes the keys, each "no", and watches them. corosync-blackbox writes
// the time into the first two, so that each write is a change; they keep it. The
// third goes back to "no" before the ring is asked to gather.
func (c controls) track(m *icmap.Map) error {
	for _, key := range []string{keyDumpFlightData, keyDumpState, keyForceGather} {
		if err := m.SetString(key, "no"); err != nil {
			return err
		}
	}
	watch := func(key string, do func(now icmap.Value)) {
		m.Track(key, icmap.AllEvents, false, func(_ icmap.Event, _ string, now, _ icmap.Value) { do(now) })
	}
	watch(keyDumpFlightData, func(icmap.Value) { c.dumpFlightData() })
	watch(keyDumpState, func(icmap.Value) { c.dumpState() })
	watch(keyForceGather, func(now icmap.Value) {
		if s, ok := now.Str(); ok && s == "no" {
			return
		}
		_ = m.SetString(keyForceGather, "no") // the name and the type are right
		c.forceGather()
	})
	return nil
}
