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

//go:embed src/samnode.c
var samnode []byte

// Build compiles the clients into dir and returns it. It needs gcc and the
// reference's development packages.
func Build(dir string) (string, error) {
	for _, p := range []struct {
		name    string
		source  []byte
		library string
	}{
		{"cpgnode", cpgnode, "-lcpg"},
		{"cpgbench", cpgbench, "-lcpg"},
		{"samnode", samnode, "-lsam"},
	} {
		c := filepath.Join(dir, p.name+".c")
		if err := os.WriteFile(c, p.source, 0o644); err != nil {
			return "", err
		}
		cmd := exec.Command("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", filepath.Join(dir, p.name), c, p.library, "-lcorosync_common")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("compile %s: %w\n%s", p.name, err, out)
		}
	}
	return dir, nil
}

// With runs fn, a package's tests say, with the clients compiled into a folder
// that goes afterwards. It panics when they do not compile.
func With(fn func(dir string) int) int {
	dir, err := os.MkdirTemp("", "clients")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if _, err := Build(dir); err != nil {
		panic(err)
	}
	return fn(dir)
}
