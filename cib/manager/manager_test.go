package manager

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

var start = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

// newTestManager is a manager called a with peers b and c, and a client "c" of root's.
func newTestManager(t testing.TB, c Config) *Manager {
	t.Helper()
	if c.CIB == nil {
		c.CIB = ops.Empty("1")
	}
	c.Node, c.DaemonUser, c.NoWrites = "a", "hacluster", true
	m, actions := New(c)
	if len(actions) != 0 {
		t.Fatalf("%v", actions)
	}
	for _, name := range []string{"a", "b", "c"} {
		m.view.silent[name] = name != c.Node // speak by what the tests say only
		m.Peer(name, true)
	}
	if err := m.Connect(Client{ID: "c", User: "root", PID: 7}); err != nil {
		t.Fatal(err)
	}
	return m
}

// show is actions as a test compares them.
func show(actions []Action) string {
	var b strings.Builder
	for _, a := range actions {
		switch a := a.(type) {
		case Respond:
			fmt.Fprintf(&b, "respond %s %d %s\n", a.Client, a.ID, a.Text)
		case Ack:
			fmt.Fprintf(&b, "%s %s %d %d\n", a.Tag, a.Client, a.ID, int(a.Status))
		case Event:
			fmt.Fprintf(&b, "event %s %s\n", strings.Join(a.Clients, ","), a.Text)
		case Send:
			fmt.Fprintf(&b, "send %q %s\n", a.To, a.Text)
		case Write:
			fmt.Fprintf(&b, "write %s\n", patch.VersionOf(a.CIB))
		case DropClients:
			b.WriteString("drop\n")
		case Exit:
			fmt.Fprintf(&b, "exit %d\n", int(a.Code))
		}
	}
	return b.String()
}

// request is a request of the client's.
func (m *Manager) request(t testing.TB, document string) string {
	t.Helper()
	return show(m.Request(start, "c", Request{ID: 9, Waits: true, XML: parse(t, document)}))
}

func (m *Manager) deliver(t testing.TB, from, document string) string {
	t.Helper()
	return show(m.Deliver(start, from, parse(t, document)))
}

