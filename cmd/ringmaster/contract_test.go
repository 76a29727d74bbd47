package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestContract: each call of docs/contract.md is in the golden file that it names.
func TestContract(t *testing.T) {
	page, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string][][]string{}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 3 || !strings.Contains(cells[1], "`") {
			continue
		}
		rows++
		call := strings.Fields(strings.Trim(strings.TrimSpace(cells[1]), "`"))
		file := strings.TrimSpace(cells[2])
		if known[file] == nil {
			known[file] = goldenCalls(t, file)
		}
		if !slices.ContainsFunc(known[file], func(args []string) bool { return isCall(args, call) }) {
			t.Errorf("%s: no golden of %q", file, call)
		}
	}
	if rows < 50 {
		t.Errorf("the table has %d calls", rows)
	}
}

// isCall compares arguments with those of the table, where … is any.
func isCall(args, call []string) bool {
	return slices.EqualFunc(args, call, func(arg, want string) bool { return want == "…" || arg == want })
}

// goldenCalls are the arguments of a golden file's commands.
func goldenCalls(t *testing.T, file string) (all [][]string) {
	folder, name := filepath.Split(file)
	f, err := os.Open(filepath.Join("../../internal/cli", folder, "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var c struct{ Args []string }
		// Files of sandboxes begin with a text that all have.
		if err := json.Unmarshal(lines.Bytes(), &c); err == nil && len(c.Args) > 0 {
			all = append(all, c.Args)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
