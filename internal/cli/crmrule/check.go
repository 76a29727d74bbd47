package crmrule

import (
	"strconv"
	"strings"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/rules"
)

// checker looks at rules of a CIB.
type checker struct {
	cib  *etree.Element
	date iso8601.Time // to ask the rules about
	now  iso8601.Time // by the clock
	log  *pcmktool.Log
}

// all shows the result of each rule; its own is the last that is not good
// (pcmk__check_rules). "In effect" counts as not good but exits with 0.
func (c *checker) all(ids []string, out pcmktool.Output) crmexit.RC {
	rc := crmexit.RCOK
	for _, id := range ids {
		last, why := c.rule(id)
		show(out, id, last, why)
		if last != crmexit.RCOK {
			rc = last
		}
	}
	return rc
}

func show(out pcmktool.Output, id string, rc crmexit.RC, why string) {
	texts := map[crmexit.RC]string{
		crmexit.RCWithinRange:   "Rule %s is still in effect",
		crmexit.RCOK:            "Rule %s satisfies conditions",
		crmexit.RCAfterRange:    "Rule %s is expired",
		crmexit.RCBeforeRange:   "Rule %s has not yet taken effect",
		crmexit.RCOpUnsatisfied: "Rule %s does not satisfy conditions",
	}
	out.Element("rule-check", "rule-id", id, "rc", strconv.Itoa(int(rc.Exit())))
	if format, ok := texts[rc]; ok {
		out.Info(format, id)
		return
	}
	out.Err("Could not determine whether rule %s is in effect: %s", id, why)
}

// rule evaluates the rule called id, or says why not (eval_rule).
func (c *checker) rule(id string) (rc crmexit.RC, why string) {
	const unsupported = crmexit.RC(syscall.EOPNOTSUPP)
	var found []*etree.Element
	// The reference asks for the constraints, and then looks everywhere. An id with
	// an apostrophe breaks its XPath.
	switch {
	case !c.hasConstraints():
	case strings.Contains(id, "'"):
		c.log.Print(loglevel.Error, "log_xmllib_err", "XML Error: Invalid predicate")
	default:
		walk(c.cib, func(e *etree.Element) {
			if e.Tag == "rule" && e.SelectAttr("id") != nil && e.SelectAttrValue("id", "") == id {
				found = append(found, e)
			}
		})
	}
	switch {
	case len(found) == 0:
		return crmexit.RC(syscall.ENXIO), "Rule not found"
	case len(found) > 1:
		return crmexit.RCDuplicateID, "Found more than one rule with matching ID"
	}
	var dates []*etree.Element
	walk(found[0], func(e *etree.Element) {
		if e.Tag == "date_expression" {
			dates = append(dates, e)
		}
	})
	switch {
	case len(dates) == 0:
		return unsupported, "Rule does not have a date expression"
	case len(dates) > 1:
		return unsupported, "Rule has more than one date expression"
	case !supported(dates[0]):
		return unsupported, "Rule must either not use date_spec, or use date_spec with years= but not moon="
	}
	in := rules.Input{Now: c.date, Clock: c.now, Report: func(p rules.Problem) {
		level := loglevel.Warning
		if p.Severity == rules.Error {
			level = loglevel.Error
		}
		c.log.Print(level, p.Where, p.Text)
	}}
	switch rules.ReadDate(dates[0]).Evaluate(&in, nil) {
	case rules.Before:
		return crmexit.RCBeforeRange, ""
	case rules.Within:
		return crmexit.RCWithinRange, ""
	case rules.After:
		return crmexit.RCAfterRange, ""
	case rules.Satisfied:
		return crmexit.RCOK, ""
	}
	return crmexit.RCUndetermined, "Error parsing rule"
}

// supported says whether the tool dares to evaluate a date_expression.
func supported(e *etree.Element) bool {
	switch op := e.SelectAttr("operation"); {
	case op == nil:
		return false
	case op.Value != "date_spec":
		return true
	}
	years, moon := false, false
	for _, s := range e.SelectElements("date_spec") {
		years = years || s.SelectAttr("years") != nil
		moon = moon || s.SelectAttr("moon") != nil
	}
	return years && !moon
}

// hasConstraints says whether there is one section of constraints.
func (c *checker) hasConstraints() bool {
	n := 0
	walk(c.cib, func(e *etree.Element) {
		if e.Tag == "cib" {
			for _, conf := range e.SelectElements("configuration") {
				n += len(conf.SelectElements("constraints"))
			}
		}
	})
	return n == 1
}

func walk(e *etree.Element, f func(*etree.Element)) {
	f(e)
	for _, c := range e.ChildElements() {
		walk(c, f)
	}
}
