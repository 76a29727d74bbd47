package attrs

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// fake answers every query with the same, and remembers the last change.
type fake struct {
	found *etree.Element // nil for nothing
	path  string
	last  call.Request
}

func (f *fake) Do(_ context.Context, r call.Request) (*etree.Element, error) {
	if r.Options&call.XPath == 0 {
		f.last = r
		return nil, nil
	}
	f.path = r.Section
	if f.found == nil {
		return nil, &client.Refused{RC: crmexit.RC(syscall.ENXIO)}
	}
	return f.found, nil
}

func element(t *testing.T, s string) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(s); err != nil {
		t.Fatal(err)
	}
	return doc.Root()
}

// Where values are looked for, and what is made where there are none.
func TestPlaces(t *testing.T) {
	node := new("1")
	for _, c := range []struct {
		place             Place
		remote            bool
		path, section, to string
		err               error
	}{
		{Place{Section: "crm_config", Node: node, Name: new("a")}, false, "//cib/configuration/crm_config//cluster_property_set//nvpair[@name='a']", "crm_config",
			`<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-a" name="a" value="v"/></cluster_property_set></crm_config>`, nil},
		{Place{Section: "nodes", Node: node, Name: new("#a:b")}, false, "//cib/configuration/nodes//node[@id='1']//instance_attributes//nvpair[@name='#a:b']", "nodes",
			`<node id="1"><instance_attributes id="nodes-1"><nvpair id="nodes-1-.a.b" name="#a:b" value="v"/></instance_attributes></node>`, nil},
		{Place{Section: "nodes", Node: node, Name: new("cpu"), SetType: new("utilization")}, true, "//cib/configuration/nodes//node[@id='1']//utilization//nvpair[@name='cpu']", "nodes",
			`<nodes><node type="remote" id="1" uname="1"><utilization id="nodes-1-utilization"><nvpair id="nodes-1-utilization-cpu" name="cpu" value="v"/></utilization></node></nodes>`, nil},
		{Place{Section: "status", Node: node, ID: new("i"), Set: new("s")}, false, "//cib/status//node_state[@id='1']//transient_attributes[@id='s']//nvpair[@id='i']", "status",
			`<node_state id="1"><transient_attributes id="1"><instance_attributes id="s"><nvpair id="i" name="i" value="v"/></instance_attributes></transient_attributes></node_state>`, nil},
		{Place{Section: "tickets", Name: new("a"), ID: new("i")}, false, "//cib/status//tickets//instance_attributes//nvpair[@id='i' and @name='a']", "status",
			`<status><tickets><instance_attributes id="status-tickets"><nvpair id="i" name="a" value="v"/></instance_attributes></tickets></status>`, nil},
		{Place{Section: "op_defaults", Name: new("a")}, false, "//cib/configuration/op_defaults//meta_attributes//nvpair[@name='a']", "op_defaults",
			`<op_defaults><meta_attributes id="op_defaults-options"><nvpair id="op_defaults-options-a" name="a" value="v"/></meta_attributes></op_defaults>`, nil},
		{Place{Section: "nodes", Name: new("a")}, false, "", "", "", syscall.EINVAL},
		{Place{Section: "nodes", Node: node}, false, "", "", "", syscall.EINVAL},
		{Place{Section: "Nodes", Node: node, Name: new("a")}, false, "", "", "", ErrSection},
	} {
		var f fake
		err := Update(t.Context(), &f, c.place, "v", Change{Remote: c.remote})
		if !errors.Is(err, c.err) {
			t.Errorf("%+v: %v, want %v", c.place, err, c.err)
		}
		to := ""
		if f.last.Data != nil {
			to = text.Line(f.last.Data)
		}
		if f.path != c.path || f.last.Section != c.section || to != c.to {
			t.Errorf("%s in %s:\n%s\nwant %s in %s:\n%s", f.path, f.last.Section, to, c.path, c.section, c.to)
		}
	}
}

func TestExisting(t *testing.T) {
	p := Place{Section: "crm_config", Name: new("a")}
	f := fake{found: element(t, `<nvpair id="i" name="a" value="old"/>`)}
	if err := Update(t.Context(), &f, p, "new", Change{}); err != nil || text.Line(f.last.Data) != `<nvpair id="i" name="a" value="new"/>` {
		t.Errorf("update: %v, %s", err, text.Line(f.last.Data))
	}
	if id, err := Delete(t.Context(), &f, p, 0); err != nil || *id != "i" || text.Line(f.last.Data) != `<nvpair id="i" name="a"/>` {
		t.Errorf("delete: %v, %s", err, text.Line(f.last.Data))
	}
	f.found = element(t, `<xpath-query><nvpair id="i"/><nvpair id="j"/></xpath-query>`)
	var several *MultipleError
	if err := Update(t.Context(), &f, p, "new", Change{}); !errors.As(err, &several) || len(several.Matches) != 2 || RC(err) != crmexit.RC(syscall.ENOTUNIQ) {
		t.Errorf("several: %v", err)
	}
	f.found = nil
	if _, err := Delete(t.Context(), &f, p, 0); !IsMissing(err) {
		t.Errorf("nothing: %v", err)
	}
}

func TestNodeNamed(t *testing.T) {
	for found, want := range map[string]Node{
		`<node id="1" uname="n"/>`:                                     {"1", false},
		`<node id="x" uname="r" type="Remote"/>`:                       {"r", true},
		`<primitive id="r"/>`:                                          {"r", true},
		`<nvpair name="remote-node" value="g"/>`:                       {"g", true},
		`<node_state id="o" uname="o"/>`:                               {"o", true},
		`<xpath-query><node id="1"/><primitive id="r"/></xpath-query>`: {"1", false},
	} {
		f := fake{found: element(t, found)}
		if got, err := NodeNamed(t.Context(), &f, "N"); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", found, got, err, want)
		}
	}
	var f fake
	if _, err := NodeNamed(t.Context(), &f, "N"); !IsMissing(err) {
		t.Errorf("nobody: %v", err)
	}
}
