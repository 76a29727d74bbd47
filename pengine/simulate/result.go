package simulate

import (
	"fmt"
	"math"
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// result is the outcome of an operation as the executor would tell it.
type result struct {
	resource   string // as the configuration has it
	task       string
	intervalMS uint
	rc         int
	expected   int
	reason     string            // for a failure
	params     map[string]string // nil if not known
}

// transitionID is that of results which no transition has brought about.
const transitionID = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

// nextCallID is above those of all entries.
func (c *CIB) nextCallID(history *etree.Element) int {
	last := int64(0)
	for _, e := range history.ChildElements() {
		if id := e.SelectAttr("call-id"); id != nil {
			if n, ok := c.readInt(id.Value); ok && n <= math.MaxInt32 {
				last = max(last, n)
			}
		}
	}
	return int(last) + 1
}

// record writes a result into a resource's history in a node's state: over an earlier
// one of its kind (pcmk__create_history_xml).
func (c *CIB) record(state *etree.Element, h history, r result) {
	task := r.task
	if task == status.ActionNameReload || task == status.ActionNameReloadAgent {
		task = status.ActionNameStart
	}
	key := status.Key(r.resource, task, r.intervalMS)
	migration := r.task == status.ActionNameMigrateTo || r.task == status.ActionNameMigrateFrom
	meta := func(name string) string { return r.params[status.MetaName(name)] }
	reason := ""
	var ids []string
	switch {
	case task == status.ActionNameNotify:
		ids = []string{r.resource + "_" + meta("notify_type") + "_notify_" + meta("notify_operation") + "_0"}
		r.rc = status.OCFOK
	case migration || r.intervalMS > 0 && r.rc == r.expected:
		ids = []string{key}
	case r.rc != r.expected:
		ids = []string{status.Key(r.resource, "last_failure", 0)}
		if r.intervalMS == 0 {
			ids = append(ids, status.Key(r.resource, "last", 0))
		}
		reason = r.reason
	default:
		ids = []string{status.Key(r.resource, "last", 0)}
	}
	// The transition is said to be the one of the call, the action none.
	transitionKey := fmt.Sprintf("%d:%d:%d:%-*s", h.call, -1, r.expected, len(transitionID), transitionID)
	digest := ""
	if r.params != nil {
		digest = status.OperationDigest(r.params)
	}
	number := strconv.Itoa
	for _, entryID := range ids {
		e := entry(h.Element, entryID)
		set := func(name, value string) { e.CreateAttr(name, value) }
		set("id", entryID)
		set("operation_key", key)
		set("operation", task)
		set("crm-debug-origin", c.Origin)
		set("crm_feature_set", featureset.Current)
		set("transition-key", transitionKey)
		set("transition-magic", fmt.Sprintf("%d:%d;%s", status.ExecDone, r.rc, transitionKey))
		set("exit-reason", reason)
		set("call-id", number(h.call))
		set("rc-code", number(r.rc))
		set("op-status", number(status.ExecDone))
		set("interval", strconv.FormatUint(uint64(r.intervalMS), 10))
		set("last-rc-change", strconv.FormatInt(c.Now, 10))
		set("exec-time", "0")
		set("queue-time", "0")
		if migration {
			for _, name := range []string{"migrate_source", "migrate_target"} {
				if value, ok := r.params[status.MetaName(name)]; ok {
					set(name, value)
				}
			}
		}
		if digest != "" {
			set("op-digest", digest)
		}
	}
	c.modified(state)
	if h.scratch {
		h.Parent().RemoveChild(h.Element)
	}
	c.updated()
}

func entry(history *etree.Element, entryID string) *etree.Element {
	for _, e := range history.SelectElements("lrm_rsc_op") {
		if id(e) == entryID {
			return e
		}
	}
	return history.CreateElement("lrm_rsc_op")
}
