package wire

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// Operations.
const (
	OpRegister     = "register"
	OpRscRegister  = "lrmd_rsc_register"
	OpRscExec      = "lrmd_rsc_exec"
	OpRscCancel    = "lrmd_rsc_cancel"
	OpRscUnreg     = "lrmd_rsc_unregister"
	OpRscInfo      = "lrmd_rsc_info"
	OpPoke         = "lrmd_rsc_poke"
	OpNewClient    = "lrmd_rsc_new_client"
	OpCheck        = "lrmd_check"
	OpAlertExec    = "lrmd_alert_exec"
	OpGetRecurring = "lrmd_get_recurring"
	OpForward      = "ipc_fwd"
)

// Version is that of the protocol, MinVersion the oldest that a client may speak.
const (
	Version    = "1.1"
	MinVersion = "1.0"
)

// Call options.
const (
	NotifyOriginOnly  = 1 << 1
	NotifyChangesOnly = 1 << 2
	DropRecurring     = 3 // of a registration
)

// Names of attributes and elements.
const (
	attrOp         = "lrmd_op"
	attrClientName = "lrmd_clientname"
	attrProxy      = "lrmd_is_ipc_provider"
	attrClientID   = "lrmd_clientid"
	attrVersion    = "lrmd_protocol_version"
	attrCallID     = "lrmd_callid"
	attrOptions    = "lrmd_callopt"
	attrRC         = "lrmd_rc"
	attrExecRC     = "lrmd_exec_rc"
	attrStatus     = "lrmd_exec_op_status"
	attrTimeout    = "lrmd_timeout"
	attrClass      = "lrmd_class"
	attrProvider   = "lrmd_provider"
	attrType       = "lrmd_type"
	attrOrigin     = "lrmd_origin"
	attrRunTime    = "lrmd_run_time"
	attrRCChange   = "lrmd_rcchange_time"
	attrExecTime   = "lrmd_exec_time"
	attrQueueTime  = "lrmd_queue_time"
	attrRscID      = "lrmd_rsc_id"
	attrAction     = "lrmd_rsc_action"
	attrUserData   = "lrmd_rsc_userdata_str"
	attrOutput     = "lrmd_rsc_output"
	attrReason     = "lrmd_rsc_exit_reason"
	attrStartDelay = "lrmd_rsc_start_delay"
	attrInterval   = "lrmd_rsc_interval"
	attrDeleted    = "lrmd_rsc_deleted"
	attrAlertID    = "lrmd_alert_id"
	attrAlertPath  = "lrmd_alert_path"

	tagCommand    = "lrmd_command"
	tagData       = "lrmd_calldata"
	tagRsc        = "lrmd_rsc"
	tagOp         = "lrmd_rsc_op"
	tagAlert      = "lrmd_alert"
	tagReply      = "lrmd_reply"
	tagNotify     = "lrmd_notify"
	tagAttributes = "attributes"
	tagParam      = "param"
)

// Param is one parameter of an agent.
type Param struct{ Name, Value string }

// Request is what a client asks for. Texts that are missing are empty.
type Request struct {
	Op         string
	ClientName string
	Options    int

	// Of OpRegister.
	Version string
	Proxy   bool

	// Of a resource. Times are in milliseconds; the interval is not negative.
	RscID, Class, Provider, Type string
	Action, UserData             string
	Interval                     int
	Timeout, StartDelay          int

	// Of an alert; its Timeout is above.
	AlertID, AlertPath string

	// Params of a resource's operation or of an alert; nil without.
	Params []Param
}

// ParseRequest reads a request.
func ParseRequest(e *etree.Element) (Request, error) {
	r := Request{
		Op:         e.SelectAttrValue(attrOp, ""),
		ClientName: e.SelectAttrValue(attrClientName, ""),
		Version:    e.SelectAttrValue(attrVersion, ""),
		Proxy:      isTrue(e.SelectAttrValue(attrProxy, "")),
	}
	var err error
	if r.Options, err = number(e, attrOptions, math.MinInt32, math.MaxInt32); err != nil {
		return r, err
	}
	if rsc := find(e, tagRsc); rsc != nil {
		err = r.resource(rsc)
	} else if alert := find(e, tagAlert); alert != nil {
		r.AlertID = alert.SelectAttrValue(attrAlertID, "")
		r.AlertPath = alert.SelectAttrValue(attrAlertPath, "")
		r.Params = params(alert)
		r.Timeout, err = number(alert, attrTimeout, math.MinInt32, math.MaxInt32)
	}
	return r, err
}

