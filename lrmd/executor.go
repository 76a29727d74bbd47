package lrmd

import (
	"errors"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// What can be wrong with a request. The reference calls them ENODEV, EOPNOTSUPP and
// EINPROGRESS.
var (
	ErrNoResource  = errors.New("lrmd: no such resource")
	ErrNoOperation = errors.New("lrmd: no such operation")
	// ErrInProgress is not a failure: something of the resource goes on until it is done.
	ErrInProgress = errors.New("lrmd: an operation of the resource is in progress")
)

// Executor is one node's. New makes one.
type Executor struct {
	log loglevel.Logger

	resources map[string]*resource
	order     []string // of registration
	recurring map[recurringKey]*command
	lanes     map[string]*lane
	running   map[Token]run
	fencing   map[Token]*command

	timers timers
	last   Token
	ready  []*resource // may have something to start
	out    []Effect
}

// resource is one that a client has registered (lrmd_rsc_t).
type resource struct {
	id, class, provider, kind string

	options   int // of the registration
	active    *command
	pending   []*command // not yet handed off
	recurring []*command // handed off

	// probe is what a probe of a fence device returns: Done, NoFenceDevice or
	// NotConnected.
	probe FenceResult
}

// run is an agent that was launched.
type run struct {
	rscID string
	c     *command // nil once it is cancelled
}

// lane keeps the processes of one resource's name apart, whoever registered it.
type lane struct {
	token   Token // of what runs, or 0
	blocked []*command
}

// New makes an Executor without resources.
func New(log loglevel.Logger) *Executor {
	return &Executor{
		log:       log,
		resources: map[string]*resource{},
		recurring: map[recurringKey]*command{},
		lanes:     map[string]*lane{},
		running:   map[Token]run{},
		fencing:   map[Token]*command{},
	}
}

func (e *Executor) logf(level loglevel.Level, function, format string, args ...any) {
	if e.log.Enabled(level) {
		loglevel.LogfAt(e.log, level, function, format, args...)
	}
}

func (e *Executor) begin() { e.out = nil }

// end starts what can be started.
func (e *Executor) end(now time.Time) []Effect {
	for len(e.ready) > 0 {
		rsc := e.ready[0]
		e.ready = e.ready[1:]
		e.startNext(now, rsc)
	}
	return e.out
}

func (e *Executor) emit(x Effect) { e.out = append(e.out, x) }

func (e *Executor) touch(rsc *resource) { e.ready = append(e.ready, rsc) }

// Register makes a resource known, in place of another that has its id but not its agent
// (process_lrmd_rsc_register).
func (e *Executor) Register(now time.Time, r *wire.Request) []Effect {
	const function = "process_lrmd_rsc_register"
	e.begin()
	old := e.resources[r.RscID]
	if old != nil && Is(old.class, r.Class) && Is(old.provider, r.Provider) && Is(old.kind, r.Type) {
		e.logf(loglevel.Notice, function, "Ignoring duplicate registration of '%s'", r.RscID)
		return nil
	}
	if old == nil {
		e.order = append(e.order, r.RscID)
	}
	e.resources[r.RscID] = &resource{
		id: r.RscID, class: r.Class, provider: r.Provider, kind: r.Type, options: r.Options,
		probe: FenceResult{Code: int(UnknownError), Status: NoFenceDevice},
	}
	if old != nil {
		e.free(now, old)
	}
	e.logf(loglevel.Info, function, "Cached agent information for '%s'", r.RscID)
	return e.end(now)
}

// Info is a resource's agent.
func (e *Executor) Info(id string) (class, provider, kind string, ok bool) {
	rsc, ok := e.resources[id]
	if !ok {
		e.logf(loglevel.Info, "process_lrmd_get_rsc_info", "Agent information for '%s' not in cache", id)
		return "", "", "", false
	}
	return rsc.class, rsc.provider, rsc.kind, true
}

// Unregister forgets a resource and cancels what is not under way; ErrInProgress tells that
// something is (process_lrmd_rsc_unregister).
func (e *Executor) Unregister(now time.Time, id string) ([]Effect, error) {
	e.begin()
	rsc := e.resources[id]
	if rsc == nil {
		e.logf(loglevel.Info, "process_lrmd_rsc_unregister", "Ignoring unregistration of resource '%s', which is not registered", id)
		return nil, nil
	}
	var err error
	if rsc.active != nil {
		err = ErrInProgress
	}
	delete(e.resources, id)
	for i, name := range e.order {
		if name == id {
			e.order = append(e.order[:i], e.order[i+1:]...)
			break
		}
	}
	e.free(now, rsc)
	return e.end(now), err
}

// free ends what a resource that is no more has to do (free_rsc).
func (e *Executor) free(now time.Time, rsc *resource) {
	pending, recurring := rsc.pending, rsc.recurring
	rsc.pending, rsc.recurring = nil, nil
	for _, c := range pending {
		c.status = Cancelled
		e.finalize(now, c, nil)
	}
	for _, c := range recurring {
		if !Is(rsc.class, ClassStonith) {
			e.cancelRecurring(now, c.key)
			continue
		}
		c.status = Cancelled
		if rsc.active != c {
			e.finalize(now, c, nil)
		}
	}
}

// Exec queues an operation, whose call has the number callID; ErrNoResource is an
// unknown resource (process_lrmd_rsc_exec).
func (e *Executor) Exec(now time.Time, clientID string, callID int, r *wire.Request) ([]Effect, error) {
	e.begin()
	rsc := e.resources[r.RscID]
	if rsc == nil {
		e.logf(loglevel.Info, "process_lrmd_rsc_exec", "Resource '%s' not found (%d active resources)", r.RscID, len(e.resources))
		return nil, ErrNoResource
	}
	c := &command{
		clientID: clientID, callID: callID, options: r.Options,
		rscID: r.RscID, userdata: r.UserData, params: r.Params, action: r.Action,
		interval: r.Interval, timeout: r.Timeout, startDelay: r.StartDelay, timeoutAsked: r.Timeout,
	}
	e.schedule(now, rsc, c)
	return e.end(now), nil
}

// schedule queues a command (schedule_lrmd_cmd).
func (e *Executor) schedule(now time.Time, rsc *resource, c *command) {
	if e.merge(now, rsc, c) {
		return
	}
	if c.isAction("stop") {
		e.cancelAll(now, rsc, "")
	}
	rsc.pending = append(rsc.pending, c)
	c.enqueuedAt(now)
	e.touch(rsc)
	if c.startDelay > 0 {
		c.delay = e.timers.start(now, c.startDelay, func(time.Time) {
			c.delay = nil
			if rsc := e.resources[c.rscID]; rsc != nil {
				e.touch(rsc)
			}
		})
	}
}

// merge gives the call of a recurring operation to the one that there is already, and has
// it run now (merge_recurring_duplicate).
func (e *Executor) merge(now time.Time, rsc *resource, c *command) bool {
	if c.interval == 0 {
		return false
	}
	dup, waits := find(rsc.pending, c), false
	if dup == nil {
		dup, waits = find(rsc.recurring, c), true
	}
	if dup == nil || Is(rsc.class, ClassStonith) && dup.status == Cancelled {
		return false
	}
	e.logf(loglevel.Warning, "merge_recurring_duplicate", "Duplicate recurring op entry detected (%s), merging with previous op entry",
		opKey(rsc.id, ActionOf(rsc.class, dup.action), dup.interval))
	dup.told = false
	dup.userdata = c.userdata
	dup.callID = c.callID
	if waits && dup.repeat != nil {
		e.timers.stop(dup.repeat)
		dup.repeat.fire(now)
	}
	return true
}

func find(list []*command, like *command) *command {
	for _, c := range list {
		if like.matches(c.action, c.interval) {
			return c
		}
	}
	return nil
}

func remove(list []*command, c *command) []*command {
	for i, other := range list {
		if other == c {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

// startNext hands off the first pending operation of a resource that has none active
// (execute_resource_action).
func (e *Executor) startNext(now time.Time, rsc *resource) {
	for rsc.active == nil && len(rsc.pending) > 0 {
		c := rsc.pending[0]
		if c.delay != nil {
			return
		}
		rsc.pending = rsc.pending[1:]
		c.startedAt(now)
		rsc.active = c
		if c.interval > 0 {
			rsc.recurring = append(rsc.recurring, c)
		}
		e.logf(levelOf(c), "log_execute", "executing - rsc:%s action:%s call_id:%d", c.rscID, c.action, c.callID)
		if Is(rsc.class, ClassStonith) {
			e.startFencing(now, rsc, c)
		} else {
			e.handOff(rsc, c)
		}
	}
}

func levelOf(c *command) loglevel.Level {
	if c.isAction("monitor") {
		return loglevel.Debug
	}
	return loglevel.Info
}

// handOff runs a command, or has it wait for the resource's process
// (services_action_async).
func (e *Executor) handOff(rsc *resource, c *command) {
	if c.interval > 0 {
		c.key = recurringKey{rsc.id, ActionOf(rsc.class, c.action), c.interval}
		e.recurring[c.key] = c
		c.exit = int(UnknownCode)
	}
	c.op = Operation{
		RscID: rsc.id, Class: rsc.class, Provider: rsc.provider, Type: rsc.kind,
		Action: ActionOf(rsc.class, c.action), Interval: c.interval, Timeout: c.timeout,
		Params: c.params, LeaveGroup: c.leavesGroup(),
	}
	e.runOrBlock(c)
}

func (e *Executor) runOrBlock(c *command) {
	l := e.lanes[c.rscID]
	if l == nil {
		l = &lane{}
		e.lanes[c.rscID] = l
	}
	if l.token != 0 {
		l.blocked = append(l.blocked, c)
		return
	}
	e.last++
	l.token, c.token = e.last, e.last
	e.running[c.token] = run{c.rscID, c}
	e.emit(Launch{c.token, c.op})
}

// Cancel ends a recurring operation, or one that has not been handed off; ErrNoResource
// and ErrNoOperation are its errors (cancel_op).
func (e *Executor) Cancel(now time.Time, rscID, action string, interval int) ([]Effect, error) {
	e.begin()
	rsc := e.resources[rscID]
	if rsc == nil {
		return nil, ErrNoResource
	}
	err := e.cancel(now, rsc, action, interval)
	return e.end(now), err
}

func (e *Executor) cancel(now time.Time, rsc *resource, action string, interval int) error {
	for _, c := range rsc.pending {
		if c.matches(action, interval) {
			c.status = Cancelled
			e.finalize(now, c, rsc)
			return nil
		}
	}
	if Is(rsc.class, ClassStonith) {
		for _, c := range rsc.recurring {
			if c.matches(action, interval) {
				c.status = Cancelled
				if rsc.active != c {
					e.finalize(now, c, rsc)
				}
				return nil
			}
		}
	} else if e.cancelRecurring(now, recurringKey{rsc.id, ActionOf(rsc.class, action), interval}) {
		return nil
	}
	return ErrNoOperation
}

// cancelRecurring ends an operation that was handed off (services_action_cancel).
func (e *Executor) cancelRecurring(now time.Time, key recurringKey) bool {
	c := e.recurring[key]
	if c == nil {
		return false
	}
	e.logf(loglevel.Info, "cancel_recurring_action", "Cancelling operation %s", opKey(key.rscID, key.action, key.interval))
	delete(e.recurring, key)
	e.timers.stop(c.repeat)
	c.repeat = nil
	rsc := e.resources[c.rscID]
	class := c.class
	if class == "" {
		class = c.op.Class
	}
	exit := c.exit
	if c.token != 0 {
		e.logf(loglevel.Info, "services_action_cancel", "Terminating in-flight op %s early because it was cancelled", opKey(key.rscID, key.action, key.interval))
		e.emit(Kill{c.token})
		// The process keeps the lane until it is gone.
		e.running[c.token] = run{rscID: c.rscID}
		c.token = 0
		exit = 0
	} else if l := e.lanes[c.rscID]; l != nil {
		l.blocked = remove(l.blocked, c)
	}
	e.record(now, c, class, exit)
	c.setResult(c.code, Cancelled, "")
	e.finalize(now, c, rsc)
	return true
}

// record keeps the exit status of a run and when it last changed.
func (e *Executor) record(now time.Time, c *command, class string, exit int) {
	if int(c.code) != exit {
		c.rcChange = now.Unix()
	}
	c.code = CodeOf(class, c.action, exit)
}

// cancelAll cancels the recurring operations of a resource, if clientID is not empty only
// that client's (cancel_all_recurring).
func (e *Executor) cancelAll(now time.Time, rsc *resource, clientID string) {
	list := append(append([]*command(nil), rsc.recurring...), rsc.pending...)
	for _, c := range list {
		if c.interval != 0 && (clientID == "" || strings.EqualFold(c.clientID, clientID)) {
			e.cancel(now, rsc, c.action, c.interval)
		}
	}
}

// ClientGone cancels what a client wanted only as long as it is there
// (client_disconnect_cleanup).
func (e *Executor) ClientGone(now time.Time, clientID string) []Effect {
	e.begin()
	for _, id := range e.order {
		if rsc := e.resources[id]; rsc.options&wire.DropRecurring == wire.DropRecurring {
			e.cancelAll(now, rsc, clientID)
		}
	}
	return e.end(now)
}

// Shutdown forgets all resources: recurring operations end, others go on by themselves.
func (e *Executor) Shutdown(now time.Time) []Effect {
	e.begin()
	order := e.order
	resources := e.resources
	e.order, e.resources = nil, map[string]*resource{}
	for _, id := range order {
		e.free(now, resources[id])
	}
	e.ready = nil
	return e.out
}

// Recurring are the recurring operations that were handed off, of one resource or, for
// an empty id, of all; ErrNoResource is an unknown resource.
func (e *Executor) Recurring(id string) ([]wire.Recurring, error) {
	if id != "" {
		rsc := e.resources[id]
		if rsc == nil {
			e.logf(loglevel.Info, "process_lrmd_get_recurring", "Resource '%s' not found (%d active resources)", id, len(e.resources))
			return nil, ErrNoResource
		}
		return []wire.Recurring{rsc.recurringOps()}, nil
	}
	var list []wire.Recurring
	for _, i := range ghash.Order(e.order) {
		list = append(list, e.resources[e.order[i]].recurringOps())
	}
	return list, nil
}

func (rsc *resource) recurringOps() wire.Recurring {
	r := wire.Recurring{RscID: rsc.id}
	for _, c := range rsc.recurring {
		r.Ops = append(r.Ops, wire.RecurringOp{Action: c.toldAction(), Interval: c.interval, Timeout: c.timeoutAsked})
	}
	return r
}

// toldAction is the action that was asked for.
func (c *command) toldAction() string {
	if c.realAction != "" {
		return c.realAction
	}
	return c.action
}
