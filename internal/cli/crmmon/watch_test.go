package crmmon

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
)

func TestScreenLines(t *testing.T) {
	for _, tt := range []struct {
		text          string
		width, height int
		want          []string
	}{
		{"", 5, 2, nil},
		{"abcdefg\n\nh", 5, 9, []string{"abcde", "fg", "", "h"}},
		{"abcde\nf", 5, 9, []string{"abcde", "f"}},
		{"a\nb\nc\n", 5, 2, []string{"a", "b"}},
		{"ab\tc\t|", 80, 2, []string{"ab      c       |"}},
		{"\x1b[31mé", 80, 2, []string{"?[31mé"}},
	} {
		if got := screenLines(tt.text, tt.width, tt.height); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// watching is a watcher with a console that nobody types on.
func watching(t *testing.T, screen *bytes.Buffer) *watcher {
	t.Helper()
	term := openTerminal(strings.NewReader("nr"), screen)
	term.height = 60
	m := &monitor{options: newOptions([]string{"crm_mon"}), world: &world{stdout: term, stderr: term}, terminal: term}
	m.reconcile()
	m.complete()
	m.log = m.NewLog(tool, screen)
	out, err := m.Open([]string{"crm_mon"}, term, term)
	if err != nil {
		t.Fatal(err)
	}
	m.out = out
	if err := m.check(); err != nil {
		t.Fatal(err)
	}
	return &watcher{monitor: m, console: term}
}

func TestKeys(t *testing.T) {
	var screen bytes.Buffer
	w := watching(t, &screen)
	if w.format != console || w.oneShot {
		t.Fatalf("format %d, once %v", w.format, w.oneShot)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var tasks sync.WaitGroup
	for k := range w.console.keys(ctx, &tasks) {
		if !w.key(k) {
			t.Errorf("key %c is not shown", k)
		}
	}
	tasks.Wait()
	if !w.detail.Has(show.ByNode | show.Inactive) {
		t.Errorf("details %b", w.detail)
	}
	for _, k := range []byte("ottcfALDbjmR") {
		w.key(k)
	}
	if w.detail.Has(show.Timing) || !w.detail.Has(show.AllDetails|show.Brief) || w.detail.Has(show.Pending) ||
		!w.sections.Has(show.SectionOperations|show.SectionTickets|show.SectionBans|show.SectionFencing) || w.sections.Any(show.SectionSummary) {
		t.Errorf("sections %b, details %b", w.sections, w.detail)
	}
	screen.Reset()
	if w.key('?') || w.key('c') {
		t.Error("the list of keys is not shown")
	}
	for _, want := range []string{"Display option change mode\x1b[K\r\n  c:", "* f:    Display resource fail counts", "2 m:    Show fence history:"} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("%q is not in\n%q", want, screen.String())
		}
	}
	if !w.key('x') {
		t.Error("the list of keys is still shown")
	}
	w.console.close()
	if !strings.HasSuffix(screen.String(), oldScreen) {
		t.Error("the screen is not given back")
	}
}

// What an agent is told of a change of the CIB.
func TestTellOfChanges(t *testing.T) {
	dir := t.TempDir()
	agent, told := filepath.Join(dir, "agent"), filepath.Join(dir, "told")
	script := "#!/bin/sh\necho \"$CRM_notify_recipient $CRM_notify_node $CRM_notify_rsc $CRM_notify_task $CRM_notify_rc $CRM_notify_target_rc $CRM_notify_status $CRM_notify_desc\" >" + told + ".part\nmv " + told + ".part " + told + "\n"
	if err := os.WriteFile(agent, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ patchset, want string }{
		{`<diff format="2"><change operation="create" path="/cib/status/node_state[@id='1']/lrm[@id='1']/lrm_resources/lrm_resource[@id='r']"><lrm_rsc_op operation_key="r_start_0" on_node="n1" transition-magic="0:0;5:3:0:u"/></change></diff>`,
			"me n1 r start 0 0 0 OK"},
		{`<diff format="2"><change operation="modify" path="/cib/status/node_state[@id='2']/lrm[@id='2']/lrm_resources/lrm_resource[@id='r']/lrm_rsc_op[@id='x']"><change-result><lrm_rsc_op id="r_monitor_10000" transition-magic="0:7;5:3:0:u"/></change-result></change></diff>`,
			"me 2 r monitor 7 0 0 not running"},
		{`<diff format="2"><change operation="create" path="/cib/status"><node_state id="3" uname="n3"><lrm id="3"><lrm_resources><lrm_resource id="r"><lrm_rsc_op id="r_stop_0" transition-magic="2:1;5:3:0:u"/></lrm_resource></lrm_resources></lrm></node_state></change></diff>`,
			"me n3 r stop 1 0 2 Timed Out"},
		{`<diff format="1"><diff-added><cib><status><node_state uname="n4"><lrm_rsc_op id="r_stop_0" transition-magic="0:0;5:3:0:u"/></node_state></status></cib></diff-added></diff>`,
			"me n4 r stop 0 0 0 OK"},
	} {
		w := watching(t, &bytes.Buffer{})
		me := "me"
		w.agent, w.recipient = &agent, &me
		w.tellOfChanges(parsed(t, tt.patchset))
		if got := await(t, told); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		if err := os.Remove(told); err != nil {
			t.Fatal(err)
		}
	}
	// A probe that found nothing, as it should, and what is no operation.
	w := watching(t, &bytes.Buffer{})
	w.agent = &agent
	for _, silent := range []string{
		`<diff format="2"><change operation="create" path="/cib/status"><lrm_rsc_op id="r_monitor_0" on_node="n" transition-magic="0:7;5:3:7:u"/></change></diff>`,
		`<diff format="2"><change operation="delete" path="/cib/status"/><change operation="modify"/><change operation="create" path="/a"><nvpair/></change></diff>`,
		`<diff format="2"><change operation="create" path="/cib/status/x"><lrm_rsc_op id="r_monitor_0" transition-magic="0;5:3:7:u"/></change></diff>`,
	} {
		w.tellOfChanges(parsed(t, silent))
	}
	if _, err := os.Stat(told); err == nil {
		t.Error("the agent is told of nothing")
	}
}

func parsed(t *testing.T, text string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(text), xmltree.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// await reads a file as soon as it is there.
func await(t *testing.T, name string) string {
	t.Helper()
	for t.Context().Err() == nil {
		if b, err := os.ReadFile(name); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	return ""
}

// A file with the number of a process counts only if it is of this name.
func TestPIDFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pid")
	if err := writePID(name); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(name); err != nil || len(b) != pidWidth+1 {
		t.Errorf("%q, %v", b, err)
	}
	if writePID(name) == nil {
		t.Error("another one could be written")
	}
	if pid, ok := running(name); ok {
		t.Errorf("process %d is this tool", pid)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("the file of nobody is still there")
	}
}
