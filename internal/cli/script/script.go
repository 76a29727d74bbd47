// Package script is what those of Pacemaker's tools have in common that are shell scripts in the
// reference (tools/*.in): command lines as getopt(1) takes them apart, words as the shell
// splits them, and the commands that they run, here by call.
//
// Where a script leaves a variable without quotes, its value is cut at white space, and so it is
// here; but asterisks in it are not taken for names of files, as the shell might.
package script

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ringmaster-ha/ringmaster/crmd/client"
	"github.com/ringmaster-ha/ringmaster/internal/cli/crmattribute"
	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Streams are where a tool reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Option is an option of a command line by its whole name, with "-" or "--", and its value.
type Option struct{ Name, Value string }

// Options are the options in args, the program's name first, which complaints begin with. short is getopt's
// string of letters, long are names parted by commas, with a colon behind those that take a value. All that
// is wrong is said on errw; ok is false then.
func Options(args []string, short, long string, errw io.Writer) (options []Option, ok bool) {
	const first = 0x100000 // above what a letter can be
	var table []getopt.Long
	for i, name := range strings.Split(long, ",") {
		l := getopt.Long{Name: name, Val: rune(first + i)}
		if bare, with := strings.CutSuffix(name, ":"); with {
			l.Name, l.Arg = bare, getopt.Required
		}
		table = append(table, l)
	}
	p := getopt.New(args, short, table, errw)
	ok = true
	for c, more := p.Next(); more; c, more = p.Next() {
		switch {
		case c >= first:
			options = append(options, Option{"--" + table[c-first].Name, p.Arg})
		case c == getopt.Invalid:
			ok = false
		default:
			options = append(options, Option{"-" + string(c), p.Arg})
		}
	}
	return options, ok
}

// Attribute is crm_attribute with the words of a line as arguments.
func (s Streams) Attribute(line string) int {
	return s.AttributeWith(strings.Fields(line)...)
}

// AttributeWith is crm_attribute.
func (s Streams) AttributeWith(args ...string) int {
	return crmattribute.Main(append([]string{"crm_attribute"}, args...), s.In, s.Out, s.Err)
}

// NodeName is the name of this node, as "crm_node -n" prints it: a resource agent's environment
// knows it, or else the controller. What goes wrong is said, and the name is empty.
func (s Streams) NodeName(program string) string {
	if name, ok := os.LookupEnv("OCF_RESKEY_CRM_meta_on_node"); ok {
		return name
	}
	ctx := context.Background()
	c, err := client.Dial(ctx, program, client.Options{})
	if err != nil {
		fmt.Fprintf(s.Err, "error: Could not connect to controller: %s\n", client.RC(err))
		return ""
	}
	defer c.Close()
	name, err := c.NodeName(ctx)
	switch {
	case err != nil:
		fmt.Fprintf(s.Err, "error: Could not ping controller: %s\n", client.RC(err))
		return ""
	case name == nil:
		fmt.Fprintln(s.Err, "error: Node is not known to cluster")
		return ""
	}
	return *name
}

// Usage says what is wrong, unless that is empty, and how to call the tool; the result is code.
func (s Streams) Usage(code crmexit.Code, wrong, usage string) int {
	if wrong != "" {
		fmt.Fprintln(s.Err, "error: "+wrong)
	}
	fmt.Fprintln(s.Out, "\n"+usage)
	return int(code)
}
