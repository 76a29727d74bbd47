package sim

import (
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	cibclient "github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/manager"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

const groupCIB = "cib"

// cibManager is a node's pacemaker-based.
type cibManager struct {
	n       *node
	m       *manager.Manager
	clients map[string]*cibClient
	active  map[uint32]bool
	due     time.Time
	epoch   string // of the CIB when last looked at
}

// cibClient is a daemon's connection to it.
type cibClient struct {
	c       *cibManager
	id      string
	calls   int
	waiting map[int]func(now time.Time, answer *etree.Element, err error)
	arrival time.Time
	changed func(ev cibclient.Event) // of NotifyDiff and NotifyReplace
}

func parse(document string) *etree.Element {
	doc, err := xmltree.Parse([]byte(document), xmltree.KeepText)
	if err != nil {
		panic(err) // our own cores have written it
	}
	return doc.Root()
}

func (n *node) startCIB() {
	c := &cibManager{n: n, clients: map[string]*cibClient{}, active: map[uint32]bool{}}
	n.cib = c
	var read *etree.Element
	if n.disk != "" {
		read = parse(n.disk)
	}
	cib, status := manager.Prepare(read, false, loglevel.Discard)
	m, actions := manager.New(manager.Config{Node: n.name, CIB: cib, Status: status, DaemonUser: "hacluster", Log: n.log})
	c.m = m
	c.do(actions)
	n.join(groupCIB, c)
}

func (c *cibManager) message(from *node, _ cpgmsg.Service, document string) {
	c.do(c.m.Deliver(c.n.w.now, from.name, parse(document)))
}

func (c *cibManager) changed(_, left, joined []peers.Address) {
	for _, a := range left {
		c.do(c.m.Peer(c.n.w.nodes[a.Node-1].name, false))
	}
	for _, a := range joined {
		c.do(c.m.Peer(c.n.w.nodes[a.Node-1].name, true))
	}
}

// do carries out what the manager says.
func (c *cibManager) do(actions []manager.Action) {
	w := c.n.w
	if epoch := c.m.CIB().SelectAttrValue("epoch", ""); w.course.Administrators && epoch != c.epoch {
		c.epoch = epoch
		w.admin.changed(c.n, c.m.CIB())
	}
	for _, a := range actions {
		switch a := a.(type) {
		case manager.Send:
			c.n.send(groupCIB, a.To, cpgmsg.CIB, a.Text)
		case manager.Respond:
			c.clients[a.Client].receive(a.Text.String())
		case manager.Event:
			for _, id := range a.Clients {
				c.clients[id].receive(a.Text.String())
			}
		case manager.Write:
			document := text.Line(a.CIB)
			w.after(w.between(time.Millisecond, 30*time.Millisecond), c.n, func() {
				c.n.disk = document
				c.do(c.m.Written(nil))
			})
		}
	}
	c.arm()
}

func (c *cibManager) arm() {
	at, ok := c.m.Deadline()
	if !ok || at.Equal(c.due) {
		return
	}
	c.due = at
	c.n.w.at(at, c.n, func() {
		if c.due.Equal(at) {
			c.due = time.Time{}
			c.do(c.m.Tick(c.n.w.now))
		}
	})
}

// open is a connection of a daemon; changed, if not nil, hears of changes.
func (c *cibManager) open(name string, changed func(cibclient.Event)) *cibClient {
	cl := &cibClient{c: c, id: c.n.name + "-" + name, waiting: map[int]func(time.Time, *etree.Element, error){}, changed: changed}
	c.clients[cl.id] = cl
	if err := c.m.Connect(manager.Client{ID: cl.id, User: "root", PID: 1, Name: name}); err != nil {
		panic(err)
	}
	if changed != nil {
		for _, kind := range []cibclient.Notification{cibclient.NotifyDiff, cibclient.NotifyReplace} {
			c.do(c.m.Request(c.n.w.now, cl.id, manager.Request{XML: cibclient.Subscription(kind, true)}))
		}
	}
	return cl
}

// ask asks for something; then, if not nil, hears the answer.
func (cl *cibClient) ask(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	cl.calls++
	number := cl.calls
	if then != nil {
		cl.waiting[number] = then
	}
	m := cibclient.Encode(&r, r.User, cl.id, number)
	c := cl.c
	cl.later(func() { c.do(c.m.Request(c.n.w.now, cl.id, manager.Request{ID: int32(number), XML: m})) })
	return number
}

// later has something happen at one end of the connection when it has come there from the other.
func (cl *cibClient) later(do func()) {
	w := cl.c.n.w
	at := w.now.Add(w.between(20*time.Microsecond, time.Millisecond))
	if at.Before(cl.arrival) {
		at = cl.arrival
	}
	cl.arrival = at
	w.at(at, cl.c.n, do)
}

func (cl *cibClient) receive(document string) {
	if cl == nil {
		return
	}
	cl.later(func() {
		ev, err := cibclient.Decode(parse(document))
		if err != nil {
			cl.c.n.w.fail("%s: the CIB manager says %s: %v", cl.id, document, err)
			return
		}
		if ev.Kind != "" {
			cl.changed(ev)
			return
		}
		then := cl.waiting[ev.Call]
		delete(cl.waiting, ev.Call)
		if then != nil {
			then(cl.c.n.w.now, ev.Answer, ev.Err)
		}
	})
}
