package crmresource

import (
	"strings"

	"github.com/ringmaster-ha/ringmaster/internal/cli/goption"
)

// indent is where the help's descriptions begin.
const indent = "                                    "

// lines are the lines of a description.
func lines(text string) string { return strings.ReplaceAll(text, "\n", "\n"+indent) }

// queriesHelp are the options that ask.
func (o *options) queriesHelp() []goption.Option {
	return []goption.Option{
		{Long: "list", Short: 'L', Do: o.list(listResources), Help: "List all cluster resources with status"},
		{Long: "list-raw", Short: 'l', Do: o.list(listInstances), Help: lines(`List IDs of all instantiated resources (individual members
rather than groups etc.)`)},
		{Long: "list-cts", Short: 'c', Hidden: true, Do: o.list(listForCTS)},
		{Long: "list-operations", Short: 'O', Do: o.list(listActive), Help: lines(`List active resource operations, optionally filtered by
--resource and/or --node`)},
		{Long: "list-all-operations", Short: 'o', Do: o.list(listOperations), Help: lines(`List all resource operations, optionally filtered by
--resource and/or --node`)},
		{Long: "list-standards", Do: o.agents(listStandards), Help: "List supported standards"},
		{Long: "list-ocf-providers", Do: o.agents(listProviders), Help: "List all available OCF providers"},
		{Long: "list-agents", Arg: goption.Required, Value: "STD:PROV", Do: o.agents(listAgents), Help: "List all agents available for the named standard and/or provider"},
		{Long: "list-ocf-alternatives", Arg: goption.Required, Value: "AGENT", Do: o.agents(listAlternatives), Help: "List all available providers for the named OCF agent"},
		{Long: "show-metadata", Arg: goption.Required, Value: "SPEC", Do: o.agents(showMetadata), Help: "Show the metadata for the named class:provider:agent"},
		{Long: "query-xml", Short: 'q', Do: o.find(queryXML, named), Help: "Show XML configuration of resource (after any template expansion)"},
		{Long: "query-xml-raw", Short: 'w', Do: o.find(queryRaw, named), Help: "Show XML configuration of resource (before any template expansion)"},
		{Long: "get-parameter", Short: 'g', Arg: goption.Required, Value: "PARAM", Do: o.named(getParameter), Help: lines(`Display named parameter for resource (use instance attribute
unless --meta or --utilization is specified)`)},
		{Long: "get-property", Short: 'G', Arg: goption.Required, Hidden: true, Do: o.named(getProperty)},
		{Long: "locate", Short: 'W', Do: o.find(locate, anonymous), Help: "Show node(s) currently running resource"},
		{Long: "constraints", Short: 'a', Do: o.find(showConstraints, anonymous), Help: lines(`Display the location and colocation constraints that apply to a
resource, and if --recursive is specified, to the resources
directly or indirectly involved in those colocations.
If the named resource is part of a group, or a clone or
bundle instance, constraints for the collective resource
will be shown unless --force is given.`)},
		{Long: "stack", Short: 'A', Do: o.stack, Help: "Equivalent to --constraints --recursive"},
		{Long: "why", Short: 'Y', Do: o.any(why), Help: lines(`Show why resources are not running, optionally filtered by
--resource and/or --node`)},
	}
}

// commandsHelp are those that do something.
func (o *options) commandsHelp() []goption.Option {
	return []goption.Option{
		{Long: "validate", Arg: goption.Optional, Value: "LEVEL", Do: o.execute, Help: lines(`Validate resource configuration by calling agent's validate-all
action. The configuration may be specified either by giving an
existing resource name with -r, or by specifying --class,
--agent, and --provider arguments, along with any number of
--option arguments. An optional LEVEL argument can be given
to control the level of checking performed.`)},
		{Long: "cleanup", Short: 'C', Do: o.again(cleanup), Help: lines(`If resource has any past failures, clear its history and fail
count. Optionally filtered by --resource, --node, --operation
and --interval (otherwise all). --operation and --interval
apply to fail counts, but entire history is always clear, to
allow current state to be rechecked. If the named resource is
part of a group, or one numbered instance of a clone or bundled
resource, the clean-up applies to the whole collective resource
unless --force is given.`)},
		{Long: "refresh", Short: 'R', Do: o.again(refresh), Help: lines(`Delete resource's history (including failures) so its current state
is rechecked. Optionally filtered by --resource and --node
(otherwise all). If the named resource is part of a group, or one
numbered instance of a clone or bundled resource, the refresh
applies to the whole collective resource unless --force is given.`)},
		{Long: "set-parameter", Short: 'p', Arg: goption.Required, Value: "PARAM", Do: o.named(setParameter), Help: lines(`Set named parameter for resource (requires -v). Use instance
attribute unless --meta or --utilization is specified.`)},
		{Long: "delete-parameter", Short: 'd', Arg: goption.Required, Value: "PARAM", Do: o.named(deleteParameter), Help: lines(`Delete named parameter for resource. Use instance attribute
unless --meta or --utilization is specified.`)},
		{Long: "set-property", Short: 'S', Arg: goption.Required, Hidden: true, Do: o.setProperty},
	}
}

