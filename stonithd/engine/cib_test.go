package engine

import (
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// TestOnlyInStates: which changes of a CIB can mean something to the fencer.
func TestOnlyInStates(t *testing.T) {
	const state = `/cib/status/node_state[@id='1']`
	for change, want := range map[string]bool{
		`<change operation="modify" path="/cib"/>`:                                                 true,
		`<change operation="create" path="/cib"><configuration/></change>`:                         false,
		`<change operation="modify" path="` + state + `"/>`:                                        false,
		`<change operation="delete" path="` + state + `"/>`:                                        false,
		`<change operation="create" path="/cib/status"><node_state id="2"/></change>`:              false,
		`<change operation="create" path="` + state + `"><lrm id="1"/></change>`:                   true,
		`<change operation="create" path="` + state + `/lrm[@id='1']/lrm_resources"><x/></change>`: true,
		`<change operation="delete" path="` + state + `/transient_attributes[@id='1']"/>`:          true,
		`<change operation="modify" path="/cib/configuration/resources"/>`:                         false,
		`<change operation="modify" path="/cib/status/node_state"/>`:                               false,
		`<change operation="modify"/>`:                                                             false,
	} {
		doc, err := xmltree.Parse([]byte(`<diff format="2"><version/><change operation="modify" path="/cib"/>`+change+`</diff>`), xmltree.KeepText)
		if err != nil {
			t.Fatal(err)
		}
		if got := onlyInStates(doc.Root()); got != want {
			t.Errorf("%s: %v", change, got)
		}
	}
}
