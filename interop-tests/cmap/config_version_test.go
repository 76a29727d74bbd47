//go:build interop

// Package cmap has the scenarios of the cmap service between nodes.
package cmap

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(m.Run())
}

var mixtures = []struct {
	name  string
	kinds [3]lab.Kind
}{
	{"CCC", [3]lab.Kind{lab.C, lab.C, lab.C}},
	{"CCGo", [3]lab.Kind{lab.C, lab.C, lab.Go}},
	{"GoGoC", [3]lab.Kind{lab.Go, lab.Go, lab.C}},
	{"GoGoGo", [3]lab.Kind{lab.Go, lab.Go, lab.Go}},
}

func conf(l *lab.Lab, version int) string {
	return lab.Ring{Transport: "udpu", Totem: fmt.Sprintf("  config_version: %d\n", version)}.Conf(l.Hosts())
}

// A node that has slept through a change of the configuration says so and
// leaves; one that has not takes part, and a reload on all tells all.
func TestConfigVersion(t *testing.T) {
	for _, m := range mixtures {
		t.Run(m.name, func(t *testing.T) {
			l := lab.New(t, 3)
			l.DumpLogs("/var/log/corosync/corosync.log")
			l.WriteFile("/etc/corosync/corosync.conf", conf(l, 5))
			late := l.Host(2)
			late.WriteFile("/etc/corosync/corosync.conf", conf(l, 4))
			for i, h := range l.Hosts() {
				h.Use(m.kinds[i])
			}
			l.Host(0).StartCorosync()
			l.Host(1).StartCorosync()
			l.Form(l.Host(0), l.Host(1))

			// A node that comes straight from its first gathering into the ring of
			// the others has nobody from an old ring beside it and does not compare
			// (docs/wire/cmap.md): let it have a ring of its own first.
			l.Partition([]*lab.Host{l.Host(0), l.Host(1)}, []*lab.Host{late})
			p := late.StartCorosync()
			l.Form(late)
			l.SetAllLinks(lab.Fault{})
			select {
			case <-p.Done():
			case <-time.After(30 * time.Second):
				t.Fatal("a node with an old configuration stays")
			}
			if code := p.ExitCode(); code != 0 {
				t.Errorf("it leaves with status %d, want 0", code)
			}
			if want := "Received config version (5) is different than my config version (4)! Exiting"; !strings.Contains(late.CorosyncLog(), want) {
				t.Errorf("its log has no %q", want)
			}
			l.Form(l.Host(0), l.Host(1))

			late.WriteFile("/etc/corosync/corosync.conf", conf(l, 5))
			late.StartCorosync()
			l.Form(l.Hosts()...)
			l.WriteFile("/etc/corosync/corosync.conf", conf(l, 6))
			l.Host(0).MustRun("corosync-cfgtool", "-R")
			for _, h := range l.Hosts() {
				l.Eventually(10*time.Second, h.Name+" knows that all have version 6", func() bool {
					return strings.Count(h.Exec("corosync-cmapctl", "runtime.members.").Stdout, "config_version (u64) = 6\n") == 3
				})
			}
		})
	}
}
