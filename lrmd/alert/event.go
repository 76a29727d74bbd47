package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/featureset"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/lrmd"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// AttributeChange is an attribute of a node that was written to the CIB.
type AttributeChange struct {
	Node   string
	NodeID uint32 // 0 of nodes that have none
	Name   string
	Value  string // "" also if it was deleted
}

// OfAttribute are the requests to the executor that tell everybody who wants to know of an attribute, at a
// time in the zone that timestamps are to have (lrmd_send_attribute_alert).
func (l List) OfAttribute(c AttributeChange, now time.Time, log loglevel.Logger) (out []wire.Request) {
	for i := range l {
		a := &l[i]
		if a.kinds&Attribute == 0 || a.attributes != nil && !slices.Contains(a.attributes, c.Name) {
			continue
		}
		var p params
		p.add("node", c.Node)
		p.add("nodeid", strconv.Itoa(int(int32(c.NodeID))))
		p.add("attribute_name", c.Name)
		p.add("attribute_value", c.Value)
		out = append(out, a.request("attribute", p, now, log))
	}
	return out
}

// NodeChange is a node that has come or gone.
type NodeChange struct {
	Node   string
	NodeID uint32
	State  string // "member" or "lost"
}

// OfNode tells of a node as OfAttribute does of an attribute (lrmd_send_node_alert).
func (l List) OfNode(c NodeChange, now time.Time, log loglevel.Logger) []wire.Request {
	var p params
	p.add("node", c.Node)
	p.add("desc", c.State)
	p.add("nodeid", strconv.Itoa(int(int32(c.NodeID))))
	return l.requests(Node, p, now, log)
}

// FencingResult is how fencing has ended.
type FencingResult struct {
	Target, Task, Text string
	RC                 int
}

// OfFencing tells of fencing as OfAttribute does of an attribute (lrmd_send_fencing_alert).
func (l List) OfFencing(r FencingResult, now time.Time, log loglevel.Logger) []wire.Request {
	var p params
	p.add("node", r.Target)
	p.add("task", r.Task)
	p.add("desc", r.Text)
	p.add("rc", strconv.Itoa(r.RC))
	return l.requests(Fencing, p, now, log)
}

// ResourceResult is how an operation on a resource has ended.
type ResourceResult struct {
	Node     string
	Expected int // the exit status that was
	wire.Completion
}

// OfResource tells of an operation as OfAttribute does of an attribute, unless it was a probe that has found
// what was expected (lrmd_send_resource_alert).
func (l List) OfResource(r *ResourceResult, now time.Time, log loglevel.Logger) []wire.Request {
	if r.Interval == 0 && r.Expected == r.Code && strings.EqualFold(r.Action, "monitor") {
		return nil
	}
	took, text := r.ExecTime, lrmd.Status(r.Status).String()
	if lrmd.Status(r.Status) == lrmd.TimedOut && took == 0 { // as of recurring operations
		took = r.Timeout
	}
	if lrmd.Status(r.Status) == lrmd.Done {
		text = lrmd.Code(r.Code).String()
	}
	var p params
	p.add("node", r.Node)
	p.add("rsc", r.RscID)
	p.add("task", r.Action)
	p.add("interval", strconv.Itoa(r.Interval))
	p.add("target_rc", strconv.Itoa(r.Expected))
	p.add("status", strconv.Itoa(r.Status))
	p.add("rc", strconv.Itoa(r.Code))
	p.add("exec_time", strconv.Itoa(took))
	p.add("desc", text)
	return l.requests(Resource, p, now, log)
}

// requests are those to tell everybody who wants to know of a kind.
func (l List) requests(kind Kind, p params, now time.Time, log loglevel.Logger) (out []wire.Request) {
	for i := range l {
		if l[i].kinds&kind != 0 {
			out = append(out, l[i].request(kindNames()[kind], slices.Clone(p), now, log))
		}
	}
	return out
}

// request is an alert of a kind with what it tells (exec_alert_list).
func (a *entry) request(kind string, p params, now time.Time, log loglevel.Logger) wire.Request {
	recipient, shown := "", "(null)"
	if a.recipient != nil {
		recipient, shown = *a.recipient, *a.recipient
	}
	loglevel.LogfAt(log, loglevel.Info, "exec_alert_list", "Sending %s alert via %s to %s", kind, a.id, shown)
	p.add("kind", kind)
	p.add("version", featureset.Release)
	p.add("recipient", recipient)
	if stamp := timestamp(a.format, now); stamp != "" {
		p.add("timestamp", stamp)
	}
	p.add("timestamp_epoch", strconv.FormatInt(now.Unix(), 10))
	p.add("timestamp_usec", fmt.Sprintf("%06d", now.Nanosecond()/1000))
	return wire.Request{
		Op: wire.OpAlertExec, AlertID: a.id, AlertPath: a.path, Timeout: a.timeout, Options: wire.NotifyOriginOnly,
		Params: append(p, a.params()...),
	}
}

// params are variables of an agent's environment.
type params []wire.Param

// add adds a variable by both of its names: agents of before 2016 know the first.
func (p *params) add(name, value string) {
	*p = append(*p, wire.Param{Name: "CRM_notify_" + name, Value: value}, wire.Param{Name: "CRM_alert_" + name, Value: value})
}
