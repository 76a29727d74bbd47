package crmticket

import (
	"slices"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
)

const summary = "Perform tasks related to cluster tickets\n\nAllows ticket attributes to be queried, modified and deleted."

const description = `Examples:

Display the info of tickets:

	crm_ticket --info

Display the detailed info of tickets:

	crm_ticket --details

Display the XML of 'ticketA':

	crm_ticket --ticket ticketA --query-xml

Display the rsc_ticket constraints that apply to 'ticketA':

	crm_ticket --ticket ticketA --constraints

Grant 'ticketA' to this cluster site:

	crm_ticket --ticket ticketA --grant

Revoke 'ticketA' from this cluster site:

	crm_ticket --ticket ticketA --revoke

Make 'ticketA' standby (the cluster site will treat a granted
'ticketA' as 'standby', and the dependent resources will be
stopped or demoted gracefully without triggering loss-policies):

	crm_ticket --ticket ticketA --standby

Activate 'ticketA' from being standby:

	crm_ticket --ticket ticketA --activate

Get the value of the 'granted' attribute for 'ticketA':

	crm_ticket --ticket ticketA --get-attr granted

Set the value of the 'standby' attribute for 'ticketA':

	crm_ticket --ticket ticketA --set-attr standby --attr-value true

Delete the 'granted' attribute for 'ticketA':

	crm_ticket --ticket ticketA --delete-attr granted

Erase the operation history of 'ticketA' at this cluster site,
causing the cluster site to 'forget' the existing ticket state:

	crm_ticket --ticket ticketA --cleanup

`

type command uint8

const (
	none command = iota // that of the last option; changes need none
	info
	details
	raw
	queryXML
	constraints
	getAttribute
	cleanup
)

// pairs are attributes to set, each once, in the order in which they were first named.
type pairs struct {
	names  []string
	values map[string]string
}

func (p *pairs) set(name, value string) {
	if !slices.Contains(p.names, name) {
		p.names = append(p.names, name)
	}
	if p.values == nil {
		p.values = map[string]string{}
	}
	p.values[name] = value
}

type options struct {
	pcmktool.Common
	command
	get         string  // attribute to show
	name, value *string // of a pair that is not complete
	changes     pairs
	removals    []string
	modified    bool
	fallback    *string
	force       bool
	ticket      *string
	file        *string // read instead of the CIB
	unused      *string
	quiet       bool
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "")
	c.Description = description
	do := func(what command) func(string, string, bool) error {
		return func(_, value string, _ bool) error {
			if o.command = what; what == getAttribute {
				o.get = value
			}
			return nil
		}
	}
	change := func(name, value string) func(string, string, bool) error {
		return func(string, string, bool) error {
			o.changes.set(name, value)
			o.modified = true
			return nil
		}
	}
	// A name and a value, in either order, make a pair.
	half := func(to **string) func(string, string, bool) error {
		return func(_, text string, _ bool) error {
			*to = &text
			if o.name != nil && o.value != nil {
				o.changes.set(*o.name, *o.value)
				o.name, o.value, o.modified = nil, nil, true
			}
			return nil
		}
	}
	remove := func(_, name string, _ bool) error {
		o.removals = append(o.removals, name)
		o.modified = true
		return nil
	}
	c.Groups = append(c.Groups,
		goption.Group{Name: "queries", Heading: "Queries:", Help: "Show queries", Options: []goption.Option{
			{Long: "info", Short: 'l', Help: "Display the information of ticket(s)", Do: do(info)},
			{Long: "details", Short: 'L', Help: "Display the details of ticket(s)", Do: do(details)},
			{Long: "raw", Short: 'w', Help: "Display the IDs of ticket(s)", Do: do(raw)},
			{Long: "query-xml", Short: 'q', Help: "Query the XML of ticket(s)", Do: do(queryXML)},
			{Long: "constraints", Short: 'c', Help: "Display the rsc_ticket constraints that apply to ticket(s)", Do: do(constraints)},
		}},
		goption.Group{Name: "commands", Heading: "Commands:", Help: "Show command options", Options: []goption.Option{
			{Long: "grant", Short: 'g', Help: "Grant a ticket to this cluster site", Do: change("granted", "true")},
			{Long: "revoke", Short: 'r', Help: "Revoke a ticket from this cluster site", Do: change("granted", "false")},
			{Long: "standby", Short: 's', Help: "Tell this cluster site this ticket is standby", Do: change("standby", "true")},
			{Long: "activate", Short: 'a', Help: "Tell this cluster site this ticket is active", Do: change("standby", "false")},
		}},
		goption.Group{Name: "advanced", Heading: "Advanced Options:", Help: "Show advanced options", Options: []goption.Option{
			{Long: "get-attr", Short: 'G', Arg: goption.Required, Value: "ATTRIBUTE", Help: "Display the named attribute for a ticket", Do: do(getAttribute)},
			{Long: "set-attr", Short: 'S', Arg: goption.Required, Value: "ATTRIBUTE", Help: "Set the named attribute for a ticket", Do: half(&o.name)},
			{Long: "delete-attr", Short: 'D', Arg: goption.Required, Value: "ATTRIBUTE", Help: "Delete the named attribute for a ticket", Do: remove},
			{Long: "cleanup", Short: 'C', Help: "Delete all state of a ticket at this cluster site", Do: do(cleanup)},
		}},
		goption.Group{Name: "additional", Heading: "Additional Options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "attr-value", Short: 'v', Arg: goption.Required, Value: "VALUE", Help: "Attribute value to use with -S", Do: half(&o.value)},
			{Long: "default", Short: 'd', Arg: goption.Required, Value: "VALUE", Do: goption.Given(&o.fallback), Help: `(Advanced) Default attribute value to display if none is found
                               (for use with -G)`},
			{Long: "force", Short: 'f', Help: "(Advanced) Force the action to be performed", Do: goption.Flag(&o.force)},
			{Long: "ticket", Short: 't', Arg: goption.Required, Value: "ID", Help: "Ticket ID", Do: goption.Given(&o.ticket)},
			{Long: "xml-file", Short: 'x', Arg: goption.Required, Hidden: true, Do: goption.Given(&o.file)},
		}},
		goption.Group{Name: "deprecated", Heading: "Deprecated Options:", Help: "Show deprecated options", Options: []goption.Option{
			{Long: "set-name", Short: 'n', Arg: goption.Required, Value: "ID", Help: "(Advanced) ID of the instance_attributes object to change", Do: goption.Given(&o.unused)},
			{Long: "nvpair", Short: 'i', Arg: goption.Required, Value: "ID", Help: "(Advanced) ID of the nvpair object to change/delete", Do: goption.Given(&o.unused)},
			{Long: "quiet", Short: 'Q', Help: "Print only the value on stdout", Do: goption.Flag(&o.quiet)},
		}},
	)
	return c
}
