// Package opstest runs operations on a CIB as cibadmin does on a file, for the tests of package
// ops: those with goldens and those with the reference beside.
package opstest

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"github.com/ringmaster-ha/ringmaster/cib/acl"
	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/cib/ops"
	"github.com/ringmaster-ha/ringmaster/cib/patch"
	"github.com/ringmaster-ha/ringmaster/cib/text"
	"github.com/ringmaster-ha/ringmaster/internal/xmltree"
)

// Case is one operation on a file, and what came of it.
type Case struct {
	Before string   `json:"before"`
	Args   []string `json:"args"` // of cibadmin
	Status int      `json:"status"`
	Stdout string   `json:"stdout,omitempty"`
	After  string   `json:"after,omitempty"` // "" if it is as it was
}

var operations = map[string]ops.Op{
	"-Q": ops.Query, "-C": ops.Create, "-M": ops.Modify, "-D": ops.Delete, "-d": ops.Delete, "-R": ops.Replace, "-E": ops.Erase, "-B": ops.Bump, "-u": ops.Upgrade, "-P": ops.Patch,
}

// request is what the arguments ask for.
func request(args []string) (req ops.Request, err error) {
	req.NoTime = true
	for i := 0; i < len(args); i++ {
		value := ""
		if strings.Contains("-o -A -X -U", args[i]) {
			i++
			value = args[i]
		}
		option := args[i]
		if value != "" || i > 0 && strings.Contains("-o -A -X -U", args[i-1]) {
			option = args[i-1]
		}
		switch option {
		case "-o":
			req.Section = value
		case "-A":
			req.Section, req.XPath = value, true
		case "-X":
			doc, err := xmltree.Parse([]byte(value), xmltree.DropBlanks)
			if err != nil {
				return req, err
			}
			req.Data = doc.Root()
		case "-U":
			req.User = acl.User{Name: value}
		case "-c":
			req.CanCreate = true
		case "-n":
			req.NoChildren = true
		case "-e":
			req.PathsOnly = true
		case "-f":
		default:
			op, ok := operations[option]
			if !ok {
				return req, fmt.Errorf("opstest: option %s", option)
			}
			req.Op = op
			req.Multiple = option == "-d"
		}
	}
	if req.Op == ops.Replace && req.Data != nil && req.Data.Tag == "cib" && patch.Child(req.Data, "status") == nil {
		req.Data.CreateElement("status")
	}
	return req, nil
}

// Run performs an operation. c has what to do; it gets Stdout and After, but for Status: the
// error is returned.
func (c *Case) Run() error {
	doc, err := xmltree.Parse([]byte(c.Before), xmltree.DropText)
	if err != nil {
		return err
	}
	root := doc.Root()
	if patch.Child(root, "status") == nil {
		root.CreateElement("status")
	}
	if !ops.Validate(root) {
		return ops.ErrSchema
	}
	req, err := request(c.Args)
	if err != nil {
		return err
	}
	before := text.Line(root)
	r, err := ops.Perform(root, req)
	if text.Line(root) != before {
		return fmt.Errorf("opstest: the CIB given has changed")
	}
	if r.Answer != nil {
		c.Stdout = show(r.Answer, req.PathsOnly)
	}
	if err == nil && req.Op != ops.Query {
		if after := text.Lines(r.CIB); after != c.Before {
			c.After = after
		}
	}
	return err
}

// show is an answer as cibadmin prints it.
func show(answer *etree.Element, paths bool) string {
	if !paths {
		return text.Lines(answer)
	}
	if !document.EqualFold(answer.Tag, "xpath-query") {
		if id, ok := document.ID(answer); ok {
			return id + "\n"
		}
		return ""
	}
	var b strings.Builder
	for _, e := range answer.ChildElements() {
		b.WriteString(show(e, true))
	}
	return b.String()
}
