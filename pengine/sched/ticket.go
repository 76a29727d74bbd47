package sched

import (
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// readTicket reads a rsc_ticket (pcmk__unpack_rsc_ticket). A ticket that the
// cluster has never heard of is one that it does not have.
func readTicket(ws *status.WorkingSet, e *etree.Element) {
	id, _ := xmlAttr(e, "id")
	name, ok := xmlAttr(e, "ticket")
	if !ok {
		ws.At("pcmk__unpack_rsc_ticket").ConfigErrorf("Ignoring constraint '%s' without ticket", id)
		return
	}
	ticket := ws.Ticket(name)
	expanded, ok := setFromTag(ws, "unpack_rsc_ticket_tags", e, "rsc-role")
	if !ok {
		return
	}
	withSets := e
	if expanded != nil {
		withSets = expanded
	}
	policy, _ := xmlAttr(e, "loss-policy")
	anySets, ok := forEachSet(ws, withSets, func(set *etree.Element) bool { return readTicketSet(ws, set, ticket, policy) })
	if ok && !anySets {
		readSimpleTicket(ws, e, id, ticket, policy)
	}
}

func readTicketSet(ws *status.WorkingSet, set *etree.Element, ticket *status.Ticket, policy string) bool {
	setID, ok := xmlAttr(set, "id")
	if !ok {
		ws.At("unpack_rsc_ticket_set").ConfigErrorf("Ignoring <resource_set> without id")
		return false
	}
	role, hasRole := xmlAttr(set, "role")
	for _, id := range memberIDs(set) {
		r := memberOf(ws, "unpack_rsc_ticket_set", id, setID)
		if r == nil {
			return false
		}
		newTicketConstraint(ws, setID, r, ticket, roleOrAny(ws, role, hasRole), policy)
	}
	return true
}

func readSimpleTicket(ws *status.WorkingSet, e *etree.Element, id string, ticket *status.Ticket, policy string) {
	instance, hasInstance := xmlAttr(e, "rsc-instance")
	if hasInstance {
		ws.At("unpack_simple_rsc_ticket").WarnOncef(status.WarnColocationInstance, "Support for rsc-instance is deprecated and will be removed in a future release.")
	}
	name, ok := xmlAttr(e, "rsc")
	if !ok {
		ws.At("unpack_simple_rsc_ticket").ConfigErrorf("Ignoring constraint '%s' without resource", id)
		return
	}
	r := constraintResource(ws, name)
	switch {
	case r == nil:
		ws.At("unpack_simple_rsc_ticket").ConfigErrorf("Ignoring constraint '%s' because resource '%s' does not exist", id, name)
		return
	case hasInstance && !r.IsClone():
		ws.At("unpack_simple_rsc_ticket").ConfigErrorf("Ignoring constraint '%s' because resource '%s' is not a clone but instance '%s' was requested", id, name, instance)
		return
	case hasInstance:
		if r = r.Instance(instance); r == nil {
			// The reference's call has the arguments of this one shifted.
			ws.At("unpack_simple_rsc_ticket").ConfigWarnf("Ignoring constraint '%s' because resource '%s' does not have an instance '%s'", "'%s'", id, name)
			return
		}
	}
	role, hasRole := xmlAttr(e, "rsc-role")
	newTicketConstraint(ws, id, r, ticket, roleOrAny(ws, role, hasRole), policy)
}

// newTicketConstraint adds a ticket constraint and, if the ticket is not there,
// does what its loss policy says (rsc_ticket_new).
func newTicketConstraint(ws *status.WorkingSet, id string, r *status.Resource, ticket *status.Ticket, role status.Role, policy string) {
	c := &status.TicketConstraint{ID: id, Resource: r, Ticket: ticket, Role: role}
	switch {
	case strings.EqualFold(policy, "fence") && ws.Flags.Has(status.FencingEnabled):
		c.LossPolicy = status.LossFence
	case strings.EqualFold(policy, "fence"):
		ws.At("rsc_ticket_new").ConfigErrorf("Resetting 'loss-policy' for ticket '%s' to 'stop' because fencing is not configured", ticket.ID)
	case strings.EqualFold(policy, "freeze"):
		c.LossPolicy = status.LossFreeze
	case strings.EqualFold(policy, "demote"):
		c.LossPolicy = status.LossDemote
	case !strings.EqualFold(policy, "stop") && role == status.RolePromoted:
		c.LossPolicy = status.LossDemote
	}
	r.Tickets = append(r.Tickets, c)
	ws.TicketConstraints = append(ws.TicketConstraints, c)
	if !ticket.Granted || ticket.Standby {
		applyTicket(r, c)
	}
}

// applyTicket bans a resource, and what is in it, from where a ticket that it
// lacks does not let it be, or leaves it as it is (constraints_for_ticket). A
// lost ticket of the promoted role only keeps from that role; see
// requirePromotionTickets.
func applyTicket(r *status.Resource, c *status.TicketConstraint) {
	if len(r.Children) > 0 {
		for _, child := range r.Children {
			applyTicket(child, c)
		}
		return
	}
	anyRole := c.Role != status.RolePromoted
	switch {
	case !c.Ticket.Granted && len(r.Running) > 0:
		loseTicket(r, c)
	case !anyRole && c.LossPolicy != status.LossStop:
	case !c.Ticket.Granted:
		r.Location(nil, -status.Infinity, "__no_ticket__")
	case c.Ticket.Standby:
		r.Location(nil, -status.Infinity, "__ticket_standby__")
	}
}

func loseTicket(r *status.Resource, c *status.TicketConstraint) {
	roleMatches := c.Role == status.RoleUnknown || c.Role == r.Role
	switch c.LossPolicy {
	case status.LossStop:
		r.Location(nil, -status.Infinity, "__loss_of_ticket__")
	case status.LossDemote:
		if c.Role != status.RolePromoted {
			r.Location(nil, -status.Infinity, "__loss_of_ticket__")
		}
	case status.LossFence:
		if roleMatches {
			r.Location(nil, -status.Infinity, "__loss_of_ticket__")
			for _, n := range r.Running {
				r.WorkingSet().FenceNode(n, "deadman ticket was lost", false)
			}
		}
	case status.LossFreeze:
		if roleMatches {
			r.Clear(status.Managed)
			r.Set(status.Blocked)
		}
	}
}

// requirePromotionTickets bans a clone from everywhere, as far as promotion is
// concerned, if it lacks a ticket for that (pcmk__require_promotion_tickets).
func requirePromotionTickets(r *status.Resource) {
	for _, c := range r.Tickets {
		if c.Role == status.RolePromoted && (!c.Ticket.Granted || c.Ticket.Standby) {
			r.Location(nil, -status.Infinity, "__stateful_without_ticket__")
		}
	}
}
