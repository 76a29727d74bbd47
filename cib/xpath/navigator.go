package xpath

import (
	"strings"

	"github.com/antchfx/xpath"
	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
)

// navigator is a place in a document, for the library. It begins nowhere, from where only the
// document's root can be reached: libxml2 has no context either.
type navigator struct {
	root  *etree.Element
	token etree.Token // nil at the document itself
	attr  int         // of the attribute of token, from 1; 0 if it is not at one
	there bool
}

func (n *navigator) place() place { return place{n.token, n.attr} }

// NodeType implements xpath.NodeNavigator.
func (n *navigator) NodeType() xpath.NodeType {
	switch n.token.(type) {
	case *etree.Element:
		if n.attr > 0 {
			return xpath.AttributeNode
		}
		return xpath.ElementNode
	case *etree.Comment:
		return xpath.CommentNode
	case *etree.CharData:
		return xpath.TextNode
	}
	return xpath.RootNode
}

// LocalName implements xpath.NodeNavigator.
func (n *navigator) LocalName() string {
	e, ok := n.token.(*etree.Element)
	switch {
	case !ok:
		return ""
	case n.attr > 0:
		return e.Attr[n.attr-1].Key
	}
	return e.Tag
}

// Prefix implements xpath.NodeNavigator.
func (n *navigator) Prefix() string {
	e, ok := n.token.(*etree.Element)
	switch {
	case !ok:
		return ""
	case n.attr > 0:
		return e.Attr[n.attr-1].Space
	}
	return e.Space
}

// Value implements xpath.NodeNavigator.
func (n *navigator) Value() string {
	switch t := n.token.(type) {
	case *etree.Element:
		if n.attr > 0 {
			return t.Attr[n.attr-1].Value
		}
		var b strings.Builder
		collect(&b, t)
		return b.String()
	case *etree.Comment:
		return t.Data
	case *etree.CharData:
		return t.Data
	}
	var b strings.Builder
	if n.there {
		collect(&b, n.root)
	}
	return b.String()
}

// collect writes the text in an element.
func collect(b *strings.Builder, e *etree.Element) {
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.Element:
			collect(b, t)
		case *etree.CharData:
			b.WriteString(t.Data)
		}
	}
}

// Copy implements xpath.NodeNavigator.
func (n *navigator) Copy() xpath.NodeNavigator {
	c := *n
	return &c
}

// MoveToRoot implements xpath.NodeNavigator.
func (n *navigator) MoveToRoot() { n.token, n.attr, n.there = nil, 0, true }

// MoveToParent implements xpath.NodeNavigator.
func (n *navigator) MoveToParent() bool {
	switch {
	case n.token == nil:
		return false
	case n.attr > 0:
		n.attr = 0
		return true
	}
	if n.token == etree.Token(n.root) || n.token.Parent() == nil || n.token.Parent().Tag == "" {
		n.token = nil
		return true
	}
	n.token = n.token.Parent()
	return true
}

// MoveToNextAttribute implements xpath.NodeNavigator.
func (n *navigator) MoveToNextAttribute() bool {
	e, ok := n.token.(*etree.Element)
	if !ok {
		return false
	}
	for i := n.attr; i < len(e.Attr); i++ {
		if text.IsAttribute(&e.Attr[i]) {
			n.attr = i + 1
			return true
		}
	}
	return false
}

// MoveToChild implements xpath.NodeNavigator.
func (n *navigator) MoveToChild() bool {
	if n.token == nil {
		if !n.there {
			return false
		}
		siblings := n.siblings()
		if siblings == nil {
			n.token = n.root
			return true
		}
		return n.moveTo(siblings, 0, 1)
	}
	e, ok := n.token.(*etree.Element)
	return ok && n.attr == 0 && n.moveTo(e.Child, 0, 1)
}

// siblings are the tokens around the current one; at the document, those in it.
func (n *navigator) siblings() []etree.Token {
	t := n.token
	if t == nil {
		t = n.root
	}
	if parent := t.Parent(); parent != nil {
		return parent.Child
	}
	return nil
}

// moveTo moves to the first token that XPath knows, from one on.
func (n *navigator) moveTo(tokens []etree.Token, from, step int) bool {
	for i := from; i >= 0 && i < len(tokens); i += step {
		switch tokens[i].(type) {
		case *etree.Element, *etree.Comment, *etree.CharData:
			n.token = tokens[i]
			return true
		}
	}
	return false
}

// MoveToFirst implements xpath.NodeNavigator.
func (n *navigator) MoveToFirst() bool {
	return n.token != nil && n.attr == 0 && n.moveTo(n.siblings(), 0, 1)
}

// MoveToNext implements xpath.NodeNavigator.
func (n *navigator) MoveToNext() bool {
	return n.token != nil && n.attr == 0 && n.moveTo(n.siblings(), n.token.Index()+1, 1)
}

// MoveToPrevious implements xpath.NodeNavigator.
func (n *navigator) MoveToPrevious() bool {
	return n.token != nil && n.attr == 0 && n.moveTo(n.siblings(), n.token.Index()-1, -1)
}

// MoveTo implements xpath.NodeNavigator.
func (n *navigator) MoveTo(other xpath.NodeNavigator) bool {
	o, ok := other.(*navigator)
	if !ok || o.root != n.root {
		return false
	}
	*n = *o
	return true
}
