package attrdupdater

import (
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/ringmaster-ha/ringmaster/attrd/attrdtest"
	"github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/ipc"
)

// TestGolden repeats what the reference was asked, and compares what it prints and sends;
// testdata/README says how.
func TestGolden(t *testing.T) {
	name := fmt.Sprintf("attrd-updater-test-%d", os.Getpid())
	server := attrdtest.Serve(t, name, attrdtest.Sample())
	golden.Repeat(t, "testdata/golden.jsonl", func(c golden.Command, _ io.Reader, stdout, stderr io.Writer) int {
		code := run(c.Args, stdout, stderr, client.Options{Service: name, IPC: ipc.DialOptions{AnyServer: true}})
		if asked := server.Asked(); !slices.Equal(asked, c.Asked) {
			t.Errorf("%q %s asks\n%s\nwant\n%s", c.Args, c.Env, asked, c.Asked)
		}
		return code
	})
}
