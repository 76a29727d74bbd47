package engine

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	lrmdwire "github.com/ringmaster-ha/ringmaster/lrmd/wire"
	"github.com/ringmaster-ha/ringmaster/pengine/service"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// world is a cluster in one process: controllers with a ring that orders messages, CIB managers
// that share a document as long as they are together, a scheduler that is the real one, and a
// clock that goes from event to event.
type world struct {
	t      *testing.T
	rng    *rand.Rand
	now    time.Time
	events events
	seq    int
	nodes  []*node
	ring   uint64
	ids    int
	// loses tells of messages that do not come to a node.
	loses func(from, to *node, task string) bool
	log   []string
}

type happening struct {
	at  time.Time
	seq int
	f   func()
}

type events []*happening

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(*happening)) }
func (e *events) Pop() any {
	x := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return x
}

// document is a CIB that nodes share.
type document struct{ root *etree.Element }

// node is one machine: its controller, if it runs, and the daemons around it.
type node struct {
	w    *world
	id   uint32
	name string
	part int // which part of a partitioned network it is in

	c      *Controller
	life   int // counts starts: what was under way for an earlier one is dropped
	cache  *peers.Cache
	group  *peers.Group
	view   []peers.Address // of the group, as it was told last
	inbox  time.Time       // when the last message is delivered
	outbox time.Time       // and when the last one is in the ring
	quora  time.Time       // and the last word of quorum
	queue  time.Time       // when the CIB manager has done what it was asked
	doc    *document
	calls  int

	inGroup  bool
	served   bool
	links    [numSubsystems]bool
	exit     *crmexit.Code
	panicked bool
	replies  map[string][]*etree.Element
	alone    bool // the environment asks for a start in standby
	age      time.Duration
	sched    *service.Calculator
	asked    int  // how often the scheduler was
	stuck    bool // the scheduler does not answer
	deaf     bool // the manager of attributes does nothing
	// attributes is what a start learns of that manager, and after how long; there at once if that is 0.
	attributes struct {
		after time.Duration
		err   error
	}
}

const configuration = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="%d" num_updates="0" admin_epoch="0"><configuration>` +
	`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-stonith-enabled" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>` +
	`<nodes/><resources/><constraints/></configuration><status/></cib>`

func parse(t testing.TB, s string) *etree.Element {
	t.Helper()
	d, err := xmltree.Parse([]byte(s), xmltree.DropBlanks)
	if err != nil {
		t.Fatalf("%v: %s", err, s)
	}
	return d.Root()
}

func newWorld(t *testing.T, n int, seed uint64) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 7)), now: time.Unix(1_700_000_000, 0).UTC()}
	for i := range n {
		w.nodes = append(w.nodes, &node{
			w: w, id: uint32(i + 1), name: fmt.Sprintf("node%d", i+1), doc: &document{parse(t, fmt.Sprintf(configuration, 1))},
			age: time.Duration(w.rng.IntN(3000)) * time.Millisecond,
		})
	}
	return w
}

func (w *world) after(d time.Duration, f func()) { w.until(w.now.Add(d), f) }
func (w *world) until(at time.Time, f func()) {
	w.seq++
	heap.Push(&w.events, &happening{at, w.seq, f})
}

// some is a random duration of up to that many milliseconds.
func (w *world) some(ms int) time.Duration {
	return time.Duration(w.rng.IntN(ms*1000)) * time.Microsecond
}

// run lets time pass.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for {
		next, who := end, (*node)(nil)
		for _, n := range w.nodes {
			if n.c == nil {
				continue
			}
			if at := n.c.NextDeadline(); !at.IsZero() && at.Before(next) {
				next, who = at, n
			}
		}
		if len(w.events) > 0 && !w.events[0].at.After(next) && w.events[0].at.Before(end) {
			e := heap.Pop(&w.events).(*happening)
			w.now = later(w.now, e.at)
			e.f()
			continue
		}
		if who == nil {
			w.now = end
			return
		}
		w.now = later(w.now, next)
		who.c.Tick(w.now)
		w.seq++
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Logf keeps what a node says, for when a test fails.
type nodeLog struct{ *node }