func (m *Manager) expect(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestConversations: what a manager answers, in the reference's words.
func TestConversations(t *testing.T) {
	m := newTestManager(t, Config{})
	for _, step := range []struct{ why, from, message, want string }{
		{"registration", "", `<cib_command t="cib" cib_op="register" cib_clientname="cibadmin" cib_callopt="4096"/>`,
			`respond c 9 <cib_common_callback_worker cib_op="register" cib_clientid="c"/>` + "\n"},
		{"a query", "", `<cib_command t="cib" cib_op="cib_query" cib_section="nodes" cib_callid="2" cib_callopt="4352"/>`,
			`respond c 9 <cib-reply t="cib" cib_op="cib_query" cib_callid="2" cib_clientid="c" cib_callopt="4352" cib_rc="0"><cib_calldata><nodes/></cib_calldata></cib-reply>` + "\n"},
		{"a query of another node", "", `<cib_command t="cib" cib_op="cib_query" cib_host="b" cib_section="nodes" cib_callid="3" cib_callopt="4096"/>`,
			`send "b" <cib_command t="cib" cib_op="cib_query" cib_host="b" cib_section="nodes" cib_callid="3" cib_callopt="4096" cib_clientid="c" cib_clientname="cibadmin" acl_target="root" cib_user="root" src="a" cib_delegated_from="a"/>` + "\n"},
		{"its answer", "b", `<cib-reply t="cib" cib_op="cib_query" cib_callid="3" cib_clientid="c" cib_callopt="4096" cib_rc="0" cib_isreplyto="a"><cib_calldata><nodes/></cib_calldata></cib-reply>`,
			`respond c 9 <cib-reply t="cib" cib_op="cib_query" cib_callid="3" cib_clientid="c" cib_callopt="4096" cib_rc="0" cib_isreplyto="a" src="b" cib_clientname="b"><cib_calldata><nodes/></cib_calldata></cib-reply>` + "\n"},
		{"the same for b", "b", `<cib_command t="cib" cib_op="cib_query" cib_host="a" cib_section="nodes" cib_callid="3" cib_callopt="4096" cib_clientid="d" cib_delegated_from="b"/>`,
			`send "b" <cib-reply t="cib" cib_op="cib_query" cib_callid="3" cib_clientid="d" cib_callopt="4096" cib_rc="0" cib_isreplyto="b"><cib_calldata><nodes/></cib_calldata></cib-reply>` + "\n"},
		{"what b asks c", "b", `<cib_command t="cib" cib_op="cib_query" cib_host="c" cib_callid="3" cib_clientid="d" cib_delegated_from="b"/>`, ""},
		{"subscription", "", `<cib_command t="cib" cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="1" cib_callopt="4096"/>`, "ack c 9 0\n"},
		{"an odd one", "", `<cib_command t="cib" cib_op="cib_notify" cib_notify_type="odd" cib_notify_activate="1" cib_callopt="0"/>`, "ack c 9 2\n"},
		{"a change", "", `<cib_command t="cib" cib_op="cib_create" cib_section="nodes" cib_callid="4" cib_callopt="12288"><cib_calldata><node id="1" uname="a"/></cib_calldata></cib_command>`,
			`send "" <cib_command t="cib" cib_op="cib_create" cib_section="nodes" cib_callid="4" cib_callopt="12288" cib_clientid="c" cib_clientname="cibadmin" acl_target="root" cib_user="root" src="a" cib_delegated_from="a"><cib_calldata><node id="1" uname="a"/></cib_calldata></cib_command>` + "\n"},
		{"the change, from us", "a", `<cib_command t="cib" cib_op="cib_create" cib_section="nodes" cib_callid="4" cib_callopt="12288" cib_clientid="c" cib_clientname="cibadmin" acl_target="root" cib_user="root" src="a" cib_delegated_from="a"><cib_calldata><node id="1" uname="a"/></cib_calldata></cib_command>`,
			`event c <notify t="cib_notify" subt="cib_diff_notify" cib_op="cib_create" cib_rc="0" cib_object_type="node"><cib_generation><generation_tuple crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="2" num_updates="0" admin_epoch="0"/></cib_generation>` +
				`<cib_update><node id="1" uname="a"/></cib_update><cib_update_result><diff format="2" digest="b3e0ff8f4dc1d4a8ad9a8e4b5d6c1c7e">…` + "\n"},
		{"a secondary's own ping", "", `<cib_command t="cib" cib_op="cib_ismaster" cib_callid="5" cib_callopt="4096"/>`,
			`respond c 9 <cib-reply t="cib" cib_op="cib_ismaster" cib_callid="5" cib_clientid="c" cib_callopt="4096" cib_rc="-1"/>` + "\n"},
		{"the primary", "", `<cib_command t="cib" cib_op="cib_master" cib_callid="6" cib_callopt="4352"/>`,
			`respond c 9 <cib-reply t="cib" cib_op="cib_master" cib_callid="6" cib_clientid="c" cib_callopt="4352" cib_rc="0"/>` + "\n"},
		{"an operation that is none", "", `<cib_command t="cib" cib_op="cib_odd" cib_callid="7" cib_callopt="4096"/>`, ""},
		{"a peer that ends", "b", `<exit-notification t="cib" cib_op="cib_shutdown_req"/>`,
			`send "b" <cib-reply t="cib" cib_op="cib_shutdown_req" cib_callopt="0" cib_rc="0" cib_isreplyto="b"/>` + "\n"},
		{"a peer that thinks we end", "b", `<cib-reply t="cib" cib_op="cib_shutdown_req" cib_isreplyto="a"/>`,
			`send "b" <cib-reply t="cib" cib_op="cib_shutdown_req" cib_callopt="0" cib_rc="-22" cib_isreplyto="b"/>` + "\n"},
		{"a manager of old", "b", `<x t="cib" cib_op="cib_apply_diff" cib_update="true"/>`, `send "" <sync-me t="cib" cib_op="cib_sync_one" cib_delegated_from="a"/>` + "\n"},
	} {
		t.Run(step.why, func(t *testing.T) {
			var got string
			if step.from == "" {
				got = m.request(t, step.message)
			} else {
				got = m.deliver(t, step.from, step.message)
			}
			// The patchset is package patch's; its digest and what follows are left out.
			if i := strings.Index(got, ` digest="`); strings.HasPrefix(got, "event") && i > 0 {
				got, step.want = got[:i]+"\n", step.want[:strings.Index(step.want, ` digest="`)]+"\n"
			}
			m.expect(t, got, step.want)
		})
	}
}

// TestOwnChangeIsAnswered: the reply to a change comes when it has gone through the group.
func TestOwnChangeIsAnswered(t *testing.T) {
	m := newTestManager(t, Config{})
	out := m.Request(start, "c", Request{ID: 9, Waits: true, XML: parse(t, `<cib_command t="cib" cib_op="cib_bump" cib_callid="4" cib_callopt="4096"/>`)})
	got := m.deliver(t, "a", out[0].(Send).Text)
	m.expect(t, got, `respond c 9 <cib-reply t="cib" cib_op="cib_bump" cib_callid="4" cib_clientid="c" cib_callopt="4096" cib_rc="0"/>`+"\n")
	if v := patch.VersionOf(m.CIB()); v != (patch.Version{0, 2, 1}) {
		t.Errorf("version %v", v)
	}
}

// TestComparison: the primary asks five seconds after a change, and sends its CIB to whoever differs.
func TestComparison(t *testing.T) {
	m := newTestManager(t, Config{})
	m.request(t, `<cib_command t="cib" cib_op="cib_master" cib_callid="6" cib_callopt="4352"/>`)
	at, ok := m.Deadline()
	if !ok || at.Sub(start) != checkDelay {
		t.Fatalf("%v %v", at, ok)
	}
	m.expect(t, show(m.Tick(start)), "")
	m.expect(t, show(m.Tick(at)), `send "" <ping t="cib" cib_op="ping" cib_ping_id="1" crm_feature_set="3.16.1"/>`+"\n")
	pong := func(digest, seq string) string {
		return `<cib-reply t="cib" cib_op="ping" cib_callopt="0" cib_rc="0" cib_isreplyto="a"><cib_calldata><ping_response crm_feature_set="3.16.1" digest="` + digest + `" cib_ping_id="` + seq + `"><cib_calldata><cib epoch="1"/></cib_calldata></ping_response></cib_calldata></cib-reply>`
	}
	m.expect(t, m.deliver(t, "b", pong("other", "0")), "") // of before
	m.expect(t, m.deliver(t, "b", pong(digest.OfCIB(m.CIB()), "1")), "")
	got := m.deliver(t, "b", pong("other", "1"))
	want := `send "b" <copy t="cib" cib_callopt="0" cib_op="cib_replace" cib_isreplyto="b" cib_rc="0" cib_clientname="b" original_cib_op="ping" cib_update="true" crm_feature_set="3.16.1" digest="` +
		digest.OfCIB(m.CIB()) + `" ringmaster-position="0 " ringmaster-changes="0"><cib_calldata>` + text.Line(m.CIB()) + "</cib_calldata></copy>\n"
	m.expect(t, got, want)
	m.deliver(t, "b", `<cib_command t="cib" cib_op="cib_bump" cib_callid="4"/>`)
	m.expect(t, m.deliver(t, "b", pong("other", "1")), "") // something has changed since
	// What b gets makes it what we are.
	b := newTestManager(t, Config{})
	_, document, _ := strings.Cut(strings.TrimSuffix(want, "\n"), `"b" `)
	b.deliver(t, "a", document)
	if get, want := digest.OfCIB(b.CIB()), digest.OfCIB(newTestManager(t, Config{}).CIB()); get != want {
		t.Errorf("digest %s, want %s", get, want)
	}
}

// TestComparisonWithNewer: the primary asks for a CIB that is newer than its own, which would be refused.
func TestComparisonWithNewer(t *testing.T) {
	m := newTestManager(t, Config{})
	m.request(t, `<cib_command t="cib" cib_op="cib_master" cib_callid="6" cib_callopt="4352"/>`)
	m.Tick(start.Add(checkDelay))
	m.expect(t, m.deliver(t, "b", `<cib-reply t="cib" cib_op="ping" cib_callopt="0" cib_rc="0" cib_isreplyto="a" src="b"><cib_calldata>`+
		`<ping_response crm_feature_set="3.16.1" digest="other" cib_ping_id="1"><cib_calldata><cib admin_epoch="0" epoch="77" num_updates="3"/></cib_calldata></ping_response></cib_calldata></cib-reply>`),
		`send "b" <sync-me t="cib" cib_op="cib_sync_one" cib_delegated_from="a"/>`+"\n")
}

// TestPatchsets: one that fits is applied; one for a newer CIB makes a secondary ask for all of it,
// once, and wait.
func TestPatchsets(t *testing.T) {
	diff := func(from, to int) string {
		return fmt.Sprintf(`<cib_command t="cib" cib_op="cib_apply_diff" cib_callid="1" cib_callopt="0"><cib_calldata><diff format="2"><version><source admin_epoch="0" epoch="%d" num_updates="0"/><target admin_epoch="0" epoch="%d" num_updates="0"/></version>`+
			`<change operation="modify" path="/cib"><change-list><change-attr name="epoch" operation="set" value="%d"/></change-list><change-result><cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="%d" num_updates="0" admin_epoch="0"/></change-result></change></diff></cib_calldata></cib_command>`, from, to, to, to)
	}
	m := newTestManager(t, Config{})
	ask := `send "" <sync-me t="cib" cib_op="cib_sync_one" cib_delegated_from="a"/>` + "\n"
	m.expect(t, m.deliver(t, "b", diff(5, 6)), ask)
	for range maxPassedOver {
		m.expect(t, m.deliver(t, "b", diff(5, 6)), "")
	}
	m.expect(t, m.deliver(t, "b", diff(5, 6)), ask)
	whole := text.Line(ops.Empty("6"))
	m.deliver(t, "b", `<copy t="cib" cib_op="cib_replace" cib_isreplyto="a" cib_update="true"><cib_calldata>`+whole+`</cib_calldata></copy>`)
	if v := patch.VersionOf(m.CIB()); v != (patch.Version{0, 6, 0}) {
		t.Fatalf("version %v", v)
	}
	m.deliver(t, "b", diff(6, 7))
	if v := patch.VersionOf(m.CIB()); v[1] < 7 {
		t.Errorf("version %v: a patchset that fits is not applied", v)
	}
	m.deliver(t, "b", `<copy t="cib" cib_op="cib_replace" cib_isreplyto="a" cib_update="true"><cib_calldata>`+whole+`</cib_calldata></copy>`)
	if v := patch.VersionOf(m.CIB()); v[1] < 7 {
		t.Errorf("version %v: an older CIB was taken", v)
	}
	m.request(t, `<cib_command t="cib" cib_op="cib_master" cib_callopt="4352"/>`)
	m.expect(t, m.deliver(t, "a", strings.Replace(diff(50, 60), "<cib_command", `<cib_command cib_clientid="c" cib_delegated_from="a"`, 1)),
		`event c <cib-reply t="cib" cib_op="cib_apply_diff" cib_callid="1" cib_clientid="c" cib_callopt="0" cib_rc="-206"/>`+"\n")
}

// TestUpgrade: the primary decides, and all upgrade.
func TestUpgrade(t *testing.T) {
	old := func() Config {
		cib := ops.Empty("3")
		cib.CreateAttr("validate-with", "pacemaker-3.0")
		return Config{CIB: cib}
	}
	request := `<cib_command t="cib" cib_op="cib_upgrade" cib_callid="1" cib_callopt="4096" cib_clientid="x" cib_delegated_from="b"/>`
	m := newTestManager(t, old())
	m.expect(t, m.deliver(t, "b", request), "") // a secondary
	m.request(t, `<cib_command t="cib" cib_op="cib_master" cib_callopt="4352"/>`)
	m.expect(t, m.deliver(t, "b", request),
		`send "" <cib_process_upgrade_server t="cib" cib_op="cib_upgrade" cib_schema_max="pacemaker-3.9" cib_delegated_from="b" cib_clientid="x" cib_callopt="4096" cib_callid="1"/>`+"\n")
	b := newTestManager(t, old())
	b.deliver(t, "a", `<cib_process_upgrade_server t="cib" cib_op="cib_upgrade" cib_schema_max="pacemaker-3.9" cib_delegated_from="b" cib_clientid="x" cib_callopt="4096" cib_callid="1"/>`)
	if got := get(b.CIB(), "validate-with"); got != "pacemaker-3.9" {
		t.Errorf("upgraded to %s", got)
	}
	m = newTestManager(t, Config{})
	m.request(t, `<cib_command t="cib" cib_op="cib_master" cib_callopt="4352"/>`)
	rejection := `<cib_process_upgrade_server t="cib" cib_op="cib_upgrade" cib_delegated_from="b" cib_isreplyto="b" cib_clientid="x" cib_callopt="4096" cib_callid="1" cib_upgrade_rc="-211"/>`
	m.expect(t, m.deliver(t, "b", request), `send "b" `+rejection+"\n")
	m = newTestManager(t, Config{})
	m.request(t, `<cib_command t="cib" cib_op="cib_upgrade" cib_callid="1" cib_callopt="4096"/>`)
	got := m.deliver(t, "b", strings.NewReplacer(`"b"`, `"a"`, `"x"`, `"c"`).Replace(rejection))
	if !strings.HasPrefix(got, "respond c 9 <cib_process_upgrade_server ") || !strings.Contains(got, ` cib_rc="-211"`) {
		t.Error(got)
	}
}

// TestAlone: a manager without peers does everything itself.
func TestAlone(t *testing.T) {
	cib := ops.Empty("3")
	cib.CreateAttr("validate-with", "pacemaker-3.0")
	m := newTestManager(t, Config{CIB: cib, Alone: true})
	for _, op := range []string{"cib_upgrade", "cib_bump", "cib_erase", "cib_ismaster"} {
		got := m.request(t, `<x cib_op="`+op+`" cib_callid="1" cib_callopt="4096"/>`)
		if !strings.HasPrefix(got, "respond c 9 ") || !strings.Contains(got, ` cib_rc="0"`) {
			t.Errorf("%s: %s", op, got)
		}
	}
	if got := get(m.CIB(), "validate-with"); got != "pacemaker-3.9" {
		t.Errorf("upgraded to %s", got)
	}
}

// TestPermissions: who is not privileged cannot act for others, nor through the group.
func TestPermissions(t *testing.T) {
	m := newTestManager(t, Config{})
	if err := m.Connect(Client{ID: "u", User: "anna", PID: 8}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ client, attributes, want string }{
		{"u", ``, "anna"}, {"u", `cib_user="root"`, "anna"}, {"u", `acl_target="root"`, "anna"},
		{"c", ``, "root"}, {"c", `cib_user="anna"`, "anna"}, {"c", `acl_target="ben" cib_user="anna"`, "ben"},
	} {
		out := m.Request(start, tt.client, Request{XML: parse(t, `<x cib_op="cib_bump" `+tt.attributes+`/>`)})
		sent := parse(t, out[0].(Send).Text)
		if get(sent, fUser) != tt.want || get(sent, fACLUser) != tt.want {
			t.Errorf("%+v: %s", tt, text.Line(sent))
		}
	}
	out := m.Request(start, "c", Request{ID: 3, Waits: true, ReadOnly: true, XML: parse(t, `<x cib_op="cib_slave" cib_callopt="4096"/>`)})
	if r, ok := out[0].(Respond); !ok || !strings.Contains(r.Text.String(), `cib_rc="-13"`) {
		t.Errorf("%v", out)
	}
}

// TestWrites: one at a time, the newest at the end; a failure stops them until somebody says so.
func TestWrites(t *testing.T) {
	m, actions := New(Config{Node: "a", CIB: ops.Empty("1"), DaemonUser: "root"})
	m.expect(t, show(actions), "write 0.1.0\n")
	bump := `<x cib_op="cib_bump" cib_callopt="16"/>`
	modify := `<x cib_op="cib_modify" cib_callopt="16"><cib_calldata><cib><configuration><nodes><node id="%d" uname="x"/></nodes></configuration></cib></cib_calldata></x>`
	m.expect(t, m.deliver(t, "b", fmt.Sprintf(modify, 1)), "")
	m.expect(t, m.deliver(t, "b", fmt.Sprintf(modify, 2)), "")
	m.expect(t, show(m.Written(nil)), "write 0.3.0\n")
	m.expect(t, show(m.Written(errors.New("full"))), "")
	m.expect(t, m.deliver(t, "b", fmt.Sprintf(modify, 3)), "")
	m.expect(t, show(m.EnableWrites()), "")
	m.expect(t, m.deliver(t, "b", bump), "")
	m.expect(t, m.deliver(t, "b", fmt.Sprintf(modify, 4)), "write 0.6.0\n")
	m.expect(t, m.deliver(t, "b", `<x cib_op="cib_modify" cib_section="status" cib_callopt="16"><cib_calldata><status><node_state id="1"/></status></cib_calldata></x>`), "")
	// The end waits for the disk.
	m.deliver(t, "b", fmt.Sprintf(modify, 5))
	m.expect(t, show(m.Shutdown(start)), "drop\n")
	m.expect(t, show(m.Written(nil)), "write 0.7.0\n")
	m.expect(t, show(m.Written(nil)), "exit 0\n")
	m.expect(t, m.deliver(t, "b", fmt.Sprintf(modify, 6)), "")
}

// TestUnusableCIB: nothing is done with a CIB that does not validate.
func TestUnusableCIB(t *testing.T) {
	cib, status := Prepare(parse(t, `<cib validate-with="pacemaker-3.9"><odd/></cib>`), false, loglevel.Discard)
	if status != -crmexit.LegacySchemaValidation {
		t.Fatalf("status %d", status)
	}
	m := newTestManager(t, Config{CIB: cib, Status: status})
	m.expect(t, m.request(t, `<x cib_op="cib_query" cib_callid="1" cib_callopt="4096"/>`),
		`respond c 9 <cib-reply t="cib" cib_op="cib_query" cib_callid="1" cib_clientid="c" cib_callopt="4096" cib_rc="-203"><cib_calldata>`+text.Line(cib)+"</cib_calldata></cib-reply>\n")
}

func TestPrepare(t *testing.T) {
	for _, tt := range []struct {
		read, want string
		keep       bool
	}{
		{``, `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="0" num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`, false},
		{`<cib validate-with="none" dc-uuid="1"><configuration/><status><x/></status></cib>`, `<cib validate-with="none" admin_epoch="0" epoch="0" num_updates="0"><configuration/><status/></cib>`, false},
		{`<cib validate-with="none" epoch="4"><configuration/><status><x/></status></cib>`, `<cib validate-with="none" epoch="4" admin_epoch="0" num_updates="0"><configuration/><status><x/></status></cib>`, true},
		{`<cib epoch="4" admin_epoch="1" num_updates="2"/>`, `<cib epoch="4" admin_epoch="1" num_updates="2" validate-with="none"><status/></cib>`, false},
	} {
		var read *etree.Element
		if tt.read != "" {
			read = parse(t, tt.read)
		}
		cib, status := Prepare(read, tt.keep, loglevel.Discard)
		if got := text.Line(cib); got != tt.want || status != 0 {
			t.Errorf("got  %s, %d\nwant %s", got, status, tt.want)
		}
	}
}

// FuzzMessages: no message of a client or a peer does harm.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{
		`<x cib_op="cib_query"/>`, `<x cib_op="cib_replace" cib_update="true"><cib_calldata><cib/></cib_calldata></x>`,
		`<x cib_op="cib_apply_diff" cib_callopt="-1"><cib_calldata><diff/></cib_calldata></x>`,
		`<x cib_op="ping" cib_isreplyto="a"><cib_calldata><ping_response cib_ping_id="0" digest="x"/></cib_calldata></x>`,
		`<x cib_op="cib_upgrade" cib_schema_max="pacemaker-9"/>`, `<x cib_op="cib_sync" cib_host="c"/>`, `<x cib_op="cib_shutdown_req"/>`,
		`<x cib_op="cib_delete" cib_callopt="2" cib_section="/"/>`, `<x cib_op="cib_modify" cib_callopt="2" cib_section="//cib"><cib_calldata>x<!-- y --></cib_calldata></x>`,
		`<x cib_op="cib_create" cib_section="status"><cib_calldata><cib_fragment><cib><status><a b="b++"/></status></cib></cib_fragment></cib_calldata></x>`,
		`<x cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="x"/>`, `<x cib_op="cib_erase"/>`, `<x cib_op="cib_master"/>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		doc, err := xmltree.Parse([]byte(document), xmltree.KeepText)
		if err != nil || doc.Root() == nil {
			return
		}
		m := newTestManager(t, Config{})
		if err := m.Connect(Client{ID: "u", User: "anna"}); err != nil {
			t.Fatal(err)
		}
		for _, call := range []func() []Action{
			func() []Action { return m.Request(start, "c", Request{Waits: true, XML: doc.Root().Copy()}) },
			func() []Action { return m.Deliver(start, "b", doc.Root().Copy()) },
			func() []Action { return m.Request(start, "u", Request{ReadOnly: true, XML: doc.Root().Copy()}) },
			func() []Action { return m.Deliver(start, "a", doc.Root().Copy()) },
		} {
			for _, a := range call() {
				if s, ok := a.(Send); ok {
					if _, err := xmltree.Parse([]byte(s.Text), xmltree.KeepText); err != nil {
						t.Fatalf("sends what is no XML: %v\n%s", err, s.Text)
					}
				}
			}
			if m.CIB() == nil || m.CIB().Tag != "cib" {
				t.Fatalf("no CIB any more after %s", document)
			}
		}
	})
}

// TestRemote: a client on another machine gets answers as events, speaks for whom it has logged in as
// only, and for this node.
func TestRemote(t *testing.T) {
	m := newTestManager(t, Config{})
	if err := m.Connect(Client{ID: "r", User: "hacluster", Remote: true}); err != nil {
		t.Fatal(err)
	}
	ask := func(document string) string { return show(m.Request(start, "r", Request{XML: parse(t, document)})) }
	m.expect(t, ask(`<cib_command t="cib" cib_op="register" cib_callid="0" cib_callopt="0" cib_clientname="tool"/>`), "")
	m.expect(t, ask(`<cib_command cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="1"/>`), "")
	for _, opts := range []string{"0", "4096"} {
		got := ask(`<cib_command t="cib" cib_op="cib_ismaster" cib_callid="2" cib_host="b" cib_callopt="` + opts + `"/>`)
		if want := `event r <cib-reply t="cib" cib_op="cib_ismaster" cib_callid="2" cib_clientid="r" cib_callopt="` + opts + `" cib_rc="-1"/>` + "\n"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	m.expect(t, ask(`<cib_command cib_op="cib_bump" cib_callid="3" src="b" cib_host="b" cib_update="true" cib_user="root" acl_target="root"/>`),
		`send "" <cib_command cib_op="cib_bump" cib_callid="3" cib_user="hacluster" t="cib" cib_callopt="0" cib_clientid="r" cib_clientname="tool" src="a" cib_delegated_from="a"/>`+"\n")
}
