package manager

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
)

// Client is a program that is connected.
type Client struct {
	ID   string // unique in the cluster
	User string // whom it runs as, or has logged in as, for permissions
	PID  int    // 0 of a remote one
	// Remote is one on another machine. It gets answers as events and no acknowledgements, and may
	// neither act for others nor say which node it means.
	Remote bool
	Name   string // that it has given itself; "" if it will with its first request
}

// client is a Client and what it has asked for.
type client struct {
	Client
	waiting int32 // the request that is to be responded to
	waits   bool
	wants   subscriptions
}

func (c *client) String() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// subscriptions are the kinds of notifications that a client wants.
type subscriptions uint8

const (
	wantsPost subscriptions = 1 << iota
	wantsPre
	wantsConfirmation
	wantsDiff
	wantsReplace
)

// The kinds of notifications.
const (
	diffNotify    = "cib_diff_notify"
	replaceNotify = "cib_refresh_notify"
)

var subscriptionOf = map[string]subscriptions{
	"cib_post_notify":         wantsPost,
	"cib_pre_notify":          wantsPre,
	"cib_update_confirmation": wantsConfirmation,
	diffNotify:                wantsDiff,
	replaceNotify:             wantsReplace,
}

// Request is what a client has sent.
type Request struct {
	ID    int32
	Flags uint32 // of the message
	Waits bool   // the client waits for a response
	// XML is nil if it was no XML. The manager keeps it, and changes it.
	XML *etree.Element
	// ReadOnly is a request through the service for reading.
	ReadOnly bool
}

// Connect is a new client. An error refuses it.
func (m *Manager) Connect(c Client) error {
	if m.leaving.asked || m.leaving.ending {
		if !c.Remote {
			m.logf(loglevel.Info, "cib_ipc_accept", "Ignoring new IPC client [%d] during shutdown", c.PID)
		}
		return errLeaving
	}
	m.clients = append(m.clients, &client{Client: c})
	return nil
}

// Disconnect is a client that has gone.
func (m *Manager) Disconnect(now time.Time, id string) []Action {
	m.clients = slices.DeleteFunc(m.clients, func(c *client) bool { return c.ID == id })
	if m.leaving.asked {
		m.leave(now)
	}
	return m.done()
}

// Request is a message of a client that is connected (cib_common_callback; cib_handle_remote_msg, whose
// client says cib_command or is not listened to).
func (m *Manager) Request(now time.Time, id string, r Request) []Action {
	c := m.find(id)
	if c == nil || m.leaving.ending {
		return nil
	}
	if r.XML == nil {
		m.ack(c, &r, Ack{Tag: "nack", Function: "cib_common_callback", Line: 221, Status: crmexit.Protocol})
		return m.done()
	}
	if optionsOf(r.XML).has(optSync) {
		c.waiting, c.waits = r.ID, r.Waits
	}
	if c.Name == "" {
		c.Name = get(r.XML, fClientName)
	}
	if c.Remote {
		c.tame(r.XML)
	} else if c.Name == "" {
		c.Name = strconv.Itoa(c.PID)
	}
	r.XML.CreateAttr(fClient, c.ID)
	r.XML.CreateAttr(fClientName, c.String())
	if !c.Remote {
		m.setUser(r.XML, c.User)
	}
	switch get(r.XML, fOperation) {
	case register:
		m.register(c, &r)
	case notifyReq:
		m.subscribe(c, &r)
	default:
		m.process(now, r.XML, c, !r.ReadOnly)
	}
	return m.done()
}

// tame leaves nothing in a remote client's request but what it may say (cib_handle_remote_msg).
func (c *client) tame(r *etree.Element) {
	for _, name := range []string{fOrigin, fHost, fGlobal, fACLUser} {
		r.RemoveAttr(name)
	}
	r.CreateAttr(fType, typeCIB)
	r.CreateAttr(fUser, c.User)
	if get(r, fOptions) == "" {
		r.CreateAttr(fOptions, "0")
	}
}

// privileged tells whether a user may act for others.
func privileged(user string) bool { return user == "root" || user == "hacluster" }

// setUser writes into a request whose permissions count (pcmk__update_acl_user).
func (m *Manager) setUser(r *etree.Element, user string) {
	requested := get(r, fACLUser)
	if requested == "" {
		requested = get(r, fUser)
	}
	switch {
	case !privileged(m.c.DaemonUser):
		user = m.c.DaemonUser
	case privileged(user) && requested != "":
		user = requested
	}
	r.CreateAttr(fACLUser, user)
	r.CreateAttr(fUser, user)
}

func (m *Manager) register(c *client, r *Request) {
	if !r.Waits {
		return
	}
	ack := newMessage("cib_common_callback_worker").set(fOperation, register).set(fClient, c.ID)
	m.out = append(m.out, Respond{Client: c.ID, ID: r.ID, Flags: r.Flags, Text: ack.text()})
	c.waits = false
}

// subscribe turns notifications on or off.
func (m *Manager) subscribe(c *client, r *Request) {
	kind := get(r.XML, fNotify)
	on, ok := patch.Int(r.XML, fActivate)
	if !ok {
		on = 0
	}
	word := "off"
	if on != 0 {
		word = "on"
	}
	m.logf(loglevel.Debug, "cib_common_callback_worker", "Setting %s callbacks %s for client %s", kind, word, c)
	status := crmexit.OK
	bit, ok := subscriptionOf[strings.ToLower(kind)]
	switch {
	case !ok:
		status = crmexit.InvalidParam
	case on != 0:
		c.wants |= bit
	default:
		c.wants &^= bit
	}
	m.ack(c, r, Ack{Tag: "ack", Function: "cib_common_callback_worker", Line: 199, Status: status})
	// The acknowledgement is the response, whatever the options say.
	c.waits = false
}

// ack acknowledges a request, if its client waits for that.
func (m *Manager) ack(c *client, r *Request, a Ack) {
	if r.Waits {
		a.Client, a.ID, a.Flags = c.ID, r.ID, r.Flags
		m.out = append(m.out, a)
	}
}

// respond gives a client the outcome of a request, whichever node it was done on
// (do_local_notify).
func (m *Manager) respond(id, callID string, document packed.Text, sync bool) {
	c := m.find(id)
	switch {
	case c == nil:
		m.logf(loglevel.Debug, "do_local_notify", "Could not send response %s: client %s not found", callID, id)
	case !sync || c.Remote:
		m.out = append(m.out, Event{Clients: []string{id}, Text: document})
	case c.waits:
		c.waits = false
		m.out = append(m.out, Respond{Client: id, ID: c.waiting, Text: document})
	}
}
