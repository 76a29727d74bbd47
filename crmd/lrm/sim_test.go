package lrm

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// job is something that happens at a time.
type job struct {
	at time.Time
	do func()
}

// world is a node: a Local, the real executor's core with agents that are drawn, a CIB that takes
// everything, and a DC that draws what it wants.
type world struct {
	*fakeController
	t    *testing.T
	rand *rand.Rand
	l    *Local
	ex   *lrmd.Executor
	jobs []job

	calls, keys int
	rscs        []*simResource
	running     map[lrmd.Token]bool
	results     map[string]int    // final ones, by transition key
	asked       map[string]string // operations that do not recur: what, by transition key
	recurs      map[string]bool   // resources whose monitor was asked for after all else
}

// simResource is a resource as the DC sees it.
type simResource struct {
	id      string
	busy    string // the transition key that is waited for
	step    int
	value   int    // of its parameter
	started string // the value that it was started with last
}

func (w *world) in(least, most time.Duration, do func()) {
	at := w.now.Add(least + time.Duration(w.rand.Int64N(int64(most-least)+1)))
	w.jobs = append(w.jobs, job{at, do})
}

func (w *world) CIB(q call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	w.calls++
	if q.Op == ops.Modify && q.Section == "status" {
		w.count(q.Data)
	}
	if then != nil {
		var err error
		if q.Op == ops.Query {
			err = ops.ErrNoSuch
		}
		w.in(0, 50*time.Millisecond, func() { then(w.now, nil, err) })
	}
	return w.calls
}

func (w *world) Route(_ time.Time, e *etree.Element) {
	if attr(e, crmmsg.SystemTo) == crmmsg.Transition {
		w.count(crmmsg.ContentsOf(e))
	}
}

// count counts the results that an update has.
func (w *world) count(e *etree.Element) {
	seen := map[string]bool{}
	for _, op := range e.FindElements(".//lrm_rsc_op") {
		key := attr(op, "transition-key")
		if attr(op, "op-status") == "-1" || seen[key] {
			continue
		}
		seen[key] = true
		w.results[key]++
		if w.asked[key] != "" && w.results[key] > 1 {
			w.t.Fatalf("%s has %d results", w.asked[key], w.results[key])
		}
		for _, r := range w.rscs {
			if r.busy == key {
				r.busy = ""
			}
		}
	}
}

func (w *world) Metadata(_, _, _ string, then func(now time.Time, xml string, err error)) {
	w.in(0, 100*time.Millisecond, func() {
		if w.rand.IntN(20) == 0 {
			then(w.now, "", errors.New("no agent"))
			return
		}
		then(w.now, agents["Modern"], nil)
	})
}

func (w *world) Exec(q *wire.Request) (int, *etree.Element, error) {
	w.calls++
	n := w.calls
	var effects []lrmd.Effect
	var err error
	switch q.Op {
	case wire.OpRscInfo:
		class, provider, kind, ok := w.ex.Info(q.RscID)
		if !ok {
			return -19, nil, nil
		}
		return 0, wire.Reply{}.Info(q.RscID, class, provider, kind), nil
	case wire.OpRscRegister:
		effects = w.ex.Register(w.now, q)
		n = 0
	case wire.OpRscUnreg:
		effects, err = w.ex.Unregister(w.now, q.RscID)
		n = 0
	case wire.OpRscCancel:
		effects, err = w.ex.Cancel(w.now, q.RscID, q.Action, q.Interval)
		n = 0
	case wire.OpRscExec:
		w.check(q)
		effects, err = w.ex.Exec(w.now, "us", n, q)
	}
	w.carryOut(effects)
	switch {
	case errors.Is(err, lrmd.ErrInProgress):
		return -115, nil, nil
	case errors.Is(err, lrmd.ErrNoResource):
		return -19, nil, nil
	case errors.Is(err, lrmd.ErrNoOperation):
		return -95, nil, nil
	}
	return n, nil, nil
}

