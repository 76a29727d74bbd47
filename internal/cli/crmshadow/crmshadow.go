// Package crmshadow is crm_shadow(8): copies of the CIB to try changes on, and their way back
// into the cluster (the reference's tools/crm_shadow.c).
//
// It differs from the reference in what it says before it starts a shell: that is
// not lost where the standard output is no terminal. Of the log, the changes that --diff finds are not
// printed (level info).
package crmshadow

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/call"
	"github.com/ringmaster-ha/ringmaster/cib/client"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/cli/cibinput"
	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// help is what --help writes.
//
//go:embed help.txt
var help string

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{stdin: stdin, stdout: stdout, stderr: stderr, become: become}
	err := t.parse(args)
	t.log = (&pcmktool.Common{Verbosity: t.verbosity}).NewLog("crm_shadow", stderr)
	t.reader = &cibinput.Reader{Log: t.log, Stdin: stdin, Stderr: stderr}
	var ended pcmktool.Ended
	if errors.As(err, &ended) {
		return t.log.Exit(crmexit.Code(ended))
	}
	return t.log.Exit(t.run())
}

// become replaces the process by a program.
func become(path string, args []string) error { return syscall.Exec(path, args, os.Environ()) }

type tool struct {
	options
	stdin          io.Reader
	stdout, stderr io.Writer
	become         func(path string, args []string) error
	log            *pcmktool.Log
	reader         *cibinput.Reader
	file           string // the shadow's
}

// options are what the command line says.
type options struct {
	command   rune
	shadow    *string // its name
	schema    *string // of an empty one
	whole     bool    // --all
	dangerous bool
	force     bool
	batch     bool
	verbosity int
}

const short = "?$VwpEdFc:e:C:D:r:s:fbav:"

var long = []getopt.Long{
	{Name: "help", Val: '?'}, {Name: "version", Val: '$'}, {Name: "verbose", Val: 'V'},
	{Name: "which", Val: 'w'}, {Name: "display", Val: 'p'}, {Name: "edit", Val: 'E'}, {Name: "diff", Val: 'd'}, {Name: "file", Val: 'F'},
	{Name: "create", Arg: getopt.Required, Val: 'c'}, {Name: "create-empty", Arg: getopt.Required, Val: 'e'},
	{Name: "commit", Arg: getopt.Required, Val: 'C'}, {Name: "delete", Arg: getopt.Required, Val: 'D'},
	{Name: "reset", Arg: getopt.Required, Val: 'r'}, {Name: "switch", Arg: getopt.Required, Val: 's'},
	{Name: "force", Val: 'f'}, {Name: "batch", Val: 'b'}, {Name: "all", Val: 'a'}, {Name: "validate-with", Arg: getopt.Required, Val: 'v'},
}

// parse reads the command line. The error is a pcmktool.Ended.
func (t *tool) parse(args []string) error {
	p := pcmktool.NewGetopt(args, short, long, help, t.stdout, t.stderr)
	return p.Read(args, func(option rune) (bool, error) { return t.take(option, p) })
}

// take understands an option; false means that it is wrong.
func (t *tool) take(option rune, p *pcmktool.Getopt) (ok bool, err error) {
	value := p.Arg
	switch option {
	case 'd', 'E', 'p', 'w', 'F':
		active, ok := os.LookupEnv("CIB_shadow")
		if !ok {
			fmt.Fprintln(t.stderr, "No active shadow configuration defined")
			return false, pcmktool.Ended(crmexit.NoSuch)
		}
		t.command, t.shadow = option, &active
	case 'e', 'c', 's', 'r', 'C', 'D':
		t.command, t.shadow = option, &value
		t.dangerous = t.dangerous || option == 'C' || option == 'D'
	case 'a':
		t.whole = true
	case 'v':
		t.schema = &value
	case 'f':
		t.force = true
	case 'b':
		t.batch = true
	case 'V':
		t.verbosity++
	default:
		p.Unsupported(option)
		return false, nil
	}
	return true, nil
}

// fail says what is wrong and is the status.
func (t *tool) fail(code crmexit.Code, format string, args ...any) crmexit.Code {
	fmt.Fprintf(t.stderr, format, args...)
	return code
}

const advice = "  To prevent accidental destruction of the cluster, the --force flag is required in order to proceed.\n"

