package wire

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

func lines(t testing.TB, name string) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func element(t testing.TB, s string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(s), xmltree.KeepText)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return doc.Root()
}

// The reference's requests are read, and what we write reads the same.
func TestRequests(t *testing.T) {
	want := map[string]Request{
		OpRegister:     {Op: OpRegister, ClientName: "cts-exec-helper", Version: "1.1"},
		OpRscRegister:  {Op: OpRscRegister, RscID: "test_rsc", Class: "ocf", Provider: "pacemaker", Type: "Dummy"},
		OpRscCancel:    {Op: OpRscCancel, RscID: "test_rsc", Action: "monitor", Interval: 2000},
		OpRscInfo:      {Op: OpRscInfo, RscID: "test_rsc"},
		OpGetRecurring: {Op: OpGetRecurring, RscID: "test_rsc"},
		OpRscUnreg:     {Op: OpRscUnreg, RscID: "test_rsc"},
		OpRscExec + " start": {Op: OpRscExec, RscID: "test_rsc", Action: "start", Timeout: 4000,
			Params: []Param{{"fake", "a<b"}, {"1", "one"}}},
		OpRscExec + " monitor": {Op: OpRscExec, RscID: "test_rsc", Action: "monitor", Timeout: 4000, Interval: 2000, Options: NotifyOriginOnly},
	}
	for _, line := range lines(t, "requests.txt") {
		got, err := ParseRequest(element(t, line))
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		key := got.Op
		if key == OpRscExec {
			key += " " + got.Action
		}
		if !reflect.DeepEqual(got, want[key]) {
			t.Errorf("%s\ngot  %+v\nwant %+v", line, got, want[key])
		}
		delete(want, key)
		again, err := ParseRequest(got.Element("token"))
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Errorf("written and read: %+v, %v", again, err)
		}
	}
	for key := range want {
		t.Errorf("no golden of %s", key)
	}
}

// The reference's answers are read, and written the same, byte for byte.
func TestAnswers(t *testing.T) {
	completions, replies := 0, 0
	for _, line := range lines(t, "answers.txt") {
		kind, document, _ := strings.Cut(line, " ")
		e := element(t, document)
		if kind == "reply" {
			r, token, err := ParseReply(e)
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			replies++
			again := r.Element()
			switch {
			case token != "":
				again = r.Registered(token)
			case e.SelectAttr(attrClass) != nil:
				again = r.Info("d", "ocf", "pacemaker", "Dummy")
			case len(e.ChildElements()) > 0:
				again = r.Recurring([]Recurring{{"d", []RecurringOp{{"monitor", 100, 20000}}}})
			}
			if got := text.Line(again); got != document {
				t.Errorf("got  %s\nwant %s", got, document)
			}
			continue
		}
		c, ok, err := ParseCompletion(e)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		again := c.Element()
		if !ok {
			rc, _ := number(e, attrRC, -1000, 1000)
			call, _ := number(e, attrCallID, 0, 1000)
			again = Change(e.SelectAttrValue(attrOp, ""), e.SelectAttrValue(attrRscID, ""), rc, call)
		} else {
			completions++
		}
		if got := text.Line(again); got != document {
			t.Errorf("got  %s\nwant %s", got, document)
		}
	}
	if completions < 4 || replies < 20 {
		t.Errorf("%d completions, %d replies", completions, replies)
	}
}

func TestMalformed(t *testing.T) {
	for document, want := range map[string]string{
		`<c lrmd_callopt="x"/>`:                                    "lrmd_callopt",
		`<c><d><lrmd_rsc lrmd_rsc_interval="-1"/></d></c>`:         "lrmd_rsc_interval",
		`<c><d><lrmd_rsc lrmd_rsc_interval="4294967296"/></d></c>`: "lrmd_rsc_interval",
		`<c><lrmd_rsc lrmd_timeout="99999999999"/></c>`:            "lrmd_timeout",
		`<c><lrmd_rsc lrmd_rsc_start_delay="1s"/></c>`:             "lrmd_rsc_start_delay",
		`<c><lrmd_alert lrmd_timeout=""/></c>`:                     "lrmd_timeout",
	} {
		if _, err := ParseRequest(element(t, document)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", document, err)
		}
	}
	for document, want := range map[string]string{
		`<lrmd_reply/>`:                              "lrmd_rc",
		`<other lrmd_rc="0"/>`:                       "reply",
		`<lrmd_reply lrmd_rc="x"/>`:                  "lrmd_rc",
		`<lrmd_reply lrmd_rc="0" lrmd_callid="-1"/>`: "lrmd_callid",
	} {
		if _, _, err := ParseReply(element(t, document)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", document, err)
		}
	}
	if _, _, err := ParseCompletion(element(t, `<lrmd_notify lrmd_op="lrmd_rsc_exec" lrmd_run_time="now"/>`)); err == nil {
		t.Error("a time that is none")
	}
}

func TestAlertAndParams(t *testing.T) {
	r := Request{Op: OpAlertExec, Timeout: 30000, AlertID: "a", AlertPath: "/bin/a", Params: []Param{{"CRM_alert_kind", "node"}}}
	if got, err := ParseRequest(r.Element("t")); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v, %v", got, err)
	}
	got := params(element(t, `<x><attributes a="1"><param name="a" value="2"/><param name="b"/><other name="c" value="3"/><param name="9" value="4"/></attributes></x>`))
	if want := []Param{{"a", "2"}, {"9", "4"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := text.Line(NewClient()); got != `<lrmd_notify lrmd_origin="notify_of_new_client" lrmd_op="lrmd_rsc_new_client"/>` {
		t.Error(got)
	}
}

// FuzzRequest: what is read is written and read the same.
func FuzzRequest(f *testing.F) {
	for _, line := range lines(f, "requests.txt") {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := xmltree.Parse([]byte(s), xmltree.KeepText)
		if err != nil {
			return
		}
		r, err := ParseRequest(doc.Root())
		if err != nil {
			return
		}
		_, _, _ = ParseCompletion(doc.Root())
		_, _, _ = ParseReply(doc.Root())
		written := r.Element("token")
		again, err := ParseRequest(element(t, text.Line(written)))
		if err != nil || again.Op != r.Op {
			t.Errorf("%+v became %+v: %v", r, again, err)
		}
	})
}
