// Package iso8601 is Pacemaker's tool iso8601(8): it shows what Pacemaker takes a
// date, duration or period for (the reference's tools/iso8601.c).
package iso8601

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/iso8601"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

const (
	summary     = "Display and parse ISO 8601 dates and times"
	description = "For more information on the ISO 8601 standard, see https://en.wikipedia.org/wiki/ISO_8601"
	indent      = "                              "
)

type options struct {
	pcmktool.Common
	date, duration, period, expected *string
	format                           iso8601.Format
}

func (o *options) context(args []string) *goption.Context {
	format := func(f iso8601.Format) func(string, string, bool) error {
		return func(string, string, bool) error {
			o.format |= f
			return nil
		}
	}
	c := o.Context(args, summary, "")
	c.Description = description
	c.Groups = []goption.Group{
		{Name: "commands", Heading: "Commands:", Help: "Show command options", Options: []goption.Option{
			{Long: "now", Short: 'n', Help: "Display the current date/time",
				Do: func(string, string, bool) error {
					now := "now"
					o.date = &now
					return nil
				}},
			{Long: "date", Short: 'd', Arg: goption.Required, Value: "DATE", Do: goption.Given(&o.date),
				Help: "Parse an ISO 8601 date/time (for example,\n" + indent + "'2019-09-24 00:30:00 +01:00' or '2019-040')"},
			{Long: "period", Short: 'p', Arg: goption.Required, Value: "PERIOD", Do: goption.Given(&o.period),
				Help: "Parse an ISO 8601 period (interval) with start time (for example,\n" + indent + "'2005-040/2005-043')"},
			{Long: "duration", Short: 'D', Arg: goption.Required, Value: "DURATION", Do: goption.Given(&o.duration),
				Help: "Parse an ISO 8601 duration (for example, 'P1M')"},
			{Long: "expected", Short: 'E', Arg: goption.Required, Value: "TEXT", Do: goption.Given(&o.expected),
				Help: "Exit with error status if result does not match this text.\n" + indent + "Requires: -n or -d"},
		}},
		{Name: "modifiers", Heading: "Output modifiers:", Help: "Show output modifiers", Options: []goption.Option{
			{Long: "seconds", Short: 's', Do: format(iso8601.AsSeconds),
				Help: "Show result as a seconds since 0000-001 00:00:00Z"},
			{Long: "epoch", Short: 'S', Do: format(iso8601.AsEpoch),
				Help: "Show result as a seconds since EPOCH (1970-001 00:00:00Z)"},
			{Long: "local", Short: 'L', Do: format(iso8601.WithTimezone),
				Help: "Show result as a 'local' date/time"},
			{Long: "ordinal", Short: 'O', Do: format(iso8601.Ordinal),
				Help: "Show result as an 'ordinal' date/time"},
			{Long: "week", Short: 'W', Do: format(iso8601.Weeks),
				Help: "Show result as an 'calendar week' date/time"},
		}},
	}
	return c
}

// Main runs the tool and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return run(args, stdout, stderr, time.Now())
}

// run runs the tool at a time, whose zone is the local one.
func run(args []string, stdout, stderr io.Writer, now time.Time) int {
	var o options
	_, help, err := pcmktool.Parse(o.context(args), args, "dpDE", stdout)
	if help {
		return int(crmexit.OK)
	}
	name := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return int(crmexit.Usage)
	}
	log := o.NewLog("iso8601", stderr)
	if o.Version {
		pcmktool.WriteVersion(stdout)
		return log.Exit(crmexit.OK)
	}
	err = o.show(stdout, iso8601.FromTime(now), log)
	var mismatch mismatch
	switch {
	case err == nil:
		return log.Exit(crmexit.OK)
	case errors.As(err, &mismatch):
		return log.Exit(crmexit.Error)
	}
	fmt.Fprintf(stderr, "%s: %v\n", name, err)
	return log.Exit(crmexit.InvalidParam)
}

// fault is what the tool says of a value that it cannot read.
type fault string

func (f fault) Error() string { return string(f) }

// mismatch says that the result is not the expected one, of which the tool says
// nothing.
type mismatch struct{}

func (mismatch) Error() string { return "result does not match" }

func (o *options) show(w io.Writer, now iso8601.Time, log *pcmktool.Log) error {
	const moment = iso8601.Date | iso8601.TimeOfDay
	invalid := func(what, text string, err error) error {
		var e *iso8601.Error
		if errors.As(err, &e) {
			log.Print(loglevel.Error, e.Where, e.Text)
		}
		return fault(fmt.Sprintf("Invalid %s specified: %s", what, text))
	}
	var date, duration iso8601.Time
	var err error
	if o.date != nil {
		label := "Date"
		if strings.EqualFold(*o.date, "now") {
			label, date = "Current date/time", now
		} else if date, err = iso8601.Parse(*o.date, now); err != nil {
			return invalid("date/time", *o.date, err)
		}
		fmt.Fprintf(w, "%s: %s\n", label, date.Format(o.format|moment))
	}
	if o.duration != nil {
		if duration, err = iso8601.ParseDuration(*o.duration); err != nil {
			return invalid("duration", *o.duration, err)
		}
		fmt.Fprintf(w, "Duration: %s\n", duration.Format(o.format|iso8601.AsDuration))
	}
	if o.period != nil {
		p, err := iso8601.ParsePeriod(*o.period, now)
		if err != nil {
			return invalid("interval", *o.period, err)
		}
		fmt.Fprintf(w, "Period: %s to %s\n", p.Start.Format(o.format|moment), p.End.Format(o.format|moment))
	}
	if o.date == nil {
		return nil
	}
	if o.duration != nil {
		date = date.Add(duration)
		fmt.Fprintf(w, "Duration ends at: %s\n", date.Format(o.format|moment|iso8601.WithTimezone))
	}
	if o.expected != nil && !strings.EqualFold(*o.expected, date.Format(o.format|moment)) {
		return mismatch{}
	}
	return nil
}
