package show

import (
	"slices"
	"strings"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Section is what a status has, as bits (enum pcmk_section_e).
type Section uint32

// The sections.
const (
	SectionStack Section = 1 << iota
	SectionDC
	SectionTimes
	SectionCounts
	SectionOptions
	SectionNodes
	SectionResources
	SectionAttributes
	SectionFailCounts
	SectionOperations
	SectionFenceFailed
	SectionFencePending
	SectionFenceWorked
	SectionTickets
	SectionBans
	SectionFailures
	SectionMaintMode

	SectionFencing = SectionFenceFailed | SectionFencePending | SectionFenceWorked
	SectionSummary = SectionStack | SectionDC | SectionTimes | SectionCounts | SectionMaintMode
	SectionAll     = SectionMaintMode<<1 - 1
)

// Has tells whether all of them are there; Any whether one is.
func (s Section) Has(sections Section) bool { return s&sections == sections }

// Any tells whether one of them is there.
func (s Section) Any(sections Section) bool { return s&sections != 0 }

// Detail is how a status is shown, as bits (enum pcmk_show_opt_e).
type Detail uint32

// The details.
const (
	Brief Detail = 1 << iota // how many of each kind of resource, in place of each
	CloneDetail
	NodeIDs
	ImplicitResources // the parts of bundles, too
	Timing
	Inactive
	ByNode       // resources below the node that they are active on
	Pending      // what is in progress counts as state
	ResourceOnly // without the node
	FailedDetail // failures in technical terms
	FeatureSets

	AllDetails = CloneDetail | NodeIDs | ImplicitResources | FailedDetail | FeatureSets
)

// Has tells whether all of them are wanted.
func (d Detail) Has(details Detail) bool { return d&details == details }

// Only are the names that a status is confined to; "*" stands for all.
type Only []string

// All is no confinement.
var All = Only{"*"}

func (o Only) has(name string) bool {
	return slices.ContainsFunc(o, func(s string) bool { return s == "*" || s == name })
}

func (o Only) hasNode(n *status.Node) bool { return o.hasFold(n.Name) }

func (o Only) hasFold(name string) bool {
	return slices.ContainsFunc(o, func(s string) bool { return s == "*" || strings.EqualFold(s, name) })
}

// OnlyNodes is what a name stands for: all, a node, or those that a tag refers to
// (pe__build_node_name_list).
func OnlyNodes(ws *status.WorkingSet, name string) Only {
	switch {
	case name == "" || name == "*":
		return All
	case ws.FindNode(name) != nil:
		return Only{name}
	}
	return ws.NodesWithTag(name)
}

// OnlyResources is what a name stands for: all, a resource, an instance, or what a tag
// refers to (pe__build_rsc_list).
func OnlyResources(ws *status.WorkingSet, name string) Only {
	if name == "" || name == "*" {
		return All
	}
	r := ws.Find(name, status.FindRenamed|status.FindAny)
	switch {
	case r == nil:
		return ws.ResourcesWithTag(name)
	case strings.Contains(name, ":"):
		return Only{r.ID}
	}
	return Only{r.PrintableID()}
}

// View is what is shown of a cluster, and how.
type View struct {
	Sections  Section
	Detail    Detail
	Nodes     Only
	Resources Only
	BanPrefix *string // that of the ids of bans; nil for any
	Fencing   *Fencing
}

// viewer prints a cluster in a view.
type viewer struct {
	*Printer
	View
	ws *status.WorkingSet
}

// with is the viewer with other details.
func (v viewer) with(d Detail) viewer {
	v.Detail = d
	return v
}

// everything is the viewer for resources below one that has been let in.
func (v viewer) everything() viewer {
	v.Resources = All
	return v
}

// away tells whether the resource is active, but on none of the nodes that are shown: so
// is a group of which all that is active is unmanaged and on nodes that are offline
// (pcmk__rsc_filtered_by_node).
func (v viewer) away(r *status.Resource) bool {
	return r.IsActive(false) && !slices.ContainsFunc(r.Running, v.Nodes.hasNode)
}

// named tells whether a collective resource itself is asked for.
func (v viewer) named(r *status.Resource) bool {
	return v.Resources.has(r.PrintableID()) || strings.Contains(r.ID, ":") && v.Resources.has(r.ID)
}

// hides tells whether the resource is none of those that are shown; up looks at what it is
// part of as well (is_filtered of the reference's variants).
func (v viewer) hides(r *status.Resource, up bool) bool {
	switch r.Variant {
	case status.Group:
		if up && v.Resources.has(r.Top().PrintableID()) || v.named(r) {
			return false
		}
	case status.Clone:
		if v.Resources.has(r.PrintableID()) || v.Resources.has(r.CloneData.ChildElement.SelectAttrValue("id", "")) {
			return false
		}
	case status.Bundle:
		if v.Resources.has(r.PrintableID()) {
			return false
		}
		return !slices.ContainsFunc(r.BundleData.Replicas, func(b *status.Replica) bool {
			return slices.ContainsFunc(partsOf(b), func(part *status.Resource) bool { return part != nil && !v.hides(part, false) })
		})
	default:
		switch top := r.Top(); {
		case v.Resources.has(r.PrintableID()) || v.Resources.has(r.ID):
			return false
		case !up || r.Parent == nil:
			return true
		case top.Parent != nil:
			return v.hides(top.Parent, false)
		default:
			return v.hides(top, false)
		}
	}
	return !slices.ContainsFunc(r.Children, func(c *status.Resource) bool { return !v.hides(c, false) })
}

// partsOf are address, resource, container and connection of a replica; those that it does not
// have are nil.
func partsOf(b *status.Replica) []*status.Resource {
	return []*status.Resource{b.IP, b.Child, b.Container, b.Remote}
}
