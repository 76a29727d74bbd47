package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/election"
)

// lines keeps what is logged at level info and above.
type lines struct{ all []string }

func (l *lines) Enabled(loglevel.Level) bool { return true }
func (l *lines) Logf(level loglevel.Level, format string, args ...any) {
	if level <= loglevel.Info {
		l.all = append(l.all, fmt.Sprintf(format, args...))
	}
}

// stage is one engine, on node1 of three that are there; what the others say is the test's.
type stage struct {
	*host
	log lines
}

func newStage(writer bool) *stage {
	w := newWorld(1, 3)
	s := &stage{host: w.nodes[0]}
	s.view, s.remotes = map[string]bool{"node1": true, "node2": true, "node3": true}, map[string]bool{}
	s.engine = New(Config{Node: s.name, ID: s.id, Peers: s.host, Host: s.host, Log: &s.log})
	if writer {
		s.engine.vote(w.now)
		round := s.out[0].vote.Round
		for _, from := range []string{"node1", "node2", "node3"} {
			s.engine.Vote(w.now, &election.Message{Op: election.OpNoVote, From: from, Version: "3.16.1", Owner: "1", Round: round})
		}
		s.deliver("node1", &wire.Message{Task: wire.SyncResponse, Writer: election.Won})
	} else {
		s.engine.writer = "node2"
	}
	s.out = nil
	return s
}

func (s *stage) deliver(from string, m *wire.Message) { s.engine.Deliver(s.w.now, from, m) }

func (s *stage) pass(d time.Duration) {
	s.w.now = s.w.now.Add(d)
	s.engine.Tick(s.w.now)
}

// sent are the messages since it was last called.
func (s *stage) sent() []string {
	var all []string
	for _, m := range s.out {
		if m.vote != nil {
			all = append(all, fmt.Sprintf("%s to %q", m.vote.Op, m.to))
			continue
		}
		line := text.Line(m.m.Encode())
		if m.to != "" {
			line = "to " + m.to + ": " + line
		}
		all = append(all, line)
	}
	s.out = nil
	return all
}

// written are the writes since it was last called: "call: node_state=value ...".
func (s *stage) written() []string {
	var all []string
	for _, c := range s.writes {
		line := fmt.Sprintf("%d:", c.call)
		for _, state := range c.u.Status.ChildElements() {
			pair := state.FindElement("transient_attributes/instance_attributes/nvpair")
			line += " " + pair.SelectAttrValue("name", "") + "[" + state.SelectAttrValue("id", "") + "]=" + pair.SelectAttrValue("value", "") + pair.SelectAttrValue("__delete__", "")
		}
		all = append(all, line)
	}
	s.writes = nil
	return all
}

