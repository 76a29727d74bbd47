package wire

import (
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Request is a request as a fencer reads it, from a client or from a peer. What is not
// there is empty or 0.
type Request struct {
	Op                             string
	CallID                         string // a client's number for it; histories without one come from peers
	Options                        CallOptions
	Client, ClientName, ClientNode string
	Timeout, Delay                 int    // in seconds
	Relayed                        string // the operation that a relayed request, or its query, takes the place of
	From                           string // the peer that sent it
	Element                        *etree.Element
}

// ParseRequest reads a request. The element stays part of it. With an error comes what could
// be read, so that who asked can be answered.
func ParseRequest(e *etree.Element) (*Request, error) {
	r := &Request{
		Op:         e.SelectAttrValue(attrOp, ""),
		CallID:     e.SelectAttrValue(attrCallID, ""),
		Client:     e.SelectAttrValue(attrClient, ""),
		ClientName: e.SelectAttrValue(attrName, ""),
		ClientNode: e.SelectAttrValue(attrNode, ""),
		Relayed:    e.SelectAttrValue(attrRelayed, ""),
		From:       e.SelectAttrValue(attrFrom, ""),
		Element:    e,
	}
	options, err := optional(e, attrOptions)
	if err != nil {
		return r, err
	}
	r.Options = CallOptions(uint32(options))
	if r.Timeout, err = optional(e, attrTimeout); err != nil {
		return r, err
	}
	r.Delay, err = optional(e, attrDelay)
	return r, err
}

// Call is the number of the call, 0 if there is none.
func (r *Request) Call() int {
	n, err := strconv.ParseInt(r.CallID, 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}

// RemoteOp is the operation that the request itself names.
func (r *Request) RemoteOp() string { return r.Element.SelectAttrValue(attrRemoteOp, "") }

// Task is what is to be done: attributes of the request itself, or of its data.
type Task struct {
	Target, Action, Device     string
	Origin, Delegate, RemoteOp string
	Tolerance                  int // in seconds
}

func task(e *etree.Element) *Task {
	if e == nil {
		return nil
	}
	tolerance, _ := optional(e, attrTolerance) // none if it is no number
	get := func(attr string) string { return e.SelectAttrValue(attr, "") }
	return &Task{
		Target: get(attrTarget), Action: get(attrAction), Device: get(attrDevice),
		Origin: get(attrOrigin), Delegate: get(attrDelegate), RemoteOp: get(attrRemoteOp), Tolerance: tolerance,
	}
}

// TargetTask is what is to be done to a target, nil if no element, or more than one, has
// a target.
func (r *Request) TargetTask() *Task { return task(only(r.Element, attrTarget)) }

// ActionTask is what action is to be done, nil if no element, or more than one, has one.
func (r *Request) ActionTask() *Task { return task(only(r.Element, attrAction)) }

// Device is the element of a device that the request has, nil if there is not one.
func (r *Request) Device() *etree.Element { return onlyTag(r.Element, TagDevice) }

// Level is the element of a level that the request has, nil if there is not one.
func (r *Request) Level() *etree.Element { return onlyTag(r.Element, TagLevel) }

// History is the history that the request has, nil if there is none, and whether it is
// only what the receivers may lack.
func (r *Request) History() (e *etree.Element, differential bool) {
	if e = onlyTag(r.Element, TagHistory); e == nil {
		return nil, false
	}
	return e, truth(e, attrDifferential)
}

// truth reads a boolean as the fencers write it; what is none is false.
func truth(e *etree.Element, attr string) bool {
	switch e.SelectAttrValue(attr, "") {
	case "true", "on", "yes", "y", "1":
		return true
	}
	return false
}

// only is the one element of a tree that has an attribute.
func only(e *etree.Element, attr string) *etree.Element {
	return one(e, func(e *etree.Element) bool { return e.SelectAttr(attr) != nil })
}

// onlyTag is the one element of a tree that has a name.
func onlyTag(e *etree.Element, tag string) *etree.Element {
	return one(e, func(e *etree.Element) bool { return e.Tag == tag })
}

func one(e *etree.Element, is func(*etree.Element) bool) *etree.Element {
	var found []*etree.Element
	each(e, func(e *etree.Element) {
		if is(e) {
			found = append(found, e)
		}
	})
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// each calls f for every element of a tree.
func each(e *etree.Element, f func(*etree.Element)) {
	f(e)
	for _, c := range e.ChildElements() {
		each(c, f)
	}
}

// IsReply tells a reply, or what has one within, from a request.
func IsReply(e *etree.Element) bool { return find(e, TagReply) != nil }

// Answer is the reply to a request (fenced_construct_reply); without a request it has a
// result only. Data may be nil.
func (r *Request) Answer(data *etree.Element, result *Result) *etree.Element {
	e := etree.NewElement(TagReply)
	e.CreateAttr(attrOrigin, "fenced_construct_reply")
	e.CreateAttr(attrType, TypeFencer)
	result.Set(e)
	if r != nil {
		for _, attr := range []string{attrOp, attrCallID, attrClient, attrName, attrRemoteOp, attrOptions} {
			if a := r.Element.SelectAttr(attr); a != nil {
				e.CreateAttr(attr, a.Value)
			}
		}
		wrap(e, data)
	}
	return e
}

// Relay makes the request one to a peer, to lead the operation in this fencer's stead.
func (r *Request) Relay(client, operation string) *etree.Element {
	e := xmltree.Copy(r.Element)
	e.CreateAttr(attrOp, OpRelay)
	e.CreateAttr(attrClient, client)
	e.CreateAttr(attrRemoteOp, operation)
	return e
}
