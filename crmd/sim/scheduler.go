package sim

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/service"
)

// scheduler is a node's pacemaker-schedulerd, which answers a request after a while.
type scheduler struct {
	n    *node
	core service.Calculator
	gone bool // the process has ended
}

func (n *node) startScheduler() {
	n.scheduler = &scheduler{n: n, core: service.Calculator{
		Log: n.log, Dir: "/var/lib/pacemaker/pengine", Last: func(service.Series) uint32 { return 0 },
	}}
}

func (s *scheduler) schedule(request *etree.Element, then func(reply *etree.Element)) {
	w := s.n.w
	outcome, err := s.core.Calculate(request, w.now)
	if err != nil {
		w.fail("%s: the scheduler: %v", s.n.name, err)
		return
	}
	w.after(w.between(2*time.Millisecond, 100*time.Millisecond), s.n, func() {
		if !s.gone {
			then(parse(outcome.Reply))
		}
	})
}
