//go:build interop

package scheduler

import (
	"github.com/beevik/etree"
)

func (g *generator) anyResource() string { return one(g.Rand, g.resources...) }

// anyName is a resource, and now and then a template, a tag or nothing that exists.
func (g *generator) anyName() string {
	switch {
	case len(g.templates) > 0 && g.some(6):
		return one(g.Rand, g.templates...).id
	case len(g.tagged) > 0 && g.some(6):
		return one(g.Rand, g.tagged...)
	case g.some(500):
		return "missing"
	}
	return g.anyResource()
}

// pair is two resources, mostly different.
func (g *generator) pair() (a, b string) {
	a, b = g.anyName(), g.anyName()
	for len(g.resources) > 1 && a == b && !g.some(50) {
		b = g.anyName()
	}
	return a, b
}

func (g *generator) role() string {
	if g.old {
		return one(g.Rand, "Master", "Slave", "Started", "Stopped")
	}
	return one(g.Rand, "Promoted", "Started", "Unpromoted", "Stopped", "Promoted", "Master")
}

// sets adds sets of resources, none of which is in two.
func (g *generator) sets(to *etree.Element, attrs func() []string) {
	used := g.Perm(len(g.resources))
	for n := 1 + g.IntN(3); n > 0 && len(used) > 0; n-- {
		some := min(len(used), 1+g.IntN(3))
		set := g.add(to, "resource_set", append([]string{"id", g.id("rset")}, attrs()...)...)
		for _, i := range used[:some] {
			g.add(set, "resource_ref", "id", g.resources[i])
		}
		if len(g.templates) > 0 && g.some(8) {
			g.add(set, "resource_ref", "id", one(g.Rand, g.templates...).id)
		}
		used = used[some:]
	}
}

// attribute is one that is there once in n times.
func (g *generator) attribute(to *etree.Element, n int, name string, values ...string) {
	if g.some(n) {
		to.CreateAttr(name, one(g.Rand, values...))
	}
}

func (g *generator) constraints() {
	all := g.config.CreateElement("constraints")
	for range g.IntN(8) {
		switch g.IntN(10) {
		case 0, 1, 2:
			g.location(all)
		case 3, 4, 5:
			g.colocation(all)
		case 6, 7, 8:
			g.order(all)
		case 9:
			if len(g.tickets) > 0 {
				g.ticket(all)
			}
		}
	}
}

func (g *generator) anyNode() string {
	if len(g.remotes) > 0 && g.some(3) {
		return one(g.Rand, g.remotes...)
	}
	return one(g.Rand, g.nodes...)
}

func (g *generator) location(all *etree.Element) {
	e := g.add(all, "rsc_location", "id", g.id("loc"))
	switch {
	case g.some(8) && !g.old:
		g.sets(e, func() (attrs []string) {
			if g.some(3) {
				attrs = append(attrs, "role", g.role())
			}
			if g.some(6) {
				attrs = append(attrs, "score", g.score())
			}
			return attrs
		})
	case g.some(8) && !g.old:
		e.CreateAttr("rsc-pattern", one(g.Rand, "rsc.*", "!rsc", "^rsc([0-9]+)", "cln|grp", "([a-z]+)-([0-9])"))
	default:
		e.CreateAttr("rsc", g.anyName())
	}
	if !g.old {
		g.attribute(e, 5, "resource-discovery", "never", "exclusive", "always")
	}
	if g.some(3) {
		g.rule(e, true)
		if g.some(5) {
			g.rule(e, true)
		}
		return
	}
	g.add(e, "", "node", g.anyNode(), "score", g.score())
	g.attribute(e, 5, "role", g.role())
}

func (g *generator) colocation(all *etree.Element) {
	e := g.add(all, "rsc_colocation", "id", g.id("col"), "score", g.score())
	if g.some(5) {
		g.sets(e, func() (attrs []string) {
			if g.some(2) {
				attrs = append(attrs, "sequential", g.flag(2))
			}
			if g.some(3) {
				attrs = append(attrs, "role", g.role())
			}
			if g.some(8) {
				attrs = append(attrs, "score", g.score())
			} else if g.some(10) && !g.old {
				attrs = append(attrs, "ordering", one(g.Rand, "group", "listed"))
			}
			return attrs
		})
		g.attribute(e, 8, "influence", "true", "false")
		return
	}
	first, second := g.pair()
	g.add(e, "", "rsc", first, "with-rsc", second)
	g.attribute(e, 5, "rsc-role", g.role())
	g.attribute(e, 4, "with-rsc-role", g.role())
	g.attribute(e, 8, "node-attribute", "rack")
	if !g.old {
		g.attribute(e, 8, "influence", "true", "false")
	}
}

func (g *generator) action() string { return one(g.Rand, "start", "promote", "stop", "demote") }

func (g *generator) order(all *etree.Element) {
	e := g.add(all, "rsc_order", "id", g.id("ord"))
	if g.some(10) {
		e.CreateAttr("score", g.score())
	} else if !g.old {
		g.attribute(e, 3, "kind", "Optional", "Serialize", "Mandatory")
	}
	g.attribute(e, 5, "symmetrical", "true", "false")
	if g.some(4) {
		g.sets(e, func() (attrs []string) {
			if g.some(2) {
				attrs = append(attrs, "sequential", g.flag(2))
			}
			if g.some(3) && !g.old {
				attrs = append(attrs, "require-all", g.flag(2))
			}
			if g.some(3) {
				attrs = append(attrs, "action", g.action())
			}
			if g.some(10) {
				attrs = append(attrs, "role", g.role())
			}
			if g.some(10) && !g.old {
				attrs = append(attrs, "kind", one(g.Rand, "Optional", "Serialize", "Mandatory"))
			}
			return attrs
		})
		return
	}
	first, second := g.pair()
	g.add(e, "", "first", first, "then", second)
	g.attribute(e, 4, "first-action", g.action())
	g.attribute(e, 5, "then-action", g.action())
	if !g.old {
		g.attribute(e, 6, "require-all", "false", "true")
	}
}

