// Package fencewatchdog is fence_watchdog(8): the fence agent that tells what parameters a device of
// the watchdog has (the reference's agents/stonith/fence_watchdog.in). It never fences: pacemaker-fenced does so by
// itself for a device of this agent.
//
// Options come from the command line or, where there is none, a line each, from standard input. The reference is a script
// in Python, whose rules for either hold here.
package fencewatchdog

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

const (
	version = "1.0.0"
	short   = "Dummy watchdog fence agent"
	long    = "fence_watchdog just provides\nmeta-data - actual fencing is done by the pacemaker internal watchdog agent."
)

// option is one of those that the agent knows.
type option struct {
	name, letter string
	value        bool   // takes one
	help         string // in the usage
	required     bool
	short        string // description in the metadata
	preset       string
}

// options are in the order in which they are shown.
func options() []option {
	return []option{
		{name: "action", letter: "o", value: true, help: "-o, --action=[action]          Action: metadata", required: true, short: "Fencing Action", preset: "metadata"},
		{name: "nodename", letter: "N", value: true, help: "-N, --nodename                 Node name of fence target (ignored)", short: "Ignored"},
		{name: "plug", letter: "n", value: true, help: "-n, --plug=[id]                Physical plug number on device (ignored)", required: true, short: "Ignored"},
		{name: "version", letter: "V", help: "-V, --version                  Display version information and exit", short: "Display version information and exit"},
		{name: "help", letter: "h", help: "-h, --help                     Display this help and exit", short: "Display help and exit"},
	}
}

// Main runs the agent and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	name := filepath.Base(args[0])
	var given map[string]string
	var err error
	if len(args) > 1 {
		given, err = commandLine(args[1:])
	} else {
		given, err = lines(stdin, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "Parse error: %v\nPlease use '-h' for usage\n", err)
		return 1
	}
	_, help := given["h"]
	_, asksVersion := given["V"]
	text := ""
	switch {
	case help:
		text = usage(name)
	case strings.ToLower(given["o"]) == "metadata":
		text = metadata(name, given)
	case asksVersion:
		text = version + "\n"
	default:
		fmt.Fprintln(stderr, "Watchdog fencing may be initiated only by the cluster, not this agent.")
		return 1
	}
	if _, err := io.WriteString(stdout, text); err != nil {
		fmt.Fprintf(stderr, "%s failed to close standard output\n", name)
		return 1
	}
	return 0
}

// commandLine are the options of a command line, by letter, with their values (Python's getopt.gnu_getopt). Of one that is
// there more than once the last counts; where it is there by its letter and by its name, the way that came later first.
func commandLine(args []string) (map[string]string, error) {
	values := map[string]string{} // by the option as it was given
	var order []option            // with only the letter or only the name
	take := func(o option, value string) {
		if _, seen := values[o.letter+"/"+o.name]; !seen {
			order = append(order, o)
		}
		values[o.letter+"/"+o.name] = value
	}
	for len(args) > 0 && args[0] != "--" {
		arg := args[0]
		args = args[1:]
		if word, ok := strings.CutPrefix(arg, "--"); ok {
			word, value, with := strings.Cut(word, "=")
			o, err := find(word)
			switch {
			case err != nil:
				return nil, err
			case with && !o.value:
				return nil, fmt.Errorf("option --%s must not have an argument", o.name)
			case o.value && !with && len(args) == 0:
				return nil, fmt.Errorf("option --%s requires argument", o.name)
			case o.value && !with:
				value, args = args[0], args[1:]
			}
			take(option{name: o.name}, value)
			continue
		}
		letters, ok := strings.CutPrefix(arg, "-")
		if !ok {
			continue // is ignored
		}
		for letters != "" {
			r := []rune(letters)
			letter, value := string(r[0]), ""
			letters = string(r[1:])
			o, ok := byLetter(letter)
			switch {
			case !ok:
				return nil, fmt.Errorf("option -%s not recognized", letter)
			case o.value && letters != "":
				value, letters = letters, ""
			case o.value && len(args) == 0:
				return nil, fmt.Errorf("option -%s requires argument", letter)
			case o.value:
				value, args = args[0], args[1:]
			}
			take(option{letter: letter}, value)
		}
	}
	given := map[string]string{}
	for _, o := range order {
		value := values[o.letter+"/"+o.name]
		if o.letter == "" {
			known, err := find(o.name)
			if err != nil {
				return nil, err
			}
			o.letter = known.letter
		}
		given[o.letter] = value
	}
	return given, nil
}

// find is the option with a name, or the only one whose name begins so.
func find(name string) (option, error) {
	var like []option
	for _, o := range options() {
		if o.name == name {
			return o, nil
		}
		if strings.HasPrefix(o.name, name) {
			like = append(like, o)
		}
	}
	switch len(like) {
	case 0:
		return option{}, fmt.Errorf("option --%s not recognized", name)
	case 1:
		return like[0], nil
	}
	return option{}, fmt.Errorf("option --%s not a unique prefix", name)
}

func byLetter(letter string) (option, bool) {
	for _, o := range options() {
		if o.letter == letter {
			return o, true
		}
	}
	return option{}, false
}

// lines are the options that are read line by line, NAME=VALUE. Those that are not known are told and left out.
func lines(in io.Reader, stderr io.Writer) (map[string]string, error) {
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, errors.New("standard input cannot be read")
	}
	given := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimFunc(line, blank)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		o, err := find(name)
		switch {
		case err != nil || o.name != name:
			fmt.Fprintf(stderr, "Parse error: Ignoring unknown option '%s'\n", line)
		case o.value:
			given[o.letter] = value
		default:
			switch strings.ToLower(value) {
			case "1", "yes", "on", "true":
				given[o.letter] = "1"
			}
		}
	}
	return given, nil
}

// blank tells what Python strips.
func blank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func usage(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n\t%s [options]\nOptions:\n", long, name)
	for _, o := range options() {
		fmt.Fprintf(&b, "   %s\n", o.help)
	}
	return b.String()
}

// metadata tells the parameters; what else was given shows as their defaults.
func metadata(name string, given map[string]string) string {
	names := regexp.MustCompile(`^.*--\S+`) // of an option, before its description
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" ?>
<resource-agent name="%s" shortdesc="%s">
<longdesc>%s</longdesc>
<parameters>
`, name, short, long)
	for _, o := range options() {
		kind, preset, required := "boolean", "", 0
		if o.value {
			kind = "string"
		}
		if o.required {
			required = 1
		}
		value, ok := given[o.letter]
		switch {
		case o.preset != "":
			preset = o.preset
		case o.value:
			preset = value
		case ok:
			preset = "true"
		}
		if preset != "" {
			preset = `default="` + preset + `"`
		}
		fmt.Fprintf(&b, `    <parameter name="%s" required="%d">
      <getopt mixed="%s" />
      <content type="%s" %s />
      <shortdesc lang="en">%s</shortdesc>
    </parameter>
`, o.name, required, names.FindString(o.help), kind, preset, o.short)
	}
	b.WriteString("  </parameters>\n <actions>\n")
	for _, action := range []string{"on", "off", "reboot", "monitor", "list", "metadata"} {
		fmt.Fprintf(&b, "    <action name=\"%s\" />\n", action)
	}
	b.WriteString("  </actions>\n</resource-agent>\n")
	return b.String()
}
