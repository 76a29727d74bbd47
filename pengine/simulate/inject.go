package simulate

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Injections are events that somebody makes up, in the words of crm_simulate's
// options.
type Injections struct {
	NodeUp, NodeDown, NodeFail                               []string
	OpInject                                                 []string // RESOURCE_TASK_INTERVAL@NODE=RC
	TicketGrant, TicketRevoke, TicketStandby, TicketActivate []string
	Quorum, Watchdog                                         *string
}

// Any tells whether there is anything that asks for the cluster to be looked at
// anew. Quorum alone does not, as in the reference.
func (in *Injections) Any() bool {
	for _, list := range [][]string{
		in.NodeUp, in.NodeDown, in.NodeFail, in.OpInject, in.TicketGrant, in.TicketRevoke, in.TicketStandby, in.TicketActivate,
	} {
		if len(list) > 0 {
			return true
		}
	}
	return in.Watchdog != nil
}

// Inject makes the events happen (pcmk__inject_scheduler_input). ws is of the CIB as
// it was. The error is a NodeStateError; nothing more has happened then.
func (c *CIB) Inject(p *show.Printer, ws *status.WorkingSet, in *Injections) error {
	c.readInt = ws.ReadInt
	if !p.Quiet() {
		p.Begin("Performing Requested Modifications")
	}
	if in.Quorum != nil {
		saySetting(p, "quorum", *in.Quorum)
		c.Root.CreateAttr("have-quorum", *in.Quorum)
		c.updated()
	}
	if in.Watchdog != nil {
		saySetting(p, "watchdog", *in.Watchdog)
		c.setOption("have-watchdog", *in.Watchdog)
	}
	if err := c.injectNodes(p, in); err != nil {
		return err
	}
	c.injectTickets(p, in)
	for _, spec := range in.OpInject {
		if err := c.injectOperation(p, ws, spec); err != nil {
			return err
		}
	}
	if !p.Quiet() {
		p.End()
	}
	return nil
}

func (c *CIB) injectNodes(p *show.Printer, in *Injections) error {
	for _, n := range in.NodeUp {
		sayNode(p, "Online", n, "Bringing node %s online")
		if _, err := c.setNodeState(n, true, c.Origin); err != nil {
			return err
		}
	}
	for _, n := range in.NodeDown {
		sayNode(p, "Offline", n, "Taking node %s offline")
		e, err := c.setNodeState(n, false, c.Origin)
		if err != nil {
			return err
		}
		c.forgetState(e)
	}
	for _, n := range in.NodeFail {
		sayNode(p, "Failing", n, "Failing node %s")
		e, err := c.setNodeState(n, true, c.Origin)
		if err != nil {
			return err
		}
		e.CreateAttr("in_ccm", "false")
	}
	return nil
}

func (c *CIB) injectTickets(p *show.Printer, in *Injections) {
	for _, t := range in.TicketGrant {
		sayTicket(p, "Granting", t, "Granting ticket %s")
		c.setTicket(t, "granted", "true")
	}
	for _, t := range in.TicketRevoke {
		sayTicket(p, "Revoking", t, "Revoking ticket %s")
		c.setTicket(t, "granted", "false")
	}
	for _, t := range in.TicketStandby {
		sayTicket(p, "Standby", t, "Making ticket %s standby")
		c.setTicket(t, "standby", "true")
	}
	for _, t := range in.TicketActivate {
		sayTicket(p, "Activating", t, "Activating ticket %s")
		c.setTicket(t, "standby", "false")
	}
}

func (c *CIB) setTicket(ticket, attribute, value string) {
	tickets := child(c.status(), "tickets")
	var state *etree.Element
	for _, e := range tickets.SelectElements("ticket_state") {
		if id(e) == ticket {
			state = e
			break
		}
	}
	if state == nil {
		state = tickets.CreateElement("ticket_state")
		state.CreateAttr("id", ticket)
	}
	state.CreateAttr(attribute, value)
	c.updated()
}

// setOption sets a cluster option where it is set, or else in the bootstrap options
// (cib__update_node_attr).
func (c *CIB) setOption(name, value string) {
	const set = "cib-bootstrap-options"
	c.reconfigured()
	config := child(child(c.Root, "configuration"), "crm_config")
	var target *etree.Element
	for _, s := range config.SelectElements("cluster_property_set") {
		for _, pair := range s.SelectElements("nvpair") {
			if pair.SelectAttrValue("name", "") == name {
				pair.CreateAttr("value", value)
				return
			}
		}
		if id(s) == set {
			target = s
		}
	}
	if target == nil {
		target = config.CreateElement("cluster_property_set")
		target.CreateAttr("id", set)
	}
	pair := target.CreateElement("nvpair")
	pair.CreateAttr("id", set+"-"+name)
	pair.CreateAttr("name", name)
	pair.CreateAttr("value", value)
}

// injectOperation makes up the result of an operation (inject_action).
func (c *CIB) injectOperation(p *show.Printer, ws *status.WorkingSet, spec string) error {
	sayOr(p, "inject_spec", []string{"spec", spec}, "Injecting %s into the configuration", spec)
	key, rest, _ := strings.Cut(spec, "@")
	node, outcome, _ := strings.Cut(rest, "=")
	fields := 0
	rc, ok := status.LeadingInt(outcome)
	switch {
	case key == "":
	case node == "":
		fields = 1
	case !ok:
		fields = 2
	default:
		fields = 3
	}
	if fields < 3 {
		p.Err("Invalid operation spec: %s.  Only found %d fields", spec, fields)
		return nil
	}
	resource, task, intervalMS, ok := status.ParseKey(key)
	r := ws.FindResource(resource)
	if !ok || r == nil {
		if !ok {
			resource = "(null)"
		}
		p.Err("Invalid resource name: %s", resource)
		return nil
	}
	state, err := c.nodeState(node, "")
	if err != nil {
		return err
	}
	c.countFailure(p, state, resource, task, intervalMS, int(rc))
	h, ok := c.history(p, state, resource, resource, agent{r.Class, r.Provider, r.Type})
	if !ok {
		return nil
	}
	c.record(state, h, result{
		resource: id(h.Element), task: task, intervalMS: intervalMS, rc: int(rc), reason: "Simulated action result",
	})
	return nil
}
