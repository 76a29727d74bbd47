package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/crmmsg"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// controller acknowledges requests and answers as it is told to.
type controller struct {
	t      *testing.T
	answer string
	hello  int
}

func (*controller) Connected(*ipc.Client) error { return nil }
func (*controller) Disconnected(*ipc.Client)    {}
func (d *controller) Request(c *ipc.Client, r *ipc.Message) {
	switch task := r.XML.SelectAttrValue(crmmsg.Task, ""); task {
	case crmmsg.TaskHello:
		if about := crmmsg.ContentsOf(r.XML); about == nil || about.SelectAttrValue("client_name", "") != "test" {
			d.t.Error("a hello without a name")
		}
		d.hello++
		return
	case taskNodeInfo:
	default:
		d.t.Errorf("task %q", task)
	}
	if err := c.Ack(r, ipc.Ack{Status: crmexit.Indeterminate}); err != nil {
		d.t.Error(err)
	}
	doc, err := xmltree.Parse([]byte(d.answer), xmltree.KeepText)
	if err == nil {
		err = c.Event(doc.Root())
	}
	if err != nil {
		d.t.Error(err)
	}
}

func TestNodeName(t *testing.T) {
	for i, c := range []struct {
		answer string
		name   *string
		err    error
	}{
		{`<r t="crmd" subt="response" reference="1" crm_task="node-info"><crm_xml><node-info uname="node1" id="1"/></crm_xml></r>`, new("node1"), nil},
		{`<r t="crmd" subt="response" reference="1" crm_task="node-info"><crm_xml><node-info id="1"/></crm_xml></r>`, nil, nil},
		{`<r t="crmd" subt="response" reference="1" crm_task="node-info"/>`, nil, nil},
		{`<r t="crmd" subt="other" crm_task="node-info"/>`, nil, ErrProtocol},
		{`<r t="crmd" subt="response" crm_task="ping"/>`, nil, ErrProtocol},
	} {
		d := &controller{t: t, answer: c.answer}
		name := fmt.Sprintf("crmd-client-%d-%d", os.Getpid(), i)
		l, err := ipc.Listen(ipc.Options{Name: name, Handler: d, ShmDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Serve(ctx) }()
		conn, err := Dial(t.Context(), "test", Options{Service: name, IPC: ipc.DialOptions{AnyServer: true}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := conn.NodeName(t.Context())
		if (got == nil) != (c.name == nil) || got != nil && *got != *c.name || !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, %v", c.answer, got, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if d.hello != 1 {
			t.Errorf("%d times hello", d.hello)
		}
	}
	if _, err := Dial(t.Context(), "test", Options{Service: "crmd-nobody-is-there"}); RC(err) != crmexit.RC(syscall.ECONNREFUSED) {
		t.Errorf("nobody there: %v", err)
	}
}
