package client

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// element reads XML.
func element(t testing.TB, s string) *etree.Element {
	t.Helper()
	doc, err := xmltree.Parse([]byte(s), xmltree.KeepText)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// events answers registrations and subscriptions, and each call by an event, behind a
// notification of a change.
type events struct {
	t      *testing.T
	change string
}

func (*events) Connected(*ipc.Client) error { return nil }
func (*events) Disconnected(*ipc.Client)    {}
func (m *events) Request(c *ipc.Client, r *ipc.Message) {
	var err error
	switch op := r.XML.SelectAttrValue("cib_op", ""); op {
	case "register":
		err = c.Respond(r.ID, 0, element(m.t, registered))
	case "cib_notify":
		if got := text.Line(r.XML); got != `<cib-callback cib_op="cib_notify" cib_notify_type="cib_diff_notify" cib_notify_activate="1"/>` {
			m.t.Error(got)
		}
		err = c.Ack(r, ipc.Ack{})
	default:
		rc := 0
		if op == string(ops.Delete) {
			rc = -6
		}
		err = errors.Join(
			c.Event(element(m.t, m.change)),
			c.Event(element(m.t, fmt.Sprintf(`<cib-reply t="cib" cib_op="%s" cib_callid="%s" cib_rc="%d"><cib_calldata><x/></cib_calldata></cib-reply>`,
				op, r.XML.SelectAttrValue("cib_callid", ""), rc))))
	}
	if err != nil {
		m.t.Error(err)
	}
}

const (
	before = `<cib epoch="1" num_updates="0" admin_epoch="0"><configuration/></cib>`
	change = `<notify t="cib_notify" subt="cib_diff_notify" cib_op="cib_apply_diff" cib_rc="0" cib_object_type="diff"><cib_generation/><cib_update_result><diff format="2"><version><source admin_epoch="0" epoch="1" num_updates="0"/><target admin_epoch="0" epoch="2" num_updates="0"/></version><change operation="modify" path="/cib"><change-list><change-attr name="epoch" operation="set" value="2"/></change-list><change-result><cib epoch="2" num_updates="0" admin_epoch="0"/></change-result></change></diff></cib_update_result></notify>`
	after  = `<cib epoch="2" num_updates="0" admin_epoch="0"><configuration/></cib>`
)

// An answer is waited for past notifications, which are kept.
func TestEvents(t *testing.T) {
	o := serveBy(t, &events{t, change})
	ctx := within(t)
	c, err := Open(ctx, "test", o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Subscribe(ctx, NotifyDiff, true); err != nil {
		t.Fatal(err)
	}
	for i, op := range []ops.Op{ops.Modify, ops.Delete} {
		number, err := c.Send(ctx, call.Request{Op: op})
		if err != nil || number != i+1 {
			t.Fatalf("call %d: %v", number, err)
		}
		e, err := c.Await(ctx, number)
		if err != nil || e.Call != number || e.Op != op || e.Answer == nil || RC(e.Err) != crmexit.RC(6*i) {
			t.Errorf("%+v, %v", e, err)
		}
	}
	for range 2 {
		e, err := c.Event(ctx)
		if err != nil || e.Kind != NotifyDiff || e.Err != nil {
			t.Fatalf("%+v, %v", e, err)
		}
		old := element(t, before)
		cib, err := e.Apply(old)
		if err != nil || text.Line(cib) != after || text.Line(old) != before {
			t.Errorf("%v, %v", cib, err)
		}
		if again, err := e.Apply(cib); err != nil || again != cib {
			t.Errorf("again: %v, %v", again, err)
		}
		if _, err := e.Apply(element(t, `<cib epoch="0" num_updates="0" admin_epoch="0"/>`)); !errors.Is(err, patch.ErrResync) && !errors.Is(err, patch.ErrFailed) {
			t.Errorf("to an older one: %v", err)
		}
	}
}

// FuzzRead: what a daemon sends is an event or an error.
func FuzzRead(f *testing.F) {
	for _, s := range []string{change, registered, `<cib-reply t="cib" cib_callid="1" cib_rc="-207"/>`, `<x cib_callid="-1"/>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		doc, err := xmltree.Parse([]byte(s), xmltree.KeepText)
		if err != nil {
			return
		}
		e, err := Decode(doc.Root())
		if err == nil && e.Kind == "" && e.Call < 1 {
			t.Errorf("%+v", e)
		}
		if err == nil {
			_, _ = e.Apply(element(t, before))
		}
	})
}
