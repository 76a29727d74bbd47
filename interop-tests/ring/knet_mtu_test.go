//go:build interop

package ring

import (
	"fmt"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestMTU narrows the network that carries the ring to what every network of IPv4
// can carry, widens it to jumbo frames and puts it back, under load. All nodes
// find the same MTU, the other link's stays, no membership changes and no message
// is lost.
func TestMTU(t *testing.T) {
	for _, tt := range []struct {
		mixture, mode, crypto string
		usual, narrow, wide   string // of user data, as the reference tells
	}{
		{"GoCC", "passive", "", "1446", "522", "8946"},
		{"CGoGo", "rr", "aes256/sha256", "1397", "469", "8885"},
	} {
		t.Run(tt.mixture+"/"+tt.mode, func(t *testing.T) {
			mix := lab.Kinds(tt.mixture)
			l := lab.New(t, len(mix), lab.Networks(2))
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", "/var/log/cpgnode.out", logOnHost)
			// A narrower network is noticed by the first packet that does not fit, a
			// wider one by the next regular search.
			conf := lab.Ring{Transport: "knet", Links: 2, Crypto: tt.crypto, Totem: "  link_mode: " + tt.mode + "\n  knet_pmtud_interval: 2\n"}
			l.WriteFile("/etc/corosync/corosync.conf", conf.Conf(l.Hosts()))
			ld := newLoad(t, l, clientDir, conf)
			all := l.Hosts()
			for i, h := range all {
				h.Use(mix[i])
				h.StartCorosync()
			}
			l.Form(all...)
			found := func(want string) {
				t.Helper()
				for _, h := range all {
					l.Eventually(20*time.Second, fmt.Sprintf("%s (%v) has found MTUs of %s", h.Name, h.Kind(), want), func() bool {
						return connected(h, 2, len(all)-1, -1) && mtus(h) == want
					})
				}
			}
			found(tt.usual)
			for _, h := range all {
				ld.join(h, rate)
			}
			before := map[*lab.Host]int{}
			for _, h := range all {
				before[h] = memberships(h)
			}
			for _, step := range []struct{ device, want string }{
				{"576", tt.narrow + " " + tt.usual},
				{"9000", tt.wide + " " + tt.usual},
				{"1500", tt.usual},
			} {
				for _, h := range all {
					h.MustRun("ip", "link", "set", "eth0", "mtu", step.device)
				}
				found(step.want)
				time.Sleep(time.Second) // of load
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
