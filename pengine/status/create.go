package status

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// defaultTimeoutMS is what an operation gets whose timeout nothing says, or says
// wrongly (CRM_DEFAULT_OP_TIMEOUT_S).
const defaultTimeoutMS = 20000

// FindOperation is the configured operation with that key, in the resource's own
// or its history's name; for a migration or a notification without one, that of
// "migrate" or "notify". One that is disabled counts only if wanted
// (find_rsc_op_entry).
func (r *Resource) FindOperation(key string, disabledToo bool) *Operation {
	if o := r.operationWithKey(key, disabledToo); o != nil {
		return o
	}
	switch {
	case strings.Contains(key, ActionNameMigrateTo), strings.Contains(key, ActionNameMigrateFrom):
		return r.operationWithKey(Key(r.ID, "migrate", 0), disabledToo)
	case strings.Contains(key, "_notify_"):
		return r.operationWithKey(Key(r.ID, ActionNameNotify, 0), disabledToo)
	}
	return nil
}

func (r *Resource) operationWithKey(key string, disabledToo bool) *Operation {
	for _, o := range r.Operations {
		if o.Disabled && !disabledToo {
			continue
		}
		if o.hasKey(r.ID, key) || r.HistoryID != "" && o.hasKey(r.HistoryID, key) {
			return o
		}
	}
	return nil
}

func (o *Operation) hasKey(resource, key string) bool {
	n := len(resource)
	return len(key) == n+len(o.suffix) && strings.EqualFold(key[n:], o.suffix) && strings.EqualFold(key[:n], resource)
}

// ConfiguredTimeout is the timeout of the resource's first operation of that
// name, or the default one, in milliseconds (pe_get_configured_timeout).
func (r *Resource) ConfiguredTimeout(action string) int {
	for _, o := range r.Operations {
		if strings.EqualFold(o.Name, action) {
			if o.HasTimeout {
				return timeoutMS(o.Timeout)
			}
			break
		}
	}
	meta := map[string]string{}
	r.ws.apply(r.ws.opDefaults, "meta_attributes", meta, r.ws.RuleInput(), rules.Options{})
	return timeoutMS(meta["timeout"])
}

// timeoutMS reads a timeout, of which the reference keeps 32 bits.
func timeoutMS(s string) int {
	if ms, ok := iso8601.ParseMilliseconds(s); ok && int32(ms) >= 0 {
		return int(int32(ms))
	}
	return defaultTimeoutMS
}

func (ws *WorkingSet) customAction(r *Resource, key, task string, on *Node, optional, save bool) *Action {
	var a *Action
	if save {
		if found := ws.FindActions(r, key, on); len(found) > 0 {
			a = found[0]
		}
	}
	if a == nil {
		a = ws.newAction(r, key, task, on, optional, save)
	}
	a.updateOptional(optional)
	if r != nil {
		if a.Node != nil {
			ws.unpackNodeAttributes(a)
		}
		ws.updateRunnable(a, save)
	}
	return a
}

func (ws *WorkingSet) newAction(r *Resource, key, task string, on *Node, optional, save bool) *Action {
	var a *Action
	if save {
		a = ws.actions.take()
	} else {
		a = new(Action)
	}
	a.ws, a.Resource, a.Node, a.Task, a.Key, a.Flags = ws, r, on, task, key, ActionRunnable
	if strings.EqualFold(task, ActionNameLRMDelete) {
		a.Set(OnDC)
	}
	if optional {
		a.Set(Optional)
	}
	if r != nil {
		a.Operation = r.FindOperation(key, true)
		a.IntervalMS = keyInterval(key)
		ws.unpackOperation(a)
	}
	if save {
		if ws.log.Enabled(loglevel.Trace) {
			ws.tracef("Created action %d (%s): %s for %s on %s", ws.NextActionID, key, task, r, on)
		}
		ws.addAction(a)
	}
	return a
}

