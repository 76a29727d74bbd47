package daemon

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// formationEvery is how often the ring's health is looked at
// (corosync_totem_stats_updater).
const formationEvery = 1500 * time.Millisecond

// The reference's MAX_NO_CONT_GATHER and MAX_NO_CONT_SENDMSG_FAILURES.
const (
	maxContinuousGather  = 3
	maxContinuousFailure = 30
)

// watchFormation warns, as long as it is so, that the ring cannot form.
func (d *Daemon) watchFormation() {
	after(&d.mu, formationEvery, func() {
		d.checkFormation()
		d.watchFormation()
	})
}

func (d *Daemon) checkFormation() {
	s := d.ringStats()
	reason := ""
	if s.Failures > maxContinuousFailure {
		reason = "number of multicast sendmsg failures is above threshold"
	}
	if s.SRP.ContinuousGather > maxContinuousGather {
		reason = "totem is continuously in gather state"
	}
	if reason != "" {
		d.main.Logf(loglevel.Warning, "Totem is unable to form a cluster because of an "+
			"operating system or network fault (reason: %s). The most common "+
			"cause of this message is that the local firewall is configured improperly.", reason)
	}
	d.stats.Trigger()
}
