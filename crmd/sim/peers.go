package sim

import (
	"github.com/beevik/etree"

	attrs "github.com/ringmaster-ha/ringmaster/attrd/engine"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

// peerSet is what a daemon knows of the nodes by its group, as the cores of the managers of attributes
// and of fencing ask for it.
type peerSet struct {
	n     *node
	cache *peers.Cache
	group *peers.Group
	early []peers.Change // from before begin
	begun bool
}

// newPeerSet joins a group for a daemon; keepLost is peers.Config.KeepLost. Changes are told from a while later on.
func (n *node) newPeerSet(group string, keepLost bool, h handler, changed func(peers.Change)) *peerSet {
	p := &peerSet{n: n}
	p.cache = peers.New(peers.Config{
		NameOf:      func(id uint32) string { return n.w.nodes[id-1].name },
		HasNodeList: func() bool { return true },
		Changed: func(ch peers.Change) {
			if p.begun {
				changed(ch)
			} else {
				p.early = append(p.early, ch)
			}
		},
		KeepLost: keepLost,
		Log:      n.log,
	})
	m := n.join(group, h)
	p.group = &peers.Group{Cache: p.cache, Name: group, Self: peers.Address{Node: n.id, PID: m.pid}}
	p.cache.SetProcess(p.cache.Get(n.id, n.name), peers.CPG, true)
	n.w.deliver(n, func() {
		if n.groups[group] != m {
			return
		}
		p.begun = true
		for _, ch := range p.early {
			changed(ch)
		}
	})
	return p
}

// changed is a change of the group.
func (p *peerSet) changed(members, left, joined []peers.Address) {
	if err := p.group.Change(p.n.w.now, members, left, joined); err != nil {
		p.n.w.fail("%s: group %s: %v", p.n.name, p.group.Name, err)
	}
}

func (p *peerSet) UUID(name string) string {
	if n := p.cache.Find(0, name); n != nil {
		return n.UUID
	}
	return ""
}

func (p *peerSet) active(name string) bool { return p.cache.Find(0, name).Active() }

func (p *peerSet) names() (all []string) {
	for _, n := range p.cache.Nodes() {
		if n.Name != "" && n.Processes&peers.CPG != 0 {
			all = append(all, n.Name)
		}
	}
	return all
}

func (p *peerSet) NameOf(id uint32) string {
	if n := p.cache.FindKnown(id, ""); n != nil {
		return n.Name
	}
	return ""
}

// attributePeers is a peerSet for the manager of attributes.
type attributePeers struct {
	*peerSet
	reading bool // the cache tells of a change, and must not be changed
}

func (p *attributePeers) Active(name string) bool { return p.active(name) }
func (p *attributePeers) ActiveNames() []string   { return p.names() }
func (p *attributePeers) Known() int              { return len(p.cache.Nodes()) }
func (p *attributePeers) AddRemote(name string)   { p.cache.Remote(name) }
func (p *attributePeers) Forget(name string)      { p.cache.Reap(0, name) }

func (p *attributePeers) Node(id uint32, name string) (attrs.Node, bool) {
	find := p.cache.GetAny
	if p.reading {
		find = p.cache.FindAny
	}
	n := find(id, name)
	if n == nil {
		return attrs.Node{}, false
	}
	return attrs.Node{Name: n.Name, ID: n.ID, UUID: n.UUID, Remote: n.Remote}, true
}

// fencerPeers is a peerSet for the fencer.
type fencerPeers struct{ *peerSet }

func (p fencerPeers) Active() []string              { return p.names() }
func (p fencerPeers) Refresh(cib *etree.Element)    { p.cache.Refresh(cib) }
func (p fencerPeers) Forget(id uint32, name string) { p.cache.Reap(id, name) }

func (p fencerPeers) ID(name string) uint32 {
	if n := p.cache.Find(0, name); n != nil {
		return n.ID
	}
	return 0
}