func (a *Action) updateOptional(optional bool) {
	if a.Resource != nil && a.Node != nil && !a.Is(Pseudo) && !a.Resource.Is(Managed) && !a.Meta.Has("interval") {
		a.Set(Optional)
	} else if !optional {
		a.Clear(Optional)
	}
}

// unpackNodeAttributes evaluates the operation's instance attributes for the
// action's node, once.
func (ws *WorkingSet) unpackNodeAttributes(a *Action) {
	if a.Is(HaveNodeAttrs) || a.Operation == nil {
		return
	}
	a.Set(HaveNodeAttrs)
	sets := ws.sets(a.Operation.Element, "instance_attributes")
	if sets.Len() == 0 {
		return
	}
	values := map[string]string{}
	in := ws.RuleInput()
	in.Node = rules.InMap(a.Node.Attributes)
	ws.applySets(sets, values, in, rules.Options{})
	a.Extra = SharedAttrs(sortedPairs(values))
}

// updateRunnable decides whether an action may run: it needs a node that is up,
// and quorum unless it can do without. It may fence the node of a stop.
func (ws *WorkingSet) updateRunnable(a *Action, save bool) {
	if a.Is(Pseudo) {
		return
	}
	level := loglevel.Trace
	if save {
		level = loglevel.Warning
	}
	switch n := a.Node; {
	case n == nil:
		a.Clear(ActionRunnable)
	case !a.Is(OnDC) && !n.Online && (!n.IsGuest() || n.RemoteRequiresReset):
		a.Clear(ActionRunnable)
		ws.At("update_resource_action_runnable").Logf(level, "%s on %s is unrunnable (node is offline)", a.Key, n)
		if a.Resource.Is(Managed) && save && strings.EqualFold(a.Task, ActionNameStop) && !n.Unclean {
			ws.FenceNode(n, "stop is unrunnable", false)
		}
	case !a.Is(OnDC) && n.Pending:
		a.Clear(ActionRunnable)
		ws.At("update_resource_action_runnable").Logf(level, "Action %s on %s is unrunnable (node is pending)", a.Key, n)
	case a.Needs == RequiresNothing:
		a.SetReason("", true)
		if n.IsGuest() && !ws.CanFence(n) {
			ws.debugf("%s on %s is unrunnable (node's host cannot be fenced)", a.Key, n)
			a.Clear(ActionRunnable)
		} else {
			a.Set(ActionRunnable)
		}
	default:
		ws.updateRunnableByQuorum(a)
	}
}

func (ws *WorkingSet) updateRunnableByQuorum(a *Action) {
	switch ws.effectiveQuorumPolicy(a.Resource) {
	case NoQuorumStop:
		ws.debugf("%s on %s is unrunnable (no quorum)", a.Key, a.Node)
		a.Clear(ActionRunnable)
		a.SetReason("no quorum", true)
	case NoQuorumFreeze:
		if !a.Resource.IsActive(true) || a.Resource.NextRole > a.Resource.Role {
			ws.debugf("%s on %s is unrunnable (no quorum)", a.Key, a.Node)
			a.Clear(ActionRunnable)
			a.SetReason("quorum freeze", true)
		}
	default:
		a.Set(ActionRunnable)
	}
}

func (ws *WorkingSet) effectiveQuorumPolicy(r *Resource) QuorumPolicy {
	switch {
	case ws.Flags.Has(HaveQuorum):
		return NoQuorumIgnore
	case ws.NoQuorumPolicy != NoQuorumDemote:
		return ws.NoQuorumPolicy
	case r.Role != RolePromoted && r.Role != RoleUnpromoted:
		return NoQuorumStop
	}
	if r.NextRole > RoleUnpromoted {
		r.SetNextRole(RoleUnpromoted, "no-quorum-policy=demote")
	}
	return NoQuorumIgnore
}

// operationKind is what the meta-attributes of an action follow from, when no
// rule asks for more.
type operationKind struct {
	resource   *etree.Element
	operation  *Operation
	task       string
	intervalMS uint
}

type operationMeta struct {
	values   [][2]string     // by name
	problems []rules.Problem // to be reported for each action
}

