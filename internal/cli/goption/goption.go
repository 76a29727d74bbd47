package goption

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// Arg is whether an option takes a value.
type Arg uint8

// What options take.
const (
	None     Arg = iota // none; "--name=value" is allowed and the value ignored
	Required            // one
	Optional            // one, unless the next argument begins with "-" or there is none
)

// Error is a mistake in a command line, in GLib's words.
type Error string

func (e Error) Error() string { return string(e) }

func errorf(format string, args ...any) error { return Error(fmt.Sprintf(format, args...)) }

// Option is an option.
type Option struct {
	Long  string
	Short byte // 0 for none
	Arg   Arg
	// Hidden options work but are not in the help.
	Hidden bool
	// Help is the description; its further lines bring their own indentation.
	Help string
	// Value is the value's name in the help, shown as "--long=VALUE"; "" for none.
	Value string
	// Do is called for each occurrence with the name as given, "--long" or "-s", and
	// the value; given is false without one. An error ends the reading.
	Do func(name, value string, given bool) error
}

// Flag is the Do that sets b.
func Flag(b *bool) func(string, string, bool) error {
	return func(string, string, bool) error {
		*b = true
		return nil
	}
}

// Count is the Do that counts in n.
func Count(n *int) func(string, string, bool) error {
	return func(string, string, bool) error {
		*n++
		return nil
	}
}

// String is the Do that keeps the last value in s.
func String(s *string) func(string, string, bool) error {
	return func(_, value string, _ bool) error {
		*s = value
		return nil
	}
}

// Given is the Do that keeps the last value, to be told from none, in s.
func Given(s **string) func(string, string, bool) error {
	return func(_, value string, _ bool) error {
		*s = &value
		return nil
	}
}

// Strings is the Do that appends each value to s.
func Strings(s *[]string) func(string, string, bool) error {
	return func(_, value string, _ bool) error {
		*s = append(*s, value)
		return nil
	}
}

// isGo matches numbers that Go reads and C does not.
var isGo = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`_|^\s*[+-]?0[bBoO]`)
})

// Int is the Do that keeps a number in n: decimal, or hexadecimal with 0x, or octal
// with 0, in 32 bits.
func Int(n *int) func(string, string, bool) error {
	return func(name, value string, _ bool) error {
		v, err := strconv.ParseInt(strings.TrimLeft(value, " \t\n\v\f\r"), 0, 64)
		switch {
		case isGo().MatchString(value) || err != nil && !errors.Is(err, strconv.ErrRange):
			return errorf("Cannot parse integer value “%s” for %s", value, name)
		case err != nil || v < math.MinInt32 || v > math.MaxInt32:
			return errorf("Integer value “%s” for %s out of range", value, name)
		}
		*n = int(v)
		return nil
	}
}

// Group is options with a heading in the help.
type Group struct {
	Name    string // for --help-NAME
	Heading string // "Output Options:"
	Help    string // what --help-NAME shows
	Options []Option
}

// Context is what a program understands.
type Context struct {
	Program     string // its name as shown
	Parameters  string // after [OPTION?] in the help; "" for none
	Summary     string
	Description string // at the help's end; a line feed follows
	Main        []Option
	Groups      []Group
}

// Help is an error of Parse: the user asks for this text.
type Help string

func (Help) Error() string { return "help" }

// Parse reads args, of which the first is the program's name, and returns them
// without options. "--" stays among them only if one after it begins with "-". The
// error is a Help, GLib's message, or what a Do returned.
func (c *Context) Parse(args []string) (rest []string, err error) {
	p := parser{context: c, args: args}
	for p.next = 1; p.next < len(args); p.next++ {
		if err := p.argument(); err != nil {
			return nil, err
		}
		if p.stopped {
			break
		}
	}
	if len(args) > 0 {
		rest = append(rest, args[0])
	}
	rest = append(rest, p.rest...)
	if p.stopped {
		tail := args[p.next+1:]
		for _, a := range tail {
			if strings.HasPrefix(a, "-") {
				rest = append(rest, "--")
				break
			}
		}
		rest = append(rest, tail...)
	}
	return rest, nil
}

type parser struct {
	context *Context
	args    []string
	next    int // the argument being read; the last that was taken
	rest    []string
	stopped bool // at "--"
}

