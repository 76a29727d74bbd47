package ops

import (
	"github.com/beevik/etree"
)

// inConfiguration are the sections of the configuration that have a place of their own.
var inConfiguration = map[string]bool{
	"crm_config": true, "nodes": true, "resources": true, "constraints": true, "op_defaults": true, "rsc_defaults": true,
	"acls": true, "fencing-topology": true, "tags": true, "alerts": true,
}

// steps lead from an element cib to a section; ok is false for names that are no
// section's (lib/common/cib.c).
func steps(section string) (names []string, ok bool) {
	switch {
	case section == "" || section == "cib" || section == "all":
		return nil, true
	case section == "status" || section == "configuration":
		return []string{section}, true
	case inConfiguration[section]:
		return []string{"configuration", section}, true
	}
	return nil, false
}

// Section is a section of a CIB, or nil if it is not there or not once. For a name that is
// no section's it is the CIB (pcmk_find_cib_element). The reference looks by XPath for //cib: a status may
// have elements of that name too.
func Section(cib *etree.Element, name string) *etree.Element {
	names, ok := steps(name)
	if !ok {
		return cib
	}
	if found := descend(named(nil, cib, "cib"), names); len(found) == 1 {
		return found[0]
	}
	return nil
}

// place is what a section that is not there belongs in: nil for none.
func place(cib *etree.Element, section string) *etree.Element {
	names, ok := steps(section)
	if !ok || len(names) == 0 || cib.Tag != "cib" {
		return nil
	}
	if found := descend([]*etree.Element{cib}, names[:len(names)-1]); len(found) > 0 {
		return found[0]
	}
	return nil
}

// descend follows names down from elements.
func descend(from []*etree.Element, names []string) []*etree.Element {
	for _, name := range names {
		var next []*etree.Element
		for _, e := range from {
			next = append(next, e.SelectElements(name)...)
		}
		from = next
	}
	return from
}

// named adds an element, and those in it, that have a name.
func named(found []*etree.Element, e *etree.Element, name string) []*etree.Element {
	if e.Tag == name {
		found = append(found, e)
	}
	for _, token := range e.Child {
		if c, ok := token.(*etree.Element); ok {
			found = named(found, c, name)
		}
	}
	return found
}
