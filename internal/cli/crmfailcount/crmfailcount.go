// Package crmfailcount is crm_failcount(8): it shows how often operations of a resource have failed on
// a node, and has crm_resource forget that (the reference's tools/crm_failcount.in). Package
// script says how it follows a shell.
//
// It differs from the reference: numbers in an interval are decimal, where the shell takes those
// that begin with 0 for octal. To delete it runs the crm_resource that PATH leads to.
package crmfailcount

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/script"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

//go:embed usage.txt
var usage string

const (
	short = "qDGQVN:U:v:i:l:r:n:I:"
	long  = "help,version,verbose,quiet,query,delete,resource:,node:,operation:,interval:,delete-attr,get-value,resource-id:,uname:,lifetime:,attr-value:,attr-id:"
)

// tool is a run of the tool.
type tool struct {
	script.Streams
	query, remove               bool
	quiet                       string // the option, if given
	verbose                     string // likewise, as often as it was
	resource, operation, target string
	interval                    string // in milliseconds
}

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := tool{Streams: script.Streams{In: stdin, Out: stdout, Err: stderr}, interval: "0"}
	given, ok := script.Options(append([]string{"crm_failcount"}, args[1:]...), short, long, stderr)
	if !ok {
		return t.Usage(crmexit.Usage, "", usage)
	}
	asked := false
	for _, o := range given {
		switch o.Name {
		case "--help":
			fmt.Fprintln(stdout, "crm_failcount - Query or delete resource fail counts\n\n"+usage)
			return int(crmexit.OK)
		case "--version":
			return t.AttributeWith("--version")
		case "-N", "--node", "-U", "--uname":
			asked = true
		}
		t.take(o)
	}
	if !asked {
		silent := t.Streams
		silent.Err = io.Discard
		t.target = silent.NodeName("crm_node")
	}
	for _, missing := range []struct {
		is   bool
		what string
	}{{!t.query && !t.remove, "must specify a command"}, {t.resource == "", "resource name required"}, {t.target == "", "node name required"}} {
		if missing.is {
			return t.Usage(crmexit.Usage, missing.what, usage)
		}
	}
	t.interval = t.milliseconds(t.interval)
	if t.query {
		t.show()
		return int(crmexit.OK)
	}
	return t.clear()
}

// take takes an option over; the last command counts.
func (t *tool) take(o script.Option) {
	command := func(query bool) { t.query, t.remove = query, !query }
	switch o.Name {
	case "-q", "-Q", "--quiet":
		t.quiet = "--quiet"
	case "-V", "--verbose":
		t.verbose += " " + o.Name
	case "-G", "--query", "--get-value":
		command(true)
	case "-D", "--delete", "--delete-attr":
		command(false)
	case "-r", "--resource", "--resource-id":
		t.resource = o.Value
	case "-n", "--operation":
		t.operation = o.Value
	case "-I", "--interval":
		t.interval = o.Value
	case "-N", "--node", "-U", "--uname":
		t.target = o.Value
	case "-v", "--attr-value":
		if o.Value == "0" {
			command(false)
		} else {
			t.warn("ignoring deprecated option '" + o.Name + "' with nonzero value")
		}
	case "-i", "--attr-id", "-l", "--lifetime":
		t.warn("ignoring deprecated option '" + o.Name + "'")
	}
}

func (t *tool) warn(text string) { fmt.Fprintln(t.Err, "warning: "+text) }

// show shows the fail count (query_failcount).
func (t *tool) show() {
	whole := "fail-count-" + t.resource
	name, count := whole, ""
	if t.operation != "" {
		name += "#" + t.operation + "_" + t.interval
		count = t.attribute(name)
	} else {
		count = t.sum(whole + "#")
	}
	if count == "0" {
		// Clusters before 1.1.17 count for the resource as a whole.
		if count = t.attribute(whole); count != "0" {
			name = whole
		}
	}
	if t.quiet != "" {
		fmt.Fprintln(t.Out, strings.Join(strings.Fields(count), " "))
		return
	}
	fmt.Fprintf(t.Out, "scope=status  name=%s value=%s\n", name, count)
}

// attribute is the value of an attribute of the node, "0" if it has none.
func (t *tool) attribute(name string) string {
	var out bytes.Buffer
	s := t.Streams
	s.Out = &out
	s.AttributeWith(append(strings.Fields(t.verbose), "--quiet", "--query", "-t", "status", "-d", "0", "-N", t.target, "-n", name)...)
	return strings.TrimRight(out.String(), "\n")
}

// clear has crm_resource clean up.
func (t *tool) clear() int {
	args := append(strings.Fields(t.quiet+" "+t.verbose), "--cleanup", "-N", t.target, "-r", t.resource)
	if t.operation != "" {
		args = append(args, strings.Fields("-n "+t.operation+" -I "+t.interval+"ms")...)
	}
	cmd := exec.Command("crm_resource", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.In, t.Out, t.Err
	err := cmd.Run()
	var ended *exec.ExitError
	const notFound = 127 // as a shell says it
	switch {
	case err == nil:
		return int(crmexit.OK)
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	fmt.Fprintln(t.Err, "crm_failcount: crm_resource: command not found")
	return notFound
}
