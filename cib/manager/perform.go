package manager

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/result"
	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// The errors of the operating system that the manager itself answers with, by their numbers
// on Linux, which are what goes to other nodes.
const (
	errPermission crmexit.Legacy = -1  // EPERM
	errAccess     crmexit.Legacy = -13 // EACCES
	errInvalid    crmexit.Legacy = -22 // EINVAL
)

// call is an operation being performed.
type call struct {
	*Manager
	now     time.Time
	op      ops.Op
	msg     *etree.Element
	opts    options
	section string
	input   *etree.Element
	output  *etree.Element // goes into the reply
	answer  *message       // likewise, instead of output
	result  ops.Result
	changed sections // by a replacement
	again   uint64   // how many changes were made again in what replaces the CIB
}

// perform does an operation (cib_process_command). The reply is nil if nobody wants it.
func (m *Manager) perform(now time.Time, op ops.Op, msg *etree.Element, mayWrite bool) (crmexit.Legacy, *message) {
	c := &call{Manager: m, now: now, op: op, msg: msg, opts: optionsOf(msg), section: get(msg, fSection)}
	kind := operations[op]
	c.prepare(kind)
	var rc crmexit.Legacy
	switch {
	case kind.privileged && !mayWrite:
		rc = errAccess
	case kind.modifies:
		rc = c.change()
	default:
		rc = c.ask()
	}
	if c.opts.has(optNoReply) {
		return rc, nil
	}
	reply := newReply(op, msg, c.opts, rc)
	switch {
	case c.answer != nil:
		reply.holdMessage(dataHolder, c.answer)
	case c.output != nil:
		if shared, ok := c.texts.of(c.output, c.cib); ok {
			reply.holdShared(dataHolder, shared)
		} else {
			reply.hold(dataHolder, c.output)
		}
	}
	return rc, reply
}

// prepare finds what the operation is about (cib_prepare_data, cib_prepare_diff).
func (c *call) prepare(kind operation) {
	if !kind.data {
		return
	}
	holder := dataHolder
	if c.op == ops.Patch {
		c.section = ""
		if isTrue(c.msg, fGlobal) {
			holder = diffHolder
		}
	}
	c.input = held(c.msg, holder)
	if c.input != nil {
		switch strings.ToLower(c.input.Tag) {
		case "cib_fragment", "crm_xml", dataHolder:
			c.input = patch.Child(c.input, "cib")
		}
	}
}

// request is the operation for package ops.
func (c *call) request() ops.Request {
	r := ops.Request{
		Op: c.op, Section: c.section, Data: c.input,
		Options: ops.Options{
			XPath: c.opts.has(optXPath), PathsOnly: c.opts.has(optPaths), NoChildren: c.opts.has(optNoChildren),
			Multiple: c.opts.has(optMultiple), CanCreate: c.opts.has(optCanCreate), MixedUpdate: c.opts.has(optMixed),
			NoTime: c.opts.has(optNoTime), Uncounted: c.opts.has(optAlone) || isTrue(c.msg, fGlobal), Lend: true, OwnNotes: true,
			// A replaced CIB is compared with the one before.
			Take: c.op != ops.Replace && !c.opts.has(optDryRun),
		},
		User:   c.user(get(c.msg, fUser)),
		Origin: get(c.msg, fOrigin), Client: get(c.msg, fClientName),
		Now: iso8601.FromTime(c.now), Written: c.now.Format(time.ANSIC),
	}
	if c.op == ops.Replace {
		r.Digest, r.FeatureSet = get(c.msg, fDigest), get(c.msg, fFeatures)
	}
	if newest, ok := document.Get(c.msg, fSchemaMax); ok && c.op == ops.Upgrade {
		r.SchemaMax = schema.Named(newest)
	}
	return r
}

