package crmmon

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

// moment is when the tests run.
var moment = time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC)

// say is what the tool says for command lines, a CIB standing for the cluster.
func say(t *testing.T, commands, cib string) string {
	t.Helper()
	lines, err := os.ReadFile(commands)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CIB_file", cib)
	var said strings.Builder
	for line := range strings.Lines(string(lines)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
			continue
		}
		var out, errs bytes.Buffer
		w := &world{now: func() time.Time { return moment }, stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
		code := run(context.Background(), append([]string{"crm_mon"}, strings.Fields(line)...), w)
		fmt.Fprintf(&said, "# %s\n%s%sexit status %d\n", line, out.Bytes(), errs.Bytes(), code)
	}
	return strings.ReplaceAll(said.String(), moment.Format(time.ANSIC), "NOW")
}

// What the tool says of CIBs, and for odd command lines, is what the reference says:
// testdata/refresh.sh.
func TestCases(t *testing.T) {
	t.Chdir("testdata")
	files, err := os.ReadFile("files.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range strings.Fields(string(files)) {
		check(t, strings.TrimSuffix(filepath.Base(file), ".xml"), "cases.txt", file)
	}
	check(t, "options", "options.txt", "status/testdata/variants.xml")
}

func check(t *testing.T, name, commands, file string) {
	t.Run(name, func(t *testing.T) {
		want, err := os.ReadFile(name + ".out")
		if err != nil {
			t.Fatal(err)
		}
		got := say(t, commands, "../../../../pengine/"+file)
		if diff := golden.Difference(golden.Lines(got), golden.Lines(string(want))); diff != "" {
			t.Error(diff)
		}
	})
}
