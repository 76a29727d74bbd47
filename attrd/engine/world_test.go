package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// world is a cluster in one process: engines on a group that gives all its members the
// same messages and changes of membership in the same order, each at its own pace, and a
// CIB for each partition.
type world struct {
	rnd   *rand.Rand
	now   time.Time
	nodes []*host
	parts map[int]*cib // by partition
	ring  int          // numbers partitions
	turns int          // numbers writes
	flaky bool         // writes may fail
	trace func(format string, args ...any)
	// last is what a node's own values are to be: by the last update that was ordered where
	// the node was.
	last map[place]*string
	// ghosts are values that nodes got when they were not there: nobody can be right
	// about those.
	ghosts map[place]bool
	// faulty says that nodes were lost. Values of remote nodes may then differ between
	// partitions, and a writer that does not know it yet may write what the controller
	// has just deleted of a lost node.
	faulty bool
}

// cib is what a partition's CIB has of attributes.
type cib struct{ values map[place]string }

// host is a node and the world as its engine sees it.
type host struct {
	w        *world
	name     string
	id       uint32
	engine   *Engine // nil while it is down
	part     int
	out      []sent
	in       []func(h *host)
	view     map[string]bool
	remotes  map[string]bool
	calls    int
	writes   []write
	capacity time.Duration
}

type sent struct {
	to   string
	m    *wire.Message
	vote *election.Message
}

type write struct {
	call int
	u    *Update
	turn int // among those of all nodes
}

func newWorld(seed uint64, n int) *world {
	w := &world{
		rnd: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_700_000_000, 0),
		parts: map[int]*cib{0: {values: map[place]string{}}}, last: map[place]*string{}, ghosts: map[place]bool{},
		trace: func(string, ...any) {},
	}
	for i := range n {
		w.nodes = append(w.nodes, &host{w: w, name: fmt.Sprintf("node%d", i+1), id: uint32(i + 1)})
	}
	return w
}

// members are the nodes of a partition that are up.
func (w *world) members(part int) (up []*host) {
	for _, h := range w.nodes {
		if h.engine != nil && h.part == part {
			up = append(up, h)
		}
	}
	return up
}

// changed tells a partition who is in it.
func (w *world) changed(part int) {
	view := map[string]bool{}
	for _, h := range w.members(part) {
		view[h.name] = true
	}
	for _, h := range w.members(part) {
		h.in = append(h.in, func(h *host) { h.changeView(view) })
	}
}

func (h *host) changeView(view map[string]bool) {
	old := h.view
	h.view = view
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if !view[name] {
			h.engine.PeerProcess(h.w.now, name, false)
			h.engine.PeerState(h.w.now, name, false, "member")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(view)) {
		if !old[name] {
			h.engine.PeerProcess(h.w.now, name, true)
			h.engine.PeerState(h.w.now, name, true, "")
		}
	}
}

func (w *world) start(h *host, log loglevel.Logger) {
	h.view, h.remotes, h.in, h.out, h.writes = map[string]bool{}, map[string]bool{}, nil, nil, nil
	h.capacity = time.Duration(w.rnd.IntN(200)) * time.Millisecond
	h.engine = New(Config{Node: h.name, ID: h.id, Peers: h, Host: h, Log: log})
	for p := range w.parts[h.part].values {
		if p.host == h.name {
			delete(w.parts[h.part].values, p)
		}
	}
	w.changed(h.part)
	h.in = append(h.in, func(h *host) { h.engine.Start() })
}

func (w *world) crash(h *host) {
	w.faulty = true
	h.engine, h.in, h.out, h.writes = nil, nil, nil, nil
	for p := range w.last {
		if p.host == h.name {
			delete(w.last, p)
		}
	}
	for p := range w.parts[h.part].values {
		if p.host == h.name {
			delete(w.parts[h.part].values, p)
		}
	}
	w.changed(h.part)
}

// split moves a node into a partition of its own, or joins all into one.
func (w *world) split(moving []*host) {
	w.ring++
	w.faulty = true
	from := moving[0].part
	w.parts[w.ring] = &cib{values: maps.Clone(w.parts[from].values)}
	for _, h := range moving {
		h.part = w.ring
	}
	w.changed(from)
	w.changed(w.ring)
}

func (w *world) merge() {
	survivor := w.parts[w.nodes[w.rnd.IntN(len(w.nodes))].part]
	w.ring++
	w.parts = map[int]*cib{w.ring: survivor}
	for _, h := range w.nodes {
		h.part = w.ring
	}
	w.changed(w.ring)
	for _, h := range w.members(w.ring) {
		h.in = append(h.in, func(h *host) { h.engine.Replaced(w.now, "cib_refresh_notify", Sections{Status: true}) })
	}
}

// order puts a node's oldest message into its place among all.
func (w *world) order(h *host) {
	s := h.out[0]
	h.out = h.out[1:]
	w.trace("%s sends to %q: %s%s", h.name, s.to, brief(s.m), vote(s.vote))
	members := w.members(h.part)
	if s.m != nil && (s.m.Task == wire.Update || s.m.Task == wire.UpdateBoth) && s.m.Host != nil && s.m.Name != nil {
		p := place{*s.m.Name, *s.m.Host}
		if slices.ContainsFunc(members, func(to *host) bool { return to.name == p.host }) {
			w.last[p] = s.m.Value
		} else if h.find(p.host) != nil {
			w.ghosts[p] = true
		}
	}
	for _, to := range members {
		if s.to != "" && s.to != to.name {
			continue
		}
		if s.vote != nil {
			m := *s.vote
			to.in = append(to.in, func(to *host) { to.engine.Vote(w.now, &m) })
			continue
		}
		// Each gets a copy of its own, through its bytes.
		m, err := wire.Decode(s.m.Encode())
		if err != nil {
			panic(err)
		}
		from := h.name
		to.in = append(to.in, func(to *host) { to.engine.Deliver(w.now, from, m) })
	}
}

