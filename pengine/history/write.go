package history

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Result is what came of an operation (lrmd_event_data_t). Times of the clock are seconds
// since 1970, all others milliseconds.
type Result struct {
	RscID, Task string
	// TransitionKey says which action of which transition has asked for it; "" if none.
	TransitionKey string
	IntervalMS    uint
	CallID        int
	RC            int // as OCF has it
	Status        int // how the execution went, status.ExecDone and so on
	Reason        string
	Run, Changed  int64
	Exec, Queue   int
	// Params are the parameters with meta-attributes, nil if they are not known.
	Params map[string]string
}

// NoTransitioner is the transitioner of results that no transition has asked for.
const NoTransitioner = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

// Key is how logs and entries call the operation: "ip_monitor_10000".
func (r *Result) Key() string { return status.Key(r.RscID, r.Task, r.IntervalMS) }

// Meta is a meta-attribute of the operation, and whether it has it.
func (r *Result) Meta(name string) (string, bool) {
	value, ok := r.Params[status.MetaName(name)]
	return value, ok
}

// Expected is the result that the transition has asked for, 0 without a transition
// (rsc_op_expected_rc).
func (r *Result) Expected() int {
	if r.TransitionKey == "" {
		return 0
	}
	_, _, rc, _, _ := ParseKey(r.TransitionKey)
	return rc
}

// ParseKey takes apart the key of an action of a transition: the action's number, the
// transition's, the expected result, and the id of the transitioner. What it has not is
// -1 or "", and ok is false then (decode_transition_key).
func ParseKey(key string) (action, transition, rc int, id string, ok bool) {
	parts := strings.SplitN(key, ":", 4)
	action, transition, rc = -1, -1, -1
	if len(parts) < 4 || strings.TrimSpace(parts[3]) == "" {
		return action, transition, rc, "", false
	}
	for i, to := range []*int{&action, &transition, &rc} {
		n, err := strconv.ParseInt(parts[i], 10, 32)
		if err != nil {
			return -1, -1, -1, "", false
		}
		*to = int(n)
	}
	return action, transition, rc, strings.TrimRight(parts[3], " "), true
}

// Failed tells whether a result counts as failure where another is expected
// (did_rsc_op_fail).
func (r *Result) Failed(expected int) bool {
	switch r.Status {
	case status.ExecCancelled, status.ExecPending:
		return false
	case status.ExecNotSupported, status.ExecTimeout, status.ExecError, status.ExecNotConnected,
		status.ExecNoFenceDevice, status.ExecNoSecrets, status.ExecInvalid:
		return true
	}
	return r.RC != expected
}

// ids are the entries that a result goes into, the operation that they tell of, and the
// reason that they have.
func (r *Result) ids(task string, expected int) (ids []string, reason string) {
	migration := r.Task == status.ActionNameMigrateTo || r.Task == status.ActionNameMigrateFrom
	last := status.Key(r.RscID, "last", 0)
	key := status.Key(r.RscID, task, r.IntervalMS)
	switch {
	case task == status.ActionNameNotify:
		kind, _ := r.Meta("notify_type")
		about, _ := r.Meta("notify_operation")
		return []string{r.RscID + "_" + kind + "_notify_" + about + "_0"}, ""
	case migration:
		return []string{key}, ""
	case r.Failed(expected):
		ids = []string{status.Key(r.RscID, "last_failure", 0)}
		if r.IntervalMS == 0 {
			// An operation that was noted as pending is so in the other entry.
			ids = append(ids, last)
		}
		return ids, r.Reason
	case r.IntervalMS > 0:
		return []string{key}, ""
	}
	return []string{last}, ""
}

// Write writes a result into the history that parent is, over the entry of the same id
// if there is one, for a node and on behalf of a function of the reference. version is the feature set of who has
// asked for the operation. It gives the entry that was written last: of a failure that is not of a recurring
// operation there are two. The failure of a notification is none: the result changes.
func Write(parent *etree.Element, r *Result, version string, expected int, node, origin string) *etree.Element {
	task := r.Task
	if task == status.ActionNameReload || task == status.ActionNameReloadAgent {
		// For the scheduler's sake.
		task = status.ActionNameStart
		if r.Status != status.ExecDone {
			task = status.ActionNameMonitor
		}
	}
	ids, reason := r.ids(task, expected)
	if task == status.ActionNameNotify && r.Status != status.ExecPending {
		r.RC, r.Status, r.Reason = status.OCFOK, status.ExecDone, ""
	}
	key := r.TransitionKey
	if key == "" {
		key = fmt.Sprintf("%d:-1:%d:%s", r.CallID, expected, NoTransitioner)
	}
	var e *etree.Element
	for _, id := range ids {
		e = entry(parent, id)
		set := func(name, value string) { e.CreateAttr(name, value) }
		number := func(name string, n int) { set(name, strconv.Itoa(n)) }
		set("id", id)
		set("operation_key", status.Key(r.RscID, task, r.IntervalMS))
		set("operation", task)
		set("crm-debug-origin", origin)
		set("crm_feature_set", version)
		set("transition-key", key)
		set("transition-magic", fmt.Sprintf("%d:%d;%s", r.Status, r.RC, key))
		set("exit-reason", reason)
		if node != "" {
			set("on_node", node)
		}
		number("call-id", r.CallID)
		number("rc-code", r.RC)
		number("op-status", r.Status)
		set("interval", strconv.FormatUint(uint64(r.IntervalMS), 10))
		if featureset.Compare("2.1", version) <= 0 && (r.Run != 0 || r.Changed != 0 || r.Exec != 0 || r.Queue != 0) {
			change := r.Run
			if r.IntervalMS != 0 && r.Changed != 0 {
				change = r.Changed
			}
			set("last-rc-change", strconv.FormatInt(change, 10))
			number("exec-time", r.Exec)
			number("queue-time", r.Queue)
		}
		if r.Task == status.ActionNameMigrateTo || r.Task == status.ActionNameMigrateFrom {
			for _, name := range []string{"migrate_source", "migrate_target"} {
				if value, ok := r.Meta(name); ok {
					set(name, value)
				}
			}
		}
		if r.Params != nil {
			set("op-digest", status.OperationDigest(r.Params))
		}
	}
	return e
}

func entry(parent *etree.Element, id string) *etree.Element {
	for _, e := range parent.SelectElements("lrm_rsc_op") {
		if e.SelectAttrValue("id", "") == id {
			return e
		}
	}
	return parent.CreateElement("lrm_rsc_op")
}
