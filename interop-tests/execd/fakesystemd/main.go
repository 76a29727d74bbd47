// Command fakesystemd is, on the bus that DBUS_SYSTEM_BUS_ADDRESS names, as much of systemd
// as an executor asks for: units called pacemaker-cts-dummyd@NAME.service exist, take a
// second to start and to stop, and do nothing. Where no systemd can run, the reference's
// executor and ours can be tested with it alike.
package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	name     = "org.freedesktop.systemd1"
	path     = "/org/freedesktop/systemd1"
	template = "pacemaker-cts-dummyd@"
	change   = time.Second
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return err
	}
	m := &manager{conn: conn, units: map[dbus.ObjectPath]*unit{}}
	if err := conn.Export(m, path, name+".Manager"); err != nil {
		return err
	}
	if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		return err
	}
	fmt.Println("ready")
	<-conn.Context().Done()
	return nil
}

// manager is systemd's.
type manager struct {
	conn *dbus.Conn

	mu    sync.Mutex
	units map[dbus.ObjectPath]*unit
	jobs  int
}

// unit is one that was asked for, and may not exist.
type unit struct {
	m      *manager
	name   string
	exists bool
	on     bool
	since  time.Time
}

// LoadUnit makes a unit known, whether it exists or not.
func (m *manager) LoadUnit(unitName string) (dbus.ObjectPath, *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := dbus.ObjectPath(path + "/unit/" + fmt.Sprintf("%x", unitName))
	if m.units[p] == nil {
		u := &unit{m: m, name: unitName, exists: strings.HasPrefix(unitName, template)}
		m.units[p] = u
		if err := m.conn.Export(u, p, "org.freedesktop.DBus.Properties"); err != nil {
			return "", dbus.MakeFailedError(err)
		}
	}
	return p, nil
}

func (m *manager) set(unitName string, on bool) (dbus.ObjectPath, *dbus.Error) {
	p, err := m.LoadUnit(unitName)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.units[p]
	if !u.exists {
		return "", dbus.NewError(name+".NoSuchUnit", []any{"Unit " + unitName + " not found."})
	}
	if u.on != on {
		u.on, u.since = on, time.Now()
	}
	m.jobs++
	return dbus.ObjectPath(fmt.Sprintf("%s/job/%d", path, m.jobs)), nil
}

// StartUnit begins to start a unit.
func (m *manager) StartUnit(unitName, _ string) (dbus.ObjectPath, *dbus.Error) {
	return m.set(unitName, true)
}

// RestartUnit is StartUnit.
func (m *manager) RestartUnit(unitName, _ string) (dbus.ObjectPath, *dbus.Error) {
	return m.set(unitName, true)
}

// StopUnit begins to stop a unit.
func (m *manager) StopUnit(unitName, _ string) (dbus.ObjectPath, *dbus.Error) {
	return m.set(unitName, false)
}

// Reload does nothing.
func (*manager) Reload() *dbus.Error { return nil }

// file is a unit's.
type file struct{ Path, State string }

// ListUnitFiles lists the one template.
func (*manager) ListUnitFiles() ([]file, *dbus.Error) {
	return []file{{"/usr/lib/systemd/system/" + template + ".service", "static"}}, nil
}

// Get is a unit's property.
func (u *unit) Get(iface, property string) (dbus.Variant, *dbus.Error) {
	u.m.mu.Lock()
	defer u.m.mu.Unlock()
	value := ""
	switch moving := time.Since(u.since) < change; {
	case property == "LoadState" && u.exists:
		value = "loaded"
	case property == "LoadState":
		value = "not-found"
	case property == "Description":
		value = "Dummy <resource> " + u.name
	case property != "ActiveState":
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", []any{iface + "." + property})
	case u.on && moving:
		value = "activating"
	case u.on:
		value = "active"
	case moving:
		value = "deactivating"
	default:
		value = "inactive"
	}
	return dbus.MakeVariant(value), nil
}
