package status

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// unpackNodes reads the nodes section.
func (ws *WorkingSet) unpackNodes(nodes *etree.Element) {
	for _, e := range childrenOf(nodes) {
		if e.Tag != "node" {
			continue
		}
		id, ok := attribute(e, "id")
		if !ok {
			ws.At("unpack_nodes").ConfigErrorf("Ignoring <node> entry in configuration without id")
			continue
		}
		name, hasName := attribute(e, "uname")
		kind, hasKind := attribute(e, "type")
		if !hasKind {
			kind = "member"
		}
		score, _ := attribute(e, "score")
		n := ws.createNode(id, name, hasName, kind, score)
		ws.startupFencing(n)
		ws.addNodeAttributes(e, n, false)
		ws.apply(e, "utilization", n.Utilization, ws.RuleInput(), rules.Options{})
	}
	if local := ws.Options.Localhost; local != "" && ws.FindNode(local) == nil {
		ws.At("unpack_nodes").Infof("Creating a fake local node")
		ws.createNode(local, local, true, "member", "")
	}
}

// createNode adds a node of type member, remote or, whatever else is said, ping
// (pe_create_node).
func (ws *WorkingSet) createNode(id, name string, hasName bool, kind, score string) *Node {
	if hasName && ws.FindNode(name) != nil {
		ws.At("pe_create_node").ConfigWarnf("More than one node entry has name '%s'", name)
	}
	n := &Node{
		Index: len(ws.nodesByIndex), ID: id, Name: name, HasName: hasName,
		Score: ws.ParseScore(score), DiscoveryEnabled: true,
		Attributes: map[string]string{"#kind": "cluster"}, Utilization: map[string]string{}, ws: ws,
	}
	switch strings.ToLower(kind) {
	case "member":
		n.Type = NodeMember
	case "remote":
		n.Type = NodeRemote
		n.Attributes["#kind"] = "remote"
		ws.Flags |= HaveRemoteNodes
	case "ping":
		ws.warnPing(n)
	default:
		shown := "without name"
		if hasName {
			shown = name
		}
		ws.At("pe_create_node").ConfigWarnf("Node %s has unrecognized type '%s', assuming 'ping'", shown, kind)
		ws.warnPing(n)
	}
	n.slot = n.Index
	for _, twin := range ws.nodesByID[fold(id)] {
		if twin.ID == id {
			n.slot = twin.slot
			break
		}
	}
	ws.nodesByIndex = append(ws.nodesByIndex, n)
	ws.nodesByID[fold(id)] = append(ws.nodesByID[fold(id)], n)
	if hasName {
		ws.nodesByName[fold(name)] = append(ws.nodesByName[fold(name)], n)
	}
	// Before the first that is not less, as g_list_insert_sorted.
	at := slices.IndexFunc(ws.Nodes, func(m *Node) bool { return CompareNames(n.Name, m.Name) <= 0 })
	if at < 0 {
		at = len(ws.Nodes)
	}
	ws.Nodes = slices.Insert(ws.Nodes, at, n)
	return n
}

func (ws *WorkingSet) warnPing(n *Node) {
	n.Type = NodePing
	shown := "unnamed node"
	if n.HasName {
		shown = n.Name
	}
	ws.At("pe_create_node").WarnOncef(WarnPingNode, "Support for nodes of type 'ping' (such as %s) is deprecated and will be removed in a future release", shown)
}

// startupFencing marks a node as not yet seen, and as unclean unless the cluster
// trusts that it is down. A remote node without connection is left alone.
func (ws *WorkingSet) startupFencing(n *Node) {
	if n.Type == NodeRemote && n.RemoteResource == nil {
		return
	}
	n.Unclean = ws.Flags.Has(StartupFencing)
	n.Unseen = true
}

// addNodeAttributes reads the sets of instance_attributes in an element into the
// node's attributes (add_node_attrs).
func (ws *WorkingSet) addNodeAttributes(e *etree.Element, n *Node, overwrite bool) {
	n.failureIndex = nil
	n.Attributes["#uname"] = n.Name
	n.Attributes["#id"] = n.ID
	if strings.EqualFold(ws.DCID, n.ID) {
		ws.DC = n
		n.IsDC = true
		n.Attributes["#is_dc"] = "true"
	} else {
		n.Attributes["#is_dc"] = "false"
	}
	cluster, named := ws.Config["cluster-name"]
	if named {
		n.Attributes["#cluster-name"] = cluster
	}
	ws.apply(e, "instance_attributes", n.Attributes, ws.RuleInput(), rules.Options{Overwrite: overwrite})
	if _, ok := n.Attributes["#site-name"]; !ok {
		if site, ok := n.Attributes["site-name"]; ok {
			n.Attributes["#site-name"] = site
		} else if named {
			n.Attributes["#site-name"] = cluster
		}
	}
}
