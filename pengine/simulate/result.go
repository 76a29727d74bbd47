package simulate

import (
	"math"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/pengine/history"
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
func (c *CIB) record(state *etree.Element, h past, r result) {
	history.Write(h.Element, &history.Result{
		RscID: r.resource, Task: r.task, IntervalMS: r.intervalMS, CallID: h.call, RC: r.rc, Status: status.ExecDone, Reason: r.reason,
		Run: c.Now, Params: r.params,
	}, featureset.Current, r.expected, "", c.Origin)
	c.modified(state)
	if h.scratch {
		h.Parent().RemoveChild(h.Element)
	}
	c.updated()
}
