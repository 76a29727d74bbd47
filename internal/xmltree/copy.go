package xmltree

import "github.com/beevik/etree"

// Copy is a copy of an element that shares nothing with it. (Element.Copy of etree leaves in each attribute a pointer to
// the element that was copied: of a tree that is copied again and again, each time with a change, all would stay in
// memory.)
func Copy(e *etree.Element) *etree.Element {
	c := e.Copy()
	release(c)
	return c
}

func release(e *etree.Element) {
	for i := range e.Attr {
		a := &e.Attr[i]
		*a = etree.Attr{Space: a.Space, Key: a.Key, Value: a.Value}
	}
	for _, child := range e.Child {
		if c, ok := child.(*etree.Element); ok {
			release(c)
		}
	}
}
