package crmnode

import (
	"bytes"
	"strings"
	"testing"
)

// TestWithoutCluster has what needs no controller; the texts are those of the reference.
func TestWithoutCluster(t *testing.T) {
	t.Setenv("OCF_RESKEY_CRM_meta_on_node", "node7")
	for _, c := range []struct {
		args, out, errs string
		status          int
	}{
		{"-n", "node7\n", "", 0},
		{"-R x", "", "The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n", 64},
		{"--nope", "", "crm_node: Unknown option --nope\n", 64},
	} {
		var out, errs bytes.Buffer
		status := Main(append([]string{"crm_node"}, strings.Fields(c.args)...), nil, &out, &errs)
		if status != c.status || out.String() != c.out || errs.String() != c.errs {
			t.Errorf("%s: got %d %q %q, want %d %q %q", c.args, status, out.String(), errs.String(), c.status, c.out, c.errs)
		}
	}
}
