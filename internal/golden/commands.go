package golden

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// Command is a run of a program: a line of JSON in a golden file.
type Command struct {
	Args   []string `json:"args"` // the program's name first
	Stdin  string   `json:"stdin,omitempty"`
	Now    int64    `json:"now,omitempty"`  // when, in seconds since 1970
	Zone   string   `json:"zone,omitempty"` // the local time zone
	Status int      `json:"status"`
	Stdout string   `json:"stdout,omitempty"`
	Stderr string   `json:"stderr,omitempty"`
}

// Commands reads the runs in a file.
func Commands(t testing.TB, path string) []Command {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var runs []Command
	for line := range strings.Lines(string(text)) {
		var c Command
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		runs = append(runs, c)
	}
	return runs
}

// WriteCommands writes such a file.
func WriteCommands(t testing.TB, path string, runs []Command) {
	t.Helper()
	var b strings.Builder
	for _, c := range runs {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Time is when and where the run was. The test program has to hold the zones:
// import time/tzdata.
func (c Command) Time(t testing.TB) time.Time {
	t.Helper()
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(c.Now, 0).In(zone)
}

// Repeat runs the commands of a file again, in an empty folder, by run, which is the
// tool at the command's time, and compares. There are at least 100.
func Repeat(t *testing.T, path string, run func(c Command, stdin io.Reader, stdout, stderr io.Writer) int) {
	t.Helper()
	runs := Commands(t, path)
	if len(runs) < 100 {
		t.Fatalf("only %d runs", len(runs))
	}
	t.Chdir(t.TempDir())
	for _, want := range runs {
		c := want
		var out, errs bytes.Buffer
		c.Status = run(c, strings.NewReader(c.Stdin), &out, &errs)
		c.Stdout, c.Stderr = out.String(), errs.String()
		c.Compare(t, want)
	}
}

// Compare says how a run differs from the one that was wanted.
func (c Command) Compare(t testing.TB, want Command) {
	t.Helper()
	if c.Status != want.Status || c.Stdout != want.Stdout || c.Stderr != want.Stderr {
		t.Errorf("%q\ngot  %d %q %q\nwant %d %q %q", want.Args, c.Status, c.Stdout, c.Stderr, want.Status, want.Stdout, want.Stderr)
	}
}
