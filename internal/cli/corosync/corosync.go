// Package corosync is the program corosync: its options, its start in the order
// of the reference's main, its signals and its exit status. What it runs is
// internal/daemon.
package corosync

import (
	"fmt"
	"io"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/corosyncconf"
	"github.com/ringmaster-ha/ringmaster/internal/exitcode"
)

const usage = `usage:
        -c     : Corosync config file path.
        -f     : Start application in foreground.
        -t     : Test configuration and exit.
        -v     : Display version, git revision and some useful information about Corosync and exit.
`

// Version is the corosync that this one stands in for.
const Version = "3.1.7"

// features are those built in, as the reference names its own.
const features = " systemd"

func version(out io.Writer) {
	fmt.Fprintf(out, "Corosync Cluster Engine, version '%s'\n", Version)
	fmt.Fprintf(out, "Ringmaster, a reimplementation in Go; GPL-2.0-or-later\n")
	fmt.Fprintf(out, "\nBuilt-in features:%s\n", features)
}

type options struct {
	file       string
	foreground bool
	test       bool
	version    bool
}

// parse reads the options; what is wrong with them getopt has said.
func parse(args []string, errw io.Writer) (o options, ok bool) {
	o.file = corosyncconf.DefaultFile
	g := getopt.New(args, "c:ftv", nil, errw)
	for {
		opt, more := g.Next()
		switch {
		case !more:
			return o, true
		case opt == 'c':
			o.file = g.Arg
		case opt == 'f':
			o.foreground = true
		case opt == 't':
			o.test = true
		case opt == 'v':
			o.version = true
			return o, true
		default:
			return o, false
		}
	}
}

// Main runs the program and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	o, ok := parse(args, stderr)
	if !ok {
		fmt.Fprint(stderr, usage)
		return int(exitcode.Usage)
	}
	if o.version {
		version(stdout)
		return 0
	}
	return run(o, args, stderr).Status()
}
