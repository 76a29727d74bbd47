// Package cibadmin is cibadmin(8): it queries and edits the CIB, the cluster's or one in a
// file (the reference's tools/cibadmin.c).
//
// It differs from the reference where --show-access is given data as well (-X, -x, -p), and so
// no user: that one then logs a failed assertion, and we do not.
package cibadmin

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/user"
	"strings"
	"syscall"
	"time"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/digest"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/loglevel"
)

// help is what --help writes.
//
//go:embed help.txt
var help string

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return mainAs(name, args, stdin, stdout, stderr)
}

// mainAs is Main for a user.
func mainAs(name string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{runBy: name, stdin: stdin, stdout: stdout, stderr: stderr}
	t.timeout = defaultTimeout
	err := t.parse(args)
	// The first -V only shows what is critical, and that is nothing.
	t.log = (&pcmktool.Common{Verbosity: t.verbosity - 1}).NewLog("cibadmin", stderr) // from LOG_CRIT on
	var code crmexit.Code
	var ended pcmktool.Ended
	switch {
	case errors.As(err, &ended):
		code = crmexit.Code(ended)
	default:
		code = t.run()
	}
	return t.log.Exit(code)
}

// tool is one run.
type tool struct {
	options
	runBy          string // the user
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *pcmktool.Log
	reader         *cibinput.Reader
	conn           client.Conn
}

// fail says what is wrong and is the status.
func (t *tool) fail(code crmexit.Code, format string, args ...any) crmexit.Code {
	fmt.Fprintf(t.stderr, format, args...)
	return code
}

func (t *tool) error(where, format string, args ...any) {
	t.log.LogfAt(loglevel.Error, where, format, args...)
}

const advice = "  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n"

func (t *tool) run() crmexit.Code {
	if t.dangerous && !t.force {
		return t.fail(crmexit.Unsafe, "The supplied command is considered dangerous."+advice)
	}
	t.reader = &cibinput.Reader{Log: t.log, Stdin: t.stdin, Stderr: t.stderr}
	input, source := t.input()
	var seenBy *string // whose permissions are shown
	if source == "" && t.access != noAccess {
		if code := t.mayShowAccess(); code != crmexit.OK {
			return code
		}
		seenBy, t.request.User = t.user, ""
	}
	if input == nil && source != "" {
		return t.fail(crmexit.Config, "Couldn't parse input from %s.\n", source)
	}
	if t.digest != noDigest {
		return t.showDigest(input)
	}
	t.request.Data = input
	return t.perform(seenBy)
}

// input is what the command is about, nil for what cannot be read; source is "" if nothing is
// given.
func (t *tool) input() (input *etree.Element, source string) {
	var d *cibinput.Document
	switch {
	case t.file != nil:
		source, d = *t.file, t.reader.File(*t.file)
	case t.text != nil:
		source, d = "input string", t.reader.Text(*t.text)
	case t.pipe:
		source, d = "STDIN", t.reader.Input()
	}
	if d != nil {
		input = d.Root
	}
	return input, source
}

// mayShowAccess refuses who might not see all that another may see.
func (t *tool) mayShowAccess() crmexit.Code {
	if (acl.User{Name: t.runBy}).Required() {
		const skewed = "The supplied command can provide skewed result since it is run under user that also gets guarded per ACLs "
		if !t.force {
			return t.fail(crmexit.Unsafe, skewed+"in their own right."+
				" To accept the risk of such a possible distortion (without even knowing it at this time), use the --force flag.\n")
		}
		fmt.Fprint(t.stderr, skewed+"on their own right. Continuing since --force flag was provided.\n")
	}
	if t.user == nil {
		return t.fail(crmexit.Usage, "The supplied command requires -U user specified.\n")
	}
	return crmexit.OK
}

func (t *tool) showDigest(input *etree.Element) crmexit.Code {
	if input == nil {
		return t.fail(crmexit.Usage, "Please supply XML to process with -X, -x or -p\n")
	}
	sum := digest.OnDisk(input)
	if t.digest == versionedDigest {
		version, ok := document.Get(input, "crm_feature_set")
		if sum = digest.Versioned(input, version); !ok {
			version = "(null)"
		}
		fmt.Fprintf(t.stderr, "Versioned (%s) digest: ", version)
	} else {
		fmt.Fprint(t.stderr, "Digest: ")
	}
	fmt.Fprintln(t.stdout, sum)
	return crmexit.OK
}

