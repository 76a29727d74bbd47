package te

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Tasks of messages to controllers, and of actions that are more than such a message.
const (
	taskInvoke      = "lrm_invoke"
	taskMaintenance = "maintenance_nodes"
	taskShutdown    = "do_shutdown"
	taskFence       = "stonith"
	taskDelete      = "lrm_delete"
	taskThrottle    = "throttle"
)

// Errors of actions that cannot be started.
var (
	errBadAction = errors.New("the graph does not say what is to be done where")
	errSend      = errors.New("communication error on send")
)

// executor is a Transitioner as its graph calls it.
type executor struct{ *Transitioner }

// Allowed says whether nodes have room for an action.
func (t executor) Allowed(a *transition.Action) bool {
	return t.jobs.Allowed(t.graph, a, t.jobLimit)
}

// Start begins an action.
func (t executor) Start(a *transition.Action) error {
	switch {
	case a.Kind == transition.Pseudo:
		t.pseudo(a)
		return nil
	case a.Kind == transition.Resource:
		return t.resource(a)
	case strings.EqualFold(a.Task(), taskFence):
		return t.fence(a)
	}
	return t.cluster(a)
}

// key is what results of an action are known by.
func (t *Transitioner) key(a *transition.Action, target int) string {
	return transition.TransitionKey(t.graph.ID, a.ID, target, t.uuid)
}

// request is a message of this transitioner. Contents are not kept.
func (t *Transitioner) request(function, task, host, system string, contents *etree.Element) *etree.Element {
	return t.Requests.Request(&crmmsg.Request{
		Function: function, Task: task, HostTo: host, SystemTo: system, From: crmmsg.Transition, Contents: contents,
	}, t.now)
}

// confirm says that an action has ended as it should (te_action_confirmed).
func (t *Transitioner) confirm(a *transition.Action) {
	t.uncount(a)
	t.graph.Confirm(a)
	t.trigger()
}

// count takes an action among the jobs of its nodes, uncount out of them if it is there.
func (t *Transitioner) count(a *transition.Action) {
	t.counted[a] = true
	t.jobs.Add(a, 1)
}

func (t *Transitioner) uncount(a *transition.Action) {
	if t.counted[a] {
		delete(t.counted, a)
		t.jobs.Add(a, -1)
	}
}

// pseudo is a point in time (execute_pseudo_action).
func (t *Transitioner) pseudo(a *transition.Action) {
	const function = "execute_pseudo_action"
	if strings.EqualFold(a.Task(), taskMaintenance) {
		for _, p := range t.Controller.Peers().Nodes() {
			if strings.EqualFold(p.Name, t.Controller.Self()) {
				continue
			}
			t.Host.Send(p.Name, cpgmsg.CRMD, t.request(function, a.Task(), p.Name, crmmsg.Controller, a.Element))
		}
	}
	t.logf(loglevel.Debug, function, "Pseudo-action %d (%s) fired and confirmed", a.ID, a.Key())
	t.confirm(a)
}

// noWait tells whether an action is done when it is started.
func noWait(a *transition.Action) bool { return status.IsTrue(a.Meta("op_no_wait")) }

// wait has an action end when its result comes, or too late.
func (t *Transitioner) wait(a *transition.Action, what string) {
	if a.Timeout <= 0 {
		t.logf(loglevel.Error, what, "Action %d: %s on %s had an invalid timeout (%dms).  Using %dms instead",
			a.ID, orElse(a.Key(), a.Task()), a.Node(), a.Timeout.Milliseconds(), t.graph.NetworkDelay.Milliseconds())
		a.Timeout = t.graph.NetworkDelay
	}
	t.startTimer(a)
}

// how says in a log how something is asked for.
func how(local, noWait bool) (where, wait string) {
	if local {
		where = " locally"
	}
	if noWait {
		wait = " without waiting"
	}
	return where, wait
}

