//go:build interop

package ring

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// connected is whether the host's corosync says of all links of all other nodes
// that they are up, but for those on network down (-1: none).
func connected(h *lab.Host, links, others, down int) bool {
	link, ok := -1, 0
	for line := range strings.Lines(h.Exec("corosync-cfgtool", "-s").Stdout) {
		f := strings.Fields(line)
		switch {
		case len(f) > 2 && f[0] == "LINK":
			fmt.Sscan(f[2], &link)
		case len(f) == 3 && f[0] == "nodeid:" && f[2] == "connected" && link != down:
			ok++
		case len(f) == 3 && f[0] == "nodeid:" && f[2] == "disconnected" && link == down:
			ok++
		}
	}
	return ok == links*others
}

func memberships(h *lab.Host) int { return strings.Count(h.ReadFile(logOnHost), `"ev":"config"`) }

// settle is how long the ping timeout of a link that has come up is longer than
// configured: in the reference ten times as long at first, and less each second.
// A link that is cut meanwhile is given up later than the token.
const settle = 11 * time.Second

// loaded is how long the load goes on over links that have all come up again. The
// next to be cut has been up from the start.
const loaded = 2 * time.Second

// TestLinks cuts one of several links under load and heals it: nobody notices
// above knet.
func TestLinks(t *testing.T) {
	for _, tt := range []struct {
		mixture, mode, crypto string
		links                 int
	}{
		{"GoCC", "passive", "", 2},
		{"GoCC", "active", "aes256/sha256", 3},
		{"CCC", "passive", "", 2}, // the baseline
		{"CGoGo", "passive", "aes256/sha256", 3},
		{"GoCC", "rr", "", 3},
	} {
		t.Run(fmt.Sprintf("%s/%s/%d", tt.mixture, tt.mode, tt.links), func(t *testing.T) {
			t.Parallel() // two at a time: most of it is waiting
			mix := lab.Kinds(tt.mixture)
			l := lab.New(t, len(mix), lab.Networks(tt.links))
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", "/var/log/cpgnode.out", logOnHost)
			conf := lab.Ring{Transport: "knet", Links: tt.links, Crypto: tt.crypto, Totem: "  link_mode: " + tt.mode + "\n"}
			l.WriteFile("/etc/corosync/corosync.conf", conf.Conf(l.Hosts()))
			ld := newLoad(t, l, clientDir, conf)
			all := l.Hosts()
			for i, h := range all {
				h.Use(mix[i])
				h.StartCorosync()
			}
			l.Form(all...)
			up := func(down int) {
				t.Helper()
				for _, h := range all {
					l.Eventually(20*time.Second, fmt.Sprintf("%s (%v) has its links up but for %d", h.Name, h.Kind(), down), func() bool {
						return connected(h, tt.links, len(all)-1, down)
					})
				}
			}
			up(-1)
			time.Sleep(settle)
			for _, h := range all {
				ld.join(h, rate)
			}
			var before []int
			for _, h := range all {
				before = append(before, memberships(h))
			}
			for n := range tt.links {
				t.Logf("network %d is cut and healed", n)
				for i, a := range all {
					for _, b := range all[i+1:] {
						l.SetLinkOn(n, a, b, lab.Fault{Cut: true})
					}
				}
				up(n)
				for i, a := range all {
					for _, b := range all[i+1:] {
						l.SetLinkOn(n, a, b, lab.Fault{})
					}
				}
				up(-1)
				time.Sleep(loaded)
			}
			for i, h := range all {
				if n := memberships(h); n != before[i] {
					t.Errorf("%s (%v): %d changes of membership", h.Name, h.Kind(), n-before[i])
				}
			}
			ld.quiet(all...)
			ld.check(all...)
		})
	}
}
