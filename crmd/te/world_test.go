package te_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/crmd/te"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/cpgmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// world is a controller around a Transitioner, and all that it talks to. What is done it writes down.
type world struct {
	t     testing.TB
	te    *te.Transitioner
	now   time.Time
	state fsa.State
	self  string
	dc    bool
	leads string // the name of the DC
	peers *peers.Cache
	load  te.Load

	shuttingDown, refuse, noFencer bool
	joined, calls                  int

	did    []string // each a line
	fences []fenceCall
	writes []func(now time.Time, answer *etree.Element, err error)
	// onSend, if set, sees what a controller is asked for, and does not write it down.
	onSend func(to string, e *etree.Element)
}

type fenceCall struct {
	f    *stonithwire.Fence
	then func(now time.Time, r stonithwire.Result)
}

const theID = "11111111-2222-3333-4444-555555555555"

func newWorld(t testing.TB, nodes ...string) *world {
	w := &world{t: t, now: time.Unix(1700000000, 0), state: fsa.STransitionEngine, self: nodes[0], leads: nodes[0], dc: true, joined: len(nodes), load: te.Load{Cores: 4, Average: -1, CIB: -1}}
	w.peers = peers.New(peers.Config{KeepLost: true})
	for i, n := range nodes {
		p := w.peers.Get(uint32(i+1), n)
		w.peers.SetState(p, peers.Member, 1)
		w.peers.SetProcess(p, peers.CPG, true)
	}
	w.te = te.New(te.Config{Controller: w, Host: w, Log: w, Requests: &crmmsg.Maker{}, Program: "pacemaker-controld", Client: "pacemaker-controld.7"})
	w.te.StartThrottling(w.now)
	w.te.SetOptions(te.Options{FencingAttempts: 3, FenceReaction: "stop"})
	w.te.FencerConnected(w.now)
	w.te.StopFencingSync()
	w.te.Start(w.now)
	w.did = nil
	return w
}

func (w *world) add(format string, args ...any) { w.did = append(w.did, fmt.Sprintf(format, args...)) }

// take gives what was done, and begins anew.
func (w *world) take() string {
	s := strings.Join(w.did, "\n")
	w.did = nil
	return s
}

// Log, of what users read.
func (w *world) Enabled(l loglevel.Level) bool { return l <= loglevel.Info }
func (w *world) Logf(l loglevel.Level, format string, args ...any) {
	w.add("log %d %s", l, fmt.Sprintf(format, args...))
}

// Controller.
func (w *world) State() fsa.State    { return w.state }
func (w *world) Self() string        { return w.self }
func (w *world) DC() string          { return w.leads }
func (w *world) IsDC() bool          { return w.dc }
func (w *world) ShuttingDown() bool  { return w.shuttingDown }
func (w *world) Trigger()            { w.add("trigger") }
func (w *world) InvokeScheduler()    { w.add("A_PE_INVOKE") }
func (w *world) ForgetSchedule()     {}
func (w *world) TransitionEnded()    {}
func (w *world) Peers() *peers.Cache { return w.peers }
func (w *world) Joined() int         { return w.joined }
func (w *world) Input(c fsa.Cause, i fsa.Input, origin string) {
	w.add("input %v %v", c, i)
}

func (w *world) InvokeLocal(now time.Time, msg *etree.Element) { w.Send(w.self, cpgmsg.LRMD, msg) }
func (w *world) ExpectDown(p *peers.Peer)                      { w.add("expect %s down", p.Name) }
func (w *world) PeerDown(p *peers.Peer, full bool) {
	w.add("peer %s down %t", p.Name, full)
	if full && p.State == peers.Unknown {
		w.peers.SetState(p, peers.Lost, 0)
	}
}

func (w *world) NodeState(p *peers.Peer, parts te.NodeParts, origin string) *etree.Element {
	e := etree.NewElement("node_state")
	e.CreateAttr("id", p.UUID)
	e.CreateAttr("uname", p.Name)
	if parts&te.NodeCluster != 0 {
		e.CreateAttr("in_ccm", "false")
	}
	e.CreateAttr("join", "down")
	e.CreateAttr("expected", "down")
	e.CreateAttr("crm-debug-origin", origin)
	return e
}
func (w *world) ForgetNode(name string) { w.add("forget %s", name) }
func (w *world) Exit(c crmexit.Code)    { w.add("exit %d", c) }

// Host.
func (w *world) Send(to string, s cpgmsg.Service, e *etree.Element) bool {
	if w.onSend != nil {
		w.onSend(to, e)
		return !w.refuse
	}
	w.add("send %s %v %s", to, s, text.Line(e))
	return !w.refuse
}

func (w *world) CIB(r call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	w.calls++
	w.add("cib %s %s %#x %s", r.Op, r.Section, int(r.Options), text.Line(r.Data))
	if then != nil {
		w.writes = append(w.writes, then)
	}
	return w.calls
}

func (w *world) Attribute(m *attrdwire.Message) { w.add("attrd %s", text.Line(m.Encode())) }
func (w *world) Fence(f *stonithwire.Fence, o stonithwire.CallOptions, then func(now time.Time, r stonithwire.Result)) int {
	w.calls++
	w.add("fence %s %s %d+%d %#x", f.Action, f.Target, f.Timeout, f.Delay, int(o))
	w.fences = append(w.fences, fenceCall{f, then})
	return w.calls
}

func (w *world) SyncFencing() bool { w.add("sync fencing"); return !w.noFencer }
func (w *world) AlertFencing(n *stonithwire.Notification) {
	w.add("alert %s %s", n.Action, n.Target)
}
func (w *world) Load() te.Load { return w.load }
func (w *world) NewID() string { return theID }
func (w *world) Panic()        { w.add("panic") }

// after lets time pass, and what is due happen.
func (w *world) after(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	for range 1000 {
		at := w.te.NextDeadline()
		if at.IsZero() || at.After(end) {
			w.now = end
			return
		}
		if at.After(w.now) {
			w.now = at
		}
		w.te.Tick(w.now)
	}
	w.t.Fatal("the Transitioner never rests")
}

func parse(t testing.TB, s string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(s); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// invoke gives the Transitioner a graph, as the scheduler's answer to what it was asked.
func (w *world) invoke(graph *etree.Element) {
	e := etree.NewElement("create_reply_adv")
	e.CreateAttr("subt", "response")
	e.CreateAttr("reference", "pe_calc-dc-1-1")
	e.CreateAttr("crm_task", "pe_calc")
	e.CreateAttr("crm-tgraph-in", "pe-input-1.bz2")
	e.CreateElement("crm_xml").AddChild(graph)
	w.te.Invoke(w.now, e, "pe_calc-dc-1-1")
}

// graphs are those that the reference made of the scheduler's CIBs.
func graphs(t testing.TB) []string {
	files, err := filepath.Glob("../../pengine/graph/testdata/*.graph")
	if err != nil || len(files) == 0 {
		t.Fatalf("no graphs: %v", err)
	}
	return files
}

func read(t testing.TB, file string) *etree.Element {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(b))
}
