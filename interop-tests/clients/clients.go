// Package clients holds the programs that the interop scenarios run against
// either corosync through the reference's own C libraries, and reads what they
// wrote.
package clients

import (
	_ "embed" // the programs' sources
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed src/cpgnode.c
var cpgnode []byte

//go:embed src/cpgbench.c
var cpgbench []byte

// Build compiles the clients into dir and returns it. It needs gcc and the
// reference's development packages.
func Build(dir string) (string, error) {
	for name, source := range map[string][]byte{"cpgnode": cpgnode, "cpgbench": cpgbench} {
		c := filepath.Join(dir, name+".c")
		if err := os.WriteFile(c, source, 0o644); err != nil {
			return "", err
		}
		cmd := exec.Command("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", filepath.Join(dir, name), c, "-lcpg", "-lcorosync_common")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("compile %s: %w\n%s", name, err, out)
		}
	}
	return dir, nil
}
