package goption

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

type world struct {
	flag   bool
	count  int
	text   string
	list   []string
	number int
	maybe  string
}

func (w *world) context() *Context {
	return &Context{
		Program: "prog", Parameters: "[FILE]", Summary: "does things", Description: "The end.",
		Main: []Option{
			{Long: "flag", Short: 'f', Help: "a flag", Do: Flag(&w.flag)},
			{Long: "count", Short: 'c', Help: "counts", Do: Count(&w.count)},
			{Long: "secret", Hidden: true, Do: Flag(&w.flag)},
		},
		Groups: []Group{
			{Name: "values", Heading: "Values:", Help: "Show values", Options: []Option{
				{Long: "text", Short: 't', Arg: Required, Value: "TEXT", Help: "a text", Do: String(&w.text)},
				{Long: "list", Arg: Required, Help: "a list", Do: Strings(&w.list)},
				{Long: "number", Short: 'n', Arg: Required, Do: Int(&w.number)},
				{Long: "maybe", Short: 'm', Arg: Optional, Do: func(name, value string, given bool) error {
					w.maybe = fmt.Sprint(name, " ", value, " ", given)
					return nil
				}},
			}},
			{Name: "hidden", Heading: "Hidden:", Help: "Show hidden", Options: []Option{{Long: "no", Hidden: true, Do: Flag(&w.flag)}}},
		},
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args string
		want world
		rest string
		err  string
	}{
		{args: "a -f b --count -cc", want: world{flag: true, count: 3}, rest: "a b"},
		{args: "--text=x=y --list a --list=b", want: world{text: "x=y", list: []string{"a", "b"}}},
		{args: "-t -f", want: world{text: "-f"}},
		{args: "-ft x", want: world{flag: true, text: "x"}},
		{args: "--text= -f", want: world{flag: true}},
		{args: "--flag=no", want: world{flag: true}},
		{args: "--values-text x --val-count", err: "Unknown option --val-count"},
		{args: "--values-text x", want: world{text: "x"}},
		{args: "--secret - -- -f", want: world{flag: true}, rest: "- -- -f"},
		{args: "x -- y", rest: "x y"},
		{args: "-m -f", want: world{flag: true, maybe: "-m  false"}},
		{args: "--maybe x", want: world{maybe: "--maybe x true"}},
		{args: "--maybe", want: world{maybe: "--maybe  false"}},
		{args: "--maybe=", want: world{maybe: "--maybe  true"}},
		{args: "-n 0x10", want: world{number: 16}},
		{args: "-n -0xb", want: world{number: -11}},
		{args: "-n 010", want: world{number: 8}},
		{args: "-n 0b1", err: "Cannot parse integer value “0b1” for -n"},
		{args: "-n 1_0", err: "Cannot parse integer value “1_0” for -n"},
		{args: "-n 1x", err: "Cannot parse integer value “1x” for -n"},
		{args: "--number 3000000000", err: "Integer value “3000000000” for --number out of range"},
		{args: "-tt x", err: "Error parsing option -t"},
		{args: "-t", err: "Missing argument for -t"},
		{args: "--text", err: "Missing argument for --text"},
		{args: "--tex x", err: "Unknown option --tex"},
		{args: "-fx", want: world{flag: true}, err: "Unknown option -fx"},
		{args: "--help-none", err: "Unknown option --help-none"},
	} {
		var w world
		rest, err := w.context().Parse(append([]string{"prog"}, strings.Fields(c.args)...))
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: got error %v, want %s", c.args, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if got := strings.Join(rest[1:], " "); got != c.rest {
			t.Errorf("%s: left %q, want %q", c.args, got, c.rest)
		}
		if fmt.Sprint(w) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %+v, want %+v", c.args, w, c.want)
		}
	}
}

const usage = `Usage:
  prog [OPTION?] [FILE]

does things

Help Options:
  -h, --help          Show help options
  --help-all          Show all help options
  --help-values       Show values

Application Options:
  -f, --flag          a flag
  -c, --count         counts

The end.
`

func TestHelp(t *testing.T) {
	var w world
	for args, want := range map[string]string{
		"-h":            usage,
		"-f --help -q":  usage,
		"-f?":           usage,
		"--help-values": usage[:strings.Index(usage, "Help Options")] + "Values:\n  -t, --text=TEXT     a text\n  --list              a list\n  -n, --number        \n  -m, --maybe         \n\nThe end.\n",
	} {
		_, err := w.context().Parse(append([]string{"prog"}, strings.Fields(args)...))
		var help Help
		if !errors.As(err, &help) {
			t.Errorf("%s: got %v", args, err)
		} else if string(help) != want {
			t.Errorf("%s: got\n%s\nwant\n%s", args, string(help), want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-fct x --text=y -- -f")
	f.Add("--maybe -m --values-text")
	f.Fuzz(func(t *testing.T, line string) {
		var w world
		args := append([]string{"prog"}, strings.Split(line, " ")...)
		rest, err := w.context().Parse(args)
		if err == nil && (len(rest) == 0 || len(rest) > len(args)) {
			t.Fatalf("%q left %q", args, rest)
		}
		if err == nil && !slices.Contains(args, rest[len(rest)-1]) {
			t.Fatalf("%q is new", rest[len(rest)-1])
		}
	})
}
