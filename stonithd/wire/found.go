package wire

import (
	"strconv"

	"github.com/beevik/etree"
)

// Ability is what a fencer says of a device and an action. Times are in seconds.
type Ability struct {
	Timeout    int // the action's own, 0 if it has none
	DelayMax   int
	DelayBase  int
	Required   bool // all devices that require it have to do it
	Disallowed bool // not by this fencer
}

// set adds the ability to an element (add_action_specific_attributes, add_disallowed). The
// reference divides delays by 1000 although they are seconds already, and so tells 0 of
// all but absurd ones.
func (a *Ability) set(e *etree.Element) {
	if a.Required {
		e.CreateAttr(attrRequired, "1")
	}
	if a.Timeout != 0 {
		e.CreateAttr(attrActionTimeout, strconv.Itoa(a.Timeout))
	}
	if a.DelayMax > 0 {
		e.CreateAttr(attrDelayMax, strconv.Itoa(a.DelayMax/1000))
	}
	if a.DelayBase > 0 {
		e.CreateAttr(attrDelayBase, strconv.Itoa(a.DelayBase/1000))
	}
	if a.Disallowed {
		e.CreateAttr(attrDisallowed, "true")
	}
}

func abilityOf(e *etree.Element) (a Ability, err error) {
	for _, n := range []struct {
		attr string
		to   *int
	}{{attrActionTimeout, &a.Timeout}, {attrDelayMax, &a.DelayMax}, {attrDelayBase, &a.DelayBase}} {
		if *n.to, err = optional(e, n.attr); err != nil {
			return a, err
		}
	}
	required, err := optional(e, attrRequired)
	a.Required, a.Disallowed = required != 0, truth(e, attrDisallowed)
	return a, err
}

// Found is a device that a fencer offers in its answer to a query.
type Found struct {
	ID, Namespace, Agent string
	Verified             bool // a monitor, list or status has succeeded
	Flags                uint32
	Asked                Ability
	// Off and On are of what a reboot may become; nil if nobody asked for one.
	Off, On *Ability
	// Params, if not nil, are asked for by queries without a target.
	Params []Param
}

// assumedFlags are those of devices of fencers that tell none: they can turn on.
const assumedFlags = 1 << 5

// Element is the device.
func (f *Found) Element() *etree.Element {
	e := etree.NewElement(TagDevice)
	e.CreateAttr(attrID, f.ID)
	setSome(e, attrNamespace, f.Namespace)
	e.CreateAttr(attrAgent, f.Agent)
	verified := "0"
	if f.Verified {
		verified = "1"
	}
	e.CreateAttr(attrVerified, verified)
	e.CreateAttr(attrFlags, strconv.FormatUint(uint64(f.Flags), 10))
	f.Asked.set(e)
	for _, part := range []struct {
		action  string
		ability *Ability
	}{{"off", f.Off}, {"on", f.On}} {
		if part.ability != nil {
			c := e.CreateElement(attrAction)
			c.CreateAttr(attrID, part.action)
			part.ability.set(c)
		}
	}
	if f.Params != nil {
		parameters(e, f.Params)
	}
	return e
}

// Offer is the answer of a fencer to a query.
type Offer struct {
	RemoteOp string
	From     string
	Target   string
	Devices  []Found
	Claimed  int // how many there are by its own count
}

// Element is the data of the answer (stonith_query_capable_device_cb).
func (o *Offer) Element() *etree.Element {
	e := etree.NewElement("stonith_query_capable_device_cb")
	setSome(e, attrTarget, o.Target)
	for i := range o.Devices {
		e.AddChild(o.Devices[i].Element())
	}
	e.CreateAttr(attrAvailable, strconv.Itoa(len(o.Devices)))
	return e
}

// ParseOffer reads the answer of a peer. Parameters are left out.
func ParseOffer(e *etree.Element) (*Offer, error) {
	named, list := only(e, attrRemoteOp), only(e, attrAvailable)
	switch {
	case named == nil:
		return nil, malformed(e, attrRemoteOp, errMissing)
	case list == nil:
		return nil, malformed(e, attrAvailable, errMissing)
	}
	o := &Offer{From: e.SelectAttrValue(attrFrom, ""), Target: list.SelectAttrValue(attrTarget, "")}
	var err error
	if o.RemoteOp, err = required(named, attrRemoteOp); err != nil {
		return nil, err
	}
	if o.Claimed, err = number(list, attrAvailable); err != nil {
		return nil, err
	}
	for _, c := range list.ChildElements() {
		if c.SelectAttrValue(attrID, "") == "" {
			continue
		}
		f, err := parseFound(c)
		if err != nil {
			return nil, err
		}
		o.Devices = append(o.Devices, *f)
	}
	return o, nil
}

func parseFound(e *etree.Element) (*Found, error) {
	f := &Found{ID: e.SelectAttrValue(attrID, ""), Namespace: e.SelectAttrValue(attrNamespace, ""), Agent: e.SelectAttrValue(attrAgent, ""), Flags: assumedFlags}
	verified, err := optional(e, attrVerified)
	if err != nil {
		return nil, err
	}
	f.Verified = verified != 0
	if e.SelectAttr(attrFlags) != nil {
		n, err := number(e, attrFlags)
		if err != nil {
			return nil, err
		}
		f.Flags = uint32(n)
	}
	if f.Asked, err = abilityOf(e); err != nil {
		return nil, err
	}
	for _, c := range e.ChildElements() {
		to := &f.Off
		switch c.SelectAttrValue(attrID, "") {
		case "on":
			to = &f.On
		case "off":
		default:
			continue
		}
		a, err := abilityOf(c)
		if err != nil {
			return nil, err
		}
		*to = &a
	}
	return f, nil
}
