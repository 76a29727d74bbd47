package crmresource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/attrs"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	controller "github.com/ringmaster-ha/ringmaster/crmd/client"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/pengine/show"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

const program = "crm_resource"

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(args, stdin, stdout, stderr, time.Now())
}

// run is Main at a time.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, now time.Time) int {
	o := newOptions()
	return o.Run(o.context(args), args, "GHINSTdginpstuvx", program, stdout, stderr, func(out pcmktool.Output, log *pcmktool.Log) (crmexit.Code, error) {
		t := tool{
			options: o, ctx: context.Background(), out: out, log: log, args: args,
			now: func() time.Time { return now.Add(time.Since(now)) }, sleep: time.Sleep,
			reader: &cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr},
		}
		if !now.IsZero() && time.Since(now) > time.Hour {
			t.now = func() time.Time { return now } // a test's
		}
		return t.run()
	})
}

// tool is a run of the tool.
type tool struct {
	*options
	ctx    context.Context
	args   []string
	out    pcmktool.Output
	log    *pcmktool.Log
	p      *show.Printer
	reader *cibinput.Reader
	now    func() time.Time
	sleep  func(time.Duration)

	cib        client.Conn
	call       call.Options       // of changes
	controld   *controller.Conn   // nil without a cluster
	expected   int                // answers of it
	ws         *status.WorkingSet // nil if none is needed
	rsc        *status.Resource   // that was asked for, or nil
	host       *status.Node       // that was asked for, or nil
	warned     status.Warned
	unpacked   bool // the constraints
	code       crmexit.Code
	message    string // what went wrong, beside what the status says
	hasMessage bool
}

// failed keeps what went wrong.
func (t *tool) failed(format string, args ...any) {
	t.message, t.hasMessage = fmt.Sprintf(format, args...), true
}

// ended is a result that is said with an exit status of its own.
type ended crmexit.Code

func (e ended) Error() string { return crmexit.Code(e).String() }

// end ends the tool with a status and a sentence.
func (t *tool) end(code crmexit.Code, format string, args ...any) error {
	t.failed(format, args...)
	return ended(code)
}

// run does what is asked for, and says what went wrong.
func (t *tool) run() (crmexit.Code, error) {
	defer t.disconnect()
	err := t.prepare()
	if err == nil {
		err = t.perform()
	}
	var e ended
	if errors.As(err, &e) {
		t.code = crmexit.Code(e)
	} else if rc := attrs.RC(err); rc != crmexit.RCOK && rc != crmexit.RCNoOutput {
		if rc == crmexit.RCNoQuorum && t.hasMessage {
			t.message = "To ignore quorum, use the force option.\n" + t.message
		}
		t.code = rc.Exit()
	}
	if t.code != crmexit.OK && t.code != crmexit.Usage {
		if t.hasMessage {
			t.message += "\n"
		}
		t.failed("%sError performing operation: %s", t.message, t.code)
	}
	if t.hasMessage {
		return t.code, errors.New(t.message)
	}
	return t.code, nil
}

func (t *tool) disconnect() {
	if t.cib != nil {
		_ = t.cib.Close() // a file that cannot be written is in the log
	}
	if t.controld != nil {
		_ = t.controld.Close()
	}
}

// isQuiet tells whether only the essential is wanted; XML always has all.
func (t *tool) isQuiet() bool { return t.quiet && !t.out.IsXML() }

// info shows a line, unless quiet.
func (t *tool) info(format string, args ...any) {
	if !t.quiet {
		t.out.Info(format, args...)
	}
}

