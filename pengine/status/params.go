package status

import (
	"maps"

	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// params are the instance attributes of resources with one configuration:
// instances of a clone share theirs.
type params struct {
	conditional bool // they depend on the node's attributes, or may
	none        map[string]string
	byNode      map[*Node]map[string]string
}

// Params are the resource's instance attributes as they are on a node, or those
// without any if it is nil (pe_rsc_params). They must not be changed.
func (r *Resource) Params(on *Node) map[string]string {
	p := r.ws.params[r.Element]
	if p == nil {
		p = &params{conditional: r.paramsConditional(), none: r.evaluateParams(nil)}
		r.ws.params[r.Element] = p
		if !p.conditional {
			p.byNode = map[*Node]map[string]string{nil: p.none}
		}
	}
	switch {
	case on == nil:
		return p.none
	case !p.conditional:
		return p.byNode[nil] // which SetParam leaves alone
	}
	values, ok := p.byNode[on]
	if !ok {
		values = r.evaluateParams(on)
		if p.byNode == nil {
			p.byNode = map[*Node]map[string]string{}
		}
		p.byNode[on] = values
	}
	return values
}

// SetParam changes a parameter as it is without any node.
func (r *Resource) SetParam(name, value string) {
	own := maps.Clone(r.Params(nil))
	own[name] = value
	r.ws.params[r.Element].none = own
}

func (r *Resource) evaluateParams(on *Node) map[string]string {
	values := map[string]string{}
	in := r.ws.RuleInput()
	if on != nil {
		in.Node = rules.InMap(on.Attributes)
	}
	for p := r; p != nil; p = p.Parent {
		r.ws.apply(p.Element, "instance_attributes", values, in, rules.Options{})
	}
	r.ws.apply(r.ws.rscDefaults, "instance_attributes", values, in, rules.Options{})
	return values
}

// paramsConditional tells whether the resource's parameters depend on rules.
func (r *Resource) paramsConditional() bool {
	for p := r; p != nil; p = p.Parent {
		if r.ws.sets(p.Element, "instance_attributes").Conditional() {
			return true
		}
	}
	return r.ws.sets(r.ws.rscDefaults, "instance_attributes").Conditional()
}
