package manager

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

const processFunction = "cib_process_request"

// process handles a request of a client, or a message of a peer if c is nil
// (cib_process_request).
func (m *Manager) process(now time.Time, msg *etree.Element, c *client, mayWrite bool) {
	op := ops.Op(get(msg, fOperation))
	opts := optionsOf(msg)
	from := "local"
	if origin, ok := document.Get(msg, fOrigin); ok {
		from = origin
	}
	if c != nil {
		msg.CreateAttr(fOrigin, m.c.Node)
	}
	kind, known := operations[op]
	if !known {
		m.logf(loglevel.Error, "cib_get_operation_id", "Operation %s is not valid", op)
		m.logf(loglevel.Error, processFunction, "Pre-processing of command failed: %s", errInvalid)
		return
	}
	var r route
	if c != nil {
		r = m.routeLocal(op, get(msg, fHost))
	} else {
		var ok bool
		if r, ok = m.routePeer(op, msg); !ok {
			return
		}
	}
	if opts.has(optNoReply) {
		r.reply, r.notify = false, false
	}
	if r.forward {
		m.forward(op, msg, from)
		return
	}
	var reply *message
	if m.c.Status != 0 {
		m.logf(loglevel.Error, processFunction, "Operation ignored, cluster configuration is invalid. Please repair and restart: %s", m.c.Status)
		reply = newReply(op, msg, opts, m.c.Status).hold(dataHolder, m.cib)
	} else if r.perform {
		var rc crmexit.Legacy
		before, count := patch.VersionOf(m.cib), m.count
		rc, reply = m.perform(now, op, msg, mayWrite)
		m.logCompleted(op, msg, kind, rc, from)
		if c == nil && kind.modifies {
			m.history.add(op, msg, before, count)
		}
	}
	if !kind.modifies && r.reply && !m.c.Alone && !opts.has(optNoReply) && c == nil && reply != nil {
		// Who changes something is told by its own node, which makes the change too.
		if origin, ok := document.Get(msg, fOrigin); ok {
			m.send(origin, reply.set(fReplyTo, origin))
		}
	}
	id, ok := document.Get(msg, fClient)
	if !r.notify || !ok {
		return
	}
	switch {
	case !r.perform:
		m.respond(id, get(msg, fCallID), packed.Plain(text.Line(msg)), opts.has(optSync))
	case reply != nil:
		m.respond(id, get(msg, fCallID), reply.text(), opts.has(optSync))
	}
}

// forward sends a request to where it is performed.
func (m *Manager) forward(op ops.Op, msg *etree.Element, from string) {
	level := loglevel.Info
	if op == opNoop {
		level = loglevel.Debug
	}
	host := get(msg, fHost)
	to := host
	if to == "" {
		to = "all"
	}
	m.logf(level, processFunction, "Forwarding %s operation for section %s to %s (origin=%s/%s/%s)",
		op, sectionName(msg), to, from, get(msg, fClientName), get(msg, fCallID))
	msg.CreateAttr(fDelegate, m.c.Node)
	m.out = append(m.out, Send{host, text.Line(msg)})
}

// sectionName is what a request is about, for the log.
func sectionName(msg *etree.Element) string {
	if section, ok := document.Get(msg, fSection); ok {
		return section
	}
	return "'all'"
}

// logCompleted logs how an operation ended.
func (m *Manager) logCompleted(op ops.Op, msg *etree.Element, kind operation, rc crmexit.Legacy, from string) {
	level := loglevel.Info
	switch {
	case !kind.modifies:
		level = loglevel.Trace
	case isTrue(msg, fGlobal):
		switch rc {
		case 0:
		case -crmexit.LegacyOldData, -crmexit.LegacyDiffResync, -crmexit.LegacyDiffFailed:
			level = loglevel.Trace
		default:
			level = loglevel.Error
		}
	case rc != 0:
		level = loglevel.Warning
	}
	if !m.c.Log.Enabled(level) {
		return // what would be written is not free to find, and queries are many
	}
	m.logf(level, processFunction, "Completed %s operation for section %s: %s (rc=%d, origin=%s/%s/%s, version=%s)",
		op, sectionName(msg), rc, int(rc), from, get(msg, fClientName), get(msg, fCallID), versionText(m.cib))
}

// versionText is the version as the CIB has it.
func versionText(cib *etree.Element) string {
	return get(cib, "admin_epoch") + "." + get(cib, "epoch") + "." + get(cib, "num_updates")
}

// newReply is the outcome of an operation.
func newReply(op ops.Op, msg *etree.Element, opts options, rc crmexit.Legacy) *message {
	return newMessage("cib-reply").set(fType, typeCIB).set(fOperation, string(op)).
		copyOf(msg, fCallID, fCallID).copyOf(msg, fClient, fClient).
		setInt(fOptions, int(opts)).setInt(fResult, int(rc))
}
