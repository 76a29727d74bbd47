package wire

import (
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Operation is what fencers write to each other about one operation of the cluster.
type Operation struct {
	ID, Target, Action       string
	Originator, Client, Name string // the node that leads it, and whom it does so for
	Delegate                 string // the node that did it, once known
	CallID                   int
	Options                  CallOptions
	State                    State
	Result                   Result
}

// command is a message about the operation (stonith_create_op).
func (o *Operation) command(op string, options CallOptions) *etree.Element {
	e := etree.NewElement(TagCommand)
	e.CreateAttr("__name__", TagCommand)
	e.CreateAttr(attrType, TypeFencer)
	e.CreateAttr(attrToken, o.ID)
	e.CreateAttr(attrOp, op)
	e.CreateAttr(attrCallID, strconv.Itoa(o.CallID))
	e.CreateAttr(attrOptions, strconv.Itoa(int(options)))
	e.CreateAttr(attrRemoteOp, o.ID)
	return e
}

func (o *Operation) describe(e *etree.Element) {
	setSome(e, attrTarget, o.Target)
	setSome(e, attrAction, o.Action)
	setSome(e, attrOrigin, o.Originator)
	setSome(e, attrClient, o.Client)
	setSome(e, attrName, o.Name)
}

// Query asks all fencers what they can do; a timeout in seconds is that of each device.
// Relayed is the operation that this one takes the place of, if any.
func (o *Operation) Query(timeout int, relayed string) *etree.Element {
	e := o.command(OpQuery, o.Options)
	o.describe(e)
	e.CreateAttr(attrTimeout, strconv.Itoa(timeout))
	setSome(e, attrRelayed, relayed)
	return e
}

// Fence asks a fencer to do it, by a device if that is not empty; timeout and delay are in
// seconds.
func (o *Operation) Fence(timeout, delay int, device string) *etree.Element {
	e := o.command(OpFence, o.Options)
	o.describe(e)
	e.CreateAttr(attrTimeout, strconv.Itoa(timeout))
	e.CreateAttr(attrDelay, strconv.Itoa(delay))
	setSome(e, attrDevice, device)
	return e
}

// TimeoutUpdate tells the fencer of a client how long, in seconds, the client's call may take.
func (o *Operation) TimeoutUpdate(client, call string, seconds int) *etree.Element {
	e := o.command(OpTimeoutUpdate, 0)
	e.CreateAttr(attrClient, client)
	e.CreateAttr(attrCallID, call)
	e.CreateAttr(attrTimeout, strconv.Itoa(seconds))
	return e
}

// Notification is what clients that want to know are told of the end of the operation
// (fencing_result2xml).
func (o *Operation) Notification() *etree.Element {
	e := etree.NewElement(NotifyFence)
	e.CreateAttr(attrEnded, strconv.Itoa(int(o.State)))
	setSome(e, attrTarget, o.Target)
	setSome(e, attrAction, o.Action)
	setSome(e, attrDelegate, o.Delegate)
	setSome(e, attrRemoteOp, o.ID)
	setSome(e, attrOrigin, o.Originator)
	setSome(e, attrClient, o.Client)
	setSome(e, attrName, o.Name)
	return e
}

// broadcast is what messages to all about results have as subt.
const broadcast = "broadcast"

// Outcome tells all fencers how the operation ended; count numbers such messages of a
// process, merged says that another operation did its work (fenced_broadcast_op_result).
func (o *Operation) Outcome(count int, merged bool) *etree.Element {
	e := etree.NewElement(TagReply)
	e.CreateAttr(attrType, TypeNotify)
	e.CreateAttr(attrSubtype, broadcast)
	e.CreateAttr(attrOp, OpNotify)
	e.CreateAttr("count", strconv.Itoa(count))
	if merged {
		e.CreateAttr(attrMerged, "true")
	}
	data := o.Notification()
	o.Result.Set(data)
	wrap(e, data)
	return e
}

// Done is the reply to who asked this node to run a device.
type Done struct {
	Op, Device, RemoteOp, Client, Name, Target, Action, Origin string
	CallID                                                     int
	Options                                                    CallOptions
	Result                                                     Result
	Merged                                                     bool // another's run was the same
	// ForAll says that who asked was the target, and cannot tell the others any more.
	ForAll bool
}

// Element is the reply (construct_async_reply). The reference writes Op in place of the action,
// which a fencer that has lost its memory meanwhile then shows in its history.
func (d *Done) Element() *etree.Element {
	e := etree.NewElement(TagReply)
	e.CreateAttr(attrOrigin, "construct_async_reply")
	e.CreateAttr(attrType, TypeFencer)
	op := d.Op
	if d.ForAll {
		op = OpNotify
	}
	e.CreateAttr(attrOp, op)
	setSome(e, attrDevice, d.Device)
	setSome(e, attrRemoteOp, d.RemoteOp)
	setSome(e, attrClient, d.Client)
	setSome(e, attrName, d.Name)
	setSome(e, attrTarget, d.Target)
	setSome(e, attrAction, d.Action)
	if d.Origin != "" {
		e.CreateAttr(attrOrigin, d.Origin) // in place of the function's name
	}
	e.CreateAttr(attrCallID, strconv.Itoa(d.CallID))
	e.CreateAttr(attrOptions, strconv.Itoa(int(d.Options)))
	d.Result.Set(e)
	if d.Merged {
		e.CreateAttr(attrMerged, "true")
	}
	if d.ForAll {
		e.CreateAttr(attrSubtype, broadcast)
	}
	return e
}

// Alone is what clients of a fencer without a cluster are told of the end of a run
// (send_async_reply).
func Alone(target, op, device, remoteOp, client string) *etree.Element {
	e := etree.NewElement(NotifyFence)
	setSome(e, attrTarget, target)
	e.CreateAttr(attrOp, op)
	e.CreateAttr(attrDelegate, "localhost")
	setSome(e, attrDevice, device)
	setSome(e, attrRemoteOp, remoteOp)
	setSome(e, attrOrigin, client)
	return e
}

// Finished is what a peer says of the end of a run, or of the whole operation.
type Finished struct {
	RemoteOp string
	Device   string
	Client   string
	Delegate string // who did it, as far as the message says
	From     string // who says it
	Result   Result
	ForAll   bool // the operation is over
	Merged   bool
	// Part says that a device of a topology has done its part, and others may have to.
	Part bool
	// Task is what was done, where the message tells; nil if it does not.
	Task    *Task
	Name    string // of the client
	Element *etree.Element
}

// ParseFinished reads a reply to a request to fence, or the message about the end of an
// operation. The element stays part of it.
func ParseFinished(e *etree.Element) (*Finished, error) {
	named := only(e, attrRemoteOp)
	if named == nil {
		return nil, malformed(e, attrRemoteOp, errMissing)
	}
	id, err := required(named, attrRemoteOp)
	if err != nil {
		return nil, err
	}
	with := withResult(e)
	if with == nil {
		return nil, malformed(e, attrExit, errMissing)
	}
	f := &Finished{
		RemoteOp: id, Device: with.SelectAttrValue(attrDevice, ""), Client: with.SelectAttrValue(attrClient, ""),
		Name: with.SelectAttrValue(attrName, ""),
		From: e.SelectAttrValue(attrFrom, ""), Result: ResultOf(with), Element: e,
		ForAll: e.SelectAttrValue(attrSubtype, "") == broadcast, Merged: e.SelectAttr(attrMerged) != nil,
		Task: task(only(e, attrTarget)),
	}
	if options, err := optional(e, attrOptions); err != nil || CallOptions(uint32(options)).Has(UseTopology) {
		f.Part = true
	}
	if d := only(e, attrDelegate); d != nil {
		f.Delegate = d.SelectAttrValue(attrDelegate, "")
	} else {
		f.Delegate = f.From
	}
	return f, nil
}

// withResult is the element of a message that has its result (stonith__find_xe_with_result).
func withResult(e *etree.Element) *etree.Element {
	if w := only(e, attrExit); w != nil {
		return w
	}
	return only(e, attrLegacy)
}

// Addendum makes what clients get with the reply to their request: the message about its
// end, with the operation's state, target and action.
func (o *Operation) Addendum(message *etree.Element) *etree.Element {
	if message == nil {
		message = etree.NewElement("remote-op")
	} else {
		message = xmltree.Copy(message)
	}
	message.CreateAttr(attrEnded, strconv.Itoa(int(o.State)))
	setSome(message, attrTarget, o.Target)
	message.CreateAttr(attrOp, o.Action)
	return message
}

// Delegated adds who did it to a reply.
func Delegated(e *etree.Element, delegate string) { setSome(e, attrDelegate, delegate) }

// HistoryMessage tells all fencers a history, or asks for theirs, or has them forget what
// was done to a target, or to all (stonith_send_broadcast_history).
func HistoryMessage(history *etree.Element, options CallOptions, target string) *etree.Element {
	e := etree.NewElement(TagCommand)
	e.CreateAttr(attrType, TypeFencer)
	e.CreateAttr(attrSubtype, broadcast)
	e.CreateAttr(attrOp, OpHistory)
	e.CreateAttr(attrOptions, strconv.Itoa(int(options)))
	data := etree.NewElement("stonith_send_broadcast_history")
	setSome(data, attrTarget, target)
	if history != nil {
		data.AddChild(history)
	}
	wrap(e, data)
	return e
}

// History is a list of operations, nil for none; differential says that it is what others
// may lack.
func History(all []Entry, differential bool) *etree.Element {
	if len(all) == 0 {
		return nil
	}
	e := etree.NewElement(TagHistory)
	for i := range all {
		e.AddChild(all[i].Element())
	}
	if differential {
		e.CreateAttr(attrDifferential, "true")
	}
	return e
}

// Poke makes a fencer known to its peers.
func Poke() *etree.Element {
	e := etree.NewElement(TagCommand)
	e.CreateAttr("__name__", TagCommand)
	e.CreateAttr(attrType, TypeFencer)
	e.CreateAttr(attrOp, OpPoke)
	return e
}

// Notice is a notification to clients (fenced_send_notification). A nil result is a
// success; data may be nil.
func Notice(kind string, result *Result, data *etree.Element) *etree.Element {
	e := etree.NewElement(TagNotify)
	e.CreateAttr(attrType, TypeNotify)
	e.CreateAttr(attrSubtype, kind)
	e.CreateAttr(attrOp, kind)
	if result == nil {
		result = &Result{}
	}
	result.Set(e)
	wrap(e, data)
	return e
}

// Configured is the data of a notification about a device or a level, of which there are now
// so many (send_config_notification).
func Configured(kind, name string, active int) *etree.Element {
	e := etree.NewElement(kind)
	setSome(e, attrDevice, name)
	e.CreateAttr(attrActive, strconv.Itoa(active))
	return e
}

// Element is the event.
func (t *Timeout) Element(call string) *etree.Element {
	e := etree.NewElement(TypeTimeout)
	e.CreateAttr(attrType, TypeTimeout)
	e.CreateAttr(attrCallID, call)
	e.CreateAttr(attrTimeout, strconv.Itoa(t.Seconds))
	return e
}
