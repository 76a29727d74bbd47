// Package cibsecret is cibsecret(8): it keeps parameters of resources that nobody shall read, such as
// passwords, in files of root's instead of the CIB, and takes these files to all nodes (the
// reference's tools/cibsecret.in).
//
// It is a shell script in the reference, and lives on other programs: crm_resource, crm_node and
// crmadmin, fping or ping, and pssh, pdsh or ssh; here, too. It differs in that it
// needs no md5sum, that a value such as -n is written as it is, and that a command that is not installed is told by Go's words.
package cibsecret

import (
	"bufio"
	"bytes"
	"crypto/md5"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/cli/script"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/root"
)

//go:embed usage.txt
var usage string

const (
	folder = "/var/lib/pacemaker/lrm/secrets"
	magic  = "lrm://" // stands in the CIB for a secret
)

// tool is a run of the tool.
type tool struct {
	script.Streams
	name     string // of the program
	folder   string // of the secrets
	noCIB    bool
	command  string
	resource string
	param    string
	value    *string
	shell    shell
	running  func(text string) bool
}

// ending ends the tool with a status; all is said.
type ending crmexit.Code

func (e ending) Error() string { return crmexit.Code(e).String() }

// errFailed is that something went wrong, which is said at the end as the reference does.
var errFailed = errors.New("failed with rc: 1")

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(args, script.Streams{In: stdin, Out: stdout, Err: stderr}, running)
}

// run runs the tool, which asks whether a process runs.
func run(args []string, s script.Streams, running func(text string) bool) int {
	t := &tool{Streams: s, name: pcmktool.Program(args), folder: root.Path(folder), running: running}
	err := t.run(args[1:])
	var end ending
	switch {
	case err == nil:
		return int(crmexit.OK)
	case errors.As(err, &end):
		return int(end)
	}
	var status *exec.ExitError
	rc := 1
	if errors.As(err, &status) {
		rc = status.ExitCode()
	}
	return int(t.fatal(crmexit.Error, "%s(): failed with rc: %d", t.command, rc).(ending))
}

func (t *tool) fatal(code crmexit.Code, format string, args ...any) error {
	fmt.Fprintf(t.Out, "ERROR: "+format+"\n", args...)
	return ending(code)
}

func (t *tool) warn(format string, args ...any) {
	fmt.Fprintf(t.Out, "WARNING: "+format+"\n", args...)
}

func (t *tool) info(format string, args ...any) {
	fmt.Fprintf(t.Out, "INFO: "+format+"\n", args...)
}

func (t *tool) usage(code crmexit.Code) error {
	fmt.Fprint(t.Out, strings.ReplaceAll(usage, "$PROG", t.name))
	return ending(code)
}

// commands are those that there are, and the fewest and most words they take, their own name
// among them.
var commands = sync.OnceValue(func() map[string]struct {
	fewest, most int
	do           func(t *tool) error
} {
	return map[string]struct {
		fewest, most int
		do           func(t *tool) error
	}{
		"set":     {3, 4, (*tool).set},
		"get":     {3, 3, (*tool).get},
		"check":   {3, 3, (*tool).check},
		"stash":   {3, 3, (*tool).stash},
		"unstash": {3, 3, (*tool).unstash},
		"delete":  {3, 3, (*tool).remove},
		"sync":    {1, 1, (*tool).sync},
	}
})

func (t *tool) run(words []string) error {
	if len(words) > 0 && words[0] == "-C" {
		t.noCIB, words = true, words[1:]
	}
	for i, to := range []*string{&t.command, &t.resource, &t.param} {
		if i < len(words) {
			*to = words[i]
		}
	}
	c, ok := commands()[t.command]
	switch {
	case t.command == "--help":
		return t.usage(crmexit.OK)
	case t.command == "--version":
		return ending(t.AttributeWith("--version"))
	case !ok:
		return t.usage(crmexit.Usage)
	case len(words) < c.fewest || len(words) > c.most:
		return t.usage(crmexit.Error)
	}
	if len(words) == c.most && t.command == "set" {
		t.value = &words[3]
	}
	if err := t.prepare(); err != nil {
		return err
	}
	syscall.Umask(0o077)
	// As resource agents do, also where PATH is short.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/sbin:/bin:/usr/sbin:/usr/bin"); err != nil {
		return err
	}
	return c.do(t)
}

// prepare looks for what the tool needs (check_env).
func (t *tool) prepare() error {
	shell, ok := t.findShell()
	if !ok {
		return t.fatal(crmexit.NotInstalled, "please install pssh, pdsh, or ssh to run %s", t.name)
	}
	t.shell = shell
	if !t.running("pacemaker-controld") {
		return t.fatal(crmexit.Unavailable, "pacemaker not running? %s needs pacemaker", t.name)
	}
	return nil
}