// cluster is done by the controller of a node (execute_cluster_action).
func (t *Transitioner) cluster(a *transition.Action) error {
	const function = "execute_cluster_action"
	task, node := a.Task(), a.Node()
	if a.Attr("id") == "" || task == "" || node == "" {
		return errBadAction
	}
	router := a.Router()
	self := t.Controller.Self()
	if a.Attr("router_node") == "" && task == taskDelete && a.Attr("mode") == "cib" {
		router = self
	}
	local, now := strings.EqualFold(router, self), noWait(a)
	where, wait := how(local, now)
	t.logf(loglevel.Info, function, "Handling controller request '%s' (%s on %s)%s%s", a.Attr("id"), task, node, where, wait)
	peer := t.Controller.Peers().Get(0, router)
	if task == taskShutdown {
		if local { // when everything else is done
			t.logf(loglevel.Info, function, "Controller request '%s' is a local shutdown", a.Attr("id"))
			t.graph.Next, t.graph.AbortReason = transition.Shutdown, "local shutdown"
			t.confirm(a)
			return nil
		}
		t.Controller.ExpectDown(peer)
	}
	m := t.request(function, task, router, crmmsg.Controller, a.Element)
	m.CreateAttr("transition-key", t.key(a, a.TargetRC()))
	if !t.Host.Send(router, cpgmsg.CRMD, m) {
		t.logf(loglevel.Error, function, "Action %d failed: send", a.ID)
		return errSend
	}
	if now {
		t.confirm(a)
	} else {
		t.wait(a, function)
	}
	return nil
}

// resource is done by the executor of a node (execute_rsc_action).
func (t *Transitioner) resource(a *transition.Action) error {
	const function = "execute_rsc_action"
	node := a.Node()
	if node == "" {
		t.logf(loglevel.Error, function, "Corrupted command(id=%s) %s: no node", a.Attr("id"), orElse(a.Task(), "without task"))
		return errBadAction
	}
	router := a.Router()
	a.Element.CreateAttr("transition-key", t.key(a, a.TargetRC()))
	local, now := strings.EqualFold(router, t.Controller.Self()), noWait(a)
	where, wait := how(local, now)
	t.logf(loglevel.Notice, function, "Initiating %s operation %s%s on %s%s | action %d", a.Task(), a.Key(), where, node, wait, a.ID)
	m := t.request(function, taskInvoke, router, crmmsg.Executor, a.Element)
	if local {
		t.Controller.InvokeLocal(t.now, m)
	} else if !t.Host.Send(router, cpgmsg.LRMD, m) {
		t.logf(loglevel.Error, function, "Action %d failed: send", a.ID)
		return errSend
	}
	switch {
	case now:
		t.logf(loglevel.Info, function, "Action %d confirmed - no wait", a.ID)
		t.confirm(a)
	case a.Confirmed:
		t.logf(loglevel.Debug, function, "Action %d: %s %s on %s(timeout %dms) was already confirmed.", a.ID, a.Task(), a.Key(), node, a.Timeout.Milliseconds())
	default:
		t.count(a)
		t.wait(a, function)
	}
	return nil
}

// recordTimeout writes an action whose result has not come into the history, for the scheduler to see
// that it has failed (controld_record_action_timeout).
func (t *Transitioner) recordTimeout(a *transition.Action) {
	const function = "controld_record_action_event"
	node := a.Node()
	t.logf(loglevel.Warning, "controld_record_action_timeout", "%s %d: %s on %s timed out", a.Element.Tag, a.ID, a.Key(), node)
	about := a.Element.SelectElement("primitive")
	if about == nil || about.SelectAttr("id") == nil {
		return
	}
	reason := "Local executor did not return result in time"
	if !strings.EqualFold(node, t.Controller.Self()) {
		reason = fmt.Sprintf("Controller on %s did not return result in time", a.Router())
	}
	id := about.SelectAttrValue("id", "")
	r := &history.Result{
		RscID: id, Task: a.Task(), TransitionKey: t.key(a, a.TargetRC()), IntervalMS: a.IntervalMS,
		CallID: -1, RC: status.OCFError, Status: status.ExecTimeout, Reason: reason,
		Run: t.now.Unix(), Changed: t.now.Unix(), Params: a.Params,
	}
	state := etree.NewElement("node_state")
	state.CreateAttr("id", a.NodeID())
	state.CreateAttr("uname", node)
	lrm := state.CreateElement("lrm")
	lrm.CreateAttr("id", a.NodeID())
	rsc := lrm.CreateElement("lrm_resources").CreateElement("lrm_resource")
	rsc.CreateAttr("id", id)
	for _, name := range []string{"type", "class", "provider"} {
		if v := about.SelectAttr(name); v != nil {
			rsc.CreateAttr(name, v.Value)
		}
	}
	history.Write(rsc, r, featureset.Current, a.TargetRC(), node, function)
	var n int
	n = t.Host.CIB(call.Request{Op: ops.Modify, Section: "status", Data: state, Options: call.QuorumOverride | call.ScopeLocal}, func(now time.Time, _ *etree.Element, err error) {
		if err != nil {
			t.logf(loglevel.Error, "cib_action_updated", "Update %d FAILED: %s", n, describe(err))
		}
	})
}
