package crmreport

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
	"github.com/ringmaster-ha/ringmaster/internal/featureset"
)

//go:embed usage.txt
var usage string

const (
	version  = featureset.Release + "-" + pcmktool.Build
	features = "agent-manpages cibsecrets corosync-ge-2 generated-manpages lha monotonic nagios ncurses remote systemd"

	shortOptions = "hv?xl:f:t:n:T:L:p:c:dSCu:D:MVse:"
	longOptions  = "help corosync cts: cts-log: dest: node: nodes: from: to: sos-mode logfile: as-directory single-node cluster: user: max-depth: version features rsh:"
)

// choice is an option as it was given.
type choice struct{ name, value string }

// choices are the options of a command line and the first of its other words; what is wrong is told and left out.
func (r *report) choices(args []string) (options []choice, operand string) {
	const first = 0x100000 // above what a letter can be
	var table []getopt.Long
	for i, name := range strings.Fields(longOptions) {
		l := getopt.Long{Name: name, Val: rune(first + i)}
		if bare, with := strings.CutSuffix(name, ":"); with {
			l.Name, l.Arg = bare, getopt.Required
		}
		table = append(table, l)
	}
	p := getopt.New(append([]string{"crm_report"}, args[1:]...), shortOptions, table, r.Err)
	for c, more := p.Next(); more; c, more = p.Next() {
		switch {
		case c >= first:
			options = append(options, choice{"--" + table[c-first].Name, p.Arg})
		case c != getopt.Invalid:
			options = append(options, choice{"-" + string(c), p.Arg})
		}
	}
	if rest := p.Rest(); len(rest) > 0 {
		operand = rest[0]
	}
	return options, operand
}

func (r *report) usage() { fmt.Fprint(r.Out, strings.ReplaceAll(usage, "$PROG", r.name)) }

// options takes the command line; ended is that this was all that was wanted.
func (r *report) options(args []string) (ended bool, status int) {
	options, operand := r.choices(args)
	if len(options) == 0 {
		r.usage()
		return true, 0
	}
	// These count when they come first.
	switch options[0].name {
	case "-v", "--version":
		fmt.Fprintf(r.Out, "%s %s\n", r.name, version)
		return true, 0
	case "--features":
		fmt.Fprintf(r.Out, "%s: %s\n", version, features)
		return true, 0
	}
	for _, o := range options {
		switch o.name {
		case "-x", "-s": // traces the shell; is taken for hb_report's sake
		case "-V":
			r.verbose++
		case "-T", "--cts":
			r.tests += " " + o.value
		case "--cts-log":
			r.testLog = o.value
		case "-f", "--from":
			r.from = r.time(o.value)
		case "-t", "--to":
			r.to = r.time(o.value)
		case "-n", "--node", "--nodes":
			r.nodes += " " + o.value
		case "-S", "--single-node":
			r.nodes = r.host
		case "-l", "--logfile":
			r.extraLogs += " " + o.value
		case "-p":
			r.sanitize += " " + o.value
		case "-L":
			r.patterns += " " + strings.ReplaceAll(o.value, " ", `\W`)
		case "-d", "--as-directory":
			r.asFolder = true
		case "-C", "--corosync":
			r.cluster = "corosync"
		case "-c", "--cluster":
			r.cluster = o.value
		case "-e", "--rsh":
			r.shell = o.value
		case "-u", "--user":
			r.user = o.value
		case "-D", "--max-depth":
			r.maxDepth = o.value
			if n, err := strconv.Atoi(o.value); err == nil {
				r.depth = n
			}
		case "-M":
			r.searchLogs = false
		case "--sos-mode":
			r.sos, r.nodes = true, r.host
		case "--dest":
			r.dest = o.value
		case "-h", "--help":
			r.usage()
			return true, 0
		default:
			fmt.Fprintf(r.Out, "Unknown argument: %s\n", o.name)
			r.usage()
			return true, 1
		}
	}
	if operand != "" {
		r.dest = operand
	}
	return false, 0
}

// time is nil for what is no time.
func (r *report) time(text string) *int64 {
	at, ok := parseTime(text, r.now())
	if !ok {
		return nil
	}
	return &at
}