func (g *generator) ticket(all *etree.Element) {
	e := g.add(all, "rsc_ticket", "id", g.id("tkt"), "ticket", one(g.Rand, g.tickets...), "loss-policy", one(g.Rand, "stop", "fence", "freeze", "demote"))
	if g.some(5) {
		g.sets(e, func() []string {
			if g.some(2) {
				return []string{"role", g.role()}
			}
			return nil
		})
		return
	}
	e.CreateAttr("rsc", g.anyName())
	g.attribute(e, 3, "rsc-role", g.role())
}

// rule adds one with expressions about nodes and dates; scored if that is what it
// is there for.
func (g *generator) rule(to *etree.Element, scored bool) {
	rule := g.ruleElement(to)
	switch {
	case !scored:
		to.InsertChildAt(0, rule)
	case g.some(6):
		rule.RemoveAttr("score")
		rule.CreateAttr("score-attribute", one(g.Rand, "weight", "ping", "rack"))
	default:
		rule.CreateAttr("score", g.score())
	}
	g.attribute(rule, 4, "boolean-op", "or", "and")
	if scored {
		g.attribute(rule, 5, "role", g.role())
	}
	for range 1 + g.IntN(3) {
		switch {
		case g.some(10):
			inner := g.add(rule, "rule", "id", g.id("rule"), "boolean-op", one(g.Rand, "or", "and"))
			g.expression(inner)
			g.expression(inner)
		case g.some(4):
			g.dateExpression(rule)
		default:
			g.expression(rule)
		}
	}
}

func (g *generator) expression(rule *etree.Element) {
	e := g.add(rule, "expression", "id", g.id("expr"))
	switch g.IntN(6) {
	case 0:
		g.add(e, "", "attribute", one(g.Rand, "rack", "weight"), "operation", one(g.Rand, "defined", "not_defined"))
	case 1, 2:
		g.add(e, "", "attribute", "#uname", "operation", one(g.Rand, "eq", "ne"), "value", g.anyNode())
	default:
		g.add(e, "", "attribute", one(g.Rand, "rack", "ping", "weight", "#kind", "#id", "#ra-version", "#cluster-name", "#site-name", "#is_dc", "#role"), "operation",
			one(g.Rand, "eq", "ne", "lt", "gte", "gt", "lte"), "value", one(g.Rand, "a", "b", "100", "cluster", "remote", "25", "state", "true"))
		g.attribute(e, 4, "type", "string", "number", "version")
		if !g.old {
			if e.SelectAttrValue("type", "") == "number" && g.some(3) {
				e.CreateAttr("type", "integer")
			}
			g.attribute(e, 8, "value-source", "literal", "param", "meta")
		}
	}
}

// ruleElement adds a rule, which has a score in any case where that has to be.
func (g *generator) ruleElement(to *etree.Element) *etree.Element {
	rule := g.add(to, "rule", "id", g.id("rule"))
	if g.old || g.some(2) {
		rule.CreateAttr("score", g.score())
	}
	return rule
}

// dateRule adds a rule about dates only.
func (g *generator) dateRule(to *etree.Element) {
	rule := g.ruleElement(to)
	to.InsertChildAt(0, rule)
	rule.CreateAttr("boolean-op", one(g.Rand, "or", "and"))
	for range 1 + g.IntN(2) {
		g.dateExpression(rule)
	}
}

func (g *generator) dateExpression(rule *etree.Element) {
	e := g.add(rule, "date_expression", "id", g.id("date"))
	start, end := one(g.Rand, "2023-11-14", "2023-11-14T22:13:00Z", "2023-11-01 12:00:00 +01:00", "2022-W40"), one(g.Rand, "2024-01-01", "2023-11-14T22:13:20Z", "2023-11-14 23:00:00Z", "2023-320")
	switch g.IntN(5) {
	case 0:
		g.add(e, "", "operation", "gt", "start", start)
	case 1:
		g.add(e, "", "operation", "lt", "end", end)
	case 2:
		g.add(e, "", "operation", "in_range", "start", start, "end", end)
	case 3:
		g.add(e, "", "operation", "in_range", "start", start)
		g.add(e, "duration", "id", g.id("duration"), one(g.Rand, "hours", "days", "weeks", "months"), one(g.Rand, "1", "12", "100"))
	default:
		g.add(e, "", "operation", "date_spec")
		spec := g.add(e, "date_spec", "id", g.id("spec"), one(g.Rand, "hours", "weekdays", "months", "years", "monthdays", "yeardays", "weeks"), one(g.Rand, "1-5", "22", "2-", "2023", "9-16", "11"))
		g.attribute(spec, 4, "minutes", "0-20", "13")
	}
}

// typeRule adds a rule about what a resource or an operation is.
func (g *generator) typeRule(to *etree.Element, kind string) {
	rule := g.ruleElement(to)
	to.InsertChildAt(0, rule)
	rule.CreateAttr("boolean-op", one(g.Rand, "or", "and"))
	for range 1 + g.IntN(2) {
		if e := g.add(rule, kind, "id", g.id("expr")); kind == "op_expression" {
			e.CreateAttr("name", one(g.Rand, "monitor", "start"))
			g.attribute(e, 2, "interval", "10s", "0", "11s")
		} else {
			g.attribute(e, 2, "class", "ocf", "systemd", "stonith")
			g.attribute(e, 2, "provider", "pacemaker", "heartbeat")
			g.attribute(e, 2, "type", "Dummy", "Stateful")
		}
	}
}
