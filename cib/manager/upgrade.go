package manager

import (
	"errors"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/result"
	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// decideUpgrade tells all nodes to which schema they shall go, or the one that asked why there
// is none (cib_process_upgrade_server). This node's is the oldest Pacemaker of all, for it is
// the primary.
func (c *call) decideUpgrade() crmexit.Legacy {
	const function = "cib_process_upgrade_server"
	host := get(c.msg, fOrigin)
	current := schema.V1_0
	if claimed, ok := document.Get(c.cib, "validate-with"); ok {
		current = schema.Named(claimed)
	}
	upgraded, err := schema.Upgrade(xmltree.Copy(c.cib), schema.Options{})
	var rc crmexit.Legacy
	switch {
	case upgraded.Version > current:
		c.logf(loglevel.Notice, function, "Upgrade request from %s verified", host)
		c.send("", c.upgradeMessage(func(m *message) { m.set(fSchemaMax, upgraded.Version.String()).set(fDelegate, host) }))
		return 0
	case err == nil:
		rc = -crmexit.LegacySchemaUnchanged
	case errors.Is(err, schema.ErrInvalid):
		rc = result.RC(ops.ErrSchema).Legacy()
	default:
		rc = result.RC(ops.ErrTransform).Legacy()
	}
	peer := "lost"
	_, known := c.peers[host]
	if known {
		peer = host
	}
	c.logf(loglevel.Info, function, "Rejecting upgrade request from %s: %s | rc=%d peer=%s", host, rc, int(rc), peer)
	if known {
		c.send(host, c.upgradeMessage(func(m *message) { m.set(fDelegate, host).set(fReplyTo, host) }).setInt(fUpgradeRC, int(rc)))
	}
	return rc
}

// upgradeMessage is about the client's request; decide adds what was decided.
func (c *call) upgradeMessage(decide func(*message)) *message {
	m := newMessage("cib_process_upgrade_server").set(fType, typeCIB).set(fOperation, string(ops.Upgrade))
	decide(m)
	for _, name := range []string{fClient, fOptions, fCallID} {
		m.copyOf(c.msg, name, name)
	}
	return m
}
