package crmmsg

import (
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
)

func TestRequestAndReply(t *testing.T) {
	var m Maker
	now := time.Unix(1700000000, 0)
	for i, tt := range []struct {
		r           Request
		want, reply string
	}{
		{
			Request{Function: "do_schedulerd_api_call", Task: TaskPECalc, SystemTo: Scheduler, From: Controller, UUID: "17", Contents: etree.NewElement("cib")},
			`<create_request_adv origin="do_schedulerd_api_call" t="crmd" version="3.16.1" subt="request" reference="pe_calc-crmd-1700000000-0" crm_task="pe_calc" crm_sys_to="pengine" crm_sys_from="17_crmd"><crm_xml><cib/></crm_xml></create_request_adv>`,
			`<create_reply_adv origin="f" t="crmd" version="3.16.1" subt="response" reference="pe_calc-crmd-1700000000-0" crm_task="pe_calc" crm_sys_to="17_crmd" crm_sys_from="pengine"><crm_xml><graph/></crm_xml></create_reply_adv>`,
		},
		{
			Request{Function: "a", HostTo: "node2", UUID: "u"},
			`<create_request_adv origin="a" t="crmd" version="3.16.1" subt="request" reference="_empty_-_empty_-1700000000-1" crm_sys_from="u_none" crm_host_to="node2"/>`,
			`<create_reply_adv origin="f" t="crmd" version="3.16.1" subt="response" reference="_empty_-_empty_-1700000000-1" crm_sys_to="u_none"><crm_xml><graph/></crm_xml></create_reply_adv>`,
		},
	} {
		e := m.Request(&tt.r, now)
		if got := text.Line(e); got != tt.want {
			t.Errorf("request %d:\n%s\nwant\n%s", i, got, tt.want)
		}
		if c := ContentsOf(e); (c == nil) != (tt.r.Contents == nil) || c != nil && c.Tag != "cib" {
			t.Errorf("request %d: contents %v", i, c)
		}
		reply, err := Reply(e, "f", etree.NewElement("graph"))
		if err != nil {
			t.Fatal(err)
		}
		if got := text.Line(reply); got != tt.reply {
			t.Errorf("reply %d:\n%s\nwant\n%s", i, got, tt.reply)
		}
		if reply, err = Reply(e, "f", nil); err != nil {
			t.Fatal(err)
		}
		if got := LineAround(reply, []byte("<graph/>")); got != tt.reply {
			t.Errorf("reply %d in pieces:\n%s\nwant\n%s", i, got, tt.reply)
		}
	}
	if _, err := Reply(etree.NewElement("x"), "f", nil); err != ErrNoSubtype {
		t.Errorf("reply to nothing: %v", err)
	}
}

func TestMessageName(t *testing.T) {
	for program, want := range map[string]string{"": "unknown", "pacemaker-based": "cib", "pacemaker-fenced": "stonith-ng", "crm_mon": "crm_mon"} {
		if got := MessageName(program); got != want {
			t.Errorf("%q: %q, want %q", program, got, want)
		}
	}
}
