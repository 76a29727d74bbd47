// Package crmerror is crm_error(8): names and descriptions of the numbers with
// which Pacemaker's programs and functions end (the reference's
// tools/crm_error.c).
package crmerror

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

const summary = "crm_error - display name or description of a Pacemaker error code"

// entry is a number of one of the three kinds.
type entry interface {
	Name() string
	String() string
}

// kind is how numbers are read.
type kind struct {
	first, last int // of the list
	of          func(int) entry
}

var (
	legacy = kind{0, int(crmexit.Last), func(n int) entry { return crmexit.Legacy(n) }}
	rc     = kind{int(crmexit.First), int(crmexit.Last), func(n int) entry { return crmexit.RC(n) }}
	exit   = kind{int(crmexit.OK), int(crmexit.Max), func(n int) entry { return crmexit.Code(n) }}
)

// show is what of a number to show.
type show struct{ code, name, text bool }

type options struct {
	pcmktool.Common
	name, list bool
	kind       kind
}

func (o *options) context(args []string) *goption.Context {
	as := func(k kind) func(string, string, bool) error {
		return func(string, string, bool) error {
			o.kind = k
			return nil
		}
	}
	c := o.Context(args, summary, "text (default), xml")
	c.Parameters = "[-- <rc> [<rc>...]]"
	c.Main = append(c.Main,
		goption.Option{Long: "name", Short: 'n', Do: goption.Flag(&o.name),
			Help: "Show error's name with its description (useful for looking for sources of the error in source code)"},
		goption.Option{Long: "list", Short: 'l', Do: goption.Flag(&o.list),
			Help: "Show all known errors (enabled by default if no rc is specified)"},
		goption.Option{Long: "exit", Short: 'X', Do: as(exit),
			Help: "Interpret as exit code rather than legacy function return value"},
		goption.Option{Long: "rc", Short: 'r', Do: as(rc),
			Help: "Interpret as return code rather than legacy function return value"},
	)
	return c
}

// Main runs the tool and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	o := options{kind: legacy}
	rest, help, err := pcmktool.Parse(o.context(args), args, "", stdout)
	if help {
		return int(crmexit.OK)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", pcmktool.Program(args), err)
		return int(crmexit.Usage)
	}
	log := o.NewLog("crm_error", stderr)
	out, err := o.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", pcmktool.Program(args), err)
		return log.Exit(crmexit.Error)
	}
	switch {
	case o.Version:
		out.Version()
	case o.list || len(rest) < 2:
		for n := o.kind.first; n <= o.kind.last; n++ {
			// The numbers just below 0 belong to callers.
			if e := o.kind.of(n); e.Name() != "Unknown" && e.Name() != "CRM_EX_UNKNOWN" {
				print(out, n, e, show{code: true, name: o.name, text: true})
			}
		}
	default:
		for _, text := range rest[1:] {
			if text != "--" {
				n := number(text, log)
				print(out, n, o.kind.of(n), show{code: o.Verbosity > 0, name: o.name, text: true})
			}
		}
	}
	if err := out.Finish(crmexit.OK); err != nil {
		return log.Exit(crmexit.IOErr)
	}
	return log.Exit(crmexit.OK)
}

func print(out pcmktool.Output, n int, e entry, s show) {
	if x := out.Element("result-code", "code", strconv.Itoa(n)); x != nil {
		if s.name {
			x.Set("name", e.Name())
		}
		x.Set("description", e.String())
		return
	}
	const width, nameWidth = 5, 26 // of the longest number and name of a result
	switch {
	case s.code && s.name:
		out.Info("% *d: %-*s  %s", width, n, nameWidth, e.Name(), e)
	case s.code:
		out.Info("% *d: %s", width, n, e)
	case s.name:
		out.Info("%s - %s", e.Name(), e)
	default:
		out.Info("%s", e)
	}
}

// number reads a number of 32 bits as the reference does (pcmk__scan_min_int): the
// least there is for what is none.
func number(text string, log *pcmktool.Log) int {
	n := pcmktool.ScanInt(text, math.MinInt32, log)
	switch {
	case n < math.MinInt32:
		log.Print(loglevel.Warning, "pcmk__scan_min_int", fmt.Sprintf("Clipped '%s' to minimum acceptable value %d", text, math.MinInt32))
		return math.MinInt32
	case n > math.MaxInt32:
		log.Print(loglevel.Warning, "pcmk__scan_min_int", fmt.Sprintf("Clipped '%s' to maximum integer %d", text, math.MaxInt32))
		return math.MaxInt32
	}
	return int(n)
}
