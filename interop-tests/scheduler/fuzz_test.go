//go:build interop

package scheduler

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
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
	seeds = flag.Uint64("seeds", 150, "how many CIBs")
	from  = flag.Uint64("from", 1, "the first seed")
	aside = flag.String("aside", "", "where CIBs that make a difference are written to (a folder below the system's for temporary files)")
	file  = flag.String("file", "", "compare this CIB only")
)

const reference = "/usr/sbin/crm_simulate"

// patience is what the reference gets for a CIB: some mutations of it never end.
const patience = 20 * time.Second

// outputs are the names of what is compared, in the order in which it is told.
var outputs = []string{"exit", "stderr", "summary", "scores", "graph", "dot"}

// answers are the outputs of a scheduler for a CIB, each in lines that are to be equal.
type answers map[string][]string

func TestSeeds(t *testing.T) {
	if _, err := os.Stat(reference); err != nil {
		t.Skip("no reference: ", err)
	}
	t.Setenv("LC_ALL", "C")
	t.Setenv("TZ", "UTC")
	time.Local = time.UTC
	if *file != "" {
		for _, name := range outputs {
			if diff := compare(t, *file)[name]; diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		return
	}
	if *aside == "" {
		*aside = filepath.Join(os.TempDir(), "ringmaster-scheduler")
	}
	known := corpus(t)
	dir := t.TempDir()
	var wait sync.WaitGroup
	var mu sync.Mutex
	different, died := 0, 0
	counts := map[string]int{}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for seed := *from; seed < *from+*seeds; seed++ {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			rng := rand.New(rand.NewPCG(seed, 4))
			text, err := draw(rng, known).WriteToString()
			if err != nil {
				t.Error(err)
				return
			}
			name := filepath.Join(dir, fmt.Sprintf("%d.xml", seed))
			if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
				t.Error(err)
				return
			}
			diffs := compare(t, name)
			_ = os.Remove(name)
			mu.Lock()
			defer mu.Unlock()
			if diffs == nil {
				died++
			}
			if len(diffs) == 0 {
				return
			}
			different++
			for _, output := range outputs {
				if diff := diffs[output]; diff != "" {
					counts[output]++
					t.Errorf("seed %d: %s: %s", seed, output, diff)
				}
			}
			kept := filepath.Join(*aside, fmt.Sprintf("%d.xml", seed))
			_ = os.MkdirAll(*aside, 0o777)
			if err := os.WriteFile(kept, []byte(text), 0o666); err != nil {
				t.Error(err)
			}
			t.Logf("seed %d: the CIB is in %s", seed, kept)
		})
	}
	wait.Wait()
	t.Logf("%d seeds from %d: %d with a difference %v, %d at which the reference died", *seeds, *from, different, counts, died)
}

// compare returns the first difference of each output, or nil if there is nothing to
// compare with: the reference took too long, or found itself in the wrong (an
// assertion of its own failed, at which it dies or leaves a dump of itself and goes on).
func compare(t testing.TB, cib string) map[string]string {
	want, ok := ask(t, cib, func(args []string, out, errs *bytes.Buffer) (int, bool) {
		cmd := exec.Command("timeout", append([]string{"-s", "KILL", fmt.Sprint(patience.Seconds()), reference}, args[1:]...)...)
		cmd.Stdout, cmd.Stderr = out, errs
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Error(err)
			return 0, false
		}
		code := cmd.ProcessState.ExitCode()
		return code, code >= 0 && code < 128 && !bytes.Contains(errs.Bytes(), []byte("assertion at"))
	})
	if !ok {
		return nil
	}
	got, _ := ask(t, cib, func(args []string, out, errs *bytes.Buffer) (code int, ok bool) {
		defer func() {
			if e := recover(); e != nil {
				stack := make([]byte, 1<<13)
				fmt.Fprintf(errs, "panic: %v %s\n", e, stack[:runtime.Stack(stack, false)])
				code = -1
			}
		}()
		return crmsimulate.Main(args, strings.NewReader(""), out, errs), true
	})
	diffs := map[string]string{}
	for _, name := range outputs {
		if diff := golden.Difference(got[name], want[name]); diff != "" {
			diffs[name] = diff
		}
	}
	return diffs
}

// ask runs a crm_simulate for the summary, and again for the rest.
func ask(t testing.TB, cib string, run func(args []string, out, errs *bytes.Buffer) (int, bool)) (answers, bool) {
	dir, err := os.MkdirTemp("", "ringmaster-scheduler-")
	if err != nil {
		t.Error(err)
		return nil, false
	}
	defer func() { _ = os.RemoveAll(dir) }()
	dot, graph := filepath.Join(dir, "dot"), filepath.Join(dir, "graph")
	var summary, scores, said, more bytes.Buffer
	one, ok := run([]string{"crm_simulate", "-x", cib, "-S"}, &summary, &said)
	if !ok {
		return nil, false
	}
	two, ok := run([]string{"crm_simulate", "-x", cib, "-D", dot, "-G", graph, "-sSQ"}, &scores, &more)
	drawn, _ := os.ReadFile(dot)
	made, _ := os.ReadFile(graph)
	return answers{
		"exit":    {fmt.Sprint(one), fmt.Sprint(two)},
		"stderr":  append(golden.Lines(said.String()), golden.Lines(more.String())...),
		"summary": golden.Lines(summary.String()),
		"scores":  golden.Sorted(scores.String()),
		"graph":   golden.Lines(string(made)),
		"dot":     slices.Compact(golden.Sorted(string(drawn))),
	}, ok
}
