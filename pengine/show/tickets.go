package show

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// tickets prints the tickets, which the constraints must have been read for (ticket_list).
func (v viewer) tickets(spacer bool) bool {
	list := section{p: v.Printer, heading: "Tickets", spacer: spacer}
	for _, t := range v.ws.TicketList() {
		list.begin()
		state := "revoked"
		if t.Granted {
			state = "granted"
		}
		if v.xml {
			e := v.Element("ticket", "id", t.ID, "status", state, "standby", strconv.FormatBool(t.Standby))
			if t.LastGranted > -1 {
				e.Set("last-granted", dateText(v.ws, t.LastGranted))
			}
			continue
		}
		if t.Standby {
			state += " [standby]"
		}
		if t.LastGranted > -1 {
			state += ` last-granted="` + dateText(v.ws, t.LastGranted) + `"`
		}
		if v.page != nil {
			v.Item("%s:\t%s", t.ID, state)
		} else {
			v.NamedItem(t.ID, state)
		}
	}
	return list.end()
}

// bans prints the location constraints that keep resources away from nodes, once the
// constraints have been read (ban_list).
func (v viewer) bans(spacer bool) bool {
	list := section{p: v.Printer, heading: "Negative Location Constraints", spacer: spacer}
	for _, l := range slices.Backward(v.ws.Locations) {
		if v.BanPrefix != nil && !strings.HasPrefix(l.ID, *v.BanPrefix) {
			continue
		}
		r := l.Resource
		if !v.Resources.has(r.PrintableID()) && !v.Resources.has(r.Top().PrintableID()) {
			continue
		}
		for _, n := range l.Nodes {
			if n.Score >= 0 {
				continue
			}
			list.begin()
			v.ban(l, n)
		}
	}
	return list.end()
}

func (v viewer) ban(l *status.Location, n *status.Candidate) {
	promoted := l.RoleFilter == status.RolePromoted
	if v.xml {
		only := strconv.FormatBool(promoted)
		v.Element("ban", "id", l.ID, "resource", l.Resource.ID, "node", n.Name, "weight", strconv.Itoa(n.Score),
			"promoted-only", only, "master_only", only)
		return
	}
	role := ""
	if promoted {
		role = "in Promoted role "
	}
	v.Item("%s\tprevents %s from running %son %s", l.ID, l.Resource.ID, role, v.displayName(n.Node))
}
