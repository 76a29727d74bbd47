//go:build interop

package scheduler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"golang.org/x/sys/unix"

	"github.com/ringmaster-ha/ringmaster/internal/cli/crmsimulate"
	"github.com/ringmaster-ha/ringmaster/internal/golden"
)

const reference = "/usr/sbin/crm_simulate"

// What the reference gets for a CIB, of which some mutations never end: time of the
// processor, in seconds, so that no answer is missed because the machine is busy; and by
// the clock, for what does not end and computes nothing.
const (
	patience = 2
	lateness = 2 * time.Minute
)

// program is the target of the processing instructions that hold command lines.
const program = "crm_simulate"

// commands are the command lines for which a CIB was made: processing instructions
// after its root have the options, without those that name files.
func commands(doc *etree.Document) (lines [][]string) {
	for _, token := range doc.Child {
		if p, ok := token.(*etree.ProcInst); ok && p.Target == program {
			lines = append(lines, strings.Fields(p.Inst))
		}
	}
	if lines == nil {
		lines = [][]string{{"-S"}, {"-sSQ"}}
	}
	return lines
}

// addCommands adds command lines to a document that has none.
func addCommands(doc *etree.Document, lines ...[]string) {
	for _, words := range lines {
		doc.CreateProcInst(program, strings.Join(words, " "))
		doc.CreateText("\n")
	}
}

// writeBare writes a document without command lines: the reference fails an assertion
// of its own at a processing instruction beside the root.
func writeBare(t testing.TB, doc *etree.Document, name string) {
	write(t, etree.NewDocumentWithRoot(doc.Root().Copy()), name)
}

// difference is one in an output of a command line.
type difference struct {
	command []string
	output  string // its name
	text    string // the first line that differs
}

func (d difference) String() string {
	return fmt.Sprintf("%s of %s: %s", d.output, strings.Join(d.command, " "), d.text)
}

// verdict is what the reference makes of a CIB.
type verdict string

const (
	answered verdict = "answers"
	refused  verdict = "refuses it"                              // exit status other than 0
	died     verdict = "dies or takes too long"                  // or an assertion of its own failed, at which it may leave a dump of itself and go on
	unsure   verdict = "says something else when it asked twice" // it reads memory that nobody has written
)

// compare returns the first difference of each output; the CIB is in the named file
// for that time. There is none to find if the reference died: ours must not, though.
func compare(t testing.TB, doc *etree.Document, cib string) (diffs []difference, end verdict) {
	end = answered
	writeBare(t, doc, cib)
	defer func() { _ = os.Remove(cib) }()
	for _, line := range commands(doc) {
		got := ask(t, cib, line, ours)
		if got.crashed {
			diffs = append(diffs, difference{line, "stderr", strings.Join(got.lines["stderr"], "\n")})
		}
		if end == died {
			continue // of the CIB that is the same
		}
		want := ask(t, cib, line, theirs)
		switch {
		case want.crashed:
			end = died
			continue
		case want.lines["status"][0] != "0":
			end = refused
		}
		var found []difference
		for _, name := range outputs {
			if diff := golden.Difference(got.lines[name], want.lines[name]); diff != "" {
				found = append(found, difference{line, name, diff})
			}
		}
		if found == nil {
			continue
		}
		for _, fill := range []string{"85", "170", "1"} {
			again := ask(t, cib, line, func(args []string, out, errs *bytes.Buffer) (int, bool) {
				return theirsWith(args, out, errs, "MALLOC_PERTURB_="+fill)
			})
			if again.crashed || slices.ContainsFunc(outputs, func(name string) bool { return golden.Difference(again.lines[name], want.lines[name]) != "" }) {
				return diffs, unsure
			}
		}
		diffs = append(diffs, found...)
	}
	return diffs, end
}

// outputs are the names of what is compared, in the order in which it is told.
var outputs = []string{"status", "stderr", "graph", "dot", "output"}

// today are the times that are not the CIB's but the clock's, as numbers and as text.
var today = regexp.MustCompile(fmt.Sprintf(`\b%[1]d\d{5}\b|\b\w{3} \w{3} +\d+ [0-9:]{8} %[2]d|\b%[2]d-\d\d-\d\d [0-9:]{8}( ?Z| [-+]\d\d:\d\d)?`, time.Now().Unix()/1e5, time.Now().Year()))

// answer is what a crm_simulate says, in lines that are to be equal.
type answer struct {
	lines   map[string][]string
	crashed bool
}

// runner runs a crm_simulate; it is not ok if that crashed.
type runner func(args []string, out, errs *bytes.Buffer) (status int, ok bool)

func theirs(args []string, out, errs *bytes.Buffer) (status int, ok bool) {
	return theirsWith(args, out, errs)
}

// theirsWith runs the reference with more in its environment.
func theirsWith(args []string, out, errs *bytes.Buffer, environment ...string) (status int, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), lateness)
	defer cancel()
	cmd := exec.CommandContext(ctx, reference, args[1:]...)
	cmd.Args[0] = args[0]
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.WaitDelay = time.Second
	err := cmd.Start()
	if err == nil {
		limit := unix.Rlimit{Cur: patience, Max: patience}
		err = errors.Join(unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_CPU, &limit, nil), cmd.Wait())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, false
	}
	status = cmd.ProcessState.ExitCode()
	return status, status >= 0 && status < 128 && !bytes.Contains(errs.Bytes(), []byte("assertion at"))
}

// ours runs our own crm_simulate.
func ours(args []string, out, errs *bytes.Buffer) (status int, ok bool) {
	defer func() {
		if e := recover(); e != nil {
			stack := make([]byte, 1<<13)
			fmt.Fprintf(errs, "panic: %v %s\n", e, stack[:runtime.Stack(stack, false)])
			status, ok = -1, false
		}
	}()
	return crmsimulate.Main(args, strings.NewReader(""), out, errs), true
}

// ask runs a crm_simulate.
func ask(t testing.TB, cib string, line []string, run runner) answer {
	dir, err := os.MkdirTemp("", "ringmaster-scheduler-")
	if err != nil {
		t.Error(err)
		return answer{}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	dot, graph := filepath.Join(dir, "dot"), filepath.Join(dir, "graph")
	args := append([]string{program, "-x", cib, "-D", dot, "-G", graph}, line...)
	var out, errs bytes.Buffer
	status, ok := run(args, &out, &errs)
	drawn, _ := os.ReadFile(dot)
	made, _ := os.ReadFile(graph)
	timeless := func(b []byte) string { return today.ReplaceAllString(strings.ReplaceAll(string(b), dir, ""), "NOW") }
	return answer{crashed: !ok, lines: map[string][]string{
		"status": {fmt.Sprint(status)},
		"stderr": golden.Lines(timeless(errs.Bytes())),
		"output": golden.Lines(timeless(out.Bytes())),
		"graph":  golden.Lines(timeless(made)),
		"dot":    slices.Compact(golden.Sorted(string(drawn))),
	}}
}
