package ipc

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/account"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/packed"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
	"github.com/ringmaster-ha/ringmaster/internal/qb/server"
	"github.com/ringmaster-ha/ringmaster/internal/qb/wire"
)

// Handler is a service of a daemon. Its calls come one at a time.
type Handler interface {
	// Connected: there is a new client. An error disconnects it; Disconnected is
	// then not called.
	Connected(c *Client) error
	// Request: a client has sent something. r is valid after the call too.
	Request(c *Client, r *Message)
	// Disconnected: the client has gone.
	Disconnected(c *Client)
}

// Options describe a service. The zero value of all but Name and Handler is a default.
type Options struct {
	Name    string // of the service: "pengine"
	Handler Handler
	// Type is the transport that PCMK_ipc_type names: "shared-mem", the default,
	// or "socket".
	Type string
	// Buffer is the largest message in bytes that a client may rely on: 128 KiB.
	// Every connection takes three times as much of shared memory.
	Buffer uint32
	// MaxQueued is how many bytes may wait for one client: 256 MiB.
	MaxQueued int
	// Locker, if any, is held during all calls of the Handler.
	Locker sync.Locker
	Log    loglevel.Logger
	// ShmDir and SocketDir are those of package qb/server.
	ShmDir, SocketDir string
}

// transport is what a value of PCMK_ipc_type stands for (pick_ipc_type). libqb has the
// others that it can name no more.
func transport(name string) wire.Transport {
	if name == "socket" {
		return wire.Socket
	}
	return wire.Shm
}

// Server is one service of a daemon.
type Server struct {
	qb  *server.Server
	h   Handler
	log loglevel.Logger
}

// Listen makes a service known. Clients wait until Serve runs. That another process
// offers the service is an error of syscall.EADDRINUSE.
func Listen(o Options) (*Server, error) {
	s := &Server{h: o.Handler, log: o.Log}
	if s.log == nil {
		s.log = loglevel.Discard
	}
	buffer := max(o.Buffer, frame.DefaultBuffer)
	opts := server.Options{
		Name:       o.Name,
		Type:       transport(o.Type),
		Handler:    (*handler)(s),
		Group:      group,
		Locker:     o.Locker,
		Log:        s.log,
		MinMsgSize: buffer,
		MaxMsgSize: max(buffer, 64<<20),
		MaxQueued:  o.MaxQueued,
		ShmDir:     o.ShmDir,
		SocketDir:  o.SocketDir,
	}
	var err error
	if s.qb, err = server.Listen(opts); err != nil {
		return nil, fmt.Errorf("service %s: %w", o.Name, err)
	}
	return s, nil
}

// group lets haclient use the connections of all but root (pcmk__new_client).
func group(p server.Peer) (gid uint32, ok bool) {
	a := account.Cluster()
	return a.GID, p.UID != 0 && a.Known
}

// Serve serves until ctx ends; then it disconnects all clients.
func (s *Server) Serve(ctx context.Context) error { return s.qb.Serve(ctx) }

// Clients are those that are connected.
func (s *Server) Clients() []*Client {
	var all []*Client
	for _, c := range s.qb.Conns() {
		if client, ok := c.Data().(*Client); ok {
			all = append(all, client)
		}
	}
	return all
}

// handler is the Server as package qb/server calls it.
type handler Server

func (h *handler) Open(qc *server.Conn) error {
	name, ok := account.Name(qc.UID())
	if !ok {
		loglevel.LogfAt(h.log, loglevel.Error, "client_from_connection", "Unable to enforce ACLs for user ID %d, assuming unprivileged", qc.UID())
	}
	a := account.Cluster()
	c := &Client{
		ID:         NewID(),
		User:       name,
		Privileged: qc.UID() == 0 || a.Known && qc.UID() == a.UID,
		qb:         qc,
	}
	if h.log.Enabled(loglevel.Debug) {
		loglevel.LogfAt(h.log, loglevel.Debug, "pcmk__new_client", "New IPC client %s for PID %d with uid %d and gid %d", c.ID, qc.PID(), qc.UID(), qc.GID())
	}
	qc.SetData(c)
	return h.h.Connected(c)
}

