package manager

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// fPosition is what a CIB on its way holds already: how many of the changes that all managers
// have seen since the group last changed, and which was the last. The reference's managers pass over it.
const fPosition = "ringmaster-position"

// fChanges is how many changes have gone into a CIB. Versions alone do not tell which of two CIBs
// lacks something: a change of the configuration sets num_updates to 0, and what has one change of the
// status less has the same version then. The reference's managers pass over it.
const fChanges = "ringmaster-changes"

// maxHistory is how many changes are remembered, and maxBytes how many bytes of XML in
// them: a CIB is not longer on its way.
const (
	maxHistory = 1000
	maxBytes   = 16 << 20
)

// history are the changes that have come through the group since it last changed its members.
// All members have the same, in the same order. Who takes a CIB that was sent before some of
// them were delivered makes those again; in the reference they are lost on that node.
type history struct {
	forgotten int // of the first ones
	bytes     int // of all together
	changes   []pastChange
}

type pastChange struct {
	id     string // of the request, in the cluster
	op     ops.Op
	msg    string        // as text, which takes a fifth of a tree's memory
	before patch.Version // of our CIB
	count  uint64        // of the changes that had gone into our CIB before
}

func changeID(msg *etree.Element) string {
	return get(msg, fOrigin) + "/" + get(msg, fClient) + "/" + get(msg, fCallID)
}

// add notes a change. What changes nothing by itself, and CIBs that are sent, are none.
func (h *history) add(op ops.Op, msg *etree.Element, before patch.Version, count uint64) {
	_, decided := document.Get(msg, fSchemaMax)
	if isTrue(msg, fGlobal) || op == opPrimary || op == opDeleteAlt || op == ops.Upgrade && !decided || optionsOf(msg).has(optDryRun) {
		return
	}
	past := pastChange{id: changeID(msg), op: op, msg: text.Line(msg), before: before, count: count}
	h.changes = append(h.changes, past)
	h.bytes += len(past.msg)
	for len(h.changes) > maxHistory || h.bytes > maxBytes && len(h.changes) > 1 {
		h.bytes -= len(h.changes[0].msg)
		h.changes[0] = pastChange{}
		h.changes = h.changes[1:]
		h.forgotten++
	}
}

func (h *history) reset() { *h = history{} }

// position is where the history ends.
func (h *history) position() string {
	if len(h.changes) == 0 {
		return "0 "
	}
	return fmt.Sprint(h.forgotten+len(h.changes), " ", h.changes[len(h.changes)-1].id)
}

// since are the changes behind a position. Of one that is of another group, or that is
// forgotten, all are.
func (h *history) since(position string) []pastChange {
	number, id, _ := strings.Cut(position, " ")
	n, err := strconv.Atoi(number)
	n -= h.forgotten
	if err != nil || n <= 0 || n > len(h.changes) || h.changes[n-1].id != id {
		return h.changes
	}
	return h.changes[n:]
}

// keepsOurs tells whether a CIB that has been sent to us has, or had when it was sent, the version of ours, but fewer
// changes in it. Who sent it has missed something, and is told so when digests are compared.
func (c *call) keepsOurs() bool {
	theirs, err := strconv.ParseUint(get(c.msg, fChanges), 10, 64)
	if err != nil || !c.replacesAll() {
		return false // the reference's
	}
	version, count := patch.VersionOf(c.cib), c.count
	if missed := c.history.since(get(c.msg, fPosition)); len(missed) > 0 {
		version, count = missed[0].before, missed[0].count
	}
	return patch.VersionOf(c.input) == version && theirs < count
}

// catchUp makes the changes in a CIB that has been sent to us which have come since. The CIB is
// compared with ours as it was when it was sent: if it is older, it is left as it is, and
// will be refused.
func (c *call) catchUp() {
	position, ok := document.Get(c.msg, fPosition)
	if !ok || !c.replacesAll() {
		return
	}
	missed := c.history.since(position)
	if len(missed) == 0 || patch.VersionOf(c.input).Compare(missed[0].before) < 0 ||
		!document.EqualFold(digest.Versioned(c.input, get(c.msg, fFeatures)), get(c.msg, fDigest)) {
		return
	}
	c.logf(loglevel.Info, "cib_process_replace", "Making %d changes again that came while the CIB was on its way", len(missed))
	for _, past := range missed {
		doc, err := xmltree.Parse([]byte(past.msg), xmltree.KeepText)
		if err != nil {
			continue // it came as text
		}
		msg := doc.Root()
		again := &call{Manager: c.Manager, now: c.now, op: past.op, msg: msg, opts: optionsOf(msg), section: get(msg, fSection)}
		again.prepare(operations[past.op])
		req := again.request()
		req.Take = false
		if r, err := ops.Perform(c.input, req); err == nil {
			c.input = r.CIB
			c.again++
		}
	}
	c.msg.RemoveAttr(fDigest) // it was that of what was sent
}
