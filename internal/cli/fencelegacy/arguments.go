package fencelegacy

import (
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

// flag is an option of the command line.
type flag struct {
	names []string
	value *string // it takes
	set   *bool   // it sets otherwise
	one   []string
}

// parser reads a command line as Python's argparse does, as far as options of no and of one value go.
type parser struct {
	flags []flag
	extra []string // what is no option's
}

// parse reads the command line, the program's name first.
func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{plugin: "none", action: "reset", command: "stonith"}
	p := parser{flags: []flag{
		{names: []string{"-t"}, value: &s.plugin},
		{names: []string{"-n"}, value: &s.node},
		{names: []string{"-o"}, value: &s.action, one: []string{
			"on", "off", "reset", "reboot", "stat", "status", "metadata", "monitor", "list", "hostlist", "poweroff", "poweron",
		}},
		{names: []string{"-s"}, value: &s.command},
		{names: []string{"-q"}, set: &s.quiet},
		{names: []string{"-h", "--help"}, set: &s.help},
		{names: []string{"-V", "--version"}, set: &s.version},
	}}
	err := p.parse(args[1:])
	if err == nil && len(p.extra) > 0 {
		err = fmt.Errorf("unrecognized arguments: %s", strings.Join(p.extra, " "))
	}
	if err != nil {
		name := filepath.Base(args[0])
		begin := "usage: " + name
		fmt.Fprintf(stderr, "%s [-t SUBAGENT] [-n NODE] [-o ACTION] [-s COMMAND] [-q] [-h]\n%*s [-V]\n%s: error: %v\n", begin, len(begin), "", name, err)
		return s, ending(crmexit.InvalidParam)
	}
	return s, nil
}

// option is an argument that looks like one: flag is nil if it is not known.
type option struct {
	flag     *flag
	explicit *string // what is in the same argument, of the value or of further letters
}

func (p *parser) parse(args []string) error {
	// All arguments are looked at before any is taken, up to "--".
	options := make([]*option, len(args))
	for i, arg := range args {
		if arg == "--" {
			break
		}
		o, err := p.look(arg)
		if err != nil {
			return err
		}
		options[i] = o
	}
	for i := 0; i < len(args); i++ {
		o := options[i]
		if o == nil || o.flag == nil {
			p.extra = append(p.extra, args[i])
			continue
		}
		f, rest := o.flag, o.explicit
		var letters []*flag
		for f.value == nil && rest != nil {
			if *rest == "" || strings.HasPrefix(args[i], "--") {
				return f.wrong("ignored explicit argument " + repr(*rest))
			}
			r := []rune(*rest)
			next := p.named("-" + string(r[0]))
			if next == nil {
				return f.wrong("ignored explicit argument " + repr(*rest))
			}
			letters = append(letters, f)
			f, rest = next, nil
			if tail := string(r[1:]); tail != "" {
				rest = &tail
			}
		}
		if f.value != nil && rest == nil {
			if i+1 == len(args) || options[i+1] != nil || args[i+1] == "--" && !slices.Contains(args[:i+1], "--") {
				return f.wrong("expected 1 argument")
			}
			i++
			rest = &args[i]
		}
		for _, l := range letters {
			*l.set = true
		}
		if f.value == nil {
			*f.set = true
			continue
		}
		if f.one != nil && !slices.Contains(f.one, *rest) {
			var all []string
			for _, one := range f.one {
				all = append(all, repr(one))
			}
			return f.wrong(fmt.Sprintf("invalid choice: %s (choose from %s)", repr(*rest), strings.Join(all, ", ")))
		}
		*f.value = *rest
	}
	return nil
}

func (f flag) wrong(what string) error {
	return fmt.Errorf("argument %s: %s", strings.Join(f.names, "/"), what)
}

// named is the flag with a name.
func (p *parser) named(name string) *flag {
	for i, f := range p.flags {
		if slices.Contains(f.names, name) {
			return &p.flags[i]
		}
	}
	return nil
}

// number tells negative numbers, which are values.
func number(arg string) bool { return regexp.MustCompile(`^-(\d+|\d*\.\d+)$`).MatchString(arg) }

// look is what an argument is by itself, nil if no option.
func (p *parser) look(arg string) (*option, error) {
	if len(arg) < 2 || arg[0] != '-' {
		return nil, nil
	}
	if f := p.named(arg); f != nil {
		return &option{flag: f}, nil
	}
	word, value, with := strings.Cut(arg, "=")
	explicit := func(text string) *string { return &text }
	if f := p.named(word); with && f != nil {
		return &option{f, explicit(value)}, nil
	}
	if strings.HasPrefix(arg, "--") {
		var like []string
		for _, f := range p.flags {
			for _, name := range f.names {
				if strings.HasPrefix(name, word) {
					like = append(like, name)
				}
			}
		}
		switch {
		case len(like) > 1:
			return nil, fmt.Errorf("ambiguous option: %s could match %s", arg, strings.Join(like, ", "))
		case len(like) == 1 && with:
			return &option{p.named(like[0]), explicit(value)}, nil
		case len(like) == 1:
			return &option{flag: p.named(like[0])}, nil
		}
	} else if r := []rune(arg); p.named(string(r[:2])) != nil {
		return &option{p.named(string(r[:2])), explicit(string(r[2:]))}, nil
	}
	if number(arg) || strings.Contains(arg, " ") {
		return nil, nil
	}
	return &option{}, nil
}

// repr is a text as Python shows it.
func repr(text string) string {
	quote := "'"
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		quote = `"`
	}
	var b strings.Builder
	b.WriteString(quote)
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\\' || string(r) == quote:
			b.WriteString(`\` + string(r))
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + quote
}
