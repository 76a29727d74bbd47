package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/ghash"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// maxLevels is the number of levels, of which 0 is none.
const maxLevels = 10

// targetBy is how a level says whom it is for.
type targetBy int

const (
	byNobody targetBy = iota
	byName
	byPattern
	byAttribute
)

// levels are those for a target (stonith_topology_t).
type levels struct {
	by                       targetBy
	key                      string
	pattern                  *regexp.Regexp // nil if it is none
	patternText, name, value string
	devices                  [maxLevels][]string
}

func (l *levels) active() (n int) {
	for _, d := range l.devices {
		if len(d) > 0 {
			n++
		}
	}
	return n
}

// kindOf is how an element of a level says whom it is for, and as what it is known
// (unpack_level_kind, stonith_level_key).
func (e *Engine) kindOf(l *etree.Element) (targetBy, string) {
	has := func(attr string) bool { return l.SelectAttr(attr) != nil }
	get := func(attr string) string { return l.SelectAttrValue(attr, "") }
	switch {
	case has("target"):
		return byName, get("target")
	case has("target-pattern"):
		return byPattern, get("target-pattern")
	case !e.StandAlone && has("target-attribute") && has("target-value"):
		return byAttribute, get("target-attribute") + "=" + get("target-value")
	}
	return byNobody, "unknown-" + get("id")
}

// indexOf is the number of a level, -1 for one that is none.
func indexOf(l *etree.Element) int {
	a := l.SelectAttr("index")
	if a == nil {
		return 0
	}
	n, err := strconv.ParseInt(a.Value, 10, 32)
	if err != nil {
		return -1
	}
	return int(n)
}

// describeLevel is a level in notifications: TARGET[INDEX].
func (e *Engine) describeLevel(l *etree.Element) string {
	if l == nil {
		return "missing"
	}
	_, key := e.kindOf(l)
	return fmt.Sprintf("%s[%d]", key, indexOf(l))
}

func invalidLevel(format string, args ...any) wire.Result {
	return wire.Result{Exit: crmexit.InvalidParam, Exec: wire.ExecInvalid, Reason: fmt.Sprintf(format, args...)}
}

// addLevel adds the devices of a level to those that it has (fenced_register_level).
func (e *Engine) addLevel(l *etree.Element) wire.Result {
	const where = "fenced_register_level"
	if l == nil {
		return protocolError
	}
	id := l.SelectAttrValue("id", "")
	by, key := e.kindOf(l)
	index := indexOf(l)
	switch {
	case id == "":
		e.logf(loglevel.Warning, where, "Ignoring registration for topology level without ID")
		return invalidLevel("Topology level is invalid without ID")
	case by == byNobody:
		e.logf(loglevel.Warning, where, "Ignoring registration for topology level '%s' without valid target", id)
		return invalidLevel("Invalid target for topology level '%s'", id)
	case index <= 0 || index >= maxLevels:
		e.logf(loglevel.Warning, where, "Ignoring topology registration for %s with invalid level %d", key, index)
		return invalidLevel("Invalid level number '%s' for topology level '%s'", l.SelectAttrValue("index", ""), id)
	}
	t := e.topology[key]
	if t == nil {
		t = &levels{by: by, key: key, patternText: l.SelectAttrValue("target-pattern", ""), name: l.SelectAttrValue("target-attribute", ""), value: l.SelectAttrValue("target-value", "")}
		if by == byPattern {
			t.pattern, _ = regexp.CompilePOSIX(t.patternText) // who is none matches nobody
		}
		e.topology[key] = t
		e.targets = append(e.targets, key)
	}
	if len(t.devices[index]) > 0 {
		e.logf(loglevel.Info, where, "Adding to the existing %s[%d] topology entry", t.key, index)
	}
	if a := l.SelectAttr("devices"); a != nil {
		t.devices[index] = append(t.devices[index], strings.Split(a.Value, ",")...)
	}
	e.logf(loglevel.Info, where, "Target %s has %d active fencing level%s", t.key, t.active(), plural(t.active()))
	return wire.Result{}
}

// removeLevel takes a level away, or with index 0 all of a target (fenced_unregister_level).
func (e *Engine) removeLevel(l *etree.Element) wire.Result {
	const where = "fenced_unregister_level"
	if l == nil {
		return protocolError
	}
	_, key := e.kindOf(l)
	index := indexOf(l)
	if index < 0 || index >= maxLevels {
		e.logf(loglevel.Warning, where, "Ignoring topology unregistration for %s with invalid level %d", key, index)
		return invalidLevel("Invalid level number '%s' for topology level %s", l.SelectAttrValue("index", "<null>"), l.SelectAttrValue("id", ""))
	}
	entries := func() (n int, s string) {
		if n = len(e.topology); n == 1 {
			return n, "entry"
		}
		return n, "entries"
	}
	switch t := e.topology[key]; {
	case t == nil:
		n, s := entries()
		e.logf(loglevel.Info, where, "No fencing topology found for %s (%d active %s)", key, n, s)
	case index == 0:
		delete(e.topology, key)
		e.targets = slices.DeleteFunc(e.targets, func(k string) bool { return k == key })
		n, s := entries()
		e.logf(loglevel.Info, where, "Removed all fencing topology entries related to %s (%d active %s remaining)", key, n, s)
	case len(t.devices[index]) > 0:
		t.devices[index] = nil
		e.logf(loglevel.Info, where, "Removed level %d from fencing topology for %s (%d active level%s remaining)", index, key, t.active(), plural(t.active()))
	}
	return wire.Result{}
}

// levelsFor are the levels for a node: those of its name, or else the first whose pattern or
// attribute it has (find_topology_for_host).
func (e *Engine) levelsFor(node string) *levels {
	if t := e.topology[node]; t != nil {
		return t
	}
	for _, i := range ghash.Order(e.targets) {
		if t := e.topology[e.targets[i]]; e.matches(t, node) {
			return t
		}
	}
	return nil
}

func (e *Engine) matches(t *levels, node string) bool {
	const where = "topology_matches"
	switch t.by {
	case byName:
		return strings.EqualFold(t.key, node)
	case byPattern:
		if t.pattern == nil {
			e.logf(loglevel.Info, where, "Bad regex '%s' for fencing level", t.key)
			return false
		}
		if t.pattern.MatchString(node) {
			e.logf(loglevel.Notice, where, "Matched %s with %s by name", node, t.key)
			return true
		}
	case byAttribute:
		if hasAttribute(e.cib, node, t.name, t.value) {
			e.logf(loglevel.Notice, where, "Matched %s with %s by attribute", node, t.key)
			return true
		}
	}
	return false
}

// hasAttribute tells whether the configuration gives a node an attribute of a value
// (node_has_attr). That there is no CIB yet is that there are no attributes.
func hasAttribute(cib *etree.Element, node, name, value string) bool {
	if cib == nil {
		return false
	}
	for _, nodes := range cib.FindElements("./configuration/nodes") {
		for _, n := range nodes.SelectElements("node") {
			if n.SelectAttrValue("uname", "") != node {
				continue
			}
			for _, set := range n.SelectElements("instance_attributes") {
				for _, pair := range set.SelectElements("nvpair") {
					if pair.SelectAttrValue("name", "") == name && pair.SelectAttrValue("value", "") == value {
						return true
					}
				}
			}
		}
	}
	return false
}
