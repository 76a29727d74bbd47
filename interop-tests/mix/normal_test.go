package mix

import "testing"

func TestNormal(t *testing.T) {
	for in, want := range map[string]string{
		`<cib epoch="7" num_updates="3" admin_epoch="1" cib-last-written="Sun Nov 22 20:00:00 2026" dc-uuid="1">`: `<cib epoch="*" num_updates="*" admin_epoch="1" dc-uuid="*">`,
		`<node_state crm-debug-origin="x" in_ccm="true"/>`:                                                        `<node_state in_ccm="true"/>`,
		`id="0a1b2c3d-0000-1111-2222-333344445555" at 1795376400`:                                                 `id="UUID" at SECONDS`,
		"on Sun Nov 22 20:00:00 2026, 2026-11-22 20:00:00Z":                                                       "on DATE, DATE",
	} {
		if got := normal(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestOrdered(t *testing.T) {
	a := ordered(`<cib><status><node_state id="2"><b/><a/></node_state><node_state id="1"/></status></cib>`)
	b := ordered(`<cib><status><node_state id="1"/><node_state id="2"><a/><b/></node_state></status></cib>`)
	if a != b || ordered("broken") != "broken" {
		t.Errorf("%s and %s differ", a, b)
	}
}

func TestDifference(t *testing.T) {
	if d := Difference("a\nb", "a\nb"); d != "" {
		t.Errorf("equal texts differ: %s", d)
	}
	if d, want := Difference("a\nb\nc", "a\nx"), "line 2: want\n\ta\n\tb\n\tc\ngot\n\ta\n\tx"; d != want {
		t.Errorf("%q, want %q", d, want)
	}
}
