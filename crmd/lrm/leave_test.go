package lrm

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// A controller tries for long to reach its executor, and cannot do without it.
func TestConnection(t *testing.T) {
	b := newBench(t)
	b.l.Lost(b.now)
	if b.l.IsConnected() || len(b.inputs) != 1 || b.inputs[0] != fsa.IError {
		t.Errorf("after the loss: %v", b.inputs)
	}
	for i := 1; i < maxConnectFails; i++ {
		if !b.l.Connected(b.now, errors.New("no")) {
			t.Fatalf("gave up after %d times", i)
		}
	}
	if b.l.Connected(b.now, errors.New("no")) || len(b.inputs) != 2 {
		t.Errorf("has not given up: %v", b.inputs)
	}
	b.l.Lost(b.now)
	if len(b.inputs) != 2 {
		t.Errorf("what was not there cannot be lost: %v", b.inputs)
	}
	b.did = nil
	b.l.Invoke(b.now, element(t, message(tengine, "start", "", "")))
	if got := strings.Join(b.did, "\n"); !strings.HasPrefix(got, "record r_last_failure_0 r_start_0 8:1;"+key) {
		t.Errorf("without an executor:\n%s", got)
	}
}

// What a node waits for before it leaves, and what it says of what it leaves behind.
func TestLeaving(t *testing.T) {
	for _, tt := range []struct {
		name  string
		state fsa.State
		asked bool // before
		done  bool
		want  string
	}{
		{"the first time", fsa.SStopping, false, true, "log Stopped 0 recurring operations at shutdown... waiting (1 remaining)\nlog 1 pending executor operation at shutdown... waiting\nlog Pending action: r:2 (r_stop_0)"},
		{"then", fsa.SStopping, true, false, "log Stopped 0 recurring operations at shutdown... waiting (1 remaining)\nlog 1 pending executor operation at shutdown... waiting"},
		{"at last", fsa.STerminate, true, true, "log Stopped 0 recurring operations at shutdown (1 remaining)\nlog 1 pending executor operation at shutdown\nlog Pending action: r:2 (r_stop_0)"},
	} {
		b := newBench(t)
		b.l.Invoke(b.now, element(t, message(tengine, "stop", "", "")))
		b.leaving, b.l.sentStop, b.did = true, tt.asked, nil
		done := b.l.VerifyStopped(b.now, tt.state, loglevel.Notice)
		if got := strings.Join(b.did, "\n"); done != tt.done || got != tt.want {
			t.Errorf("%s: %t\n%s\nwant %t\n%s", tt.name, done, got, tt.done, tt.want)
		}
	}
	b := newBench(t)
	b.l.Invoke(b.now, element(t, message(tengine, "start", "", "")))
	if err := b.l.Event(b.now, element(t, completion("start", 0, 2, 0, 0, ""))); err != nil {
		t.Fatal(err)
	}
	b.leaving, b.did = true, nil
	if !b.l.Disconnect(b.now, false) || strings.Join(b.did, "\n") != "log 1 resource was active at shutdown\nlog Disconnected from the executor" {
		t.Errorf("with a resource:\n%s", strings.Join(b.did, "\n"))
	}
}

// What is under way when a controller gives up its executor, though its node stays, has failed.
func TestGivingUp(t *testing.T) {
	b := newBench(t)
	b.l.Invoke(b.now, element(t, message(tengine, "start", "", "")))
	b.l.sentStop, b.did = true, nil
	if b.l.Disconnect(b.now, false) {
		t.Error("does not wait for the start")
	}
	b.did = nil
	if !b.l.Disconnect(b.now, true) || b.l.Pending() != 0 || b.l.IsConnected() {
		t.Error("not disconnected")
	}
	want := "record r_last_failure_0 r_start_0 8:1;" + key
	if got := strings.Join(b.did, "\n"); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// asynchronous keeps what a Local waits for.
type asynchronous struct {
	*bench
	then func(now time.Time, answer *etree.Element, err error)
}

func (a *asynchronous) CIB(q call.Request, then func(now time.Time, answer *etree.Element, err error)) int {
	a.then = then
	return 7
}

func TestUpdating(t *testing.T) {
	a := &asynchronous{bench: newBench(t)}
	a.l.Host = a
	a.l.Invoke(a.now, element(t, message(tengine, "start", "", "")))
	if !a.l.Updating() {
		t.Error("does not wait for the CIB")
	}
	before := a.triggers
	a.then(a.now, nil, refused(errAccess))
	if a.l.Updating() || a.triggers != before+1 {
		t.Error("waits for the CIB still")
	}
}

// A history of a node that is not there is cleared without that.
func TestDeleteHistory(t *testing.T) {
	b := newBench(t)
	b.state = fsa.SElection
	b.l.DeleteHistory(b.now, element(t, `<m crm_task="lrm_delete" crm_sys_from="tool" crm_user="alice"><crm_xml><rsc_op on_node="away" mode="cib"><primitive id="r"/></rsc_op></crm_xml></m>`))
	want := []string{
		"cib_delete //node_state[@uname='away']/lrm/lrm_resources/lrm_resource[@id='r'] 0x202 alice",
		"cib_delete //node_state[@uname='away']/lrm/lrm_resources/lrm_resource[@id='r'] 0x100102 alice",
		"ack tool: r_last_failure_0 r_delete_0 0:0;xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
		"cib_query //cib/configuration/crm_config//cluster_property_set//nvpair[@name='last-lrm-refresh'] 0x102 ",
	}
	// The query is answered with nothing at all, so that nothing is changed.
	if got := strings.Join(b.did, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	b.did, b.failure = nil, refused(errNoSuch)
	b.l.refreshAfter(b.now, "tool", "r")
	if got, want := b.did[len(b.did)-1], `cib_modify crm_config <crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-last-lrm-refresh" name="last-lrm-refresh" value="1795403470"/></cluster_property_set></crm_config> 0x100000 `; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Whatever the executor or a peer says, nothing breaks.
func FuzzMessages(f *testing.F) {
	file, err := os.Open("testdata/transcript.txt")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	for n, s := 0, bufio.NewScanner(file); s.Scan() && n < 60; n++ {
		if line := s.Text(); line[0] == '<' || line[0] == '!' {
			_, xml, _ := strings.Cut(line[2:], " ")
			f.Add(xml, xml)
		}
	}
	f.Add(message(tengine, "cancel", `CRM_meta_operation="monitor" CRM_meta_interval="1"`, ""), completion("monitor", 1, 3, 0, 1, ""))
	f.Fuzz(func(t *testing.T, first, second string) {
		r := &replay{fakeController: newFake()}
		w := &quiet{r}
		l := New(Config{Controller: w, Host: w, Requests: &crmmsg.Maker{}})
		l.Connected(r.now, nil)
		for _, text := range []string{first, second, first} {
			doc, err := xmltree.Parse([]byte(text), xmltree.KeepText)
			if err != nil || doc.Root() == nil {
				return
			}
			if l.Event(r.now, doc.Root()) == nil {
				l.Invoke(r.now, doc.Root())
				l.DeleteHistory(r.now, doc.Root())
			}
			r.drain()
		}
		l.State(r.now)
		l.Disconnect(r.now, true)
	})
}
