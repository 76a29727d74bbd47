package crmticket

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// warnGrant says what granting a ticket may mean, warnRevoke what revoking it.
func (t *tool) warnGrant() {
	id := *t.ticket
	fmt.Fprintf(t.out, "This command cannot help you verify whether '%s' has been already granted elsewhere.\n", id)
	t.warn("grant", "to")
}

func (t *tool) warnRevoke() {
	id := *t.ticket
	fmt.Fprintf(t.out, "Revoking '%[1]s' can trigger the specified 'loss-policy'(s) relating to '%[1]s'.\n\n"+
		"You can check that with:\ncrm_ticket --ticket %[1]s --constraints\n\n"+
		"Otherwise before revoking '%[1]s', you may want to make '%[1]s' standby with:\ncrm_ticket --ticket %[1]s --standby\n\n", id)
	t.warn("revoke", "from")
}

func (t *tool) warn(action, word string) {
	fmt.Fprintf(t.out, "If you really want to %s '%s' %s this site now, and you know what you are doing,\nplease specify --force.\n", action, *t.ticket, word)
}

// allowed tells whether changes may be made without --force, and says why not.
func (t *tool) allowed() bool {
	if t.force {
		return true
	}
	if value, ok := t.changes.values["granted"]; ok {
		if status.IsTrue(value) {
			t.warnGrant()
		} else {
			t.warnRevoke()
		}
		return false
	}
	if slices.ContainsFunc(t.removals, func(name string) bool { return document.EqualFold(name, "granted") }) {
		t.warnRevoke()
		return false
	}
	return true
}

// change sets and removes attributes of the ticket.
func (t *tool) change() (crmexit.Code, error) {
	value := "(null)"
	if t.value != nil {
		value = *t.value
	}
	switch {
	case t.ticket == nil:
		return pcmktool.Fail(crmexit.Usage, "Must supply ticket ID with -t")
	case t.value != nil && (t.name == nil || *t.name == ""):
		return pcmktool.Fail(crmexit.Usage, "Must supply attribute name with -S for -v %s", value)
	case t.name != nil && (t.value == nil || *t.value == ""):
		return pcmktool.Fail(crmexit.Usage, "Must supply attribute value with -v for -S %s", value)
	case !t.allowed():
		return pcmktool.Fail(crmexit.InsufficientPriv, "Ticket modification not allowed")
	}
	return ended(t.modify(), "Could not modify ticket")
}

// modify writes the changes (modify_ticket_state).
func (t *tool) modify() error {
	ticket, err := t.state()
	top, found := ticket, err == nil
	switch {
	case found:
	case !isMissing(err):
		return err
	case len(t.changes.names) == 0:
		return nil
	default:
		top = etree.NewElement("status")
		ticket = top.CreateElement("tickets").CreateElement("ticket_state")
		ticket.CreateAttr("id", *t.ticket)
	}
	for _, name := range t.removals {
		ticket.RemoveAttr(name)
	}
	before := t.status.Tickets[*t.ticket]
	for _, i := range ghash.Order(t.changes.names) {
		name := t.changes.names[i]
		value := t.changes.values[name]
		ticket.CreateAttr(name, value)
		if document.EqualFold(name, "granted") && (before == nil || !before.Granted) && status.IsTrue(value) {
			ticket.CreateAttr("last-granted", strconv.FormatInt(t.now.Unix(), 10))
		}
	}
	r := call.Request{Op: ops.Modify, Section: "status", Data: top}
	if found && len(t.removals) > 0 {
		// A modification could not remove anything.
		r = call.Request{Op: ops.Replace, Section: "status", Data: ticket}
	}
	_, err = t.cib.Do(t.ctx, r)
	return err
}

// clean deletes the ticket's state.
func (t *tool) clean() (crmexit.Code, error) {
	if t.ticket == nil {
		return pcmktool.Fail(crmexit.Usage, "Must supply ticket ID with -t")
	}
	if !t.force {
		ticket := t.status.Tickets[*t.ticket]
		if ticket == nil {
			return pcmktool.Fail(crmexit.NoSuch, "No such ticket '%s'", *t.ticket)
		}
		if ticket.Granted {
			t.warnRevoke()
			return crmexit.InsufficientPriv, nil
		}
	}
	e, err := t.state()
	if isMissing(err) {
		return crmexit.OK, nil
	}
	if err == nil {
		_, err = t.cib.Do(t.ctx, call.Request{Op: ops.Delete, Section: "status", Data: e})
	}
	if err == nil {
		fmt.Fprintf(t.out, "Cleaned up %s\n", *t.ticket)
	}
	return ended(err, "Could not clean up ticket")
}
