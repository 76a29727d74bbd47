// Package corosync is the program corosync: its options, its start in the order
// of the reference's main, its signals and its exit status. What it runs is
// internal/daemon.
package corosync

import (
	"fmt"
	"io"

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

// parse reads the options as getopt(3) would read "c:ftv".
func parse(args []string) (o options, ok bool) {
	o.file = corosyncconf.DefaultFile
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" || len(arg) < 2 || arg[0] != '-' {
			break
		}
		for j := 1; j < len(arg); j++ {
			switch arg[j] {
			case 'f':
				o.foreground = true
			case 't':
				o.test = true
			case 'v':
				o.version = true
				return o, true
			case 'c':
				if o.file = arg[j+1:]; o.file == "" {
					if i++; i == len(args) {
						return o, false
					}
					o.file = args[i]
				}
				j = len(arg)
			default:
				return o, false
			}
		}
	}
	return o, true
}

// Main runs the program and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	o, ok := parse(args[1:])
	if !ok {
		fmt.Fprint(stderr, usage)
		return int(exitcode.Usage)
	}
	if o.version {
		version(stdout)
		return 0
	}
	return run(o, stderr).Status()
}
