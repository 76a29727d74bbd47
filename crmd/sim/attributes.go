package sim

import (
	"fmt"
	"time"

	"github.com/beevik/etree"

	attrs "github.com/ringmaster-ha/ringmaster/attrd/engine"
	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	cibclient "github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
)

const groupAttributes = "attrd"

// attributes is a node's pacemaker-attrd.
type attributes struct {
	n     *node
	core  *attrs.Engine
	peers *attributePeers
	cib   *cibClient
	maker crmmsg.Maker
	due   time.Time
}

func (n *node) startAttributes() {
	a := &attributes{n: n}
	n.attributes = a
	a.cib = n.cib.open("attrd", a.cibChanged)
	a.peers = &attributePeers{peerSet: n.newPeerSet(groupAttributes, false, a, a.peerChanged)}
	a.core = attrs.New(attrs.Config{Node: n.name, ID: n.id, Peers: a.peers, Host: a, Log: n.log})
	a.cib.ask(call.Request{
		Op: ops.Delete, Section: fmt.Sprintf("//node_state[@uname='%s']/transient_attributes", n.name),
		Options: call.QuorumOverride | call.XPath,
	}, nil)
	a.core.Start()
}

// update is a client's request.
func (a *attributes) update(m *wire.Message) {
	a.n.w.after(a.n.w.between(20*time.Microsecond, time.Millisecond), a.n, func() {
		a.core.Request(a.n.w.now, controllerClient, m)
		a.arm()
	})
}

func (a *attributes) cibChanged(ev cibclient.Event) {
	if ev.Kind == cibclient.NotifyReplace {
		a.core.Replaced(a.n.w.now, string(ev.Kind), attrs.Sections{Nodes: true, Status: true})
		a.arm()
	}
}

func (a *attributes) peerChanged(ch peers.Change) {
	if a.core == nil {
		return
	}
	a.peers.reading = true
	defer func() { a.peers.reading = false }()
	switch ch.Kind {
	case peers.ProcessesChanged:
		a.core.PeerProcess(a.n.w.now, ch.Peer.Name, ch.Peer.Processes&peers.CPG != 0)
	case peers.StateChanged:
		a.core.PeerState(a.n.w.now, ch.Peer.Name, ch.Peer.State == peers.Member, string(ch.Before))
	}
}

func (a *attributes) changed(members, left, joined []peers.Address) {
	a.peers.peerSet.changed(members, left, joined)
	a.arm()
}

func (a *attributes) message(from *node, s cpgmsg.Service, document string) {
	e := parse(document)
	var err error
	if wire.IsVote(e) {
		var v *election.Message
		if v, err = election.Decode(e, from.name); err == nil {
			a.core.Vote(a.n.w.now, v)
		}
	} else {
		var m *wire.Message
		if m, err = wire.Decode(e); err == nil {
			a.core.Deliver(a.n.w.now, from.name, m)
		}
	}
	if err != nil {
		a.n.w.fail("%s: message of attributes %s: %v", a.n.name, document, err)
	}
	a.arm()
}

// Send is the engine's Host's, as those that follow.
func (a *attributes) Send(to string, m *wire.Message) { a.send(to, cpgmsg.Attrd, m.Encode()) }

// SendVote is Send for elections.
func (a *attributes) SendVote(m *election.Message) {
	a.send(m.To, cpgmsg.CRMD, m.Encode(&a.maker, a.n.w.now))
}

func (a *attributes) send(to string, s cpgmsg.Service, e *etree.Element) {
	a.n.send(groupAttributes, to, s, text.Line(e))
}

// Modify writes to the CIB.
func (a *attributes) Modify(u *attrs.Update) (number int) {
	r := call.Request{Op: ops.Modify, Section: "status", Data: u.Status, Options: call.QuorumOverride, User: u.User}
	if u.Deletes {
		r.Options |= call.MixedUpdate | call.ScopeLocal
	}
	number = a.cib.ask(r, func(now time.Time, _ *etree.Element, err error) {
		a.core.Wrote(now, number, cibclient.RC(err).Legacy())
		a.arm()
	})
	return number
}

// CPUTime is what the process has used.
func (a *attributes) CPUTime() time.Duration { return a.n.cpu() }

func (a *attributes) arm() {
	at := a.core.NextDeadline()
	if at.IsZero() || at.Equal(a.due) {
		return
	}
	a.due = at
	a.n.w.at(at, a.n, func() {
		if a.due.Equal(at) {
			a.due = time.Time{}
			a.core.Tick(a.n.w.now)
			a.arm()
		}
	})
}
