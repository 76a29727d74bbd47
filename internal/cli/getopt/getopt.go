// Package getopt reads command lines as the C library's getopt_long(3) does:
// short options that may be joined, long ones that may be shortened, options
// and arguments in any order, "--" to end the options, and its complaints word
// for word. The tools stand in for C programs whose command lines scripts know.
package getopt

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Arg tells whether an option takes an argument.
type Arg int

// The kinds of options.
const (
	None Arg = iota
	Required
	Optional // in the same argument as the option, or not at all
)

// Long is one long option. Val is what Next returns for it: mostly the letter
// of the short one.
type Long struct {
	Name string
	Arg  Arg
	Val  rune
}

// Invalid is what Next returns for an option that is wrong; the complaint has
// been written.
const Invalid = '?'

// Parser walks over a command line.
type Parser struct {
	name  string
	args  []string // that are left to look at
	short string
	long  []Long
	errw  io.Writer

	group string // rest of joined short options
	whole string // the argument that the group is of
	rest  []string
	ended bool
	// Arg is the argument of the option that Next has returned.
	Arg string
	// Given tells whether it has one, which may be empty.
	Given bool
	// Long tells whether Next has returned a long option.
	Long bool
}

// New reads args, with the program's name first. short is getopt's string of
// letters, a colon behind one that takes an argument, two behind one that may. Complaints go
// to errw.
func New(args []string, short string, long []Long, errw io.Writer) *Parser {
	p := &Parser{short: short, long: long, errw: errw}
	if len(args) > 0 {
		p.name, p.args = args[0], args[1:]
	}
	return p
}

// Next returns the next option, and false at the end.
func (p *Parser) Next() (rune, bool) {
	p.Arg, p.Given, p.Long = "", false, false
	for p.group == "" {
		if p.ended || len(p.args) == 0 {
			p.rest, p.args, p.ended = append(p.rest, p.args...), nil, true
			return 0, false
		}
		a := p.args[0]
		p.args = p.args[1:]
		switch {
		case a == "--":
			p.ended = true
		case strings.HasPrefix(a, "--") && p.long != nil:
			return p.longOption(a[2:]), true
		case len(a) > 1 && a[0] == '-':
			p.group, p.whole = a[1:], a
		default:
			p.rest = append(p.rest, a)
		}
	}
	return p.shortOption(), true
}

// Upcoming is the argument that is looked at next, and false if there is none; it may be the one
// whose options are being read (argv[optind]).
func (p *Parser) Upcoming() (string, bool) {
	switch {
	case p.group != "":
		return p.whole, true
	case len(p.args) > 0:
		return p.args[0], true
	}
	return "", false
}

// Rest are the arguments that belong to no option, after the end.
func (p *Parser) Rest() []string { return slices.Clone(p.rest) }

func (p *Parser) complain(format string, args ...any) rune {
	fmt.Fprintf(p.errw, "%s: %s\n", p.name, fmt.Sprintf(format, args...))
	return Invalid
}

func (p *Parser) shortOption() rune {
	c := rune(p.group[0])
	p.group = p.group[1:]
	i := strings.IndexByte(p.short, byte(c))
	if i < 0 || c == ':' || c == ';' {
		return p.complain("invalid option -- '%s'", string([]byte{byte(c)}))
	}
	if i+1 == len(p.short) || p.short[i+1] != ':' {
		return c
	}
	switch {
	case p.group != "":
		p.Arg, p.Given, p.group = p.group, true, ""
	case strings.HasPrefix(p.short[i+1:], "::"):
	case len(p.args) > 0:
		p.Arg, p.Given, p.args = p.args[0], true, p.args[1:]
	default:
		return p.complain("option requires an argument -- '%c'", c)
	}
	return c
}

func (p *Parser) longOption(a string) rune {
	name, value, given := strings.Cut(a, "=")
	var found []Long
	for _, l := range p.long {
		if l.Name == name {
			found = []Long{l}
			break
		}
		if strings.HasPrefix(l.Name, name) {
			found = append(found, l)
		}
	}
	switch {
	case len(found) == 0:
		return p.complain("unrecognized option '--%s'", a)
	case len(found) > 1 && slices.ContainsFunc(found, func(l Long) bool { return l.Arg != found[0].Arg || l.Val != found[0].Val }):
		list := ""
		for _, l := range found {
			list += " '--" + l.Name + "'"
		}
		return p.complain("option '--%s' is ambiguous; possibilities:%s", a, list)
	}
	l := found[0]
	switch {
	case given && l.Arg == None:
		return p.complain("option '--%s' doesn't allow an argument", l.Name)
	case given:
		p.Arg, p.Given = value, true
	case l.Arg == Required && len(p.args) > 0:
		p.Arg, p.Given, p.args = p.args[0], true, p.args[1:]
	case l.Arg == Required:
		return p.complain("option '--%s' requires an argument", l.Name)
	}
	p.Long = true
	return l.Val
}
