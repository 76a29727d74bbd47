package te_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/crmd/transition"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/peers"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
	stonithwire "github.com/ringmaster-ha/ringmaster/stonithd/wire"
)

// step is a synapse of a graph as the test reads it for itself: what it does, and what it waits for.
type step struct {
	ids, waits []int
	priority   int
}

// steps reads a graph without package transition.
func steps(t testing.TB, graph *etree.Element) (all []step) {
	number := func(e *etree.Element, name string) int {
		n, err := strconv.Atoi(e.SelectAttrValue(name, "0"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, e := range graph.SelectElements("synapse") {
		s := step{priority: number(e, "priority")}
		for _, a := range e.SelectElement("action_set").ChildElements() {
			s.ids = append(s.ids, number(a, "id"))
		}
		if inputs := e.SelectElement("inputs"); inputs != nil {
			for _, trigger := range inputs.ChildElements() {
				s.waits = append(s.waits, number(trigger.ChildElements()[0], "id"))
			}
		}
		all = append(all, s)
	}
	return all
}

// cluster carries out what a Transitioner asks for, as luck has it.
type cluster struct {
	*world
	rand    *rand.Rand
	steps   []step
	started map[int]bool
	ended   map[int]bool // well
	pseudo  map[int]bool
	fenceOf map[int]string
	lost    map[string]bool
	due     []coming
}

// coming is what is going to happen.
type coming struct {
	at time.Time
	do func()
}

func (c *cluster) later(do func()) {
	c.due = append(c.due, coming{c.now.Add(time.Duration(c.rand.IntN(30000)) * time.Millisecond), do})
}

// settled tells whether an action has ended well. A point in time is what follows from others; some come even after
// failures.
func (c *cluster) settled(id int, seen map[int]bool) bool {
	if c.ended[id] {
		return true
	}
	if !c.pseudo[id] {
		return false
	}
	is, known := seen[id]
	if known {
		return is
	}
	for _, s := range c.steps {
		if slices.Contains(s.ids, id) {
			is = s.priority == status.Infinity || c.all(s.waits, seen)
		}
	}
	seen[id] = is
	return is
}

func (c *cluster) all(ids []int, seen map[int]bool) bool {
	for _, id := range ids {
		if !c.known(id) || c.settled(id, seen) {
			continue
		}
		return false
	}
	return true
}

// known tells whether an action is the graph's; what others wait for may not be.
func (c *cluster) known(id int) bool {
	return slices.ContainsFunc(c.steps, func(s step) bool { return slices.Contains(s.ids, id) })
}

// begin checks that an action may be started now.
func (c *cluster) begin(id int) {
	c.t.Helper()
	if c.started[id] {
		c.t.Fatalf("action %d is started twice", id)
	}
	c.started[id] = true
	for _, s := range c.steps {
		if slices.Contains(s.ids, id) && s.priority != status.Infinity && !c.all(s.waits, map[int]bool{}) {
			c.t.Fatalf("action %d is started before what it waits for: %v of %v", id, s.waits, c.ended)
		}
	}
}

// asked is a message to a controller.
func (c *cluster) asked(to string, e *etree.Element) {
	a := crmmsg.ContentsOf(e)
	if a == nil || e.SelectAttrValue("crm_task", "") == "maintenance_nodes" {
		return
	}
	id, _ := strconv.Atoi(a.SelectAttrValue("id", ""))
	c.begin(id)
	if a.SelectElement("attributes").SelectAttrValue("CRM_meta_op_no_wait", "") == "true" {
		c.ended[id] = true
		return
	}
	result := parse(c.t, history(c.t, e, a))
	node := a.SelectAttrValue("on_node_uuid", "")
	deliver := func(ok bool) func() {
		return func() {
			if c.lost[to] {
				return
			}
			if ok {
				c.ended[id] = true
			} else {
				want, _ := strconv.Atoi(result.SelectAttrValue("rc-code", ""))
				result.CreateAttr("rc-code", strconv.Itoa((want+1)%9))
			}
			if c.rand.IntN(2) == 0 || a.Tag == "crm_event" {
				c.te.Message(c.now, acknowledge(node, result.Copy()))
				return
			}
			c.te.CIBChanged(c.now, "cib_modify", patchset(node, result.Copy()))
			if c.rand.IntN(4) == 0 { // of a failure there are two entries
				c.te.CIBChanged(c.now, "cib_modify", patchset(node, result.Copy()))
			}
		}
	}
	switch n := c.rand.IntN(40); {
	case n == 0: // nobody ever answers
	case n < 4:
		c.later(deliver(false))
	case n == 4 && to == c.self:
		deliver(true)() // while it is started
	default:
		c.later(deliver(true))
	}
}

// history is the entry that an executor writes for a request, if all goes well.
func history(t testing.TB, msg, a *etree.Element) string {
	key := a.SelectAttrValue("transition-key", msg.SelectAttrValue("transition-key", ""))
	parts := strings.Split(key, ":")
	if len(parts) != 4 {
		t.Fatalf("no key: %q", key)
	}
	return fmt.Sprintf(`<lrm_rsc_op id="x" operation_key="%s" operation="%s" on_node="%s" transition-key="%s" call-id="5" rc-code="%s" op-status="0"/>`,
		a.SelectAttrValue("operation_key", ""), a.SelectAttrValue("operation", ""), a.SelectAttrValue("on_node", ""), key, parts[2])
}

// patchset is the change of a CIB that a history entry is.
func patchset(node string, entry *etree.Element) *etree.Element {
	d := etree.NewElement("diff")
	d.CreateAttr("format", "2")
	c := d.CreateElement("change")
	c.CreateAttr("operation", "create")
	c.CreateAttr("path", "/cib/status/node_state[@id='"+node+"']/lrm[@id='"+node+"']/lrm_resources/lrm_resource[@id='r']")
	c.AddChild(entry)
	return d
}

// acknowledge is an executor's direct report of a result.
func acknowledge(node string, entry *etree.Element) *etree.Element {
	e := etree.NewElement("create_request_adv")
	e.CreateAttr("crm_task", "lrm_invoke")
	e.CreateAttr("crm_sys_to", "tengine")
	e.CreateAttr("crm_sys_from", "lrmd")
	s := e.CreateElement("crm_xml").CreateElement("node_state")
	s.CreateAttr("id", node)
	s.CreateElement("lrm").CreateElement("lrm_resources").CreateElement("lrm_resource").AddChild(entry)
	return e
}

// answerFence answers a question to the fencer.
func (c *cluster) answerFence(f fenceCall) {
	id := 0
	for _, e := range c.steps {
		for _, one := range e.ids {
			if c.fenceOf[one] == f.f.Target {
				id = one
			}
		}
	}
	c.begin(id)
	then := func(r stonithwire.Result) func() {
		return func() {
			if r.OK() {
				c.ended[id] = true
			}
			f.then(c.now, r)
		}
	}
	switch c.rand.IntN(8) {
	case 0:
	case 1:
		c.later(then(stonithwire.Result{Exit: crmexit.Error, Exec: stonithwire.ExecError}))
	default:
		c.later(then(stonithwire.Result{}))
	}
}

// run carries out a graph to its end.
func (c *cluster) run() {
	start := c.now
	handled := 0
	answer := func() {
		for ; handled < len(c.fences); handled++ {
			c.answerFence(c.fences[handled])
		}
	}
	for range 100000 {
		answer()
		if c.te.Complete() {
			return
		}
		if c.now.Sub(start) > 6*time.Hour {
			break
		}
		slices.SortStableFunc(c.due, func(a, b coming) int { return a.at.Compare(b.at) })
		next := c.te.NextDeadline()
		if next.IsZero() && len(c.due) == 0 {
			c.t.Fatal("the transition has stalled")
		}
		if len(c.due) > 0 && (next.IsZero() || !next.Before(c.due[0].at)) {
			d := c.due[0]
			c.due = c.due[1:]
			c.now = d.at
			d.do()
			continue
		}
		if next.After(c.now) {
			c.now = next
		}
		c.te.Tick(c.now)
	}
	c.t.Fatalf("the transition does not end: %v", c.te.NextDeadline())
}

func simulate(t *testing.T, file string, seed uint64) {
	graph := read(t, file)
	r := rand.New(rand.NewPCG(seed, 7))
	names, uuids := []string{"node1"}, map[string]string{}
	for _, tag := range []string{"rsc_op", "crm_event"} {
		for _, e := range graph.FindElements("//" + tag) {
			if n := e.SelectAttrValue("on_node", ""); n != "" && e.SelectAttrValue("router_node", "") == "" {
				uuids[n] = e.SelectAttrValue("on_node_uuid", "")
				if !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
		}
	}
	slices.Sort(names)
	c := &cluster{world: newWorld(t, names...), rand: r, steps: steps(t, graph), started: map[int]bool{}, ended: map[int]bool{}, pseudo: map[int]bool{}, lost: map[string]bool{}, fenceOf: map[int]string{}}
	for name, uuid := range uuids {
		c.peers.Get(0, name).UUID = uuid
	}
	for _, e := range graph.FindElements("//action_set/*") {
		id, _ := strconv.Atoi(e.SelectAttrValue("id", ""))
		c.pseudo[id] = e.Tag == "pseudo_event"
		if e.SelectAttrValue("operation", "") == "stonith" && e.Tag == "crm_event" {
			c.fenceOf[id] = e.SelectAttrValue("on_node", "")
		}
		if e.SelectAttrValue("operation", "") == "do_shutdown" && e.SelectAttrValue("on_node", "") == c.self {
			c.pseudo[id] = true
		}
	}
	c.onSend = c.asked
	if r.IntN(2) == 0 {
		graph.CreateAttr("batch-limit", strconv.Itoa(r.IntN(4)))
	}
	if len(names) > 1 && r.IntN(3) == 0 {
		c.later(func() {
			p := c.peers.Get(0, names[r.IntN(len(names)-1)+1])
			c.lost[p.Name] = true
			c.peers.SetState(p, peers.Lost, 0)
			c.te.Abort(c.now, transition.Infinity, transition.Restart, "Node failure", nil, "peer_update_callback")
			c.te.PeerLost(c.now, p)
		})
	}
	if r.IntN(4) == 0 {
		c.later(func() { c.te.CIBChanged(c.now, "cib_modify", parse(t, configuration)) })
	}
	c.invoke(graph)
	c.run()
	if all := strings.Join(c.did, "\n"); !strings.Contains(all, "I_TE_SUCCESS") && !strings.Contains(all, "I_PE_CALC") && !strings.Contains(all, "I_TERMINATE") {
		t.Errorf("nothing follows from the end:\n%s", all)
	}
}

const configuration = `<diff format="2"><change operation="create" path="/cib/configuration/resources" position="1"><primitive id="new"/></change></diff>`

// Whatever happens, no action is started twice or before what it waits for, and each transition ends.
func TestSimulation(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 5
	}
	for _, file := range graphs(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".graph"), func(t *testing.T) {
			for seed := range seeds {
				simulate(t, file, seed)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}
