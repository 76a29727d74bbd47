package based

import (
	"fmt"
	"io"
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/getopt"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
	"github.com/ringmaster-ha/ringmaster/internal/pcmk/metadata"
)

const name = "pacemaker-based"

// usage is what --help prints.
const usage = name + ` - daemon for managing the configuration of a Pacemaker cluster
Usage: ` + name + ` [options]
Options:
 -?, --help		This text
 -V, --verbose		Increase debug output
 -s, --stand-alone		Advanced use only
 -w, --disk-writes		Advanced use only
 -r, --cib-root=value		Advanced use only

Report bugs to users@clusterlabs.org
`

// clusterOptions are those that the CIB manager looks at (cib_opts of lib/cib/cib_utils.c).
// Ours has no use for the second: it evicts nobody for being slow.
var clusterOptions = []metadata.Option{
	{
		Name: "enable-acl", Type: "boolean", Default: "false",
		Short: "Enable Access Control Lists (ACLs) for the CIB",
	},
	{
		Name: "cluster-ipc-limit", Type: "integer", Default: "500",
		Short: "Maximum IPC message backlog before disconnecting a cluster daemon",
		Long: `Raise this if log has "Evicting client" messages for cluster daemon PIDs ` +
			"(a good value is the number of resources in the cluster multiplied by the number of nodes).",
	},
}

// options are those of the command line.
type options struct {
	verbose int
	alone   bool
	writes  bool
	root    string // "" for the default
}

// Main runs the daemon and returns its exit status.
func Main(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var o options
	p := getopt.New(args, "?Vswr:", []getopt.Long{
		{Name: "help", Val: 'h'}, {Name: "verbose", Val: 'V'}, {Name: "stand-alone", Val: 's'}, {Name: "disk-writes", Val: 'w'},
		{Name: "cib-root", Arg: getopt.Required, Val: 'r'},
	}, stderr)
	wrong := false
	for {
		option, ok := p.Next()
		if !ok {
			break
		}
		switch option {
		case 'V':
			o.verbose++
		case 's':
			o.alone = true
			o.writes = false
		case 'w':
			o.writes = true
		case 'r':
			o.root = p.Arg
		case 'h':
			fmt.Fprint(stdout, usage)
			return int(crmexit.OK)
		default:
			wrong = true
		}
	}
	rest := p.Rest()
	switch {
	case wrong:
		fmt.Fprint(stderr, usage)
		return int(crmexit.Usage)
	case len(rest) == 1 && strings.EqualFold(rest[0], "metadata"):
		fmt.Fprint(stdout, metadata.Document(name, "Cluster Information Base manager options",
			"Cluster options used by Pacemaker's Cluster Information Base manager", clusterOptions))
		return int(crmexit.OK)
	}
	return run(o, stderr)
}
