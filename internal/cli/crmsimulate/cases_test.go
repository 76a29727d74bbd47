package crmsimulate

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

var (
	failedAt = regexp.MustCompile(`(last-failure-[^=]*=)[0-9]+`)
	today    = regexp.MustCompile(`(last-failure|last-rc-change)='[^']* 2026'`)
)

// What the tool says for the command lines of testdata/cases.txt is what the
// reference's says: testdata/refresh.sh.
func TestCases(t *testing.T) {
	t.Chdir("testdata") // output has the paths of files
	cases, err := os.ReadFile("cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(cases)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(fields) != 3 {
			t.Fatalf("%q has not three fields", line)
		}
		t.Run(fields[0], func(t *testing.T) {
			want, err := os.ReadFile(fields[0] + ".out")
			if err != nil {
				t.Fatal(err)
			}
			file := "../../../../pengine/" + fields[1]
			var out bytes.Buffer
			args := append([]string{"crm_simulate", "-x", file}, strings.Fields(fields[2])...)
			code := run(args, strings.NewReader(""), &out, &out, time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC))
			fmt.Fprintf(&out, "exit status %d\n", code)
			got := today.ReplaceAllString(failedAt.ReplaceAllString(out.String(), "${1}TIME"), "${1}=TIME")
			if diff := golden.Difference(strings.SplitAfter(got, "\n"), strings.SplitAfter(string(want), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What interop-tests/scheduler has found, made small, is now as in the reference:
// what the tool says for the command lines in the CIBs of testdata/found, the graph
// and the drawing.
func TestFound(t *testing.T) {
	files, err := filepath.Glob("testdata/found/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no CIBs: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(file, "xml") + "out")
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			var got bytes.Buffer
			for _, command := range foundCommand.FindAllSubmatch(text, -1) {
				args := append([]string{"crm_simulate", "-p", "-G", "graph", "-D", "dot"}, strings.Fields(string(command[1]))...)
				in := bytes.NewReader(foundCommand.ReplaceAll(text, nil))
				_ = os.Remove("graph")
				_ = os.Remove("dot")
				var out, errs bytes.Buffer
				code := run(args, in, &out, &errs, time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC))
				graph, _ := os.ReadFile("graph")
				dot, _ := os.ReadFile("dot")
				fmt.Fprintf(&got, "# %s\n%s%sexit status %d\n%s%s\n", command[1], out.Bytes(), errs.Bytes(), code, graph,
					strings.Join(slices.Compact(golden.Sorted(string(dot))), "\n"))
			}
			said := today.ReplaceAllString(failedAt.ReplaceAllString(got.String(), "${1}TIME"), "${1}=TIME")
			if diff := golden.Difference(golden.Lines(said), golden.Lines(string(want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// foundCommand is a processing instruction that holds a command line.
var foundCommand = regexp.MustCompile(`<\?crm_simulate (.*)\?>\n`)