// locationsHelp are those about places.
func (o *options) locationsHelp() []goption.Option {
	return []goption.Option{
		{Long: "move", Short: 'M', Do: o.find(move, anonymous), Help: lines(`Create a constraint to move resource. If --node is specified,
the constraint will be to move to that node, otherwise it
will be to ban the current node. Unless --force is specified
this will return an error if the resource is already running
on the specified node. If --force is specified, this will
always ban the current node.
Optional: --lifetime, --promoted. NOTE: This may prevent the
resource from running on its previous location until the
implicit constraint expires or is removed with --clear.`)},
		{Long: "ban", Short: 'B', Do: o.find(ban, anonymous), Help: lines(`Create a constraint to keep resource off a node.
Optional: --node, --lifetime, --promoted.
NOTE: This will prevent the resource from running on the
affected node until the implicit constraint expires or is
removed with --clear. If --node is not specified, it defaults
to the node currently running the resource for primitives
and groups, or the promoted instance of promotable clones with
promoted-max=1 (all other situations result in an error as
there is no sane default).`)},
		{Long: "clear", Short: 'U', Do: o.find(clearBans, anonymous), Help: lines(`Remove all constraints created by the --ban and/or --move
commands. Requires: --resource. Optional: --node, --promoted,
--expired. If --node is not specified, all constraints created
by --ban and --move will be removed for the named resource. If
--node and --force are specified, any constraint created by
--move will be cleared, even if it is not for the specified
node. If --expired is specified, only those constraints whose
lifetimes have expired will be removed.`)},
		{Long: "expired", Short: 'e', Do: o.onlyExpired, Help: lines(`Modifies the --clear argument to remove constraints with
expired lifetimes.`)},
		{Long: "lifetime", Short: 'u', Arg: goption.Required, Value: "TIMESPEC", Do: goption.Given(&o.lifetime), Help: lines(`Lifespan (as ISO 8601 duration) of created constraints (with
-B, -M) see https://en.wikipedia.org/wiki/ISO_8601#Durations)`)},
		{Long: "promoted", Do: goption.Flag(&o.promoted), Help: lines(`Limit scope of command to promoted role (with -B, -M, -U). For
-B and -M, previously promoted instances may remain
active in the unpromoted role.`)},
		{Long: "master", Do: goption.Flag(&o.promoted), Help: "Deprecated: Use --promoted instead"},
	}
}

// advancedHelp are those for who knows.
func (o *options) advancedHelp() []goption.Option {
	return []goption.Option{
		{Long: "delete", Short: 'D', Do: o.remove, Help: "(Advanced) Delete a resource from the CIB. Required: -t"},
		{Long: "fail", Short: 'F', Do: o.failResource, Help: "(Advanced) Tell the cluster this resource has failed"},
		{Long: "restart", Do: o.find(restart, anonymous), Help: lines(`(Advanced) Tell the cluster to restart this resource and
anything that depends on it`)},
		{Long: "wait", Do: o.wait, Help: "(Advanced) Wait until the cluster settles into a stable state"},
		{Long: "digests", Do: o.digests, Help: lines(`(Advanced) Show parameter hashes that Pacemaker uses to detect
configuration changes (only accurate if there is resource
history on the specified node). Required: --resource, --node.
Optional: any NAME=VALUE parameters will be used to override
the configuration (to see what the hash would be with those
changes).`)},
		{Long: "force-demote", Do: o.execute, Help: lines(`(Advanced) Bypass the cluster and demote a resource on the local
node. Unless --force is specified, this will refuse to do so if
the cluster believes the resource is a clone instance already
running on the local node.`)},
		{Long: "force-stop", Do: o.execute, Help: "(Advanced) Bypass the cluster and stop a resource on the local node"},
		{Long: "force-start", Do: o.execute, Help: lines(`(Advanced) Bypass the cluster and start a resource on the local
node. Unless --force is specified, this will refuse to do so if
the cluster believes the resource is a clone instance already
running on the local node.`)},
		{Long: "force-promote", Do: o.execute, Help: lines(`(Advanced) Bypass the cluster and promote a resource on the local
node. Unless --force is specified, this will refuse to do so if
the cluster believes the resource is a clone instance already
running on the local node.`)},
		{Long: "force-check", Arg: goption.Optional, Value: "LEVEL", Do: o.execute, Help: lines(`(Advanced) Bypass the cluster and check the state of a resource on
the local node. An optional LEVEL argument can be given
to control the level of checking performed.`)},
	}
}

