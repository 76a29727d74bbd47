// Package bench is what the benchmarks against the reference share: clusters that are
// formed outside a test, measurements of both kinds in turn, and the table of ratios.
// Only programs below interop-tests/cmd import it.
package bench

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"

	"github.com/ringmaster-ha/ringmaster/interop-tests/lab"
)

// TB is the lab.TB of a program that is not a test. What would end a test panics,
// and Main reports it.
type TB struct {
	name    string
	dir     string
	kind    lab.Kind
	cleanup []func()
	failed  bool
}

// New is for one cluster of a kind, which Close ends.
func New(name string, kind lab.Kind) *TB {
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		panic(err)
	}
	return &TB{name: name, dir: dir, kind: kind}
}

func (b *TB) Name() string            { return b.name }
func (b *TB) Helper()                 {}
func (b *TB) Logf(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...) }
func (b *TB) Cleanup(f func())        { b.cleanup = append(b.cleanup, f) }
func (b *TB) TempDir() string         { return b.dir }
func (b *TB) Failed() bool            { return b.failed }
func (b *TB) Fatalf(f string, a ...any) {
	b.failed = true
	panic(fmt.Sprintf("%v: ", b.kind) + fmt.Sprintf(f, a...))
}

// Close ends what stands on it.
func (b *TB) Close() {
	for _, f := range slices.Backward(b.cleanup) {
		f()
	}
	b.cleanup = nil
	os.RemoveAll(b.dir)
}

// Main runs a benchmark and is its exit status. A panic is a failure; with
// RINGMASTER_TRACE its stack is printed.
func Main(name string, run func()) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, p)
			if os.Getenv("RINGMASTER_TRACE") != "" {
				debug.PrintStack()
			}
			code = 1
		}
	}()
	run()
	return 0
}

// InTurn measures the reference and ours in turn, so many rounds, and returns the
// medians of each value.
func InTurn(rounds int, measure func(lab.Kind) []float64) (c, g []float64) {
	results := map[lab.Kind][][]float64{}
	for range rounds {
		for _, kind := range []lab.Kind{lab.C, lab.Go} {
			results[kind] = append(results[kind], measure(kind))
		}
	}
	return medians(results[lab.C]), medians(results[lab.Go])
}

func medians(rows [][]float64) []float64 {
	out := make([]float64, len(rows[0]))
	for i := range out {
		var column []float64
		for _, r := range rows {
			column = append(column, r[i])
		}
		slices.Sort(column)
		out[i] = column[len(column)/2]
	}
	return out
}

// Table prints results; values have so many decimals.
type Table struct{ Decimals int }

// Head prints a line of what is measured, and the columns' names.
func (Table) Head(what string) {
	fmt.Printf("%s\n%-44s %12s %12s %-8s %7s\n", what, "", "reference", "ours", "", "better")
}

// Row prints both values, and by how much ours is better.
func (t Table) Row(name string, c, g float64, unit string, moreIsBetter bool) {
	ratio := c / g
	if moreIsBetter {
		ratio = g / c
	}
	fmt.Printf("%-44s %12.*f %12.*f %-8s %6.2f×\n", name, t.Decimals, c, t.Decimals, g, unit, ratio)
}