func (h *handler) Request(qc *server.Conn, b []byte) {
	c := qc.Data().(*Client)
	m, err := frame.Decode(b)
	if m.Flags.Has(frame.Proxied) {
		c.proxied.Store(true)
	}
	r := &Message{Message: m, Err: err}
	if err == nil {
		r.XML, r.Err = received.XML(h.log, m.Text)
	}
	h.h.Request(c, r)
}

func (h *handler) Close(qc *server.Conn, _ error) {
	h.h.Disconnected(qc.Data().(*Client))
}

// NewID is a random UUID: the id of a client.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Message is what the other side has sent.
type Message struct {
	frame.Message
	XML *etree.Element // nil with Err
	Err error          // why it is none
}

// Client is one client of a service.
type Client struct {
	ID         string // a UUID of its own
	User       string // for access control lists
	Privileged bool   // is root or the cluster's user
	// Name and Data are the Handler's: what the client calls itself, and anything
	// else.
	Name string
	Data any

	qb      *server.Conn
	proxied atomic.Bool
}

// String is the name to log: the one that the client has given itself, or its id
// (pcmk__client_name).
func (c *Client) String() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// PID is the client's process.
func (c *Client) PID() int { return c.qb.PID() }

// UID is the client's user.
func (c *Client) UID() uint32 { return c.qb.UID() }

// GID is the client's group.
func (c *Client) GID() uint32 { return c.qb.GID() }

// Proxied tells whether the client stands for others, on a remote node.
func (c *Client) Proxied() bool { return c.proxied.Load() }

// Queued is how many bytes wait for the client to read.
func (c *Client) Queued() int { return c.qb.Queued() }

// Disconnect ends the connection; Handler.Disconnected follows.
func (c *Client) Disconnect() { c.qb.Disconnect() }

// events counts the events of the process.
var events atomic.Int32

// Respond answers the request that had the id and flags (pcmk__ipc_send_xml). A proxy
// gets an event instead. An error means that nothing was sent: frame.ErrTooLarge, for
// one.
func (c *Client) Respond(id int32, flags frame.Flags, e *etree.Element) error {
	return c.RespondText(id, flags, text.Line(e))
}

// RespondText is Respond with a document already written.
func (c *Client) RespondText(id int32, flags frame.Flags, document string) error {
	return c.RespondShared(id, flags, packed.Plain(document))
}

// RespondShared is RespondText with a document that may have a part in common with others.
func (c *Client) RespondShared(id int32, flags frame.Flags, document packed.Text) error {
	if c.Proxied() && !flags.Has(frame.ServerEvent) {
		return c.event(flags|frame.ServerEvent|frame.ProxyResponse, document)
	}
	b, err := frame.EncodeText(nil, id, flags|frame.Freed, document, c.qb.MaxMsgSize())
	if err != nil {
		return err
	}
	c.qb.Respond(b)
	return nil
}

// Event sends what the client has not asked for, or has asked for and is acknowledged
// for.
func (c *Client) Event(e *etree.Element) error { return c.EventText(text.Line(e)) }

// EventText is Event with a document already written.
func (c *Client) EventText(document string) error { return c.EventShared(packed.Plain(document)) }

// EventShared is EventText with a document that may have a part in common with others.
func (c *Client) EventShared(document packed.Text) error {
	return c.event(frame.ServerEvent, document)
}

func (c *Client) event(flags frame.Flags, document packed.Text) error {
	b, err := frame.EncodeText(nil, events.Add(1), flags|frame.Freed, document, c.qb.MaxMsgSize())
	if err != nil {
		return err
	}
	c.qb.Event(b)
	return nil
}
