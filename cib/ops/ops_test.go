package ops_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/ringmaster-ha/ringmaster/cib/ops/opstest"
	"github.com/ringmaster-ha/ringmaster/cib/result"
)

// TestGolden repeats operations that the reference's cibadmin has done on a file;
// interop-tests/cib makes the file of goldens anew with -refresh.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		var want opstest.Case
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatal(err)
		}
		got := opstest.Case{Before: want.Before, Args: want.Args}
		err := got.Run()
		got.Status = int(result.RC(err).Exit())
		n++
		if got.Status != want.Status || got.Stdout != want.Stdout || got.After != want.After {
			t.Errorf("%q on %s\ngot %d %s\n%s\nwant %d %s\n%s", want.Args, want.Before, got.Status, got.Stdout, got.After, want.Status, want.Stdout, want.After)
		}
	}
	if n < 90 {
		t.Errorf("only %d operations", n)
	}
}