// prepare checks the options, and gets what the command cannot do without.
func (t *tool) prepare() error {
	if t.command == none {
		t.command, t.needs.resource = listResources, false
	}
	if t.expired && t.command != clearBans {
		return t.end(crmexit.Usage, "--expired requires --clear or -U")
	}
	if problem := t.takeOverrides(t.Rest, t.args); problem != "" {
		return t.end(crmexit.Usage, "%s", problem)
	}
	if t.out.IsText() && (t.command == showConstraints || t.command == listResources) && (t.OutputAs == nil || *t.OutputAs == "text") {
		t.Fancy = true
	}
	t.p = show.NewPrinter(t.out, t.Fancy, t.quiet)
	if t.fromCommandLine {
		if problem := t.checkConfiguration(); problem != "" {
			return t.end(crmexit.Usage, "%s", problem)
		}
	} else {
		t.params = nil
	}
	if t.needs.resource && t.resource == nil {
		return t.end(crmexit.Usage, "Must supply a resource id with -r")
	}
	if t.needs.node && t.node == nil {
		return t.end(crmexit.Usage, "Must supply a node name with -N")
	}
	if t.force {
		t.call |= call.QuorumOverride
	}
	if t.needs.find != 0 && t.resource != nil {
		t.data = true
	}
	if t.needs.cib {
		var err error
		if t.cib, err = t.reader.Open(t.ctx, client.Options{}); err != nil {
			rc := client.RC(err)
			return t.end(rc.Exit(), "Could not connect to the CIB: %s", rc)
		}
	}
	if t.data {
		if err := t.load(); err != nil {
			return ended(attrs.RC(err).Exit())
		}
	}
	return t.findObjects()
}

// findObjects finds the resource and the node, and the controller.
func (t *tool) findObjects() error {
	if t.needs.find != 0 && t.resource != nil {
		id := *t.resource
		if t.rsc = t.ws.Find(id, t.needs.find); t.rsc == nil {
			return t.end(crmexit.NoSuch, "Resource '%s' not found", id)
		}
		if isInstance(id) && t.rsc.Parent.IsClone() && (t.command == ban || t.command == clearBans || t.command == move || t.command == restart) {
			return t.end(crmexit.InvalidParam, "Cannot operate on clone resource instance '%s'", id)
		}
	}
	if t.node != nil && t.ws != nil {
		if t.host = t.ws.FindNode(*t.node); t.host == nil {
			return t.end(crmexit.NoSuch, "Node '%s' not found", *t.node)
		}
	}
	if t.controller {
		var err error
		if t.controld, err = controller.Dial(t.ctx, program, controller.Options{}); err != nil {
			rc := controller.RC(err)
			return t.end(rc.Exit(), "Error connecting to the controller: %s", rc)
		}
	}
	return nil
}

// load reads the CIB into a working set, or the file that the command line names.
func (t *tool) load() error {
	var d *cibinput.Document
	if t.file != nil {
		if d = t.reader.File(*t.file); d == nil {
			return rcError(crmexit.RCCIBCorrupt)
		}
	} else {
		root, err := t.whole()
		if err != nil {
			return err
		}
		d = &cibinput.Document{Root: root}
	}
	return t.unpack(d, true)
}

// whole is the CIB as it is.
func (t *tool) whole() (*etree.Element, error) {
	root, err := t.cib.Do(t.ctx, call.Request{Op: ops.Query, Options: call.ScopeLocal})
	if err != nil {
		return nil, err
	}
	etree.NewDocumentWithRoot(root)
	return root, nil
}

// unpack makes a CIB the working set.
func (t *tool) unpack(d *cibinput.Document, upgrade bool) error {
	if upgrade && !t.reader.Update(d) {
		return syscall.ENOKEY
	}
	now := t.now()
	ws, err := status.Unpack(d.Root, status.Options{
		Now: now, Clock: now, Log: t.log, Warned: &t.warned, Flags: status.NoCounts | status.NoCompat,
		Info: func(line string) { t.info("%s", line) },
	})
	if err != nil {
		return err
	}
	t.ws, t.unpacked = ws, false
	return nil
}

// rcError is a result of the reference's as an error.
type rcError crmexit.RC

func (e rcError) Error() string { return crmexit.RC(e).String() }

// Unwrap lets packages see the result as what a CIB would answer.
func (e rcError) Unwrap() error { return &client.Refused{RC: crmexit.RC(e)} }
