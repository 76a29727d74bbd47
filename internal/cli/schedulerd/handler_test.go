package schedulerd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc/frame"
	"github.com/ringmaster-ha/ringmaster/internal/qb/client"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
	"github.com/ringmaster-ha/ringmaster/pengine/service"
)

// start serves with a store in a folder of the test's.
func start(t *testing.T) (name, dir string) {
	t.Helper()
	dir = t.TempDir()
	files := store{dir: dir, log: loglevel.Discard}
	o := ipc.Options{
		Name:   fmt.Sprintf("pengine-test-%d-%s", os.Getpid(), strings.ToLower(t.Name())),
		ShmDir: t.TempDir(),
		Handler: &handler{log: loglevel.Discard, files: &files, rest: time.AfterFunc(time.Hour, func() {}),
			calc: service.Calculator{Log: loglevel.Discard, Dir: dir, Last: files.last}},
	}
	s, err := ipc.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("Serve:", err)
		}
	})
	return o.Name, dir
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func cib(t *testing.T) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(`<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" epoch="1" num_updates="1" admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`), xmltree.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func TestCalculation(t *testing.T) {
	name, dir := start(t)
	c, err := ipc.Dial(t.Context(), name, ipc.DialOptions{AnyServer: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var m crmmsg.Maker
	ctx := within(t)
	request := m.Request(&crmmsg.Request{Function: "f", Task: crmmsg.TaskPECalc, SystemTo: crmmsg.Scheduler, From: "me", Contents: cib(t)}, time.Unix(1700000000, 0))
	ack, err := c.Call(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if got := text.Line(ack.XML); got != `<ack function="handle_pecalc_request" line="77" status="112"/>` {
		t.Errorf("acknowledged by %s", got)
	}
	reply, err := c.Event(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got := reply.XML.SelectAttrValue("crm-tgraph-in", ""); got != dir+"/pe-input-0.bz2" {
		t.Errorf("input in %q", got)
	}
	if graph := crmmsg.ContentsOf(reply.XML); graph == nil || graph.Tag != "transition_graph" || graph.SelectAttrValue("transition_id", "") != "0" {
		t.Errorf("graph %v", graph)
	}
	// The input is there once another request has been answered.
	if _, err := c.Call(ctx, m.Request(&crmmsg.Request{Task: crmmsg.TaskHello, SystemTo: crmmsg.Scheduler, From: "me"}, time.Now())); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "pe-input.last")); err != nil || string(b) != "1" {
		t.Errorf("next input %q, %v", b, err)
	}
}

// Whatever comes is acknowledged, and the daemon goes on.
func TestOddRequests(t *testing.T) {
	name, _ := start(t)
	qc, err := client.Dial(t.Context(), name, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer qc.Close()
	ctx := within(t)
	for _, tt := range []struct{ document, want string }{
		{`hello`, `<ack function="pe_ipc_dispatch" line="243" status="76"/>`},
		{`<m subt="response" crm_sys_to="pengine" crm_task="pe_calc"/>`, `<ack function="pe_ipc_dispatch" line="251" status="112"/>`},
		{`<m subt="request" crm_sys_to="crmd" crm_task="pe_calc"/>`, `<ack function="pe_ipc_dispatch" line="255" status="112"/>`},
		{`<m subt="request" crm_sys_to="pengine" crm_task="odd"/>`, `<ack function="handle_unknown_request" line="183" status="2"/>`},
		{`<m subt="request" crm_sys_to="pengine"/>`, `<ack function="handle_unknown_request" line="183" status="2"/>`},
		{`<m subt="request" crm_sys_to="pengine" crm_task="hello"/>`, `<ack function="handle_hello_request" line="195" status="112"/>`},
		{`<m subt="request" crm_sys_to="pengine" crm_task="pe_calc"/>`, `<ack function="handle_pecalc_request" line="77" status="112"/>`},
		{`<m crm_sys_to="pengine" crm_task="pe_calc"><crm_xml><cib/></crm_xml></m>`, `<ack function="handle_pecalc_request" line="77" status="112"/>`},
	} {
		b, err := frame.Encode(nil, &frame.Message{ID: 1, Flags: frame.ClientResponse, Text: tt.document}, 1<<16)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := qc.Call(ctx, b)
		if err != nil {
			t.Fatalf("%s: %v", tt.document, err)
		}
		if m, err := frame.Decode(raw); err != nil || m.Text != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.document, m.Text, err, tt.want)
		}
	}
}
