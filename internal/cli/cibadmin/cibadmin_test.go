package cibadmin

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// TestGolden repeats what the reference was asked; interop-tests/cibadmin makes the files anew with
// -refresh. Among the lines are those of other software's code: of pcs, crmsh, DRBD's
// scripts, hawk, exporters.
func TestGolden(t *testing.T) {
	byRoot := func(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
		return mainAs("root", args, stdin, stdout, stderr)
	}
	golden.RepeatSandboxes(t, "testdata/lines.jsonl", 200, byRoot)
	golden.RepeatSandboxes(t, "testdata/drawn.jsonl", 100, byRoot)
}

// Who has permissions of his own does not see all that another may see.
func TestAccessOfOthers(t *testing.T) {
	t.Setenv("CIB_file", t.TempDir()+"/cib.xml")
	for line, want := range map[string]string{
		"-Q -S -U tony":    "107 The supplied command can provide skewed result since it is run under user that also gets guarded per ACLs in their own right. To accept the risk of such a possible distortion (without even knowing it at this time), use the --force flag.\n",
		"-Q -S -f":         "64 The supplied command can provide skewed result since it is run under user that also gets guarded per ACLs on their own right. Continuing since --force flag was provided.\nThe supplied command requires -U user specified.\n",
		"-Q -S -f -U tony": "105 The supplied command can provide skewed result since it is run under user that also gets guarded per ACLs on their own right. Continuing since --force flag was provided.\nCould not connect to the CIB: No such device or address\nInit failed, could not perform requested operations\n",
	} {
		var errs strings.Builder
		status := mainAs("tony", append([]string{"cibadmin"}, strings.Fields(line)...), nil, nil, &errs)
		if got := fmt.Sprint(status, " ", errs.String()); got != want {
			t.Errorf("%s: got %s", line, got)
		}
	}
}
