//go:build interop

package cibschema

import (
	"math/rand/v2"
	"testing"

	"github.com/beevik/etree"
)

// words are names and values that upgrades look at, and values that datatypes split on.
var words = []string{
	"start", "stop", "promote", "monitor", "requires", "timeout", "on-fail", "role", "enabled", "record-pending",
	"interval-origin", "start-delay", "pcmk_arg_map", "port:x", "port:x,y:z", "pcmk_list_cmd", "pcmk_reboot_cmd",
	"isolation", "isolation-host", "resource-failure-stickiness", "resource_failure_stickiness", "-INFINITY",
	"migration-threshold", "target-role", "resource-stickiness", "is-managed", "is-managed-default",
	"default-resource-stickiness", "default_action_timeout", "default-action-timeout", "stonith_enabled",
	"default-resource-failure-stickiness", "cluster-infrastructure", "cman", "openais|classic openais",
	"expected-quorum-votes", "transition_idle_timeout", "notification-agent", "normal", "member",
}

// odd are values on the edges of datatypes.
var odd = []string{
	"", " ", "0", "-0", "+1", " 1", "1 ", "\t1\n", "01", "1.0", "1e3", "999999999999999999999999", "1000000000000000000000000",
	"-1", "true", "TRUE", " false ", "yes", "INFINITY", " INFINITY", "infinity", "+INFINITY", "i0", " i0 ", "i 0", "0i",
	"_a", "a:b", "ü", "a·b", "·", "中", "a\u0301", "a,b", "a,", ",a", "a.b-c_d", "1-2", "ocf", " ocf ", "o cf", "Started",
	"string", "classic  openais", "classic openais ", " cluster-infrastructure", "cman\n",
}

// pool has what mutations put in: whole elements, and attributes.
type pool struct {
	elements   []*etree.Element
	attributes []etree.Attr
	names      map[string]bool
}

func newPool(t testing.TB) *pool {
	p := &pool{names: map[string]bool{}}
	for _, file := range corpus(t) {
		p.learn(parse(t, read(t, file)))
	}
	return p
}

// learn adds what a document has that the pool has not.
func (p *pool) learn(e *etree.Element) {
	if e.Tag == "status" {
		return
	}
	key := "<" + e.Tag
	if e.Parent() != nil {
		key = e.Parent().Tag + key
	}
	if !p.names[key] {
		p.names[key] = true
		if len(e.FindElements("descendant::*")) < 30 {
			p.elements = append(p.elements, e.Copy())
		}
	}
	for _, a := range e.Attr {
		if key := e.Tag + "@" + a.Key; !p.names[key] && a.Space == "" {
			p.names[key] = true
			p.attributes = append(p.attributes, a)
		}
	}
	for _, child := range e.ChildElements() {
		p.learn(child)
	}
}

// some returns a random element of the document, mostly of the configuration.
func some(rng *rand.Rand, root *etree.Element) *etree.Element {
	e := root
	for {
		children := e.ChildElements()
		if len(children) == 0 || rng.IntN(6) == 0 {
			return e
		}
		next := children[rng.IntN(len(children))]
		if next.Tag == "status" && rng.IntN(10) > 0 {
			continue
		}
		e = next
	}
}

// mutate makes one or a few changes, and returns how many.
func (p *pool) mutate(rng *rand.Rand, root *etree.Element) int {
	n := 1
	for rng.IntN(3) == 0 {
		n++
	}
	for range n {
		p.one(rng, root)
	}
	return n
}

func (p *pool) one(rng *rand.Rand, root *etree.Element) {
	e := some(rng, root)
	switch rng.IntN(13) {
	case 0: // an attribute less
		if len(e.Attr) > 0 {
			e.RemoveAttr(e.Attr[rng.IntN(len(e.Attr))].FullKey())
		}
	case 1, 2: // one more, or another value
		a := p.attributes[rng.IntN(len(p.attributes))]
		e.CreateAttr(a.Key, a.Value)
	case 3:
		if len(e.Attr) > 0 {
			e.Attr[rng.IntN(len(e.Attr))].Value = odd[rng.IntN(len(odd))]
		}
	case 4:
		if len(e.Attr) > 0 {
			e.Attr[rng.IntN(len(e.Attr))].Value = words[rng.IntN(len(words))]
		}
	case 5: // the value of an attribute of the same name elsewhere
		if other := some(rng, root); len(e.Attr) > 0 {
			a := &e.Attr[rng.IntN(len(e.Attr))]
			a.Value = other.SelectAttrValue(a.Key, a.Value)
		}
	case 6: // an element less
		if e != root {
			e.Parent().RemoveChild(e)
		}
	case 7, 8: // one more
		added := p.elements[rng.IntN(len(p.elements))].Copy()
		if rng.IntN(2) == 0 {
			fresh(rng, added)
		}
		e.InsertChildAt(rng.IntN(len(e.Child)+1), added)
	case 9: // a second time
		if e != root {
			again := e.Copy()
			fresh(rng, again)
			e.Parent().InsertChildAt(rng.IntN(len(e.Parent().Child)+1), again)
		}
	case 10: // elsewhere
		if to := some(rng, root); e != root && !within(to, e) {
			to.InsertChildAt(rng.IntN(len(to.Child)+1), e.Copy())
			e.Parent().RemoveChild(e)
		}
	case 11: // another name
		e.Tag = p.elements[rng.IntN(len(p.elements))].Tag
	case 12:
		switch rng.IntN(4) {
		case 0:
			e.CreateText(odd[rng.IntN(len(odd))])
		case 1:
			e.CreateComment("x")
		case 2:
			e.InsertChildAt(rng.IntN(len(e.Child)+1), etree.NewComment("y"))
		case 3:
			e.CreateAttr("xmlns", "urn:x")
		}
	}
}

// fresh gives new ids.
func fresh(rng *rand.Rand, e *etree.Element) {
	for i := range e.Attr {
		if e.Attr[i].Key == "id" {
			e.Attr[i].Value += string(rune('a'+rng.IntN(26))) + string(rune('a'+rng.IntN(26)))
		}
	}
	for _, child := range e.ChildElements() {
		fresh(rng, child)
	}
}

func within(e, ancestor *etree.Element) bool {
	for ; e != nil; e = e.Parent() {
		if e == ancestor {
			return true
		}
	}
	return false
}
