package crmadmin

import (
	"bytes"
	"strings"
	"testing"
)

// TestNodes lists the nodes of a file as the reference does.
func TestNodes(t *testing.T) {
	t.Setenv("CIB_file", "../crmresource/testdata/resources.xml")
	const all = "cluster node: node1 (1)\ncluster node: node2 (2)\ncluster node: node3 (3)\nremote node: remote1 (remote1)\n"
	for args, want := range map[string]string{
		"-N": all, "-N all": all, "-N guest": "No nodes configured\n", "-N remote": "remote node: remote1 (remote1)\n",
		"-qN": "node1\nnode2\nnode3\nremote1\n", "-B -N cluster": "export node1=1\nexport node2=2\nexport node3=3\n",
	} {
		var out, errs bytes.Buffer
		status := Main(append([]string{"crmadmin"}, strings.Fields(args)...), nil, &out, &errs)
		if status != 0 || out.String() != want || errs.Len() > 0 {
			t.Errorf("%s: got %d %q %q, want %q", args, status, out.String(), errs.String(), want)
		}
	}
}
