package client

import (
	"errors"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/pacemakerd/state"
)

// What pacemakerd 2.1.5 answers, and what it never should.
func TestParse(t *testing.T) {
	const envelope = `<create_reply_adv origin="pcmk_handle_ping_request" t="crmd" subt="response" version="3.16.2" reference="ping-crm_mon-1-1" crm_task="ping" crm_sys_to="1_crm_mon" crm_sys_from="pacemakerd">`
	for _, tt := range []struct {
		text string
		want Health
		bad  bool
	}{
		{text: envelope + `<crm_xml><ping_response crm_subsystem="pacemakerd" crm-timestamp="1795391000" pacemakerd_state="running" result="ok"/></crm_xml></create_reply_adv>`,
			want: Health{From: "pacemakerd", State: state.Running, OK: true, LastGood: 1795391000}},
		{text: envelope + `<crm_xml><ping_response crm_subsystem="pacemakerd" crm-timestamp="-1" pacemakerd_state="walking" result="error"/></crm_xml></create_reply_adv>`,
			want: Health{From: "pacemakerd", State: state.Invalid}},
		{text: envelope + `</create_reply_adv>`, want: Health{State: state.Invalid}},
		{text: `<reply subt="request" crm_task="ping" reference="a"/>`, bad: true},
		{text: `<reply subt="response" crm_task="quit" reference="a"/>`, bad: true},
		{text: `<reply subt="response" crm_task="ping"/>`, bad: true},
	} {
		doc, err := xmltree.Parse([]byte(tt.text), xmltree.KeepText)
		if err != nil {
			t.Fatal(err)
		}
		h, err := parse(doc.Root())
		switch {
		case tt.bad != errors.Is(err, ErrProtocol):
			t.Errorf("%s: %v", tt.text, err)
		case !tt.bad && *h != tt.want:
			t.Errorf("%s: got %+v, want %+v", tt.text, *h, tt.want)
		}
	}
	if got := state.State(7).Friendly() + state.WaitingForPing.String(); got != "Invalid pacemakerd statewait_for_ping" {
		t.Error(got)
	}
}
