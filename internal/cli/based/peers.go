package based

import (
	"context"
	"fmt"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// join becomes a member of the group of CIB managers. The caller holds mu, and hears nothing before it
// lets go of it.
func (s *server) join(ctx context.Context) error {
	c, err := cluster.Join(ctx, cluster.Options{
		Service: cpgmsg.CIB, Handler: (*member)(s), Locker: &s.mu, Log: s.log, SocketDir: root.SocketDir(),
	})
	if err == nil {
		s.peers = c
	}
	return err
}

// member is the server as package cluster calls it, with mu held.
type member server

// Message is a message of a peer, or of this daemon.
func (m *member) Message(msg *cpgmsg.Message, from *peers.Peer) {
	s := (*server)(m)
	e, err := received.XML(s.log, msg.Text)
	if err != nil {
		loglevel.LogfAt(s.log, loglevel.Error, "cib_cs_dispatch", "Invalid XML: '%.120s': %v", msg.Text, err)
		return
	}
	s.do(s.m.Deliver(time.Now(), from.Name, e))
}

// Changed is news of a node.
func (m *member) Changed(c peers.Change) {
	s := (*server)(m)
	if c.Peer.Name != "" {
		s.do(s.m.Peer(c.Peer.Name, c.Peer.Active()))
	}
}

// Lost is the end of it.
func (m *member) Lost(err error) {
	s := (*server)(m)
	loglevel.LogfAt(s.log, loglevel.Error, "cib_cs_destroy", "%v", err)
	s.do(s.m.Lost())
}

// send sends to a peer, or to all.
func (s *server) send(a manager.Send) {
	if s.peers == nil {
		return
	}
	var to *peers.Peer
	if a.To != "" {
		to = s.peers.Peers().Get(0, a.To)
	}
	if err := s.peers.Send(to, cpgmsg.CIB, a.Text); err != nil {
		loglevel.LogfAt(s.log, loglevel.Error, "send_cluster_text", "Could not send a message to %s: %v", fmt.Sprintf("%q", a.To), err)
	}
}
