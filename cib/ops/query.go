package ops

import (
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/cib/xpath"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// find is a query's answer (cib_process_query).
func (w *work) find(cib *etree.Element) (*etree.Element, error) {
	if w.XPath {
		return w.findPath(cib)
	}
	section := w.Section
	if document.EqualFold(section, "all") {
		section = ""
	}
	found := Section(cib, section)
	switch {
	case found == nil:
		return nil, ErrNoSuch
	case w.NoChildren:
		return shallow(found), nil
	}
	return w.whole(found), nil
}

// whole is an element with all that is in it, as an answer.
func (w *work) whole(e *etree.Element) *etree.Element {
	if w.Lend {
		return e
	}
	return xmltree.Copy(e)
}

// findPath is the answer to a query by XPath: what is found, in an element of its own if
// that is more than one.
func (w *work) findPath(cib *etree.Element) (*etree.Element, error) {
	found, _ := xpath.Select(cib, w.Section)
	if len(found) == 0 {
		return nil, ErrNoSuch
	}
	show := func(e *etree.Element) *etree.Element { return xmltree.Copy(e) }
	if w.NoChildren {
		show = shallow
	} else if w.PathsOnly {
		show = func(e *etree.Element) *etree.Element {
			path := etree.NewElement("xpath-query-path")
			path.CreateAttr("id", document.Path(e))
			return path
		}
	}
	if len(found) == 1 && !w.NoChildren && !w.PathsOnly {
		return w.whole(found[0]), nil
	}
	if len(found) == 1 && w.NoChildren {
		return show(found[0]), nil
	}
	answer := etree.NewElement("xpath-query")
	for _, e := range found {
		answer.AddChild(show(e))
	}
	return answer, nil
}

// shallow is an element without what is in it.
func shallow(e *etree.Element) *etree.Element {
	s := etree.NewElement(e.Tag)
	for i := range e.Attr {
		if a := &e.Attr[i]; text.IsAttribute(a) {
			s.CreateAttr(a.Key, a.Value)
		}
	}
	return s
}
