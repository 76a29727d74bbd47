package pcmktool

import (
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
)

// Common is what the options say that all tools take.
type Common struct {
	Verbosity int  // how often -V is given
	Version   bool // -$, --version

	// Rest are the arguments that are no options, after Run has read them.
	Rest []string

	// Of tools with formatted output:
	OutputAs *string // the format, nil if not given
	OutputTo *string // the file, nil if not given
	Fancy    bool    // --text-fancy
	HTML     HTML    // of tools that have this format
	// LegacyXML makes XML that of old releases: the tool's own element, and errors in words.
	LegacyXML bool

	html bool
}

// Description ends the help of most tools.
const Description = "Report bugs to users@clusterlabs.org\n"

// Context is the description of a tool with the common options. formats are those
// of --output-as, as the help says it ("text (default), xml"); "" is for tools
// without formatted output. args are the command line, for the program's name. The
// tool adds its own options to Main and Groups.
func (c *Common) Context(args []string, summary, formats string) *goption.Context {
	ctx := &goption.Context{
		Program:     Program(args),
		Summary:     summary,
		Description: Description,
		Main: []goption.Option{
			{Long: "version", Short: '$', Help: "Display software version and exit", Do: goption.Flag(&c.Version)},
			{Long: "verbose", Short: 'V', Help: "Increase debug output (may be specified multiple times)", Do: goption.Count(&c.Verbosity)},
		},
	}
	if formats != "" {
		ctx.Groups = []goption.Group{{
			Name: "output", Heading: "Output Options:", Help: "Show output help",
			Options: []goption.Option{
				{Long: "output-as", Arg: goption.Required, Value: "FORMAT", Help: "Specify output format as one of: " + formats, Do: goption.Given(&c.OutputAs)},
				{Long: "output-to", Arg: goption.Required, Value: "DEST", Help: `Specify file name for output (or "-" for stdout)`, Do: goption.Given(&c.OutputTo)},
				{Long: "text-fancy", Help: "Use more highly formatted output (requires --output-as=text)", Do: goption.Flag(&c.Fancy)},
			},
		}}
	}
	return ctx
}

// Program is the name of the program in the command line args.
func Program(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return filepath.Base(args[0])
}

// Parse reads the command line args; with are the short options that take a value.
// Where help is asked for, it is written to stdout and asked is true.
func Parse(ctx *goption.Context, args []string, with string, stdout io.Writer) (rest []string, asked bool, err error) {
	rest, err = ctx.Parse(Split(args, with))
	var help goption.Help
	if errors.As(err, &help) {
		_, err := io.WriteString(stdout, string(help))
		return nil, true, err
	}
	return rest, false, err
}

// Split prepares arguments for goption as the reference does
// (pcmk__cmdline_preproc): each short option becomes an argument of its own; what
// follows one of those in with, which take a value, in the same argument becomes
// the next. A negative number stays as it is, so that it can be a value, as does
// what follows such an option or "--".
func Split(args []string, with string) []string {
	var out []string
	value := false
	for i, a := range args {
		switch {
		case a == "--":
			return append(out, args[i:]...)
		case value:
			out = append(out, a)
			value = false
		case len(a) < 2 || a[0] != '-' || a[1] == '-' || isNegative(a):
			out = append(out, a)
		default:
			for j := 1; j < len(a); j++ {
				out = append(out, "-"+a[j:j+1])
				if strings.IndexByte(with, a[j]) < 0 {
					continue
				}
				if j+1 < len(a) {
					out = append(out, a[j+1:])
				} else {
					value = true
				}
				break
			}
		}
	}
	return out
}

// isNegative says whether an argument is a negative number without a leading zero.
func isNegative(a string) bool {
	return a[1] >= '1' && a[1] <= '9' && strings.Trim(a[1:], "0123456789") == ""
}

// Quote is a command line as output shows it (pcmk__quote_cmdline).
func Quote(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if strings.Contains(a, " ") {
			a = "'" + strings.ReplaceAll(a, "'", `\'`) + "'"
		}
		quoted[i] = a
	}
	return strings.Join(quoted, " ")
}
