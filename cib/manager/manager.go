package manager

import (
	"errors"
	"slices"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// Config is what a manager begins with.
type Config struct {
	Node string // our own name, as peers know it
	// CIB is that of the disk; see Prepare. Status is what is wrong with it: with a
	// status that is not 0 no operation is done.
	CIB    *etree.Element
	Status crmexit.Legacy
	// Alone is a manager without peers.
	Alone bool
	// NoWrites leaves the disk alone.
	NoWrites bool
	Log      loglevel.Logger // nil for none
	// DaemonUser is whom this process runs as, for requests of nobody.
	DaemonUser string
	// InGroup tells whether the system has a user in a group; nil for nobody in none.
	InGroup func(user, group string) bool
}

// Manager is a node's CIB manager.
type Manager struct {
	c   Config
	out []Action

	cib     *etree.Element
	count   uint64 // of the changes that have gone into it
	primary bool
	// syncing is 1 when all of the CIB was asked for, and counts the patchsets passed over
	// since; 0 when it has come.
	syncing int
	check   check
	history history
	texts   texts
	disk    disk
	leaving leaving
	view    view

	clients []*client       // in the order in which they came
	peers   map[string]bool // by name: whether it is in the group
	// digestAt is after when a patchset gets a digest again.
	digestAt time.Time
}

// check compares the digests of the nodes.
type check struct {
	at       time.Time // when, on the primary; zero for never
	seq      uint64    // of the last question
	digest   string    // of our CIB, when the question was asked; "" if not yet known
	modified bool      // the CIB has changed since
}

// disk is the state of writes.
type disk struct {
	enabled bool
	busy    bool // one is under way
	wanted  bool // the CIB has changed since that began
}

// leaving is the way out.
type leaving struct {
	asked   bool      // to end
	told    bool      // the peers
	forceAt time.Time // when not to wait for their answers any longer; zero for never
	ending  bool      // Exit follows once the disk has the CIB
	code    crmexit.Code
	gone    bool // Exit was given
}

// checkDelay is from the last change to the comparison of digests, forceDelay from telling
// the peers to an end without their answers.
const (
	checkDelay = 5 * time.Second
	forceDelay = 10 * time.Second
)

// New is a manager with the CIB of its disk, which it writes again.
func New(c Config) (*Manager, []Action) {
	if c.Log == nil {
		c.Log = loglevel.Discard
	}
	m := &Manager{c: c, peers: map[string]bool{}}
	m.view.silent, m.view.patience = map[string]bool{}, agreeDelay
	m.disk.enabled = !c.NoWrites
	m.primary = c.Alone
	m.activate(c.CIB, true, "start")
	return m, m.done()
}

// CIB is the one there is now. It is not to be changed.
func (m *Manager) CIB() *etree.Element { return m.cib }

// Primary tells whether this is the primary.
func (m *Manager) Primary() bool { return m.primary }

// Deadline is when Tick is to be called; ok is false if there is nothing to wait for.
func (m *Manager) Deadline() (at time.Time, ok bool) {
	for _, t := range []time.Time{m.check.at, m.leaving.forceAt, m.view.giveUpAt} {
		if !t.IsZero() && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok && !m.leaving.gone
}

// Tick tells that a deadline may have passed.
func (m *Manager) Tick(now time.Time) []Action {
	if at := m.check.at; !at.IsZero() && !now.Before(at) {
		m.check.at = time.Time{}
		m.askDigests()
	}
	if at := m.leaving.forceAt; !at.IsZero() && !now.Before(at) {
		m.leaving.forceAt = time.Time{}
		m.logf(loglevel.Notice, "cib_force_exit", "Forcing exit!")
		m.terminate("cib_force_exit", crmexit.Error)
	}
	if at := m.view.giveUpAt; !at.IsZero() && !now.Before(at) {
		m.giveUp()
		m.catchUpWaiting(now)
	}
	return m.done()
}

// Deliver is a message of a peer, or of this node, in the order that all nodes agree on.
// The manager keeps the message, and changes it.
func (m *Manager) Deliver(now time.Time, from string, message *etree.Element) []Action {
	if m.leaving.gone || m.leaving.ending {
		return nil
	}
	message.CreateAttr(fOrigin, from)
	if get(message, fClientName) == "" {
		message.CreateAttr(fClientName, from)
	}
	if !m.defers(now, message) {
		m.process(now, message, nil, true)
	}
	m.catchUpWaiting(now)
	return m.done()
}

// Peer tells that a node has joined the group of the managers, or left it.
func (m *Manager) Peer(name string, active bool) []Action {
	changed := m.peers[name] != active
	m.peers[name] = active
	if changed {
		m.history.reset()
		m.regrouped(active)
	}
	if m.leaving.asked && !m.leaving.ending && m.activePeers() < 2 && len(m.clients) == 0 {
		m.logf(loglevel.Info, "cib_peer_update_callback", "No more peers")
		m.terminate("cib_peer_update_callback", crmexit.OK)
	}
	return m.done()
}

func (m *Manager) activePeers() int {
	n := 0
	for _, active := range m.peers {
		if active {
			n++
		}
	}
	return n
}

// Lost tells that there is no connection to the peers any more, and never will be.
func (m *Manager) Lost() []Action {
	if m.leaving.asked {
		m.logf(loglevel.Info, "cib_cs_destroy", "Corosync disconnection complete")
		m.terminate("cib_cs_destroy", crmexit.OK)
		return m.done()
	}
	m.logf(loglevel.Crit, "cib_cs_destroy", "Lost connection to cluster layer, shutting down")
	m.terminate("cib_cs_destroy", crmexit.Disconnect)
	return m.done()
}

// Written tells that a Write has ended.
func (m *Manager) Written(err error) []Action {
	m.disk.busy = false
	if err != nil {
		what := "Could not write CIB to disk"
		if m.disk.enabled {
			m.disk.enabled = false
			what = "Disabling CIB disk writes after failure"
		}
		m.logf(loglevel.Error, "cib_diskwrite_complete", "%s: %v", what, err)
	}
	return m.done()
}

// EnableWrites writes to the disk again after a failure.
func (m *Manager) EnableWrites() []Action {
	m.logf(loglevel.Info, "cib_enable_writes", "(Re)enabling disk writes")
	m.disk.enabled = true
	return m.done()
}

// Shutdown asks the manager to end (cib_shutdown).
func (m *Manager) Shutdown(now time.Time) []Action {
	if !m.leaving.asked {
		m.leaving.asked = true
		m.logf(loglevel.Info, "cib_shutdown", "Disconnected %d clients", len(m.clients))
		m.out = append(m.out, DropClients{})
	}
	m.leave(now)
	return m.done()
}

// leave tells the peers, once all clients are gone (initiate_exit).
func (m *Manager) leave(now time.Time) {
	if len(m.clients) > 0 {
		m.logf(loglevel.Info, "cib_shutdown", "Waiting on %d clients to disconnect (%d)", len(m.clients), len(m.clients))
		return
	}
	if m.leaving.told || m.leaving.ending {
		return
	}
	m.leaving.told = true
	m.logf(loglevel.Info, "cib_shutdown", "All clients disconnected (%d)", 0)
	active := m.activePeers()
	if active < 2 {
		m.terminate("initiate_exit", crmexit.OK)
		return
	}
	m.logf(loglevel.Info, "initiate_exit", "Sending disconnect notification to %d peers...", active)
	m.send("", newMessage("exit-notification").set(fType, typeCIB).set(fOperation, string(opShutdown)))
	m.leaving.forceAt = now.Add(forceDelay)
}

// terminate ends the manager, when the disk has what it shall have.
func (m *Manager) terminate(function string, code crmexit.Code) {
	if m.leaving.ending {
		return
	}
	how := " from mainloop"
	if code != crmexit.OK {
		how = " fast"
	}
	m.logf(loglevel.Info, "terminate_cib", "%s: Exiting%s...", function, how)
	m.leaving.ending, m.leaving.code = true, code
	m.check.at, m.leaving.forceAt, m.view.giveUpAt = time.Time{}, time.Time{}, time.Time{}
}

// activate puts another CIB in the place of the one there is (activateCibXml).
func (m *Manager) activate(cib *etree.Element, toDisk bool, op string) {
	m.cib = cib
	m.texts.forget()
	if m.disk.enabled && m.c.Status == 0 && toDisk {
		m.logf(loglevel.Debug, "activateCibXml", "Triggering CIB write for %s op", op)
		m.disk.wanted = true
	}
}

// done is what a call has come to, with what follows from its end.
func (m *Manager) done() []Action {
	if m.disk.wanted && !m.disk.busy {
		m.disk.wanted, m.disk.busy = false, true
		m.out = append(m.out, Write{stored(m.cib)})
	}
	if m.leaving.ending && !m.leaving.gone && !m.disk.busy {
		m.leaving.gone = true
		m.out = append(m.out, Exit{m.leaving.code})
	}
	out := m.out
	m.out = nil
	return out
}

// stored is what of a CIB goes to the disk, which stays as it is when the status changes and the
// configuration moves on to the next CIB.
func stored(cib *etree.Element) *etree.Element {
	root := bare(cib)
	for _, e := range cib.ChildElements() {
		if e.Tag == "status" {
			continue
		}
		part := bare(e)
		part.Child = e.Child
		root.AddChild(part)
	}
	return root
}

// bare is an element without what is in it.
func bare(e *etree.Element) *etree.Element {
	b := etree.NewElement(e.Tag)
	for _, a := range e.Attr {
		b.Attr = append(b.Attr, etree.Attr{Space: a.Space, Key: a.Key, Value: a.Value}) // without what leads to e
	}
	return b
}

// send sends to a peer, or to all if that is "".
func (m *Manager) send(to string, message *message) {
	m.out = append(m.out, Send{to, message.String()})
}

func (m *Manager) logf(level loglevel.Level, function, format string, args ...any) {
	if m.c.Log.Enabled(level) {
		loglevel.LogfAt(m.c.Log, level, function, format, args...)
	}
}

// user is somebody for package acl.
func (m *Manager) user(name string) acl.User {
	u := acl.User{Name: name}
	if m.c.InGroup != nil {
		u.InGroup = func(group string) bool { return m.c.InGroup(name, group) }
	}
	return u
}

// errLeaving refuses clients of a manager that ends.
var errLeaving = errors.New("the CIB manager shuts down")

// find is a client by its id, or nil.
func (m *Manager) find(id string) *client {
	i := slices.IndexFunc(m.clients, func(c *client) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return m.clients[i]
}