func update(task wire.Task, name, host, value string) *wire.Message {
	m := &wire.Message{Task: task, Attribute: wire.Attribute{Name: &name, Host: &host}}
	if value != "" {
		m.Value = &value
	}
	if host == "" {
		m.Host = nil
	}
	return m
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRequests is what a client's request leads to: who acknowledges it, and what the peers
// are told.
func TestRequests(t *testing.T) {
	known := func(s *stage) {
		for _, name := range []string{"a1", "a2", "fail-count-r#monitor_10000", "last-failure-r#start_0", "fail-count-q#start_0"} {
			s.deliver("node2", update(wire.Update, name, "node1", "7"))
		}
	}
	protocol4 := func(s *stage) { s.deliver("node2", update(wire.Update, wire.ProtocolName, "node2", "4")) }
	const tail = ` attr_version="4" attr_writer="0"/>`
	for _, tt := range []struct {
		name   string
		before []func(*stage)
		m      *wire.Message
		ack    string
		sent   []string
		failed string // what the log says of it
	}{
		{name: "own node", m: update(wire.Update, "x", "", "1"), ack: "handle_update_request",
			sent: []string{`<create_attrd_op t="attrd" attr_name="x" task="update" attr_value="1" attr_host="node1" attr_host_id="1"` + tail}},
		{name: "other node", m: update(wire.Update, "x", "node3", "1"), ack: "handle_update_request",
			sent: []string{`<create_attrd_op t="attrd" attr_name="x" task="update" attr_value="1" attr_host="node3"` + tail}},
		{name: "increment of nothing", m: update(wire.Update, "x", "node3", "value++"), ack: "handle_update_request",
			sent: []string{`<create_attrd_op t="attrd" attr_name="x" task="update" attr_value="1" attr_host="node3"` + tail}},
		{name: "increment", before: []func(*stage){known}, m: update(wire.Update, "a1", "", "value+=35"), ack: "handle_update_request",
			sent: []string{`<create_attrd_op t="attrd" attr_name="a1" task="update" attr_value="42" attr_host="node1" attr_host_id="1"` + tail}},
		{name: "delay of nothing", m: update(wire.UpdateDelay, "x", "", ""), ack: "handle_update_request",
			failed: "Processed update-delay request from client test: Error (Attribute x does not exist)"},
		{name: "pattern", before: []func(*stage){known}, m: &wire.Message{Task: wire.Update, Attribute: wire.Attribute{Pattern: new("^a[0-9]$"), Value: new("v")}}, ack: "handle_update_request",
			sent: []string{
				`<create_attrd_op t="attrd" attr_name="a1" attr_regex="^a[0-9]$" task="update" attr_value="v"` + tail,
				`<create_attrd_op t="attrd" attr_name="a2" attr_regex="^a[0-9]$" task="update" attr_value="v"` + tail,
			}},
		{name: "bad pattern", m: &wire.Message{Task: wire.Update, Attribute: wire.Attribute{Pattern: new("(")}}, ack: "handle_update_request",
			failed: "Processed update request from client test: Error (Bad regex '(' for update from client test)"},
		{name: "nothing", m: &wire.Message{Task: wire.Update}, ack: "handle_update_request",
			failed: "Processed update request from client test: Error (Client test update request did not specify attribute or regular expression)"},
		{name: "clear failure, old peers", before: []func(*stage){known}, m: &wire.Message{Task: wire.ClearFailure, Attribute: wire.Attribute{Resource: new("r"), Host: new("node2")}}, ack: "attrd_client_clear_failure",
			sent: []string{
				`<create_attrd_op t="attrd" attr_name="fail-count-r#monitor_10000" attr_regex="^(fail-count|last-failure)-r(#.+_[0-9]+)?$" task="update" attr_host="node2" attr_resource="r"` + tail,
				`<create_attrd_op t="attrd" attr_name="last-failure-r#start_0" attr_regex="^(fail-count|last-failure)-r(#.+_[0-9]+)?$" task="update" attr_host="node2" attr_resource="r"` + tail,
			}},
		{name: "clear failure", before: []func(*stage){protocol4}, m: &wire.Message{Task: wire.ClearFailure, Attribute: wire.Attribute{Resource: new("r")}}, ack: "attrd_client_clear_failure",
			sent: []string{`<create_attrd_op t="attrd" task="clear-failure" attr_resource="r"` + tail}},
		{name: "several, old peers", m: &wire.Message{Task: wire.Update, Values: []wire.Attribute{{Name: new("x"), Value: new("1")}, {Name: new("y"), Host: new("node2")}}}, ack: "handle_update_request",
			sent: []string{
				`<create_attrd_op t="attrd" attr_name="x" task="update" attr_value="1" attr_host="node1" attr_host_id="1"` + tail,
				`<create_attrd_op t="attrd" attr_name="y" task="update" attr_host="node2"` + tail,
			}},
		{name: "several", before: []func(*stage){protocol4}, m: &wire.Message{Task: wire.Update, Values: []wire.Attribute{{Name: new("x"), Value: new("1")}, {Name: new("y"), Host: new("node2")}}}, ack: "handle_update_request",
			sent: []string{`<create_attrd_op t="attrd" task="update" attr_version="4" attr_writer="0"><op attr_name="x" attr_value="1" attr_host="node1" attr_host_id="1"/><op attr_name="y" attr_host="node2"/></create_attrd_op>`}},
		{name: "several without names", before: []func(*stage){protocol4}, m: &wire.Message{Task: wire.Update, Values: []wire.Attribute{{Value: new("1")}}}, ack: "handle_update_request",
			failed: "Processed update request from client test: Error (Client test update request did not specify attribute or regular expression)"},
		{name: "remove by id", m: &wire.Message{Task: wire.PeerRemove, Attribute: wire.Attribute{HostID: 3}}, ack: "attrd_client_peer_remove",
			sent: []string{`<create_attrd_op t="attrd" task="peer-remove" attr_host="node3" attr_host_id="3"` + tail}},
		{name: "remove nobody", m: &wire.Message{Task: wire.PeerRemove}, ack: "attrd_client_peer_remove",
			failed: "Ignoring request by client test to remove all peer values without specifying peer"},
		{name: "sync is not for clients", m: &wire.Message{Task: wire.Sync},
			failed: "Processed sync request from client test: Cannot execute now (Unknown request type 'sync' (bug?))"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(false)
			for _, f := range tt.before {
				f(s)
			}
			s.out, s.log.all = nil, nil
			a := s.engine.Request(s.w.now, "test", tt.m)
			if got := ""; a.Reply != nil || a.Ack != nil && a.Ack.Function != tt.ack || a.Ack == nil && got != tt.ack {
				t.Errorf("answer %+v %+v", a.Ack, a.Reply)
			}
			expect(t, "sent", s.sent(), tt.sent...)
			if tt.failed != "" && !slices.Contains(s.log.all, tt.failed) {
				t.Errorf("logged %q, want %q", s.log.all, tt.failed)
			}
		})
	}
}