// additionalHelp say more about others.
func (o *options) additionalHelp() []goption.Option {
	return []goption.Option{
		{Long: "node", Short: 'N', Arg: goption.Required, Value: "NAME", Do: goption.Given(&o.node), Help: "Node name"},
		{Long: "recursive", Do: goption.Flag(&o.recursive), Help: "Follow colocation chains when using --set-parameter or --constraints"},
		{Long: "resource-type", Short: 't', Arg: goption.Required, Value: "ELEMENT", Do: goption.Given(&o.resourceType), Help: "Resource XML element (primitive, group, etc.) (with -D)"},
		{Long: "parameter-value", Short: 'v', Arg: goption.Required, Value: "PARAM", Do: goption.Given(&o.value), Help: "Value to use with -p"},
		{Long: "meta", Short: 'm', Do: o.setOf(metaAttributes), Help: lines(`Use resource meta-attribute instead of instance attribute
(with -p, -g, -d)`)},
		{Long: "utilization", Short: 'z', Do: o.setOf(utilization), Help: lines(`Use resource utilization attribute instead of instance attribute
(with -p, -g, -d)`)},
		{Long: "operation", Short: 'n', Arg: goption.Required, Value: "OPERATION", Do: goption.Given(&o.operation), Help: "Operation to clear instead of all (with -C -r)"},
		{Long: "interval", Short: 'I', Arg: goption.Required, Value: "N", Do: goption.Given(&o.interval), Help: "Interval of operation to clear (default 0) (with -C -r -n)"},
		{Long: "class", Arg: goption.Required, Value: "CLASS", Do: o.configured(&o.class), Help: lines(`The standard the resource agent conforms to (for example, ocf).
Use with --agent, --provider, --option, and --validate.`)},
		{Long: "agent", Arg: goption.Required, Value: "AGENT", Do: o.configured(&o.agent), Help: lines(`The agent to use (for example, IPaddr). Use with --class,
--provider, --option, and --validate.`)},
		{Long: "provider", Arg: goption.Required, Value: "PROVIDER", Do: o.configured(&o.provider), Help: lines(`The vendor that supplies the resource agent (for example,
heartbeat). Use with --class, --agent, --option, and --validate.`)},
		{Long: "option", Arg: goption.Required, Value: "PARAM", Do: o.parameter, Help: lines(`Specify a device configuration parameter as NAME=VALUE (may be
specified multiple times). Use with --validate and without the
-r option.`)},
		{Long: "set-name", Short: 's', Arg: goption.Required, Value: "ID", Do: goption.Given(&o.set), Help: "(Advanced) XML ID of attributes element to use (with -p, -d)"},
		{Long: "nvpair", Short: 'i', Arg: goption.Required, Value: "ID", Do: goption.Given(&o.id), Help: "(Advanced) XML ID of nvpair element to use (with -p, -d)"},
		{Long: "timeout", Short: 'T', Arg: goption.Required, Value: "N", Do: o.limit, Help: lines(`(Advanced) Abort if command does not finish in this time (with
--restart, --wait, --force-*)`)},
		{Long: "force", Short: 'f', Do: goption.Flag(&o.force), Help: lines(`If making CIB changes, do so regardless of quorum. See help for
individual commands for additional behavior.`)},
		{Long: "xml-file", Short: 'x', Arg: goption.Required, Hidden: true, Do: goption.Given(&o.file)},
		{Long: "host-uname", Short: 'H', Arg: goption.Required, Hidden: true, Do: goption.Given(&o.node)},
	}
}

const description = `Examples:

List the available OCF agents:

	# crm_resource --list-agents ocf

List the available OCF agents from the linux-ha project:

	# crm_resource --list-agents ocf:heartbeat

Move 'myResource' to a specific node:

	# crm_resource --resource myResource --move --node altNode

Allow (but not force) 'myResource' to move back to its original location:

	# crm_resource --resource myResource --clear

Stop 'myResource' (and anything that depends on it):

	# crm_resource --resource myResource --set-parameter target-role --meta --parameter-value Stopped

Tell the cluster not to manage 'myResource' (the cluster will not attempt to start or stop the
resource under any circumstances; useful when performing maintenance tasks on a resource):

	# crm_resource --resource myResource --set-parameter is-managed --meta --parameter-value false

Erase the operation history of 'myResource' on 'aNode' (the cluster will 'forget' the existing
resource state, including any errors, and attempt to recover theresource; useful when a resource
had failed permanently and has been repaired by an administrator):

	# crm_resource --resource myResource --cleanup --node aNode

`
