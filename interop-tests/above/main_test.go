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
