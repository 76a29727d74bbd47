package patch

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// Describe is a patchset for the log, a line each (xml_log_patchset). where is the function
// that logs it, in the reference's words.
func Describe(patchset *etree.Element, where string) []string {
	d := describer{}
	d.versions(patchset, where)
	if Format(patchset) == 2 {
		for _, change := range patchset.ChildElements() {
			d.change(change)
		}
		return d.lines
	}
	d.tree(Child(patchset, "diff-removed"), '-')
	d.tree(Child(patchset, "diff-added"), '+')
	return d.lines
}

type describer struct{ lines []string }

func (d *describer) addf(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// value is an attribute for a log line.
func value(e *etree.Element, name string) string {
	if v, ok := document.Get(e, name); ok {
		return v
	}
	return "(null)"
}

func (d *describer) versions(patchset *etree.Element, where string) {
	source, target := Versions(patchset, Version{}, Version{})
	switch {
	case source != target:
		d.addf("Diff: --- %v %s", source, value(patchset, "format"))
		d.addf("Diff: +++ %v %s", target, value(patchset, "digest"))
	case target != Version{}:
		d.addf("%s: Local-only Change: %v", where, target)
	}
}

func (d *describer) change(change *etree.Element) {
	operation, _ := document.Get(change, "operation")
	path := value(change, "path")
	switch operation {
	case "create":
		prefix := "++ " + path + ": "
		for _, token := range document.Nodes(change)[:min(1, len(document.Nodes(change)))] {
			d.open(prefix, token, 0, false)
			if e, ok := token.(*etree.Element); ok {
				d.inside("++"+strings.Repeat(" ", len(prefix)-len("++")), e, 0)
			}
		}
	case "move":
		d.addf("+~ %s moved to offset %s", path, value(change, "position"))
	case "modify":
		d.modify(path, Child(change, "change-list"))
	case "delete":
		if n, ok := Int(change, "position"); ok && n >= 0 {
			d.addf("-- %s (%d)", path, n)
		} else {
			d.addf("-- %s", path)
		}
	}
}

func (d *describer) modify(path string, list *etree.Element) {
	if list == nil {
		return
	}
	var set, unset []string
	for _, c := range list.ChildElements() {
		switch operation, _ := document.Get(c, "operation"); operation {
		case "set":
			set = append(set, "@"+value(c, "name")+"="+value(c, "value"))
		case "unset":
			unset = append(unset, "@"+value(c, "name"))
		}
	}
	if len(set) > 0 {
		d.addf("+  %s:  %s", path, strings.Join(set, ", "))
	}
	if len(unset) > 0 {
		d.addf("-- %s:  %s", path, strings.Join(unset, ", "))
	}
}

// tree describes one of the trees of a patchset of version 1: what is marked, or has nothing
// in it.
func (d *describer) tree(part *etree.Element, sign byte) {
	if part == nil {
		return
	}
	for i, token := range document.Nodes(part) {
		d.marked(token, sign, 0)
		if i > 0 {
			d.addf(" %s ", strings.Repeat(string(sign), 3))
		}
	}
}

func (d *describer) marked(token etree.Token, sign byte, depth int) {
	e, ok := token.(*etree.Element)
	if ok {
		if _, whole := document.Get(e, marker); len(e.Child) > 0 && !whole {
			for _, child := range document.Nodes(e) {
				d.marked(child, sign, depth+1)
			}
			return
		}
	}
	prefix := string([]byte{sign, sign})
	d.open(prefix, token, depth, ok && len(e.Child) > 0)
	if ok {
		d.inside(prefix, e, depth)
	}
}

// open adds the line that an element begins with, or a comment.
func (d *describer) open(prefix string, token etree.Token, depth int, children bool) {
	indent := strings.Repeat("  ", depth)
	e, ok := token.(*etree.Element)
	if !ok {
		d.addf("%s %s<!--%s-->", prefix, indent, token.(*etree.Comment).Data)
		return
	}
	line := []byte(prefix + " " + indent + "<" + e.Tag)
	hidden, _ := document.Get(e, "hidden")
	for i := range e.Attr {
		a := &e.Attr[i]
		if !text.IsAttribute(a) || a.Key == marker {
			continue
		}
		line = append(line, " "+a.Key+`="`...)
		if hidden != "" && strings.Contains(hidden, a.Key) {
			line = append(line, "*****"...)
		} else {
			line = text.AppendEscaped(line, a.Value, text.Faithful)
		}
		line = append(line, '"')
	}
	if children {
		line = append(line, '>')
	} else {
		line = append(line, "/>"...)
	}
	d.lines = append(d.lines, string(line))
}

// inside adds what is in an element, and its end.
func (d *describer) inside(prefix string, e *etree.Element, depth int) {
	if len(e.Child) == 0 {
		return
	}
	for _, token := range document.Nodes(e) {
		child, ok := token.(*etree.Element)
		d.open(prefix, token, depth+1, ok && len(child.Child) > 0)
		if ok {
			d.inside(prefix, child, depth+1)
		}
	}
	d.addf("%s %s</%s>", prefix, strings.Repeat("  ", depth), e.Tag)
}
