package based

import (
	"net"
	"sync"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/remote"
)

// commandTag is what all that clients on other machines say is called.
const commandTag = "cib_command"

// maxQueued is how many bytes may wait for one client, and stalled how long it may take none of
// them.
const (
	maxQueued = 256 << 20
	stalled   = time.Minute
)

// remoteClient is a client on another machine that has logged in. What is sent to it waits in a queue: the
// reference stands still until the client has taken it.
type remoteClient struct {
	id   string
	conn net.Conn
	log  loglevel.Logger

	mu     sync.Mutex
	ready  sync.Cond
	queue  [][]byte
	queued int
	ended  bool
}

func newRemoteClient(id string, conn net.Conn, log loglevel.Logger) *remoteClient {
	c := &remoteClient{id: id, conn: conn, log: log}
	c.ready.L = &c.mu
	return c
}

// send sends a message, soon.
func (c *remoteClient) send(document string) {
	b, err := remote.Next(document)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || c.queued+len(b) > maxQueued && c.queued > 0 {
		loglevel.LogfAt(c.log, loglevel.Error, "pcmk__remote_send_xml", "Could not send remote message: %d bytes wait for client %s, %d more: %v", c.queued, c.id, len(b), err)
		c.end()
		return
	}
	c.queue, c.queued = append(c.queue, b), c.queued+len(b)
	c.ready.Signal()
}

// disconnect ends the connection when what was sent before has gone.
func (c *remoteClient) disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.ready.Signal()
}

// drop ends the connection at once.
func (c *remoteClient) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end()
}

// end is drop. The caller holds mu.
func (c *remoteClient) end() {
	c.ended, c.queue = true, nil
	c.ready.Signal()
	_ = c.conn.Close()
}

// write sends what waits, until the connection ends; then it closes it.
func (c *remoteClient) write() {
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.ended {
			c.ready.Wait()
		}
		if len(c.queue) == 0 {
			c.end()
			c.mu.Unlock()
			return
		}
		b := c.queue[0]
		c.queue = c.queue[1:]
		c.mu.Unlock()
		_ = c.conn.SetWriteDeadline(time.Now().Add(stalled))
		err := remote.Write(c.conn, b)
		c.mu.Lock()
		c.queued -= len(b)
		if err != nil {
			loglevel.LogfAt(c.log, loglevel.Info, "send_plaintext", "Could not send message: %v", err)
			c.end()
		}
		c.mu.Unlock()
	}
}

// serveRemoteClient serves a client that may come in, until it goes.
func (s *server) serveRemoteClient(c *remoteClient, who manager.Client) {
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(c.write)
	defer c.disconnect()
	hello := etree.NewElement("cib_result")
	hello.CreateAttr("cib_op", "register")
	hello.CreateAttr("cib_clientid", c.id)
	s.mu.Lock()
	if err := s.m.Connect(who); err != nil {
		s.mu.Unlock()
		return
	}
	s.remotes[c.id] = c
	c.send(text.Line(hello))
	s.mu.Unlock()
	stream := remote.NewConn(c.conn)
	for {
		message, err := stream.Receive(remote.MaxSize)
		if err != nil {
			unreadable(s.log, err)
			break
		}
		s.remoteRequest(c, message)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.remotes, c.id)
	s.do(s.m.Disconnect(time.Now(), c.id))
}

// remoteRequest passes on what a client has sent, if it is a request (cib_handle_remote_msg).
func (s *server) remoteRequest(c *remoteClient, message string) {
	request, err := received.XML(s.log, message)
	if err != nil {
		loglevel.LogfAt(s.log, loglevel.Error, "pcmk__remote_message_xml", "Couldn't parse: '%.120s'", message)
		return
	}
	if !document.EqualFold(request.Tag, commandTag) {
		return
	}
	if _, ok := document.Get(request, "cib_callid"); !ok {
		request.CreateAttr("cib_callid", ipc.NewID())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do(s.m.Request(time.Now(), c.id, manager.Request{XML: request}))
}
