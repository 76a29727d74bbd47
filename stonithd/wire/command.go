package wire

import (
	"fmt"
	"strconv"

	"github.com/beevik/etree"
)

// Command is a request of a client (stonith_create_op).
type Command struct {
	Op      string
	Client  string // what the fencer called the client when it registered
	CallID  int    // from 1, chosen by the client
	Options CallOptions
	Timeout int            // in seconds
	Delay   *int           // in seconds; -1 is none at all, not even the devices' own
	Data    *etree.Element // what Op asks for
}

// Element is the request.
func (c *Command) Element() *etree.Element {
	e := etree.NewElement(TagCommand)
	e.CreateAttr("__name__", TagCommand)
	e.CreateAttr(attrType, TypeFencer)
	e.CreateAttr(attrToken, c.Client)
	e.CreateAttr(attrOp, c.Op)
	e.CreateAttr(attrCallID, strconv.Itoa(c.CallID))
	e.CreateAttr(attrOptions, strconv.Itoa(int(c.Options)))
	e.CreateAttr(attrTimeout, strconv.Itoa(c.Timeout))
	if c.Delay != nil {
		e.CreateAttr(attrDelay, strconv.Itoa(*c.Delay))
	}
	wrap(e, c.Data)
	return e
}

// ParseCommand reads a request. Data stays part of the element.
func ParseCommand(e *etree.Element) (*Command, error) {
	if e.Tag != TagCommand {
		return nil, fmt.Errorf("%w: element %s, want %s", ErrMalformed, e.Tag, TagCommand)
	}
	c := &Command{Client: e.SelectAttrValue(attrToken, ""), Data: wrapped(e)}
	var err error
	if c.Op, err = required(e, attrOp); err != nil {
		return nil, err
	}
	if c.CallID, err = number(e, attrCallID); err != nil {
		return nil, err
	}
	options, err := optional(e, attrOptions)
	if err != nil {
		return nil, err
	}
	c.Options = CallOptions(uint32(options))
	if c.Timeout, err = optional(e, attrTimeout); err != nil {
		return nil, err
	}
	if e.SelectAttr(attrDelay) != nil {
		delay, err := number(e, attrDelay)
		if err != nil {
			return nil, err
		}
		c.Delay = &delay
	}
	return c, nil
}

// Register says who a client is; the answer is a Registered.
type Register struct{ Name string }

// Element is the request.
func (r *Register) Element() *etree.Element {
	e := etree.NewElement(TagCommand)
	e.CreateAttr(attrType, TypeFencer)
	e.CreateAttr(attrOp, OpRegister)
	setSome(e, attrName, r.Name)
	return e
}

// Registered is the answer to a Register.
type Registered struct {
	Client string // what the client is called from now on
}

// Element is the answer.
func (r *Registered) Element() *etree.Element {
	e := etree.NewElement("reply")
	e.CreateAttr(attrOp, OpRegister)
	e.CreateAttr(attrClient, r.Client)
	return e
}

// ParseRegistered reads the answer.
func ParseRegistered(e *etree.Element) (*Registered, error) {
	op, err := required(e, attrOp)
	if err != nil {
		return nil, err
	}
	if op != OpRegister {
		return nil, malformed(e, attrOp, fmt.Errorf("%q, want %q", op, OpRegister))
	}
	client, err := required(e, attrClient)
	if err != nil {
		return nil, err
	}
	return &Registered{client}, nil
}

// Subscribe asks for a kind of notifications, or for no more of it.
type Subscribe struct {
	To  string
	End bool
}

// Element is the request.
func (s *Subscribe) Element() *etree.Element {
	e := etree.NewElement("stonith_set_notification")
	e.CreateAttr(attrOp, OpNotify)
	if s.End {
		e.CreateAttr(attrSilence, s.To)
	} else {
		e.CreateAttr(attrActivate, s.To)
	}
	return e
}

// ParseSubscribe reads the request.
func ParseSubscribe(e *etree.Element) (*Subscribe, error) {
	if to := e.SelectAttrValue(attrActivate, ""); to != "" {
		return &Subscribe{To: to}, nil
	}
	to, err := required(e, attrSilence)
	if err != nil {
		return nil, err
	}
	return &Subscribe{To: to, End: true}, nil
}
