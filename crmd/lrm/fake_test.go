package lrm

import (
	"time"

	"github.com/beevik/etree"

	attrdwire "github.com/ringmaster-ha/ringmaster/attrd/wire"
	"github.com/ringmaster-ha/ringmaster/crmd/fsa"
	"github.com/ringmaster-ha/ringmaster/lrmd/alert"
	"github.com/ringmaster-ha/ringmaster/lrmd/wire"
)

// fakeController is the rest of a controller that is none of the DC's.
type fakeController struct {
	now      time.Time
	state    fsa.State
	leaving  bool
	lock     bool
	dc       string
	inputs   []fsa.Input
	alerts   []*alert.ResourceResult
	attrs    []*attrdwire.Message
	triggers int
}

func newFake() *fakeController {
	return &fakeController{now: time.Unix(1795403470, 0), state: fsa.SNotDC, dc: "3.16.1"}
}

func (f *fakeController) State() fsa.State   { return f.state }
func (f *fakeController) Self() string       { return "node2" }
func (f *fakeController) SelfID() string     { return "2" }
func (f *fakeController) DCVersion() string  { return f.dc }
func (f *fakeController) ShuttingDown() bool { return f.leaving }
func (f *fakeController) ShutdownLock() bool { return f.lock }
func (f *fakeController) Input(_ fsa.Cause, i fsa.Input, _ string) {
	f.inputs = append(f.inputs, i)
}
func (f *fakeController) Trigger() { f.triggers++ }

func (f *fakeController) LocalState(origin string, status bool) *etree.Element {
	e := etree.NewElement("node_state")
	e.CreateAttr("id", "2")
	e.CreateAttr("uname", "node2")
	if status {
		e.CreateAttr("in_ccm", "true")
		e.CreateAttr("crmd", "online")
	}
	e.CreateAttr("crm-debug-origin", origin)
	return e
}

func (f *fakeController) Attribute(m *attrdwire.Message)        { f.attrs = append(f.attrs, m) }
func (f *fakeController) AlertResource(r *alert.ResourceResult) { f.alerts = append(f.alerts, r) }

// quiet is a replay of nothing: all is well, agents have no parameters.
type quiet struct{ *replay }

func (quiet) Exec(q *wire.Request) (int, *etree.Element, error) {
	return 1, wire.Reply{}.Info(q.RscID, "systemd", "", "thing"), nil
}

func (q quiet) Metadata(_, _, _ string, then func(now time.Time, xml string, err error)) {
	q.next = append(q.next, func() { then(q.now, agents["Legacy"], nil) })
}
