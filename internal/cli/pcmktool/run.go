package pcmktool

import (
	"fmt"
	"io"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Run runs a tool with formatted output and returns its exit status: it reads the command line
// args, of which with are the short options that take a value, shows help or the version if
// asked to, and else leaves the work to do, whose error is said. tool is its name in the log.
func (c *Common) Run(ctx *goption.Context, args []string, with, tool string, stdout, stderr io.Writer, do func(out Output, log *Log) (crmexit.Code, error)) int {
	name := Program(args)
	rest, help, err := Parse(ctx, args, with, stdout)
	switch {
	case help:
		return int(crmexit.OK)
	case err != nil:
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return int(crmexit.Usage)
	}
	if len(rest) > 0 {
		c.Rest = rest[1:]
	}
	log := c.NewLog(tool, stderr)
	out, err := c.Open(args, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return log.Exit(crmexit.Error)
	}
	code := crmexit.OK
	if c.Version {
		out.Version()
	} else if code, err = do(out, log); err != nil {
		out.Err("%s: %s", name, err.Error())
	}
	if err := out.Finish(code); err != nil {
		code = crmexit.IOErr
	}
	return log.Exit(code)
}

// sentence is an error in the reference's words.
type sentence string

func (s sentence) Error() string { return string(s) }

// Fail is why a tool ends, with its exit status.
func Fail(code crmexit.Code, format string, args ...any) (crmexit.Code, error) {
	return code, sentence(fmt.Sprintf(format, args...))
}
