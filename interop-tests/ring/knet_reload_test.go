//go:build interop

package ring

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// mtus are the MTUs that a node's corosync-cfgtool tells of its links, each once.
func mtus(h *lab.Host) string {
	seen := map[string]bool{}
	var out []string
	for line := range strings.Lines(h.Exec("corosync-cfgtool", "-n").Stdout) {
		if _, mtu, ok := strings.Cut(line, "mtu: "); ok && !seen[mtu] {
			seen[mtu] = true
			out = append(out, strings.TrimSpace(mtu))
		}
	}
	return strings.Join(out, " ")
}

// rekeys counts the changes of keys that a node has brought to their end. The next
// must wait for that: the messages with which the nodes go from step to step do not
// say which change they are of, and the reference takes them for the last one.
func rekeys(h *lab.Host) int {
	return strings.Count(h.ReadFile("/var/log/corosync/corosync.log"), "Crypto reconfiguration phase 2")
}

// TestKnetReload changes a running ring of knet by corosync-cfgtool -R, under
// load, asked for on each kind of node in turn: a link comes, cipher, hash and
// key change, encryption is turned off and on, the link goes. No membership
// changes and no message is lost.
func TestKnetReload(t *testing.T) {
	for _, mixture := range []string{"CCC", "GoCC", "CGoGo"} {
		t.Run(mixture, func(t *testing.T) {
			mix := lab.Kinds(mixture)
			l := lab.New(t, len(mix), lab.Networks(2))
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", "/var/log/cpgnode.out", logOnHost)
			// The reference forgets the search for the MTU that a reload asks for if
			// another change cuts it short (pmtud_forcerun is taken back at its start),
			// and makes up for that with the next regular one: by default half a minute.
			conf := lab.Ring{Transport: "knet", Crypto: "aes128/sha1", Totem: "  knet_pmtud_interval: 2\n"}
			write := func() { l.WriteFile("/etc/corosync/corosync.conf", conf.Conf(l.Hosts())) }
			write()
			ld := newLoad(t, l, clientDir, conf)
			all := l.Hosts()
			for i, h := range all {
				h.Use(mix[i])
				h.StartCorosync()
			}
			l.Form(all...)
			for _, h := range all {
				ld.join(h, rate)
			}
			before := map[*lab.Host]int{}
			for _, h := range all {
				before[h] = memberships(h)
			}
			for i, step := range []struct {
				name   string
				change func()
				mtu    string
				rekeys int // with this one
			}{
				{"a second link", func() { conf.Links = 2 }, "1397", 0},
				{"another cipher and hash", func() { conf.Crypto = "aes256/sha512" }, "1365", 1},
				{"another key", func() { conf.Key = "still not one, " }, "1365", 2},
				{"no encryption", func() { conf.Crypto = "" }, "1446", 3},
				{"encryption again", func() { conf.Crypto = "aes256/sha256" }, "1397", 4},
				{"one link", func() { conf.Links = 1 }, "1397", 4},
			} {
				ask := all[i%len(all)]
				began := time.Now()
				step.change()
				write()
				ask.MustRun("corosync-cfgtool", "-R")
				for _, h := range all {
					l.Eventually(40*time.Second, fmt.Sprintf("%s (%v) has %d links up with an MTU of %s", h.Name, h.Kind(), max(conf.Links, 1), step.mtu), func() bool {
						return rekeys(h) == step.rekeys && connected(h, max(conf.Links, 1), len(all)-1, -1) && mtus(h) == step.mtu
					})
				}
				t.Logf("%s, asked for on %s (%v): %v", step.name, ask.Name, ask.Kind(), time.Since(began).Round(time.Millisecond))
			}
			for _, h := range all {
				if n := memberships(h) - before[h]; n != 0 {
					t.Errorf("%s (%v): %d changes of membership", h.Name, h.Kind(), n)
				}
			}
			ld.quiet(all...)
			ld.check(all...)
		})
	}
}
