package daemon

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/service"
	"github.com/ringmaster-ha/ringmaster/totem/pg"
)

// flowControl decides how eagerly each service's requests are taken, as
// cs_ipcs_check_for_flow_control of the reference. All of it is under the
// service lock.
type flowControl struct {
	d       *Daemon
	recheck *timer
	inSync  bool
	quorate bool
}

// recheckAfter is how soon a full send queue is looked at again.
const recheckAfter = time.Millisecond

// apply sets the rate of every service by the send queue's level, quorum and
// the state of the synchronisation.
func (f *flowControl) apply() {
	level := f.d.admission.Level()
	stopped := false
	for _, s := range f.d.ipc {
		rate := f.rate(s, level)
		stopped = stopped || rate >= server.Off
		if s.srv.Rate() != rate {
			s.srv.SetRate(rate)
		}
	}
	if stopped && level == pg.Critical && f.recheck == nil {
		f.recheck = after(&f.d.mu, recheckAfter, f.look)
	}
}

// look is the check of a queue that was full.
func (f *flowControl) look() {
	f.recheck = nil
	f.d.admission.CheckLevel()
	f.apply()
}

func (f *flowControl) rate(s *ipcService, level pg.Level) server.Rate {
	if !f.quorate && !s.info.AllowInquorate {
		return server.Off
	}
	// votequorum is served during a synchronisation too.
	if level == pg.Critical || f.inSync && s.info.ID != service.Votequorum {
		return server.Off2
	}
	switch level {
	case pg.Low:
		return server.Fast
	case pg.High:
		return server.Slow
	}
	return server.Normal
}
