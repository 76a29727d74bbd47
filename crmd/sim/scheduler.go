package sim

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/service"
)

// schedule is a node's pacemaker-schedulerd, which answers a request after a while.
func (n *node) schedule(request *etree.Element, then func(reply *etree.Element)) {
	w := n.w
	if n.scheduler == nil {
		n.scheduler = &service.Calculator{Log: n.log, Dir: "/var/lib/pacemaker/pengine", Last: func(service.Series) uint32 { return 0 }}
	}
	outcome, err := n.scheduler.Calculate(request, w.now)
	if err != nil {
		w.fail("%s: the scheduler: %v", n.name, err)
		return
	}
	w.after(w.between(2*time.Millisecond, 100*time.Millisecond), n, func() { then(parse(outcome.Reply)) })
}