func TestQuery(t *testing.T) {
	s := newStage(false)
	for _, h := range []string{"node3", "node1", "node2"} {
		s.deliver(h, update(wire.Update, "a", h, "v"+h))
	}
	s.deliver("node2", update(wire.Update, "a", "node2", ""))
	for _, tt := range []struct{ name, host, want string }{
		{"a", "", `<build_query_reply t="attrd" subt="query" attr_name="a" attr_version="4"><node attr_host="node2"/><node attr_value="vnode1" attr_host="node1"/><node attr_value="vnode3" attr_host="node3"/></build_query_reply>`},
		{"a", "NODE3", `<build_query_reply t="attrd" subt="query" attr_name="a" attr_version="4"><node attr_value="vnode3" attr_host="NODE3"/></build_query_reply>`},
		{"a", "localhost", `<build_query_reply t="attrd" subt="query" attr_name="a" attr_version="4"><node attr_value="vnode1" attr_host="node1"/></build_query_reply>`},
		{"a", "nobody", `<build_query_reply t="attrd" subt="query" attr_name="a" attr_version="4"><node attr_host="nobody"/></build_query_reply>`},
		{"b", "", `<build_query_reply t="attrd" subt="query" attr_version="4"/>`},
	} {
		a := s.engine.Request(s.w.now, "test", update(wire.Query, tt.name, tt.host, ""))
		if a.Reply == nil || a.Ack != nil {
			t.Fatalf("%s on %q: no answer", tt.name, tt.host)
		}
		if got := text.Line(a.Reply.Encode()); got != tt.want {
			t.Errorf("%s on %q:\n%s\nwant\n%s", tt.name, tt.host, got, tt.want)
		}
	}
}

func TestExpressions(t *testing.T) {
	for _, tt := range []struct {
		value, old string
		want       int
		no         bool
	}{
		{value: "value++", want: 1}, {value: "value++", old: "4", want: 5}, {value: "count++", old: "x", want: 1},
		{value: "value+=7", old: "-3", want: 4}, {value: "value+=INFINITY", old: "1", want: 1000000}, {value: "value++", old: "INFINITY", want: 1000000},
		{value: "value+=-INFINITY", old: "5", want: -999995}, {value: "value+=", old: "5", want: 5},
		{value: "value+", no: true}, {value: "value", no: true}, {value: "values++", no: true}, {value: "++", no: true}, {no: true},
	} {
		if got := isExpression(tt.value); got == tt.no {
			t.Errorf("%q is an expression: %v", tt.value, got)
		} else if got {
			if n := expand(tt.value, tt.old); n != tt.want {
				t.Errorf("%q of %q is %d, want %d", tt.value, tt.old, n, tt.want)
			}
		}
	}
}

