// Package crmrule is crm_rule(8): whether a rule of the configuration is in effect
// (the reference's tools/crm_rule.c and lib/pacemaker/pcmk_rule.c). It can tell of
// rules with one date_expression.
package crmrule

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

const summary = "evaluate rules from the Pacemaker configuration"

type options struct {
	pcmktool.Common
	check     bool
	xml, date *string
	rules     []string
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	c.Groups = append(c.Groups,
		goption.Group{Name: "modes", Heading: "Modes (mutually exclusive):", Help: "Show modes of operation", Options: []goption.Option{
			{Long: "check", Short: 'c', Help: "Check whether a rule is in effect", Do: goption.Flag(&o.check)},
		}},
		goption.Group{Name: "data", Heading: "Data:", Help: "Show data options", Options: []goption.Option{
			{Long: "xml-text", Short: 'X', Arg: goption.Required, Help: "Use argument for XML (or stdin if '-')", Do: goption.Given(&o.xml)},
		}},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "date", Short: 'd', Arg: goption.Required, Help: "Whether the rule is in effect on a given date", Do: goption.Given(&o.date)},
			{Long: "rule", Short: 'r', Arg: goption.Required, Help: "The ID of the rule to check (may be specified multiple times)", Do: goption.Strings(&o.rules)},
		}},
	)
	return c
}

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(args, stdin, stdout, stderr, time.Now())
}

// run runs the tool at a time, whose zone is the local one.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, now time.Time) int {
	var o options
	return o.Run(o.context(args), args, "drX", "crm_rule", stdout, stderr, func(out pcmktool.Output, log *pcmktool.Log) (crmexit.Code, error) {
		return o.run(&cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr}, out, now)
	})
}

func (o *options) run(r *cibinput.Reader, out pcmktool.Output, at time.Time) (crmexit.Code, error) {
	fail := func(code crmexit.Code, format string, args ...any) (crmexit.Code, error) {
		return code, fmt.Errorf(format, args...)
	}
	switch {
	case !o.check:
		return fail(crmexit.Usage, "No mode operation given")
	case len(o.rules) == 0:
		return fail(crmexit.Usage, "--check requires use of --rule=")
	}
	now := iso8601.FromTime(at)
	date := now
	if o.date != nil {
		var err error
		if date, err = iso8601.Parse(*o.date, now); err != nil {
			var e *iso8601.Error
			if errors.As(err, &e) {
				r.Log.Print(loglevel.Error, e.Where, e.Text)
			}
			return fail(crmexit.DataErr, "Invalid date specified: '%s'", *o.date)
		}
	}
	var d *cibinput.Document
	switch {
	case o.xml == nil:
		var err error
		if d, err = r.Query(); err != nil {
			out.Err("%v", err)
			return crmexit.RCNoInput.Exit(), nil
		}
	case *o.xml == "-":
		if d = r.Input(); d == nil {
			return fail(crmexit.DataErr, "Couldn't parse input from STDIN\n")
		}
	default:
		if d = r.Text(*o.xml); d == nil {
			return fail(crmexit.DataErr, "Couldn't parse input string: %s\n", *o.xml)
		}
	}
	// The rules are not asked of the cluster, but what is wrong with it is logged.
	_, _ = status.Unpack(d.Root, status.Options{Now: time.Unix(date.Epoch(), 0).In(at.Location()), Clock: at, Flags: status.NoCounts, Log: r.Log})
	c := checker{cib: d.Root, date: date, now: now, log: r.Log}
	return c.all(o.rules, out).Exit(), nil
}
