package crmresource

import (
	"slices"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/attrs"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/simulate"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// pause is between two looks at the cluster.
const pause = 2 * time.Second

// reload reads the CIB again.
func (t *tool) reload() error {
	root, err := t.whole()
	if err != nil {
		rc := attrs.RC(err)
		t.out.Err("Could not obtain the current CIB: %s (%d)", rc, int(rc))
		return err
	}
	d := &cibinput.Document{Root: root}
	if !t.reader.Update(d) {
		t.out.Err("Could not upgrade the current CIB XML")
		return syscall.ENOKEY
	}
	return t.unpack(d, false)
}

// foresee makes the working set what it will be when the cluster has settled.
func (t *tool) foresee() error {
	if err := t.reload(); err != nil {
		return err
	}
	cib := simulate.NewCIB(t.ws.Input, program, t.now().Unix())
	sched.Schedule(t.ws)
	quiet, err := (&pcmktool.Common{OutputAs: new("none")}).Open(t.args, nil, nil)
	if err != nil {
		return err
	}
	// What the simulation cannot do, the cluster may.
	_ = cib.Execute(show.NewPrinter(quiet, false, true), t.ws, graph.New(t.ws, 0), nil)
	return t.unpack(&cibinput.Document{Root: cib.Root}, false)
}

// active are the ids of the resources active on a node, or anywhere; of groups their members
// (get_active_resources).
func active(node string, resources []*status.Resource) (ids []string) {
	for _, r := range resources {
		if r.Variant == status.Group {
			ids = append(ids, active(node, r.Children)...)
		} else if runsOn(r, node) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// without are those of a list that are not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(other, id) })
}

// longest is how long the slowest of the resources may take to stop, and some more, in seconds
// (max_delay_in).
func (t *tool) longest(ids []string) int {
	limit := 0
	for _, id := range ids {
		limit = max(limit, t.stopLimit(t.ws.FindResource(id)))
	}
	const more = 5
	return more + limit/1000
}

// stopLimit is how long a resource may take to stop, in milliseconds.
func (t *tool) stopLimit(r *status.Resource) int {
	if r == nil {
		return 0
	}
	limit := 0
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			limit = max(limit, t.stopLimit(c))
		}
		return limit
	}
	stop := t.ws.Action(r, r.Key(status.ActionNameStop), status.ActionNameStop, nil, true, false)
	if ms, ok := status.LeadingInt(stop.Meta.Value("timeout")); ok && ms >= 0 && ms <= 1<<31-1 {
		return int(ms)
	}
	return -1
}

// showList shows ids after a mark.
func (t *tool) showList(ids []string) {
	for _, id := range ids {
		t.info(" * %s", id)
	}
}

// restarting is a restart under way.
type restarting struct {
	*tool
	r       *status.Resource
	lookup  string // the id in the configuration
	node    string // "" for all
	byBan   bool   // of an instance, the node is banned; otherwise target-role stops the resource
	was     string // target-role before
	hadRole bool
	timeout int // seconds left of what the user gives
	limited bool
}

// restart is --restart (cli_resource_restart).
func (t *tool) restart() error {
	r, top := t.rsc, t.rsc.Top()
	id, node := r.ID, ""
	if r.HistoryID != "" {
		id = r.HistoryID
	}
	if t.host != nil {
		node = t.host.Name
	}
	if r.IsBundled() {
		r = top.Parent
	}
	if top.IsClone() && !runsOn(r, node) {
		lookup := r.ID
		if !top.IsUniqueClone() {
			lookup = status.BaseName(r.ID)
		}
		r = top.Find(lookup, t.host, status.FindAny|status.FindCurrent)
	}
	if !runsOn(r, node) {
		where := "anywhere"
		if node != "" {
			where = "on " + node
		}
		t.out.Err("%s is not running %s and so cannot be restarted", id, where)
		return syscall.ENXIO
	}
	s := restarting{tool: t, r: r, node: node, lookup: r.ID, timeout: t.timeout / 1000, limited: t.timeout != 0}
	if !top.IsUniqueClone() {
		s.lookup = status.BaseName(r.ID)
	}
	if node != "" {
		switch {
		case r.IsClone() || r.Variant == status.Bundle:
			s.byBan = true
		case top.IsClone():
			s.byBan, s.lookup = true, top.ID
		}
	}
	return s.run()
}

func (s *restarting) run() error {
	if err := s.reload(); err != nil {
		rc := attrs.RC(err)
		s.out.Err("Could not get new resource list: %s (%d)", rc, int(rc))
		return err
	}
	before := active(s.node, s.ws.Resources)
	if err := s.stop(); err != nil {
		rc := attrs.RC(err)
		s.out.Err("Could not set target-role for %s: %s (%d)", s.r.ID, rc, int(rc))
		return err
	}
	now, err := s.waitForStop(before)
	if err != nil {
		_ = s.start() // what went wrong before is told
		return err
	}
	if err := s.start(); err != nil {
		rc := attrs.RC(err)
		s.out.Err("Could not unset target-role for %s: %s (%d)", s.r.ID, rc, int(rc))
		return err
	}
	if err := s.waitForStart(before, now); err != nil {
		_ = s.start()
		return err
	}
	return nil
}