// operationMeta are the meta-attributes of an operation: its own, op_defaults',
// and interval, timeout and start-delay in milliseconds. Actions of one kind
// share them.
func (ws *WorkingSet) operationMeta(a *Action) [][2]string {
	kind := operationKind{a.Resource.Element, a.Operation, a.Task, a.IntervalMS}
	known, ok := ws.operationMetas[kind]
	if !ok {
		values, problems := ws.makeOperationMeta(a)
		known = operationMeta{sortedPairs(values), problems}
		ws.operationMetas[kind] = known
	}
	for _, p := range known.problems {
		ws.report(p)
	}
	return known.values
}

func (ws *WorkingSet) makeOperationMeta(a *Action) (meta map[string]string, problems []rules.Problem) {
	r := a.Resource
	meta = map[string]string{}
	in := ws.RuleInput()
	in.Report = func(p rules.Problem) { problems = append(problems, p) }
	in.Resource = &rules.Resource{Class: r.Class, Provider: r.Provider, Type: r.Type}
	in.Operation = &rules.Operation{Name: a.Task, IntervalMS: uint32(a.IntervalMS)}

	ws.apply(ws.opDefaults, "meta_attributes", meta, in, rules.Options{})
	if a.isProbe() {
		if m := r.shortestMonitor(); m != nil && m.HasTimeout {
			meta["timeout"] = m.Timeout
		}
	}
	if o := a.Operation; o != nil {
		ws.apply(o.Element, "meta_attributes", meta, in, rules.Options{Overwrite: true})
		for _, attr := range o.Element.Attr {
			meta[attr.FullKey()] = attr.Value
		}
	}
	delete(meta, "id")
	delete(meta, "interval")
	if a.IntervalMS > 0 {
		meta["interval"] = formatUint(a.IntervalMS)
	}
	ws.setStartDelay(a, meta)
	meta["timeout"] = normalTimeout(meta["timeout"])
	return meta, problems
}

func normalTimeout(s string) string { return formatInt(timeoutMS(s)) }

func (a *Action) isProbe() bool {
	return a.IntervalMS == 0 && strings.EqualFold(a.Task, ActionNameMonitor)
}

// shortestMonitor is the enabled recurring monitor with the smallest interval,
// or nil.
func (r *Resource) shortestMonitor() (shortest *Operation) {
	for _, o := range r.Operations {
		if !o.Disabled && strings.EqualFold(o.Name, ActionNameMonitor) && o.IntervalMS > 0 &&
			(shortest == nil || o.IntervalMS < shortest.IntervalMS) {
			shortest = o
		}
	}
	return shortest
}

// setStartDelay turns start-delay, or the time until the next multiple of the
// interval since interval-origin, into milliseconds.
func (ws *WorkingSet) setStartDelay(a *Action, meta map[string]string) {
	if delay, ok := meta["start-delay"]; ok {
		ms, ok := iso8601.ParseMilliseconds(delay)
		if !ok || ms < 0 {
			ms = 0
		}
		meta["start-delay"] = formatInt(int(int32(ms)))
		return
	}
	origin, ok := meta["interval-origin"]
	if !ok || a.IntervalMS == 0 {
		return
	}
	id := "(missing ID)"
	if a.Operation != nil && a.Operation.ID != "" {
		id = a.Operation.ID
	}
	start, err := iso8601.Parse(origin, ws.clock())
	if err != nil {
		ws.At("unpack_interval_origin").ConfigErrorf("Ignoring 'interval-origin' for operation '%s' because '%s' is not valid", id, origin)
		return
	}
	interval := int64(a.IntervalMS / 1000)
	if interval == 0 {
		return // the reference divides by it
	}
	delay := (ws.now.Seconds() - start.Seconds()) % interval
	if delay > 0 {
		delay = interval - delay
	} else {
		delay = -delay
	}
	ws.At("unpack_interval_origin").Infof("Calculated a start delay of %ds for operation '%s'", delay, id)
	meta["start-delay"] = formatInt(int(delay * 1000))
}