func (r *Request) resource(e *etree.Element) error {
	for _, t := range []struct {
		to   *string
		name string
	}{
		{&r.RscID, attrRscID}, {&r.Class, attrClass}, {&r.Provider, attrProvider}, {&r.Type, attrType},
		{&r.Action, attrAction}, {&r.UserData, attrUserData},
	} {
		*t.to = e.SelectAttrValue(t.name, "")
	}
	for _, n := range []struct {
		to       *int
		name     string
		min, max int64
	}{
		{&r.Interval, attrInterval, 0, math.MaxUint32},
		{&r.Timeout, attrTimeout, math.MinInt32, math.MaxInt32},
		{&r.StartDelay, attrStartDelay, math.MinInt32, math.MaxInt32},
	} {
		var err error
		if *n.to, err = number(e, n.name, n.min, n.max); err != nil {
			return err
		}
	}
	r.Params = params(e)
	return nil
}

// isTrue is crm_is_true.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "true", "on", "yes", "y", "1":
		return true
	}
	return false
}

// find is the first element of a name below e, in the document's order.
func find(e *etree.Element, tag string) *etree.Element {
	for _, t := range e.Child {
		child, ok := t.(*etree.Element)
		if !ok {
			continue
		}
		if child.Tag == tag {
			return child
		}
		if found := find(child, tag); found != nil {
			return found
		}
	}
	return nil
}

func number(e *etree.Element, name string, least, most int64) (int, error) {
	a := e.SelectAttr(name)
	if a == nil {
		return 0, nil
	}
	n, err := strconv.ParseInt(a.Value, 10, 64)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s: got %q, want a number from %d to %d", name, a.Value, least, most)
	}
	return int(n), nil
}

// params are those that an element has, the last of a name (xml2list).
func params(e *etree.Element) []Param {
	holder := e.SelectElement(tagAttributes)
	if holder == nil {
		return nil
	}
	var out []Param
	index := map[string]int{}
	set := func(name, value string) {
		if i, ok := index[name]; ok {
			out[i].Value = value
			return
		}
		index[name] = len(out)
		out = append(out, Param{name, value})
	}
	for _, a := range holder.Attr {
		set(a.FullKey(), a.Value)
	}
	for _, t := range holder.Child {
		child, ok := t.(*etree.Element)
		if !ok || child.Tag != tagParam {
			continue
		}
		if name, value := child.SelectAttr("name"), child.SelectAttr("value"); name != nil && value != nil {
			set(name.Value, value.Value)
		}
	}
	return out
}

// setParams adds parameters to an element (hash2smartfield).
func setParams(e *etree.Element, list []Param) {
	holder := e.CreateElement(tagAttributes)
	for _, p := range list {
		if p.Name == "" {
			continue
		}
		if c := p.Name[0]; c >= '0' && c <= '9' {
			child := holder.CreateElement(tagParam)
			child.CreateAttr("name", p.Name)
			child.CreateAttr("value", p.Value)
		} else if holder.SelectAttr(p.Name) == nil {
			holder.CreateAttr(p.Name, p.Value)
		}
	}
}

// Element is the request as a client sends it; token is the one that the executor gave.
func (r *Request) Element(token string) *etree.Element {
	e := etree.NewElement(tagCommand)
	if r.Op == OpRegister {
		e.CreateAttr("t", "lrmd")
		e.CreateAttr(attrOp, r.Op)
		set(e, attrClientName, r.ClientName)
		set(e, attrVersion, r.Version)
		if r.Proxy {
			e.CreateAttr(attrProxy, "true")
		}
		return e
	}
	e.CreateAttr("__name__", tagCommand)
	e.CreateAttr("t", "lrmd")
	e.CreateAttr("lrmd_async_id", token)
	e.CreateAttr(attrOp, r.Op)
	setInt(e, attrTimeout, r.Timeout)
	setInt(e, attrOptions, r.Options)
	if r.Op == OpAlertExec {
		alert := e.CreateElement(tagData).CreateElement(tagAlert)
		setParams(alert, r.Params)
		set(alert, attrAlertID, r.AlertID)
		set(alert, attrAlertPath, r.AlertPath)
		setInt(alert, attrTimeout, r.Timeout)
		return e
	}
	if r.Op == OpGetRecurring && r.RscID == "" {
		return e
	}
	rsc := e.CreateElement(tagData).CreateElement(tagRsc)
	set(rsc, attrRscID, r.RscID)
	set(rsc, attrClass, r.Class)
	set(rsc, attrProvider, r.Provider)
	set(rsc, attrType, r.Type)
	set(rsc, attrAction, r.Action)
	set(rsc, attrUserData, r.UserData)
	switch r.Op {
	case OpRscExec:
		setInt(rsc, attrInterval, r.Interval)
		setInt(rsc, attrTimeout, r.Timeout)
		setInt(rsc, attrStartDelay, r.StartDelay)
		setParams(rsc, r.Params)
	case OpRscCancel:
		setInt(rsc, attrInterval, r.Interval)
	}
	return e
}

func set(e *etree.Element, name, value string) {
	if value != "" {
		e.CreateAttr(name, value)
	}
}

func setInt(e *etree.Element, name string, n int) { e.CreateAttr(name, strconv.Itoa(n)) }
