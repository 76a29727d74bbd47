package crmticket

import (
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// show shows the ticket, or all.
func (t *tool) show() (crmexit.Code, error) {
	if t.ticket == nil {
		for _, ticket := range t.status.TicketList() {
			t.showTicket(ticket)
		}
		return crmexit.OK, nil
	}
	ticket := t.status.Tickets[*t.ticket]
	if ticket == nil {
		return pcmktool.Fail(crmexit.NoSuch, "No such ticket '%s'", *t.ticket)
	}
	t.showTicket(ticket)
	return crmexit.OK, nil
}

func (t *tool) showTicket(ticket *status.Ticket) {
	if t.command == raw {
		fmt.Fprintln(t.out, ticket.ID)
		return
	}
	granted, standby := "revoked", "         "
	if ticket.Granted {
		granted = "granted"
	}
	if ticket.Standby {
		standby = "[standby]"
	}
	fmt.Fprintf(t.out, "%s\t%s %s", ticket.ID, granted, standby)
	switch {
	case t.command == details && len(ticket.State) > 0:
		fmt.Fprintf(t.out, " (%s)\n", t.details(ticket))
	case ticket.LastGranted > -1:
		fmt.Fprintf(t.out, " last-granted=%s\n", t.date(ticket.LastGranted))
	default:
		fmt.Fprintln(t.out)
	}
}

// details are all attributes of a ticket, in the order of the reference's hash table.
func (t *tool) details(ticket *status.Ticket) string {
	names := t.names(ticket.ID)
	var all []string
	for _, i := range ghash.Order(names) {
		value := ticket.State[names[i]]
		if names[i] == "last-granted" || names[i] == "expires" {
			value = t.date(pcmktool.ScanInt(value, 0, t.log))
		}
		all = append(all, names[i]+"="+value)
	}
	return strings.Join(all, ", ")
}

// names are the attributes of a ticket as the CIB lists them.
func (t *tool) names(ticket string) []string {
	var names []string
	for _, section := range t.whole.SelectElements("status") {
		for _, tickets := range section.SelectElements("tickets") {
			for _, e := range tickets.SelectElements("ticket_state") {
				if e.SelectAttrValue("id", "") != ticket {
					continue
				}
				for i := range e.Attr {
					if a := &e.Attr[i]; text.IsAttribute(a) && a.Key != "id" {
						names = append(names, a.Key)
					}
				}
			}
		}
	}
	return names
}

// date is a time as C's asctime writes it, in quotes.
func (t *tool) date(seconds int64) string {
	return "'" + time.Unix(seconds, 0).In(t.now.Location()).Format("Mon Jan _2 15:04:05 2006") + "'"
}

// showXML shows what a path leads to. Booth passes over the first two lines.
func (t *tool) showXML(heading, path string) error {
	find := t.find
	if t.command == queryXML {
		find = func(string) (*etree.Element, error) { return t.state() }
	}
	e, err := find(path)
	if err != nil {
		return err
	}
	fmt.Fprint(t.out, heading+text.Lines(e))
	return nil
}

// showAttribute shows an attribute of the ticket.
func (t *tool) showAttribute() crmexit.Code {
	value, ok := "", false
	if ticket := t.status.Tickets[*t.ticket]; ticket != nil {
		value, ok = ticket.State[t.get]
	}
	if !ok && t.fallback != nil {
		value, ok = *t.fallback, true
	}
	if !ok {
		return crmexit.NoSuch
	}
	fmt.Fprintln(t.out, value)
	return crmexit.OK
}
