package fenced

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/received"
)

// peerSet is the peer cache as the engine sees it.
type peerSet server

func (p *peerSet) cache() *peers.Cache {
	if p.cluster == nil {
		return nil
	}
	return p.cluster.Peers()
}

func (p *peerSet) Active() (names []string) {
	if p.cluster == nil {
		return []string{p.engine.Node}
	}
	for _, n := range p.cache().Nodes() {
		if n.Name != "" && n.Processes&peers.CPG != 0 {
			names = append(names, n.Name)
		}
	}
	return names
}

func (p *peerSet) NameOf(id uint32) string {
	if p.cluster != nil && id != 0 {
		if n := p.cache().FindKnown(id, ""); n != nil {
			return n.Name
		}
	}
	return ""
}

func (p *peerSet) ID(name string) uint32 {
	if p.cluster != nil {
		if n := p.cache().Find(0, name); n != nil {
			return n.ID
		}
	}
	return 0
}

func (p *peerSet) Refresh(cib *etree.Element) {
	if p.cluster != nil {
		p.cache().Refresh(cib)
	}
}

func (p *peerSet) Forget(id uint32, name string) {
	if p.cluster != nil {
		p.cache().Reap(id, name)
	}
}

// Message is cluster.Handler's (stonith_peer_ais_callback).
func (s *server) Message(m *cpgmsg.Message, from *peers.Peer) {
	if s.ending {
		return
	}
	e, err := received.XML(s.log, m.Text)
	if err != nil {
		s.log.LogfAt(loglevel.Error, "stonith_peer_ais_callback", "Invalid XML: '%.120s'", m.Text)
		return
	}
	s.engine.Message(time.Now(), from.Name, e)
	s.arm()
}

// Changed is cluster.Handler's (st_peer_update_callback).
func (s *server) Changed(ch peers.Change) {
	if s.ending || s.engine == nil || ch.Peer.Remote {
		return
	}
	if ch.Kind != peers.ProcessesChanged {
		s.engine.PeerChanged(ch.Peer.ID)
	} else if ch.Left() && ch.Peer.Name != "" {
		s.engine.PeerLost(time.Now(), ch.Peer.Name)
		s.arm()
	}
}

// Lost is cluster.Handler's (stonith_peer_cs_destroy).
func (s *server) Lost(error) {
	s.failLocked("stonith_peer_cs_destroy", "Lost connection to cluster layer, shutting down")
}
