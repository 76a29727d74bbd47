package schema

import "github.com/beevik/etree"

// sorting is the children of an element, sorted by the part of an interleave that they
// belong to. libxml2 relinks them for that, and a nested interleave that puts
// its own back in order undoes what the outer one has done: it matters for what is
// said about a section that comes twice.
type sorting struct {
	first, last map[*def]etree.Token
	start       etree.Token // of the children
	end         etree.Token // of those that have been relinked
	rest        etree.Token // what belongs to no part
}

func (x *explainer) sort(d *def) sorting {
	s := sorting{first: map[*def]etree.Token{}, last: map[*def]etree.Token{}}
	s.start = x.skip(x.state.seq)
	s.rest = s.start
	for s.rest != nil {
		x.state.seq = s.rest
		e, ok := s.rest.(*etree.Element)
		if !ok || d.triage[e.Tag] == nil || foreign(e) {
			break
		}
		part := d.triage[e.Tag]
		if last := s.last[part]; last != nil {
			x.links[last] = s.rest
		} else {
			s.first[part] = s.rest
		}
		s.last[part] = s.rest
		after := x.next(s.rest)
		if s.end = after; after == nil {
			s.end = s.rest
		}
		s.rest = x.skip(after)
	}
	return s
}

// unsort puts the children back in order.
func (x *explainer) unsort(s sorting) {
	for token := s.end; token != nil && token != s.start && token.Parent() != nil && token.Index() > 0; {
		token = token.Parent().Child[token.Index()-1]
		delete(x.links, token)
	}
}

// interleave tries each part with its own children.
func (x *explainer) interleave(d *def) int {
	height := x.stack.n
	s := x.sort(d)
	defer x.unsort(s)
	ret := 0
	before := x.state
	for _, part := range d.content {
		x.state, x.states = before.copy(), nil
		last := s.last[part]
		var after etree.Token
		if last != nil {
			after = x.next(last)
			x.links[last] = nil
		}
		x.state.seq = s.first[part]
		if ret = x.definition(part); ret != 0 {
			break
		}
		var extra etree.Token
		switch {
		case x.state != nil:
			before = x.state
			x.state = nil
			extra = x.skip(before.seq)
		case x.states != nil:
			before, extra = x.best(x.states)
			x.states = nil
		default:
			ret = -1
		}
		if ret != 0 {
			break
		}
		if extra != nil {
			x.report(errInterleaveExtra, nameOf(extra), "")
			x.state = before
			return -1
		}
		if last != nil {
			x.links[last] = after
		}
	}
	x.state, x.states = before, nil
	x.state.seq = s.rest
	if ret != 0 {
		x.report(errInterleaveSequence, "", "")
		return -1
	}
	x.stack.cut(height)
	return 0
}

// best is the state to go on with: nothing left over, and the fewest attributes. extra
// is what is left over if that is so in all.
func (x *explainer) best(states []*state) (chosen *state, extra etree.Token) {
	found, low := false, -1
	for _, s := range states {
		extra = x.skip(s.seq)
		switch {
		case extra == nil:
			if !found || s.left <= low {
				low, chosen = s.left, s
			}
			found = true
		case !found && (low == -1 || s.left <= low):
			low, chosen = s.left, s
		}
		if extra == nil && low == 0 {
			break
		}
	}
	if found {
		extra = nil
	}
	return chosen, extra
}
