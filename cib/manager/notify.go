package manager

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

// sections are those that programs are told to have changed (enum cib_change_section_info).
type sections int

const (
	sectionNodes sections = 1 << iota
	sectionAlerts
	sectionStatus
)

// changedSections are those in which two CIBs differ.
func changedSections(before, after *etree.Element) sections {
	var changed sections
	for i, name := range []string{"nodes", "alerts", "status"} {
		was, is := ops.Section(before, name), ops.Section(after, name)
		if (was == nil) != (is == nil) || was != nil && digest.Versioned(was, featureset.Current) != digest.Versioned(is, featureset.Current) {
			changed |= 1 << i
		}
	}
	return changed
}

// wanting are the clients that want a kind of notifications.
func (m *Manager) wanting(kind subscriptions) []string {
	var ids []string
	for _, c := range m.clients {
		if c.wants&kind != 0 {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// notifyDiff tells clients what has changed, or was not allowed to (cib_diff_notify).
func (c *call) notifyDiff(rc crmexit.Legacy) {
	diff := c.result.Patchset
	if diff == nil {
		return
	}
	source, target := patch.Versions(diff, patch.Version{}, patch.Version{})
	if rc != 0 {
		call := ""
		if id, ok := document.Get(c.msg, fCallID); ok {
			call = ", call:" + id
		}
		if source[2] != target[2] {
			c.logf(loglevel.Warning, "cib_diff_notify", "Update (client: %s%s): %s -> %s (%s)", get(c.msg, fClientName), call, source, target, rc)
		} else {
			c.logf(loglevel.Warning, "cib_diff_notify", "Local-only Change (client:%s%s): %s (%s)", get(c.msg, fClientName), call, target, rc)
		}
	}
	clients := c.wanting(wantsDiff)
	if len(clients) == 0 {
		return
	}
	m := newMessage("notify").set(fType, typeNotify).set(fSubtype, diffNotify).set(fOperation, string(c.op)).setInt(fResult, int(rc)).
		copyOf(diff, "id", fObject)
	if c.input != nil {
		m.set(fObjectType, c.input.Tag)
	} else {
		m.set(fObjectType, diff.Tag)
	}
	m.holdMessage("cib_generation", shallow("generation_tuple", c.cib))
	if c.input != nil {
		m.hold(inputHolder, c.input)
	}
	m.hold(afterHolder, diff)
	c.out = append(c.out, Event{clients, shared(m.text())})
}

// shared is a text for many, so that it is compressed but once.
func shared(t packed.Text) packed.Text {
	b := []byte(t.String())
	return packed.Text{Shared: packed.NewShared(func() []byte { return b }, new(packed.Blocks))}
}

// notifyReplace tells clients that the CIB is another (cib_replace_notify).
func (c *call) notifyReplace(rc crmexit.Legacy) {
	diff := c.result.Patchset
	if diff == nil {
		return
	}
	source, target := patch.Versions(diff, patch.Version{}, patch.Version{})
	from := "unspecified peer"
	if origin, ok := document.Get(c.msg, fOrigin); ok {
		from = origin
	}
	if source[2] != target[2] {
		c.logf(loglevel.Info, "cib_replace_notify", "Replaced: %s -> %s from %s", source, target, from)
	} else {
		c.logf(loglevel.Info, "cib_replace_notify", "Local-only Replace: %s from %s", target, from)
	}
	clients := c.wanting(wantsReplace)
	if len(clients) == 0 {
		return
	}
	m := newMessage("notify-replace").set(fType, typeNotify).set(fSubtype, replaceNotify).set(fOperation, string(ops.Replace)).
		setInt(fResult, int(rc)).setInt(fSections, int(c.changed)).
		holdMessage("cib-replace-generation", shallow("generation_tuple", c.cib))
	c.out = append(c.out, Event{clients, shared(m.text())})
}
