package explain

import (
	"fmt"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// NotFoundError says that there is no such resource or node, and what may have been
// meant.
type NotFoundError struct {
	What string // "Resource", "Node" or "Resource or node"
	Name string
	Near []string
}

// Error is a sentence for the user.
func (e *NotFoundError) Error() string {
	text := fmt.Sprintf("%s '%s' not found", e.What, e.Name)
	if len(e.Near) > 0 {
		text += ": did you mean " + alternatives(e.Near) + "?"
	}
	return text
}

// explainer explains one working set.
type explainer struct {
	ws    *status.WorkingSet
	trace *status.Trace
}

// Of explains RESOURCE, RESOURCE@NODE, or NODE in a working set that has been
// scheduled with a trace and with ShowScores. The error is a *NotFoundError if there
// is no such thing.
func Of(ws *status.WorkingSet, subject string) (*Explanation, error) {
	x := &explainer{ws: ws, trace: ws.Options.Trace}
	if x.trace == nil {
		return nil, fmt.Errorf("explain: the working set was scheduled without a trace")
	}
	e := &Explanation{Subject: subject}
	id, where, hasNode := strings.Cut(subject, "@")
	resources := x.resources(id)
	if !hasNode {
		for _, r := range resources {
			e.Resources = append(e.Resources, x.resource(r, nil))
		}
		if n := x.node(id); n != nil {
			e.Nodes = append(e.Nodes, x.explainNode(n))
		}
		if len(e.Resources) == 0 && len(e.Nodes) == 0 {
			return nil, &NotFoundError{"Resource or node", id, nearest(id, append(x.resourceNames(), x.nodeNames()...))}
		}
		return e, nil
	}
	if len(resources) == 0 {
		return nil, &NotFoundError{"Resource", id, nearest(id, x.resourceNames())}
	}
	n := x.node(where)
	if n == nil {
		return nil, &NotFoundError{"Node", where, nearest(where, x.nodeNames())}
	}
	for _, r := range resources {
		e.Resources = append(e.Resources, x.resource(r, n))
	}
	return e, nil
}

// resources are those with an id. The id of what is in a clone stands for the clone
// if that has nothing else in it, or else for that part of each instance.
func (x *explainer) resources(id string) (found []*status.Resource) {
	if id == "" {
		return nil
	}
	for _, r := range x.ws.AllResources() {
		if r.ID == id { // an orphan may have the id of another
			found = append(found, r)
		}
	}
	if len(found) > 0 {
		return found
	}
	seen := map[*status.Resource]bool{}
	for _, r := range x.ws.AllResources() {
		if r.XMLID != id && status.BaseName(r.ID) != id && r.HistoryID != id {
			continue
		}
		if r.Parent.IsClone() && (r.XMLID == id || status.BaseName(r.ID) == id) {
			r = r.Parent
			if r.IsBundled() {
				r = r.Outermost()
			}
		}
		if !seen[r] {
			seen[r] = true
			found = append(found, r)
		}
	}
	return found
}

func (x *explainer) node(name string) *status.Node {
	if n := x.ws.FindNode(name); n != nil {
		return n
	}
	return x.ws.FindNodeID(name)
}

func (x *explainer) resourceNames() (names []string) {
	for _, r := range x.ws.AllResources() {
		names = append(names, r.ID, r.XMLID)
	}
	return names
}

func (x *explainer) nodeNames() (names []string) {
	for _, n := range x.ws.Nodes {
		if n.HasName {
			names = append(names, n.Name)
		}
	}
	return names
}

// resource explains a resource; with a node, only that.
func (x *explainer) resource(r *status.Resource, on *status.Node) *Resource {
	switch r.Variant {
	case status.Group:
		return x.group(r, on)
	case status.Clone:
		return x.clone(r, on)
	case status.Bundle:
		return x.bundle(r, on)
	}
	return x.primitive(r, on)
}
