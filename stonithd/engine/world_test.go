package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/stonithd/agent"
	"github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// world is a cluster in one process: fencers in a group that gives all its members the same
// messages and changes of membership in the same order, each at its own pace.
type world struct {
	rnd   *rand.Rand
	now   time.Time
	nodes []*host
	ids   int
	lost  bool // a node was lost
	log   loglevel.Logger
	// outcome says what an agent does, and how long that takes.
	outcome func(h *host, device string, c *agent.Call, timeout int) (wire.Result, time.Duration)
	// did is what agents have done: DEVICE ACTION TARGET.
	did map[string]bool
	// calls is what agents were called for, in order.
	calls []string
}

// host is a node and the world as its fencer sees it.
type host struct {
	w       *world
	name    string
	engine  *Engine // nil while it is down
	in      []func()
	view    []string
	runs    []run
	replies map[string][]*etree.Element // by client
	events  []*etree.Element
	panics  int
}

type run struct {
	number int
	at     time.Time
	result wire.Result
	what   string
}

// metadata is what the agents of the tests say of themselves.
const metadata = `<resource-agent name="fence_test"><parameters><parameter name="plug"/></parameters><actions>` +
	`<action name="on"/><action name="off"/><action name="reboot"/><action name="status"/><action name="list"/><action name="monitor"/></actions></resource-agent>`

func read(s string) (*etree.Element, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(s); err != nil {
		return nil, err
	}
	if doc.Root() == nil {
		return nil, errors.New("no element")
	}
	return doc.Root(), nil
}

func parse(s string) *etree.Element {
	e, err := read(s)
	if err != nil {
		panic(err)
	}
	return e
}

func text(e *etree.Element) string {
	s, err := etree.NewDocumentWithRoot(e.Copy()).WriteToString()
	if err != nil {
		panic(err)
	}
	return s
}

func newWorld(seed uint64, n int) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_700_000_000, 0), did: map[string]bool{}, log: loglevel.Discard}
	w.outcome = func(*host, string, *agent.Call, int) (wire.Result, time.Duration) { return wire.Result{}, time.Second }
	for i := range n {
		w.nodes = append(w.nodes, &host{w: w, name: fmt.Sprintf("node%d", i+1)})
	}
	for _, h := range w.nodes {
		h.boot()
	}
	return w
}

// boot starts a node with a fencer that knows nothing.
func (h *host) boot() {
	w := h.w
	h.in, h.runs, h.replies = nil, nil, map[string][]*etree.Element{}
	metadataFor := func(name string) (*etree.Element, bool) {
		switch name {
		case "fence_unfence":
			return parse(strings.Replace(metadata, `name="on"`, `name="on" automatic="1" on_target="0"`, 1)), false
		case "fence_off":
			return parse(strings.Replace(strings.Replace(metadata, `<action name="reboot"/>`, "", 1), `<action name="on"/>`, "", 1)), false
		case "fence_gone":
			return nil, true
		}
		return parse(metadata), false
	}
	h.engine = New(Config{
		Node: h.name, System: "pacemaker-fenced", PID: 1, Peers: h, Host: h, Log: w.log,
		Metadata: metadataFor, Namespace: func(string) string { return wire.NamespaceRHCS }, Random: w.rnd.IntN,
		NewID: func() string { w.ids++; return fmt.Sprintf("%s-op%d", h.name, w.ids) }, WatchdogTimeout: func() time.Duration { return 10 * time.Second },
	})
	var names []string
	for _, o := range w.nodes {
		if o.engine != nil {
			names = append(names, o.name)
		}
	}
	for _, o := range w.nodes {
		if o.engine != nil {
			o.in = append(o.in, func() { o.view = names })
		}
	}
	h.view = []string{h.name}
}

// crash stops a node; the others are told.
func (h *host) crash() {
	h.engine, h.in, h.runs = nil, nil, nil
	h.w.lost = true
	var names []string
	for _, o := range h.w.nodes {
		if o.engine != nil {
			names = append(names, o.name)
		}
	}
	for _, o := range h.w.nodes {
		if o.engine != nil {
			o.in = append(o.in, func() {
				o.view = names
				o.engine.PeerLost(h.w.now, h.name)
			})
		}
	}
}

// Peers.

func (h *host) Active() []string { return h.view }

func (h *host) NameOf(id uint32) string {
	if id > 0 && int(id) <= len(h.w.nodes) {
		return h.w.nodes[id-1].name
	}
	return ""
}

func (h *host) ID(name string) uint32 {
	return uint32(slices.IndexFunc(h.w.nodes, func(o *host) bool { return o.name == name }) + 1)
}

func (h *host) Refresh(*etree.Element) {}

func (h *host) Forget(_ uint32, name string) {
	h.events = append(h.events, parse("<forgot name='"+name+"'/>"))
}

// Host.

func (h *host) Send(to string, e *etree.Element) {
	said := text(e)
	for _, o := range h.w.nodes {
		if o.engine != nil && (to == "" || strings.EqualFold(o.name, to)) {
			o.in = append(o.in, func() { o.engine.Message(h.w.now, h.name, parse(said)) })
		}
	}
}

