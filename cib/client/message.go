package client

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// What messages are called and have in them; docs/wire/cib.md describes them.
const (
	command  = "cib_command"
	register = "register"
	callback = "cib-callback"

	typeKey, ofCIB, ofNotification = "t", "cib", "cib_notify"
	subtypeKey                     = "subt"
	opKey, callKey, optionsKey     = "cib_op", "cib_callid", "cib_callopt"
	clientKey, nameKey, tokenKey   = "cib_clientid", "cib_clientname", "cib_async_id"
	hostKey, sectionKey, userKey   = "cib_host", "cib_section", "cib_user"
	rcKey, dataKey, resultKey      = "cib_rc", "cib_calldata", "cib_update_result"
	kindKey, activateKey           = "cib_notify_type", "cib_notify_activate"
)

// Registration is what a program says first.
func Registration(program string) *etree.Element {
	m := etree.NewElement(command)
	m.CreateAttr(typeKey, ofCIB)
	m.CreateAttr(opKey, register)
	m.CreateAttr(nameKey, program)
	m.CreateAttr(optionsKey, strconv.Itoa(int(call.SyncCall)))
	return m
}

// Encode is a request as a message (cib_create_op), in the name of a user if that is not empty; token is what
// the daemon calls the client.
func Encode(r *call.Request, user, token string, call int) *etree.Element {
	m := etree.NewElement(command)
	m.CreateAttr("__name__", command)
	m.CreateAttr(typeKey, ofCIB)
	m.CreateAttr(tokenKey, token)
	m.CreateAttr(opKey, string(r.Op))
	for _, a := range [][2]string{{hostKey, r.Host}, {sectionKey, r.Section}} {
		if a[1] != "" {
			m.CreateAttr(a[0], a[1])
		}
	}
	m.CreateAttr(callKey, strconv.Itoa(call))
	if user != "" {
		m.CreateAttr(userKey, user)
	}
	m.CreateAttr(optionsKey, strconv.Itoa(int(r.Options)))
	if r.Data != nil {
		m.CreateElement(dataKey).AddChild(xmltree.Copy(r.Data))
	}
	return m
}

// Subscription asks for notifications, or for no more.
func Subscription(kind Notification, on bool) *etree.Element {
	m := etree.NewElement(callback)
	m.CreateAttr(opKey, ofNotification)
	m.CreateAttr(kindKey, string(kind))
	active := "0"
	if on {
		active = "1"
	}
	m.CreateAttr(activateKey, active)
	return m
}

// Event is an answer to a call, or a notification.
type Event struct {
	// Kind is that of a notification, "" for an answer.
	Kind Notification
	// Call is the number of the call that is answered.
	Call int
	Op   ops.Op
	// Err is a *Refused, or nil. Of notifications most are of what was done.
	Err error
	// Answer is that to the call, or the patchset of a NotifyDiff; nil for none.
	Answer *etree.Element
	// Message is all that the daemon has sent; without the Answer, if it answers a call.
	Message *etree.Element
}

// Decode understands what a daemon has sent. It takes the answer to a call out of the
// message: a whole CIB is large.
func Decode(m *etree.Element) (Event, error) {
	e := Event{Op: ops.Op(m.SelectAttrValue(opKey, "")), Message: m}
	data := dataKey
	switch m.SelectAttrValue(typeKey, "") {
	case ofNotification:
		e.Kind = Notification(m.SelectAttrValue(subtypeKey, ""))
		data = resultKey
	default:
		call, err := strconv.Atoi(m.SelectAttrValue(callKey, ""))
		if err != nil || call < 1 {
			return e, fmt.Errorf("%w: %s %q", ErrProtocol, callKey, m.SelectAttrValue(callKey, ""))
		}
		e.Call = call
	}
	rc, err := strconv.Atoi(m.SelectAttrValue(rcKey, ""))
	if err != nil {
		return e, fmt.Errorf("%w: %s: %w", ErrProtocol, rcKey, err)
	}
	// That it had to ask for the whole CIB is the daemon's business.
	if result := crmexit.Legacy(rc).RC(); result != crmexit.RCOK && result != crmexit.RCDiffResync {
		e.Err = &Refused{RC: result}
	}
	if holder := m.SelectElement(data); holder != nil {
		switch content := holder.ChildElements(); {
		case len(content) == 0:
		case e.Kind == "":
			holder.RemoveChild(content[0])
			e.Answer = content[0]
		default:
			e.Answer = xmltree.Copy(content[0])
		}
	}
	return e, nil
}

// Apply makes the change that a NotifyDiff tells of to a CIB, which stays as it is, and
// returns the outcome (cib_apply_patch_event). An event that the CIB knows already changes
// nothing. An event with an Err has changed nothing either, and Apply returns that error; after
// one of package patch, the whole CIB must be asked for.
func (e Event) Apply(cib *etree.Element) (*etree.Element, error) {
	next := xmltree.Copy(cib)
	changed, err := e.Change(next)
	switch {
	case err != nil:
		return nil, err
	case !changed:
		return cib, nil
	}
	return next, nil
}

// Change is Apply to the CIB itself, and tells whether it has become another. After an error of package patch
// it is neither the old nor the new one.
func (e Event) Change(cib *etree.Element) (changed bool, err error) {
	switch {
	case e.Err != nil:
		return false, e.Err
	case e.Kind != NotifyDiff || e.Answer == nil:
		return false, fmt.Errorf("%w: no patchset in an event %q", ErrProtocol, e.Kind)
	}
	err = patch.Apply(cib, e.Answer, true)
	if errors.Is(err, patch.ErrOldData) {
		return false, nil
	}
	return err == nil, err
}