func (nodeLog) Enabled(l loglevel.Level) bool { return l <= loglevel.Debug }
func (n nodeLog) Logf(l loglevel.Level, format string, args ...any) {
	n.w.log = append(n.w.log, fmt.Sprintf("%s %s %d: %s", n.w.now.Format("05.000"), n.name, l, fmt.Sprintf(format, args...)))
}

// start starts a node's controller.
func (n *node) start() {
	n.life++
	if n.exit != nil {
		n.forgetStatus()
	}
	n.exit, n.served, n.links, n.replies = nil, false, [numSubsystems]bool{}, map[string][]*etree.Element{}
	n.inbox, n.outbox, n.queue, n.quora = n.w.now, n.w.now, n.w.now, n.w.now
	n.sched = &service.Calculator{Log: loglevel.Discard, Last: func(service.Series) uint32 { return 0 }}
	n.cache = peers.New(peers.Config{
		NameOf:      func(id uint32) string { return n.w.nameOf(id) },
		HasNodeList: func() bool { return true }, KeepLost: true, Log: nodeLog{n},
		Changed: func(c peers.Change) {
			if n.c != nil {
				n.c.PeerChanged(n.w.now, c)
			}
		},
	})
	n.group = &peers.Group{Cache: n.cache, Name: "crmd", Self: n.address()}
	state := ""
	if n.alone {
		state = "standby"
	}
	n.c = New(Config{Host: n, Log: nodeLog{n}, Program: "pacemaker-controld", DCVersion: "2.1.5-a3f44794f94", StartState: state, FencerClient: "pacemaker-controld.1"})
	n.c.Start(n.w.now)
}

func (n *node) address() peers.Address { return peers.Address{Node: n.id, PID: uint32(n.life)} }

func (w *world) nameOf(id uint32) string {
	if id == 0 || int(id) > len(w.nodes) {
		return ""
	}
	return w.nodes[id-1].name
}

// soon has something happen to a node's present controller.
func (n *node) soon(at time.Time, f func()) {
	life := n.life
	n.w.until(at, func() {
		if n.life == life && n.c != nil && n.exit == nil {
			f()
		}
	})
}

// arrives is when what happens now in the ring reaches the node: in order, whatever the delay.
func (n *node) arrives() time.Time {
	n.inbox = later(n.inbox, n.w.now).Add(n.w.some(4))
	return n.inbox
}

// members are the nodes of a part in the group.
func (w *world) members(part int) (list []peers.Address) {
	for _, n := range w.nodes {
		if n.part == part && n.inGroup {
			list = append(list, n.address())
		}
	}
	return list
}

// regroup tells all nodes of the members of their part: the group and, unless only the group has
// changed, quorum, which come in no certain order.
func (w *world) regroup(ring bool) {
	if ring {
		w.ring += 4
	}
	seq := w.ring
	for _, n := range w.nodes {
		if !n.inGroup {
			continue
		}
		members := w.members(n.part)
		group := func() {
			n.soon(n.arrives(), func() {
				var left, joined []peers.Address
				for _, a := range n.view {
					if !slices.Contains(members, a) {
						left = append(left, a)
					}
				}
				for _, a := range members {
					if !slices.Contains(n.view, a) {
						joined = append(joined, a)
					}
				}
				n.view = members
				_ = n.group.Change(w.now, members, left, joined)
			})
		}
		quorum := func() {
			if !ring {
				return
			}
			var ids []uint32
			for _, a := range members {
				ids = append(ids, a.Node)
			}
			n.quora = later(n.quora, n.arrives().Add(w.some(20)))
			n.soon(n.quora, func() {
				n.cache.Ring(seq, ids)
				n.c.Quorate(w.now, seq, 2*len(ids) > len(w.nodes))
			})
		}
		if w.rng.IntN(2) == 0 {
			group()
			quorum()
		} else {
			quorum()
			group()
		}
	}
}

// leave takes a node out of the group, by its own will or not.
func (n *node) leave() {
	if n.inGroup {
		n.inGroup, n.view = false, nil
		n.w.regroup(true)
	}
}

// crash ends a node without a word.
func (n *node) crash() {
	n.life++
	n.c = nil
	n.forgetStatus()
	n.leave()
}

