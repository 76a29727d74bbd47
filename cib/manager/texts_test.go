package manager

import (
	"fmt"
	"strings"
	"testing"
)

// What is kept for the next query is not kept over a change, of the configuration or
// the status.
func TestQueriesSeeChanges(t *testing.T) {
	m := newTestManager(t, Config{})
	asked := func(section string) string {
		t.Helper()
		request := fmt.Sprintf(`<x cib_op="cib_query" cib_host="a" cib_section=%q cib_callopt="4096"/>`, section)
		first, second := m.deliver(t, "b", request), m.deliver(t, "b", request)
		if first != second {
			t.Errorf("two answers:\n%s\n%s", first, second)
		}
		return first
	}
	for i, section := range []string{"crm_config", "status", "crm_config", "status", "status"} {
		data := fmt.Sprintf(`<cluster_property_set id="s"><nvpair id="n" name="n" value="v%d"/></cluster_property_set>`, i)
		if section == "status" {
			data = fmt.Sprintf(`<node_state id="1" uname="n" crm-debug-origin="v%d"/>`, i)
		}
		asked(section)
		m.deliver(t, "b", fmt.Sprintf(`<x cib_op="cib_modify" cib_section=%q cib_callopt="8"><cib_calldata>%s</cib_calldata></x>`, section, data))
		want := fmt.Sprintf(`"v%d"`, i)
		for _, at := range []string{section, "all", "cib", "other"} {
			if got := asked(at); !strings.Contains(got, want) {
				t.Errorf("%s after a change of %s has no %s: %s", at, section, want, got)
			}
		}
	}
}
