// Package crmrule is crm_rule(8): whether a rule of the configuration is in effect
// (the reference's tools/crm_rule.c and lib/pacemaker/pcmk_rule.c). It can tell of
// rules with one date_expression.
package crmrule

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
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
	_, help, err := pcmktool.Parse(o.context(args), args, "drX", stdout)
	if help {
		return int(crmexit.OK)
	}
	name := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return int(crmexit.Usage)
	}
	log := o.NewLog("crm_rule", stderr)
	out, err := o.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return log.Exit(crmexit.Error)
	}
	code := crmexit.OK
	if o.Version {
		out.Version()
	} else if code, err = o.run(stdin, out, iso8601.FromTime(now), log); err != nil {
		out.Err("%s: %s", name, err.Error())
	}
	if err := out.Finish(code); err != nil {
		code = crmexit.IOErr
	}
	return log.Exit(code)
}

func (o *options) run(stdin io.Reader, out pcmktool.Output, now iso8601.Time, log *pcmktool.Log) (crmexit.Code, error) {
	fail := func(code crmexit.Code, format string, args ...any) (crmexit.Code, error) {
		return code, fmt.Errorf(format, args...)
	}
	switch {
	case !o.check:
		return fail(crmexit.Usage, "No mode operation given")
	case len(o.rules) == 0:
		return fail(crmexit.Usage, "--check requires use of --rule=")
	}
	date := now
	if o.date != nil {
		var err error
		if date, err = iso8601.Parse(*o.date, now); err != nil {
			var e *iso8601.Error
			if errors.As(err, &e) {
				log.Print(loglevel.Error, e.Where, e.Text)
			}
			return fail(crmexit.DataErr, "Invalid date specified: '%s'", *o.date)
		}
	}
	if o.xml == nil {
		// What the reference says when it finds no CIB manager to ask.
		out.Err("CIB query failed: %s", crmexit.RCNoInput)
		return crmexit.RCNoInput.Exit(), nil
	}
	text := *o.xml
	if text == "-" {
		b, err := io.ReadAll(stdin)
		if err != nil {
			return fail(crmexit.DataErr, "Couldn't parse input from STDIN\n")
		}
		text = string(b)
	}
	cib := readXML(text)
	switch {
	case cib == nil && *o.xml == "-":
		return fail(crmexit.DataErr, "Couldn't parse input from STDIN\n")
	case cib == nil:
		return fail(crmexit.DataErr, "Couldn't parse input string: %s\n", text)
	}
	c := checker{cib: cib, date: date, now: now, log: log}
	return c.all(o.rules, out).Exit(), nil
}