// unpackOperation fills in the action's meta-attributes, what it requires, and
// what its failure leads to.
func (ws *WorkingSet) unpackOperation(a *Action) {
	r := a.Resource
	a.Meta = SharedAttrs(ws.operationMeta(a))
	if strings.EqualFold(r.Class, "stonith") && (strings.EqualFold(a.Task, ActionNameStart) || a.isProbe()) {
		if timeout, ok := r.Params(a.Node)["pcmk_monitor_timeout"]; ok {
			a.Meta.Set("timeout", normalTimeout(timeout))
		}
	}
	switch {
	case !equalAny(a.Task, ActionNameStart, ActionNamePromote):
		a.Needs = RequiresNothing
	case r.Is(NeedsFencing):
		a.Needs = RequiresFencing
	case r.Is(NeedsQuorum):
		a.Needs = RequiresQuorum
	}
	ws.unpackOnFail(a)
	if a.Operation != nil && a.Meta.Has("role_after_failure") {
		ws.At("unpack_operation").WarnOncef(WarnRoleAfter, "Support for role_after_failure is deprecated and will be removed in a future release")
		if a.FailRole == RoleUnknown {
			a.FailRole = ws.ParseRole(a.Meta.Value("role_after_failure"))
		}
	}
	if a.FailRole == RoleUnknown {
		a.FailRole = RoleStarted
		if strings.EqualFold(a.Task, ActionNamePromote) {
			a.FailRole = RoleUnpromoted
		}
	}
}

// unpackOnFail reads on-fail, or takes the default for such an action.
func (ws *WorkingSet) unpackOnFail(a *Action) {
	r := a.Resource
	value, configured := ws.configuredOnFail(a)
	if configured {
		configured = ws.setOnFail(a, value)
	}
	switch {
	case !configured && r.Container != nil:
		a.OnFail = OnFailRestartContainer
	case (!configured || !r.Is(Managed)) && r.IsRemoteConnection() && !a.isProbe() &&
		!strings.EqualFold(a.Task, ActionNameStart):
		if !r.Is(Managed) {
			a.OnFail, a.FailRole = OnFailStop, RoleStopped
			break
		}
		if r.ReconnectMS > 0 {
			a.FailRole = RoleStopped
		}
		a.OnFail = OnFailResetRemote
	case configured:
	case !strings.EqualFold(a.Task, ActionNameStop):
		a.OnFail = OnFailRecover
	case ws.Flags.Has(FencingEnabled):
		a.OnFail = OnFailFence
	default:
		a.OnFail = OnFailBlock
	}
}

// setOnFail takes what is configured; it is false if that means the default.
func (ws *WorkingSet) setOnFail(a *Action, value string) bool {
	switch fold(value) {
	case "block":
		a.OnFail = OnFailBlock
		a.Meta.Set("on-fail", "block")
	case "fence":
		a.OnFail = OnFailFence
		if !ws.Flags.Has(FencingEnabled) {
			ws.At("unpack_operation").ConfigErrorf("Resetting 'on-fail' for operation '%s' to 'stop' because 'fence' is not valid when fencing is disabled", a.Key)
			a.OnFail, a.FailRole = OnFailStop, RoleStopped
		}
	case "standby":
		a.OnFail = OnFailStandby
	case "ignore", "nothing":
		a.OnFail = OnFailIgnore
	case "migrate":
		a.OnFail = OnFailMigrate
	case "stop":
		a.OnFail, a.FailRole = OnFailStop, RoleStopped
	case "restart":
		a.OnFail = OnFailRecover
	case "restart-container":
		if a.Resource.Container == nil {
			return false
		}
		a.OnFail = OnFailRestartContainer
	case "demote":
		a.OnFail = OnFailDemote
	default:
		ws.At("unpack_operation").Errorf("Resource %s: Unknown failure type (%s)", a.Resource.ID, value)
		return false
	}
	return true
}

