package crmresource

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"syscall"
	"time"

	attrd "github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/attrs"
	controller "github.com/ringmaster-ha/ringmaster/crmd/client"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// messageTimeout is how long the controller may take to answer all requests.
const messageTimeout = 60 * time.Second

// await waits for the answers to so many requests (start_mainloop).
func (t *tool) await(count int) {
	if count == 0 {
		return
	}
	noun := "replies"
	if count == 1 {
		noun = "reply"
	}
	t.info("Waiting for %d %s from the controller", count, noun)
	ctx, cancel := context.WithTimeout(t.ctx, messageTimeout)
	defer cancel()
	for ; count > 0; count-- {
		_, err := t.controld.Await(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			t.failed("Aborting because no messages received in %d seconds", int(messageTimeout.Seconds()))
			t.code = crmexit.Timeout
			return
		case errors.Is(err, controller.ErrProtocol):
			t.out.Err("Error: bad reply from controller: %s", crmexit.Protocol)
			t.code = crmexit.Protocol
			return
		case err != nil:
			t.code = crmexit.Disconnect
			return
		case count == 1:
			t.info("... got reply (done)")
		default:
			t.info("... got reply")
		}
	}
}

// router is the node that a request about a node goes to; ok is false for a remote node without
// a connection.
func router(n *status.Node) (via string, ok bool) {
	if !n.IsGuestOrRemote() {
		return n.Name, true
	}
	at := n.RemoteResource.Current()
	if at == nil {
		return "", false
	}
	return at.Name, true
}

// forget has the manager of attributes forget failures.
func (t *tool) forget(on *status.Node, resource, operation, interval *string) error {
	a := wire.Attribute{Resource: resource, Operation: operation, Interval: interval}
	if on != nil {
		a.Host, a.Remote = &on.Name, wire.FlagOf(on.IsGuestOrRemote())
	}
	return attrd.Send(t.ctx, attrd.Options{}, attrd.ClearFailures(program, a))
}

// sendOperation asks the controller to fail or to refresh a resource on a node
// (send_lrm_rsc_op).
func (t *tool) sendOperation(failing bool, node, resource string) error {
	r := t.ws.FindResource(resource)
	switch {
	case r == nil:
		t.out.Err("Resource %s not found", resource)
		return syscall.ENXIO
	case r.Variant != status.Primitive:
		t.out.Err("We can only process primitive resources, not %s", resource)
		return syscall.EINVAL
	case r.Element.SelectAttr("class") == nil || r.Element.SelectAttr("type") == nil:
		t.out.Err("Resource %s does not have a class and type", resource)
		return syscall.EINVAL
	}
	n := t.ws.FindNode(node)
	if n == nil {
		t.out.Err("Node %s not found", node)
		return rcError(crmexit.RCNodeUnknown)
	}
	cibOnly := !n.Online
	if cibOnly && failing {
		t.out.Err("Node %s is not online", node)
		return syscall.ENOTCONN
	}
	via := node
	if !cibOnly {
		var ok bool
		if via, ok = router(n); !ok {
			t.out.Err("No cluster connection to Pacemaker Remote node %s detected", node)
			return syscall.ENOTCONN
		}
	}
	a := controller.Agent{ID: r.ID, Class: r.Class, Provider: r.Provider, Type: r.Type, HasProvider: r.HasProvider}
	if r.HistoryID != "" {
		a.ID, a.LongID = r.HistoryID, r.ID
	}
	var err error
	if failing {
		err = t.controld.Fail(t.ctx, node, via, a)
	} else {
		err = t.controld.Refresh(t.ctx, node, via, a, cibOnly)
	}
	if err != nil {
		return rcError(controller.RC(err))
	}
	t.expected++
	return nil
}

// fail is -F.
func (t *tool) fail() error {
	if err := t.sendOperation(true, *t.node, *t.resource); err != nil {
		return err
	}
	t.await(t.expected)
	return nil
}

// forgetFailed has the history forgotten of what has failed on a node, of one resource or all if
// it is nil (clear_rsc_failures).
func (t *tool) forgetFailed(node string, resource *status.Resource) error {
	interval := "0"
	if t.interval != nil {
		ms, _ := iso8601.ParseInterval(*t.interval)
		interval = strconv.FormatUint(uint64(ms), 10)
	}
	failed := map[string]string{}
	for _, f := range t.ws.Failures {
		if resource != nil {
			if r := t.ws.Find(f.ResourceID, anonymous); r == nil || !equalFold(r.ID, resource.ID) {
				continue
			}
		}
		if !equalFold(f.NodeName, node) {
			continue
		}
		if t.operation != nil && (!equalFold(*t.operation, f.Task) || !equalFold(interval, f.Element.SelectAttrValue("interval", ""))) {
			continue
		}
		failed[f.ResourceID] = ""
	}
	for _, id := range status.HashOrder(failed) {
		if err := t.sendOperation(false, node, id[0]); err != nil {
			return err
		}
	}
	return nil
}