// check looks at what the executor is asked for.
func (w *world) check(q *wire.Request) {
	if q.Interval == 0 && q.Action != "monitor" {
		delete(w.recurs, q.RscID)
	}
	if q.Interval > 0 {
		w.recurs[q.RscID] = true
	}
	i := slices.IndexFunc(w.rscs, func(r *simResource) bool { return r.id == q.RscID })
	for _, p := range q.Params {
		if p.Name != "path" {
			continue
		}
		if q.Action == "stop" && w.rscs[i].started != "" && p.Value != w.rscs[i].started {
			w.t.Fatalf("%s is stopped with %s, and was started with %s", q.RscID, p.Value, w.rscs[i].started)
		}
	}
	if q.Action == "stop" || q.Interval == 0 && q.Action == "monitor" {
		w.rscs[i].started = "" // a probe that finds it running counts as much
	}
}

func (w *world) carryOut(effects []lrmd.Effect) {
	for _, x := range effects {
		switch x := x.(type) {
		case lrmd.Launch:
			if x.Op.Interval > 0 && !w.recurs[x.Op.RscID] {
				w.t.Fatalf("%s of %s recurs after that has changed", x.Op.Key(), x.Op.RscID)
			}
			w.running[x.Token] = true
			w.in(time.Millisecond, 3*time.Second, func() { w.complete(x) })
		case lrmd.Notify:
			c := x.Completion
			w.in(0, 0, func() {
				if err := w.l.Event(w.now, c.Element()); err != nil {
					w.t.Fatal(err)
				}
				w.learnStart(&c)
			})
		}
	}
}

// learnStart notes what a resource runs with.
func (w *world) learnStart(c *wire.Completion) {
	if c.Action != "start" || c.Code != 0 || c.Status != 0 || c.Deleted {
		return
	}
	for _, r := range w.rscs {
		for _, p := range c.Params {
			if r.id == c.RscID && p.Name == "path" {
				r.started = p.Value
			}
		}
	}
}

func (w *world) complete(x lrmd.Launch) {
	if !w.running[x.Token] {
		return
	}
	delete(w.running, x.Token)
	res := &lrmd.Result{Class: "ocf", PID: 1}
	switch n := w.rand.IntN(20); {
	case n == 0:
		res.Code, res.Reason = 1, "drawn"
	case n == 1:
		res.Code, res.Status = 1, lrmd.TimedOut
	}
	w.carryOut(w.ex.Complete(w.now, x.Token, res))
}

// message is one of the DC's, or of a tool's if from is not empty.
func (w *world) message(r *simResource, task, operation, from string, interval int, more map[string]string) string {
	w.keys++
	key := fmt.Sprintf("%d:1:0:4417b5cb-5623-4273-acc9-34e3f1d9936c", w.keys)
	op := etree.NewElement("rsc_op")
	op.CreateAttr("operation", operation)
	op.CreateAttr("operation_key", r.id+"_"+operation+"_"+strconv.Itoa(interval))
	op.CreateAttr("on_node", "node2")
	op.CreateAttr("transition-key", key)
	p := op.CreateElement("primitive")
	for _, a := range [][2]string{{"id", r.id}, {"class", "ocf"}, {"provider", "test"}, {"type", "Modern"}} {
		p.CreateAttr(a[0], a[1])
	}
	holder := op.CreateElement("attributes")
	for name, value := range more {
		holder.CreateAttr(name, value)
	}
	holder.CreateAttr("crm_feature_set", "3.16.1")
	holder.CreateAttr("path", fmt.Sprint(r.value))
	if interval > 0 {
		holder.CreateAttr("CRM_meta_interval", strconv.Itoa(interval))
	}
	m := etree.NewElement("create_request_adv")
	m.CreateAttr(crmmsg.Task, task)
	m.CreateAttr(crmmsg.SystemFrom, crmmsg.Transition)
	if from != "" {
		m.CreateAttr(crmmsg.SystemFrom, from)
	}
	m.CreateElement(crmmsg.Contents).AddChild(op)
	if interval == 0 && operation != "cancel" && task == TaskInvoke {
		w.asked[key] = operation + " of " + r.id + " (" + key + ")"
		r.busy = key
	}
	w.l.Invoke(w.now, m)
	return key
}