func (s *restarting) role() change {
	return change{rsc: s.r, asked: s.r.ID, kind: metaAttributes, name: "target-role"}
}

// stop has the cluster stop the resource.
func (s *restarting) stop() error {
	if s.byBan {
		s.quiet = true
		s.p = show.NewPrinter(s.out, s.Fancy, true)
		return s.ban(s.lookup, s.node)
	}
	was, err := s.findPair("value", s.lookup, "", nil, nil, "target-role")
	s.was, s.hadRole = was, err == nil
	return s.update(s.role(), "stopped")
}

// start takes back what stop has done.
func (s *restarting) start() error {
	switch {
	case s.byBan:
		return s.clearOn(s.lookup, s.node, true)
	case s.hadRole:
		s.hadRole = false
		return s.update(s.role(), s.was)
	}
	return s.deletePair(s.role())
}

// waitForStop waits until what has to has stopped, and gives what is active then.
func (s *restarting) waitForStop(before []string) ([]string, error) {
	if err := s.foresee(); err != nil {
		s.out.Err("Could not determine which resources would be stopped")
		return nil, err
	}
	target, now := active(s.node, s.ws.Resources), before
	left := without(now, target)
	s.info("Waiting for %d resources to stop:", len(left))
	s.showList(left)
	for len(left) > 0 {
		count := len(left)
		for range s.steps(left) {
			if len(left) == 0 {
				break
			}
			if err := s.look(); err != nil {
				s.out.Err("Could not determine which resources were stopped")
				return nil, err
			}
			now = active(s.node, s.ws.Resources)
			left = without(now, target)
		}
		if count == len(left) {
			s.out.Err("Could not complete shutdown of %s, %d resources remaining", s.r.ID, len(left))
			s.showList(left)
			return nil, syscall.ETIME
		}
	}
	return now, nil
}

// waitForStart waits until what was active before is again, wherever.
func (s *restarting) waitForStart(target, now []string) error {
	left := without(target, now)
	s.info("Waiting for %d resources to start again:", len(left))
	s.showList(left)
	// The resource as it was found is looked at, which was running.
	for len(left) > 0 {
		count := len(left)
		for range s.steps(left) {
			if len(left) == 0 {
				break
			}
			if err := s.look(); err != nil {
				s.out.Err("Could not determine which resources were started")
				return err
			}
			left = without(target, active("", s.ws.Resources))
		}
		if count == len(left) {
			s.out.Err("Could not complete restart of %s, %d resources remaining", s.r.ID, len(left))
			s.showList(left)
			return syscall.ETIME
		}
	}
	return nil
}

// steps is how often to look before it is given up.
func (s *restarting) steps(left []string) int {
	if s.limited {
		return s.tool.timeout / int(pause.Milliseconds())
	}
	return s.longest(left) / int(pause.Seconds())
}

// look looks at the cluster after a pause.
func (s *restarting) look() error {
	s.sleep(pause)
	return s.reload()
}

// waitTimeout is how long --wait waits.
const waitTimeout = time.Hour

// waitForCluster is --wait (wait_till_stable).
func (t *tool) waitForCluster() error {
	limit := waitTimeout
	if t.timeout != 0 {
		limit = time.Duration((t.timeout+999)/1000) * time.Second
	}
	end := t.now().Add(limit)
	warned := t.isQuiet()
	for {
		if !t.now().Before(end) {
			t.showPending()
			return syscall.ETIME
		}
		t.sleep(pause)
		if err := t.reload(); err != nil {
			return err
		}
		sched.Schedule(t.ws)
		if version := t.ws.Config["dc-version"]; !warned && !equalFold(version, pcmktool.Release) {
			t.info("warning: wait option may not work properly in mixed-version cluster")
			warned = true
		}
		if !slices.ContainsFunc(t.ws.Actions, isPending) {
			return nil
		}
	}
}

// isPending tells whether the cluster has yet to carry out an action.
func isPending(a *status.Action) bool {
	return a.Flags&(status.Optional|status.Pseudo) == 0 && a.Is(status.ActionRunnable) && !equalFold(a.Task, "notify")
}

func (t *tool) showPending() {
	t.info("Pending actions:")
	if t.ws == nil {
		return
	}
	for _, a := range slices.Backward(t.ws.Actions) {
		switch {
		case !isPending(a):
		case a.Node != nil:
			t.info("\tAction %d: %s\ton %s", a.ID, a.Key, a.Node)
		default:
			t.info("\tAction %d: %s", a.ID, a.Key)
		}
	}
}
