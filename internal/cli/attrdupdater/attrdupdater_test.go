package attrdupdater

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/ringmaster-ha/ringmaster/attrd/attrdtest"
	"github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// TestGolden repeats what the reference was asked, and compares what it prints and sends;
// testdata/README says how.
func TestGolden(t *testing.T) {
	name := fmt.Sprintf("attrd-updater-test-%d", os.Getpid())
	server := attrdtest.Serve(t, name, attrdtest.Sample())
	for _, want := range attrdtest.Runs(t, "testdata/golden.jsonl") {
		got := want
		for name, value := range want.Env {
			t.Setenv(name, value)
		}
		var out, errs bytes.Buffer
		got.Status = run(want.Args, &out, &errs, client.Options{Service: name, IPC: ipc.DialOptions{AnyServer: true}})
		got.Stdout, got.Stderr = out.String(), errs.String()
		got.Compare(t, want.Command)
		if got.Asked = server.Asked(); !slices.Equal(got.Asked, want.Asked) {
			t.Errorf("%q asks\n%s\nwant\n%s", want.Args, got.Asked, want.Asked)
		}
		for name := range want.Env {
			os.Unsetenv(name)
		}
	}
}
