package main

import (
	"fmt"
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

// manager is systemd's.
type manager struct {
	conn *dbus.Conn

	mu     sync.Mutex
	units  map[dbus.ObjectPath]*unit
	jobs   int
	traits map[string]*traits // by the unit's name
	files  []file             // besides the one template
	asked  []string           // since it was taken
}

// unit is one that was asked for, and may not exist.
type unit struct {
	m      *manager
	name   string
	traits *traits // nil for one that starts and stops by itself
	exists bool
	on     bool
	since  time.Time
}

// traits are what a story has a unit be like.
type traits struct {
	load        string   // "loaded" if empty
	description string   // "What NAME does" if empty
	states      []string // one for each time that it is asked for, the last for all further ones
	// faults are the errors that methods answer with: the name of one, "hang" for no answer, "odd" for one
	// of another type.
	faults map[string]string
}

// fault is what a method does in place of answering.
func (m *manager) fault(unitName, method string) (odd bool, err *dbus.Error) {
	m.mu.Lock()
	t := m.traits[unitName]
	m.mu.Unlock()
	if t == nil {
		return false, nil
	}
	switch e := t.faults[method]; e {
	case "":
		return false, nil
	case "odd":
		return true, nil
	case "hang":
		select {} // as long as the program
	default:
		return false, dbus.NewError(e, []any{method + " of " + unitName + " is not to be."})
	}
}

// note writes down what was asked for, in the order in which it came.
func (m *manager) note(msg *dbus.Message) {
	if msg.Type != dbus.TypeMethodCall {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	line := fmt.Sprint(msg.Headers[dbus.FieldMember].Value())
	for _, arg := range msg.Body {
		line += fmt.Sprintf(" %v", arg)
	}
	if p, ok := msg.Headers[dbus.FieldPath].Value().(dbus.ObjectPath); ok && m.units[p] != nil {
		line += " of " + m.units[p].name
	}
	m.asked = append(m.asked, line)
}

// LoadUnit makes a unit known, whether it exists or not.
func (m *manager) LoadUnit(unitName string) (any, *dbus.Error) {
	if odd, err := m.fault(unitName, "LoadUnit"); odd || err != nil {
		return "odd", err
	}
	p, err := m.load(unitName)
	if err != nil {
		return "", dbus.MakeFailedError(err)
	}
	return p, nil
}

func (m *manager) load(unitName string) (dbus.ObjectPath, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := dbus.ObjectPath(path + "/unit/" + fmt.Sprintf("%x", unitName))
	if m.units[p] != nil {
		return p, nil
	}
	u := &unit{m: m, name: unitName, traits: m.traits[unitName]}
	u.exists = u.traits != nil && u.traits.load == "" || strings.HasPrefix(unitName, template)
	m.units[p] = u
	return p, m.conn.Export(u, p, "org.freedesktop.DBus.Properties")
}

func (m *manager) set(method, unitName string, on bool) (any, *dbus.Error) {
	if odd, err := m.fault(unitName, method); odd || err != nil {
		return "odd", err
	}
	p, err := m.load(unitName)
	if err != nil {
		return "", dbus.MakeFailedError(err)
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
func (m *manager) StartUnit(unitName, _ string) (any, *dbus.Error) {
	return m.set("StartUnit", unitName, true)
}

// RestartUnit is StartUnit.
func (m *manager) RestartUnit(unitName, _ string) (any, *dbus.Error) {
	return m.set("RestartUnit", unitName, true)
}

// StopUnit begins to stop a unit.
func (m *manager) StopUnit(unitName, _ string) (any, *dbus.Error) {
	return m.set("StopUnit", unitName, false)
}

// Reload does nothing.
func (*manager) Reload() *dbus.Error { return nil }

// file is a unit's.
type file struct{ Path, State string }

// ListUnitFiles lists the template, and what a story has.
func (m *manager) ListUnitFiles() ([]file, *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]file{{"/usr/lib/systemd/system/" + template + ".service", "static"}}, m.files...), nil
}

// Get is a unit's property.
func (u *unit) Get(iface, property string) (dbus.Variant, *dbus.Error) {
	if odd, err := u.m.fault(u.name, property); odd || err != nil {
		return dbus.MakeVariant(7), err
	}
	u.m.mu.Lock()
	defer u.m.mu.Unlock()
	value := ""
	switch moving := time.Since(u.since) < change; {
	case property == "LoadState" && u.exists:
		value = "loaded"
	case property == "LoadState" && u.traits != nil:
		value = u.traits.load
	case property == "LoadState":
		value = "not-found"
	case property == "Description" && u.traits != nil && u.traits.description != "":
		value = u.traits.description
	case property == "Description":
		value = "Dummy <resource> " + u.name
	case property != "ActiveState":
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", []any{iface + "." + property})
	case u.traits != nil && len(u.traits.states) > 0:
		value = u.traits.states[0]
		if len(u.traits.states) > 1 {
			u.traits.states = u.traits.states[1:]
		}
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
