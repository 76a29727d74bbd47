package wire

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/beevik/etree"
)

// Reply answers a request. Origin is the function of the reference that does.
type Reply struct {
	Origin string
	RC     int // 0, the number of the call, or the negative number of an error
	CallID int
}

// Element is the reply without more.
func (r Reply) Element() *etree.Element {
	e := etree.NewElement(tagReply)
	set(e, attrOrigin, r.Origin)
	setInt(e, attrRC, r.RC)
	setInt(e, attrCallID, r.CallID)
	return e
}

// Registered is the reply to OpRegister.
func (r Reply) Registered(clientID string) *etree.Element {
	e := r.Element()
	e.CreateAttr(attrOp, OpRegister)
	e.CreateAttr(attrClientID, clientID)
	e.CreateAttr(attrVersion, Version)
	return e
}

// Info is the reply to OpRscInfo.
func (r Reply) Info(id, class, provider, agent string) *etree.Element {
	e := r.Element()
	set(e, attrRscID, id)
	set(e, attrClass, class)
	set(e, attrProvider, provider)
	set(e, attrType, agent)
	return e
}

// Recurring is a resource with its recurring operations.
type Recurring struct {
	RscID string
	Ops   []RecurringOp
}

// RecurringOp is one of them; times are in milliseconds.
type RecurringOp struct {
	Action            string
	Interval, Timeout int
}

// Recurring is the reply to OpGetRecurring.
func (r Reply) Recurring(list []Recurring) *etree.Element {
	e := r.Element()
	for _, rsc := range list {
		child := e.CreateElement(tagRsc)
		set(child, attrRscID, rsc.RscID)
		for _, op := range rsc.Ops {
			o := child.CreateElement(tagOp)
			set(o, attrAction, op.Action)
			setInt(o, attrInterval, op.Interval)
			setInt(o, attrTimeout, op.Timeout)
		}
	}
	return e
}

// ParseReply reads a reply, and the token that comes with that to OpRegister.
func ParseReply(e *etree.Element) (r Reply, token string, err error) {
	if e.Tag != tagReply {
		return r, "", fmt.Errorf("reply: got element %q, want %q", e.Tag, tagReply)
	}
	r.Origin = e.SelectAttrValue(attrOrigin, "")
	if e.SelectAttr(attrRC) == nil {
		return r, "", errors.New(attrRC + ": missing")
	}
	if r.RC, err = number(e, attrRC, math.MinInt32, math.MaxInt32); err != nil {
		return r, "", err
	}
	r.CallID, err = number(e, attrCallID, 0, math.MaxInt32)
	return r, e.SelectAttrValue(attrClientID, ""), err
}

// NewClient tells of another client.
func NewClient() *etree.Element {
	e := etree.NewElement(tagNotify)
	e.CreateAttr(attrOrigin, "notify_of_new_client")
	e.CreateAttr(attrOp, OpNewClient)
	return e
}

// Change tells what a request has done.
func Change(op, rscID string, rc, callID int) *etree.Element {
	e := etree.NewElement(tagNotify)
	e.CreateAttr(attrOrigin, "send_generic_notify")
	setInt(e, attrRC, rc)
	setInt(e, attrCallID, callID)
	e.CreateAttr(attrOp, op)
	set(e, attrRscID, rscID)
	return e
}

// Completion tells of an operation that is done. Times of the clock are seconds since
// 1970, all others milliseconds.
type Completion struct {
	RscID, Action, UserData       string
	Timeout, Interval, StartDelay int
	Code, Status, CallID          int
	Deleted                       bool
	RunTime, RCChange             int64
	ExecTime, QueueTime           int
	Reason, Output                string
	Params                        []Param
}

// Element is the event.
func (c *Completion) Element() *etree.Element {
	e := etree.NewElement(tagNotify)
	e.CreateAttr(attrOrigin, "send_cmd_complete_notify")
	deleted := 0
	if c.Deleted {
		deleted = 1
	}
	for _, n := range []struct {
		name  string
		value int
	}{
		{attrTimeout, c.Timeout}, {attrInterval, c.Interval}, {attrStartDelay, c.StartDelay},
		{attrExecRC, c.Code}, {attrStatus, c.Status}, {attrCallID, c.CallID}, {attrDeleted, deleted},
		{attrRunTime, int(c.RunTime)}, {attrRCChange, int(c.RCChange)},
		{attrExecTime, c.ExecTime}, {attrQueueTime, c.QueueTime},
	} {
		setInt(e, n.name, n.value)
	}
	e.CreateAttr(attrOp, OpRscExec)
	set(e, attrRscID, c.RscID)
	set(e, attrAction, c.Action)
	set(e, attrUserData, c.UserData)
	set(e, attrReason, c.Reason)
	set(e, attrOutput, c.Output)
	setParams(e, c.Params)
	return e
}

// ParseCompletion reads such an event; ok is whether e is one.
func ParseCompletion(e *etree.Element) (c Completion, ok bool, err error) {
	if e.Tag != tagNotify || e.SelectAttrValue(attrOp, "") != OpRscExec {
		return c, false, nil
	}
	c = Completion{
		RscID: e.SelectAttrValue(attrRscID, ""), Action: e.SelectAttrValue(attrAction, ""),
		UserData: e.SelectAttrValue(attrUserData, ""), Reason: e.SelectAttrValue(attrReason, ""),
		Output: e.SelectAttrValue(attrOutput, ""), Params: params(e),
	}
	deleted := 0
	for _, n := range []struct {
		to       *int
		name     string
		min, max int64
	}{
		{&c.Timeout, attrTimeout, math.MinInt32, math.MaxInt32}, {&c.Interval, attrInterval, 0, math.MaxUint32},
		{&c.StartDelay, attrStartDelay, math.MinInt32, math.MaxInt32}, {&c.Code, attrExecRC, math.MinInt32, math.MaxInt32},
		{&c.Status, attrStatus, math.MinInt32, math.MaxInt32}, {&c.CallID, attrCallID, math.MinInt32, math.MaxInt32},
		{&deleted, attrDeleted, math.MinInt32, math.MaxInt32},
		{&c.ExecTime, attrExecTime, math.MinInt32, math.MaxInt32}, {&c.QueueTime, attrQueueTime, math.MinInt32, math.MaxInt32},
	} {
		if *n.to, err = number(e, n.name, n.min, n.max); err != nil {
			return c, true, err
		}
	}
	c.Deleted = deleted != 0
	for _, n := range []struct {
		to   *int64
		name string
	}{{&c.RunTime, attrRunTime}, {&c.RCChange, attrRCChange}} {
		if a := e.SelectAttr(n.name); a != nil {
			if *n.to, err = strconv.ParseInt(a.Value, 10, 64); err != nil {
				return c, true, fmt.Errorf("%s: got %q, want seconds", n.name, a.Value)
			}
		}
	}
	return c, true, nil
}