// running tells whether a process has a text in its command line.
func running(text string) bool {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return false
	}
	for _, line := range lines {
		b, err := os.ReadFile(line)
		if err == nil && bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// output is what a program prints, without line feeds at the end.
func (t *tool) output(errw io.Writer, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stderr = t.In, errw
	out, err := cmd.Output()
	return strings.TrimRight(string(out), "\n"), err
}

// checkResource fails if the CIB does not know the resource.
func (t *tool) checkResource() error {
	if t.noCIB {
		return nil
	}
	cmd := exec.Command("crm_resource", "-r", t.resource, "-W")
	cmd.Stdin = t.In
	if out, err := cmd.CombinedOutput(); err != nil {
		return t.fatal(crmexit.NoSuch, "%s", strings.TrimRight(string(out), "\n"))
	}
	return nil
}

// inCIB is the parameter's value in the CIB.
func (t *tool) inCIB() string {
	if t.noCIB {
		return ""
	}
	value, _ := t.output(nil, "crm_resource", "-r", t.resource, "-g", t.param)
	return value
}

func (t *tool) setInCIB(value string) error {
	return t.resourceCommand("-p", t.param, "-v", value)
}

// resourceCommand runs crm_resource, whose complaints nobody hears.
func (t *tool) resourceCommand(args ...string) error {
	if t.noCIB {
		return nil
	}
	cmd := exec.Command("crm_resource", append([]string{"-r", t.resource}, args...)...)
	cmd.Stdin, cmd.Stdout = t.In, t.Out
	return cmd.Run()
}

// isSecret tells whether a value in the CIB stands for a secret; without a CIB it does.
func (t *tool) isSecret(value string) bool { return t.noCIB || value == magic }

// file is where the secret is; beside it, its digest.
func (t *tool) file() string { return filepath.Join(t.folder, t.resource, t.param) }

const signature = ".sign"

// local is what a file has, without line feeds at the end.
func local(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(b), "\n")
}

func digest(value string) string {
	sum := md5.Sum([]byte(value))
	return hex.EncodeToString(sum[:])
}

// store writes the secret here and on the other nodes.
func (t *tool) store(value string) error {
	file := t.file()
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(value+"\n"), 0o600)
	}
	if err == nil {
		err = os.WriteFile(file+signature, []byte(digest(value)+"\n"), 0o600)
	}
	if err != nil {
		fmt.Fprintf(t.Err, "%s: %v\n", t.name, err)
		return errFailed
	}
	return t.syncOne(file)
}

// forget removes the secret here and on the other nodes.
func (t *tool) forget() error {
	file := t.file()
	for _, f := range []string{file, file + signature} {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(t.Err, "%s: %v\n", t.name, err)
		}
	}
	return t.syncOne(file)
}

// set is cibsecret set.
func (t *tool) set() error {
	if t.value == nil {
		value := t.ask()
		t.value = &value
	}
	return t.keep(*t.value)
}

// ask reads the value, as the shell's read does. It prompts at a terminal.
func (t *tool) ask() string {
	if f, ok := t.In.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			fmt.Fprint(t.Err, "Enter value: ")
		}
	}
	in := bufio.NewReader(t.In)
	var b strings.Builder
	for {
		c, err := in.ReadByte()
		switch {
		case err != nil, c == '\n':
			return strings.Trim(b.String(), " \t")
		case c == '\\':
			if c, err = in.ReadByte(); err == nil && c != '\n' {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
}

// keep makes a value the secret.
func (t *tool) keep(value string) error {
	if err := t.checkResource(); err != nil {
		return err
	}
	if current := t.inCIB(); !t.noCIB && current != "" && current != magic && current != value {
		return t.fatal(crmexit.Config, "CIB value <%s> different for %s parameter %s; please delete it first", current, t.resource, t.param)
	}
	if err := t.store(value); err != nil {
		return err
	}
	return t.setInCIB(magic)
}

// check is cibsecret check.
func (t *tool) check() error {
	if err := t.checkResource(); err != nil {
		return err
	}
	if !t.isSecret(t.inCIB()) {
		return t.fatal(crmexit.Config, "resource %s parameter %s not set as secret, nothing to check", t.resource, t.param)
	}
	sum := local(t.file() + signature)
	if sum == "" {
		return t.fatal(crmexit.OSFile, "no MD5 hash for resource %s parameter %s", t.resource, t.param)
	}
	if digest(local(t.file())) != sum {
		return t.fatal(crmexit.Digest, "MD5 hash mismatch for resource %s parameter %s", t.resource, t.param)
	}
	return nil
}

// get is cibsecret get.
func (t *tool) get() error {
	if err := t.check(); err != nil {
		return err
	}
	b, err := os.ReadFile(t.file())
	if err == nil {
		_, err = t.Out.Write(b)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return errFailed
	}
	return nil
}

// remove is cibsecret delete.
func (t *tool) remove() error {
	if err := t.checkResource(); err != nil {
		return err
	}
	if err := t.forget(); err != nil {
		return err
	}
	return t.resourceCommand("-d", t.param)
}

// stash is cibsecret stash.
func (t *tool) stash() error {
	if t.noCIB {
		return t.fatal(crmexit.Usage, "no access to Pacemaker, stash not supported")
	}
	if err := t.checkResource(); err != nil {
		return err
	}
	switch current := t.inCIB(); {
	case current == "":
		return t.fatal(crmexit.NoSuch, "nothing to stash for resource %s parameter %s", t.resource, t.param)
	case t.isSecret(current):
		return t.fatal(crmexit.Exists, "resource %s parameter %s already set as secret, nothing to stash", t.resource, t.param)
	default:
		return t.keep(current)
	}
}

// unstash is cibsecret unstash.
func (t *tool) unstash() error {
	if t.noCIB {
		return t.fatal(crmexit.Usage, "no access to Pacemaker, unstash not supported")
	}
	value := local(t.file())
	if value == "" {
		return t.fatal(crmexit.NoSuch, "nothing to unstash for resource %s parameter %s", t.resource, t.param)
	}
	if err := t.checkResource(); err != nil {
		return err
	}
	if !t.isSecret(t.inCIB()) {
		t.warn("resource %s parameter %s not set as secret, but we have local value so proceeding anyway", t.resource, t.param)
	}
	if err := t.forget(); err != nil {
		return err
	}
	return t.setInCIB(value)
}