func (t *tool) run() crmexit.Code {
	active, isActive := os.LookupEnv("CIB_shadow")
	switch {
	case t.command == 'w':
		fmt.Fprintln(t.stdout, active)
		return crmexit.OK
	case t.shadow == nil:
		return t.fail(crmexit.NoSuch, "No shadow instance provided\n")
	case t.command != 's' && t.command != 'c' && isActive && !document.EqualFold(active, *t.shadow) && !t.force:
		return t.fail(crmexit.Usage, "The supplied shadow instance (%s) is not the same as the active one (%s).\n"+advice, *t.shadow, active)
	case t.dangerous && !t.force:
		return t.fail(crmexit.Usage, "The supplied command is considered dangerous."+advice)
	}
	t.file = client.ShadowFile(*t.shadow, os.LookupEnv)
	switch t.command {
	case 'D':
		return t.remove()
	case 'F':
		fmt.Fprintln(t.stdout, t.file)
		return crmexit.OK
	}
	var cluster client.Conn
	if strings.ContainsRune("drcC", t.command) {
		var err error
		if cluster, err = t.reader.Open(context.Background(), client.Options{NoShadow: true}); err != nil {
			rc := client.RC(err)
			return t.fail(rc.Exit(), "Could not connect to CIB: %s\n", rc)
		}
		// A file is not written: the reference does not sign off either.
		if cluster.Live() {
			defer cluster.Close()
		}
	}
	_, err := os.Stat(t.file)
	if t.command == 'e' || t.command == 'c' {
		if err == nil && !t.force {
			return t.fail(crmexit.CantCreat, "A shadow instance '%s' already exists.\n"+advice, *t.shadow)
		}
	} else if err != nil {
		return t.fail(crmexit.NoSuch, "Could not access shadow instance '%s': %s\n", *t.shadow, number(err))
	}
	switch t.command {
	case 'c', 'r':
		return t.copy(cluster)
	case 'e':
		return t.empty()
	case 'E':
		return t.edit()
	case 's':
		t.enter(true)
	case 'p':
		t.display()
	case 'd':
		return t.diff(cluster)
	case 'C':
		return t.commit(cluster)
	}
	return crmexit.OK
}

// number is the system's error in an error of package os.
func number(err error) crmexit.RC {
	var no syscall.Errno
	switch {
	case err == nil:
		return crmexit.RCOK
	case errors.As(err, &no):
		return crmexit.RC(no)
	case errors.Is(err, exec.ErrNotFound):
		return crmexit.RC(syscall.ENOENT)
	}
	return crmexit.RCError
}

func (t *tool) remove() crmexit.Code {
	code := crmexit.OK
	if err := syscall.Unlink(t.file); err != nil && !errors.Is(err, syscall.ENOENT) {
		rc := number(err)
		code = t.fail(rc.Exit(), "Could not remove shadow instance '%s': %s\n", *t.shadow, rc)
	}
	t.leave()
	return code
}

func query(cluster client.Conn) (*etree.Element, error) {
	return cluster.Do(context.Background(), call.Request{Op: ops.Query})
}

// copy makes the shadow what the cluster is.
func (t *tool) copy(cluster client.Conn) crmexit.Code {
	cib, err := query(cluster)
	if err != nil {
		rc := client.RC(err)
		return t.fail(rc.Exit(), "Could not connect to the CIB manager: %s\n", rc)
	}
	return t.write(cib)
}

func (t *tool) empty() crmexit.Code {
	cib := ops.Empty("0")
	if t.schema != nil {
		cib.CreateAttr("validate-with", *t.schema)
	}
	fmt.Fprintf(t.stdout, "Created new %s configuration\n", cib.SelectAttrValue("validate-with", ""))
	return t.write(cib)
}

func (t *tool) write(cib *etree.Element) crmexit.Code {
	if err := client.WriteFile(t.file, cib, false); err != nil {
		verb := "create"
		if t.command == 'r' {
			verb = "reset"
		}
		rc := number(err)
		return t.fail(rc.Exit(), "Could not %s the shadow instance '%s': %s\n", verb, *t.shadow, rc)
	}
	t.enter(false)
	return crmexit.OK
}

func (t *tool) edit() crmexit.Code {
	editor, ok := os.LookupEnv("EDITOR")
	if !ok {
		return t.fail(crmexit.NotConfigured, "No value for EDITOR defined\n")
	}
	path, err := editor, error(nil)
	if !strings.Contains(editor, "/") {
		path, err = exec.LookPath(editor)
	}
	if err == nil {
		err = t.become(path, []string{"--", t.file})
	}
	return t.fail(crmexit.OSFile, "Could not invoke EDITOR (%s %s): %s\n", editor, t.file, number(err))
}

func (t *tool) display() {
	if d := t.reader.File(t.file); d != nil {
		fmt.Fprint(t.stdout, text.Lines(d.Root))
	}
}

// diff shows what is different from the cluster.
func (t *tool) diff(cluster client.Conn) crmexit.Code {
	d := t.reader.File(t.file)
	was, err := query(cluster)
	if err != nil {
		rc := client.RC(err)
		return t.fail(rc.Exit(), "Could not query the CIB: %s\n", rc)
	}
	if d == nil {
		return crmexit.OK
	}
	is := document.New(d.Root)
	is.Track(nil)
	_ = is.Compare(was) // of another name: the reference goes on
	patchset, _ := patch.Create(was, is, patch.Options{})
	if patchset == nil {
		return crmexit.OK
	}
	for _, line := range patch.Describe(patchset, "  ") {
		fmt.Fprintln(t.stdout, line)
	}
	return crmexit.Error
}

// commit brings the shadow into the cluster.
func (t *tool) commit(cluster client.Conn) crmexit.Code {
	request := call.Request{Op: ops.Replace, Options: call.SyncCall}
	if t.force {
		request.Options |= call.QuorumOverride
	}
	if d := t.reader.File(t.file); d != nil {
		request.Data = d.Root
	}
	if !t.whole {
		request.Section = "configuration"
		request.Data = patch.Child(request.Data, request.Section)
	}
	code := crmexit.OK
	if _, err := cluster.Do(context.Background(), request); err != nil {
		rc := client.RC(err)
		code = t.fail(rc.Exit(), "Could not commit shadow instance '%s' to the CIB: %s\n", *t.shadow, rc)
	}
	t.leave()
	return code
}
