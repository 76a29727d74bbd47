package status

import "github.com/beevik/etree"

// Operation is a configured <op> of a resource.
type Operation struct {
	ID         string
	Name       string
	IntervalMS uint
	Role       string // as configured, "" if not
	OnFail     string // as configured, "" if not
	Disabled   bool   // enabled="false"
	Timeout    string // as configured, "" if not; HasTimeout tells
	HasTimeout bool
	Element    *etree.Element // with meta_attributes and instance_attributes

	HasOnFail bool

	suffix string // of its keys, after the id of the resource
}

// Key is the name under which the CIB, the history and the graph know an
// operation: resource, action and interval in milliseconds (pcmk__op_key).
func Key(resource, action string, intervalMS uint) string {
	return resource + "_" + action + "_" + formatUint(intervalMS)
}

// Key is the key of the resource's operation of that name that is not repeated.
func (r *Resource) Key(action string) string {
	task := ParseTask(action)
	switch {
	case task == TaskNone && action == ActionNameReloadAgent: // of which each probe knows
	case task == TaskNone || action != taskNames[task]:
		return Key(r.ID, action, 0)
	}
	if r.keys == nil {
		r.keys = new([len(taskNames)]string)
	}
	if r.keys[task] == "" {
		r.keys[task] = Key(r.ID, action, 0)
	}
	return r.keys[task]
}

// KeyOf is the key of the resource's operation of that name and interval.
func (r *Resource) KeyOf(action string, intervalMS uint) string {
	if intervalMS == 0 {
		return r.Key(action)
	}
	return Key(r.ID, action, intervalMS)
}

// ParseKey takes a key apart (parse_op_key); ok is false if it is none.
func ParseKey(key string) (resource, action string, intervalMS uint, ok bool) {
	return parseKey(key)
}

// ParseTransitionKey takes apart the key of an action of a transition: numbers of action
// and transition, expected result, the controller's id (decode_transition_key). ok is false
// if it is none.
func ParseTransitionKey(key string) (action, transition, target int, uuid string, ok bool) {
	return transitionKey(key)
}
