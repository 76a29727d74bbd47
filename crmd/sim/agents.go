package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	attrdclient "github.com/ringmaster-ha/ringmaster/attrd/client"
	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/lrmd"
)

// agents is what resources' agents do, and where instances are.
type agents struct {
	w *World
	// active are the nodes on which an instance may be, of each resource: of a clone whose instances
	// are all alike those of all, of another clone each by itself ("u1:0").
	active map[string][]*node
	// promoted are those on which it may be promoted.
	promoted map[string][]*node
	// clones are the limits of the resources that are instances of clones.
	clones map[string]clone
	// failing makes agents fail, be slow and resources break by themselves; in parts of a thousand.
	failing int
}

// clone is how many instances of a resource there may be in the world, on a node, and promoted in the world.
type clone struct{ max, nodeMax, promotedMax int }

// family is the resource that an instance is of, without its number if it has one.
func family(rsc string) string {
	name, _, _ := strings.Cut(rsc, ":")
	return name
}

// names are the resources', in order.
func (a *agents) names() (all []string) {
	for rsc := range a.active {
		all = append(all, rsc)
	}
	slices.Sort(all)
	return all
}

// run is what an agent does from now on: how long it takes, and its result then.
func (a *agents) run(n *node, op *lrmd.Operation) (time.Duration, func() *lrmd.Result) {
	w := a.w
	takes := w.between(5*time.Millisecond, 200*time.Millisecond)
	if w.rand.IntN(1000) < a.failing {
		takes = w.between(time.Second, time.Minute)
	}
	fails := w.rand.IntN(1000) < a.failing
	switch op.Action {
	case "start":
		a.started(n, op.RscID)
	case "promote":
		a.promotes(n, op.RscID)
	}
	return takes, func() *lrmd.Result {
		done := func(code lrmd.Code) *lrmd.Result {
			return &lrmd.Result{Class: op.Class, Status: lrmd.Done, Code: int(code), PID: 1}
		}
		w.trace(n, "agent of %s: %s, fails %v", op.RscID, op.Key(), fails)
		promotable := a.clones[op.RscID].promotedMax > 0
		switch op.Action {
		case "start":
			if fails {
				return done(lrmd.UnknownError) // there may be half an instance
			}
			if promotable {
				a.score(n, op.RscID)
			}
		case "stop":
			if fails {
				return done(lrmd.UnknownError)
			}
			a.stopped(n, op.RscID)
			if promotable {
				n.attributes.update(attrdclient.Delete("crm_attribute", attrdwire.Attribute{Name: scoreOf(op.RscID), Host: &n.name}))
			}
		case "promote":
			switch {
			case !slices.Contains(a.promoted[op.RscID], n):
				return done(lrmd.NotRunning)
			case fails:
				return done(lrmd.UnknownError) // and may be promoted
			}
		case "demote":
			switch {
			case !slices.Contains(a.active[op.RscID], n):
				return done(lrmd.NotRunning)
			case fails:
				return done(lrmd.UnknownError)
			}
			a.demoted(n, op.RscID)
		case "monitor":
			switch {
			case !slices.Contains(a.active[op.RscID], n):
				return done(lrmd.NotRunning)
			case fails:
				return done(lrmd.UnknownError)
			}
			if promotable && a.failing > 0 && w.rand.IntN(20) == 0 {
				a.score(n, op.RscID)
			}
			if slices.Contains(a.promoted[op.RscID], n) {
				return done(lrmd.RunningPromoted)
			}
		}
		return done(lrmd.OK)
	}
}

func scoreOf(rsc string) *string {
	name := "master-" + rsc
	return &name
}

// score has an agent say how well it would be promoted, as crm_attribute --promotion does.
func (a *agents) score(n *node, rsc string) {
	value := strconv.Itoa(1 + a.w.rand.IntN(100))
	a.w.trace(n, "%s says it would be promoted with %s", rsc, value)
	n.attributes.update(attrdclient.Update("crm_attribute", attrdwire.Update,
		attrdwire.Attribute{Name: scoreOf(rsc), Value: &value, Host: &n.name}))
}

// killed is an agent whose time was over: what it was to do may be done or not.
func (a *agents) killed(n *node, op *lrmd.Operation) {
	if op.Action != "stop" && op.Action != "demote" || a.w.rand.IntN(2) != 0 {
		return
	}
	if op.Action == "stop" {
		a.stopped(n, op.RscID)
	} else {
		a.demoted(n, op.RscID)
	}
}

// started is that there may be an instance from now on.
func (a *agents) started(n *node, rsc string) {
	if slices.Contains(a.active[rsc], n) {
		return
	}
	a.active[rsc] = append(a.active[rsc], n)
	c, cloned := a.clones[family(rsc)]
	if (!cloned || rsc != family(rsc)) && len(a.active[rsc]) > 1 {
		a.w.fail("%s is started on %s and may be active on %s", rsc, n.name, a.active[rsc][0].name)
	}
	if !cloned {
		return
	}
	all, here := a.instances(family(rsc), n)
	if all > c.max {
		a.w.fail("%s is started on %s and then has %d instances, %d are allowed", rsc, n.name, all, c.max)
	}
	if here > c.nodeMax {
		a.w.fail("%s is started on %s, which then has %d instances, %d are allowed", rsc, n.name, here, c.nodeMax)
	}
}

// instances are how many there may be of a clone's resource, in the world and on a node.
func (a *agents) instances(of string, n *node) (all, here int) {
	for rsc, at := range a.active {
		if family(rsc) != of {
			continue
		}
		all += len(at)
		if slices.Contains(at, n) {
			here++
		}
	}
	return all, here
}

// promotes is that an instance may be promoted from now on.
func (a *agents) promotes(n *node, rsc string) {
	if !slices.Contains(a.active[rsc], n) || slices.Contains(a.promoted[rsc], n) {
		return // it has broken, or is promoted already
	}
	a.promoted[rsc] = append(a.promoted[rsc], n)
	if most := a.clones[rsc].promotedMax; len(a.promoted[rsc]) > most {
		a.w.fail("%s is promoted on %s and may be promoted on %s too, %d are allowed", rsc, n.name, a.promoted[rsc][0].name, most)
	}
}

func (a *agents) demoted(n *node, rsc string) {
	a.promoted[rsc] = slices.DeleteFunc(a.promoted[rsc], func(o *node) bool { return o == n })
}

// stopped is that there is no instance any more, or no node.
func (a *agents) stopped(n *node, rsc string) {
	if rsc == extra {
		n.forgets = false
	}
	a.active[rsc] = slices.DeleteFunc(a.active[rsc], func(o *node) bool { return o == n })
	a.demoted(n, rsc)
}

// off is a node that has lost power.
func (a *agents) off(n *node) {
	for rsc := range a.active {
		a.stopped(n, rsc)
	}
}