func vote(m *election.Message) string {
	if m == nil {
		return ""
	}
	return m.String()
}

func brief(m *wire.Message) string {
	if m == nil {
		return ""
	}
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s/%s", m.Tag, m.Task)
	for _, u := range append([]wire.Attribute{m.Attribute}, m.Values...) {
		if u.Name != nil {
			fmt.Fprintf(b, " %s[%s]=%s", *u.Name, or(u.Host, "*"), or(u.Value, "nil"))
		}
	}
	return b.String()
}

// write carries out a node's oldest write, or lets it fail.
func (w *world) write(h *host) {
	c := h.writes[0]
	h.writes = h.writes[1:]
	result := crmexit.Legacy(0)
	switch {
	case w.flaky && w.rnd.IntN(4) == 0:
		result = []crmexit.Legacy{-etime, -enxio, -diffFailed, -1}[w.rnd.IntN(4)]
	default:
		store := w.parts[h.part]
		for _, state := range c.u.Status.ChildElements() {
			pair := state.FindElement("transient_attributes/instance_attributes/nvpair")
			id := state.SelectAttrValue("id", "")
			name := id
			for _, n := range w.nodes {
				if id == fmt.Sprint(n.id) {
					name = n.name
				}
			}
			p := place{pair.SelectAttrValue("name", ""), name}
			if pair.SelectAttr("__delete__") != nil {
				delete(store.values, p)
			} else {
				store.values[p] = pair.SelectAttrValue("value", "")
			}
		}
	}
	h.in = append(h.in, func(h *host) { h.engine.Wrote(w.now, c.call, result) })
}

// isNext tells whether a node's oldest write is its partition's. Nobody else's may overtake it:
// a write of a writer that has lost its office meanwhile could undo one of the new writer's, and
// neither would know.
func (w *world) isNext(h *host) bool {
	for _, o := range w.members(h.part) {
		if len(o.writes) > 0 && o.writes[0].turn < h.writes[0].turn {
			return false
		}
	}
	return true
}

// step does something that is due; it tells whether there was something.
func (w *world) step() bool {
	var due []func()
	for _, h := range w.nodes {
		if h.engine == nil {
			continue
		}
		if len(h.out) > 0 {
			due = append(due, func() { w.order(h) })
		}
		if len(h.writes) > 0 && w.isNext(h) {
			due = append(due, func() { w.write(h) })
		}
		if len(h.in) > 0 {
			due = append(due, func() {
				do := h.in[0]
				h.in = h.in[1:]
				do(h)
			})
		}
	}
	if len(due) == 0 {
		return false
	}
	due[w.rnd.IntN(len(due))]()
	return true
}

// settle lets all happen that is under way, timers too.
func (w *world) settle() (steps int) {
	for steps = 0; steps < 20_000; steps++ {
		if w.step() {
			continue
		}
		var next time.Time
		for _, h := range w.nodes {
			if h.engine == nil {
				continue
			}
			if d := h.engine.NextDeadline(); !d.IsZero() && (next.IsZero() || d.Before(next)) {
				next = d
			}
		}
		if next.IsZero() {
			return steps
		}
		w.pass(max(next.Sub(w.now), 0))
	}
	return steps
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	for _, h := range w.nodes {
		if h.engine != nil {
			h.engine.Tick(w.now)
		}
	}
}

// The rest is what an engine sees of its node.

func (h *host) Send(to string, m *wire.Message) {
	// The engine may go on changing what it has sent.
	c := *m
	c.Values = slices.Clone(m.Values)
	h.out = append(h.out, sent{to: to, m: &c})
}
func (h *host) SendVote(m *election.Message) { h.out = append(h.out, sent{to: m.To, vote: m}) }
func (h *host) Modify(u *Update) int {
	h.calls++
	h.w.turns++
	h.writes = append(h.writes, write{h.calls, u, h.w.turns})
	return h.calls
}
func (h *host) CPUTime() time.Duration { return h.capacity }

func (h *host) find(name string) *host {
	for _, n := range h.w.nodes {
		if strings.EqualFold(n.name, name) {
			return n
		}
	}
	return nil
}

func (h *host) UUID(name string) string {
	if n := h.find(name); n != nil {
		return fmt.Sprint(n.id)
	}
	return ""
}
func (h *host) Active(name string) bool { return h.view[name] }
func (h *host) ActiveNames() []string   { return slices.Sorted(maps.Keys(h.view)) }
func (h *host) Known() int              { return len(h.w.nodes) }
func (h *host) NameOf(id uint32) string {
	if int(id) <= len(h.w.nodes) && id > 0 {
		return h.w.nodes[id-1].name
	}
	return ""
}
func (h *host) Node(id uint32, name string) (Node, bool) {
	if h.remotes[name] {
		return Node{Name: name, UUID: name, Remote: true}, true
	}
	if n := h.find(name); n != nil {
		return Node{Name: n.name, ID: n.id, UUID: fmt.Sprint(n.id)}, true
	}
	return Node{Name: name}, true
}
func (h *host) AddRemote(name string) { h.remotes[name] = true }
func (h *host) Forget(name string)    { delete(h.remotes, name) }
