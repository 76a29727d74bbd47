package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/result"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
)

// local is for calls that this node's CIB manager shall do at once, quorum or not.
const here = call.ScopeLocal | call.QuorumOverride

// ask makes a call of the CIB whose answer counts as awaited. A call that cannot be made is answered at
// once.
func (c *Controller) ask(r call.Request, then func(answer *etree.Element, err error)) int {
	n := c.counted(r, func(_ time.Time, answer *etree.Element, err error) { then(answer, err) })
	if n < 1 {
		then(nil, notMade(crmexit.Legacy(n).RC()))
	}
	return n
}

// notMade is why a call could not be made.
type notMade crmexit.RC

func (e notMade) Error() string  { return crmexit.RC(e).String() }
func (e notMade) RC() crmexit.RC { return crmexit.RC(e) }

// tell makes a call of the CIB that nobody waits for.
func (c *Controller) tell(r call.Request) int { return c.host.CIB(r, nil) }

// counted is Host.CIB for the parts of the controller: the machine runs after each answer, and
// the scheduler waits for all of them.
func (c *Controller) counted(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	if then == nil {
		return c.host.CIB(r, nil)
	}
	n := c.host.CIB(r, func(now time.Time, answer *etree.Element, err error) {
		c.event(now, func() {
			then(now, answer, err)
			c.calls = max(c.calls-1, 0)
			if c.calls == 0 && !c.scheduling.askAt.IsZero() {
				c.askAgain()
			}
			c.trigger()
		})
	})
	if n > 0 {
		c.calls++
	}
	return n
}

// Errors of the operating system, by the names of which the reference tells its own.
const (
	errNoSuch crmexit.RC = 6
	errAccess crmexit.RC = 13
)

// rcOf is the reference's result for what a call of the CIB ended with.
func rcOf(err error) crmexit.RC {
	var with interface{ RC() crmexit.RC }
	if errors.As(err, &with) {
		return with.RC()
	}
	return result.RC(err)
}

// modify is a call that changes a section.
func modify(section string, data *etree.Element, options call.Options) call.Request {
	return call.Request{Op: ops.Modify, Section: section, Data: data, Options: options}
}

// setPrimary makes this node's CIB manager the primary instance, or no longer.
func (c *Controller) setPrimary(yes bool) {
	op := call.SetSecondary
	if yes {
		op = call.SetPrimary
	}
	c.tell(call.Request{Op: op, Options: call.ScopeLocal})
}

// cibChanged takes a patchset: of options and alerts for the controller itself, all of it for the
// transitioner.
func (c *Controller) cibChanged(operation string, patchset *etree.Element) {
	if configured(patchset) {
		c.rereads = true
	}
	c.te.CIBChanged(c.now, operation, patchset)
}

// configured tells whether a patchset changes options or alerts (pcmk__alert_in_patchset).
func configured(patchset *etree.Element) bool {
	if alert.Changed(patchset) {
		return true
	}
	if patchset.SelectAttrValue("format", "1") == "1" {
		return len(patchset.FindElements(".//diff-added//crm_config")) > 0
	}
	for _, change := range patchset.ChildElements() {
		if strings.Contains(change.SelectAttrValue("path", ""), "/cib/configuration/crm_config") {
			return true
		}
	}
	return false
}

// The sections that the notification of a replacement names.
const (
	changedNodes  = 1
	changedStatus = 4
)

// cibReplaced has everybody join again if the nodes or their status have been replaced behind the
// DC's back (do_cib_replaced).
func (c *Controller) cibReplaced(notification *etree.Element) {
	const function = "do_cib_replaced"
	c.logf(loglevel.Debug, function, "Updating the CIB after a replace: DC=%t", c.IsDC())
	if !c.IsDC() || c.state == fsa.SFinalizeJoin && c.has(cibAsked) {
		return
	}
	changed := uint64(changedNodes | changedStatus)
	if n, err := strconv.ParseUint(notification.SelectAttrValue("cib_change_section", ""), 10, 32); err == nil {
		changed = n
	}
	if changed&(changedNodes|changedStatus) != 0 {
		c.populate(allParts, function)
		c.Input(fsa.CFSAInternal, fsa.IElection, function)
	}
}

// part is a part of what the CIB's status has of a node (enum controld_section_e).
type part uint8

// The parts. The unlocked one leaves alone what a shutdown has locked resources with.
const (
	history part = iota
	unlockedHistory
	attributes
	everything
)

