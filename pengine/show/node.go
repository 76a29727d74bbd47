package show

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// nodes prints the nodes (node-list).
func (v viewer) nodes(spacer bool) bool {
	switch {
	case v.xml:
		v.nodesXML()
		return false
	case v.page != nil:
		return v.nodesPage()
	}
	return v.nodesText(spacer)
}

// displayName is a node's name with what details are wanted (pe__node_display_name).
func (v viewer) displayName(n *status.Node) string {
	name := n.Name
	if !v.Detail.Has(NodeIDs) {
		return name
	}
	if n.IsGuest() {
		name += "@"
		if host := n.RemoteResource.Container.Current(); host != nil {
			name += host.Name
		}
	}
	if !strings.EqualFold(n.Name, n.ID) {
		name += " (" + n.ID + ")"
	}
	return name
}

// nodesText prints one by one the nodes that are not as they should be, the
// others by what they are (node_list_text).
func (v viewer) nodesText(spacer bool) bool {
	list := section{p: v.Printer, heading: "Node List", spacer: spacer}
	const (
		online = iota
		offline
		remoteOnline
		remoteOffline
		guestOnline
		kinds
	)
	var names [kinds][]string
	for _, n := range v.ws.Nodes {
		if !v.Nodes.hasNode(n) {
			continue
		}
		list.begin()
		kind := online
		switch {
		case n.Unclean || n.Pending || n.StandbyOnFail && n.Online || n.Standby || n.Maintenance ||
			v.Detail.Has(ByNode) || v.Detail.Has(FeatureSets) || n.HealthColor() <= 0:
			v.nodeText(n)
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
		names[kind] = append(names[kind], v.displayName(n))
	}
	for kind, heading := range [kinds]string{"Online", "OFFLINE", "RemoteOnline", "RemoteOFFLINE", "GuestOnline"} {
		if len(names[kind]) > 0 {
			v.NamedItem(heading, inList(names[kind]))
		}
	}
	return list.end()
}

// nodeText prints a node, and where that is wanted what is active on it (node_text).
func (v viewer) nodeText(n *status.Node) {
	line := v.nodeLine(n)
	if !v.Detail.Has(ByNode) {
		v.Item("%s", line)
		return
	}
	if v.Detail.Has(Brief) {
		if rscs := v.filter(n.Running); len(rscs) > 0 {
			v.Begin(line)
			v.Begin("Resources")
			v.with((v.Detail | ResourceOnly) &^ Inactive).brief(rscs)
			v.End()
			v.End()
		}
		return
	}
	v.Begin(line)
	v.Begin("Resources")
	v.onNode(n)
	v.End()
	v.End()
}

// onNode prints what is active on a node.
func (v viewer) onNode(n *status.Node) {
	v.Detail |= ResourceOnly
	for _, r := range n.Running {
		v.resource(r)
	}
}

// nodeLine is what is said of a node alone.
func (v viewer) nodeLine(n *status.Node) string {
	kind := "Node"
	switch {
	case n.IsGuest():
		kind = "GuestNode"
	case n.IsRemote():
		kind = "RemoteNode"
	}
	return kind + " " + v.displayName(n) + ": " + nodeState(n) + healthText(n) + v.featureText(n)
}

func healthText(n *status.Node) string {
	switch health := n.HealthColor(); {
	case health < 0:
		return " (health is RED)"
	case health == 0:
		return " (health is YELLOW)"
	}
	return ""
}

func (v viewer) featureText(n *status.Node) string {
	if version, ok := featureSet(n); ok && v.Detail.Has(FeatureSets) {
		return ", feature set " + version
	}
	return ""
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

// nodesPage is the list of nodes on a page (node_list_html).
func (v viewer) nodesPage() bool {
	list := section{p: v.Printer, heading: "Node List"}
	for _, n := range v.ws.Nodes {
		if v.Nodes.hasNode(n) {
			list.begin()
			v.nodePage(n)
		}
	}
	return list.end()
}

func (v viewer) nodePage(n *status.Node) {
	name := v.displayName(n) + ":"
	if !v.Detail.Has(ByNode) {
		v.line(append([]span{bold(name)}, v.stateSpans(n)...)...)
		return
	}
	v.Begin(name)
	item := v.node("li", "")
	for _, s := range append([]span{plain("Status:")}, v.stateSpans(n)...) {
		s.addTo(item)
	}
	v.push(item)
	if v.Detail.Has(Brief) {
		if rscs := v.filter(n.Running); len(rscs) > 0 {
			v.Begin("Resources")
			v.with((v.Detail | ResourceOnly) &^ Inactive).brief(rscs)
			v.End()
		}
	} else if len(n.Running) > 0 {
		v.Begin("Resources")
		v.onNode(n)
		v.End()
	}
	v.pop()
	v.End()
}

// stateSpans are a node's state on a page (status_node).
func (v viewer) stateSpans(n *status.Node) (spans []span) {
	if n.Online {
		spans = append(spans, span{"online", " online"})
	} else {
		spans = append(spans, span{"offline", " OFFLINE"})
	}
	standby := ""
	if n.StandbyOnFail {
		standby = "in standby due to on-fail"
	} else if n.Standby {
		standby = "in standby"
	}
	if standby != "" && len(n.Running) > 0 {
		standby += ", with active resources"
	}
	if standby != "" {
		spans = append(spans, span{"standby", " (" + standby + ")"})
	}
	if n.Maintenance {
		spans = append(spans, span{"maint", " (in maintenance mode)"})
	}
	if text := healthText(n); text != "" {
		class := "health_red"
		if n.HealthColor() == 0 {
			class = "health_yellow"
		}
		spans = append(spans, span{class, text})
	}
	if text := v.featureText(n); text != "" {
		spans = append(spans, plain(text))
	}
	return spans
}

// nodesXML is the list of nodes (node_list_xml).
func (v viewer) nodesXML() {
	v.Begin("nodes")
	for _, n := range v.ws.Nodes {
		if !v.Nodes.hasNode(n) {
			continue
		}
		e := v.begin("node", "name", n.Name, "id", n.ID)
		for _, a := range []struct {
			name string
			is   bool
		}{
			{"online", n.Online}, {"standby", n.Standby}, {"standby_onfail", n.StandbyOnFail},
			{"maintenance", n.Maintenance}, {"pending", n.Pending}, {"unclean", n.Unclean},
		} {
			e.Set(a.name, strconv.FormatBool(a.is))
		}
		e.Set("health", []string{"red", "yellow", "green"}[min(max(n.HealthColor(), -1), 1)+1])
		if version, ok := featureSet(n); ok {
			e.Set("feature_set", version)
		}
		e.Set("shutdown", strconv.FormatBool(n.Shutdown))
		e.Set("expected_up", strconv.FormatBool(n.ExpectedUp))
		e.Set("is_dc", strconv.FormatBool(n.IsDC))
		e.Set("resources_running", strconv.Itoa(len(n.Running)))
		e.Set("type", []string{"ping", "member", "remote"}[n.Type])
		if n.IsGuest() {
			e.Set("id_as_resource", n.RemoteResource.Container.ID)
		}
		if v.Detail.Has(ByNode) {
			v.onNode(n)
		}
		v.End()
	}
	v.End()
}

// beginNode begins what is said of a node.
func (v viewer) beginNode(n *status.Node) {
	switch {
	case v.xml:
		v.begin("node", "name", n.Name)
	case v.page != nil:
		v.Begin(v.displayName(n) + ":")
	default:
		v.Begin("Node: " + v.displayName(n))
	}
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