// forgetStatus leaves of the CIB what is on disk.
func (n *node) forgetStatus() {
	n.doc = &document{n.doc.root.Copy()}
	for _, e := range n.doc.root.SelectElement("status").ChildElements() {
		e.Parent().RemoveChild(e)
	}
}

// split puts nodes in parts that do not hear each other.
func (w *world) split(parts ...[]int) {
	for i, part := range parts {
		docs := map[*document]*document{}
		for _, k := range part {
			n := w.nodes[k-1]
			n.part = i
			if docs[n.doc] == nil {
				docs[n.doc] = &document{n.doc.root}
			}
			n.doc = docs[n.doc]
		}
	}
	w.regroup(true)
}

// Host of the node's controller.

func (n *node) Send(to string, _ cpgmsg.Service, e *etree.Element) bool {
	if !n.inGroup {
		return false
	}
	sender, life := n, n.life
	n.outbox = later(n.outbox, n.w.now).Add(n.w.some(8))
	n.w.until(n.outbox, func() { // until the token has come; nodes do not wait for each other
		if sender.life != life || !sender.inGroup {
			return
		}
		for _, m := range n.w.nodes {
			if m.part == sender.part && m.inGroup && (to == "" || strings.EqualFold(to, m.name)) {
				if n.w.loses != nil && n.w.loses(sender, m, e.SelectAttrValue("crm_task", "")) {
					continue
				}
				m.soon(m.arrives(), func() { m.c.PeerMessage(n.w.now, sender.name, e.Copy()) })
			}
		}
	})
	return true
}

func (n *node) CIB(r call.Request, then func(time.Time, *etree.Element, error)) int {
	if !n.links[CIB] {
		return -107
	}
	n.calls++
	n.queue = later(n.queue, n.w.now).Add(n.w.some(3))
	n.soon(n.queue, func() {
		answer, err := n.perform(r)
		if then != nil {
			if answer != nil {
				answer = answer.Copy()
			}
			n.soon(n.w.now.Add(n.w.some(2)), func() { then(n.w.now, answer, err) })
		}
	})
	return n.calls
}

func (n *node) perform(r call.Request) (*etree.Element, error) {
	switch r.Op {
	case call.SetPrimary, call.SetSecondary:
		return nil, nil
	case call.Sync:
		return nil, n.sync(r.Host)
	}
	has := func(o call.Options) bool { return r.Options&o != 0 }
	res, err := ops.Perform(n.doc.root, ops.Request{Op: r.Op, Section: r.Section, Data: r.Data, Options: ops.Options{
		XPath: has(call.XPath), NoChildren: has(call.NoChildren), Multiple: has(call.Multiple), CanCreate: has(call.CanCreate), NoTime: true,
	}})
	if err != nil || res.Patchset == nil {
		return res.Answer, err
	}
	n.doc.root = res.CIB
	for _, m := range n.w.nodes {
		if m.doc == n.doc && m.links[CIB] {
			m.soon(m.arrives(), func() { m.c.CIBDiff(n.w.now, string(r.Op), res.Patchset.Copy()) })
		}
	}
	return res.Answer, nil
}

var errAway = errors.New("no answer")

// sync gives a node's CIB to all in its part.
func (n *node) sync(from string) error {
	for _, source := range n.w.nodes {
		if source.name != from || source.part != n.part || !source.inGroup {
			continue
		}
		for _, m := range n.w.nodes {
			if m.part != n.part || !m.inGroup || m.doc == source.doc {
				continue
			}
			m.doc = source.doc
			notice := etree.NewElement("notify")
			notice.CreateAttr("cib_change_section", "5")
			m.soon(m.arrives(), func() { m.c.CIBReplaced(n.w.now, notice) })
		}
		return nil
	}
	return errAway
}

func (n *node) Attribute(m *attrdwire.Message) {
	if m.Task != attrdwire.Update || n.deaf {
		return
	}
	for _, a := range m.Operations() {
		if a.Name != nil && a.Value != nil {
			n.attribute(*a.Host, *a.Name, *a.Value)
		}
	}
}

