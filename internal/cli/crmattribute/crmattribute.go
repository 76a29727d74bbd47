// Package crmattribute is crm_attribute(8): it shows and changes options of the cluster, defaults, and
// attributes and utilization of nodes (the reference's tools/crm_attribute.c). cib/attrs has what is done
// with the CIB, attrd/client the way to the manager of transient attributes.
//
// Regular expressions are POSIX's as package regexp has them; a pattern for attributes that attrd changes is attrd's to read.
// Where two errors follow each other, only the first is shown: GLib adds a warning. What the reference prints of failed
// assertions, as for a value without a name, is left out.
//
// One deviation: -p, whose resource may be left out, takes no option for it, so that in "-p -v -INFINITY" -v has its
// value. The reference makes that value the options -I and -N FINITY, and fails; it is what resource-agents'
// ocf_promotion_score calls, and without it ocf:heartbeat:pgsql does not start a server that follows another.
package crmattribute

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	attrd "github.com/ringmaster-ha/ringmaster/attrd/client"
	"github.com/ringmaster-ha/ringmaster/cib/attrs"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	controller "github.com/ringmaster-ha/ringmaster/crmd/client"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

const program = "crm_attribute"

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o := options{command: query}
	return o.Run(o.context(args), args, withValue(args), program, stdout, stderr, func(out pcmktool.Output, log *pcmktool.Log) (crmexit.Code, error) {
		t := tool{options: &o, ctx: context.Background(), out: out, log: log}
		return t.run(&cibinput.Reader{Log: log, Stdin: stdin, Stderr: stderr})
	})
}

// withValue are the options whose value is what follows, whatever it is. A -p that another option follows has none (see
// the package comment).
func withValue(args []string) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if arg == "-p" && i+1 < len(args) && strings.HasPrefix(args[i+1], "-") {
			return "NPUdilnstv"
		}
	}
	return "NPUdilnpstv"
}

// tool is a run of the tool.
type tool struct {
	*options
	ctx  context.Context
	out  pcmktool.Output
	log  *pcmktool.Log
	cib  client.Conn
	node attrs.Node // that attributes are of, if that matters
	own  bool       // whether it does
	call call.Options
}

func (t *tool) run(r *cibinput.Reader) (crmexit.Code, error) {
	if t.promotion && t.name == nil {
		return pcmktool.Fail(crmexit.Usage, "-p/--promotion must be called from an OCF resource agent or with a resource ID specified")
	}
	if t.inhibit {
		t.log.Print(loglevel.Warning, "main", "Inhibiting notifications for this update")
		t.call |= call.NoNotification
	}
	var err error
	if t.cib, err = r.Open(t.ctx, client.Options{}); err != nil {
		rc := client.RC(err)
		return pcmktool.Fail(rc.Exit(), "Could not connect to the CIB: %s", rc)
	}
	// A file that cannot be written is in the log.
	defer func() { _ = t.cib.Close() }()

	t.completeSection()
	if attrs.HasNode(*t.section) {
		if code, err := t.findNode(); err != nil {
			return code, err
		}
	}
	if t.command == remove && t.name == nil && t.pattern == nil {
		return pcmktool.Fail(crmexit.Usage, "Error: must specify attribute name or pattern to delete")
	}
	if t.pattern != nil {
		if t.command != query && !isStatus(*t.section) {
			return pcmktool.Fail(crmexit.Usage, "Error: pattern can only be used with query, or with till-reboot update or delete")
		}
		t.name = t.pattern
	}
	return t.perform()
}

// perform carries out the command.
func (t *tool) perform() (crmexit.Code, error) {
	var first error
	if t.command != query && isStatus(*t.section) && !substitute() {
		if first = t.tellManager(); first == nil {
			return crmexit.OK, nil
		}
		// The reference goes on and writes to the CIB itself.
	}
	rc := attrs.RC(t.do())
	code := rc.Exit()
	switch {
	case first != nil:
		return code, first
	case rc == crmexit.RC(syscall.ENOTUNIQ):
		return pcmktool.Fail(code, "Please choose from one of the matches below and supply the 'id' with --attr-id")
	case rc != crmexit.RCOK:
		return pcmktool.Fail(code, "Error performing operation: %s", crmexit.Legacy(rc))
	}
	return code, nil
}

func (t *tool) do() error {
	switch t.command {
	case remove:
		return t.delete()
	case update:
		return t.update()
	}
	return t.query()
}

// substitute tells whether the environment puts a file in the cluster's place, or would if it
// were not empty: then the manager of attributes is not asked.
func substitute() bool {
	_, file := os.LookupEnv("CIB_file")
	_, shadow := os.LookupEnv("CIB_shadow")
	return file || shadow
}

// findNode finds the node that attributes are of.
func (t *tool) findNode() (crmexit.Code, error) {
	if target := attrd.Target(t.host); target != nil {
		t.host = target
	} else if _, ok := os.LookupEnv("CIB_file"); ok {
		name, err := os.Hostname()
		if err != nil {
			return pcmktool.Fail(crmexit.OSErr, "%v", err)
		}
		t.host = &name
	} else if code, err := t.askController(); err != nil {
		return code, err
	}
	var err error
	if t.node, err = attrs.NodeNamed(t.ctx, t.cib, *t.host); err != nil {
		return pcmktool.Fail(attrs.RC(err).Exit(), "Could not map name=%s to a UUID", *t.host)
	}
	t.log.Logf(loglevel.Info, "Mapped node name '%s' to UUID %s", *t.host, t.node.UUID)
	t.own = true
	return crmexit.OK, nil
}

// askController asks the controller which node this is (get_node_name_from_controller).
func (t *tool) askController() (crmexit.Code, error) {
	c, err := controller.Dial(t.ctx, program, controller.Options{})
	if err != nil {
		rc := controller.RC(err)
		return pcmktool.Fail(rc.Exit(), "Could not connect to controller: %s", rc)
	}
	defer c.Close()
	name, err := c.NodeName(t.ctx)
	switch {
	case errors.Is(err, controller.ErrProtocol):
		return pcmktool.Fail(crmexit.Protocol, "Bad reply from controller: %s", crmexit.Protocol)
	case err != nil:
		rc := controller.RC(err)
		return pcmktool.Fail(rc.Exit(), "Could not ping controller: %s", rc)
	case name == nil:
		return pcmktool.Fail(crmexit.NoHost, "Node is not known to cluster")
	}
	t.host = name
	return crmexit.OK, nil
}
