package wd

import (
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// state of the watch over a resource.
type state string

const (
	stopped state = "stopped"
	running state = "running"
	failed  state = "failed"
)

// resource is one that is watched.
type resource struct {
	e        *Engine
	prefix   string // of its keys
	name     string
	recovery string
	period   time.Duration // poll_period
	state    state
	timer    service.Timer
	tracker  *icmap.Tracker
}

func (e *Engine) str(key string) (string, bool) {
	s, err := e.config.GetString(key)
	return s, err == nil
}

// watch begins to watch a resource; false when it lacks a key, in which case
// the key's appearance begins it.
func (e *Engine) watch(prefix, name string) bool {
	r := &resource{e: e, prefix: prefix, name: name, period: defaultTimeout * time.Second, state: stopped}
	if v, err := e.config.GetUint64(prefix + "poll_period"); err != nil {
		e.config.SetUint64(prefix+"poll_period", uint64(r.period.Milliseconds()))
	} else if v >= minPeriod && v <= maxPeriod {
		r.period = time.Duration(v) * time.Millisecond
	} else {
		e.log.Logf(loglevel.Warning, "Could NOT use poll_period:%d ms for resource %s", v, name)
	}
	r.tracker = e.config.Track(prefix, icmap.AllEvents, true, r.keyChanged)
	if _, ok := r.keys(); !ok {
		return false
	}
	// The monitor needs time to get going before the first check.
	r.checkAfter(max(2*r.period, defaultTimeout*time.Second))
	r.enter(running, "config_changed")
	return true
}

// keys reads recovery and state, and says which is missing.
func (r *resource) keys() (st string, ok bool) {
	if r.recovery, ok = r.e.str(r.prefix + "recovery"); !ok {
		r.e.log.Logf(loglevel.Warning, "resource %s missing a recovery key.", r.name)
		return "", false
	}
	if st, ok = r.e.str(r.prefix + "state"); !ok {
		r.e.log.Logf(loglevel.Warning, "resource %s missing a state key.", r.name)
	}
	return st, ok
}

func (r *resource) keyChanged(ev icmap.Event, key string, _, _ icmap.Value) {
	last := key[strings.LastIndexByte(key, '.')+1:]
	switch {
	case ev == icmap.Delete && last == "state":
		r.e.log.Logf(loglevel.Warning, "resource \"%s\" deleted from cmap!", r.name)
		r.stopTimer()
		r.tracker.Stop()
	case ev != icmap.Delete && last != "last_updated" && last != "current":
		r.configure()
	}
}

// configure starts or stops the watch as the keys say. A new poll_period is not
// taken: the reference looks for it under a wrong name.
func (r *resource) configure() {
	const event = "config_changed"
	st, ok := r.keys()
	if !ok {
		r.enter(stopped, event)
		return
	}
	r.stopTimer()
	if st == string(stopped) {
		r.enter(stopped, event)
		return
	}
	r.checkAfter(r.period)
	r.enter(running, event)
}

func (r *resource) stopTimer() {
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

func (r *resource) checkAfter(d time.Duration) { r.timer = r.e.host.After(d, r.check) }

func (r *resource) check() {
	r.timer = nil
	if r.ok() {
		r.checkAfter(r.period)
	} else if r.state == running {
		r.fail()
	}
}

// ok: the monitor is alive, with half a period's grace, and has not reported a
// failure.
func (r *resource) ok() bool {
	updated, err := r.e.config.GetUint64(r.prefix + "last_updated")
	if err != nil {
		return false
	}
	st, ok := r.e.str(r.prefix + "state")
	if !ok || st == "disabled" {
		return false
	}
	if updated == 0 {
		return true // nothing measured yet
	}
	now, limit := uint64(r.e.host.Now()), updated+uint64(r.period*3/2)
	if limit < now {
		r.e.log.Logf(loglevel.Error, "last_updated %d ms too late, period:%d.", (now-limit)/uint64(time.Millisecond), r.period.Milliseconds())
		return false
	}
	return st != string(failed)
}

func (r *resource) fail() {
	r.stopTimer()
	r.e.log.Logf(loglevel.Crit, "%s resource \"%s\" failed!", r.recovery, r.name)
	switch r.recovery {
	case "watchdog", "quit":
		r.e.biting = true
	case "reboot":
		r.e.hw.Reboot()
	case "shutdown":
		r.e.hw.PowerOff()
	}
	r.enter(failed, "failure")
}

func (r *resource) enter(to state, event string) {
	if r.state == to {
		return
	}
	r.e.log.Logf(loglevel.Info, "Fsm:%s event \"%s\", state \"%s\" --> \"%s\"", r.name, event, r.state, to)
	r.state = to
}