// ask does an operation that leaves the CIB alone.
func (c *call) ask() crmexit.Legacy {
	if c.op == ops.Query {
		return c.query()
	}
	user := c.user(get(c.msg, fUser))
	if acl.Enabled(c.cib, user, iso8601.FromTime(c.now)) && acl.Filter(c.cib, c.cib, user) == nil {
		return errAccess
	}
	switch c.op {
	case opSync:
		c.sync(c.msg, true)
	case opSyncOne:
		c.sync(c.msg, false)
	case opPing:
		c.reportDigest()
	case opShutdown:
		return c.peerLeaves()
	case opIsPrimary:
		if !c.primary {
			return errPermission
		}
	case opSecondary, opAllSecondary:
		c.setPrimary(false)
	}
	return 0
}

// query is what of the CIB is asked for.
func (c *call) query() crmexit.Legacy {
	// as it is, and for all the same
	whole := !c.opts.has(optXPath) && !c.opts.has(optNoChildren) && !acl.User{Name: get(c.msg, fUser)}.Required()
	if at := c.texts.found[c.section]; whole && at != nil {
		c.output = at
		return 0
	}
	r, err := ops.Perform(c.cib, c.request())
	c.output = r.Answer
	if whole && err == nil {
		c.texts.find(c.section, r.Answer)
	}
	return result.RC(err).Legacy()
}

// setPrimary makes this the primary, or not (cib_process_readwrite).
func (m *Manager) setPrimary(primary bool) {
	const function = "cib_process_readwrite"
	switch {
	case primary && m.primary:
		m.logf(loglevel.Debug, function, "We are still in R/W mode")
	case primary:
		m.logf(loglevel.Info, function, "We are now in R/W mode")
	case m.primary:
		m.logf(loglevel.Info, function, "We are now in R/O mode")
	}
	m.primary = primary
}

// change does an operation that may change the CIB.
func (c *call) change() crmexit.Legacy {
	c.check.modified = true
	if isTrue(c.msg, fGlobal) {
		c.opts |= optForceDiff
	}
	if document.EqualFold(c.section, "status") && !c.opts.has(optDryRun) {
		c.opts |= optZeroCopy
	} else {
		c.opts &^= optZeroCopy
	}
	rc := c.edit()
	switch {
	case rc == 0 && !c.opts.has(optDryRun):
		c.adopt()
	case rc == -crmexit.LegacySchemaValidation:
		c.output = c.result.CIB
	}
	if c.opts&(optQuiet|optDryRun) == 0 {
		c.notifyDiff(rc)
	}
	if c.changed != 0 {
		c.notifyReplace(rc)
	}
	return rc
}

// edit performs the operation on the CIB, whose successor is in c.result.
func (c *call) edit() crmexit.Legacy {
	switch c.op {
	case opPrimary:
		c.setPrimary(true)
		c.result.CIB = c.cib
		return 0
	case opDeleteAlt:
		return errInvalid
	case ops.Upgrade:
		if _, decided := document.Get(c.msg, fSchemaMax); !decided && !c.c.Alone {
			c.result.CIB = c.cib
			return c.decideUpgrade()
		}
	case ops.Patch:
		if c.passesOver() {
			return -crmexit.LegacyDiffResync
		}
	case ops.Replace:
		if c.keepsOurs() {
			// No error: the controller that has asked for it would begin anew with the join, and ask for the same.
			c.logf(loglevel.Notice, "cib_process_replace", "Keeping %s: that from %s lacks changes", versionText(c.cib), get(c.msg, fOrigin))
			c.result.CIB, c.syncing = c.cib, 0
			return 0
		}
		c.catchUp()
	}
	req := c.request()
	if !c.opts.has(optZeroCopy) && c.digestAt.Before(c.now) {
		// Once in a minute receivers verify what they make of patchsets.
		c.digestAt = c.now.Add(time.Minute)
		req.WithDigest = true
	}
	before := c.cib
	r, err := ops.Perform(before, req)
	c.result = r
	c.output = r.Answer
	c.logReplacement(before, err)
	for _, line := range c.describe(r.Patchset) {
		c.logf(loglevel.Info, "cib_perform_op", "%s", line)
	}
	switch {
	case c.op == ops.Patch && errors.Is(err, patch.ErrResync):
		return c.patchMissed()
	case errors.Is(err, ops.ErrSchema) && r.CIB != nil:
		c.logFaults(r.CIB)
		c.logf(loglevel.Warning, "cib_perform_op", "Updated CIB does not validate against %s schema", get(r.CIB, "validate-with"))
	case errors.Is(err, ops.ErrOldData) && !c.replacesAll(), errors.Is(err, ops.ErrUnsupported):
		c.logf(loglevel.Error, "cib_perform_op", "%v (Opts: %#x)", err, int(c.opts))
	}
	return result.RC(err).Legacy()
}