// TestWrites is a story of the writer and the CIB.
func TestWrites(t *testing.T) {
	s := newStage(true)
	s.deliver("node1", update(wire.Update, "a", "node1", "1"))
	expect(t, "first", s.written(), "1: a[1]=1")
	s.deliver("node2", update(wire.Update, "a", "node2", "2"))
	expect(t, "while that is under way", s.written())
	s.engine.Wrote(s.w.now, 99, 0)
	expect(t, "after another's answer", s.written())
	s.engine.Wrote(s.w.now, 1, 0)
	expect(t, "after the answer", s.written(), "2: a[2]=2 a[1]=1")
	s.engine.Wrote(s.w.now, 2, -etime)
	expect(t, "after a failure", s.written())
	s.deliver("node2", update(wire.Update, "a", "node2", "3"))
	expect(t, "while that waits", s.written())
	s.pass(retryDelay)
	expect(t, "two seconds later", s.written(), "3: a[2]=3 a[1]=1")
	s.engine.Wrote(s.w.now, 3, 0)
	expect(t, "in the end", s.written())
	if next := s.engine.NextDeadline(); !next.IsZero() {
		t.Errorf("something is due at %v", next)
	}
	s.deliver("node2", update(wire.Update, "a", "node2", ""))
	expect(t, "unset", s.written(), "4: a[2]=value a[1]=1")
	s.pass(writeTimeout)
	s.pass(retryDelay)
	expect(t, "without an answer", s.written(), "5: a[2]=value a[1]=1")
	s.engine.Replaced(s.w.now, "cib_refresh_notify", Sections{Status: true})
	expect(t, "replaced while that is under way", s.written())
	s.engine.Wrote(s.w.now, 5, 0)
	s.engine.Replaced(s.w.now, "cib_refresh_notify", Sections{})
	expect(t, "replaced elsewhere", s.written())
	s.engine.Replaced(s.w.now, "cib_refresh_notify", Sections{Nodes: true})
	expect(t, "replaced", s.written(), "6: a[2]=value a[1]=1")
	s.engine.Wrote(s.w.now, 6, 0)
	s.deliver("node1", update(wire.Update, wire.ShutdownName, "node1", "1700000000"))
	s.written()
	s.engine.Replaced(s.w.now, "cib_refresh_notify", Sections{Nodes: true})
	expect(t, "replaced while this node shuts down", s.written())
}

