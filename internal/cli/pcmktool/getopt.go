package pcmktool

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// Getopt reads the command lines of those tools that leave it to the C library
// (pcmk__next_cli_option of lib/common/options.c).
type Getopt struct {
	*getopt.Parser
	help           string
	stdout, stderr io.Writer
}

// Ended is that a tool is to end, with a status; all is said.
type Ended crmexit.Code

func (e Ended) Error() string { return crmexit.Code(e).String() }

// NewGetopt reads args. short and long are those of package getopt; help is what --help
// writes.
func NewGetopt(args []string, short string, long []getopt.Long, help string, stdout, stderr io.Writer) *Getopt {
	// The reference's table begins with an option that nobody has to know.
	long = append([]getopt.Long{{Name: "__dummmy__", Val: '_'}}, long...)
	return &Getopt{getopt.New(args, short, long, stderr), help, stdout, stderr}
}

// Read has an option after the other taken. take tells that one is wrong, which ends with the help when
// all have been read, as do arguments that are no options, and a command line that is empty. Other
// errors of it end the reading. The error is an Ended, if it is none of take's.
func (g *Getopt) Read(args []string, take func(option rune) (ok bool, err error)) error {
	if len(args) < 2 {
		return g.Help(crmexit.Usage)
	}
	wrong := false
	for {
		option, err := g.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		ok, err := take(option)
		if err != nil {
			return err
		}
		wrong = wrong || !ok
	}
	if rest := g.Rest(); len(rest) > 0 {
		fmt.Fprintf(g.stdout, "non-option ARGV-elements: %s \n", strings.Join(rest, " "))
		wrong = true
	}
	if wrong {
		return g.Help(crmexit.Usage)
	}
	return nil
}

// Next is the next option. The error is io.EOF at the end, or an Ended: for help, for the
// version, and for what is no option.
func (g *Getopt) Next() (rune, error) {
	option, ok := g.Parser.Next()
	switch {
	case !ok:
		return 0, io.EOF
	case option == '?' && g.Long:
		return 0, g.Help(crmexit.OK)
	case option == '?':
		return 0, g.Help(crmexit.Usage)
	case option == '$':
		WriteVersion(g.stdout)
		return 0, Ended(crmexit.OK)
	case option == '!':
		fmt.Fprintf(g.stdout, "Pacemaker %s (Build: %s): %s\n", Version, Build, Features)
		return 0, Ended(crmexit.OK)
	}
	return option, nil
}

// Help writes the help, as an error if the tool is to end with one.
func (g *Getopt) Help(code crmexit.Code) error {
	w := g.stdout
	if code != crmexit.OK {
		w = g.stderr
	}
	fmt.Fprint(w, g.help)
	return Ended(code)
}

// Unsupported says that an option is none, though it is in the tool's table.
func (g *Getopt) Unsupported(option rune) {
	fmt.Fprintf(g.stdout, "Argument code 0%o (%c) is not (?yet?) supported\n", option, option)
}
