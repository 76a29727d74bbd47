package main

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// What is installed is what there is, but for what ringmaster itself is told to
// do: dist/names and the map of programs.
func TestInstalledNames(t *testing.T) {
	b, err := os.ReadFile("../../dist/names")
	if err != nil {
		t.Fatal(err)
	}
	var installed []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			if !path.IsAbs(line) {
				t.Errorf("%s is no path to install at", line)
			}
			installed = append(installed, path.Base(line))
		}
	}
	installed = append(installed, "demo")
	slices.Sort(installed)
	if have := slices.Sorted(maps.Keys(programs)); !slices.Equal(installed, have) {
		t.Errorf("dist/names has %q, the binary %q", installed, have)
	}
}
