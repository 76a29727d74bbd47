package show

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// nodeList prints the nodes: one by one those that are not as they should be, the
// others by what they are (node_list_text).
func (p *Printer) nodeList(ws *status.WorkingSet) bool {
	list := section{p: p, heading: "Node List"}
	const (
		online = iota
		offline
		remoteOnline
		remoteOffline
		guestOnline
		kinds
	)
	var names [kinds][]string
	for _, n := range ws.Nodes {
		list.begin()
		kind := online
		switch {
		case n.Unclean || n.Pending || n.StandbyOnFail && n.Online || n.Standby || n.Maintenance || n.HealthColor() <= 0:
			p.Item("%s", nodeLine(n))
			continue
		case n.Online && n.IsGuest():
			kind = guestOnline
		case n.Online && n.IsRemote():
			kind = remoteOnline
		case n.Online:
		case n.IsRemote():
			kind = remoteOffline
		case n.IsGuest():
			continue
		default:
			kind = offline
		}
		names[kind] = append(names[kind], n.Name)
	}
	for kind, heading := range [kinds]string{"Online", "OFFLINE", "RemoteOnline", "RemoteOFFLINE", "GuestOnline"} {
		if len(names[kind]) > 0 {
			p.NamedItem(heading, "[ "+strings.Join(names[kind], " ")+" ]")
		}
	}
	return list.end()
}

// nodeLine is what is said of a node alone (node_text).
func nodeLine(n *status.Node) string {
	kind := "Node"
	switch {
	case n.IsGuest():
		kind = "GuestNode"
	case n.IsRemote():
		kind = "RemoteNode"
	}
	line := kind + " " + n.Name + ": " + nodeState(n)
	switch health := n.HealthColor(); {
	case health < 0:
		line += " (health is RED)"
	case health == 0:
		line += " (health is YELLOW)"
	}
	return line
}

func nodeState(n *status.Node) string {
	switch {
	case n.Unclean && n.Online:
		return "UNCLEAN (online)"
	case n.Unclean && n.Pending:
		return "UNCLEAN (pending)"
	case n.Unclean:
		return "UNCLEAN (offline)"
	case n.Pending:
		return "pending"
	case n.StandbyOnFail && n.Online:
		return "standby (on-fail)"
	case n.Standby && !n.Online:
		return "OFFLINE (standby)"
	case n.Standby && len(n.Running) > 0:
		return "standby (with active resources)"
	case n.Standby:
		return "standby"
	case n.Maintenance && n.Online:
		return "maintenance"
	case n.Maintenance:
		return "OFFLINE (maintenance)"
	case n.Online:
		return "online"
	}
	return "OFFLINE"
}

// byName sorts nodes by name (pe__cmp_node_name).
func byName(nodes []*status.Node) []*status.Node {
	slices.SortStableFunc(nodes, func(a, b *status.Node) int { return status.CompareNames(a.Name, b.Name) })
	return nodes
}

func namesOf(nodes []*status.Node) []string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.Name
	}
	return names
}

// inList is names as items have them: "[ a b ]".
func inList(names []string) string { return "[ " + strings.Join(names, " ") + " ]" }

// sortedNames sorts names, numbers in them as numbers.
func sortedNames(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(status.CompareNames(a, b), strings.Compare(a, b))
	})
	return names
}
