package wire

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// Param is a parameter of a device.
type Param struct{ Name, Value string }

// Device is what OpDeviceAdd registers (create_device_registration_xml).
type Device struct {
	ID        string
	Agent     string
	Namespace string // empty if nobody knows the agent
	Params    []Param
	Provides  string // "unfencing", of devices of the CIB
}

// Unfencing is what a device provides by which nodes have to be turned on.
const Unfencing = "unfencing"

// Element is the data of the request. Of parameters with the same name the first counts;
// those whose name begins with a digit become elements.
func (d *Device) Element() *etree.Element {
	e := etree.NewElement(TagDevice)
	e.CreateAttr(attrID, d.ID)
	e.CreateAttr(attrOrigin, "create_device_registration_xml")
	e.CreateAttr(attrAgent, d.Agent)
	setSome(e, attrNamespace, d.Namespace)
	setSome(e, attrProvides, d.Provides)
	parameters(e, d.Params)
	return e
}

func parameters(e *etree.Element, params []Param) {
	args := e.CreateElement(tagAttributes)
	for _, p := range params {
		switch {
		case p.Name != "" && p.Name[0] >= '0' && p.Name[0] <= '9':
			c := args.CreateElement("param")
			c.CreateAttr("name", p.Name)
			c.CreateAttr("value", p.Value)
		case args.SelectAttr(p.Name) == nil:
			args.CreateAttr(p.Name, p.Value)
		}
	}
}

// ParseDevice reads what is to be registered.
func ParseDevice(e *etree.Element) (*Device, error) {
	var err error
	d := &Device{Namespace: e.SelectAttrValue(attrNamespace, ""), Provides: e.SelectAttrValue(attrProvides, "")}
	if d.ID, err = required(e, attrID); err != nil {
		return nil, err
	}
	if d.Agent, err = required(e, attrAgent); err != nil {
		return nil, err
	}
	if args := e.SelectElement(tagAttributes); args != nil {
		for _, a := range args.Attr {
			d.Params = append(d.Params, Param{a.FullKey(), a.Value})
		}
		for _, c := range args.SelectElements("param") {
			name, err := required(c, "name")
			if err != nil {
				return nil, err
			}
			d.Params = append(d.Params, Param{name, c.SelectAttrValue("value", "")})
		}
	}
	return d, nil
}

// DeviceRef is what OpDeviceDel takes away.
type DeviceRef struct{ ID string }

// Element is the data of the request.
func (d *DeviceRef) Element() *etree.Element {
	e := etree.NewElement(TagDevice)
	e.CreateAttr(attrOrigin, "stonith_api_remove_device")
	e.CreateAttr(attrID, d.ID)
	return e
}

// Level is a level of a topology: OpLevelAdd has all of it, OpLevelDel no devices. One of
// Node, Pattern and Attribute says whom it is for.
type Level struct {
	Node             string
	Pattern          string // a regular expression
	Attribute, Value string // of nodes
	Index            int    // 1 to 9
	Devices          []string
}

// Element is the data of a request to register the level, or to take it away.
func (l *Level) Element(remove bool) *etree.Element {
	e := etree.NewElement(TagLevel)
	if remove {
		e.CreateAttr(attrOrigin, "stonith_api_remove_level_full")
	} else {
		e.CreateAttr(attrOrigin, "create_level_registration_xml")
		e.CreateAttr(attrID, strconv.Itoa(l.Index))
		e.CreateAttr(attrIndex, strconv.Itoa(l.Index))
	}
	switch {
	case l.Node != "":
		e.CreateAttr("target", l.Node)
	case l.Pattern != "":
		e.CreateAttr("target-pattern", l.Pattern)
	default:
		e.CreateAttr("target-attribute", l.Attribute)
		e.CreateAttr("target-value", l.Value)
	}
	if remove {
		e.CreateAttr(attrIndex, strconv.Itoa(l.Index))
	} else {
		setSome(e, "devices", strings.Join(l.Devices, ","))
	}
	return e
}

// ParseLevel reads a level, also one of a CIB.
func ParseLevel(e *etree.Element) (*Level, error) {
	l := &Level{
		Node:      e.SelectAttrValue("target", ""),
		Pattern:   e.SelectAttrValue("target-pattern", ""),
		Attribute: e.SelectAttrValue("target-attribute", ""),
		Value:     e.SelectAttrValue("target-value", ""),
	}
	if l.Node == "" && l.Pattern == "" && (l.Attribute == "" || l.Value == "") {
		return nil, malformed(e, "target", errMissing)
	}
	var err error
	if l.Index, err = number(e, attrIndex); err != nil {
		return nil, err
	}
	for d := range strings.SplitSeq(e.SelectAttrValue("devices", ""), ",") {
		if d != "" {
			l.Devices = append(l.Devices, d)
		}
	}
	return l, nil
}

// Query asks for the devices that can do an action to a target, or for all of them.
type Query struct{ Target, Action string }

// Element is the data of the request.
func (q *Query) Element() *etree.Element {
	e := etree.NewElement(TagDevice)
	e.CreateAttr(attrOrigin, "stonith_api_query")
	setSome(e, attrTarget, q.Target)
	setSome(e, attrAction, q.Action)
	return e
}

// Exec asks for an action of a device: list, status, monitor.
type ExecRequest struct{ Device, Action, Target string }

// Element is the data of the request.
func (x *ExecRequest) Element() *etree.Element {
	e := etree.NewElement(TagDevice)
	e.CreateAttr(attrOrigin, "stonith_api_call")
	e.CreateAttr(attrDevice, x.Device)
	e.CreateAttr(attrAction, x.Action)
	setSome(e, attrTarget, x.Target)
	return e
}

// ParseTask reads the device, action and target of the data of a Query or an ExecRequest;
// what is not there is empty.
func ParseTask(e *etree.Element) (device, action, target string) {
	return e.SelectAttrValue(attrDevice, ""), e.SelectAttrValue(attrAction, ""), e.SelectAttrValue(attrTarget, "")
}

// Fence asks for the fencing of a node.
type Fence struct {
	Target, Action string
	Timeout        int // in seconds
	Tolerance      int // in seconds: a success of that long ago will do
	Delay          int // in seconds
}

// Element is the data of the request.
func (f *Fence) Element() *etree.Element {
	e := etree.NewElement("stonith_api_fence_with_delay")
	e.CreateAttr(attrTarget, f.Target)
	e.CreateAttr(attrAction, f.Action)
	e.CreateAttr(attrTimeout, strconv.Itoa(f.Timeout))
	e.CreateAttr(attrTolerance, strconv.Itoa(f.Tolerance))
	e.CreateAttr(attrDelay, strconv.Itoa(f.Delay))
	return e
}

// ParseFence reads the data of the request.
func ParseFence(e *etree.Element) (*Fence, error) {
	f := &Fence{}
	var err error
	if f.Target, err = required(e, attrTarget); err != nil {
		return nil, err
	}
	if f.Action, err = required(e, attrAction); err != nil {
		return nil, err
	}
	for _, n := range []struct {
		attr string
		to   *int
	}{{attrTimeout, &f.Timeout}, {attrTolerance, &f.Tolerance}, {attrDelay, &f.Delay}} {
		if *n.to, err = optional(e, n.attr); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// HistoryRequest asks for the operations against a node, or for all.
type HistoryRequest struct{ Target string }

// Element is the data of the request, nil for all.
func (h *HistoryRequest) Element() *etree.Element {
	if h.Target == "" {
		return nil
	}
	e := etree.NewElement("stonith_api_history")
	e.CreateAttr(attrTarget, h.Target)
	return e
}
