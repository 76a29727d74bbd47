package crmattribute

import (
	"os"

	"github.com/ringmaster-ha/ringmaster/cib/document"
	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
	"github.com/ringmaster-ha/ringmaster/internal/cli/pcmktool"
)

const summary = "crm_attribute - query and update Pacemaker cluster options and node attributes"

const description = `Examples:

Add new node attribute called 'location' with the value of 'office' for host 'myhost':

	crm_attribute --node myhost --name location --update office

Query the value of the 'location' node attribute for host 'myhost':

	crm_attribute --node myhost --name location --query

Change the value of the 'location' node attribute for host 'myhost':

	crm_attribute --node myhost --name location --update backoffice

Delete the 'location' node attribute for host 'myhost':

	crm_attribute --node myhost --name location --delete

Query the value of the 'cluster-delay' cluster option:

	crm_attribute --type crm_config --name cluster-delay --query

Query value of the 'cluster-delay' cluster option and print only the value:

	crm_attribute --type crm_config --name cluster-delay --query --quiet

`

type command uint8

const (
	query command = iota
	update
	remove
)

type options struct {
	pcmktool.Common
	command
	id, name, pattern, set *string
	value                  *string // of an update
	setType                *string // "utilization" or nil
	section                *string // as given, later in the CIB's word
	fallback               *string // shown where nothing is found
	host                   *string // name of the node
	promotion              bool
	inhibit, quiet         bool
}

func (o *options) context(args []string) *goption.Context {
	c := o.Context(args, summary, "text (default), xml")
	c.Description = description
	do := func(what command) func(string, string, bool) error {
		return func(_, value string, _ bool) error {
			o.command, o.value = what, nil
			if what == update {
				o.value = &value
			}
			return nil
		}
	}
	c.Main = append(c.Main,
		goption.Option{Long: "quiet", Short: 'q', Help: "Print only the value on stdout", Do: goption.Flag(&o.quiet)},
		goption.Option{Long: "quiet", Short: 'Q', Hidden: true, Do: goption.Flag(&o.quiet)},
	)
	c.Groups = append(c.Groups,
		goption.Group{Name: "selections", Heading: "Selecting attributes:", Help: "Show selecting options", Options: []goption.Option{
			{Long: "id", Short: 'i', Arg: goption.Required, Value: "XML_ID", Do: goption.Given(&o.id), Help: `(Advanced) Operate on instance of specified attribute with this
                               XML ID`},
			{Long: "name", Short: 'n', Arg: goption.Required, Value: "NAME", Do: goption.Given(&o.name), Help: `Operate on attribute or option with this name.  For queries, this
                               is optional, in which case all matching attributes will be
                               returned.`},
			{Long: "pattern", Short: 'P', Arg: goption.Required, Value: "PATTERN", Do: goption.Given(&o.pattern), Help: `Operate on all attributes matching this pattern
                               (with -G, or with -v/-D and -l reboot)`},
			{Long: "promotion", Short: 'p', Arg: goption.Optional, Value: "RESOURCE", Do: o.setPromotion, Help: `Operate on node attribute used as promotion score for specified
                               resource, or resource given in OCF_RESOURCE_INSTANCE environment
                               variable if none is specified; this also defaults -l/--lifetime
                               to reboot (normally invoked from an OCF resource agent)`},
			{Long: "set-name", Short: 's', Arg: goption.Required, Value: "NAME", Do: goption.Given(&o.set), Help: `(Advanced) Operate on instance of specified attribute that is
                               within set with this XML ID`},
		}},
		goption.Group{Name: "command", Heading: "Commands:", Help: "Show command options", Options: []goption.Option{
			{Long: "delete", Short: 'D', Do: do(remove), Help: "Delete the attribute/option"},
			{Long: "query", Short: 'G', Do: do(query), Help: `Query the current value of the attribute/option.
                               See also: -n, -P`},
			{Long: "update", Short: 'v', Arg: goption.Required, Value: "VALUE", Do: do(update), Help: "Update the value of the attribute/option"},
		}},
		goption.Group{Name: "additional", Heading: "Additional options:", Help: "Show additional options", Options: []goption.Option{
			{Long: "default", Short: 'd', Arg: goption.Required, Value: "VALUE", Do: goption.Given(&o.fallback), Help: "(Advanced) Default value to display if none is found in configuration"},
			{Long: "lifetime", Short: 'l', Arg: goption.Required, Value: "LIFETIME", Do: goption.Given(&o.section), Help: `Lifetime of the node attribute.
                               Valid values: reboot, forever`},
			{Long: "node", Short: 'N', Arg: goption.Required, Value: "NODE", Do: goption.Given(&o.host), Help: `Set a node attribute for named node (instead of a cluster option).
                               See also: -l`},
			{Long: "type", Short: 't', Arg: goption.Required, Value: "SECTION", Do: goption.Given(&o.section), Help: `Which part of the configuration to update/delete/query the option in.
                               Valid values: crm_config, rsc_defaults, op_defaults, tickets`},
			{Long: "utilization", Short: 'z', Do: o.utilization, Help: "Set an utilization attribute for the node."},
			{Long: "inhibit-policy-engine", Short: '!', Hidden: true, Do: goption.Flag(&o.inhibit)},
		}},
		goption.Group{Name: "deprecated", Heading: "Deprecated Options:", Help: "Show deprecated options", Options: []goption.Option{
			{Long: "attr-id", Arg: goption.Required, Hidden: true, Do: goption.Given(&o.id)},
			{Long: "attr-name", Arg: goption.Required, Hidden: true, Do: goption.Given(&o.name)},
			{Long: "attr-value", Arg: goption.Required, Hidden: true, Do: do(update)},
			{Long: "delete-attr", Arg: goption.Required, Hidden: true, Do: do(remove)},
			{Long: "get-value", Hidden: true, Do: do(query)},
			{Long: "node-uname", Short: 'U', Arg: goption.Required, Hidden: true, Do: goption.Given(&o.host)},
		}},
	)
	return c
}

// setPromotion is -p: the attribute is a resource's promotion score.
func (o *options) setPromotion(_, resource string, given bool) error {
	o.promotion = true
	o.name = nil
	if !given {
		resource, given = os.LookupEnv("OCF_RESOURCE_INSTANCE")
	}
	if given {
		name := "master-" + resource
		o.name = &name
	}
	return nil
}

func (o *options) utilization(string, string, bool) error {
	o.section, o.setType = new("nodes"), new("utilization")
	return nil
}

func isStatus(section string) bool { return document.EqualFold(section, "status") }

// completeSection says in the CIB's word which section is meant (set_type).
func (o *options) completeSection() {
	section := "crm_config"
	switch {
	case o.section == nil && o.promotion:
		section = "status"
	case o.section == nil && o.host != nil:
		section = "nodes"
	case o.section == nil:
	case document.EqualFold(*o.section, "reboot"):
		section = "status"
	case document.EqualFold(*o.section, "forever"):
		section = "nodes"
	default:
		section = *o.section
	}
	o.section = &section
}
