// Package crmstandby is crm_standby(8): it puts a node into standby and out, by its attribute of
// that name (the reference's tools/crm_standby.in). Package script says how it follows a shell.
package crmstandby

import (
	_ "embed"
	"fmt"
	"io"

	"github.com/ringmaster-ha/ringmaster/internal/cli/script"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

//go:embed usage.txt
var usage string

const about = "crm_standby - Query, enable, or disable standby mode for a node\n\nNodes in standby mode may not host cluster resources.\n\n"

const (
	short = "VqGv:DN:l:i:U:Q"
	long  = "help,version,verbose,quiet,query,update:,delete,node:,lifetime:,id:,uname:,get-value,delete-attr,attr-value:,attr-id:"
)

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := script.Streams{In: stdin, Out: stdout, Err: stderr}
	given, ok := script.Options(append([]string{"crm_standby"}, args[1:]...), short, long, stderr)
	if !ok {
		return s.Usage(crmexit.Error, "", usage)
	}
	var op, options, target string
	lifetime := false
	for _, o := range given {
		switch o.Name {
		case "--help":
			fmt.Fprintln(stdout, about+usage+"\n")
			return int(crmexit.OK)
		case "--version":
			s.AttributeWith("--version")
			return int(crmexit.OK)
		case "-q", "--quiet", "-V", "--verbose", "-Q":
			options += " " + o.Name
		case "-N", "--node", "-U", "--uname":
			target = o.Value
		case "-G", "--query", "--get-value":
			op, options = "g", options+" --query"
		case "-v", "--update", "--attr-value":
			op, options = "u", options+" --update "+o.Value
		case "-D", "--delete", "--delete-attr":
			op, options = "d", options+" --delete"
		case "-l", "--lifetime":
			lifetime, options = true, options+" --lifetime "+o.Value
		case "-i", "--id", "--attr-id":
			options += " --id " + o.Value
		}
	}
	if target == "" {
		target = s.NodeName("crm_node")
	}
	options = "-N " + target + " -n standby " + options
	if op == "" {
		op, options = "g", options+" -G"
	}
	if lifetime {
		return s.Attribute(options)
	}
	switch op {
	case "g":
		unseen := script.Streams{In: stdin, Out: io.Discard, Err: io.Discard}
		// What is set for ever counts, then what is set until the node leaves.
		if unseen.Attribute(options+" -l forever") == int(crmexit.OK) {
			return s.Attribute(options + " -l forever")
		}
		return s.Attribute(options + " -l reboot -d off")
	case "d":
		s.Attribute(options + " -l forever")
		s.Attribute(options + " -l reboot")
		return int(crmexit.OK)
	}
	return s.Attribute(options + " -l forever")
}
