package attrs

import (
	"errors"
	"strings"
	"sync"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/cib/document"
)

// Place is where a value is or shall be. Nil texts do not matter.
type Place struct {
	// Section is a section of the CIB, or "tickets". Some are known in any case of letters.
	Section string
	Node    *string // UUID of the node, for sections that have nodes
	SetType *string // name of the element around the pairs: "utilization"
	Set     *string // its id
	ID      *string // of the pair
	Name    *string // of the option or attribute
}

const (
	crmConfig   = "crm_config"
	opDefaults  = "op_defaults"
	rscDefaults = "rsc_defaults"
	nodes       = "nodes"
	status      = "status"
	tickets     = "tickets"

	instanceAttributes = "instance_attributes"
	metaAttributes     = "meta_attributes"
)

// IsSection tells whether a section is one that the comparison of the reference takes for
// another's name.
func isSection(section, name string) bool { return document.EqualFold(section, name) }

// HasNode tells whether values of a section are each of a node.
func HasNode(section string) bool {
	return !isSection(section, crmConfig) && !isSection(section, tickets)
}

// ErrSection is a section that there is not in a CIB.
var ErrSection = errors.New("attrs: unknown section")

// sections are those that the reference finds by name, below configuration or not
// (pcmk_cib_xpath_for).
var sections = sync.OnceValue(func() map[string]string {
	paths := map[string]string{
		"cib": "//cib", "all": "//cib", status: "//cib/status", "configuration": "//cib/configuration",
	}
	for _, name := range []string{crmConfig, nodes, "resources", "constraints", opDefaults, rscDefaults, "acls", "fencing-topology", "tags", "alerts"} {
		paths[name] = "//cib/configuration/" + name
	}
	return paths
})

// path is the XPath to the pairs of a place.
func (p *Place) path() (string, error) {
	section, node := p.Section, p.Node
	set := instanceAttributes
	if p.SetType != nil {
		set = *p.SetType
	}
	ticket := false
	switch {
	case isSection(section, crmConfig):
		node, set = nil, "cluster_property_set"
	case isSection(section, opDefaults), isSection(section, rscDefaults):
		node, set = nil, metaAttributes
	case isSection(section, tickets):
		node, section, ticket = nil, status, true
	case node == nil:
		return "", syscall.EINVAL
	}
	base, ok := sections()[section]
	if !ok {
		return "", ErrSection
	}
	var b strings.Builder
	b.WriteString(base)
	switch {
	case ticket:
		b.WriteString("//" + tickets)
	case node != nil:
		element := "node"
		if isSection(section, status) {
			element, set = "node_state", "transient_attributes"
		}
		b.WriteString("//" + element + "[@id='" + *node + "']")
	}
	b.WriteString("//" + set)
	if p.Set != nil {
		b.WriteString("[@id='" + *p.Set + "']")
	}
	b.WriteString("//nvpair")
	switch {
	case p.ID != nil && p.Name != nil:
		b.WriteString("[@id='" + *p.ID + "' and @name='" + *p.Name + "']")
	case p.ID != nil:
		b.WriteString("[@id='" + *p.ID + "']")
	case p.Name != nil:
		b.WriteString("[@name='" + *p.Name + "']")
	}
	return b.String(), nil
}