// perform does the command and shows what has come of it.
func (t *tool) perform(seenBy *string) crmexit.Code {
	ctx := context.Background()
	conn, err := t.reader.Open(ctx, client.Options{Timeout: t.timeout})
	if err != nil {
		rc := client.RC(err)
		const failed = "Init failed, could not perform requested operations"
		t.error("do_init", "Could not connect to the CIB: %s", rc)
		fmt.Fprintf(t.stderr, "Could not connect to the CIB: %s\n", rc)
		t.error("main", failed)
		return t.fail(rc.Exit(), failed+"\n")
	}
	t.conn = conn
	if t.request.Op == ops.Replace && t.request.Data != nil && document.EqualFold(t.request.Data.Tag, "cib") &&
		ops.Section(t.request.Data, "status") == nil {
		t.request.Data.CreateElement("status")
	}
	var answer *etree.Element
	var code crmexit.Code
	if conn.Live() && t.request.Options&call.SyncCall == 0 {
		answer, code = t.send(ctx)
	} else {
		answer, code = t.do(ctx)
	}
	if answer != nil && t.access != noAccess {
		shown, err := t.showAccess(answer, seenBy)
		if err != nil {
			name := "(null)"
			if seenBy != nil {
				name = *seenBy
			}
			return t.fail(crmexit.Config, "Could not evaluate access per request (%s, error: %s)\n", name, client.RC(err))
		}
		fmt.Fprintln(t.stdout, shown)
		answer = nil
	}
	t.print(answer)
	if err := conn.Close(); code == crmexit.OK {
		code = client.RC(err).Exit()
	}
	return code
}

// do waits until the command is done.
func (t *tool) do(ctx context.Context) (*etree.Element, crmexit.Code) {
	answer, err := t.conn.Do(ctx, t.request)
	rc := client.RC(err)
	switch {
	case rc == crmexit.RCOK:
		return answer, crmexit.OK
	case rc == crmexit.RCSchemaUnchanged && t.request.Op == ops.Upgrade:
		t.unchanged()
		return answer, crmexit.OK
	}
	t.error("main", "Call failed: %s", rc)
	fmt.Fprintf(t.stderr, "Call failed: %s\n", rc)
	if rc == crmexit.RCSchemaValidation {
		if t.request.Op == ops.Upgrade {
			if cib, err := t.conn.Do(ctx, call.Request{Op: ops.Query, Options: t.request.Options}); err == nil {
				t.reader.ExplainUpgrade(cib)
			}
		} else if answer != nil {
			t.reader.Explain(answer, t.conn.Live())
		}
	}
	return answer, rc.Exit()
}

// send has the daemon do the command, and waits for the event that says it is done
// (cibadmin_op_callback).
func (t *tool) send(ctx context.Context) (*etree.Element, crmexit.Code) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	call, err := t.conn.Send(ctx, t.request)
	if err != nil {
		rc := client.RC(err)
		return nil, t.fail(rc.Exit(), "Call failed: %s\n", rc)
	}
	t.log.Print(loglevel.Info, "main", "Starting mainloop")
	const where = "cibadmin_op_callback"
	e, err := t.conn.Await(ctx, call)
	if err == nil {
		err = e.Err
	}
	rc := client.RC(err)
	switch {
	case rc == crmexit.RCSchemaUnchanged:
		t.unchanged()
		return nil, crmexit.OK
	case rc != crmexit.RCOK:
		t.log.LogfAt(loglevel.Warning, where, "Call %s failed: %s | rc=%d", t.request.Op, rc, int(rc))
		fmt.Fprintf(t.stderr, "Call %s failed: %s\n", t.request.Op, rc)
	case t.request.Op == ops.Query && e.Answer == nil:
		t.error(where, "Query returned no output")
	default:
		t.log.Print(loglevel.Info, where, "Call passed")
	}
	t.print(e.Answer)
	return nil, rc.Exit()
}

// unchanged says that an upgrade has nothing to do.
func (t *tool) unchanged() {
	line := fmt.Sprintf("Upgrade unnecessary: %s\n", crmexit.RCSchemaUnchanged)
	t.log.Print(loglevel.Info, "report_schema_unchanged", line)
	fmt.Fprint(t.stdout, line)
}

// print writes an answer: XML, or the paths that it has (print_xml_output).
func (t *tool) print(answer *etree.Element) {
	switch {
	case answer == nil:
	case t.request.Options&call.XPathAddress == 0:
		_, _ = io.WriteString(t.stdout, text.Lines(answer))
	case strings.EqualFold(answer.Tag, "xpath-query"):
		for _, e := range answer.ChildElements() {
			t.print(e)
		}
	default:
		if id, ok := document.ID(answer); ok {
			fmt.Fprintln(t.stdout, id)
		}
	}
}

// defaultTimeout is how long a command may take.
const defaultTimeout = 30 * time.Second

// errInvalid is what cannot be shown.
var errInvalid = &client.Refused{RC: crmexit.RC(syscall.EINVAL)}