// TestXML is what goes into the CIB for one value that is set and one that is not.
func TestXML(t *testing.T) {
	s := newStage(true)
	s.deliver("node2", &wire.Message{Task: wire.Update, Attribute: wire.Attribute{Name: new("f#x:1"), Host: new("node2"), Value: new("v"), Set: new("my:set"), User: new("joe")}})
	if u := s.writes[0].u; u.User != "joe" || u.Deletes {
		t.Errorf("user %q, deletes %v", u.User, u.Deletes)
	}
	got := text.Line(s.writes[0].u.Status)
	if want := `<status><node_state id="2"><transient_attributes id="2"><instance_attributes id="my.set"><nvpair id="my.set-f.x.1" name="f#x:1" value="v"/></instance_attributes></transient_attributes></node_state></status>`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	s.deliver("node2", update(wire.Update, "b", "node2", "1"))
	s.engine.Wrote(s.w.now, 2, 0)
	s.written()
	s.deliver("node2", update(wire.Update, "b", "node2", ""))
	if !s.writes[0].u.Deletes {
		t.Error("does not delete")
	}
	got = text.Line(s.writes[0].u.Status)
	if want := `<status><node_state id="2"><transient_attributes id="2"><instance_attributes id="status-2"><nvpair id="status-2-b" name="b" value="" __delete__="value"/></instance_attributes></transient_attributes></node_state></status>`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestDelay(t *testing.T) {
	s := newStage(true)
	both := update(wire.UpdateBoth, "d", "node1", "1")
	both.Dampening = new("5s")
	s.deliver("node1", both)
	s.pass(4 * time.Second)
	s.deliver("node1", update(wire.Update, "d", "node1", "2"))
	s.pass(4 * time.Second)
	expect(t, "before the delay is over", s.written())
	s.pass(time.Second)
	expect(t, "after", s.written(), "1: d[1]=2")
	s.engine.Wrote(s.w.now, 1, 0)
	s.deliver("node1", update(wire.Update, "d", "node1", "3"))
	s.engine.Request(s.w.now, "test", &wire.Message{Task: wire.Refresh})
	expect(t, "refresh does not wait", s.written(), "2: d[1]=3")
	s.engine.Wrote(s.w.now, 2, -etime)
	s.pass(retryDelay)
	expect(t, "a failed write waits as long as others", s.written())
	s.pass(3 * time.Second)
	expect(t, "and goes out", s.written(), "3: d[1]=3")
	s.engine.Wrote(s.w.now, 3, 0)
	s.deliver("node1", update(wire.Update, "d", "node1", "4"))
	delay := update(wire.UpdateDelay, "d", "", "")
	delay.Dampening = new("0")
	s.deliver("node1", delay)
	expect(t, "a new delay", s.written(), "4: d[1]=4")
	s.engine.Wrote(s.w.now, 4, 0)
	// A peer's table says to write what is as it was.
	delay.Dampening = new("9")
	s.deliver("node1", delay)
	s.written()
	s.engine.Wrote(s.w.now, 5, 0)
	force := update(wire.Update, "d", "node1", "4")
	force.Force = wire.Yes
	s.deliver("node1", force)
	s.engine.writeAll(s.w.now, false, false)
	expect(t, "force", s.written(), "6: d[1]=4")
	for _, bad := range []*string{nil, new("x"), new("-3")} {
		delay.Dampening = bad
		s.deliver("node1", delay)
	}
	if a, _ := s.engine.attributes.get("d"); a.delay != 9*time.Second {
		t.Errorf("delay %v after wrong ones", a.delay)
	}
}

func TestPrivate(t *testing.T) {
	s := newStage(true)
	m := update(wire.Update, "p", "node1", "1")
	m.Private = wire.Yes
	s.deliver("node1", m)
	expect(t, "private", s.written())
}

// TestTables: of its own values a node believes itself only.
func TestTables(t *testing.T) {
	s := newStage(false)
	s.deliver("node1", update(wire.Update, "mine", "node1", "1"))
	s.deliver("node1", update(wire.Update, "unseen", "node1", "2"))
	s.deliver("node2", update(wire.Update, "theirs", "node2", "3"))
	s.sent()
	s.deliver("node2", &wire.Message{Task: wire.SyncResponse, Writer: election.Won, Values: []wire.Attribute{
		{Name: new("mine"), Host: new("node1"), Value: new("other"), Dampening: new("0")},
		{Name: new("theirs"), Host: new("node2"), Value: new("4"), Dampening: new("0")},
		{Name: new("far"), Host: new("remote1"), Value: new("5"), Dampening: new("0"), Remote: wire.Yes},
		{Name: new("undelayed"), Host: new("node2"), Value: new("6")},
	}})
	got := s.engine.table()
	if want := map[place]string{{"mine", "node1"}: "1", {"unseen", "node1"}: "2", {"theirs", "node2"}: "4", {"far", "remote1"}: "5"}; !maps.Equal(got, want) {
		t.Errorf("table %v, want %v", got, want)
	}
	const common = ` attr_dampening="0" attr_host="node1" attr_is_private="0" attrd_is_force_write="0"/>`
	expect(t, "told", s.sent(),
		`<broadcast_local_value t="attrd" task="sync-response" attr_version="4" attr_writer="0"><attrd_add_value_xml attr_name="mine" attr_value="1"`+common+`</broadcast_local_value>`,
		`<broadcast_unseen_local_values t="attrd" task="sync-response" attr_version="4" attr_writer="0"><attrd_add_value_xml attr_name="unseen" attr_value="2"`+common+`</broadcast_unseen_local_values>`)
	if !s.remotes["remote1"] {
		t.Error("remote1 is not known as a remote node")
	}
}

// TestOvertaken: what changes while a table is on its way to a node is told it again.
func TestOvertaken(t *testing.T) {
	s := newStage(true)
	s.deliver("node2", update(wire.Update, "a", "node2", "1"))
	s.engine.PeerState(s.w.now, "node3", true, "")
	const before, after = `<attrd_add_value_xml attr_name="a" attr_value="`, `" attr_dampening="0" attr_host="node2" attr_host_id="2" attr_is_private="0" attrd_is_force_write="0"/></attrd_peer_sync>`
	const flush = `to node1: <attrd_peer_sync t="attrd" task="flush" attr_version="4" attr_writer="3"/>`
	expect(t, "told", s.sent(), `to node3: <attrd_peer_sync t="attrd" task="sync-response" attr_version="4" attr_writer="3">`+before+"1"+after, flush)
	s.deliver("node2", update(wire.Update, "a", "node2", "2"))
	s.deliver("node1", &wire.Message{Task: wire.Flush})
	expect(t, "told again", s.sent(), `to node3: <attrd_peer_sync t="attrd" task="sync-response" attr_version="4" attr_writer="2">`+before+"2"+after, flush)
	s.deliver("node1", &wire.Message{Task: wire.Flush})
	s.deliver("node1", &wire.Message{Task: wire.Flush})
	expect(t, "in the end", s.sent())
}

func TestRemovals(t *testing.T) {
	s := newStage(false)
	for _, h := range []string{"node1", "node2", "node3"} {
		s.deliver(h, update(wire.Update, "a", h, "1"))
	}
	s.deliver("node1", update(wire.PeerRemove, "x", "NODE3", ""))
	s.engine.PeerState(s.w.now, "node2", false, "member")
	if got := s.engine.table(); !maps.Equal(got, map[place]string{{"a", "node1"}: "1"}) {
		t.Errorf("table %v", got)
	}
	expect(t, "the writer's loss", s.sent(), `vote to ""`)
	s.deliver("node1", update(wire.Update, "a", "", "all"))
	if got := s.engine.table(); !maps.Equal(got, map[place]string{{"a", "node1"}: "all"}) {
		t.Errorf("table %v after an update of all nodes", got)
	}
	s.deliver("node1", update(wire.Update, "fail-count-r#monitor_10000", "node1", "1"))
	s.deliver("node1", update(wire.Update, "fail-count-r#start_0", "node1", "1"))
	s.deliver("node3", &wire.Message{Task: wire.ClearFailure, Attribute: wire.Attribute{Resource: new("r"), Operation: new("monitor"), Interval: new("10s"), Host: new("node1")}})
	if got := s.engine.table(); !maps.Equal(got, map[place]string{{"a", "node1"}: "all", {"fail-count-r#start_0", "node1"}: "1"}) {
		t.Errorf("table %v after clearing a failure", got)
	}
}

func TestFailurePatterns(t *testing.T) {
	for _, tt := range []struct {
		u    wire.Attribute
		want string
	}{
		{wire.Attribute{}, "^(fail-count|last-failure)-"},
		{wire.Attribute{Resource: new("r")}, "^(fail-count|last-failure)-r(#.+_[0-9]+)?$"},
		{wire.Attribute{Resource: new("r"), Operation: new("start")}, "^(fail-count|last-failure)-r(#start_0)?$"},
		{wire.Attribute{Resource: new("r"), Operation: new("monitor"), Interval: new("1m")}, "^(fail-count|last-failure)-r(#monitor_60000)?$"},
		{wire.Attribute{Resource: new("r"), Operation: new("monitor"), Interval: new("PT10S")}, "^(fail-count|last-failure)-r(#monitor_10000)?$"},
	} {
		if got := failurePattern(&tt.u); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.u, got, tt.want)
		}
	}
}

// TestWriters: two that hold themselves for the writer hold an election.
func TestWriters(t *testing.T) {
	s := newStage(true)
	s.deliver("node2", &wire.Message{Task: wire.SyncResponse, Writer: election.Won})
	if got := s.sent(); len(got) == 0 || got[0] != `vote to ""` {
		t.Errorf("sent %q", got)
	}
	s = newStage(false)
	s.deliver("node3", &wire.Message{Task: wire.SyncResponse, Writer: election.Won})
	if s.engine.writer != "node3" || len(s.sent()) > 0 {
		t.Errorf("writer %q", s.engine.writer)
	}
}