// deleteNodeState has a part of a node's state deleted (controld_delete_node_state).
func (c *Controller) deleteNodeState(node string, p part, options call.Options) {
	state := "//node_state[@uname='" + node + "']"
	x := [...]struct{ path, text string }{
		history:         {state + "/lrm", "resource history for node %s"},
		unlockedHistory: {state + "//lrm_rsc_op|" + state + "//lrm_resource[not(@shutdown-lock)]", "resource history (other than shutdown locks) for node %s"},
		attributes:      {state + "/transient_attributes", "transient attributes for node %s"},
		everything:      {state + "/*", "all state for node %s"},
	}[p]
	what := fmt.Sprintf(x.text, node)
	call := c.deleteAll(x.path, what, options)
	c.logf(loglevel.Info, "controld_delete_node_state", "Deleting %s (via CIB call %d) | xpath=%s", what, call, x.path)
}

func (c *Controller) deleteAll(path, what string, options call.Options) (n int) {
	options |= call.QuorumOverride | call.XPath | call.Multiple
	n = c.ask(call.Request{Op: ops.Delete, Section: path, Options: options}, func(_ *etree.Element, err error) {
		const function = "cib_delete_callback"
		if rc := rcOf(err); rc != crmexit.RCOK {
			c.logf(loglevel.Warning, function, "Deletion of %s (via CIB call %d) failed: %v | rc=%d", what, n, rc, rc)
			return
		}
		c.logf(loglevel.Debug, function, "Deletion of %s (via CIB call %d) succeeded", what, n)
	})
	return n
}

// pair is an option of the cluster, or a node's attribute, that this node sets.
type pair struct{ name, value string }

const firstSet = "cib-bootstrap-options"

// setOptions sets options of the cluster: in place those that exist, in the first set the others
// (cib__update_node_attr). An option that several sets have is left as it is.
func (c *Controller) setOptions(pairs []pair, then func()) {
	path := "//cib/configuration/crm_config//cluster_property_set//nvpair"
	c.ask(call.Request{Op: ops.Query, Section: path, Options: call.ScopeLocal | call.XPath}, func(answer *etree.Element, err error) {
		if rc := rcOf(err); rc == crmexit.RCOK || rc == errNoSuch {
			for _, p := range pairs {
				c.setOption(found(answer, p.name), p)
			}
		}
		then()
	})
}

// found are the pairs of a name in the answer to a query, which is the only one or has them all.
func found(answer *etree.Element, name string) (out []*etree.Element) {
	if answer == nil {
		return nil
	}
	for _, e := range append(answer.ChildElements(), answer) {
		if e.Tag == "nvpair" && e.SelectAttrValue("name", "") == name {
			out = append(out, e)
		}
	}
	return out
}

func (c *Controller) setOption(there []*etree.Element, p pair) {
	nvpair := etree.NewElement("nvpair")
	data := nvpair
	switch len(there) {
	case 0:
		data = etree.NewElement("crm_config")
		set := data.CreateElement("cluster_property_set")
		set.CreateAttr("id", firstSet)
		set.AddChild(nvpair)
		nvpair.CreateAttr("id", firstSet+"-"+p.name)
	case 1:
		nvpair.CreateAttr("id", there[0].SelectAttrValue("id", ""))
	default:
		return
	}
	nvpair.CreateAttr("name", p.name)
	nvpair.CreateAttr("value", p.value)
	c.tell(modify("crm_config", data, call.QuorumOverride))
}

// setNodeAttribute sets a permanent attribute of this node.
func (c *Controller) setNodeAttribute(p pair) {
	path := "//cib/configuration/nodes//node[@id='" + c.cluster.UUID + "']//instance_attributes//nvpair[@name='" + p.name + "']"
	c.ask(call.Request{Op: ops.Query, Section: path, Options: call.ScopeLocal | call.XPath}, func(answer *etree.Element, err error) {
		rc, there := rcOf(err), found(answer, p.name)
		if rc != crmexit.RCOK && rc != errNoSuch || len(there) > 1 {
			return
		}
		nvpair := etree.NewElement("nvpair")
		data := nvpair
		if len(there) == 1 {
			nvpair.CreateAttr("id", there[0].SelectAttrValue("id", ""))
		} else {
			data = etree.NewElement("node")
			data.CreateAttr("id", c.cluster.UUID)
			set := data.CreateElement("instance_attributes")
			set.CreateAttr("id", "nodes-"+c.cluster.UUID)
			set.AddChild(nvpair)
			nvpair.CreateAttr("id", "nodes-"+c.cluster.UUID+"-"+p.name)
		}
		nvpair.CreateAttr("name", p.name)
		nvpair.CreateAttr("value", p.value)
		c.tell(modify("nodes", data, call.QuorumOverride))
	})
}
