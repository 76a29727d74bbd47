package document

import (
	"github.com/beevik/etree"
)

// EqualFold tells whether two texts are equal but for the case of ASCII's letters
// (strcasecmp).
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Match is the first in an element that is the counterpart of an element or a comment:
// of the same name and id, or of the same text. It is nil if there is none
// (pcmk__xml_match, not exact).
func Match(in *etree.Element, token etree.Token) etree.Token {
	if c, ok := token.(*etree.Comment); ok {
		for _, child := range in.Child {
			if other, ok := child.(*etree.Comment); ok && EqualFold(other.Data, c.Data) {
				return child
			}
		}
		return nil
	}
	id, hasID := ID(token)
	return MatchBy(in, Name(token), "id", id, hasID)
}

// MatchBy is the first in an element of a name and, if has is true, with a value of an
// attribute (pcmk__xe_match).
func MatchBy(in *etree.Element, name, attribute, value string, has bool) etree.Token {
	for _, child := range in.Child {
		if !IsNode(child) || Name(child) != name {
			continue
		}
		if !has {
			return child
		}
		if e, ok := child.(*etree.Element); ok {
			if v, ok := Get(e, attribute); ok && v == value {
				return child
			}
		}
	}
	return nil
}

// siblings are the elements and comments in an element, to be found by what they are. Those that
// are skipped do not count in positions.
type siblings struct {
	nodes   []etree.Token
	skipped []bool
	counted counter
	index   map[siblingKey]int // of the first one; nil if there are few
}

type siblingKey struct {
	name, id string
	hasID    bool
}

// few is up to how many siblings are searched one by one.
const few = 8

func newSiblings(e *etree.Element) *siblings {
	s := &siblings{nodes: Nodes(e)}
	s.skipped = make([]bool, len(s.nodes))
	if len(s.nodes) > few {
		s.counted = newCounter(len(s.nodes))
		s.index = make(map[siblingKey]int, 2*len(s.nodes))
		for i, n := range s.nodes {
			s.add(siblingKey{name: Name(n)}, i)
			if id, ok := ID(n); ok {
				s.add(siblingKey{Name(n), id, true}, i)
			}
		}
	}
	return s
}

func (s *siblings) add(key siblingKey, at int) {
	if _, ok := s.index[key]; !ok {
		s.index[key] = at
	}
}

func (s *siblings) skip(at int) {
	if !s.skipped[at] {
		s.skipped[at] = true
		if s.counted != nil {
			s.counted.remove(at)
		}
	}
}

// position is how many count before one.
func (s *siblings) position(at int) int {
	if s.counted != nil {
		return s.counted.before(at)
	}
	n := 0
	for _, skipped := range s.skipped[:at] {
		if !skipped {
			n++
		}
	}
	return n
}

// match is the first that is the counterpart of token, -1 if there is none; a comment
// has to be at that position.
func (s *siblings) match(token etree.Token, position int) int {
	if c, ok := token.(*etree.Comment); ok {
		return s.matchComment(c.Data, position)
	}
	id, hasID := ID(token)
	if s.index != nil {
		if at, ok := s.index[siblingKey{Name(token), id, hasID}]; ok {
			return at
		}
		return -1
	}
	for i, n := range s.nodes {
		if Name(n) != Name(token) {
			continue
		}
		if other, ok := ID(n); !hasID || ok && other == id {
			return i
		}
	}
	return -1
}

func (s *siblings) matchComment(text string, position int) int {
	at := s.first(position)
	if at < 0 {
		return -1
	}
	if c, ok := s.nodes[at].(*etree.Comment); ok && EqualFold(c.Data, text) {
		return at
	}
	return -1
}

// first is the one at a position, of those that count, or -1.
func (s *siblings) first(position int) int {
	if s.counted != nil {
		return s.counted.at(position)
	}
	for i, skipped := range s.skipped {
		if !skipped {
			if position == 0 {
				return i
			}
			position--
		}
	}
	return -1
}

// counter counts members of a row before any of them, in logarithmic time (a Fenwick tree): in
// sections of thousands of objects, counting one by one takes most of a comparison.
type counter []int

func newCounter(n int) counter {
	c := make(counter, n+1)
	for i := 1; i <= n; i++ {
		c[i] = i & -i
	}
	return c
}

func (c counter) remove(at int) {
	for i := at + 1; i < len(c); i += i & -i {
		c[i]--
	}
}

func (c counter) before(at int) int {
	n := 0
	for i := at; i > 0; i -= i & -i {
		n += c[i]
	}
	return n
}

// at is the member that n others come before, or -1.
func (c counter) at(n int) int {
	step := 1
	for step*2 < len(c) {
		step *= 2
	}
	place := 0
	for ; step > 0; step /= 2 {
		if next := place + step; next < len(c) && c[next] <= n {
			place, n = next, n-c[next]
		}
	}
	if place >= len(c)-1 {
		return -1
	}
	return place
}