// logFaults logs why a CIB does not validate, if it is all there.
func (c *call) logFaults(cib *etree.Element) {
	if acl.Enabled(c.cib, c.user(get(c.msg, fUser)), iso8601.FromTime(c.now)) {
		return
	}
	for _, fault := range schema.Named(get(cib, "validate-with")).Explain(cib) {
		c.logf(loglevel.Error, "xml_log", "%s", fault.Text)
	}
}

// describe is a patchset for the log, if that takes it.
func (c *call) describe(patchset *etree.Element) []string {
	if patchset == nil || !c.c.Log.Enabled(loglevel.Info) {
		return nil
	}
	return patch.Describe(patchset, "cib_perform_op")
}

// adopt makes the outcome the CIB.
func (c *call) adopt() {
	before := c.cib
	replaced := c.op == ops.Replace && c.result.CIB != before
	if c.result.CIB != before {
		c.tally(before)
		// A replacement is always written: nobody has looked at the order of things in it.
		c.activate(c.result.CIB, (c.result.ConfigChanged || replaced) && !c.opts.has(optZeroCopy), string(c.op))
	}
	if replaced && c.replacesAll() {
		c.syncing = 0
	}
	c.check.at = c.now.Add(checkDelay)
	switch {
	case replaced:
		c.changed = changedSections(before, c.cib)
	case c.op == ops.Erase:
		c.changed = sectionNodes | sectionAlerts | sectionStatus
	}
}

// tally counts the changes that have gone into the outcome.
func (c *call) tally(before *etree.Element) {
	if theirs, err := strconv.ParseUint(get(c.msg, fChanges), 10, 64); err == nil && c.replacesAll() {
		c.count = theirs + c.again
	} else if patch.VersionOf(c.result.CIB) != patch.VersionOf(before) {
		c.count++
	}
}

// replacesAll tells whether the operation replaces all of the CIB.
func (c *call) replacesAll() bool {
	return c.op == ops.Replace && c.input != nil && document.EqualFold(c.input.Tag, "cib") && !c.opts.has(optXPath)
}

// logReplacement logs what became of a replacement of all of the CIB.
func (c *call) logReplacement(before *etree.Element, err error) {
	if !c.replacesAll() || !c.c.Log.Enabled(loglevel.Info) {
		return
	}
	const function = "cib_process_replace"
	from, was, is := get(c.msg, fOrigin), patch.VersionOf(before), patch.VersionOf(c.input)
	reason := ""
	if want := get(c.msg, fDigest); want != "" {
		set := get(c.msg, fFeatures)
		if set == "" {
			set = featureset.Current
		}
		if !errors.Is(err, ops.ErrOldData) {
			c.logf(loglevel.Info, function, "Digest matched on replace from %s: %s", from, want)
		} else if got := digest.Versioned(c.input, set); !document.EqualFold(got, want) {
			c.logf(loglevel.Error, function, "Digest mis-match on replace from %s: %s vs. %s (expected)", from, got, want)
			reason = "digest mismatch"
		} else {
			c.logf(loglevel.Info, function, "Digest matched on replace from %s: %s", from, want)
		}
	}
	for i, field := range []string{"admin_epoch", "epoch", "num_updates"} {
		if is[i] != was[i] {
			if is[i] < was[i] {
				reason = field
			}
			break
		}
	}
	if reason != "" {
		c.logf(loglevel.Info, function, "Replacement %s from %s not applied to %s: current %s is greater than the replacement", is, from, was, reason)
	} else {
		c.logf(loglevel.Info, function, "Replaced %s with %s from %s", was, is, from)
	}
}