// attribute writes a transient attribute to the CIB.
func (n *node) attribute(host, name, value string) {
	id := ""
	for _, x := range n.w.nodes {
		if x.name == host {
			id = strconv.Itoa(int(x.id))
		}
	}
	state := etree.NewElement("node_state")
	state.CreateAttr("id", id)
	state.CreateAttr("uname", host)
	set := state.CreateElement("transient_attributes")
	set.CreateAttr("id", id)
	set = set.CreateElement("instance_attributes")
	set.CreateAttr("id", "status-"+id)
	p := set.CreateElement("nvpair")
	p.CreateAttr("id", "status-"+id+"-"+strings.ReplaceAll(name, "#", "."))
	p.CreateAttr("name", name)
	p.CreateAttr("value", value)
	n.CIB(call.Request{Op: ops.Modify, Section: "status", Data: state, Options: call.CanCreate}, nil)
}

func (n *node) Exec(*lrmdwire.Request) (int, *etree.Element, error) { return 0, nil, nil }
func (n *node) Metadata(_, _, _ string, then func(time.Time, string, error)) {
	n.soon(n.w.now, func() { then(n.w.now, "", errAway) })
}
func (n *node) Fence(*stonithwire.Fence, stonithwire.CallOptions, func(time.Time, stonithwire.Result)) int {
	n.w.t.Error("fencing was asked for")
	return 1
}
func (n *node) SyncFencing() bool { return n.links[Fencer] }
func (n *node) Load() te.Load     { return te.Load{Cores: 1, Average: -1, CIB: -1} }

func (n *node) Schedule(e *etree.Element) bool {
	if !n.links[Scheduler] {
		return false
	}
	n.asked++
	if n.stuck {
		return true
	}
	n.soon(n.w.now.Add(n.w.some(10)), func() {
		out, err := n.sched.Calculate(e, n.w.now)
		if err != nil {
			n.w.t.Errorf("%s: the scheduler: %v", n.name, err)
			return
		}
		n.c.Scheduled(n.w.now, parse(n.w.t, out.Reply))
	})
	return true
}

func (n *node) Reply(client string, e *etree.Element) bool {
	if !strings.HasPrefix(client, "client") {
		return false
	}
	n.replies[client] = append(n.replies[client], e)
	return true
}
func (n *node) Dismiss(client string) { n.replies[client] = append(n.replies[client], nil) }
func (n *node) Serve(on bool) error {
	n.served = on
	return nil
}

func (n *node) Connect(s Subsystem) {
	if s == Attributes && n.attributes.after > 0 {
		n.soon(n.w.now.Add(n.attributes.after), func() { n.c.Connected(n.w.now, s, n.attributes.err) })
		return
	}
	n.soon(n.w.now.Add(n.w.some(30)), func() {
		n.links[s] = true
		if s != ClusterLayer {
			n.c.Connected(n.w.now, s, nil)
			return
		}
		n.inGroup = true
		n.cache.SetProcess(n.cache.Get(n.id, n.name), peers.CPG, true) // as package cluster does
		n.w.regroup(true)
		var list []Node
		for _, m := range n.w.nodes {
			list = append(list, Node{m.id, m.name})
		}
		n.c.Joined(n.w.now, Cluster{Name: n.name, UUID: fmt.Sprint(n.id), ClusterName: "world", Nodes: list, Peers: n.cache})
	})
}

func (n *node) Disconnect(s Subsystem) {
	n.links[s] = false
	if s == ClusterLayer {
		n.leave()
	}
}

func (n *node) SaveCIB(string, *etree.Element) {}
func (n *node) CPUTime() time.Duration         { return n.age }
func (n *node) Watchdog() bool                 { return false }
func (n *node) CheckWatchdog(string)           {}
func (n *node) NewID() string {
	n.w.ids++
	return fmt.Sprintf("%08x-0000-4000-8000-000000000000", n.w.ids)
}
func (n *node) Panic() { n.panicked = true }
func (n *node) Exit(code crmexit.Code) {
	n.exit = &code
	n.w.after(0, n.leave)
}

// show is a node's CIB as text.
func (n *node) show() string { return text.Line(n.doc.root) }

// tail is the end of what the nodes have said.
func (w *world) tail(lines int) string {
	return strings.Join(w.log[max(len(w.log)-lines, 0):], "\n")
}

// lines is how much of what nodes have said a failed test shows.
const lines = 1000
