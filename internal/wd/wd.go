// Package wd is corosync's watchdog service (exec/wd.c), without clients and
// ring messages. It tickles a watchdog device as long as every resource that it
// is told to watch (keys resources.<type>.<name>.*, with "recovery") is well:
// its monitor has written last_updated in time and its state is not "failed".
// Otherwise it lets the watchdog bite, reboots or powers off, as the key
// "recovery" says.
//
// A device is opened only when resources.watchdog_device names one. The Engine
// is a core without I/O; the device is its Hardware's.
package wd

import (
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/service"
)

// Bounds: the watchdog's in seconds, a resource's poll_period in milliseconds.
const (
	defaultTimeout = 6
	minTimeout     = 2
	maxTimeout     = 120
	minPeriod      = 500
	maxPeriod      = 120 * 1000
)

const timeoutKey = "resources.watchdog_timeout"

// Hardware is the machine that can be reset.
type Hardware interface {
	// Writable tells whether the device is there to be written to.
	Writable(device string) bool
	Open(device string) (Dog, error)
	Reboot()
	PowerOff()
}

// Dog is an open watchdog: linux/watchdog.h's requests.
type Dog interface {
	Identity() string
	// CanSetTimeout is WDIOF_SETTIMEOUT.
	CanSetTimeout() bool
	Timeout() uint32     // seconds
	SetTimeout(s uint32) // seconds; Timeout tells what has become of it
	EnableCard()
	KeepAlive()
	// MagicClose writes the letter that lets a watchdog be closed without
	// biting.
	MagicClose() error
}

// Engine is the service; New makes it.
type Engine struct {
	service.Idle
	host   service.Host
	config *icmap.Map
	log    loglevel.Logger
	hw     Hardware

	dog     Dog // nil when there is none
	timeout uint32
	tickle  time.Duration
	timer   service.Timer
	biting  bool // let the dog bite
}

var _ service.Engine = (*Engine)(nil)

// New makes the service: it reads its keys, opens the device if one is
// configured and begins to watch what resources there are.
func New(host service.Host, config *icmap.Map, hw Hardware) *Engine {
	e := &Engine{
		host: host, config: config, log: host.Log("WD"), hw: hw,
		timeout: defaultTimeout, tickle: defaultTimeout * time.Second / 2,
	}
	e.initialTimeout()
	e.setup()
	e.scan()
	return e
}

func inRange(v uint32) bool { return v >= minTimeout && v <= maxTimeout }

func (e *Engine) setTimeoutKey() {
	e.config.SetUint32(timeoutKey, e.timeout) // valid name and type: cannot fail
}

func (e *Engine) initialTimeout() {
	v, err := e.config.GetUint32(timeoutKey)
	switch {
	case err != nil:
		e.applyTimeout(defaultTimeout)
		e.setTimeoutKey()
	case inRange(v):
		e.applyTimeout(v)
	default:
		e.log.Logf(loglevel.Warning, "Set watchdog_timeout is out of range (2..120).")
		e.log.Logf(loglevel.Info, "use default value %d seconds.", defaultTimeout)
		e.applyTimeout(defaultTimeout)
		e.setTimeoutKey()
	}
	e.config.Track(timeoutKey, icmap.Modify, false, func(icmap.Event, string, icmap.Value, icmap.Value) {
		if v, err := e.config.GetUint32(timeoutKey); err == nil && inRange(v) {
			e.applyTimeout(v)
			return
		}
		e.log.Logf(loglevel.Warning, "Set watchdog_timeout is out of range (2..120).")
		e.setTimeoutKey()
	})
}

func (e *Engine) applyTimeout(v uint32) {
	var original uint32
	if e.dog != nil {
		original = e.dog.Timeout()
	}
	if v == original {
		return
	}
	e.timeout = v
	if e.dog != nil {
		if e.dog.CanSetTimeout() {
			e.dog.SetTimeout(v)
		}
		e.timeout = e.dog.Timeout()
	}
	if e.timeout != v {
		e.log.Logf(loglevel.Warning, "Could not change the Watchdog timeout from %d to %d seconds", original, v)
		return
	}
	e.tickle = time.Duration(v) * time.Second / 2
	if e.timer != nil {
		e.timer.Stop()
	}
	e.timer = e.host.After(e.tickle, e.keepAlive)
	e.log.Logf(loglevel.Debug, "The Watchdog timeout is %d seconds", e.timeout)
	e.log.Logf(loglevel.Debug, "The tickle timeout is %d ms", e.tickle.Milliseconds())
}

func (e *Engine) keepAlive() {
	if e.biting {
		e.log.Logf(loglevel.Alert, "NOT tickling the watchdog!")
		return
	}
	if e.dog != nil {
		e.dog.KeepAlive()
	}
	e.timer = e.host.After(e.tickle, e.keepAlive)
}

func (e *Engine) setup() {
	device, err := e.config.GetString("resources.watchdog_device")
	switch {
	case err != nil:
		e.log.Logf(loglevel.Warning, "Watchdog not enabled by configuration")
		return
	case device == "" || device == "off":
		e.log.Logf(loglevel.Warning, "Watchdog disabled by configuration")
		return
	case !e.hw.Writable(device):
		e.log.Logf(loglevel.Warning, "No watchdog %s, try modprobe <a watchdog>", device)
		return
	}
	dog, err := e.hw.Open(device)
	if err != nil {
		e.log.Logf(loglevel.Warning, "Watchdog %s exists but couldn't be opened.", device)
		return
	}
	e.dog = dog
	e.log.Logf(loglevel.Info, "Watchdog %s is now being tickled by corosync.", device)
	e.log.Logf(loglevel.Debug, "%s", dog.Identity())
	e.applyTimeout(e.timeout)
	dog.EnableCard()
}

// split takes a key resources.<type>.<name>.<item> apart; deeper keys are
// none of a resource's.
func split(key string) (prefix, name, item string, ok bool) {
	p := strings.Split(key, ".")
	if len(p) < 4 || p[0] != "resources" || p[1] == "" || p[2] == "" || p[3] == "" {
		return "", "", "", false
	}
	return strings.Join(p[:3], ".") + ".", p[2], p[3], true
}

func (e *Engine) scan() {
	count := 0
	var found [][2]string
	for key := range e.config.Iterate("resources.") {
		if prefix, name, item, ok := split(key); ok && item == "state" {
			found = append(found, [2]string{prefix, name})
		}
	}
	for _, f := range found {
		if e.watch(f[0], f[1]) {
			count++
		}
	}
	for _, prefix := range []string{"resources.process.", "resources.system."} {
		e.config.Track(prefix, icmap.Add, true, func(_ icmap.Event, key string, _, _ icmap.Value) {
			if prefix, name, item, ok := split(key); ok && item == "state" {
				e.watch(prefix, name)
			}
		})
	}
	if count == 0 {
		e.log.Logf(loglevel.Info, "no resources configured.")
	}
}

// Info describes the service.
func (e *Engine) Info() service.Info {
	return service.Info{ID: service.WD, Name: "corosync watchdog service", Priority: 1}
}

// Stop closes the watchdog so that it does not bite.
func (e *Engine) Stop() {
	if e.dog == nil {
		return
	}
	e.log.Logf(loglevel.Info, "magically closing the watchdog.")
	if err := e.dog.MagicClose(); err != nil {
		e.log.Logf(loglevel.Error, "failed to write V to dog: %s.", err)
	}
}