// want is what the DC does next.
func (w *world) want() {
	r := w.rscs[w.rand.IntN(len(w.rscs))]
	switch n := w.rand.IntN(60); {
	case n == 0:
		w.message(r, TaskDelete, "", "tool", 0, nil)
		r.started = ""
	case n == 1:
		w.message(r, TaskFail, "", "tool", 0, nil)
	case n == 2:
		m := etree.NewElement("create_request_adv")
		m.CreateAttr(crmmsg.Task, TaskReprobe)
		m.CreateAttr(crmmsg.SystemFrom, "tool")
		w.l.Invoke(w.now, m)
		for _, r := range w.rscs {
			r.started = ""
		}
	case n < 10:
		w.message(r, TaskInvoke, "cancel", "", 0, map[string]string{"CRM_meta_operation": "monitor", "CRM_meta_interval": "500"})
	case r.busy != "":
	case n < 20:
		r.value++
	default:
		cycle := []string{"monitor", "start", "recur", "promote", "recur", "demote", "recur", "stop"}
		step := cycle[r.step%len(cycle)]
		r.step++
		if step == "recur" {
			w.message(r, TaskInvoke, "monitor", "", 500, map[string]string{"CRM_meta_timeout": "1000"})
			return
		}
		w.message(r, TaskInvoke, step, "", 0, nil)
	}
}

// run lets time pass until a moment.
func (w *world) run(until time.Time) {
	for {
		next := until
		for _, j := range w.jobs {
			if j.at.Before(next) {
				next = j.at
			}
		}
		at, ok := w.ex.NextDeadline()
		if ok && at.Before(next) {
			next = at
		}
		if !next.Before(until) {
			w.now = until
			return
		}
		w.now = next
		if ok && !at.After(w.now) {
			w.carryOut(w.ex.Tick(w.now))
			continue
		}
		i := slices.IndexFunc(w.jobs, func(j job) bool { return !j.at.After(next) })
		do := w.jobs[i].do
		w.jobs = slices.Delete(w.jobs, i, i+1)
		do()
	}
}

// A DC asks for things in any order that is one of a DC's, tools do too, agents fail and are slow: no operation has two
// results or none, none recurs after its resource has changed, and a resource is stopped as it was
// started.
func TestSimulation(t *testing.T) {
	for seed := range uint64(60) {
		simulate(t, seed)
	}
}

func simulate(t *testing.T, seed uint64) {
	t.Logf("seed %d", seed)
	w := &world{
		fakeController: newFake(), t: t, rand: rand.New(rand.NewPCG(seed, 1)), ex: lrmd.New(loglevel.Discard),
		running: map[lrmd.Token]bool{}, results: map[string]int{}, asked: map[string]string{}, recurs: map[string]bool{},
	}
	w.l = New(Config{Controller: w, Host: w, Requests: &crmmsg.Maker{}})
	w.l.Connected(w.now, nil)
	for i := range 4 {
		w.rscs = append(w.rscs, &simResource{id: fmt.Sprintf("r%d", i)})
	}
	for range 400 {
		w.want()
		w.run(w.now.Add(time.Duration(w.rand.IntN(800)) * time.Millisecond))
	}
	w.leaving = true
	w.l.VerifyStopped(w.now, w.State(), loglevel.Notice)
	w.run(w.now.Add(time.Minute))
	for key, what := range w.asked {
		if w.results[key] != 1 {
			t.Fatalf("%s has %d results", what, w.results[key])
		}
	}
	if !w.l.VerifyStopped(w.now, w.State(), loglevel.Notice) || !w.l.Disconnect(w.now, false) {
		t.Fatalf("%d operations are pending: %s", w.l.Pending(), strings.Join(w.l.memory.order, ", "))
	}
}
