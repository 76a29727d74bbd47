// Package crmmaster is crm_master(8), which is deprecated: it shows and changes the promotion score
// of a resource on a node (the reference's tools/crm_master.in). Package script says how it
// follows a shell.
package crmmaster

import (
	_ "embed"
	"fmt"
	"io"
	"os"

	"github.com/ringmaster-ha/ringmaster/internal/cli/script"
	"github.com/ringmaster-ha/ringmaster/internal/crmexit"
)

//go:embed usage.txt
var usage string

const (
	short = "VqGv:DN:l:i:r:U:Q"
	long  = "help,version,verbose,quiet,query,update:,delete,node:,lifetime:,id:,resource:,uname:,get-value,delete-attr,attr-value:,attr-id:"
)

// Main runs the tool and returns its exit status.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := script.Streams{In: stdin, Out: stdout, Err: stderr}
	given, ok := script.Options(append([]string{"crm_master"}, args[1:]...), short, long, stderr)
	if !ok {
		return s.Usage(crmexit.Error, "", usage)
	}
	resource := os.Getenv("OCF_RESOURCE_INSTANCE")
	options := "--lifetime forever" // or it would be an option of the cluster
	for _, o := range given {
		switch o.Name {
		case "--help":
			fmt.Fprintln(stdout, "crm_master - Query, update, or delete a resource's promotion score\n\n"+usage)
			return int(crmexit.OK)
		case "--version":
			s.AttributeWith("--version")
			return int(crmexit.OK)
		case "-r", "--resource":
			resource = o.Value
		case "--update", "-v", "--node", "-N", "--lifetime", "-l", "--id", "-i", "--uname", "-U", "--attr-value", "--attr-id":
			options += " " + o.Name + " " + o.Value
		default:
			options += " " + o.Name
		}
	}
	if resource == "" {
		return s.Usage(crmexit.Error, "No resource specified", usage)
	}
	return s.Attribute("-n master-" + resource + " " + options)
}
