package notifyd

import (
	"fmt"

	"github.com/godbus/dbus/v5"
)

// What the signals come from.
const (
	busPath      = dbus.ObjectPath("/org/corosync")
	busInterface = "org.corosync"
)

// bus sends signals on the system's D-Bus.
type bus struct{ conn *dbus.Conn }

// connect makes the connection unless there is one.
func (b *bus) connect() error {
	if b.conn != nil && b.conn.Connected() {
		return nil
	}
	b.close()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return fmt.Errorf("dbus_bus_get: %w", err)
	}
	b.conn = conn
	return nil
}

func (b *bus) notify(e event) error {
	if err := b.connect(); err != nil {
		return err
	}
	member, args := e.signal()
	if err := b.conn.Emit(busPath, busInterface+"."+member, args...); err != nil {
		b.close()
		return fmt.Errorf("DBus connection lost: %w", err)
	}
	return nil
}

func (b *bus) close() {
	if b.conn != nil {
		_ = b.conn.Close() // it may be lost
		b.conn = nil
	}
}
