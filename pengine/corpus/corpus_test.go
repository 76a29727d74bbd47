package corpus_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/crmsimulate"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

var (
	record = flag.Bool("record", false, "add what passes to testdata/passing.txt")
	only   = flag.String("only", "", "the tests to run, as a regular expression; their differences are shown")
	diffs  = flag.String("diffs", "", "write the names of tests, with what fails, to this file")
)

const passing = "testdata/passing.txt"

// kinds are the outputs of a test, in the order in which they are counted.
var kinds = []string{"summary", "scores", "exp", "dot", "stderr"}

// folder is where the corpus is: RINGMASTER_CORPUS, or shared/cts-scheduler beside
// the repository. It is not part of it.
func folder(t *testing.T) string {
	if named := os.Getenv("RINGMASTER_CORPUS"); named != "" {
		return named
	}
	sibling := filepath.Join("..", "..", "..", "shared", "cts-scheduler")
	if _, err := os.Stat(filepath.Join(sibling, "tests.tsv")); err != nil {
		t.Skip("no corpus: RINGMASTER_CORPUS does not name the folder of the reference's cts/scheduler, and ../shared/cts-scheduler is not there")
	}
	return sibling
}

// outcome is what of one test is the same as the reference's, and the first
// difference of what is not.
type outcome struct {
	name string
	same map[string]bool
	diff map[string]string
}

func (o outcome) whole() bool { return len(o.diff) == 0 }

// TestCorpus runs all tests and compares their outputs as the reference's runner
// does. What testdata/passing.txt lists must pass.
func TestCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the corpus takes a while")
	}
	corpus := folder(t)
	tests, err := os.ReadFile(filepath.Join(corpus, "tests.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TZ", "UTC")
	time.Local = time.UTC
	wanted := regexp.MustCompile(*only)
	var lines []string
	for line := range strings.Lines(string(tests)) {
		if name, _, _ := strings.Cut(line, "\t"); wanted.MatchString(name) {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	outcomes := make([]outcome, len(lines))
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	dir := t.TempDir()
	for i, line := range lines {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			name, args, _ := strings.Cut(line, "\t")
			var more []string
			if option, value, ok := strings.Cut(args, " "); ok {
				more = []string{option, value}
			}
			outcomes[i] = runTest(corpus, dir, name, more)
		})
	}
	wait.Wait()
	report(t, outcomes)
	if *only == "" {
		hold(t, outcomes)
	}
}

// runTest runs crm_simulate twice: for the summary, and for the rest. A panic counts
// as a difference.
func runTest(corpus, dir, name string, args []string) (o outcome) {
	o = outcome{name: name, same: map[string]bool{}, diff: map[string]string{}}
	defer func() {
		if e := recover(); e != nil {
			for _, kind := range kinds {
				if !o.same[kind] && o.diff[kind] == "" {
					o.diff[kind] = fmt.Sprintf("panic: %v", e)
					if *only != "" {
						stack := make([]byte, 1<<14)
						o.diff[kind] += "\n" + string(stack[:runtime.Stack(stack, false)])
					}
				}
			}
		}
	}()
	input := filepath.Join(corpus, "xml", name+".xml")
	compare := func(kind, got string, normal func(string) []string) {
		want, _ := os.ReadFile(filepath.Join(corpus, kind, name+"."+kind))
		lines := func(text string) []string { return normal(ignored.ReplaceAllString(text, "")) }
		if diff := golden.Difference(lines(got), lines(string(want))); diff != "" {
			o.diff[kind] = diff
			return
		}
		o.same[kind] = true
	}
	nothing := strings.NewReader("")

	var out, errs bytes.Buffer
	crmsimulate.Main([]string{"crm_simulate", "-x", input, "-S"}, nothing, &out, &out)
	compare("summary", oldWords.Replace(out.String()), golden.Lines)

	dot, graph := filepath.Join(dir, name+".dot"), filepath.Join(dir, name+".exp")
	out.Reset()
	crmsimulate.Main(append([]string{"crm_simulate", "-x", input, "-D", dot, "-G", graph, "-sSQ"}, args...), nothing, &out, &errs)
	compare("scores", out.String(), golden.Sorted)
	drawn, _ := os.ReadFile(dot)
	compare("dot", string(drawn), func(text string) []string { return slices.Compact(golden.Sorted(text)) })
	made, _ := os.ReadFile(graph)
	compare("exp", string(made), golden.Lines)
	compare("stderr", errs.String(), golden.Lines)
	return o
}

var (
	oldWords = strings.NewReplacer("ocf::", "ocf:", "Masters:", "Promoted:", "Slaves:", "Unpromoted:", " Slave ", " Unpromoted ")
	ignored  = regexp.MustCompile(`crm_feature_set="[^"]*"|batch-limit="[0-9]*"|[ \t]`)
)

// report counts what is the same.
func report(t *testing.T, outcomes []outcome) {
	counts := map[string]int{}
	whole := 0
	for _, o := range outcomes {
		for kind := range o.same {
			counts[kind]++
		}
		if o.whole() {
			whole++
			continue
		}
		for _, kind := range kinds {
			if diff := o.diff[kind]; diff != "" && *only != "" {
				t.Logf("%s %s: %s", o.name, kind, diff)
			}
		}
	}
	line := fmt.Sprintf("corpus: of %d tests %d are whole;", len(outcomes), whole)
	for _, kind := range kinds {
		line += fmt.Sprintf(" %s %d", kind, counts[kind])
	}
	t.Log(line)
	if *diffs != "" {
		var b strings.Builder
		for _, o := range outcomes {
			for _, kind := range kinds {
				if diff := o.diff[kind]; diff != "" {
					fmt.Fprintf(&b, "%s %s: %s\n", o.name, kind, diff)
				}
			}
		}
		if err := os.WriteFile(*diffs, []byte(b.String()), 0o666); err != nil {
			t.Error(err)
		}
	}
}

// hold fails the test for what has passed before and does not now.
func hold(t *testing.T, outcomes []outcome) {
	listed := map[string][]string{}
	b, err := os.ReadFile(passing)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			listed[words[0]] = words[1:]
		}
	}
	for _, o := range outcomes {
		for _, kind := range listed[o.name] {
			if !o.same[kind] {
				t.Errorf("%s: %s passed before: %s", o.name, kind, o.diff[kind])
			}
		}
		for kind := range o.same {
			if !slices.Contains(listed[o.name], kind) {
				listed[o.name] = append(listed[o.name], kind)
			}
		}
	}
	if !*record {
		return
	}
	text := "# Tests of the reference's corpus and their outputs that pass.\n" +
		"# go test ./pengine/corpus -record adds those that pass now.\n"
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		text += name
		for _, kind := range kinds {
			if slices.Contains(listed[name], kind) {
				text += " " + kind
			}
		}
		text += "\n"
	}
	if err := os.WriteFile(passing, []byte(text), 0o666); err != nil {
		t.Error(err)
	}
}
