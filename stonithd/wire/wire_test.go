package wire

import (
	"bufio"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// captured are documents that the reference's tool and fencer have sent.
func captured(t testing.TB) (all []string) {
	t.Helper()
	f, err := os.Open("testdata/captured.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		all = append(all, s.Text())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func parse(t testing.TB, s string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(s), xmltree.KeepText)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return doc.Root()
}

// again reads and writes a request; the result is empty for what is none.
func again(e *etree.Element) string {
	if e.Tag == "stonith_set_notification" {
		if s, err := ParseSubscribe(e); err == nil {
			return text.Line(s.Element())
		}
		return ""
	}
	if e.Tag != TagCommand {
		return ""
	}
	if e.SelectAttrValue(attrOp, "") == OpRegister {
		return text.Line((&Register{e.SelectAttrValue(attrName, "")}).Element())
	}
	c, err := ParseCommand(e)
	if err != nil {
		return ""
	}
	if c.Data == nil {
		return text.Line(c.Element())
	}
	device, action, target := ParseTask(c.Data)
	switch c.Op {
	case OpDeviceAdd:
		if d, err := ParseDevice(c.Data); err == nil {
			c.Data = d.Element()
		}
	case OpDeviceDel:
		c.Data = (&DeviceRef{c.Data.SelectAttrValue(attrID, "")}).Element()
	case OpLevelAdd, OpLevelDel:
		if l, err := ParseLevel(c.Data); err == nil {
			c.Data = l.Element(c.Op == OpLevelDel)
		}
	case OpQuery:
		c.Data = (&Query{target, action}).Element()
	case OpExec:
		c.Data = (&ExecRequest{device, action, target}).Element()
	case OpHistory:
		c.Data = (&HistoryRequest{target}).Element()
	case OpFence:
		if f, err := ParseFence(c.Data); err == nil {
			c.Data = f.Element()
		}
	}
	return text.Line(c.Element())
}

// Every request of the reference's tool is written again as it was.
func TestRequests(t *testing.T) {
	kinds := map[string]int{}
	for _, s := range captured(t) {
		e := parse(t, s)
		if e.Tag != TagCommand && e.Tag != "stonith_set_notification" {
			continue
		}
		kinds[e.SelectAttrValue(attrOp, "")]++
		if got := again(e); got != s {
			t.Errorf("got\n%s\nwant\n%s", got, s)
		}
	}
	for _, op := range []string{OpRegister, OpNotify, OpExec, OpQuery, OpFence, OpDeviceAdd, OpDeviceDel, OpHistory, OpLevelAdd, OpLevelDel} {
		if kinds[op] == 0 {
			t.Errorf("no %s was captured", op)
		}
	}
}

func TestHistory(t *testing.T) {
	seen := 0
	for _, s := range captured(t) {
		e := parse(t, s)
		all, err := ParseHistory(e)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		list := find(e, TagHistory)
		if list == nil {
			continue
		}
		for i, c := range list.ChildElements() {
			seen++
			if got, want := text.Line(all[i].Element()), text.Line(c); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		}
	}
	if seen == 0 {
		t.Error("no history was captured")
	}
}

func TestEvents(t *testing.T) {
	kinds := map[string]int{}
	for _, s := range captured(t) {
		e := parse(t, s)
		if e.Tag != TagNotify && e.Tag != TagReply && e.Tag != TypeTimeout {
			continue
		}
		ev, err := ParseEvent(e)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		kinds[e.Tag]++
		if n := ev.Notification; n != nil && n.Kind == NotifyFence && (n.Target == "" || n.Origin == "") {
			t.Errorf("%s: read as %+v", s, n)
		}
	}
	if kinds[TagNotify] == 0 || kinds[TagReply] == 0 {
		t.Errorf("captured: %v", kinds)
	}
}

func TestResults(t *testing.T) {
	for _, tt := range []struct {
		xml  string
		want Result
		rc   crmexit.RC
	}{
		{`<x op-status="0" rc-code="0" st_output="a"/>`, Result{Output: "a"}, 0},
		{`<x op-status="0" rc-code="0" st_output=""/>`, Result{Blank: true}, 0},
		{`<x op-status="0" rc-code="1" exit-reason="why"/>`, Result{Exit: 1, Reason: "why"}, 61},
		{`<x op-status="2" rc-code="0"/>`, Result{Exec: ExecTimeout}, 62},
		{`<x op-status="9" rc-code="110"/>`, Result{Exit: crmexit.Expired, Exec: ExecInvalid}, 113},
		{`<x op-status="10" rc-code="1"/>`, Result{Exit: 1, Exec: ExecNoFenceDevice}, 19},
		{`<x st_rc="0"/>`, Result{Reason: "OK"}, 0},
		{`<x st_rc="-19"/>`, Result{Exit: 1, Exec: ExecNoFenceDevice, Reason: "No such device"}, 19},
		{`<x st_rc="-115"/>`, Result{Exec: ExecPending, Reason: "Operation now in progress"}, 115},
		{`<x st_rc="7"/>`, Result{Exit: 1, Exec: ExecError, Reason: "Argument list too long"}, 61},
		{`<x op-status="0"/>`, Result{Exit: 1, Exec: ExecError, Reason: "Fencer reply contained neither a full result nor a legacy return code (bug?)"}, 61},
		{`<x op-status="0" rc-code="OK"/>`, Result{Exit: 1, Exec: ExecError, Reason: "Fencer reply contained neither a full result nor a legacy return code (bug?)"}, 61},
		{`<x op-status="0" rc-code="4294967296"/>`, Result{Exit: 1, Exec: ExecError, Reason: "Fencer reply contained neither a full result nor a legacy return code (bug?)"}, 61},
	} {
		got := ResultOf(parse(t, tt.xml))
		if !reflect.DeepEqual(got, tt.want) || got.RC() != tt.rc || got.OK() != (tt.rc == 0) {
			t.Errorf("%s: got %+v (%d), want %+v (%d)", tt.xml, got, got.RC(), tt.want, tt.rc)
		}
		again := etree.NewElement("x")
		if got.Set(again); !reflect.DeepEqual(ResultOf(again), got) {
			t.Errorf("%s: became %+v on its way", tt.xml, ResultOf(again))
		}
	}
	for errs, want := range map[string]crmexit.RC{"Timed Out": 62, "Unrecognised action x": 95, "else": crmexit.RCError} {
		if got := (&Result{Exit: 1, Errors: errs}).RC(); got != want {
			t.Errorf("%s: got %v, want %v", errs, got, want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for s, want := range map[string]string{
		`<x/>`: "element x", `<stonith_command/>`: "st_op", `<stonith_command st_op="a"/>`: "st_callid",
		`<stonith_command st_op="a" st_callid="x"/>`: "st_callid", `<stonith_command st_op="a" st_callid="1" st_callopt="x"/>`: "st_callopt",
		`<stonith_command st_op="a" st_callid="1" st_timeout=""/>`: "st_timeout", `<stonith_command st_op="a" st_callid="1" st_delay="1s"/>`: "st_delay",
	} {
		if _, err := ParseCommand(parse(t, s)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", s, err, want)
		}
	}
	for s, want := range map[string]string{
		`<x/>`: "attribute t", `<x t="y"/>`: "attribute t", `<x t="stonith-ng"/>`: "st_callid", `<x t="st_notify"/>`: "subt",
		`<x t="st-async-timeout-value" st_callid="1"/>`: "st_timeout",
	} {
		if _, err := ParseEvent(parse(t, s)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", s, err, want)
		}
	}
	for s, want := range map[string]string{
		`<st_history><x/></st_history>`: "st_state", `<st_history><x st_state="5"/></st_history>`: "st_state",
		`<st_history><x st_state="2" st_date="x"/></st_history>`: "st_date", `<st_history><x st_state="2" st_date_nsec="-"/></st_history>`: "st_date_nsec",
	} {
		if _, err := ParseHistory(parse(t, s)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", s, err, want)
		}
	}
	for _, s := range []string{`<x index="1"/>`, `<x target="a"/>`, `<x target-attribute="a" index="1"/>`} {
		if _, err := ParseLevel(parse(t, s)); err == nil {
			t.Errorf("%s: no error", s)
		}
	}
}

func FuzzMessages(f *testing.F) {
	for _, s := range captured(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := xmltree.Parse([]byte(s), xmltree.DropBlanks)
		if err != nil {
			return
		}
		e := doc.Root()
		if once := again(e); once != "" {
			if twice := again(parse(t, once)); twice != once {
				t.Errorf("%s becomes %s", once, twice)
			}
		}
		_, _ = ParseRegistered(e)
		_, _ = ParseEvent(e)
		_ = Agents(e)
		all, err := ParseHistory(e)
		if err != nil {
			return
		}
		for i := range all {
			back, err := ParseEntry(all[i].Element())
			if err != nil || all[i].State != back.State || all[i].Result.OK() != back.Result.OK() {
				t.Errorf("%+v becomes %+v, %v", all[i], back, err)
			}
		}
	})
}
