package te

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

// seconds is a time as the CIB has it: seconds since 1970.
func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// noteFenced writes into the CIB that a node was fenced: it has not joined, is not to be a member, and
// nothing runs there any more (send_stonith_update). That it is no member is the cluster layer's to say, as it may be
// back already; but of a node that was never seen it is said here.
func (t *Transitioner) noteFenced(target, uuid string) {
	const function = "send_stonith_update"
	p := t.Controller.Peers().GetAny(0, target)
	if p == nil || uuid == "" {
		return
	}
	parts := NodeJoin | NodeExpected
	if p.State == peers.Unknown {
		parts |= NodeCluster
	}
	if p.UUID == "" {
		t.logf(loglevel.Info, function, "Recording uuid '%s' for node '%s'", uuid, target)
		p.UUID = uuid
	}
	t.Controller.PeerDown(p, true)
	state := t.Controller.NodeState(p, parts, function)
	if state == nil {
		return
	}
	if p.Remote {
		state.CreateAttr("node_fenced", seconds(t.now))
	}
	state.CreateAttr("id", uuid)
	var n int
	written := func(err error) {
		const function = "cib_fencing_updated"
		if err == nil {
			t.logf(loglevel.Info, function, "Fencing update %d for %s: complete", n, target)
			return
		}
		t.logf(loglevel.Error, function, "Fencing update %d for %s: failed - %s", n, target, describe(err))
		t.Abort(t.now, transition.Infinity, transition.Shutdown, "CIB update failed", nil, function)
	}
	n = t.Host.CIB(call.Request{
		Op: ops.Modify, Section: "status", Data: state, Options: call.QuorumOverride | call.ScopeLocal | call.CanCreate,
	}, func(now time.Time, _ *etree.Element, err error) {
		t.now = now
		written(err)
	})
	if n < 1 {
		written(errNoCIB)
	}
	t.logf(loglevel.Debug, function, "Sending fencing update %d for %s", n, target)
	t.Controller.ForgetNode(p.Name)
}

var errNoCIB = errors.New("no connection to the CIB manager")

// describe is an error as the reference words it.
func describe(err error) string {
	var with interface{ RC() crmexit.RC }
	if errors.As(err, &with) {
		return with.RC().String()
	}
	return err.Error()
}

// AddCleanup notes that the next DC has to see to a node that was fenced, as the last DC may be that
// node (add_stonith_cleanup).
func (t *Transitioner) AddCleanup(target string) {
	t.fencing.cleanup = append(t.fencing.cleanup, target)
}

// RemoveCleanup forgets a node, which is back (remove_stonith_cleanup).
func (t *Transitioner) RemoveCleanup(target string) {
	t.fencing.cleanup = slices.DeleteFunc(t.fencing.cleanup, func(node string) bool { return strings.EqualFold(node, target) })
}

// PurgeCleanup forgets all nodes: another has seen to them (purge_stonith_cleanup).
func (t *Transitioner) PurgeCleanup() {
	for _, node := range t.fencing.cleanup {
		t.logf(loglevel.Info, "purge_stonith_cleanup", "Purging %s from stonith cleanup list", node)
	}
	t.fencing.cleanup = nil
}

// RunCleanup sees to all nodes, as the new DC (execute_stonith_cleanup).
func (t *Transitioner) RunCleanup(now time.Time) {
	t.now = now
	nodes := t.fencing.cleanup
	t.fencing.cleanup = nil
	for _, node := range nodes {
		t.logf(loglevel.Notice, "execute_stonith_cleanup", "Marking %s, target of a previous stonith action, as clean", node)
		if p := t.Controller.Peers().Get(0, node); p != nil {
			t.noteFenced(node, p.UUID)
		}
	}
}
