package quorumtool

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
)

// command is what the tool shall do; the last option that chooses one wins.
type command int

const (
	showStatus command = iota
	showNodes
	setVotes
	setExpected
	monitor
	unregisterDevice
)

// order is how nodes are listed.
type order int

const (
	byAddress order = iota // as the daemon sends them
	byNodeID
	byName
)

// options are the command line.
type options struct {
	command  command
	votes    uint32 // for setVotes and setExpected
	node     uint32 // for setVotes; 0: this one
	hex      bool
	numeric  bool // addresses in place of names
	allAddrs bool
	parsable bool
	order    order
}

// exit statuses
const (
	exitOK         = 0
	exitFailure    = 1
	exitNotQuorate = 2
)

// done is the end of the program before it has connected, with its status.
type done int

func (d done) Error() string { return fmt.Sprintf("exit status %d", int(d)) }

// version is that of the corosync whose tool this is.
const version = "3.1.7"

// parse reads the command line; options may be joined, their values be joined
// to them or follow. What is no option is passed over, as getopt(3) does.
func parse(args []string, out, errw io.Writer) (*options, error) {
	o := &options{}
	bad := func(text string) error {
		fmt.Fprintln(errw, text)
		return done(exitFailure)
	}
	p := getopt.New(args, "VHaslpmfe:v:hin:o:", nil, errw)
	for {
		opt, ok := p.Next()
		arg := p.Arg
		if !ok {
			return o, nil
		}
		switch opt {
		case 'f':
			o.command = unregisterDevice
		case 's':
			o.command = showStatus
		case 'a':
			o.allAddrs = true
		case 'm':
			o.command = monitor
		case 'i':
			o.numeric = true
		case 'H':
			o.hex = true
		case 'l':
			o.command = showNodes
		case 'p':
			o.parsable = true
		case 'e':
			n, ok := number(arg, 1, math.MaxInt32)
			if !ok {
				return nil, bad("New expected votes value was not valid, try a positive number")
			}
			o.votes, o.command = n, setExpected
		case 'n':
			n, ok := number(arg, 1, math.MaxUint32)
			if !ok {
				return nil, bad("The nodeid was not valid, try a positive number")
			}
			o.node = n
		case 'v':
			n, ok := number(arg, 0, math.MaxInt32)
			if !ok {
				return nil, bad("New votes value was not valid, try a positive number or zero")
			}
			o.votes, o.command = n, setVotes
		case 'o':
			switch arg {
			case "a":
				o.order = byAddress
			case "i":
				o.order = byNodeID
			case "n":
				o.order = byName
			default:
				return nil, bad("Invalid ordering option. valid orders are a(address), i(node ID) or n(name)")
			}
		case 'V':
			fmt.Fprintf(out, "corosync-quorumtool version: %s\n", version)
			return nil, done(exitOK)
		case 'h':
			usage(out, args[0])
			return nil, done(exitOK)
		default:
			usage(out, args[0])
			return nil, done(exitFailure)
		}
	}
}

// number reads a decimal number as strtoll does, which passes over leading
// white space, and holds it against its range.
func number(s string, low, high int64) (uint32, bool) {
	n, err := strconv.ParseInt(strings.TrimLeft(s, " \t\n\v\f\r"), 10, 64)
	return uint32(n), err == nil && n >= low && n <= high
}

func usage(w io.Writer, name string) {
	fmt.Fprintf(w, `usage: 
%s <options>

  options:

  -s             show quorum status
  -m             constantly monitor quorum status
  -l             list nodes
  -a             show all names or addresses for each node
  -p             when used with -s or -l, generates machine parsable output
  -v <votes>     change the number of votes for a node (*)
  -n <nodeid>    optional nodeid of node for -v
  -e <expected>  change expected votes for the cluster (*)
  -H             show nodeids in hexadecimal rather than decimal
  -i             show node IP addresses instead of the resolved name
  -o <a|n|i>     order by [a] IP address (default), [n] name, [i] nodeid
  -f             forcefully unregister a quorum device *DANGEROUS* (*)
  -h             show this help text
  -V             show version and exit

  (*) Starred items only work if votequorum is the quorum provider for corosync

`, name)
}
