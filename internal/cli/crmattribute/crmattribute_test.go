package crmattribute

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked with a file in the cluster's place;
// testdata/README says how.
func TestGolden(t *testing.T) {
	golden.Repeat(t, "testdata/golden.jsonl", func(c golden.Command, stdin io.Reader, stdout, stderr io.Writer) int {
		return Main(c.Args, stdin, stdout, stderr)
	})
}

// TestPromotionScore: a score is given as resource agents do, the resource by the environment.
func TestPromotionScore(t *testing.T) {
	const cib = `<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes><node id="1" uname="node1"/></nodes><resources/><constraints/></configuration><status><node_state id="1" uname="node1"/></status></cib>`
	for _, args := range [][]string{
		{"-N", "node1", "-p", "-v", "-INFINITY"},
		{"-N", "node1", "-p", "-v-INFINITY"},
		{"-N", "node1", "-p", "db", "-v", "-INFINITY"},
		{"-N", "node1", "-pdb", "-v", "-INFINITY"},
		{"-p", "-N", "node1", "-v", "-INFINITY"},
	} {
		file := filepath.Join(t.TempDir(), "cib.xml")
		if err := os.WriteFile(file, []byte(cib), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("CIB_file", file)
		t.Setenv("OCF_RESOURCE_INSTANCE", "db")
		var out, errs bytes.Buffer
		if code := Main(append([]string{"crm_attribute"}, args...), strings.NewReader(""), &out, &errs); code != 0 {
			t.Errorf("%q: status %d: %s", args, code, errs.String())
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), `name="master-db" value="-INFINITY"`) {
			t.Errorf("%q left %s", args, b)
		}
	}
}
