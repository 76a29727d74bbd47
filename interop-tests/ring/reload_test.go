//go:build interop

package ring

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TestReload takes a node out of a running ring and puts it back, each by
// corosync-cfgtool -R with a new nodelist on all, under load. The reload is
// asked for once on a node of ours and once on one of the reference's.
func TestReload(t *testing.T) {
	for _, transport := range []string{"udpu"} {
		t.Run(transport, func(t *testing.T) {
			mix := lab.Kinds("GoCGoC")
			l := lab.New(t, len(mix))
			l.DumpLogs("/var/log/corosync/corosync.log", "/var/log/corosync.out", logOnHost)
			all := l.Hosts()
			conf := func(hosts []*lab.Host) { l.WriteFile("/etc/corosync/corosync.conf", transports[transport].Conf(hosts)) }
			conf(all)
			ld := newLoad(t, l, clientDir, transports[transport])
			for i, h := range all {
				h.Use(mix[i])
				h.StartCorosync()
			}
			l.Form(all...)
			for _, h := range all {
				ld.join(h, rate)
			}
			// The last of ours goes by our reload, the reference's by its own.
			for _, gone := range []*lab.Host{all[2], all[3]} {
				rest := others(l, gone)
				ask := all[0]
				if gone.Kind() == lab.C {
					ask = all[1]
				}
				ld.members[gone].Stop(stopTime)
				gone.Corosync().Stop(stopTime)
				l.Form(rest...)
				conf(rest)
				ask.MustRun("corosync-cfgtool", "-R")
				for _, h := range rest {
					l.Eventually(waitTime, h.Name+" expects three votes", func() bool { return expectedVotes(h) == "3" })
				}
				l.Form(rest...)
				conf(all)
				ask.MustRun("corosync-cfgtool", "-R")
				for _, h := range rest {
					l.Eventually(waitTime, h.Name+" expects four votes", func() bool { return expectedVotes(h) == "4" })
				}
				gone.StartCorosync()
				l.Form(all...)
				ld.join(gone, rate)
			}
			ld.quiet(all...)
			ld.check(all...)
		})
	}
}