// groups calls f for the main options and then each group's, until it is done.
func (p *parser) groups(f func(options []Option) (done bool, err error)) (bool, error) {
	if done, err := f(p.context.Main); done || err != nil {
		return done, err
	}
	for _, g := range p.context.Groups {
		if done, err := f(g.Options); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

func (p *parser) argument() error {
	arg := p.args[p.next]
	switch {
	case arg == "--":
		p.stopped = true
		return nil
	case strings.HasPrefix(arg, "--"):
		return p.long(arg[2:])
	case len(arg) > 1 && arg[0] == '-':
		return p.short(arg[1:])
	}
	p.rest = append(p.rest, arg)
	return nil
}

func (p *parser) long(arg string) error {
	c := p.context
	switch group, ok := strings.CutPrefix(arg, "help-"); {
	case arg == "help":
		return Help(c.help(helpMain, ""))
	case arg == "help-all":
		return Help(c.help(helpAll, ""))
	case ok:
		for _, g := range c.Groups {
			if g.Name == group {
				return Help(c.help(helpGroup, group))
			}
		}
	}
	done, err := p.groups(func(options []Option) (bool, error) { return p.longIn(options, arg) })
	if done || err != nil {
		return err
	}
	// An option may be called by its group's name too: --output-output-as.
	if dash := strings.IndexByte(arg, '-'); dash > 0 {
		for _, g := range c.Groups {
			if !strings.HasPrefix(g.Name, arg[:dash]) {
				continue
			}
			if done, err := p.longIn(g.Options, arg[dash+1:]); done || err != nil {
				return err
			}
		}
	}
	return errorf("Unknown option %s", p.args[p.next])
}

func (p *parser) longIn(options []Option, arg string) (done bool, err error) {
	for i := range options {
		o := &options[i]
		after, ok := strings.CutPrefix(arg, o.Long)
		if !ok || after != "" && after[0] != '=' {
			continue
		}
		name := "--" + o.Long
		if after != "" {
			return true, o.Do(name, after[1:], o.Arg != None)
		}
		return true, p.take(o, name)
	}
	return false, nil
}

func (p *parser) short(arg string) error {
	at := p.next
	for i := range len(arg) {
		done, err := p.groups(func(options []Option) (bool, error) {
			for j := range options {
				o := &options[j]
				if o.Short == 0 || o.Short != arg[i] {
					continue
				}
				name := "-" + arg[i:i+1]
				if o.Arg != None && p.next > at {
					return true, errorf("Error parsing option %s", name)
				}
				return true, p.take(o, name)
			}
			return false, nil
		})
		switch {
		case err != nil:
			return err
		case done:
		case arg[i] == '?' || arg[i] == 'h':
			return Help(p.context.help(helpMain, ""))
		default:
			return errorf("Unknown option %s", p.args[at])
		}
	}
	return nil
}

// take gives o its value from the next argument.
func (p *parser) take(o *Option, name string) error {
	last := p.next == len(p.args)-1
	switch {
	case o.Arg == None, o.Arg == Optional && (last || strings.HasPrefix(p.args[p.next+1], "-")):
		return o.Do(name, "", false)
	case last:
		return errorf("Missing argument for %s", name)
	}
	p.next++
	return o.Do(name, p.args[p.next], true)
}

type helpKind uint8

const (
	helpMain helpKind = iota
	helpAll
	helpGroup
)

// Usage is the help that --help shows, or that of --help-all.
func (c *Context) Usage(all bool) string {
	if all {
		return c.help(helpAll, "")
	}
	return c.help(helpMain, "")
}

func (c *Context) help(kind helpKind, group string) string {
	var b strings.Builder
	b.WriteString("Usage:\n  " + c.Program + " [OPTION?]")
	if c.Parameters != "" {
		b.WriteString(" " + c.Parameters)
	}
	b.WriteString("\n\n")
	if c.Summary != "" {
		b.WriteString(c.Summary + "\n\n")
	}
	width := c.width()
	if kind != helpGroup {
		c.helpOptions(&b, width)
	}
	for _, g := range c.Groups {
		if kind == helpAll && visible(g.Options) || kind == helpGroup && g.Name == group {
			b.WriteString(g.Heading + "\n")
			writeOptions(&b, g.Options, width)
			b.WriteByte('\n')
		}
	}
	if kind != helpGroup && visible(c.Main) {
		b.WriteString("Application Options:\n")
		writeOptions(&b, c.Main, width)
		b.WriteByte('\n')
	}
	if c.Description != "" {
		b.WriteString(c.Description + "\n")
	}
	return b.String()
}

func (c *Context) helpOptions(b *strings.Builder, width int) {
	h := 'h'
	if _, err := (&parser{context: c}).groups(func(options []Option) (bool, error) {
		for _, o := range options {
			if o.Short == 'h' {
				h = '?'
			}
		}
		return false, nil
	}); err != nil {
		panic("goption: looking for -h cannot fail: " + err.Error())
	}
	b.WriteString("Help Options:\n")
	fmt.Fprintf(b, "  -%c, --%-*s %s\n", h, width-4, "help", "Show help options")
	if len(c.Groups) > 0 {
		fmt.Fprintf(b, "  --%-*s %s\n", width, "help-all", "Show all help options")
	}
	for _, g := range c.Groups {
		if visible(g.Options) {
			fmt.Fprintf(b, "  --help-%-*s %s\n", width-5, g.Name, g.Help)
		}
	}
	b.WriteByte('\n')
}

// width is where the descriptions begin, less what stands around every option.
func (c *Context) width() int {
	const padding = 4
	w := len("-?, --help")
	if len(c.Groups) > 0 {
		w = max(w, len("--help-all"))
	}
	measure := func(options []Option) {
		for _, o := range options {
			if !o.Hidden {
				w = max(w, utf8.RuneCountInString(o.label())-len("  --"))
			}
		}
	}
	for _, g := range c.Groups {
		w = max(w, len("--help-")+len(g.Name))
		measure(g.Options)
	}
	measure(c.Main)
	return w + padding
}

// label is the option as it stands in the help.
func (o *Option) label() string {
	s := "  --" + o.Long
	if o.Short != 0 {
		s = "  -" + string(o.Short) + ", --" + o.Long
	}
	if o.Value != "" {
		s += "=" + o.Value
	}
	return s
}

func writeOptions(b *strings.Builder, options []Option, width int) {
	for _, o := range options {
		if o.Hidden {
			continue
		}
		label := o.label()
		fmt.Fprintf(b, "%s%*s %s\n", label, max(width+4-utf8.RuneCountInString(label), 0), "", o.Help)
	}
}

func visible(options []Option) bool {
	for _, o := range options {
		if !o.Hidden {
			return true
		}
	}
	return false
}
