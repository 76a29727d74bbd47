// Package crmverify is crm_verify(8): what is wrong with a configuration, by the schema
// and by the scheduler (the reference's tools/crm_verify.c).
package crmverify

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/ringmaster-ha/ringmaster/cib/schema"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
	"github.com/ringmaster-ha/ringmaster/pengine/graph"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

const (
	name = "crm_verify"

	summary = "Check a Pacemaker configuration for errors\n\n" +
		"Check the well-formedness of a complete Pacemaker XML configuration,\n" +
		"its conformance to the configured schema, and the presence of common\n" +
		"misconfigurations. Problems reported as errors must be fixed before the\n" +
		"cluster will work properly. It is left to the administrator to decide\n" +
		"whether to fix problems reported as warnings."

	description = "Examples:\n\n" +
		"Check the consistency of the configuration in the running cluster:\n\n" +
		"\tcrm_verify --live-check\n\n" +
		"Check the consistency of the configuration in a given file and produce verbose output:\n\n" +
		"\tcrm_verify --xml-file file.xml --verbose\n\n"

	// withValue are the short options that take one.
	withValue = "xSX"
)

type options struct {
	pcmktool.Common
	live, pipe       bool
	file, text, save *string
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	c.Description = description
	c.Groups = append(c.Groups,
		goption.Group{Name: "data", Heading: "Data sources:", Help: "Show data options", Options: []goption.Option{
			{Long: "live-check", Short: 'L', Help: "Check the configuration used by the running cluster", Do: goption.Flag(&o.live)},
			{Long: "xml-file", Short: 'x', Arg: goption.Required, Value: "FILE", Help: "Check the configuration in the named file", Do: goption.Given(&o.file)},
			{Long: "xml-pipe", Short: 'p', Help: "Check the configuration piped in via stdin", Do: goption.Flag(&o.pipe)},
			{Long: "xml-text", Short: 'X', Arg: goption.Required, Value: "XML", Help: "Check the configuration in the supplied string", Do: goption.Given(&o.text)},
		}},
		goption.Group{Name: "additional", Heading: "Additional options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "save-xml", Short: 'S', Arg: goption.Required, Value: "FILE", Help: "Save verified XML to named file (most useful with -L)", Do: goption.Given(&o.save)},
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
	_, help, err := pcmktool.Parse(o.context(args), args, withValue, stdout)
	if help {
		return int(crmexit.OK)
	}
	program := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return int(crmexit.Usage)
	}
	log := o.NewLog(name, stderr)
	out, err := o.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program, err)
		return log.Exit(crmexit.Error)
	}
	code := crmexit.OK
	if o.Version {
		out.Version()
	} else {
		log.Print(loglevel.Info, "main", "=#=#=#=#= Getting XML =#=#=#=#=")
		v := verification{options: &o, out: out, log: log, now: now, reader: cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr}}
		if err := v.run(); err != nil {
			code = crmexit.Error
			var f cibinput.Failure
			if errors.As(err, &f) {
				code = f.Code
			}
			fmt.Fprintf(stderr, "%s: %v\n", program, err)
		}
	}
	if err := out.Finish(code); err != nil {
		code = crmexit.IOErr
	}
	return log.Exit(code)
}

// verification is one of a CIB.
type verification struct {
	*options
	out    pcmktool.Output
	log    *pcmktool.Log
	reader cibinput.Reader
	now    time.Time
}

func (v *verification) run() error {
	d, err := v.read()
	if err != nil {
		return err
	}
	if d.Root.Tag != "cib" {
		return fail(syscall.EBADMSG, "This tool can only check complete configurations (i.e. those starting with <cib>).")
	}
	if v.save != nil {
		// The reference goes on, too, if that cannot be written.
		_ = cibinput.Write(d.Root, *v.save)
	}
	wrong, doubtful := v.check(d)
	what := "Errors found during check: config not valid"
	switch {
	case wrong:
	case doubtful:
		what = "Warnings found during check: config may not be valid"
	default:
		return nil
	}
	if v.Verbosity == 0 {
		what += "\n-V may provide more details"
	}
	return cibinput.Failure{Code: crmexit.RCSchemaValidation.Exit(), Text: what}
}

// fail is why there is nothing to verify.
func fail(no syscall.Errno, format string, args ...any) error {
	return cibinput.Failure{Code: crmexit.RC(no).Exit(), Text: fmt.Sprintf(format, args...)}
}

// read reads the CIB from the first source that is named.
func (v *verification) read() (*cibinput.Document, error) {
	const none = syscall.ENODATA
	var d *cibinput.Document
	switch {
	case v.live:
		v.log.Print(loglevel.Info, "main", "Reading XML from: live cluster")
		return v.reader.Query()
	case v.file != nil:
		if d = v.reader.File(*v.file); d == nil {
			return nil, fail(none, "Couldn't parse input file: %s", *v.file)
		}
	case v.text != nil:
		if d = v.reader.Text(*v.text); d == nil {
			return nil, fail(none, "Couldn't parse input string: %s", *v.text)
		}
	case v.pipe:
		if d = v.reader.Input(); d == nil {
			return nil, fail(none, "Couldn't parse input from STDIN.")
		}
	default:
		return nil, fail(none, "No configuration source specified.  Use --help for usage information.")
	}
	return d, nil
}

// check tells whether there are errors and warnings.
func (v *verification) check(d *cibinput.Document) (wrong, doubtful bool) {
	complete := cibinput.AddStatus(d.Root)
	if !v.reader.Validate(d) {
		v.log.Print(loglevel.Error, "main", "CIB did not pass schema validation")
		return true, false
	}
	if !v.reader.Update(d) {
		v.out.Err("The cluster will NOT be able to use this configuration.\n"+
			"Please manually update the configuration to conform to the %s syntax.", schema.Latest)
		return true, false
	}
	o := status.Options{
		Now: v.now, Clock: v.now, Flags: status.NoCounts,
		Log: v.log, Info: func(line string) { v.out.Info("%s", line) },
	}
	if !complete && !v.live {
		o.Flags |= status.CheckConfig
	}
	ws, err := status.Unpack(d.Root, o)
	if err != nil {
		return true, false
	}
	sched.Schedule(ws)
	if !ws.Flags.Has(status.CheckConfig) {
		if v.log.Enabled(loglevel.Notice) {
			show.LogActions(ws)
		}
		graph.New(ws, 0)
	}
	return ws.ConfigError, ws.ConfigWarning
}
