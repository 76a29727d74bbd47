package wire

import (
	"errors"
	"reflect"
	"testing"

	"github.com/beevik/etree"
)

func element(t testing.TB, s string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(s); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func written(t testing.TB, e *etree.Element) string {
	t.Helper()
	s, err := etree.NewDocumentWithRoot(e.Copy()).WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var operation = Operation{
	ID: "op", Target: "x", Action: "reboot", Originator: "node1", Client: "c", Name: "stonith_admin.7", CallID: 2,
	Options: AllowSelf | UseTopology, Delegate: "node2", State: StateDone,
}

// TestMessages: what fencers write to each other, as the reference writes it.
func TestMessages(t *testing.T) {
	same := func(name string, e *etree.Element, want string) {
		t.Helper()
		if got := written(t, e); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", name, got, want)
		}
	}
	same("query", operation.Query(20, "old"), `<stonith_command __name__="stonith_command" t="stonith-ng" st_async_id="op" st_op="st_query" st_callid="2" st_callopt="66" st_remote_op="op" st_target="x" st_device_action="reboot" st_origin="node1" st_clientid="c" st_clientname="stonith_admin.7" st_timeout="20" st_remote_op_relay="old"/>`)
	same("fence", operation.Fence(20, -1, "d"), `<stonith_command __name__="stonith_command" t="stonith-ng" st_async_id="op" st_op="st_fence" st_callid="2" st_callopt="66" st_remote_op="op" st_target="x" st_device_action="reboot" st_origin="node1" st_clientid="c" st_clientname="stonith_admin.7" st_timeout="20" st_delay="-1" st_device_id="d"/>`)
	same("outcome", operation.Outcome(3, true), `<st-reply t="st_notify" subt="broadcast" st_op="st_notify" count="3" st_op_merged="true"><st_calldata><st_notify_fence state="2" st_target="x" st_device_action="reboot" st_delegate="node2" st_remote_op="op" st_origin="node1" st_clientid="c" st_clientname="stonith_admin.7" op-status="0" rc-code="0" st_rc="0"/></st_calldata></st-reply>`)
	same("timeout", operation.TimeoutUpdate("c", "2", 24), `<stonith_command __name__="stonith_command" t="stonith-ng" st_async_id="op" st_op="st_timeout_update" st_callid="2" st_callopt="0" st_remote_op="op" st_clientid="c" st_timeout="24"/>`)
	same("cleanup", HistoryMessage(nil, Cleanup|DiscardReply, "x"), `<stonith_command t="stonith-ng" subt="broadcast" st_op="st_fence_history" st_callopt="524304"><st_calldata><stonith_send_broadcast_history st_target="x"/></st_calldata></stonith_command>`)
	same("poke", Poke(), `<stonith_command __name__="stonith_command" t="stonith-ng" st_op="poke"/>`)
}

// TestOffer: an answer to a query comes back as it went, parameters apart.
func TestOffer(t *testing.T) {
	o := Offer{RemoteOp: "op", From: "node2", Target: "x", Claimed: 2, Devices: []Found{
		{ID: "a", Namespace: NamespaceRHCS, Agent: "fence_a", Verified: true, Flags: 38, Asked: Ability{Timeout: 7, Disallowed: true}, Off: &Ability{}, On: &Ability{Required: true}},
		{ID: "b", Agent: "fence_b", Flags: 1},
	}}
	e := etree.NewElement(TagReply)
	e.CreateAttr("src", "node2")
	e.CreateAttr("st_remote_op", "op")
	wrap(e, o.Element())
	got, err := ParseOffer(element(t, written(t, e)))
	if err != nil || !reflect.DeepEqual(*got, o) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{
		`<st-reply><x st-available-devices="0"/></st-reply>`, `<st-reply st_remote_op="op"/>`,
		`<st-reply st_remote_op="op"><x st-available-devices="many"/></st-reply>`,
		`<st-reply st_remote_op="op"><x st-available-devices="1"><st_device_id id="a" st_action_timeout="7s"/></x></st-reply>`,
		`<st-reply st_remote_op="op"><x st-available-devices="1"><st_device_id id="a"><st_device_action id="off" st_delay_max="-"/></st_device_id></x></st-reply>`,
	} {
		if o, err := ParseOffer(element(t, bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", bad, o, err)
		}
	}
}

// TestFinished: the result of a device, and of an operation.
func TestFinished(t *testing.T) {
	d := Done{Op: OpFence, Device: "d", RemoteOp: "op", Client: "c", Name: "n", Target: "x", Action: "off", Origin: "node1", CallID: 2, Options: UseTopology}
	f, err := ParseFinished(element(t, written(t, d.Element())))
	if err != nil || f.RemoteOp != "op" || f.Device != "d" || !f.Result.OK() || f.ForAll || !f.Part || f.Task.Action != "off" {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = ParseFinished(element(t, written(t, operation.Outcome(1, false))))
	if err != nil || f.RemoteOp != "op" || !f.Result.OK() || !f.ForAll || f.Part || f.Merged || f.Delegate != "node2" || f.Task.Origin != "node1" {
		t.Errorf("%+v, %v", f, err)
	}
	for _, bad := range []string{`<st-reply rc-code="0" op-status="0"/>`, `<st-reply st_remote_op="op"/>`, `<st-reply st_remote_op="op" rc-code="0"><x rc-code="0"/></st-reply>`} {
		if f, err := ParseFinished(element(t, bad)); err == nil && f.Result.OK() || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", bad, f, err)
		}
	}
	if f, err := ParseFinished(element(t, `<st-reply st_remote_op="op" rc-code="zero" op-status="0"/>`)); err != nil || f.Result.OK() {
		t.Errorf("a result that is no number is a success: %+v, %v", f, err)
	}
}

// FuzzPeer: what a peer writes is a message or an error.
func FuzzPeer(f *testing.F) {
	for _, e := range []*etree.Element{operation.Query(20, ""), operation.Outcome(1, true), (&Done{Op: OpFence, RemoteOp: "op"}).Element(), HistoryMessage(nil, Broadcast, "")} {
		f.Add(written(f, e))
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc := etree.NewDocument()
		if doc.ReadFromString(s) != nil || doc.Root() == nil {
			return
		}
		e := doc.Root()
		_, _ = ParseOffer(e)
		if r, err := ParseRequest(e); err == nil {
			r.TargetTask()
			r.ActionTask()
			r.History()
			r.Answer(nil, &Result{})
		}
		// What does not say that it went well has not.
		if r, err := ParseFinished(e); err == nil && r.Result.OK() && withResult(e).SelectAttr("rc-code") == nil && withResult(e).SelectAttr("st_rc") == nil {
			t.Error("a success out of nothing")
		}
	})
}
