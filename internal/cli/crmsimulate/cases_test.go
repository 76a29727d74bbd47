package crmsimulate

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
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
