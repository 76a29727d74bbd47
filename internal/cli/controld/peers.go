package controld

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/crmd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

// group is the handler of the process group: a server, whose Connected is about clients.
type group server

// connectCluster joins the process group (do_ha_control). The lock is held meanwhile, so that the core hears of
// nothing before it hears that it is connected.
func (s *server) connectCluster() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return
	}
	c, err := cluster.Join(s.terminated, cluster.Options{
		Service: cpgmsg.CRMD, Handler: (*group)(s), Locker: &s.mu, Log: s.log, KeepLost: true, SocketDir: root.SocketDir(),
	})
	if err != nil {
		s.act(func(now time.Time) { s.core.Connected(now, engine.ClusterLayer, err) })
		return
	}
	s.cluster = c
	of := engine.Cluster{Name: c.NodeName(), UUID: c.Self().UUID, ClusterName: c.ClusterName(s.ctx), Peers: c.Peers()}
	nodes, err := c.Nodes(s.ctx)
	if err != nil {
		s.log.LogfAt(loglevel.Info, "pcmk__corosync_add_nodes", "Could not read the list of nodes: %v", err)
	}
	for _, n := range nodes {
		of.Nodes = append(of.Nodes, engine.Node{ID: n.ID, Name: n.Name})
	}
	s.act(func(now time.Time) { s.core.Joined(now, of) })
}

// disconnectCluster leaves the group.
func (s *server) disconnectCluster() {
	if c := s.cluster; c != nil {
		s.cluster = nil
		s.all.Go(c.Close)
	}
}

// Send sends an element to a node, or all. It is the core's Host's.
func (s *server) Send(to string, service cpgmsg.Service, e *etree.Element) bool {
	const function = "send_cluster_message"
	if s.cluster == nil {
		return false
	}
	var peer *peers.Peer
	if to != "" {
		if peer = s.cluster.Peers().Find(0, to); peer == nil {
			s.log.LogfAt(loglevel.Warning, function, "Cannot send message to %s: not known", to)
			return false
		}
	}
	if err := s.cluster.Send(peer, service, text.Line(e)); err != nil {
		s.log.LogfAt(loglevel.Error, function, "Could not send message: %v", err)
		return false
	}
	return true
}

// Message is cluster.Handler's (crmd_cs_dispatch).
func (g *group) Message(m *cpgmsg.Message, from *peers.Peer) {
	s := (*server)(g)
	e, err := received.XML(s.log, m.Text)
	if err != nil {
		s.log.LogfAt(loglevel.Error, "crmd_cs_dispatch", "Could not parse message content (0): %.100s", m.Text)
		return
	}
	e.CreateAttr(crmmsg.HostFrom, m.Sender.Name)
	s.act(func(now time.Time) { s.core.PeerMessage(now, from.Name, e) })
}

// Changed is cluster.Handler's.
func (g *group) Changed(ch peers.Change) {
	s := (*server)(g)
	s.act(func(now time.Time) { s.core.PeerChanged(now, ch) })
}

// Quorate is cluster.Quorum's (crmd_quorum_callback).
func (g *group) Quorate(ring uint64, quorate bool) {
	s := (*server)(g)
	s.act(func(now time.Time) { s.core.Quorate(now, ring, quorate) })
}

// Lost is cluster.Handler's (crmd_cs_destroy).
func (g *group) Lost(error) {
	s := (*server)(g)
	s.act(func(now time.Time) { s.core.Lost(now, engine.ClusterLayer) })
}
