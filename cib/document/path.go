package document

import (
	"strings"

	"github.com/beevik/etree"
)

// IsNode tells whether a token is an element or a comment.
func IsNode(token etree.Token) bool {
	switch token.(type) {
	case *etree.Element, *etree.Comment:
		return true
	}
	return false
}

// Nodes are the elements and comments in an element, in a slice of their own.
func Nodes(e *etree.Element) []etree.Token {
	nodes := make([]etree.Token, 0, len(e.Child))
	for _, child := range e.Child {
		if IsNode(child) {
			nodes = append(nodes, child)
		}
	}
	return nodes
}

// Name is an element's name; comments have libxml2's.
func Name(token etree.Token) string {
	if e, ok := token.(*etree.Element); ok {
		return e.Tag
	}
	return "comment"
}

// Position is the place of an element or a comment among its siblings, from 0.
func Position(token etree.Token) int {
	n := 0
	if parent := token.Parent(); parent != nil {
		for _, sibling := range parent.Child[:token.Index()] {
			if IsNode(sibling) {
				n++
			}
		}
	}
	return n
}

// Path is where an element or a comment is, as patchsets tell it: names, and ids
// of those that have one (pcmk__element_xpath).
func Path(token etree.Token) string {
	var steps []etree.Token
	for t := token; ; {
		steps = append(steps, t)
		parent := t.Parent()
		if parent == nil || parent.Tag == "" {
			break
		}
		t = parent
	}
	var b strings.Builder
	for i := len(steps) - 1; i >= 0; i-- {
		b.WriteString("/" + Name(steps[i]))
		if id, ok := ID(steps[i]); ok {
			b.WriteString("[@id='" + id + "']")
		}
	}
	return b.String()
}