// configuredOnFail is the on-fail that counts for the action; ok is false if
// the default does.
func (ws *WorkingSet) configuredOnFail(a *Action) (value string, ok bool) {
	r := a.Resource
	value, ok = a.Meta.Get("on-fail")
	switch {
	case strings.EqualFold(a.Task, ActionNameStop) && ok && equalAny(value, "standby", "demote", "stop"):
		ws.At("unpack_operation_on_fail").ConfigErrorf("Resetting 'on-fail' for %s stop action to default value because '%s' is not allowed for stop", r.ID, value)
		return "", false
	case strings.EqualFold(a.Task, ActionNameDemote) && !ok:
		for _, o := range r.Operations {
			if o.HasOnFail && !o.Disabled && o.isPromotedMonitor() && !strings.EqualFold(o.OnFail, "demote") {
				return o.OnFail, true
			}
		}
	case strings.EqualFold(a.Task, ActionNameLRMDelete):
		return "ignore", true
	case ok && strings.EqualFold(value, "demote"):
		o := a.Operation
		if o == nil || !strings.EqualFold(o.Name, ActionNamePromote) && !o.isPromotedMonitor() {
			name := "(null)"
			if o != nil {
				name = o.Name
			}
			ws.At("unpack_operation_on_fail").ConfigErrorf("Resetting 'on-fail' for %s %s action to default value because 'demote' is not allowed for it", r.ID, name)
			return "", false
		}
	}
	return value, ok
}

func (o *Operation) isPromotedMonitor() bool {
	return strings.EqualFold(o.Name, ActionNameMonitor) && equalAny(o.Role, "Promoted", "Master") && o.IntervalMS > 0
}

// RuleInput is what rules are evaluated against for this cluster: the time, and
// where problems go. The caller adds node, role and so on.
func (ws *WorkingSet) RuleInput() *rules.Input {
	return &rules.Input{Now: ws.now, Clock: ws.clock(), Report: ws.report}
}

func (ws *WorkingSet) clock() iso8601.Time {
	if ws.Options.Clock.IsZero() {
		return ws.now
	}
	return iso8601.FromTime(ws.Options.Clock)
}

// Document is the CIB as rules and references by id see it.
func (ws *WorkingSet) Document() *rules.Document { return ws.document }

// setsKey names sets that have been read.
type setsKey struct {
	element *etree.Element
	name    string
}

// sets reads the sets of that name in an element, once.
func (ws *WorkingSet) sets(e *etree.Element, name string) *rules.Sets {
	key := setsKey{e, name}
	s := ws.readSets[key]
	if s == nil {
		s = ws.document.Sets(e, name)
		ws.readSets[key] = s
	}
	return s
}

// apply adds to values what the sets in an element say
// (pe__unpack_dataset_nvpairs).
func (ws *WorkingSet) apply(e *etree.Element, name string, values map[string]string, in *rules.Input, o rules.Options) {
	if e != nil {
		ws.applySets(ws.sets(e, name), values, in, o)
	}
}

func (ws *WorkingSet) applySets(s *rules.Sets, values map[string]string, in *rules.Input, o rules.Options) {
	var next iso8601.Time
	s.Apply(values, in, o, &next)
	if next.IsDefined() {
		ws.UpdateRecheck(next.Epoch())
	}
}

// EffectiveTime is the moment that everything is judged by, in seconds since the
// epoch (get_effective_time).
func (ws *WorkingSet) EffectiveTime() int64 { return ws.now.Epoch() }

// UpdateRecheck has the scheduler run again at that time, in seconds since the
// epoch, unless it will earlier (pe__update_recheck_time).
func (ws *WorkingSet) UpdateRecheck(at int64) {
	if at > ws.EffectiveTime() && (ws.RecheckBy == 0 || ws.RecheckBy > at) {
		ws.RecheckBy = at
	}
}

// addDefaults adds to values those of more that are not there yet.
func addDefaults(values, more map[string]string) {
	for name, value := range more {
		if _, ok := values[name]; !ok {
			values[name] = value
		}
	}
}
