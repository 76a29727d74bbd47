// Package crmticket is crm_ticket(8): it shows booth's tickets, grants and revokes them and
// changes their attributes in the CIB (the reference's tools/crm_ticket.c).
//
// Attributes that are set at once are written in the order of the reference's hash table,
// which is what booth has always got. It differs from the reference where that crashes: on a file for -x
// that cannot be read.
package crmticket

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/pengine/sched"
	"github.com/ringmaster-ha/ringmaster/pengine/status"
)

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(args, stdin, stdout, stderr, time.Now())
}

// run runs the tool at a time, whose zone is the local one.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, now time.Time) int {
	var o options
	_, help, err := pcmktool.Parse(o.context(args), args, "dintvxCDGS", stdout)
	if help {
		return int(crmexit.OK)
	}
	name := pcmktool.Program(args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return int(crmexit.Usage)
	}
	log := o.NewLog("crm_ticket", stderr)
	if o.Version {
		pcmktool.WriteVersion(stdout)
		return log.Exit(crmexit.OK)
	}
	t := tool{options: &o, ctx: context.Background(), out: bufio.NewWriter(stdout), log: log, now: now}
	code, err := t.run(&cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr})
	if flushed := t.out.Flush(); flushed != nil {
		code = crmexit.IOErr
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
	}
	return log.Exit(code)
}

// tool is a run of the tool.
type tool struct {
	*options
	ctx    context.Context
	out    *bufio.Writer
	log    *pcmktool.Log
	now    time.Time
	cib    client.Conn
	whole  *etree.Element // the CIB as it was at the beginning
	status *status.WorkingSet
}

// ended is what comes of a request.
func ended(err error, what string) (crmexit.Code, error) {
	if err == nil {
		return crmexit.OK, nil
	}
	rc := client.RC(err)
	return pcmktool.Fail(rc.Exit(), "%s: %s", what, rc)
}

func (t *tool) run(r *cibinput.Reader) (code crmexit.Code, err error) {
	if t.cib, err = r.Open(t.ctx, client.Options{}); err != nil {
		return ended(err, "Could not connect to the CIB")
	}
	// A file that cannot be written is in the log.
	defer func() { _ = t.cib.Close() }()
	if code, err := t.read(r); err != nil {
		return code, err
	}
	switch {
	case t.command == info || t.command == details || t.command == raw:
		return t.show()
	case t.command == queryXML:
		return ended(t.showXML("State XML:\n\n", statePath(t.ticket)), "Could not query ticket XML")
	case t.command == constraints:
		return ended(t.showXML("Constraints XML:\n\n", constraintPath(t.ticket)), "Could not show ticket constraints")
	case t.command == getAttribute && t.ticket == nil:
		return pcmktool.Fail(crmexit.NoSuch, "Must supply ticket ID with -t")
	case t.command == getAttribute:
		return t.showAttribute(), nil
	case t.command == cleanup:
		return t.clean()
	case t.modified:
		return t.change()
	case t.name == nil || *t.name == "":
		return pcmktool.Fail(crmexit.Usage, "Must supply a command")
	case t.ticket == nil:
		return pcmktool.Fail(crmexit.Usage, "Must supply ticket ID with -t")
	}
	return pcmktool.Fail(crmexit.Usage, "Must supply value with -v for -S %s", *t.name)
}

// read reads the CIB and what it has of tickets.
func (t *tool) read(r *cibinput.Reader) (crmexit.Code, error) {
	var d *cibinput.Document
	if t.file != nil {
		if d = r.File(*t.file); d == nil {
			return pcmktool.Fail(crmexit.Config, "Could not update local CIB to latest schema version")
		}
	} else {
		cib, err := t.cib.Do(t.ctx, call.Request{Op: ops.Query, Options: call.ScopeLocal})
		if err != nil {
			return ended(err, "Could not get local CIB")
		}
		etree.NewDocumentWithRoot(cib)
		d = &cibinput.Document{Root: cib}
	}
	if !r.Update(d) {
		return pcmktool.Fail(crmexit.Config, "Could not update local CIB to latest schema version")
	}
	ws, err := status.Unpack(d.Root, status.Options{Now: t.now, Clock: t.now, Flags: status.NoCounts, Log: t.log})
	if err != nil {
		return pcmktool.Fail(crmexit.Config, "%v", err)
	}
	sched.ReadConstraints(ws)
	t.whole, t.status = d.Root, ws
	return crmexit.OK, nil
}

// statePath leads to the state of a ticket, or to all.
func statePath(ticket *string) string {
	path := "/cib/status/tickets"
	if ticket != nil {
		path += `/ticket_state[@id="` + *ticket + `"]`
	}
	return path
}

// constraintPath leads to the constraints for a ticket, or for all.
func constraintPath(ticket *string) string {
	path := "//cib/configuration/constraints/rsc_ticket"
	if ticket != nil {
		path += `[@ticket="` + *ticket + `"]`
	}
	return path
}

func (t *tool) find(path string) (*etree.Element, error) {
	return t.cib.Do(t.ctx, call.Request{Op: ops.Query, Section: path, Options: call.XPath | call.ScopeLocal})
}

// state finds the state of the ticket; more than one is said.
func (t *tool) state() (*etree.Element, error) {
	e, err := t.find(statePath(t.ticket))
	if err == nil && t.ticket != nil && len(e.ChildElements()) > 0 {
		fmt.Fprintf(t.out, "Multiple ticket_states match ticket_id=%s\n", *t.ticket)
	}
	return e, err
}

// isMissing tells whether an error says that there is no such thing.
func isMissing(err error) bool { return err != nil && client.RC(err) == crmexit.RC(syscall.ENXIO) }
