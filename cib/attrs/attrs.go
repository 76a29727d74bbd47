package attrs

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// CIB is what a CIB is asked by: a client.Conn.
type CIB interface {
	Do(ctx context.Context, r call.Request) (*etree.Element, error)
}

// RC is the reference's result for an error of this package.
func RC(err error) crmexit.RC {
	var no syscall.Errno
	switch {
	case errors.Is(err, ErrSection):
		return crmexit.RC(syscall.ENOMSG)
	case errors.As(err, &no):
		return crmexit.RC(no)
	}
	return client.RC(err)
}

// IsMissing tells whether an error says that there is no such thing.
func IsMissing(err error) bool { return err != nil && RC(err) == crmexit.RC(syscall.ENXIO) }

// MultipleError is that several values are in a place that one was looked for in.
type MultipleError struct{ Matches []*etree.Element }

func (*MultipleError) Error() string { return crmexit.RC(syscall.ENOTUNIQ).String() }

// Unwrap is the reference's number for it.
func (*MultipleError) Unwrap() error { return syscall.ENOTUNIQ }

// Find gives the pair in a place, or an element that has all of them. With all, neither
// id nor name matter (find_attr).
func Find(ctx context.Context, c CIB, p Place) (*etree.Element, error) {
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	return c.Do(ctx, call.Request{Op: ops.Query, Section: path, Options: call.XPath | call.ScopeLocal})
}

// Children are what an answer of Find that is not one pair has.
func Children(found *etree.Element) []*etree.Element {
	if found == nil {
		return nil
	}
	return found.ChildElements()
}

// one is the pair in a place (handle_multiples).
func one(ctx context.Context, c CIB, p Place) (*etree.Element, error) {
	found, err := Find(ctx, c, p)
	if err != nil {
		return nil, err
	}
	if matches := Children(found); len(matches) > 0 {
		return nil, &MultipleError{matches}
	}
	return found, nil
}

func attribute(e *etree.Element, name string) *string {
	if a := e.SelectAttr(name); a != nil {
		value := a.Value
		return &value
	}
	return nil
}

// pair makes the element for a value; what is nil it does not have.
func pair(id, name, value *string) *etree.Element {
	e := etree.NewElement("nvpair")
	for _, a := range []struct {
		name  string
		value *string
	}{{"id", id}, {"name", name}, {"value", value}} {
		if a.value != nil {
			e.CreateAttr(a.name, *a.value)
		}
	}
	return e
}

// Change says how values are changed.
type Change struct {
	Options call.Options
	Remote  bool // the node is a Pacemaker Remote node
}

// UpdateError is that a value could not be written.
type UpdateError struct {
	Section string  // where it was to be
	Set     *string // in which set, if that was looked for or made
	Name    *string // of what
	Err     error
}

func (e *UpdateError) Error() string { return e.Err.Error() }

// Unwrap is the CIB's error.
func (e *UpdateError) Unwrap() error { return e.Err }

// Update sets a value: of the pair in a place, or of a new one (cib__update_node_attr). More than
// one is a *MultipleError, and what the CIB refuses an *UpdateError.
func Update(ctx context.Context, c CIB, p Place, value string, how Change) error {
	if p.Name == nil && p.ID == nil {
		return syscall.EINVAL
	}
	found, err := one(ctx, c, p)
	section, name := p.Section, p.Name
	set := p.Set
	var whole *etree.Element
	switch {
	case err == nil:
		whole = pair(attribute(found, "id"), p.Name, &value)
	case !IsMissing(err):
		return err
	default:
		n, err := p.build(how.Remote)
		if err != nil {
			return err
		}
		section, set, name = n.section, &n.set, &n.name
		n.inner.AddChild(pair(&n.id, name, &value))
		whole = n.whole
	}
	_, err = c.Do(ctx, call.Request{Op: ops.Modify, Section: section, Data: whole, Options: how.Options | call.QuorumOverride})
	if err != nil {
		return &UpdateError{section, set, name, err}
	}
	return nil
}

// made is the skeleton around a new pair.
type made struct {
	whole, inner  *etree.Element
	section       string
	set, id, name string
}

// build makes what is around a new pair in a place.
func (p *Place) build(remote bool) (made, error) {
	m := made{section: p.Section}
	node, tag, ticket := p.Node, "", false
	add := func(name string) *etree.Element {
		if m.whole == nil {
			m.whole = etree.NewElement(name)
			m.inner = m.whole
		} else {
			m.inner = m.inner.CreateElement(name)
		}
		return m.inner
	}
	switch {
	case isSection(p.Section, tickets):
		node, m.section, ticket = nil, status, true
		add(status)
		add(tickets)
	case isSection(p.Section, nodes):
		if node == nil {
			return m, syscall.EINVAL
		}
		if tag = "node"; remote {
			tag = ""
			add(nodes)
			e := add("node")
			e.CreateAttr("type", "remote")
			e.CreateAttr("id", *node)
			e.CreateAttr("uname", *node)
		}
	case isSection(p.Section, status):
		if node == nil {
			return m, syscall.EINVAL
		}
		tag = "transient_attributes"
		add("node_state").CreateAttr("id", *node)
	default:
		tag, node = p.Section, nil
	}
	m.set = p.setID(m.section, node, ticket)
	p.identify(&m)
	if tag != "" {
		if e := add(tag); node != nil {
			e.CreateAttr("id", *node)
		}
	}
	around := instanceAttributes
	switch {
	case node == nil && !ticket && isSection(p.Section, crmConfig):
		around = "cluster_property_set"
	case node == nil && !ticket:
		around = metaAttributes
	case p.SetType != nil:
		around = *p.SetType
	}
	add(around).CreateAttr("id", m.set)
	return m, nil
}

// setID is the id of the set for a new pair.
func (p *Place) setID(section string, node *string, ticket bool) string {
	switch {
	case p.Set != nil:
		return *p.Set
	case isSection(section, crmConfig):
		return "cib-bootstrap-options"
	case ticket:
		return section + "-" + tickets
	case node == nil:
		return section + "-options"
	case p.SetType != nil:
		return section + "-" + *node + "-" + *p.SetType
	}
	return section + "-" + *node
}

// identify gives a new pair its id and its name: each stands in for the other.
func (p *Place) identify(m *made) {
	switch {
	case p.ID == nil:
		m.name = *p.Name
		m.id = strings.NewReplacer(":", ".", "#", ".").Replace(m.set + "-" + m.name)
	case p.Name == nil:
		m.id, m.name = *p.ID, *p.ID
	default:
		m.id, m.name = *p.ID, *p.Name
	}
}

// Delete deletes the pair in a place (cib__delete_node_attr), by its id if the place has one,
// and otherwise gives the id that it found. More than one is a *MultipleError.
func Delete(ctx context.Context, c CIB, p Place, options call.Options) (id *string, err error) {
	if p.Name == nil && p.ID == nil {
		return nil, syscall.EINVAL
	}
	with := p.ID
	if with == nil {
		found, err := one(ctx, c, p)
		if err != nil {
			return nil, err
		}
		id = attribute(found, "id")
		with = id
	}
	_, err = c.Do(ctx, call.Request{Op: ops.Delete, Section: p.Section, Data: pair(with, p.Name, nil), Options: options | call.QuorumOverride})
	return id, err
}
