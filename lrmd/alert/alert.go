package alert

import (
	"math"
	"slices"
	"sync"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// What an alert has that says nothing else.
const (
	defaultTimeout = 30_000 // milliseconds
	defaultFormat  = "%H:%M:%S.%06N"
)

// Kind is a kind of events; alerts want any number of them.
type Kind uint8

// The kinds.
const (
	Node Kind = 1 << iota
	Fencing
	Resource
	Attribute
)

var kindOf = sync.OnceValue(func() map[string]Kind {
	return map[string]Kind{
		"select_nodes": Node, "select_fencing": Fencing, "select_resources": Resource, "select_attributes": Attribute,
	}
})

// kindNames are those that agents know.
var kindNames = sync.OnceValue(func() map[Kind]string {
	return map[Kind]string{Node: "node", Fencing: "fencing", Resource: "resource", Attribute: "attribute"}
})

// List are a configuration's alerts.
type List []entry

// entry is an alert for one recipient.
type entry struct {
	id, path   string
	recipient  *string // nil for none
	timeout    int     // milliseconds
	format     string  // of the timestamp
	kinds      Kind
	attributes []string // which attributes; nil for all
	variables  []variable
}

type variable struct{ name, value string }

// Read reads the section alerts (pe_unpack_alerts). Rules are evaluated at a time, that of the local
// zone.
func Read(section *etree.Element, now iso8601.Time, log loglevel.Logger) List {
	r := reader{doc: rules.NewDocument(section), in: rules.Input{Now: now, Clock: now}, log: log}
	var list List
	for _, e := range section.SelectElements("alert") {
		id, path := e.SelectAttr("id"), e.SelectAttr("path")
		if id == nil || path == nil {
			r.logf(loglevel.Warning, "pe_unpack_alerts", "Ignoring invalid alert without id and path")
			continue
		}
		a := entry{id: id.Value, path: path.Value, timeout: defaultTimeout, format: defaultFormat, kinds: Node | Fencing | Resource}
		r.unpack(e, &a)
		r.logf(loglevel.Debug, "pe_unpack_alerts", "Alert %s: path=%s timeout=%dms tstamp-format='%s' %d vars",
			a.id, a.path, a.timeout, a.format, len(a.variables))
		recipients := e.SelectElements("recipient")
		for _, to := range recipients {
			b := a
			b.recipient = new(to.SelectAttrValue("value", ""))
			b.variables = slices.Clone(a.variables)
			r.unpack(to, &b)
			list = append(list, b)
			r.logf(loglevel.Debug, "pe_unpack_alerts", "Alert %s has recipient %s with value %s and %d envvars",
				a.id, to.SelectAttrValue("id", "(null)"), *b.recipient, len(b.variables))
		}
		if len(recipients) == 0 {
			list = append(list, a)
		}
	}
	slices.Reverse(list)
	return list
}

// reader reads a section.
type reader struct {
	doc *rules.Document
	in  rules.Input
	log loglevel.Logger
}

func (r *reader) logf(level loglevel.Level, function, format string, args ...any) {
	loglevel.LogfAt(r.log, level, function, format, args...)
}

// unpack reads what an alert or a recipient says.
func (r *reader) unpack(e *etree.Element, a *entry) {
	a.setVariables(e)
	r.meta(e, a)
	r.filter(e, a)
}

// setVariables takes those of the first set, whatever its rules (get_envvars_from_cib). They are kept in the order
// in which they came, the last value of a name.
func (a *entry) setVariables(e *etree.Element) {
	set := e.SelectElement("instance_attributes")
	if set == nil {
		return
	}
	for _, pair := range set.SelectElements("nvpair") {
		name := pair.SelectAttr("name")
		if name == nil {
			continue
		}
		v := variable{name.Value, pair.SelectAttrValue("value", "")}
		if i := slices.IndexFunc(a.variables, func(o variable) bool { return o.name == v.name }); i >= 0 {
			a.variables[i] = v
		} else {
			a.variables = append(a.variables, v)
		}
	}
}

// meta reads the meta attributes whose rules pass (get_meta_attrs_from_cib).
func (r *reader) meta(e *etree.Element, a *entry) {
	values := map[string]string{}
	r.doc.Sets(e, "meta_attributes").Apply(values, &r.in, rules.Options{}, nil)
	if text, ok := values["timeout"]; ok {
		ms, ok := iso8601.ParseMilliseconds(text)
		switch {
		case !ok || ms < 0 || ms > math.MaxInt32:
			r.logf(loglevel.Warning, "get_meta_attrs_from_cib", "Alert %s has invalid timeout value '%s', using default %dmsec", a.id, text, defaultTimeout)
			a.timeout = defaultTimeout
		case ms == 0:
			a.timeout = defaultTimeout
		default:
			a.timeout = int(ms)
		}
	}
	if format, ok := values["timestamp-format"]; ok {
		a.format = format
	}
}

// filter reads which events are wanted (unpack_alert_filter).
func (r *reader) filter(e *etree.Element, a *entry) {
	choice := e.SelectElement("select")
	if choice == nil {
		return
	}
	var kinds Kind
	for _, c := range choice.ChildElements() {
		kind := kindOf()[c.Tag]
		kinds |= kind
		if kind != Attribute {
			continue
		}
		var names []string
		for _, one := range c.SelectElements("attribute") {
			if name := one.SelectAttr("name"); name != nil {
				names = append(names, name.Value)
			}
		}
		if len(names) > 0 {
			a.attributes = names
		}
	}
	if kinds != 0 {
		a.kinds = kinds
	}
}

// params are the alert's own variables, in the order of the reference's table.
func (a *entry) params() (out []wire.Param) {
	names := make([]string, len(a.variables))
	for i, v := range a.variables {
		names[i] = v.name
	}
	for _, i := range ghash.Order(names) {
		out = append(out, wire.Param{Name: a.variables[i].name, Value: a.variables[i].value})
	}
	return out
}
