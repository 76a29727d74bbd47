package daemon

import (
	"net/netip"
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/icmap"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/logsys"
)

// Checks are the daemon's own readings of the configuration, beyond the ring's.
func Checks() []corosyncconf.Check {
	return []corosyncconf.Check{
		{Prefix: "logging.", Read: func(m *icmap.Map) error {
			_, _, err := logsys.FromMap(m)
			return err
		}},
		{Prefix: "system.", Read: func(m *icmap.Map) error {
			_, err := readPrivileges(m)
			return err
		}},
	}
}

// Reload implements cfgsvc.Actions. The files are read and the names resolved
// without the lock, by a rehearsal on a copy of the map; then the reload itself
// runs, under the lock, on what the rehearsal has seen, and waits for nothing.
func (a actions) Reload(done func(err error, crypto bool)) {
	d := a.Daemon
	rehearsal, old := d.cmap.Clone(), d.totem
	pin := d.totem.Transport == corosyncconf.Knet
	if pin {
		// A node of the reference keeps the token while it reloads, and relies on it:
		// after a turn of the token all have loaded the new key, after another all
		// seal with it, and it forgets the old one.
		d.ring.Pin()
	}
	go func() {
		env := remember(d.opts.Env)
		quiet := *env
		quiet.Log, quiet.CFG = nil, nil
		_, _ = corosyncconf.Reload(&quiet, old, rehearsal, d.opts.ConfigFile, Checks()...) // the second run reports
		d.mu.Lock()
		defer d.mu.Unlock()
		crypto, err := d.reload(env)
		done(err, crypto)
		if pin {
			d.ring.Unpin(crypto)
		}
	}()
}

// reload brings the daemon to what the files say, or changes nothing. crypto tells
// that the change of keys has begun.
func (d *Daemon) reload(env *corosyncconf.Env) (crypto bool, err error) {
	d.reloading = true
	changes, err := corosyncconf.Reload(env, d.totem, d.cmap, d.opts.ConfigFile, Checks()...)
	d.reloading = false
	if err != nil {
		return false, err
	}
	d.totem = changes.Totem
	d.reconfigure(changes)
	d.configureLog()
	return changes.Crypto, nil
}

// reconfigure hands changed values of the totem section to the ring.
func (d *Daemon) reconfigure(c *corosyncconf.Changes) {
	log := d.log.Logger("TOTEM")
	for _, line := range d.totem.Describe() {
		log.Logf(loglevel.Debug, "%s", line)
	}
	d.net.reconfigure(c)
	d.ring.Reconfigure(protocolConfig(d.totem, log))
}

// configureLog makes the logging section live. Files are opened away from the
// lock.
func (d *Daemon) configureLog() {
	cfg, notices, err := logsys.FromMap(d.cmap)
	for _, n := range notices {
		d.main.Logf(n.Level, "%s", n.Text)
	}
	if err != nil {
		d.main.Logf(loglevel.Error, "Unable to reload logging configuration: %v", err)
		return
	}
	d.logConfig.do(func() {
		if err := d.log.Configure(cfg); err != nil {
			d.main.Logf(loglevel.Error, "Unable to reload logging configuration: %v", err)
		}
	})
}

// trackConfig follows keys of the totem and logging sections that an
// administrator sets in the map of the running daemon.
func (d *Daemon) trackConfig() {
	d.cmap.Track("totem.", icmap.AllEvents, true, func(ev icmap.Event, key string, _, _ icmap.Value) {
		if d.reloading || !corosyncconf.IsVolatile(key) {
			return
		}
		t, err := d.totem.Changed(d.opts.Env, d.cmap, key, ev == icmap.Delete)
		if err != nil {
			d.log.Logger("TOTEM").Logf(loglevel.Error, "Configuration is not valid: %v", err)
			return
		}
		d.totem = t
		d.reconfigure(&corosyncconf.Changes{Totem: t})
	})
	d.cmap.Track("logging.", icmap.AllEvents, true, func(icmap.Event, string, icmap.Value, icmap.Value) {
		if !d.reloading {
			d.configureLog()
		}
	})
}

// answer is what a function of Env has returned.
type answer[T any] struct {
	v   T
	err error
}

// recall asks once and repeats what it heard.
func recall[K comparable, T any](ask func(K) (T, error)) func(K) (T, error) {
	heard := map[K]answer[T]{}
	return func(k K) (T, error) {
		a, ok := heard[k]
		if !ok {
			a.v, a.err = ask(k)
			heard[k] = a
		}
		return a.v, a.err
	}
}

// remember returns an Env that asks the machine each thing once.
func remember(env *corosyncconf.Env) *corosyncconf.Env {
	e := *env
	e.ReadFile = recall(env.ReadFile)
	e.ReadDir = recall(env.ReadDir)
	type id struct {
		n  uint32
		ok bool
	}
	lookup := func(f func(string) (uint32, bool, error)) func(string) (uint32, bool, error) {
		g := recall(func(name string) (i id, err error) {
			i.n, i.ok, err = f(name)
			return i, err
		})
		return func(name string) (uint32, bool, error) {
			i, err := g(name)
			return i.n, i.ok, err
		}
	}
	e.UserID, e.GroupID = lookup(env.UserID), lookup(env.GroupID)
	nothing := struct{}{}
	host := recall(func(struct{}) (string, error) { return env.Hostname() })
	e.Hostname = func() (string, error) { return host(nothing) }
	ifaces := recall(func(struct{}) ([]netip.Addr, error) { return env.Interfaces() })
	e.Interfaces = func() ([]netip.Addr, error) { return ifaces(nothing) }
	type question struct {
		name   string
		family corosyncconf.Family
	}
	resolve := recall(func(q question) ([]netip.Addr, error) { return env.Resolve(q.name, q.family), nil })
	e.Resolve = func(name string, f corosyncconf.Family) []netip.Addr {
		list, _ := resolve(question{name, f}) // has no error
		return slices.Clone(list)
	}
	names := recall(func(a netip.Addr) (string, error) { return env.NameOf(a), nil })
	e.NameOf = func(a netip.Addr) string {
		s, _ := names(a) // has no error
		return s
	}
	return &e
}
