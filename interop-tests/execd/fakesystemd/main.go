// Command fakesystemd is, on the system's bus (DBUS_SYSTEM_BUS_ADDRESS), as much of systemd
// as an executor asks for: units called pacemaker-cts-dummyd@NAME.service exist, take a
// second to start and to stop, and do nothing. Where no systemd can run, the reference's
// executor and ours can be tested with it alike.
//
// With the path of an executor it starts a bus, is a systemd there whose units do what a story
// wants, puts the story's operations to that executor, and prints what the executor answered,
// what it asked systemd for, and which files it changed, and what crm_resource says of units.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

func main() {
	run := serve
	if len(os.Args) == 2 {
		run = func() error { return tell(os.Args[1]) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	m, err := newManager()
	if err != nil {
		return err
	}
	fmt.Println("ready")
	<-m.conn.Context().Done()
	return nil
}

// newManager joins the bus as systemd.
func newManager() (*manager, error) {
	m := &manager{units: map[dbus.ObjectPath]*unit{}, traits: map[string]*traits{}}
	return m, m.join()
}

func (m *manager) join() error {
	conn, err := dbus.ConnectSystemBus(dbus.WithIncomingInterceptor(m.note), dbus.WithContext(context.Background()))
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.conn = conn
	clear(m.units)
	m.mu.Unlock()
	if err := conn.Export(m, path, name+".Manager"); err != nil {
		return err
	}
	_, err = conn.RequestName(name, dbus.NameFlagDoNotQueue)
	return err
}
