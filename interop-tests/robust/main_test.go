//go:build interop

package robust

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/clients"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// Where a host finds the client program in C, and this program, which plays the
// attacker when told to.
const (
	bench = "/run/cpgbench"
	self  = "/run/attack"
)

var clientDir string

func TestMain(m *testing.M) {
	lab.Init()
	if len(os.Args) > 1 {
		if attack := attacks[os.Args[1]]; attack != nil {
			if err := attack(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(clients.With(func(dir string) int {
		clientDir = dir
		return m.Run()
	}))
}

// token is the timeout without the part that grows with the nodes, in ms: the
// default of corosync.conf(5).
const token = 3000

// form makes a ring of these kinds with the client program on each host. edit
// may change the configuration.
func form(t *testing.T, mixture string, edit func(string) string) *lab.Lab {
	t.Helper()
	mix := lab.Kinds(mixture)
	l := lab.New(t, len(mix))
	l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", "/var/log/cpgbench.out")
	conf := lab.Ring{Transport: "udpu", Token: token}.Conf(l.Hosts())
	conf = strings.Replace(conf, "debug: on", "debug: off", 1)
	if edit != nil {
		conf = edit(conf)
	}
	for i, h := range l.Hosts() {
		h.Use(mix[i])
		h.WriteFile("/etc/corosync/corosync.conf", conf)
		h.Copy(clientDir+"/cpgbench", bench)
		h.StartCorosync()
	}
	l.Form(l.Hosts()...)
	return l
}

// panicked fails the test if one of our daemons has crashed.
func panicked(t *testing.T, l *lab.Lab) {
	t.Helper()
	for _, h := range l.Hosts() {
		if out := h.ReadFile("/var/log/corosync.out"); strings.Contains(out, "goroutine ") || strings.Contains(out, "fatal error") {
			t.Fatalf("%s (%v) crashed: %s", h.Name, h.Kind(), out)
		}
		if len(h.Pids("corosync")) != 1 {
			t.Fatalf("%s (%v): corosync does not run", h.Name, h.Kind())
		}
	}
}
