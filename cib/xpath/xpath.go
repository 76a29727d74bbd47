// Package xpath finds elements of a CIB by XPath 1.0, for operations and permissions, with
// the results that the reference gets from libxml2 (lib/common/xpath.c): in the document's
// order, and an element for each attribute, text or comment that an expression leads to.
//
// The language is github.com/antchfx/xpath's; this is its view of etree's documents. An
// expression that it does not understand, one whose value is no set of nodes, and a
// path that does not begin at the root find nothing, as in the reference.
//
// Everything here is a function of its arguments. Packages of cib/ and above may import it.
package xpath

import (
	"fmt"
	"slices"
	"strings"

	"github.com/antchfx/xpath"
	"github.com/beevik/etree"
)

// longest is up to how many bytes an expression is looked at; deepest how far its parentheses and
// predicates may nest. The library reads expressions recursively.
const (
	longest = 1 << 16
	deepest = 100
)

// Select are the elements that an expression leads to, in the document that root is the element
// of. An element is there once for itself and once for each of its parts. The error says why an
// expression is not understood.
func Select(root *etree.Element, expression string) (found []*etree.Element, err error) {
	if len(expression) > longest || depth(expression) > deepest {
		return nil, fmt.Errorf("xpath: an expression of %d bytes is too large", len(expression))
	}
	// The library panics where it meets what it cannot do, as in number(..)/a.
	defer func() {
		if r := recover(); r != nil {
			found, err = nil, fmt.Errorf("xpath: %q: %v", expression, r)
		}
	}()
	compiled, err := xpath.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("xpath: %q: %w", expression, err)
	}
	iterator, ok := compiled.Evaluate(&navigator{root: root}).(*xpath.NodeIterator)
	if !ok {
		return nil, nil
	}
	var results []place
	seen := map[place]bool{}
	for iterator.MoveNext() {
		if p := iterator.Current().(*navigator).place(); !seen[p] {
			seen[p] = true
			results = append(results, p)
		}
	}
	if !slices.IsSortedFunc(results, compare) {
		slices.SortFunc(results, compare)
	}
	for _, p := range results {
		if e := p.element(root); e != nil {
			found = append(found, e)
		}
	}
	return found, nil
}

// depth is how deep brackets nest in an expression.
func depth(expression string) int {
	deep, most := 0, 0
	for i := range len(expression) {
		switch expression[i] {
		case '(', '[':
			deep++
			most = max(most, deep)
		case ')', ']':
			deep--
		}
	}
	// Signs before a number nest as well.
	return max(most, strings.Count(expression, "-")/4)
}

// place is a result: a token of the document, the document itself if it is nil, or an
// attribute of an element, by number from 1.
type place struct {
	token     etree.Token
	attribute int
}

// element is what the reference makes of a result.
func (p place) element(root *etree.Element) *etree.Element {
	switch t := p.token.(type) {
	case nil:
		return root
	case *etree.Element:
		return t
	default:
		if parent := t.Parent(); parent != nil && parent.Tag != "" {
			return parent
		}
	}
	return nil
}

// compare orders places as they are in the document.
func compare(a, b place) int {
	x, y := chain(a.token), chain(b.token)
	if c := slices.Compare(x, y); c != 0 {
		// What is in an element comes after its attributes.
		return c
	}
	return a.attribute - b.attribute
}

// chain are the places of a token and those around it among their siblings, the outermost first.
func chain(token etree.Token) []int {
	var c []int
	for t := token; t != nil; {
		c = append(c, t.Index())
		parent := t.Parent()
		if parent == nil {
			break
		}
		t = parent
	}
	slices.Reverse(c)
	return c
}
