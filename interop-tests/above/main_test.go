//go:build interop

package above

import (
	"os"
	"testing"

	"github.com/ringmaster-ha/ringmaster/interop-tests/clients"
	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

var clientDir string

func TestMain(m *testing.M) {
	lab.Init()
	os.Exit(clients.With(func(dir string) int {
		clientDir = dir
		return m.Run()
	}))
}

// copyProgram puts one of the compiled clients on a host.
func copyProgram(t *testing.T, h *lab.Host, name string) string {
	t.Helper()
	b, err := os.ReadFile(clientDir + "/" + name)
	if err == nil {
		err = os.WriteFile(h.Path("/run/"+name), b, 0o755)
	}
	if err != nil {
		t.Fatalf("%s: %v", h.Name, err)
	}
	return "/run/" + name
}
