package manager

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// maxPassedOver is how many patchsets are passed over while all of the CIB is on its way: the
// question for it may have been lost.
const maxPassedOver = 5

// askSync asks a peer, or all if that is "", for their CIB (send_sync_request).
func (m *Manager) askSync(host string) {
	who := host
	if who == "" {
		who = "all peers"
	}
	m.logf(loglevel.Info, "send_sync_request", "Requesting re-sync from %s", who)
	m.syncing = 1
	m.send(host, newMessage("sync-me").set(fType, typeCIB).set(fOperation, string(opSyncOne)).set(fDelegate, m.c.Node))
}

// synced are the attributes of a request that its answer with the CIB has too, in their order
// (cib_msg_copy).
var synced = []string{
	"__name__", fType, fClient, fOptions, fCallID, fOperation, fReplyTo, fSection, fHost, fResult, fDelegate, fObject, fObjectType,
	"cib_existing_object", "cib_seen", "cib_timeout", "cib_async_id", fGlobal, fClientName, fUser, fNotify, fActivate,
}

// sync sends the CIB to who asked for it, or to all (sync_our_cib).
func (m *Manager) sync(request *etree.Element, all bool) {
	host, ok := document.Get(request, fOrigin)
	to := host
	if all {
		to = ""
		m.logf(loglevel.Debug, "sync_our_cib", "Syncing CIB to all peers")
	} else {
		m.logf(loglevel.Debug, "sync_our_cib", "Syncing CIB to %s", host)
	}
	reply := newMessage("copy")
	for _, name := range synced {
		if !all || name != fHost {
			reply.copyOf(request, name, name)
		}
	}
	if ok {
		reply.set(fReplyTo, host)
	}
	reply.copyOf(request, fTokens, fTokens)
	reply.set(fOperation, string(ops.Replace)).set("original_"+fOperation, get(request, fOperation)).set(fGlobal, "true").
		set(fFeatures, featureset.Current).set(fDigest, digest.Versioned(m.cib, featureset.Current)).
		set(fPosition, m.history.position()).set(fChanges, strconv.FormatUint(m.count, 10)).hold(dataHolder, m.cib)
	m.send(to, reply)
}

// askDigests asks all nodes what CIB they have (cib_digester_cb).
func (m *Manager) askDigests() {
	if !m.primary || m.c.Alone {
		return
	}
	m.check.seq++
	m.check.digest, m.check.modified = "", false
	m.send("", newMessage("ping").set(fType, typeCIB).set(fOperation, string(opPing)).
		set(fPing, strconv.FormatUint(m.check.seq, 10)).set(fFeatures, featureset.Current))
}

// reportDigest answers such a question (cib_process_ping).
func (c *call) reportDigest() {
	sum := digest.Versioned(c.cib, featureset.Current)
	c.answer = newMessage("ping_response").set(fFeatures, featureset.Current).set(fDigest, sum).copyOf(c.msg, fPing, fPing).
		set(fChanges, strconv.FormatUint(c.count, 10)).
		holdMessage(dataHolder, shallow(c.cib.Tag, c.cib))
	c.logf(loglevel.Info, "cib_process_ping", "Reporting our current digest to %s: %s for %s (%p 0)",
		get(c.msg, fOrigin), sum, versionText(c.cib), c.cib)
}

// compareDigest sends our CIB to a peer whose answer says that it has another, or asks for its
// if ours is the one that lacks something (process_ping_reply).
func (m *Manager) compareDigest(reply *etree.Element) {
	const function = "process_ping_reply"
	pong := held(reply, dataHolder)
	if pong == nil {
		m.logf(loglevel.Debug, function, "Ignoring ping reply with no %s", fPing)
		return
	}
	number, ok := document.Get(pong, fPing)
	if !ok {
		m.logf(loglevel.Debug, function, "Ignoring ping reply with no %s", fPing)
		return
	}
	if number == tokenPing {
		m.isSilent(get(reply, fOrigin))
		return
	}
	seq, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
	sum, hasSum := document.Get(pong, fDigest)
	if err != nil || !hasSum || seq != m.check.seq || m.check.modified {
		return // it is of a CIB that we do not have any more
	}
	if m.check.digest == "" {
		m.check.digest = digest.Versioned(m.cib, get(pong, fFeatures))
	}
	if document.EqualFold(m.check.digest, sum) {
		return
	}
	theirs := "_._._"
	remote := held(pong, dataHolder)
	if remote != nil {
		theirs = versionText(remote)
	}
	m.logf(loglevel.Notice, function, "Local CIB %s.%s differs from %s: %s.%s %p", versionText(m.cib), m.check.digest, get(reply, fOrigin), theirs, sum, remote)
	if remote != nil && m.keepsIts(remote, get(pong, fChanges)) {
		m.askSync(get(reply, fOrigin))
		return
	}
	m.sync(reply, false)
}

// keepsIts tells whether a peer that has the CIB remote, of so many changes, would refuse ours.
func (m *Manager) keepsIts(remote *etree.Element, changes string) bool {
	if order := patch.VersionOf(remote).Compare(patch.VersionOf(m.cib)); order != 0 {
		return order > 0
	}
	count, err := strconv.ParseUint(changes, 10, 64)
	return err == nil && count > m.count
}

// passesOver tells whether a patchset does not matter, for all of the CIB is on its way
// (cib_server_process_diff).
func (c *call) passesOver() bool {
	if c.syncing > maxPassedOver {
		c.syncing = 0
	}
	if c.syncing == 0 || c.primary {
		return false
	}
	c.syncing++
	if c.input != nil {
		source, target := patch.Versions(c.input, patch.Version{}, patch.Version{})
		c.logf(loglevel.Notice, "cib_server_process_diff", "Not applying diff %s -> %s (sync in progress)", source, target)
	}
	return true
}

// patchMissed is what happens when a patchset is for a newer CIB.
func (c *call) patchMissed() crmexit.Legacy {
	if !c.primary {
		c.askSync("")
		return -crmexit.LegacyDiffResync
	}
	if c.opts.has(optForceDiff) {
		c.logf(loglevel.Warning, "cib_server_process_diff", "Not requesting full refresh in R/W mode")
	}
	return -crmexit.LegacyDiffFailed
}

// peerLeaves is a peer that says that it ends, or answers that we may
// (cib_process_shutdown_req).
func (c *call) peerLeaves() crmexit.Legacy {
	const function = "cib_process_shutdown_req"
	host := get(c.msg, fOrigin)
	if _, isReply := document.Get(c.msg, fReplyTo); !isReply {
		c.logf(loglevel.Info, function, "Peer %s is requesting to shut down", host)
		return 0
	}
	if !c.leaving.asked {
		c.logf(loglevel.Error, function, "Peer %s mistakenly thinks we wanted to shut down", host)
		return errInvalid
	}
	c.logf(loglevel.Info, function, "Peer %s has acknowledged our shutdown request", host)
	c.terminate(function, crmexit.OK)
	return 0
}