func (h *host) Reply(client string, e *etree.Element, wait bool) {
	e = e.Copy()
	e.CreateAttr("wait", fmt.Sprint(wait))
	h.replies[client] = append(h.replies[client], e)
}

func (h *host) Event(client string, e *etree.Element) { h.events = append(h.events, e.Copy()) }

func (h *host) Notify(kind string, e *etree.Element) {
	if kind != wire.NotifyHistory {
		h.events = append(h.events, e.Copy())
	}
}

func (h *host) Run(number int, device string, c *agent.Call, timeout int) {
	what := fmt.Sprintf("%s %s %s", device, c.Action, c.Target)
	h.w.calls = append(h.w.calls, h.name+": "+what)
	result, takes := h.w.outcome(h, device, c, timeout)
	if limit := time.Duration(timeout) * time.Second; takes >= limit && timeout > 0 {
		takes, result = limit, wire.Result{Exit: crmexit.Error, Exec: wire.ExecTimeout, Reason: "it took too long"}
	}
	h.runs = append(h.runs, run{number, h.w.now.Add(takes), result, what})
}

func (h *host) Panic() { h.panics++ }

// ended gives a fencer the results of runs that are over.
func (h *host) ended() {
	for i := 0; i < len(h.runs); i++ {
		r := h.runs[i]
		if r.at.After(h.w.now) {
			continue
		}
		h.runs = slices.Delete(h.runs, i, i+1)
		i = -1 // there may be new ones, and fewer
		if r.result.OK() {
			h.w.did[r.what] = true
		}
		h.engine.Ran(h.w.now, r.number, &r.result)
	}
}

// busy are the nodes that have something to read.
func (w *world) busy() (hosts []*host) {
	for _, h := range w.nodes {
		if h.engine != nil && len(h.in) > 0 {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// deliver has a node read.
func (h *host) deliver() {
	f := h.in[0]
	h.in = h.in[1:]
	f()
}

// settle lets all messages arrive; no time passes.
func (w *world) settle() {
	for hosts := w.busy(); len(hosts) > 0; hosts = w.busy() {
		hosts[w.rnd.IntN(len(hosts))].deliver()
	}
}

// next is when something happens by itself.
func (w *world) next() (at time.Time) {
	for _, h := range w.nodes {
		if h.engine == nil {
			continue
		}
		at = earliest(at, h.engine.NextDeadline())
		for _, r := range h.runs {
			at = earliest(at, r.at)
		}
	}
	return at
}

// advance goes to a time; what is due until then happens.
func (w *world) advance(to time.Time) {
	for {
		w.settle()
		at := w.next()
		if at.IsZero() || at.After(to) {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		for _, i := range w.rnd.Perm(len(w.nodes)) {
			h := w.nodes[i]
			if h.engine == nil {
				continue
			}
			if w.rnd.IntN(2) == 0 {
				h.ended()
				h.engine.Tick(w.now)
			} else {
				h.engine.Tick(w.now)
				h.ended()
			}
		}
	}
	if to.After(w.now) {
		w.now = to
	}
}

// wait goes on for some seconds.
func (w *world) wait(seconds int) { w.advance(w.now.Add(time.Duration(seconds) * time.Second)) }

// ask sends a client's request.
func (h *host) ask(client string, e *etree.Element) {
	name := client + ".7"
	e.CreateAttr("st_clientid", client)
	e.CreateAttr("st_clientname", name)
	e.CreateAttr("st_clientnode", h.name)
	h.engine.Request(h.w.now, Client{ID: client, Name: name, Privileged: true}, e)
}

func (h *host) command(client, op string, options wire.CallOptions, timeout int, data *etree.Element) {
	h.ask(client, (&wire.Command{Op: op, Client: client, CallID: 2, Options: options, Timeout: timeout, Data: data}).Element())
}

// device registers a device with parameters name=value.
func (h *host) device(id, agent string, params ...string) {
	d := wire.Device{ID: id, Agent: agent, Namespace: wire.NamespaceRHCS}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		d.Params = append(d.Params, wire.Param{Name: name, Value: value})
	}
	h.command("admin", wire.OpDeviceAdd, wire.Sync, 0, d.Element())
}

// fence asks for fencing.
func (h *host) fence(client, action, target string, timeout int) {
	f := wire.Fence{Target: target, Action: action, Timeout: timeout}
	h.command(client, wire.OpFence, wire.AllowSelf, timeout, f.Element())
}

// result is the one answer that a client has got.
func (h *host) result(client string) (r wire.Result, err error) {
	if n := len(h.replies[client]); n != 1 {
		return r, fmt.Errorf("%s on %s has %d answers", client, h.name, n)
	}
	return wire.ResultOf(h.replies[client][0]), nil
}

// failed is an agent that says no.
var failed = wire.Result{Exit: 1, Exec: wire.ExecDone}
