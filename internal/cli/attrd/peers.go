package attrd

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/attrd/engine"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cluster"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
)

// peerSet is the peer cache as the engine sees it.
type peerSet struct {
	cluster *cluster.Cluster
	// reading says that the cache tells of a change, and must not be changed meanwhile.
	reading bool
}

func (p *peerSet) cache() *peers.Cache { return p.cluster.Peers() }

func (p *peerSet) UUID(name string) string {
	if n := p.cache().Find(0, name); n != nil {
		return n.UUID
	}
	return ""
}

func (p *peerSet) Active(name string) bool { return p.cache().Find(0, name).Active() }

func (p *peerSet) ActiveNames() (names []string) {
	for _, n := range p.cache().Nodes() {
		if n.Active() {
			names = append(names, n.Name)
		}
	}
	return names
}

func (p *peerSet) Known() int { return len(p.cache().Nodes()) }

func (p *peerSet) Node(id uint32, name string) (engine.Node, bool) {
	find := p.cache().GetAny
	if p.reading {
		find = p.cache().FindAny
	}
	n := find(id, name)
	if n == nil {
		return engine.Node{}, false
	}
	return engine.Node{Name: n.Name, ID: n.ID, UUID: n.UUID, Remote: n.Remote}, true
}

func (p *peerSet) NameOf(id uint32) string {
	if n := p.cache().Get(id, ""); n != nil {
		return n.Name
	}
	return ""
}

// AddRemote is cache_remote_node.
func (p *peerSet) AddRemote(name string) {
	if n := p.cache().Find(0, name); n != nil && n.UUID == "" {
		p.cache().Reap(0, name)
	}
	p.cache().Remote(name)
}

func (p *peerSet) Forget(name string) {
	p.cache().RemoveRemote(name)
	p.cache().Reap(0, name)
}

// send sends an element to a node, or all.
func (s *server) send(function, to string, e *etree.Element) {
	var peer *peers.Peer
	if to != "" {
		if peer = s.peers.cache().Find(0, to); peer == nil {
			s.log.LogfAt(loglevel.Info, function, "Cannot send message to %s: not known", to)
			return
		}
	}
	service := cpgmsg.Attrd
	if e.SelectAttr("crm_task") != nil {
		service = cpgmsg.CRMD // as all elections say
	}
	if err := s.cluster.Send(peer, service, text.Line(e)); err != nil {
		s.log.LogfAt(loglevel.Error, function, "Could not send message: %v", err)
	}
}

// Message is cluster.Handler's (attrd_cpg_dispatch).
func (s *server) Message(m *cpgmsg.Message, from *peers.Peer) {
	const function = "attrd_cpg_dispatch"
	if s.ending {
		return
	}
	e, err := received.XML(s.log, m.Text)
	if err != nil {
		s.log.LogfAt(loglevel.Error, function, "Bad message of class 0 received from %s[%d]: '%.120s'", from.Name, from.ID, m.Text)
		return
	}
	if wire.IsVote(e) {
		v, err := election.Decode(e, from.Name)
		if err != nil {
			s.log.LogfAt(loglevel.Warning, "parse_election_message", "Invalid message from %s: %v", from.Name, err)
			return
		}
		s.engine.Vote(time.Now(), v)
	} else {
		w, err := wire.Decode(e)
		if err != nil || w.Answer {
			s.log.LogfAt(loglevel.Error, function, "Bad message received from %s[%d]: %v", from.Name, from.ID, err)
			return
		}
		s.engine.Deliver(time.Now(), from.Name, w)
	}
	s.arm()
}

// Changed is cluster.Handler's (attrd_peer_change_cb).
func (s *server) Changed(ch peers.Change) {
	if s.ending || s.engine == nil {
		return
	}
	s.peers.reading = true
	defer func() { s.peers.reading = false }()
	kind := "Cluster"
	if ch.Peer.Remote {
		kind = "Remote"
	}
	switch state := string(ch.Peer.State); {
	case ch.Kind == peers.Named:
		if state == "" {
			state = "in unknown state"
		}
		s.log.LogfAt(loglevel.Debug, "attrd_peer_change_cb", "%s node %s is now %s", kind, ch.Peer.Name, state)
	case ch.Peer.Remote:
	case ch.Kind == peers.ProcessesChanged:
		s.engine.PeerProcess(time.Now(), ch.Peer.Name, ch.Peer.Processes&peers.CPG != 0)
	case ch.Kind == peers.StateChanged:
		s.engine.PeerState(time.Now(), ch.Peer.Name, ch.Peer.State == peers.Member, string(ch.Before))
	}
	s.arm()
}

// Lost is cluster.Handler's (attrd_cpg_destroy).
func (s *server) Lost(error) {
	s.failLocked(crmexit.Disconnect, "attrd_cpg_destroy", "Lost connection to cluster layer, shutting down")
}
