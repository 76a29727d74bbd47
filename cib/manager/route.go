package manager

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// route is what is to become of a message.
type route struct {
	perform bool // the operation, here and now
	reply   bool // to the node it came from
	notify  bool // the client that asked
	forward bool // to where it is to be performed
}

// isUs tells whether a name is this node's.
func (m *Manager) isUs(name string) bool {
	return name != "" && document.EqualFold(name, m.c.Node)
}

// routeLocal is where a request of a client goes (parse_local_options_v2): changes go to all nodes,
// other operations to the node they name, or are done here.
func (m *Manager) routeLocal(op ops.Op, host string) route {
	here := route{perform: true, notify: true}
	switch {
	case m.c.Alone:
		return here
	case op == opPrimary || op == opSecondary:
		return here
	case operations[op].modifies:
		return route{reply: true, forward: true}
	case host == "" || m.isUs(host):
		return here
	}
	return route{notify: true, forward: true}
}

// routePeer is what a message of a peer is for (parse_peer_options_v2). ok is false if there
// is no more to do.
func (m *Manager) routePeer(op ops.Op, msg *etree.Element) (r route, ok bool) {
	from := get(msg, fOrigin)
	delegate := get(msg, fDelegate)
	replyTo, isReply := document.Get(msg, fReplyTo)
	toUs := m.isUs(replyTo)
	switch {
	case op == ops.Replace:
		// What syncs a CIB is marked as a reply, and meant for all.
		if isReply {
			delegate = replyTo
		}
		return m.routeToAll(op, msg, delegate, toUs)
	case op == opSync:
	case toUs && strings.EqualFold(string(op), string(opPing)):
		m.compareDigest(msg)
		return route{}, false
	case op == ops.Upgrade:
		_, decided := document.Get(msg, fSchemaMax)
		rejected, isRejected := document.Get(msg, fUpgradeRC)
		switch {
		case isRejected:
			msg.CreateAttr(fResult, rejected)
		case decided || m.primary:
			return m.routeToAll(op, msg, delegate, toUs)
		default:
			return route{}, false // the primary decides
		}
	case isTrue(msg, fGlobal):
		m.logf(loglevel.Info, "parse_peer_options_v2", "Detected legacy %s global update from %s", op, from)
		m.askSync("")
		return route{}, false
	case toUs && operations[op].modifies:
		return route{}, false
	case op == opShutdown:
		m.logf(loglevel.Debug, "parse_peer_options_v2", "Legacy handling of %s message from %s", op, from)
		return route{perform: true, reply: true}, true
	}
	if toUs {
		return route{notify: true}, true
	}
	return m.routeToAll(op, msg, delegate, toUs)
}

// routeToAll is the route of what is no reply, or passes for none: every node performs it, unless it
// names another.
func (m *Manager) routeToAll(op ops.Op, msg *etree.Element, delegate string, toUs bool) (route, bool) {
	r := route{perform: true, notify: m.isUs(delegate)}
	if host, ok := document.Get(msg, fHost); ok {
		r.reply = true
		return r, m.isUs(host)
	}
	r.reply = !toUs && strings.EqualFold(string(op), string(opPing))
	return r, true
}
