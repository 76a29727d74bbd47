package explain

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// metaSource says where a resource's meta-attribute is set: at it, at what it is in,
// or in the defaults; "" if nowhere.
func (x *explainer) metaSource(r *status.Resource, name string) string {
	value, ok := r.Meta[name]
	if !ok {
		return ""
	}
	for p := r; p != nil; p = p.Parent {
		if pair := x.pairIn(p.Element, name, value); pair != nil {
			return x.pairText(pair, p.XMLID)
		}
	}
	if defaults := x.ws.Input.FindElement("configuration/rsc_defaults"); defaults != nil {
		if pair := x.pairIn(defaults, name, value); pair != nil {
			return x.pairText(pair, "rsc_defaults")
		}
	}
	return ""
}

func (x *explainer) pairText(pair *etree.Element, where string) string {
	if id := pair.SelectAttrValue("id", ""); id != "" {
		return "nvpair " + id + " of " + where
	}
	return "set in " + where
}

// pairIn is the pair of that name and value in the sets of meta-attributes of an
// element.
func (x *explainer) pairIn(e *etree.Element, name, value string) *etree.Element {
	if e == nil {
		return nil
	}
	for _, set := range e.SelectElements("meta_attributes") {
		resolved, _ := x.ws.Document().Resolve(set)
		if resolved == nil {
			continue
		}
		for _, pair := range resolved.SelectElements("nvpair") {
			if pair, _ = x.ws.Document().Resolve(pair); pair != nil &&
				pair.SelectAttrValue("name", "") == name && pair.SelectAttrValue("value", "") == value {
				return pair
			}
		}
	}
	return nil
}
