package golden

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Command is a run of a program: a line of JSON in a golden file.
type Command struct {
	Args  []string `json:"args"` // the program's name first
	Stdin string   `json:"stdin,omitempty"`
	File  string   `json:"file,omitempty"` // where it runs, in.xml is this one beside the golden file
	Now   int64    `json:"now,omitempty"`  // when, in seconds since 1970
	Zone  string   `json:"zone,omitempty"` // the local time zone
	// Env is the environment's variables of this run alone.
	Env    map[string]string `json:"env,omitempty"`
	Status int               `json:"status"`
	Stdout string            `json:"stdout,omitempty"`
	Stderr string            `json:"stderr,omitempty"`
	// Changed is what became of the file, as Changes says it, Asked what the program asked of a
	// daemon, where either is of interest. Repeat leaves the latter to the tool's test.
	Changed []string `json:"changed,omitempty"`
	Asked   []string `json:"asked,omitempty"`
}

// Changes are the lines that one text has and the other has not, after "-" and "+".
func Changes(before, after string) []string {
	var changes []string
	for _, c := range []struct{ sign, with, without string }{{"-", before, after}, {"+", after, before}} {
		count := map[string]int{}
		for line := range strings.Lines(c.without) {
			count[strings.TrimSpace(line)]++
		}
		for line := range strings.Lines(c.with) {
			if line = strings.TrimSpace(line); count[line] == 0 {
				changes = append(changes, c.sign+line)
			} else {
				count[line]--
			}
		}
	}
	return changes
}

// Setenv sets the run's variables and gives what unsets them again.
func (c Command) Setenv(t testing.TB) (unset func()) {
	for name, value := range c.Env {
		t.Setenv(name, value)
	}
	return func() {
		for name := range c.Env {
			os.Unsetenv(name)
		}
	}
}

// Commands reads the runs in a file.
func Commands(t testing.TB, path string) []Command {
	t.Helper()
	var runs []Command
	for line := range strings.Lines(string(read(t, path))) {
		var c Command
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		runs = append(runs, c)
	}
	return runs
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
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

// Repeat runs the commands of a file again, in a folder with but in.xml, by run, which is the
// tool at the command's time, and compares. There are at least 100.
func Repeat(t *testing.T, path string, run func(c Command, stdin io.Reader, stdout, stderr io.Writer) int) {
	t.Helper()
	runs := Commands(t, path)
	if len(runs) < 100 {
		t.Fatalf("only %d runs", len(runs))
	}
	files := map[string][]byte{}
	for _, c := range runs {
		if c.File != "" {
			files[c.File] = read(t, filepath.Join(filepath.Dir(path), c.File))
		}
	}
	t.Chdir(t.TempDir())
	for _, want := range runs {
		c := want
		if err := os.WriteFile("in.xml", files[c.File], 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		unset := c.Setenv(t)
		c.Status = run(c, strings.NewReader(c.Stdin), &out, &errs)
		unset()
		c.Stdout, c.Stderr = out.String(), errs.String()
		c.Changed = Changes(string(files[c.File]), string(read(t, "in.xml")))
		c.Compare(t, want)
	}
}

// Compare says how a run differs from the one that was wanted.
func (c Command) Compare(t testing.TB, want Command) {
	t.Helper()
	c.Stdout, c.Stderr = string([]rune(c.Stdout)), string([]rune(c.Stderr)) // as JSON keeps what is no UTF-8
	if c.Status != want.Status || c.Stdout != want.Stdout || c.Stderr != want.Stderr {
		t.Errorf("%q %s\ngot  %d %q %q\nwant %d %q %q", want.Args, want.File, c.Status, c.Stdout, c.Stderr, want.Status, want.Stdout, want.Stderr)
	}
	if !slices.Equal(c.Changed, want.Changed) {
		t.Errorf("%q %s %s\nchanges %q\nwant    %q", want.Args, want.File, want.Env, c.Changed, want.Changed)
	}
	if !slices.Equal(c.Asked, want.Asked) {
		t.Errorf("%q %s\nasks %q\nwant %q", want.Args, want.Env, c.Asked, want.Asked)
	}
}
