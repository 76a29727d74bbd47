// Package mon is corosync's resource monitor (exec/mon.c), a service without
// clients and without ring messages: it measures the memory in use and the
// load, each in keys of its own below resources.system., and marks a resource
// "failed" when it exceeds the maximum that the administrator has set. The
// watchdog service (package wd) acts on the mark.
//
// The Engine is a core without I/O; measuring is its Source's.
package mon

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// Bounds of poll_period, in milliseconds.
const (
	defaultPeriod = 3000
	minPeriod     = 500
	maxPeriod     = 120 * 1000
)

// Source measures. It must not block.
type Source interface {
	// MemoryUsed is the share of memory and swap in use, in percent.
	MemoryUsed() (int32, error)
	// Load15 is the load average of 15 minutes.
	Load15() (float64, error)
}

// state of a resource, as its key "state" tells it.
type state string

const (
	stopped state = "stopped"
	running state = "running"
	failed  state = "failed"
)

// resource is one thing that is measured.
type resource struct {
	e       *Engine
	name    string
	prefix  string // of its keys
	period  uint64 // milliseconds
	max     float64
	integer bool // the maximum is read as a whole number
	state   state
	timer   service.Timer
	// measure stores a new value, when there is one.
	measure func(key string) (float64, bool)
}

// Engine is the service; New makes it.
type Engine struct {
	service.Idle
	host   service.Host
	config *icmap.Map
	log    loglevel.Logger
	source Source
}

var _ service.Engine = (*Engine)(nil)

// New makes the service and its keys. The service must be made before that of
// package wd, which looks for resources.
func New(host service.Host, config *icmap.Map, source Source) *Engine {
	e := &Engine{host: host, config: config, log: host.Log("MON"), source: source}
	e.add("memory_used", true, icmap.Int32(0), e.memory)
	e.add("load_15min", false, icmap.Double(0), e.load)
	return e
}

func (e *Engine) memory(key string) (float64, bool) {
	v, err := e.source.MemoryUsed()
	if err != nil {
		e.log.Logf(loglevel.Error, "Unable to get memory stats: %s", err)
	}
	if err != nil || v <= 0 {
		return 0, false
	}
	e.set(key, icmap.Uint32(uint32(v))) // was an i32 before the first measurement, as in the reference
	return float64(v), true
}

func (e *Engine) load(key string) (float64, bool) {
	v, err := e.source.Load15()
	if err != nil {
		e.log.Logf(loglevel.Error, "Unable to get load stats: %s", err)
	}
	if err != nil || v <= 0 {
		return 0, false
	}
	e.set(key, icmap.Double(v))
	return v, true
}

// set stores a key of this service, whose names and types are always valid.
func (e *Engine) set(key string, v icmap.Value) { e.config.Set(key, v) }

func (e *Engine) add(name string, integer bool, zero icmap.Value, measure func(string) (float64, bool)) {
	r := &resource{
		e: e, name: name, prefix: "resources.system." + name + ".",
		period: defaultPeriod, max: math.MaxInt32, integer: integer,
		state: stopped, measure: measure,
	}
	e.set(r.prefix+"current", zero)
	e.set(r.prefix+"last_updated", icmap.Uint64(0))
	e.set(r.prefix+"state", icmap.String(string(stopped)))
	key := r.prefix + "poll_period"
	if v, ok := r.number(key); !ok {
		e.set(key, icmap.Uint64(r.period))
	} else if v >= minPeriod && v <= maxPeriod {
		r.period = v
	} else {
		r.refusePeriod(v)
	}
	r.configure()
	e.config.Track(r.prefix, icmap.AllEvents, true, r.keyChanged)
}

// number reads a key that the configuration file holds as text.
func (r *resource) number(key string) (uint64, bool) {
	s, err := r.e.config.GetString(key)
	if err != nil {
		return 0, false
	}
	return scanUint(s)
}

// scanUint reads the number that a text begins with, as sscanf does.
func scanUint(s string) (uint64, bool) {
	s = strings.TrimLeft(s, " \t\n")
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	v, err := strconv.ParseUint(s[:end], 10, 64)
	return v, err == nil
}

func (r *resource) refusePeriod(v uint64) {
	r.e.log.Logf(loglevel.Warning, "Could NOT use poll_period:%d ms for resource %s", v, r.name)
}

func (r *resource) keyChanged(ev icmap.Event, key string, _, _ icmap.Value) {
	switch last := key[strings.LastIndexByte(key, '.')+1:]; {
	case ev == icmap.Delete:
		r.e.log.Logf(loglevel.Warning, "resource \"%s\" deleted from cmap!", r.name)
		r.configure()
	case ev == icmap.Modify && (last == "max" || last == "poll_period"):
		r.configure()
	}
}

// configure reads the keys anew, and measures when there is a maximum.
func (r *resource) configure() {
	const event = "config_changed"
	if s, err := r.e.config.GetString(r.prefix + "poll_period"); err == nil {
		v, ok := scanUint(s)
		if !ok {
			r.e.log.Logf(loglevel.Warning, "Could NOT use poll_period: %s (not uint64 type) for resource %s", s, r.name)
		}
		if v >= minPeriod && v <= maxPeriod {
			r.e.log.Logf(loglevel.Debug, "poll_period changing from:%d to %d.", r.period, v)
			r.period = v
		} else {
			r.refusePeriod(v)
		}
	}
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	s, err := r.e.config.GetString(r.prefix + "max")
	if err != nil {
		return
	}
	max, ok := r.parseMax(s)
	if !ok {
		r.max = math.MaxInt32
		r.enter(stopped, event)
		return
	}
	r.max = max
	r.enter(running, event)
	r.update()
}

func (r *resource) parseMax(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if r.integer {
		v, err := strconv.ParseInt(s, 10, 32)
		return float64(v), err == nil
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// enter goes to another state and tells of it.
func (r *resource) enter(to state, event string) {
	if r.state == to {
		return
	}
	r.e.log.Logf(loglevel.Info, "Fsm:%s event \"%s\", state \"%s\" --> \"%s\"", r.name, event, r.state, to)
	r.state = to
	r.e.set(r.prefix+"state", icmap.String(string(to)))
}

// update measures, now and after every period.
func (r *resource) update() {
	if v, ok := r.measure(r.prefix + "current"); ok {
		r.e.set(r.prefix+"last_updated", icmap.Uint64(uint64(r.e.host.Now())))
		if v > r.max && r.state != failed {
			r.enter(failed, "failure")
		}
	}
	r.timer = r.e.host.After(time.Duration(r.period)*time.Millisecond, r.update)
}

// Info describes the service.
func (e *Engine) Info() service.Info {
	return service.Info{ID: service.Mon, Name: "corosync resource monitoring service", Priority: 1}
}