// forgetResource has the failures, or the history, of a resource and all in it forgotten
// (cli_resource_delete).
func (t *tool) forgetResource(r *status.Resource, node string, onlyFailures bool) error {
	if len(r.Children) > 0 {
		for _, c := range r.Children {
			if err := t.forgetResource(c, node, onlyFailures); err != nil {
				return err
			}
		}
		return nil
	}
	if node == "" {
		for _, n := range t.whereKnown(r) {
			if !n.Online {
				continue
			}
			if err := t.forgetResource(r, n.Name, onlyFailures); err != nil {
				return err
			}
		}
		return nil
	}
	n := t.ws.FindNode(node)
	switch {
	case n == nil:
		t.out.Err("Unable to clean up %s because node %s not found", r.ID, node)
		return syscall.ENODEV
	case !n.DiscoveryEnabled:
		t.out.Err("Unable to clean up %s because resource discovery disabled on %s", r.ID, node)
		return syscall.EOPNOTSUPP
	case t.controld == nil:
		t.out.Err("Dry run: skipping clean-up of %s on %s due to CIB_file", r.ID, node)
		return nil
	}
	var operation, interval *string
	if onlyFailures {
		operation, interval = t.operation, t.interval
	}
	name := r.ID
	if r.HistoryID != "" {
		name = r.HistoryID
	}
	if !r.Is(status.Unique) {
		name = status.BaseName(name)
	}
	if err := t.forget(n, &name, operation, interval); err != nil {
		t.out.Err("Unable to clean up %s failures on %s: %s", r.ID, node, attrd.RC(err))
		return rcError(attrd.RC(err))
	}
	var err error
	if onlyFailures {
		err = t.forgetFailed(node, r)
	} else {
		err = t.sendOperation(false, node, r.ID)
	}
	if err != nil {
		t.out.Err("Cleaned %s failures on %s, but unable to clean history: %s", r.ID, node, attrs.RC(err))
		return err
	}
	t.info("Cleaned up %s on %s", r.ID, node)
	return nil
}

// whereKnown are the nodes on which a resource's history is.
func (t *tool) whereKnown(r *status.Resource) (nodes []*status.Node) {
	known := map[string]string{}
	for _, n := range t.ws.Nodes {
		if r.Known.Has(n) {
			known[n.ID] = ""
		}
	}
	switch {
	case len(known) > 0:
		// The reference's list is as GLib makes it of a table: the last comes first.
		for _, id := range slices.Backward(status.HashOrder(known)) {
			nodes = append(nodes, t.ws.FindNodeID(id[0]))
		}
	case t.force:
		nodes = t.ws.Nodes
	default:
		for _, c := range r.Allowed.Values() {
			if !r.ExclusiveOnly || c.Score >= 0 {
				nodes = append(nodes, c.Node)
			}
		}
	}
	return nodes
}

// cleanup is -C.
func (t *tool) cleanup() error {
	if t.rsc == nil {
		if err := t.cleanupAll(); err != nil {
			return err
		}
		t.await(t.expected)
		return nil
	}
	t.lookAgain(true)
	return nil
}

// lookAgain has the cluster look at the resource again, and says what may keep it as it is. What
// goes wrong has been said, and does not matter.
func (t *tool) lookAgain(onlyFailures bool) {
	r := t.rsc
	if !t.force {
		r = r.Top()
	}
	node := ""
	if t.node != nil {
		node = *t.node
	}
	if err := t.forgetResource(r, node, onlyFailures); err != nil {
		return
	}
	if !t.isQuiet() {
		t.check(r, t.host).show(t, nil)
	}
	t.await(t.expected)
}

// cleanupAll is -C of all resources (cli_cleanup_all).
func (t *tool) cleanupAll() error {
	where := "all nodes"
	if t.node != nil {
		where = *t.node
	}
	if t.controld == nil {
		t.info("Dry run: skipping clean-up of %s due to CIB_file", where)
		return nil
	}
	if err := t.forget(t.host, nil, t.operation, t.interval); err != nil {
		t.out.Err("Unable to clean up all failures on %s: %s", where, attrd.RC(err))
		return rcError(attrd.RC(err))
	}
	nodes := t.ws.Nodes
	if t.host != nil {
		nodes = []*status.Node{t.host}
	}
	for _, n := range nodes {
		if err := t.forgetFailed(n.Name, nil); err != nil {
			t.out.Err("Cleaned all resource failures on %s, but unable to clean history: %s", where, attrs.RC(err))
			return err
		}
	}
	t.info("Cleaned up all resources on %s", where)
	return nil
}

// refresh is -R.
func (t *tool) refresh() error {
	if t.rsc != nil {
		t.lookAgain(false)
		return nil
	}
	node, via, where := "", "", "all nodes"
	if t.host != nil {
		var ok bool
		node, where = *t.node, *t.node
		if via, ok = router(t.host); !ok {
			t.failed("No cluster connection to Pacemaker Remote node %s detected", node)
			return syscall.ENXIO
		}
	}
	if t.controld == nil {
		t.info("Dry run: skipping clean-up of %s due to CIB_file", where)
		return nil
	}
	forgotten := t.forget(t.host, nil, nil, nil)
	if t.controld.Reprobe(t.ctx, node, via) == nil {
		t.await(1)
	}
	if forgotten != nil {
		return rcError(attrd.RC(forgotten))
	}
	return nil
}
