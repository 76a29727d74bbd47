package lrm

import (
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// fail has a resource recorded as failed: a result is made up that is treated as if the executor
// had told it (fail_lrm_resource).
func (l *Local) fail(now time.Time, r *request) {
	const function = "fail_lrm_resource"
	xml := child(r.xml, "primitive")
	id := attr(xml, "id")
	if id == "" {
		return
	}
	e := l.construct(r.xml, id, asyncMonitor)
	e.TransitionKey, e.IntervalMS = "", 0
	if !privileged(r.user) {
		l.logf(loglevel.Error, function, "%s does not have permission to fail %s", r.user, id)
		l.fake(now, e, status.ExecError, status.OCFInsufficientPriv, "Unprivileged user cannot fail resources")
		l.acknowledge(now, r.fromHost, r.fromSys, nil, e)
		return
	}
	if rsc, no := l.resource(xml, true); no == 0 {
		l.logf(loglevel.Info, function, "Failing resource %s...", rsc.id)
		l.fake(now, e, status.ExecDone, status.OCFError, "Simulated failure")
		l.process(now, e, nil, r.xml, l.Controller.Self())
		e.RC = status.OCFOK // the request was done
	} else {
		l.logf(loglevel.Info, function, "Cannot find/create resource in order to fail it...")
		l.logf(loglevel.Warning, function, "bad input: %s", id)
		l.fake(now, e, status.ExecError, status.OCFError, "Cannot fail unknown resource")
	}
	l.acknowledge(now, r.fromHost, r.fromSys, nil, e)
}
