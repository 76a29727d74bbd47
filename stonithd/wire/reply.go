package wire

import (
	"fmt"
	"strconv"

	"github.com/beevik/etree"
)

// Reply is the answer to a Command.
type Reply struct {
	CallID int
	Result Result
	Data   *etree.Element
}

// ParseReply reads an answer. Data stays part of the element.
func ParseReply(e *etree.Element) (*Reply, error) {
	id, err := number(e, attrCallID)
	if err != nil {
		return nil, err
	}
	return &Reply{CallID: id, Result: ResultOf(e), Data: wrapped(e)}, nil
}

// State is how far an operation of the cluster has come (enum op_state).
type State int

// The states.
const (
	StateQuery     State = 0
	StateExec      State = 1
	StateDone      State = 2
	StateDuplicate State = 3
	StateFailed    State = 4
)

// Ended tells an operation that is over.
func (s State) Ended() bool { return s == StateDone || s == StateFailed }

// Entry is an operation in a history.
type Entry struct {
	ID                       string // of the operation, in what fencers tell each other
	Target, Action           string
	Origin, Delegate, Client string
	Completed                int64 // seconds since 1970
	Nanoseconds              int64 // of that second
	State                    State
	Result                   Result
}

// Element is the operation, as histories have it.
func (h *Entry) Element() *etree.Element {
	e := etree.NewElement(TagEntry)
	setSome(e, attrRemoteOp, h.ID)
	setSome(e, attrTarget, h.Target)
	setSome(e, attrAction, h.Action)
	setSome(e, attrOrigin, h.Origin)
	setSome(e, attrDelegate, h.Delegate)
	setSome(e, attrName, h.Client)
	e.CreateAttr(attrDate, strconv.FormatInt(h.Completed, 10))
	e.CreateAttr(attrDateNsec, strconv.FormatInt(h.Nanoseconds, 10))
	e.CreateAttr(attrState, strconv.Itoa(int(h.State)))
	h.Result.Set(e)
	return e
}

// ParseEntry reads an operation.
func ParseEntry(e *etree.Element) (*Entry, error) {
	h := &Entry{
		ID:       e.SelectAttrValue(attrRemoteOp, ""),
		Target:   e.SelectAttrValue(attrTarget, ""),
		Action:   e.SelectAttrValue(attrAction, ""),
		Origin:   e.SelectAttrValue(attrOrigin, ""),
		Delegate: e.SelectAttrValue(attrDelegate, ""),
		Client:   e.SelectAttrValue(attrName, ""),
		Result:   ResultOf(e),
	}
	state, err := number(e, attrState)
	if err != nil {
		return nil, err
	}
	if h.State = State(state); h.State < StateQuery || h.State > StateFailed {
		return nil, malformed(e, attrState, fmt.Errorf("%d is no state", state))
	}
	for _, n := range []struct {
		attr string
		to   *int64
	}{{attrDate, &h.Completed}, {attrDateNsec, &h.Nanoseconds}} {
		a := e.SelectAttr(n.attr)
		if a == nil {
			continue
		}
		if *n.to, err = strconv.ParseInt(a.Value, 10, 64); err != nil {
			return nil, malformed(e, n.attr, err)
		}
	}
	return h, nil
}

// ParseHistory reads the history that a reply, or any message, has.
func ParseHistory(e *etree.Element) ([]Entry, error) {
	list := find(e, TagHistory)
	if list == nil {
		return nil, nil
	}
	var all []Entry
	for _, c := range list.ChildElements() {
		h, err := ParseEntry(c)
		if err != nil {
			return nil, err
		}
		all = append(all, *h)
	}
	return all, nil
}

// Agents are the ids of all elements of a reply that have an agent: the devices that a
// Query has found.
func Agents(e *etree.Element) (ids []string) {
	if e.SelectAttr(attrAgent) != nil {
		ids = append(ids, e.SelectAttrValue(attrID, ""))
	}
	for _, c := range e.ChildElements() {
		ids = append(ids, Agents(c)...)
	}
	return ids
}

// Event is a message that a client has not asked for: one of the three, or none that is
// known.
type Event struct {
	Reply        *Reply
	Notification *Notification
	Timeout      *Timeout
}

// Timeout tells a client how long its operation may take.
type Timeout struct {
	CallID  int
	Seconds int
}

// Notification is what a client has subscribed to.
type Notification struct {
	Kind   string // NotifyFence and so on
	Result Result
	// Of NotifyFence:
	Target, Action, Delegate, Origin, Client, ID string
	Device                                       string // also of changes of devices and levels
}

// ParseEvent reads an event.
func ParseEvent(e *etree.Element) (*Event, error) {
	switch t := e.SelectAttrValue(attrType, ""); t {
	case TypeFencer:
		r, err := ParseReply(e)
		if err != nil {
			return nil, err
		}
		return &Event{Reply: r}, nil
	case TypeTimeout:
		id, err := number(e, attrCallID)
		if err != nil {
			return nil, err
		}
		seconds, err := number(e, attrTimeout)
		if err != nil {
			return nil, err
		}
		return &Event{Timeout: &Timeout{id, seconds}}, nil
	case TypeNotify:
		n := &Notification{Kind: e.SelectAttrValue(attrSubtype, ""), Result: ResultOf(e)}
		if n.Kind == "" {
			return nil, malformed(e, attrSubtype, errMissing)
		}
		if d := find(e, n.Kind); d != nil {
			n.Target, n.Action = d.SelectAttrValue(attrTarget, ""), d.SelectAttrValue(attrAction, "")
			n.Delegate, n.Origin = d.SelectAttrValue(attrDelegate, ""), d.SelectAttrValue(attrOrigin, "")
			n.Client, n.ID = d.SelectAttrValue(attrName, ""), d.SelectAttrValue(attrRemoteOp, "")
			n.Device = d.SelectAttrValue(attrDevice, "")
		}
		return &Event{Notification: n}, nil
	default:
		return nil, malformed(e, attrType, fmt.Errorf("%q is no kind of event", t))
	}
}
